"""Tasks as lists and pages show them: the row of one, and who may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from engine import calendars, clock, independence
from engine.domain.actors import Actor, Principal
from engine.independence import Place
from engine.tables import (
    Delegation,
    DelegationState,
    Division,
    Instance,
    Organisation,
    Person,
    Sign,
    SignState,
    Task,
    TaskState,
    Urge,
)

SOON = 3  # working days
FAR_AWAY = "normal"


@dataclass(frozen=True)
class TaskRow:
    """A task as a list shows it; `workdays_left` is negative when overdue, a `stopped` one has no deadline for now.

    `kind` is task, or sign when the list asks for an opinion on it: `sign` is which one, `asked_by` who wants it.
    `closed` says why the actor may not claim it, where an earlier step of theirs excludes it.
    `priority` is urged (somebody pressed for it), overdue, soon (three working days or fewer) or normal.
    """

    id: UUID
    instance: UUID
    element: str
    name: str
    form: str | None
    role: str | None
    organisation: str | None
    organisation_name: dict[str, str] | None
    assignee: UUID | None
    assignee_name: str | None
    state: str
    created_at: datetime
    due_at: datetime | None
    provisional: bool
    stopped: bool
    overdue: bool
    workdays_left: int | None
    ended_at: datetime | None
    title: str
    subject: str | None
    programme: str
    process: str
    unit: str | None = None
    urged: bool = False
    priority: str = FAR_AWAY
    kind: str = "task"
    sign: UUID | None = None
    asked_by: str | None = None
    asked_at: datetime | None = None
    closed: dict[str, str] | None = None


def found(session: Session, actor: Actor, task: UUID) -> TaskRow | None:
    """Return the row of a task, None when the actor may not see it or there is none."""
    rows = read(session, query().where(Task.id == task, visible(actor)))
    return rows[0] if rows else None


def seen(session: Session, actor: Actor, tasks: Sequence[UUID]) -> dict[UUID, TaskRow]:
    """Return the rows of those of `tasks` that the actor may see."""
    rows = read(session, query().where(Task.id.in_(tasks), visible(actor))) if tasks else []
    return {row.id: row for row in rows}


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for seeing a task: one's own, open or done, those of one's roles, what one was asked for.

    Of a step that several do, each by themselves, a role sees what nobody has taken.
    """
    anywhere = and_(Task.organisation.is_(None), Task.role.in_(sorted(actor.roles)))
    here = tuple_(Task.organisation, Task.role).in_(sorted(actor.memberships))
    candidate = and_(or_(anywhere, here) if actor.memberships else anywhere, _open_to_role(actor))
    wholly, lenders = [actor.id, *actor.wholly], [actor.id, *(one.person for one in actor.principals)]
    signs = exists().where(Sign.task == Task.id, Sign.person.in_(wholly), Sign.state != SignState.TAKEN_BACK)
    lent_out = exists().where(
        Delegation.task == Task.id, Delegation.owner.in_(lenders), Delegation.state == DelegationState.OPEN
    )
    return or_(held(actor), Task.ended_by == actor.id, candidate, signs, lent_out)


def _open_to_role(actor: Actor) -> ColumnElement[bool]:
    """Return the condition "a role is enough to see this task": nobody does it by themselves, or nobody has it yet."""
    free = and_(Task.state == TaskState.OPEN, Task.assignee.is_(None))
    return or_(Task.element.not_in(sorted(independence.alone())), free, Task.acted_for == actor.id)


def held(actor: Actor) -> ColumnElement[bool]:
    """Return the condition "this task is with the actor, or with somebody whom the actor stands in for"."""
    lent = (_lent(one) for one in actor.principals)
    return or_(Task.assignee == actor.id, *lent)


def _lent(principal: Principal) -> ColumnElement[bool]:
    theirs = Task.assignee == principal.person
    if principal.whole:
        return theirs
    seats = sorted(principal.memberships)
    anywhere = and_(Task.organisation.is_(None), Task.role.in_(sorted(principal.roles)))
    return and_(theirs, or_(anywhere, tuple_(Task.organisation, Task.role).in_(seats)))


