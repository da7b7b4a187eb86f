"""A person's agenda: rounds, the deadlines of their tasks, notices and their periods, and the next measurements.

Deadlines end with a civil day: such a moment, and midnight, are told as that day; any other as an hour of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, false, or_, select, tuple_
from sqlalchemy.orm import Session

from engine import clock, readers
from engine.domain.workdays import DAY_ENDS, civil_day
from engine.identity import Actor
from engine.tables import (
    DocumentState,
    Instance,
    OfficialDocument,
    Reminder,
    Round,
    RoundState,
    Task,
    TaskState,
    Timer,
)

MOST = 500  # of each kind; nobody reads more of a month
LONGEST = timedelta(days=800)
LONG_PERIOD = 14  # days; of a longer one only its first and its last are told


class Kind(StrEnum):
    """What an entry of an agenda is."""

    ROUND = "round"  # a round opens, closes or is published
    TASK = "task"  # the deadline of a task that I have
    FREE = "free"  # the deadline of a task that I may claim
    NOTICE = "notice"  # what was made known to all, on its day or for a period
    DATE = "date"  # the day on which a case wakes: the next measurement of a unit


@dataclass(frozen=True)
class Entry:
    """Something on a day, and until a later one for a period; `at` is None for whole days.

    `key` stays the same as long as the thing is the same. `what` says more of a round (opened, closed, published) and
    of a period (begins, ends); `title` is the case's or the document's, `name` the task's.
    """

    key: str
    kind: Kind
    day: date
    until: date
    at: datetime | None
    title: str
    name: str = ""
    what: str = ""
    element: str | None = None
    task: UUID | None = None
    instance: UUID | None = None
    unit: str | None = None
    number: str | None = None
    provisional: bool = False


def between(session: Session, actor: Actor, first: date, last: date) -> list[Entry]:
    """Return what the actor's agenda holds from the day `first` to the day `last`, in four queries, by day.

    A span of more than 800 days is cut at its end.
    """
    last = min(last, first + LONGEST)
    found = [
        *_rounds(session, first, last),
        *_tasks(session, actor, first, last),
        *_notices(session, first, last),
        *_dates(session, actor, first, last),
    ]
    return sorted(found, key=lambda entry: (entry.day, entry.at or _midnight(entry.day), entry.kind, entry.key))


def _rounds(session: Session, first: date, last: date) -> Iterator[Entry]:
    columns = {"opened": Round.opened_on, "closed": Round.closed_on, "published": Round.published_on}
    within = or_(*(column.between(first, last) for column in columns.values()))
    query = select(Round).where(within, Round.state != RoundState.CANCELLED).order_by(Round.id).limit(MOST)
    for row in session.scalars(query):
        days = {what: getattr(row, column.key) for what, column in columns.items()}
        if days["closed"] == days["published"]:
            del days["closed"]
        for what, day in days.items():
            if day is not None and first <= day <= last:
                yield Entry(f"round-{row.id}-{what}", Kind.ROUND, day, day, None, row.id, what=what)


def _tasks(session: Session, actor: Actor, first: date, last: date) -> Iterator[Entry]:
    """Yield the deadlines of the open tasks that the actor has, or may claim."""
    seats = sorted(actor.memberships)
    roles = sorted(actor.roles)
    pool = or_(tuple_(Task.organisation, Task.role).in_(seats), and_(Task.organisation.is_(None), Task.role.in_(roles)))
    free = and_(Task.assignee.is_(None), pool) if seats else false()
    query = (
        select(Task.id, Task.instance, Task.name, Task.element, Task.due_at, Task.provisional, Task.assignee)
        .add_columns(Instance.title, Instance.subject)
        .join(Instance, Instance.id == Task.instance)
        .where(Task.state == TaskState.OPEN, Task.due_at >= _midnight(first), Task.due_at < _after(last))
        .where(or_(Task.assignee == actor.id, free))
        .order_by(Task.due_at, Task.id)
        .limit(MOST)
    )
    for row in session.execute(query):
        day, at = _when(row.due_at)
        kind = Kind.TASK if row.assignee is not None else Kind.FREE
        yield Entry(
            f"task-{row.id}", kind, day, day, at, row.title, row.name, element=row.element,
            task=row.id, instance=row.instance, unit=row.subject, provisional=row.provisional,
        )  # fmt: skip


def _notices(session: Session, first: date, last: date) -> Iterator[Entry]:
    """Yield the documents made known to everybody, for the period that they name, else on the day of issue."""
    given = OfficialDocument.facts["given"]
    since, until = given["from"].astext, given["to"].astext
    query = (
        select(OfficialDocument.id, OfficialDocument.number, OfficialDocument.title, OfficialDocument.issued_on)
        .add_columns(since.label("since"), until.label("until"))
        .where(OfficialDocument.state == DocumentState.ISSUED, since.is_not(None), until.is_not(None))
        .where(since <= last.isoformat(), until >= first.isoformat())
        .order_by(OfficialDocument.issued_on, OfficialDocument.id)
        .limit(MOST)
    )
    for row in session.execute(query):
        period = _period(row.since, row.until)
        for what, day, end in _days(*period) if period else [("", row.issued_on, row.issued_on)]:
            if day <= last and end >= first:
                key = f"notice-{row.id}{'-' if what else ''}{what}"
                yield Entry(key, Kind.NOTICE, day, end, None, row.title, what=what, number=row.number)


def _dates(session: Session, actor: Actor, first: date, last: date) -> Iterator[Entry]:
    """Yield the days on which the cases of units wake, for timers that people are told of beforehand."""
    told = exists().where(Reminder.task == Timer.task, Reminder.element == Timer.element, Reminder.kind.startswith("P"))
    subject: Any = Instance.subject
    query = (
        select(Timer.task, Timer.element, Timer.due_at, Timer.instance, Instance.title, Instance.subject)
        .join(Instance, Instance.id == Timer.instance)
        .where(Timer.due_at >= _midnight(first), Timer.due_at < _after(last), told)
        .where(readers.may_read(actor, subject))
        .order_by(Timer.due_at, Timer.id)
        .limit(MOST)
    )
    for row in session.execute(query):
        day, at = _when(row.due_at)
        yield Entry(
            f"date-{row.task}-{row.element}", Kind.DATE, day, day, at, row.title, element=row.element,
            instance=row.instance, unit=row.subject,
        )  # fmt: skip


def _when(moment: datetime) -> tuple[date, datetime | None]:
    """Return the civil day of `moment`, and the moment itself unless it begins or ends the day."""
    hour = moment.astimezone(clock.CIVIL).time().replace(microsecond=0)
    return civil_day(moment), None if hour in {DAY_ENDS, time()} else moment


def _period(since: str, until: str) -> tuple[date, date] | None:
    try:
        first, last = date.fromisoformat(since), date.fromisoformat(until)
    except ValueError:
        return None
    return (first, last) if first <= last else None


def _days(first: date, last: date) -> list[tuple[str, date, date]]:
    if (last - first).days < LONG_PERIOD:
        return [("", first, last)]
    return [("begins", first, first), ("ends", last, last)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.CIVIL)


def _after(day: date) -> datetime:
    return _midnight(day + timedelta(days=1))
