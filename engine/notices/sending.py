"""Sending: notices are claimed, carried to their channel outside of any transaction, and what came of it is kept.

A claim is a lease: whoever dies with it leaves the notice to the next after LEASE. A letter keeps one id through every
try, so that a receiver that counts ids gets it once; between a channel's yes and our note of it a crash may send twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.domain import wording
from engine.domain.channels import Channel
from engine.events import Kind
from engine.notices import contacts, making, rules
from engine.notices.rules import DIGEST
from engine.tables import Notice, Person, Sending, SendingState

SCHEDULE = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
LEASE = timedelta(seconds=90)
LARGEST_DIGEST = 200


class Fate(StrEnum):
    """What became of a try."""

    TAKEN = "taken"  # the channel took it
    FAILED = "failed"  # not now
    BOUNCED = "bounced"  # nobody is reached there, now or later


@dataclass(frozen=True)
class Outcome:
    """What became of a try, and what the channel said."""

    fate: Fate
    said: str = ""


@dataclass(frozen=True)
class Item:
    """One thing that is told; `link` is a path of this installation."""

    subject: str
    body: str
    link: str


@dataclass(frozen=True)
class Parcel:
    """A letter to one person over one channel, ours until the lease ends; `key` stays the same through every try."""

    sendings: Sequence[int]
    key: str
    person: UUID
    channel: Channel
    address: str | None
    language: str
    subject: str
    body: str
    items: Sequence[Item]


def pending() -> ColumnElement[bool]:
    """Return the condition "some notice can be sent at :now", for a clock that asks many such things at once."""
    return exists().where(_due(bindparam("now", type_=Sending.next_at.type)))


def claim(session: Session, key: bytes) -> Parcel | None:
    """Lease what waits longest, a digest whole; None when nothing waits. `key` opens the addresses.

    What its reader has seen at the desk meanwhile is not sent, unless it is urgent.
    """
    now = clock.now()
    _skip_read(session, now)
    first = session.scalar(
        select(Sending)
        .where(_due(now))
        .order_by(Sending.next_at, Sending.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if first is None:
        return None
    rows = _together(session, first, now) if first.digest else [first]
    for row in rows:
        row.leased_until = now + LEASE
    session.flush()
    return _parcel(session, rows, key)


def record(session: Session, parcel: Parcel, outcome: Outcome) -> None:
    """Keep what became of a try: done, again later, or by the next channel; done twice it is kept once."""
    now = clock.now()
    queued = Sending.id.in_(list(parcel.sendings)), Sending.state == SendingState.QUEUED
    rows = session.scalars(select(Sending).where(*queued).order_by(Sending.id).with_for_update()).all()
    for row in rows:
        row.attempts += 1
        row.leased_until = None
        row.error = outcome.said[:1000] or None
        if outcome.fate is Fate.TAKEN:
            row.state, row.sent_at = SendingState.SENT, now
        elif outcome.fate is Fate.BOUNCED:
            row.state = SendingState.BOUNCED
        elif row.attempts > len(SCHEDULE):
            row.state = SendingState.FAILED
        else:
            row.next_at = now + SCHEDULE[row.attempts - 1]
    session.flush()
    if outcome.fate is Fate.BOUNCED and rows:
        contacts.bounced(session, parcel.person, parcel.channel, outcome.said)
        events.append(
            session, Kind.CONTACT_BOUNCED, data={"person": str(parcel.person), "channel": parcel.channel.value}
        )
    _fall_back(session, [row for row in rows if row.state in {SendingState.BOUNCED, SendingState.FAILED}], now)


def again(session: Session, sending: int) -> bool:
    """Try a sending that failed or bounced once more, now; False when there is none."""
    ended = Sending.id == sending, Sending.state.in_([SendingState.FAILED, SendingState.BOUNCED])
    fresh = update(Sending).where(*ended).values(state=SendingState.QUEUED, next_at=clock.now(), attempts=0)
    done = session.execute(fresh.returning(Sending.id).execution_options(synchronize_session=False))
    return done.scalar() is not None


def _due(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    free = or_(Sending.leased_until.is_(None), Sending.leased_until <= now)
    return and_(Sending.state == SendingState.QUEUED, Sending.next_at <= now, free)


def _skip_read(session: Session, now: datetime) -> None:
    seen = exists().where(Notice.id == Sending.notice, Notice.read_at.is_not(None), ~Notice.urgent)
    skip = update(Sending).where(_due(now), seen).values(state=SendingState.SKIPPED)
    session.execute(skip.execution_options(synchronize_session=False))


def _together(session: Session, first: Sending, now: datetime) -> list[Sending]:
    same = Sending.person == first.person, Sending.channel == first.channel, Sending.digest
    query = select(Sending).where(_due(now), *same).order_by(Sending.id).limit(LARGEST_DIGEST)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def _parcel(session: Session, rows: Sequence[Sending], key: bytes) -> Parcel:
    first = rows[0]
    reader = session.get_one(Person, first.person)
    channel = Channel(first.channel)
    notices = session.scalars(
        select(Notice).where(Notice.id.in_([row.notice for row in rows])).order_by(Notice.id)
    ).all()
    items = [Item(one.subject, one.body, one.link) for one in notices]
    subject, body = items[0].subject, items[0].body
    if first.digest:
        said = rules.load().texts[DIGEST][reader.language]
        facts = {"person": reader.name, "count": str(len(items))}
        subject, body = wording.filled(said["subject"], facts), wording.filled(said["body"], facts)
    address = contacts.opened(session, first.person, channel, key)
    ids = [row.id for row in rows]
    return Parcel(ids, f"notice-{ids[0]}", first.person, channel, address, reader.language, subject, body, items)


def _fall_back(session: Session, ended: Sequence[Sending], now: datetime) -> None:
    """Let the next channel over which the person is reached, and which was not tried, take over from each."""
    if not ended:
        return
    reach = making.reachable(session, {row.person for row in ended})
    tried: dict[int, set[str]] = {}
    query = select(Sending.notice, Sending.channel).where(Sending.notice.in_([one.notice for one in ended]))
    for notice, channel in session.execute(query):
        tried.setdefault(notice, set()).add(channel)
    rows = []
    for row in ended:
        left = [one for one in Channel if one.value in reach.get(row.person, set()) - tried[row.notice]]
        if left:
            way = {"notice": row.notice, "person": row.person, "channel": left[0].value, "digest": False}
            rows.append({**way, "state": SendingState.QUEUED, "next_at": now})
    if rows:
        session.execute(insert(Sending).on_conflict_do_nothing(), rows)