def urged() -> ColumnElement[bool]:
    """Return the condition "somebody pressed for this task"."""
    return exists().where(Urge.task == Task.id)


def unit() -> Any:
    """Return the column `unit`: the last name of the city or county that an instance is about."""
    named = aliased(Division)
    last = select(named.name).where(named.unit == Instance.subject).order_by(named.valid_from.desc()).limit(1)
    return last.scalar_subquery().label("unit")


def query() -> Select[Any]:
    """Return the query of task rows, for `read`."""
    return (
        select(
            Task,
            Instance.title,
            Instance.subject,
            Instance.programme,
            Instance.process,
            Organisation.name.label("organisation_name"),
            Person.name.label("assignee_name"),
            unit(),
            urged().label("urged"),
        )
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .outerjoin(Person, Person.id == Task.assignee)
    )


def by_id(session: Session, tasks: Sequence[UUID]) -> dict[UUID, TaskRow]:
    """Return the rows of tasks that somebody has been found to see."""
    return {row.id: row for row in read(session, query().where(Task.id.in_(tasks)))} if tasks else {}


def closing(session: Session, actor: Actor, found: Sequence[TaskRow]) -> list[TaskRow]:
    """Return tasks that nobody has claimed, each with why the actor may not claim it, if so; one query for all."""
    seats = {}
    for row in found:
        who = actor.capacity(row.role, row.organisation, None)
        if who is not None:
            seats[Place(row.id, row.instance, row.element, row.role)] = who.people
    closed = independence.closed(session, seats)
    return [replace(row, closed=closed.get(row.id)) for row in found]


def asked(session: Session, signs: Sequence[UUID]) -> dict[UUID, tuple[UUID, str, datetime]]:
    """Return of added signs the task, who asked for it and when."""
    if not signs:
        return {}
    wanted = select(Sign.id, Sign.task, Person.name, Sign.asked_at).join(Person, Person.id == Sign.asked_by)
    return {row.id: (row.task, row.name, row.asked_at) for row in session.execute(wanted.where(Sign.id.in_(signs)))}


def read(session: Session, wanted: Any) -> list[TaskRow]:
    """Return the rows of a narrowed `query`."""
    calendar, now = calendars.load(session), clock.now()
    found = session.execute(wanted).all()
    return [_row(task, facts, calendar, now) for task, *facts in found]


def _row(task: Task, facts: list[Any], calendar: Any, now: datetime) -> TaskRow:
    title, subject, programme, process, organisation_name, assignee_name, unit, pressed = facts
    open_still = task.state == TaskState.OPEN
    overdue = task.due_at is not None and open_still and task.due_at < now
    left = calendar.workdays_between(now, task.due_at) if task.due_at else None
    near = open_still and left is not None and left <= SOON
    return TaskRow(
        id=task.id,
        instance=task.instance,
        element=task.element,
        name=task.name,
        form=task.form,
        role=task.role,
        organisation=task.organisation,
        organisation_name=organisation_name,
        assignee=task.assignee,
        assignee_name=assignee_name,
        state=task.state.value,
        created_at=task.created_at,
        due_at=task.due_at,
        provisional=task.provisional,
        stopped=open_still and _stands_still(task),
        overdue=overdue,
        workdays_left=left,
        ended_at=task.ended_at,
        title=title,
        subject=subject,
        programme=programme,
        process=process,
        unit=unit,
        urged=pressed,
        priority=_priority(pressed=pressed and open_still, overdue=overdue, near=near),
    )


def _priority(*, pressed: bool, overdue: bool, near: bool) -> str:
    if pressed:
        return "urged"
    if overdue:
        return "overdue"
    return "soon" if near else FAR_AWAY


def _stands_still(task: Task) -> bool:
    return task.term is not None and any(end is None for _, end in task.term["stops"])
