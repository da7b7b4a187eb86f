"""How often one address may sign in, object or send a trial; whoever guesses is slowed before a password is found."""

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

TRIES = "60 per minute"
DOORS = ("sign-in.sign_in", "pages.open_session", "pages.check_code", "pages.set_up_factor", "pages.feed")
OBJECTIONS = "10 per hour"
LETTERBOX = "pages.send_objection"
TRIALS = "12 per hour"  # each may cost a short message
TRIAL = "pages.try_notices"


def install(app: Flask) -> None:
    """Limit the doors that a secret opens; each web process counts for itself, and what is too much is answered 429."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", strategy="moving-window")
    for endpoint, often in {**dict.fromkeys(DOORS, TRIES), LETTERBOX: OBJECTIONS, TRIAL: TRIALS}.items():
        limited: Any = limiter.limit(often)(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited
