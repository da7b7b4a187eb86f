"""Reminders: who is told that a deadline or a date comes near, once each, and what an inbox shows of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from engine import calendars, clock, events, processes
from engine.domain import ladder
from engine.identity import Actor
from engine.tables import (
    Division,
    Instance,
    InstanceState,
    Message,
    MessageState,
    Organisation,
    Reminder,
    StartEvent,
    Task,
    TaskState,
    Timer,
    WaitKind,
)

PROVINCE = "PRV_"  # roles that begin so look after every unit
CITY = "CITY_"  # those that begin so look after the counties of their city
UNIT = "APP_"  # those that begin so are held in the organisations of one unit
MOST_SHOWN = 50
ESCALATED = "escalated"  # the step of the ladder at which a diagram may take over what is late
ESCALATION = "task.overdue"  # the message that such a diagram starts by
SENDER = "reminder"


Rows = list[dict[str, Any]]


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
    needs: Mapping[str, str] | None = None  # in zh and en, what is to be made ready for what comes again

    @property
    def step(self) -> str:
        """Return the step of the ladder, or how long before a date; a copy of it is named for its role as well."""
        return self.kind.partition(".")[0]


def pending() -> ColumnElement[bool]:
    """Return the condition "somebody is to be told at :now", for a clock that asks many such things at once."""
    return exists().where(_is_due(bindparam("now", type_=Reminder.remind_at.type)), _goes_on())


def announce_due(session: Session, limit: int) -> int:
    """Tell at most `limit` due reminders and record them; return how many were due.

    Instances that are being moved are left for the next time: a move locks its instance first and its reminders after.
    A suspended instance waits. Of the steps of the ladder that a deadline passed meanwhile only the last is told. A
    task that stays overdue becomes a message, if a diagram of its programme starts by that (programme chapter P20).
    """
    now = clock.now()
    due = (
        select(Reminder.id)
        .join(Instance, Instance.id == Reminder.instance)
        .where(_is_due(now), _goes_on())
        .order_by(Reminder.remind_at)
        .limit(limit)
        .with_for_update(of=Instance, read=True, key_share=True, skip_locked=True)
    )
    ids = list(session.scalars(due))
    mark = update(Reminder).where(Reminder.id.in_(ids), Reminder.reminded_at.is_(None)).values(reminded_at=now)
    marked = session.execute(mark.returning(*Reminder.__table__.c)).mappings().all()
    climbed = _climb(session, [dict(row) for row in marked], now)
    events.record(session, [_happening(row) for row in climbed])
    _escalate(session, [row["task"] for row in climbed if row["kind"] == ESCALATED])
    return len(marked)


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
            Instance.deployment,
        )
        .join(Instance, Instance.id == Reminder.instance)
        .outerjoin(Task, Task.id == Reminder.task)
        .where(Reminder.reminded_at.is_not(None))
        .where(_is_latest(), _still_waits(), _for(actor))
        .order_by(Reminder.due_at, Reminder.id)
        .limit(MOST_SHOWN)
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    needs = [_needs(session, row.pop("deployment"), row["element"]) for row in rows]
    return [ReminderRow(**row, needs=needed) for row, needed in zip(rows, needs, strict=True)]


def _needs(session: Session, deployment: str, element: str) -> Mapping[str, str] | None:
    """Return what a unit is to make ready for what its programme repeats by the timer `element`."""
    repeated = processes.load(session, deployment).repetition
    return repeated.needs if repeated is not None and repeated.element == element else None


def _climb(session: Session, told: Rows, now: datetime) -> Rows:
    """Return what is told now: each deadline at the last step it reached, its copies beside it; note the next steps."""
    steps, calendar = ladder.load(), calendars.load(session)
    home = _homes(session, told)
    coming: Rows = []
    copies: Rows = []
    for row in told:
        first = steps.step(row["kind"])
        if first is None:
            row["needs"] = _needs(session, home[row["instance"]].deployment, row["element"])
            continue
        *row["passed"], last = (step.kind for step in steps.reached(calendar, row["due_at"], first, now))
        row["kind"] = last
        place = {key: row[key] for key in ("instance", "task", "element", "due_at", "roles", "organisation")}
        following = steps.next(calendar, row["due_at"], now, last)
        if following is not None:
            coming.append({**place, "kind": following[0].kind, "remind_at": following[1], "reminded_at": None})
        copies += [
            {**place, **copy, "remind_at": now, "reminded_at": now}
            for copy in _copies(row, steps, home[row["instance"]].organisation)
        ]
    _keep(session, [row for row in told if row.get("passed")], [*coming, *copies])
    return [*told, *copies]


def _copies(row: Mapping[str, Any], steps: ladder.Ladder, home: str | None) -> Rows:
    """Return whom a step tells beside the holder: kind, role, and the organisation in which it is held."""
    step, holder = steps.step(row["kind"]), next(iter(row["roles"]), None)
    return [
        {"kind": f"{row['kind']}.{role}", "roles": [role], "organisation": _seat(role, row["organisation"], home)}
        for role in (steps.told(step, holder) if step else ())
    ]


def _seat(role: str, organisation: str | None, home: str | None) -> str | None:
    """Return where a copy is read: by a unit's government for its bureaux, by a province's office wherever it is."""
    if role.startswith(PROVINCE):
        return None
    return home if role.startswith(UNIT) else organisation


def _homes(session: Session, told: Rows) -> dict[UUID, Any]:
    """Return the organisation and the deployment of each instance."""
    instances = {row["instance"] for row in told}
    query = select(Instance.id, Instance.organisation, Instance.deployment).where(Instance.id.in_(instances))
    return {row.id: row for row in session.execute(query)}


def _keep(session: Session, passed: Rows, fresh: Rows) -> None:
    """Give the rows whose steps were passed over the step that was told, and add the fresh ones."""
    if passed:
        session.execute(update(Reminder), [{"id": row["id"], "kind": row["kind"]} for row in passed])
    if fresh:
        session.execute(insert(Reminder).on_conflict_do_nothing(), fresh)


def _escalate(session: Session, late: list[UUID]) -> None:
    """Keep the message of every task that is still overdue; a task is escalated once, whatever its deadline becomes."""
    for task, unit in _escalatable(session, late):
        facts = {"task": str(task.id), "name": task.name, "element": task.element, "days": _late(ESCALATED)}
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


def _late(kind: str) -> int:
    step = ladder.load().step(kind)
    return step.workdays if step else 0


def _is_due(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(Reminder.remind_at <= now, Reminder.reminded_at.is_(None))


def _goes_on() -> ColumnElement[bool]:
    return and_(Instance.id == Reminder.instance, Instance.state == InstanceState.RUNNING)


def _is_latest() -> ColumnElement[bool]:
    """Return the condition that nothing later was told of the same matter to the same people."""
    later = aliased(Reminder)
    same = and_(later.task == Reminder.task, later.element == Reminder.element, later.roles == Reminder.roles)
    after = or_(
        later.remind_at > Reminder.remind_at, and_(later.remind_at == Reminder.remind_at, later.id > Reminder.id)
    )
    return ~exists().where(same, later.reminded_at.is_not(None), after)


def _still_waits() -> ColumnElement[bool]:
    armed = exists().where(Timer.task == Reminder.task, Timer.element == Reminder.element)
    return or_(Task.state == TaskState.OPEN, armed)


def _for(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for seeing a reminder: the role, for the organisation that the reminder is about.

    A task without an organisation is anybody's who holds its role; a date in an instance is its organisation's, its
    city's and the province's.
    """
    about = case((Task.id.is_not(None), Reminder.organisation), else_=Instance.organisation)
    seen = [_seen_as(organisation, role, about) for organisation, role in sorted(actor.memberships)]
    return or_(false(), *seen)


def _seen_as(organisation: str, role: str, about: ColumnElement[str | None]) -> ColumnElement[bool]:
    holds = Reminder.roles.any_() == role
    if role.startswith(PROVINCE):
        return holds
    mine = or_(about.is_(None), about == organisation)
    return and_(holds, or_(mine, _in_city(organisation)) if role.startswith(CITY) else mine)


def _in_city(organisation: str) -> ColumnElement[bool]:
    """Return the condition that a date concerns a county of the city in which `organisation` is."""
    city = aliased(Organisation)
    below = exists().where(Division.unit == Instance.subject, Division.parent == city.division)
    return and_(Task.id.is_(None), exists().where(city.id == organisation, below))


def _happening(row: Mapping[str, Any]) -> dict[str, object]:
    facts = {key: row[key] for key in ("kind", "due_at", "roles", "organisation")}
    place = {key: row[key] for key in ("instance", "task", "element")}
    told = {"passed": row.get("passed", []), "needs": row.get("needs")}
    return {"kind": "reminder.due", **place, "data": {**facts, **told}}
