"""A person's lists: what is theirs to do, what they could claim, what they did, started and were sent copies of.

Each page is found by an index, however long the list is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain.actors import Actor
from engine.errors import NotFound
from engine.filters import Sort, Wanted
from engine.inbox import own
from engine.inbox.picking import EVERYTHING, MOST, Base, Picked, count, pick
from engine.inbox.rows import TaskRow, asked, by_id, closing, found, query, read, seen, unit, visible
from engine.pages import Page
from engine.tables import CarbonCopy, Instance, Person, Task

__all__ = [
    "MOST",
    "CaseRow",
    "CopyRow",
    "TaskRow",
    "claimable",
    "copies",
    "copy",
    "counts",
    "done",
    "found",
    "mine",
    "seen",
    "started",
    "visible",
]

NEWEST_FIRST = Wanted(sort=Sort.WHEN, descending=True)
MOST_WAITING = 4  # tasks of a case that a list names
MOST_LOOKED_AT = 25


@dataclass(frozen=True)
class CaseRow:
    """A case that the actor started: where it stands, and what waits in it; `further` tasks are not named."""

    id: UUID
    title: str
    subject: str | None
    unit: str | None
    programme: str
    process: str
    milestone: str | None
    state: str
    started_at: datetime
    ended_at: datetime | None
    waiting: list[TaskRow]
    further: int


@dataclass(frozen=True)
class CopyRow:
    """A case that the actor was told of for information."""

    id: UUID
    instance: UUID
    title: str
    unit: str | None
    programme: str
    process: str
    task: UUID | None
    task_name: str | None
    sender: str
    note: str
    at: datetime
    read_at: datetime | None


def mine(
    session: Session, actor: Actor, cursor: str | None = None, limit: int = 50, wanted: Wanted = EVERYTHING
) -> Page[TaskRow]:
    """List the open tasks with the actor or with somebody they stand in for, and the signs asked of them.

    The soonest due come first unless `wanted` says otherwise. Raise NotFound for a cursor of another list.
    """
    return _tasks(session, pick(session, own.held(actor), wanted, cursor, limit))


def claimable(
    session: Session, actor: Actor, cursor: str | None = None, limit: int = 50, wanted: Wanted = EVERYTHING
) -> Page[TaskRow]:
    """List the open tasks for the actor's roles that nobody has claimed, the soonest due first; see `mine`.

    Where an earlier step of theirs closes one to the actor, the row says so.
    """
    found = _tasks(session, pick(session, own.free(actor), wanted, cursor, limit))
    return Page(closing(session, actor, found.rows), found.next)


def done(
    session: Session, actor: Actor, cursor: str | None = None, limit: int = 50, wanted: Wanted = EVERYTHING
) -> Page[TaskRow]:
    """List the tasks the actor has finished, the latest first; see `mine`."""
    return _tasks(session, pick(session, own.finished(actor), _newest(wanted), cursor, limit))


def started(
    session: Session, actor: Actor, cursor: str | None = None, limit: int = 50, wanted: Wanted = EVERYTHING
) -> Page[CaseRow]:
    """List the cases the actor started with what waits in them, the latest first; see `mine`."""
    picked = pick(session, own.begun(actor), _newest(wanted), cursor, limit)
    keys = [row.id for row in picked.rows]
    waiting = _waiting(session, keys)
    cases = {case.id: (case, unit) for case, unit in session.execute(_cases(keys))} if keys else {}
    return Page([_case_row(*cases[key], waiting.get(key, [])) for key in keys], picked.next)


def copies(
    session: Session, actor: Actor, cursor: str | None = None, limit: int = 50, wanted: Wanted = EVERYTHING
) -> Page[CopyRow]:
    """List the cases the actor was told of for information, the latest first; see `mine`."""
    picked = pick(session, own.copied(actor), _newest(wanted), cursor, limit)
    keys = [row.id for row in picked.rows]
    rows = {row.id: CopyRow(**row) for row in session.execute(_copies(keys)).mappings()} if keys else {}
    return Page([rows[key] for key in keys], picked.next)


def copy(session: Session, actor: Actor, key: UUID) -> CopyRow:
    """Return a copy that was sent to the actor; raise NotFound."""
    row = session.execute(_copies([key]).where(CarbonCopy.person == actor.id)).mappings().one_or_none()
    if row is None:
        raise NotFound(copy=key)
    return CopyRow(**row)


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Count the actor's lists, each as far as MOST; of the copies, those that are not read."""
    lists: dict[str, list[Base]] = {
        "mine": own.held(actor),
        "claimable": own.free(actor),
        "done": own.finished(actor),
        "started": own.begun(actor),
        "copies": own.unread(actor),
    }
    counted = session.execute(select(*(count(bases).label(name) for name, bases in lists.items()))).one()
    return dict(counted._mapping)  # noqa: SLF001 - SQLAlchemy's own word for it


def _newest(wanted: Wanted) -> Wanted:
    if wanted.sort is not None:
        return wanted
    return replace(wanted, sort=NEWEST_FIRST.sort, descending=NEWEST_FIRST.descending)


def _tasks(session: Session, picked: Page[Picked]) -> Page[TaskRow]:
    signs = asked(session, [row.id for row in picked.rows if row.kind == own.SIGN])
    of_signs = [task for task, _, _ in signs.values()]
    rows = by_id(session, [*(row.id for row in picked.rows if row.kind == own.TASK), *of_signs])
    return Page([one for one in (_task_row(row, rows, signs) for row in picked.rows) if one], picked.next)


def _task_row(row: Picked, rows: dict[UUID, TaskRow], signs: dict[UUID, Any]) -> TaskRow | None:
    if row.kind == own.TASK:
        return rows.get(row.id)
    if row.id not in signs:
        return None
    task, asker, at = signs[row.id]
    return replace(rows[task], kind=own.SIGN, sign=row.id, asked_by=asker, asked_at=at)


def _waiting(session: Session, cases: Sequence[UUID]) -> dict[UUID, list[TaskRow]]:
    if not cases:
        return {}
    named: dict[UUID, list[TaskRow]] = {}
    few = query().where(Task.id.in_(select(own.waiting(cases, MOST_LOOKED_AT).c.id)))
    for row in read(session, few.order_by(Task.due_at, Task.created_at, Task.id)):
        named.setdefault(row.instance, []).append(row)
    return named


def _case_row(case: Instance, unit: str | None, waiting: list[TaskRow]) -> CaseRow:
    return CaseRow(
        id=case.id,
        title=case.title,
        subject=case.subject,
        unit=unit,
        programme=case.programme,
        process=case.process,
        milestone=case.milestone,
        state=case.state.value,
        started_at=case.started_at,
        ended_at=case.ended_at,
        waiting=waiting[:MOST_WAITING],
        further=max(len(waiting) - MOST_WAITING, 0),
    )


def _cases(keys: Sequence[UUID]) -> Any:
    return select(Instance, unit()).where(Instance.id.in_(keys))


def _copies(keys: Sequence[UUID]) -> Any:
    return (
        select(
            CarbonCopy.id,
            CarbonCopy.instance,
            Instance.title,
            unit(),
            Instance.programme,
            Instance.process,
            CarbonCopy.task,
            Task.name.label("task_name"),
            Person.name.label("sender"),
            CarbonCopy.note,
            CarbonCopy.at,
            CarbonCopy.read_at,
        )
        .join(Instance, Instance.id == CarbonCopy.instance)
        .join(Person, Person.id == CarbonCopy.sender)
        .outerjoin(Task, Task.id == CarbonCopy.task)
        .where(CarbonCopy.id.in_(keys))
    )
