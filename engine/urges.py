"""Urges (催办): asking whoever has a task to hurry, once a working day, seen by them.

Days off count with the working day before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import calendars, clock, desk, events
from engine.domain.workdays import Calendar
from engine.errors import InstanceSuspended, NotAllowed, TaskClosed, UrgedAlready
from engine.events import Kind
from engine.identity import Actor
from engine.permits import permit
from engine.runtime import OPERATORS
from engine.tables import InstanceState, Person, TaskState, Urge

LONGEST_NOTE = 500
DAY = timedelta(days=1)
CONCERNED = text(
    """SELECT task.instance, task.element, task.name, task.form, task.role, task.state, instance.state AS standing,
    instance.deployment,
    task.assignee = CAST(:actor AS uuid) AS mine
  FROM task JOIN instance ON instance.id = task.instance WHERE task.id = CAST(:task AS uuid)
  AND (CAST(:keeper AS boolean) OR instance.started_by = CAST(:actor AS uuid)
    OR instance.organisation = ANY(CAST(:organisations AS text[]))
    OR EXISTS (SELECT 1 FROM task AS done WHERE done.instance = task.instance AND done.state = 'completed'
      AND CAST(:actor AS uuid) IN (done.ended_by, done.acted_for)))"""
)


@dataclass(frozen=True)
class UrgeRow:
    """Somebody's request to hurry with a task."""

    id: UUID
    task: UUID
    sender_name: str
    note: str
    at: datetime
    seen_at: datetime | None


def urge(session: Session, actor: Actor, task: UUID, note: str) -> None:
    """Ask whoever has an open task to hurry.

    Who started the case, did an earlier step of it, acts for the organisation that it belongs to, or keeps the service
    going may ask. Raise NotFound to everybody who sees no such task, NotAllowed to others, TaskClosed,
    InstanceSuspended, or UrgedAlready on the same working day.
    """
    desk.lock(session, task)
    found = _concerned(session, actor, task)
    if found.state != TaskState.OPEN:
        raise TaskClosed(task=task)
    if found.standing == InstanceState.SUSPENDED:
        raise InstanceSuspended(task=task)
    permit(session, found, "urge")
    if found.mine:
        raise NotAllowed(task=task)
    row = {"id": uuid4(), "task": task, "sender": actor.id, "on": day(session), "note": note.strip()[:LONGEST_NOTE]}
    written = insert(Urge).values(**row, at=clock.now()).on_conflict_do_nothing().returning(Urge.id)
    if session.execute(written).scalar() is None:
        raise UrgedAlready(task=task)
    place = {"instance": found.instance, "task": task, "element": found.element, "actor": actor.id}
    events.record(session, [{"kind": Kind.TASK_URGED, **place, "data": {"name": found.name, "note": row["note"]}}])


def day(session: Session) -> date:
    """Return the day that an urge of now counts for: today, or the last working day before it."""
    return _working_day(calendars.load(session), clock.today())


def seen(session: Session, actor: Actor, task: UUID) -> None:
    """Note that whoever has an open task, or may take it, has seen that they are asked to hurry; raise NotFound."""
    found = desk.seen(session, actor, task)
    receives = found.assignee is None or actor.capacity(found.role, found.organisation, found.assignee) is not None
    if found.state != TaskState.OPEN or not receives:
        return
    unseen = update(Urge).where(Urge.task == task, Urge.seen_at.is_(None), Urge.sender != actor.id)
    session.execute(unseen.values(seen_at=clock.now()).execution_options(synchronize_session=False))


def of_task(session: Session, actor: Actor, task: UUID) -> list[UrgeRow]:
    """List who asked to hurry with a task that the actor may see or ask for, the latest first; raise NotFound."""
    if session.execute(CONCERNED, _asked(actor, task)).one_or_none() is None:
        desk.seen(session, actor, task)
    return of_tasks(session, [task]).get(task, [])


def of_tasks(session: Session, tasks: Iterable[UUID]) -> dict[UUID, list[UrgeRow]]:
    """Return the requests to hurry with each of the tasks, the latest first, in one query; the caller may see them."""
    query = (
        select(Urge.id, Urge.task, Person.name.label("sender_name"), Urge.note, Urge.at, Urge.seen_at)
        .join(Person, Person.id == Urge.sender)
        .where(Urge.task.in_(list(tasks)))
        .order_by(Urge.at.desc(), Urge.id)
    )
    found: dict[UUID, list[UrgeRow]] = {}
    for row in session.execute(query).mappings():
        found.setdefault(row["task"], []).append(UrgeRow(**row))
    return found


def _concerned(session: Session, actor: Actor, task: UUID) -> Any:
    found = session.execute(CONCERNED, _asked(actor, task)).one_or_none()
    if found is None:
        desk.seen(session, actor, task)
        raise NotAllowed(task=task)
    return found


def _asked(actor: Actor, task: UUID) -> dict[str, Any]:
    keeper = bool(actor.roles & OPERATORS)
    return {"task": task, "actor": actor.id, "keeper": keeper, "organisations": sorted(actor.organisations)}


def _working_day(calendar: Calendar, day: date) -> date:
    while not calendar.is_workday(day):
        day -= DAY
    return day
