"""Ringing: whoever watches a person's notices hears, once it is durable, that some came or were read."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

CHANNEL = "notices"
_RING = text("SELECT pg_notify(:channel, person) FROM unnest(CAST(:people AS text[])) AS person")


def ring(session: Session, people: Iterable[UUID]) -> None:
    """Let PostgreSQL tell every listener, at the commit of this transaction, whose notices changed."""
    changed = sorted({str(person) for person in people})
    if changed:
        session.execute(_RING, {"channel": CHANNEL, "people": changed})
