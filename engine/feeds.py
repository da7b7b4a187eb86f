"""Calendar feeds: a secret address for each person, which a calendar program reads without signing in.

Only the SHA-256 of the secret is kept, so the address is told once. What it gives is what that person may see then.
"""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import clock, events, identity
from engine.errors import NotFound
from engine.identity import Actor
from engine.tables import Feed, Person


def made_at(session: Session, actor: Actor) -> datetime | None:
    """Return when the actor's address was made, None when there is none."""
    return session.scalar(select(Feed.made_at).where(Feed.person == actor.id))


def renew(session: Session, actor: Actor) -> str:
    """Make an address for the actor and return its secret; the one of before is no longer answered."""
    _end(session, actor)
    secret = secrets.token_urlsafe(32)
    session.add(Feed(digest=_digest(secret), person=actor.id, made_at=clock.now()))
    session.flush()
    events.append(session, events.Kind.FEED_MADE, actor=actor.id)
    return secret


def revoke(session: Session, actor: Actor) -> None:
    """End the actor's address; nothing happens when there is none."""
    if _end(session, actor):
        events.append(session, events.Kind.FEED_ENDED, actor=actor.id)


def reader(session: Session, secret: str) -> Actor:
    """Return whose address carries `secret`, with the roles of today; raise NotFound, alike for a disabled account."""
    query = select(Person.login).join(Feed, Feed.person == Person.id).where(Feed.digest == _digest(secret))
    login = session.scalar(query)
    if login is None:
        raise NotFound
    return identity.load(session, login)


def _end(session: Session, actor: Actor) -> bool:
    ended = session.execute(delete(Feed).where(Feed.person == actor.id).returning(Feed.digest)).scalar()
    return ended is not None


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
