"""Reminders: who is told that a deadline or a date comes near, once each, and what an inbox shows of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from engine import clock, events
from engine.identity import Actor
from engine.tables import Instance, Reminder, Task, TaskState, Timer

PROVINCE = "PRV_"  # roles that begin so look after every unit
MOST_SHOWN = 50


@dataclass(frozen=True)
class ReminderRow:
    """A reminder as an inbox shows it; `name` is the task's, or the element's id when no person has a task."""

    id: int
    kind: str
    element: str
    name: str
    title: str
    instance: UUID
    task: UUID
    due_at: datetime
    reminded_at: datetime


def pending() -> ColumnElement[bool]:
    """Return the condition "somebody is to be told at :now", for a clock that asks many such things at once."""
    now = bindparam("now", type_=Reminder.remind_at.type)
    return exists().where(Reminder.remind_at <= now, Reminder.reminded_at.is_(None))


def announce_due(session: Session, limit: int) -> int:
    """Mark at most `limit` due reminders as told and record them; return how many.

    Instances that are being moved are left for the next time: a move locks its instance first and its reminders after.
    """
    now = clock.now()
    due = (
        select(Reminder.id)
        .join(Instance, Instance.id == Reminder.instance)
        .where(Reminder.remind_at <= now, Reminder.reminded_at.is_(None))
        .order_by(Reminder.remind_at)
        .limit(limit)
        .with_for_update(of=Instance, read=True, key_share=True, skip_locked=True)
    )
    ids = list(session.scalars(due))
    mark = update(Reminder).where(Reminder.id.in_(ids), Reminder.reminded_at.is_(None)).values(reminded_at=now)
    told = session.execute(mark.returning(Reminder).execution_options(synchronize_session=False)).scalars().all()
    events.record(session, [_happening(reminder) for reminder in told])
    return len(told)


def shown(session: Session, actor: Actor) -> list[ReminderRow]:
    """List what the actor has been reminded of and what still waits, the latest reminder of each; soonest due first."""
    query = (
        select(
            Reminder.id,
            Reminder.kind,
            Reminder.element,
            func.coalesce(Task.name, Reminder.element).label("name"),
            Instance.title,
            Reminder.instance,
            Reminder.task,
            Reminder.due_at,
            Reminder.reminded_at,
        )
        .join(Instance, Instance.id == Reminder.instance)
        .outerjoin(Task, Task.id == Reminder.task)
        .where(Reminder.reminded_at.is_not(None), _is_latest(), _still_waits(), _for(actor))
        .order_by(Reminder.due_at, Reminder.id)
        .limit(MOST_SHOWN)
    )
    return [ReminderRow(**row) for row in session.execute(query).mappings()]


def _is_latest() -> ColumnElement[bool]:
    later = aliased(Reminder)
    same = and_(later.task == Reminder.task, later.element == Reminder.element)
    return ~exists().where(same, later.reminded_at.is_not(None), later.remind_at > Reminder.remind_at)


def _still_waits() -> ColumnElement[bool]:
    armed = exists().where(Timer.task == Reminder.task, Timer.element == Reminder.element)
    return or_(Task.state == TaskState.OPEN, armed)


def _for(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for seeing a reminder: the role, for the organisation that the reminder is about.

    A task without an organisation is anybody's who holds its role; a date in an instance is its organisation's and the
    province's.
    """
    about = case((Task.id.is_not(None), Reminder.organisation), else_=Instance.organisation)
    seen = [_seen_as(organisation, role, about) for organisation, role in sorted(actor.memberships)]
    return or_(false(), *seen)


def _seen_as(organisation: str, role: str, about: ColumnElement[str | None]) -> ColumnElement[bool]:
    holds = Reminder.roles.any_() == role
    unbound = role.startswith(PROVINCE)
    return holds if unbound else and_(holds, or_(about.is_(None), about == organisation))


def _happening(reminder: Reminder) -> dict[str, object]:
    facts = {"kind": reminder.kind, "due_at": reminder.due_at, "roles": reminder.roles}
    place = {"instance": reminder.instance, "task": reminder.task, "element": reminder.element}
    return {"kind": "reminder.due", **place, "data": {**facts, "organisation": reminder.organisation}}
