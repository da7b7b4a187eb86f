"""The pool: a connection that died while it rested is replaced before anybody gets it."""

from sqlalchemy import text

from engine import db
from engine.db import transaction


def test_a_connection_that_died_at_rest_is_replaced(database, monkeypatch):
    monkeypatch.setattr(db, "RESTED_SECONDS", -1.0)
    engine = db.connect(database, pool_size=1)
    sessions = db.sessions(engine)
    with transaction(sessions) as session:
        first = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = db.connect(database)
    with transaction(db.sessions(other)) as session:
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
    with transaction(sessions) as session:
        assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() != first
    engine.dispose()
    other.dispose()
