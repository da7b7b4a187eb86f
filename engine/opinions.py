"""Opinions: what was answered at the earlier steps of a case, told to those who may read it; sealed ones stay so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from engine import inbox, independence, processes
from engine.identity import Actor
from engine.instances import PROVINCE
from engine.tables import Instance, Person, Task, TaskState

MOST = 100


@dataclass(frozen=True)
class Given:
    """The answers of a finished task, with the form that they were given in."""

    task: UUID
    element: str
    name: str
    who: str
    at: datetime
    form: Mapping[str, Any]
    answers: Mapping[str, Any]


def given(session: Session, actor: Actor, instance: UUID) -> list[Given]:
    """Return what was answered in a case, the latest first, at most a hundred.

    The province reads every step, others their own and those of their roles; what is sealed is read by whoever
    answered it and by the readers that config/independence.toml names.
    """
    query = (
        select(Task.id, Task.element, Task.ended_at, Task.ended_by, Task.form, Task.answers, Instance.deployment)
        .add_columns(Task.name.label("step"), Person.name.label("who"))
        .join(Instance, Instance.id == Task.instance)
        .join(Person, Person.id == Task.ended_by)
        .where(Task.instance == instance, Task.state == TaskState.COMPLETED, Task.form.is_not(None), _readable(actor))
        .order_by(Task.ended_at.desc(), Task.id)
    )
    found = [row for row in session.execute(query.limit(MOST)) if _told(actor, row)]
    if not found:
        return []
    forms = processes.load(session, found[0].deployment).forms
    return [
        Given(row.id, row.element, row.step, row.who, row.ended_at, forms.get(row.form, {}), row.answers or {})
        for row in found
    ]


def forms(session: Session, instance: UUID) -> dict[str, Mapping[str, Any]]:
    """Return the form of each step that has one, by its element; the caller has checked who may see the case."""
    digest = session.scalar(select(Instance.deployment).where(Instance.id == instance))
    programme = processes.load(session, str(digest))
    steps = (one for some in programme.model.elements.values() for one in some.values())
    return {one.id: programme.forms[one.form] for one in steps if one.form is not None}


def _readable(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.roles & PROVINCE else inbox.visible(actor)


def _told(actor: Actor, row: Any) -> bool:
    return row.ended_by == actor.id or not independence.sealed(row.element, actor.roles)
