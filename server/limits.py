"""How often one address may try to sign in; whoever guesses is slowed long before a password could be found."""

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

SIGN_INS = "60 per minute"
DOORS = ("sign-in.sign_in", "pages.open_session")


def install(app: Flask) -> None:
    """Limit the doors of sign-in; each web process counts for itself, and what is too much is answered 429."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", strategy="moving-window")
    for endpoint in DOORS:
        limited: Any = limiter.limit(SIGN_INS)(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited
