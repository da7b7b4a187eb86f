"""Reminders: who is told that a deadline or a date comes near, once each, and what an inbox shows of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from engine import calendars, clock, events
from engine.identity import Actor
from engine.tables import Instance, Message, MessageState, Reminder, StartEvent, Task, TaskState, Timer, WaitKind

PROVINCE = "PRV_"  # roles that begin so look after every unit
MOST_SHOWN = 50
OVERDUE, ESCALATED = "overdue", "escalated"  # kinds of reminders: a working day late, and ESCALATION_WORKDAYS late
ESCALATION, ESCALATION_WORKDAYS = "task.overdue", 3  # the message that a programme's diagram may start by
SENDER = "reminder"


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
    A task that stays overdue becomes a message, if a diagram of its programme starts by that (programme chapter P20).
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
    _look_ahead(session, {reminder.task: reminder for reminder in told if reminder.kind == OVERDUE})
    _escalate(session, [reminder.task for reminder in told if reminder.kind == ESCALATED])
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
        .where(Reminder.reminded_at.is_not(None), Reminder.kind != ESCALATED)
        .where(_is_latest(), _still_waits(), _for(actor))
        .order_by(Reminder.due_at, Reminder.id)
        .limit(MOST_SHOWN)
    )
    return [ReminderRow(**row) for row in session.execute(query).mappings()]


def _look_ahead(session: Session, late: dict[UUID, Reminder]) -> None:
    """Note when what is overdue now is to be escalated; it is forgotten with the task's other reminders."""
    wanted = [task.id for task, _ in _escalatable(session, late)]
    if not wanted:
        return
    calendar = calendars.load(session)
    rows = [
        {
            "instance": late[task].instance,
            "task": task,
            "element": late[task].element,
            "kind": ESCALATED,
            "remind_at": calendar.before(calendar.add_workdays(late[task].due_at, ESCALATION_WORKDAYS).due, 0),
            "due_at": late[task].due_at,
            "roles": late[task].roles,
            "organisation": late[task].organisation,
        }
        for task in wanted
    ]
    session.execute(insert(Reminder).values(rows).on_conflict_do_nothing())


def _escalate(session: Session, late: list[UUID]) -> None:
    """Keep the message of every task that is still overdue; a task is escalated once, whatever its deadline becomes."""
    for task, unit in _escalatable(session, late):
        facts = {"task": str(task.id), "name": task.name, "element": task.element, "days": ESCALATION_WORKDAYS}
        known = insert(Message).values(
            id=uuid4(),
            source=SENDER,
            external_id=f"{task.id}/{ESCALATED}",
            name=ESCALATION,
            correlation=str(task.id),
            payload={**facts, "unit": unit, "role": task.role, "organisation": task.organisation},
            state=MessageState.WAITING,
            received_at=clock.now(),
        )
        kept = session.scalar(known.on_conflict_do_nothing().returning(Message.external_id))
        if kept is not None:
            told = {"name": ESCALATION, "source": SENDER, "id": kept, "correlation": str(task.id)}
            events.append(session, "message.received", data=told)


def _escalatable(session: Session, tasks: Iterable[UUID]) -> list[tuple[Task, str | None]]:
    """Find which tasks are open and of a programme that takes escalations up, with the unit they are about.

    The tasks of the process that takes them up are none of them: nobody is told of being late with telling.
    """
    takes = exists().where(
        StartEvent.kind == WaitKind.MESSAGE,
        StartEvent.name == ESCALATION,
        StartEvent.programme == Instance.programme,
        StartEvent.process != Instance.process,
    )
    query = select(Task, Instance.subject).join(Instance, Instance.id == Task.instance)
    found = session.execute(query.where(Task.id.in_(list(tasks)), Task.state == TaskState.OPEN, takes))
    return [(task, unit) for task, unit in found]


def _is_latest() -> ColumnElement[bool]:
    later = aliased(Reminder)
    same = and_(later.task == Reminder.task, later.element == Reminder.element, later.kind != ESCALATED)
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
