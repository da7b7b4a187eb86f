"""The pool: a connection that died while it rested is replaced; and what PostgreSQL tells is heard to the last word."""

from contextlib import closing
from uuid import uuid4

from sqlalchemy import text

from engine import db
from engine.db import transaction
from engine.notices import ringing


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


def test_everybody_whom_one_transaction_rings_is_heard(sessions) -> None:
    people = [uuid4() for _ in range(40)]
    with closing(db.hear(sessions, ringing.CHANNEL, 1.0)) as told:
        assert next(told) is None
        with transaction(sessions) as session:
            ringing.ring(session, people)
        assert [next(told) for _ in people] == sorted(map(str, people))
