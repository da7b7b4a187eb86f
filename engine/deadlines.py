"""Deadlines that follow the calendar: when a notice is loaded, every open one that crosses its years is reckoned anew.

Each instance is a transaction of its own, through the one door. A deadline that is right already is left alone, so
that what was killed half way is simply done again. What is told of each: `deadline_move`, an event, a reminder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import calendars, pages, runtime, worklist
from engine.clock import CIVIL
from engine.domain import deadlines
from engine.domain.deadlines import Span
from engine.domain.workdays import Calendar
from engine.errors import InstanceEnded, NotFound
from engine.pages import Page
from engine.runtime import Running
from engine.tables import DeadlineMove, Instance, Membership, Person, Reminder, Task

BATCH = 200
MOVED = "moved"  # the kind of the reminder that tells of a new deadline
CROSSING = text(
    """SELECT i.id FROM instance i WHERE i.id > CAST(:after AS uuid) AND i.state IN ('running', 'suspended') AND (
  EXISTS (SELECT 1 FROM task t WHERE t.instance = i.id AND t.state = 'open' AND t.due_at >= :first
    AND CAST(t.term->>'start' AS timestamptz) < :last)
  OR EXISTS (SELECT 1 FROM timer t WHERE t.instance = i.id AND t.due_at >= :first
    AND CAST(t.term->>'start' AS timestamptz) < :last)) ORDER BY i.id LIMIT :limit"""
)

DATED = text(
    """SELECT id, element, name, role, organisation, assignee, due_at, provisional, term FROM task
  WHERE instance = :instance AND state = 'open' AND due_at IS NOT NULL AND term IS NOT NULL ORDER BY id"""
)
DUE = text("UPDATE task SET due_at = :due_at, provisional = :provisional WHERE id = :task")


@dataclass(frozen=True)
class MoveRow:
    """A deadline that moved: of which case and task or timer, from when to when, and who was told."""

    id: int
    instance: UUID
    title: str
    task: UUID
    element: str
    name: str | None
    before: datetime
    after: datetime
    told: list[str]
    moved_at: datetime


@dataclass(frozen=True)
class _Shift:
    """What moved, before it is remembered; `roles` are those it is told to, or the one person it is given to."""

    task: UUID
    element: str
    name: str
    before: datetime
    after: datetime
    roles: list[str]
    organisation: str | None = None
    assignee: UUID | None = None


def crossing(session: Session, span: Span, after: UUID) -> list[UUID]:
    """List up to 200 instances behind `after` with open deadlines that days of a span may have moved; locks nothing."""
    first, last = (datetime.combine(day, time(), tzinfo=CIVIL) for day in (span[0], span[1] + timedelta(days=1)))
    return list(session.scalars(CROSSING, {"first": first, "last": last, "after": after, "limit": BATCH}))


def recount(session: Session, instance: UUID, number: str) -> int:
    """Reckon the open deadlines of an instance anew after a notice, and tell of each that moved; return how many.

    Also of a suspended instance. Raise NotFound when there is no such notice.
    """
    touched = calendars.touched(session, number)
    try:
        with runtime.standing(session, instance) as running:
            moved = [*_timers(running, touched), *_tasks(running, touched)]
            for shift in moved:
                _tell(running, shift, number)
            return len(moved)
    except (InstanceEnded, NotFound):  # between the list and the lock
        return 0


def moves(session: Session, number: str, cursor: str | None = None, limit: int = 50) -> Page[MoveRow]:
    """Return a page of the deadlines that moved by a notice, in the order they were moved."""
    (after,) = pages.place(cursor, int) or (0,)
    rows = session.execute(_moves(number).where(DeadlineMove.id > after).limit(limit + 1)).mappings()
    return pages.page([MoveRow(**row) for row in rows], limit, lambda row: (row.id,))


def every_move(session: Session, number: str) -> Iterator[MoveRow]:
    """Yield all deadlines that moved by a notice, a few at a time."""
    for row in session.execute(_moves(number).execution_options(yield_per=BATCH)).mappings():
        yield MoveRow(**row)


def _moves(number: str) -> Select[Any]:
    columns = (column for column in DeadlineMove.__table__.c if column.name != "cause")
    names = select(*columns, Instance.title, Task.name).join(Instance, Instance.id == DeadlineMove.instance)
    found = names.outerjoin(Task, Task.id == DeadlineMove.task).where(DeadlineMove.cause == number)
    return found.order_by(DeadlineMove.id)


def _timers(running: Running, touched: Span) -> Iterator[_Shift]:
    elements = {wait.task: wait for wait in running.before.waits.values()}
    for task, before, after in running.recount(touched):
        wait = elements[task]
        element = running.programme.model.element(wait.process, wait.element)
        yield _Shift(task, element.id, element.name, before, after, list(element.remind_roles))


def _tasks(running: Running, touched: Span) -> Iterator[_Shift]:
    calendar, session = running.execution.surroundings.calendar, running.session
    for task in session.execute(DATED, {"instance": running.row.id}).all():
        term = deadlines.read(task.term)
        if not deadlines.crosses(term, task.due_at, touched):
            continue
        end = deadlines.moved(calendar, term, task.due_at, running.now)
        if end is None or (end.due, end.provisional) == (task.due_at, task.provisional):
            continue
        session.execute(DUE, {"task": task.id, "due_at": end.due, "provisional": end.provisional})
        if end.due != task.due_at:
            shared = (task.id, task.element, task.name, task.due_at, end.due, [task.role] if task.role else [])
            shift = _Shift(*shared, task.organisation, task.assignee)
            _remind_anew(running, shift, calendar)
            yield shift


def _remind_anew(running: Running, shift: _Shift, calendar: Calendar) -> None:
    old = delete(Reminder).where(Reminder.task == shift.task, Reminder.reminded_at.is_(None))
    running.session.execute(old.execution_options(synchronize_session=False))
    role = shift.roles[0] if shift.roles else None
    row = {"id": shift.task, "element": shift.element, "role": role, "organisation": shift.organisation}
    for reminder in worklist.reminders(calendar, running.now, [{**row, "due_at": shift.after}]):
        _remind(running, reminder)


def _tell(running: Running, shift: _Shift, number: str) -> None:
    """Write down a deadline that moved and tell those whose matter it is; their inbox shows it from now on."""
    place = {"task": shift.task, "element": shift.element}
    session, about = running.session, {"instance": running.row.id, **place}
    told = _told(session, shift)
    facts = {"before": shift.before, "after": shift.after, "told": told, "moved_at": running.now}
    session.execute(insert(DeadlineMove).values(cause=number, **about, **facts))
    news = {"kind": MOVED, "remind_at": running.now, "due_at": shift.after}
    _remind(running, {**place, **news, "roles": shift.roles, "organisation": shift.organisation})
    said = {"name": shift.name, "before": shift.before, "due_at": shift.after, "reason": number, "told": told}
    running.tell("deadline.moved", said, shift.element, shift.task)
    running.moved = True


def _remind(running: Running, row: dict[str, Any]) -> None:
    statement = insert(Reminder).values(instance=running.row.id, **row)
    running.session.execute(statement.on_conflict_do_nothing())


def _told(session: Session, shift: _Shift) -> list[str]:
    """Return the roles, each with its organisation, and the logins of those who hold them, or of the one assignee."""
    if shift.assignee is not None:
        return [session.scalar(select(Person.login).where(Person.id == shift.assignee)) or str(shift.assignee)]
    at = f"@{shift.organisation}" if shift.organisation else ""
    holders = select(Person.login).join(Membership, Membership.person == Person.id).distinct().order_by(Person.login)
    if shift.organisation:
        holders = holders.where(Membership.organisation == shift.organisation)
    logins = session.scalars(holders.where(Membership.role.in_(shift.roles), Person.active))
    return [*(f"{role}{at}" for role in shift.roles), *logins]
