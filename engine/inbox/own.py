"""What a list is made of: the tasks with a person, the free ones of their seats, what they did, began or were sent."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, column, func, literal, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from engine.domain.actors import Actor
from engine.inbox import rows
from engine.inbox.picking import Base, Fields
from engine.tables import CarbonCopy, Instance, InstanceState, Sign, SignState, Task, TaskState

_OPEN: ColumnElement[str] = literal_column(
    f"'{TaskState.OPEN.value}'"
)  # said, not given: an index holds open tasks alone
OPEN = Task.state == _OPEN
_TASK_COLUMNS = (Task.id, Task.created_at, Task.due_at, Task.name, Task.instance, Task.element, Task.organisation)
TASK, SIGN, CASE, COPY = "task", "sign", "case", "copy"


def held(actor: Actor) -> list[Base]:
    """Return the open tasks with the actor or with whom they stand in for, and the signs asked of the actor."""
    # They are few: found first, then sorted. Without the fence they would be looked for along all deadlines.
    few = (
        select(*_TASK_COLUMNS, rows.urged().label("urged"))
        .where(OPEN, rows.held(actor))
        .offset(literal_column("0"))
        .subquery("few")
    )
    return [
        Base(TASK, select(few.c.id).select_from(few), _task_fields(few.c, few.c.id, few.c.created_at, few.c.urged)),
        _signs(actor),
    ]


def free(actor: Actor) -> list[Base]:
    """Return the open tasks that nobody has claimed, seat by seat of the actor."""
    seats = sorted(actor.memberships)
    here = _seats([role for _, role in seats], [organisation for organisation, _ in seats])
    pools = _seats(sorted(actor.roles))
    fields = _task_fields(Task, Task.id, Task.created_at, rows.urged())
    open_to_all = select(Task.id).where(OPEN, Task.assignee.is_(None))
    of_seat = open_to_all.where(Task.role == here.c.role, Task.organisation == here.c.organisation)
    of_role = open_to_all.where(Task.role == pools.c.role, Task.organisation.is_(None))
    return [Base(TASK, of_seat, fields, here), Base(TASK, of_role, fields, pools)]


def finished(actor: Actor) -> list[Base]:
    """Return the tasks that the actor has finished."""
    done = select(Task.id).where(Task.ended_by == actor.id, Task.state == TaskState.COMPLETED)
    return [Base(TASK, done, _task_fields(Task, Task.id, Task.ended_at, rows.urged()))]


def begun(actor: Actor) -> list[Base]:
    """Return the cases that the actor started."""
    waiting = aliased(Task)
    soonest = (
        select(func.min(waiting.due_at))
        .where(waiting.instance == Instance.id, waiting.state == _OPEN)
        .scalar_subquery()
    )
    fields = _case_fields(Instance.id, Instance.started_at, soonest)
    return [Base(CASE, select(Instance.id).where(Instance.started_by == actor.id), fields)]


def copied(actor: Actor) -> list[Base]:
    """Return the copies that were sent to the actor."""
    sent = select(CarbonCopy.id).join(Instance, Instance.id == CarbonCopy.instance).where(CarbonCopy.person == actor.id)
    return [Base(COPY, sent, _case_fields(CarbonCopy.id, CarbonCopy.at, CarbonCopy.read_at))]


def unread(actor: Actor) -> list[Base]:
    """Return the copies that the actor has not read."""
    [sent] = copied(actor)
    return [Base(COPY, sent.query.where(CarbonCopy.read_at.is_(None)), sent.fields)]


def waiting(cases: Sequence[UUID], most: int) -> Any:
    """Return the ids of the open tasks of each of `cases`, at most so many of each, the soonest due first."""
    given = func.unnest(literal(list(cases), ARRAY(Uuid))).table_valued(column("id", Uuid), name="one").render_derived()
    task = aliased(Task)
    some = select(task.id).where(task.instance == given.c.id, task.state == _OPEN)
    found = some.order_by(task.due_at, task.created_at, task.id).limit(most).lateral()
    return select(found.c.id).select_from(given.join(found, true())).subquery()


def _signs(actor: Actor) -> Base:
    """Return the signs whose turn it is, asked of the actor or of whom they stand in for in everything."""
    asked = (
        select(Sign.id)
        .join(Task, Task.id == Sign.task)
        .join(Instance, Instance.id == Task.instance)
        .where(OPEN, Instance.state == InstanceState.RUNNING)
        .where(Sign.person.in_([actor.id, *actor.wholly]), Sign.state == literal_column(f"'{SignState.OPEN.value}'"))
    )
    return Base(SIGN, asked, _task_fields(Task, Sign.id, Sign.asked_at, rows.urged()))


def _seats(roles: list[str], organisations: list[str] | None = None) -> Any:
    given = [literal(values, ARRAY(Text)) for values in (roles, organisations) if values is not None]
    names = [column("role", Text), column("organisation", Text)][: len(given)]
    return (
        func.unnest(*given).table_valued(*names, name="seat" if organisations is not None else "pool").render_derived()
    )


def _task_fields(task: Any, key: Any, when: Any, urged: Any) -> Fields:
    return Fields(
        id=key,
        when=when,
        due=task.due_at,
        name=task.name,
        case=task.instance,
        element=task.element,
        organisation=task.organisation,
        urged=urged,
    )


def _case_fields(key: Any, when: Any, due: Any) -> Fields:
    return Fields(id=key, when=when, due=due, name=Instance.title, case=Instance.id)
