"""Notices at the desk: how many are new, the list, and marking as read; and what an operator sees of sendings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine import clock, pages
from engine.errors import NotFound
from engine.identity import Actor
from engine.notices import ringing
from engine.pages import Page
from engine.tables import Notice, Person, Sending, SendingState

ROWS = 50
MOST_COUNTED = 100  # a bell says "99+"


@dataclass(frozen=True)
class NoticeRow:
    """A notice as its reader sees it."""

    id: int
    purpose: str
    urgent: bool
    subject: str
    body: str
    link: str
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class SendingRow:
    """A sending as an operator sees it: to whom and how it went, not what it says."""

    id: int
    person_name: str
    purpose: str
    channel: str
    state: SendingState
    attempts: int
    at: datetime
    next_at: datetime
    sent_at: datetime | None
    error: str | None


def unread(session: Session, actor: Actor) -> int:
    """Return how many notices the actor has not read, counted up to MOST_COUNTED."""
    some = select(Notice.id).where(Notice.person == actor.id, Notice.read_at.is_(None)).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def listing(session: Session, actor: Actor, only: str | None = None, cursor: str | None = None) -> Page[NoticeRow]:
    """List the actor's notices, the latest first: all, or only the "unread", a page at a time."""
    about = (Notice.id, Notice.purpose, Notice.urgent, Notice.at, Notice.read_at)
    query = (
        select(*about, Notice.subject, Notice.body, Notice.link)
        .where(Notice.person == actor.id)
        .order_by(Notice.id.desc())
    )
    if only == "unread":
        query = query.where(Notice.read_at.is_(None))
    before = pages.place(cursor, int)
    if before is not None:
        query = query.where(Notice.id < before[0])
    rows = session.execute(query.limit(ROWS + 1)).mappings().all()
    return pages.page([NoticeRow(**row) for row in rows], ROWS, lambda row: (row.id,))


def read(session: Session, actor: Actor, notices: Sequence[int] | None = None) -> int:
    """Mark notices of the actor as read: those named, or all; return how many were not."""
    mine = [Notice.person == actor.id, Notice.read_at.is_(None)]
    if notices is not None:
        mine.append(Notice.id.in_(list(notices)))
    mark = update(Notice).where(*mine).values(read_at=clock.now()).returning(Notice.id)
    marked = len(session.execute(mark.execution_options(synchronize_session=False)).all())
    if marked:
        ringing.ring(session, [actor.id])
    return marked


def follow(session: Session, actor: Actor, notice: int) -> str:
    """Mark a notice of the actor as read and return where it leads; raise NotFound for that of another."""
    link = session.scalar(select(Notice.link).where(Notice.id == notice, Notice.person == actor.id))
    if link is None:
        raise NotFound(notice=notice)
    read(session, actor, [notice])
    return link


def sendings(session: Session, state: SendingState | None = None, cursor: str | None = None) -> Page[SendingRow]:
    """List what went out or should have, the latest first; of one state, or of all."""
    columns = (Sending.id, Person.name.label("person_name"), Notice.purpose, Sending.channel, Sending.state)
    times = (Sending.attempts, Notice.at, Sending.next_at, Sending.sent_at, Sending.error)
    query = select(*columns, *times).join(Notice, Notice.id == Sending.notice).join(Person, Person.id == Sending.person)
    query = query.order_by(Sending.id.desc())
    if state is not None:
        query = query.where(Sending.state == state)
    before = pages.place(cursor, int)
    if before is not None:
        query = query.where(Sending.id < before[0])
    rows = session.execute(query.limit(ROWS + 1)).mappings().all()
    return pages.page([SendingRow(**row) for row in rows], ROWS, lambda row: (row.id,))
