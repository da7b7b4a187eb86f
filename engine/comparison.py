"""What a form said last time: before it was sent back, or in the unit's last round, for whoever fills it in again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import inbox
from engine.errors import NotFound
from engine.identity import Actor
from engine.tables import Instance, Person, Rejection, Task, TaskState

MOST_SHEETS = 20  # departments that filled in one form for a unit


class Kind(StrEnum):
    """What a form is compared with."""

    RETURNED = "returned"  # what it said before it was sent back
    LAST_ROUND = "last_round"  # what the unit said the last time that it was asked


@dataclass(frozen=True)
class Earlier:
    """What a form said last time, when and by whom; `fields` are the paths that were asked to be changed."""

    kind: Kind
    answers: dict[str, Any]
    at: datetime
    who: str
    title: str
    fields: tuple[str, ...] = ()


def of_task(session: Session, actor: Actor, task: UUID) -> Earlier | None:
    """Return what the form of a task said last time, as far as the actor may see it; none when there is nothing.

    Raise NotFound when they may not see the task.
    """
    query = select(Task, Instance).join(Instance, Instance.id == Task.instance)
    found = session.execute(query.where(Task.id == task, inbox.visible(actor))).one_or_none()
    if found is None:
        raise NotFound(task=task)
    row, instance = found
    return _returned(session, task, instance.title) or _last_round(session, actor, row, instance)


def _returned(session: Session, task: UUID, title: str) -> Earlier | None:
    query = select(Rejection, Person.name).join(Person, Person.id == Rejection.sender).where(Rejection.task == task)
    found = session.execute(query).one_or_none()
    if found is None or not found[0].before:
        return None
    rejection, who = found
    return Earlier(Kind.RETURNED, dict(rejection.before or {}), rejection.at, who, title, tuple(rejection.fields))


def _last_round(session: Session, actor: Actor, task: Task, instance: Instance) -> Earlier | None:
    """Gather what everybody of the unit said to this form in the latest other case in which they were asked."""
    if instance.subject is None or task.form is None:
        return None
    query: Any = (
        select(Task.instance, Task.answers, Task.ended_at, Person.name, Instance.title)
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Person, Person.id == Task.ended_by)
        .where(
            Instance.subject == instance.subject,
            Instance.programme == instance.programme,
            Instance.id != instance.id,
            Task.form == task.form,
            Task.state == TaskState.COMPLETED,
            Task.ended_at < task.created_at,
            inbox.visible(actor),
        )
    )
    rows = session.execute(query.order_by(Task.ended_at.desc()).limit(MOST_SHEETS)).all()
    sheets = [row for row in rows if row.instance == rows[0].instance and row.answers]
    if not sheets:
        return None
    said: dict[str, Any] = {}
    for row in reversed(sheets):
        said = _over(said, row.answers)
    return Earlier(Kind.LAST_ROUND, said, sheets[0].ended_at, sheets[0].name or "", sheets[0].title)


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay answers over others; what one department left empty another may have filled in."""
    both = dict(below)
    for key, value in above.items():
        known = both.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            both[key] = _over(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            both[key] = known + [one for one in value if one not in known]
        elif value not in (None, ""):
            both[key] = value
    return both
