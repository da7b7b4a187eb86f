"""The web application as gunicorn loads it in a measurement; settings come from ICITY_* as in an installation."""

from engine import db
from engine.settings import load
from server.app import create_app

settings = load()
app = create_app(settings, db.sessions(db.connect(settings.database_url)))
