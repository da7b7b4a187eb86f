"""The operator that hands an open task to somebody else: how an escalation ends (programme chapter P20)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import desk, events, identity, independence, worklist
from engine.delegates.registry import Given, Grounds, Ledger, maybe_text, schema
from engine.errors import NotFound, SeatRefused
from engine.independence import Place
from engine.tables import Instance, Task, TaskState

ESCALATED = "逾期督办"


GONE = {"zh": "任务已经办结。", "en": "The task is done."}
STRANGER = {
    "zh": "没有这个人，或者其不在承办机构任此职责。",
    "en": "Nobody of that name holds that role in that organisation.",
}


def _assign_task(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    """Hand an open task of the same programme over, or give it back to all who may take it.

    `assigned` is false, with a `reason` in both languages, when the task is done, its new holder is unknown or may not
    hold it, or did a step of the case that excludes this one (config/independence.toml).
    """
    query = select(Task.instance, Task.element, Task.role, Task.organisation, Task.assignee, Task.bindings)
    query = query.join(Instance, Instance.id == Task.instance).with_for_update(of=Instance)
    known = query.where(Task.id == given["task"], Task.state == TaskState.OPEN, Instance.programme == grounds.programme)
    found = session.execute(known).one_or_none()
    if found is None:
        return _refused(GONE)
    try:
        person = _person(session, given["person"])
        if person is not None:
            independence.admit(session, person, Place(given["task"], found.instance, found.element, found.role))
            if found.bindings and person in desk.signers(session, given["task"]):
                return _refused(desk.SIGNED)
    except SeatRefused as refusal:
        return _refused(refusal.facts["why"])
    except NotFound:
        return _refused(STRANGER)
    after = {"organisation": given["organisation"] or found.organisation, "assignee": person}
    if not worklist.assign(session, given["task"], after["organisation"], after["assignee"]):
        return _refused(STRANGER)
    if found.bindings:
        desk.loosen(session, given["task"])
    place = {"instance": found.instance, "task": given["task"], "element": found.element, "actor": grounds.actor}
    before = {"organisation": found.organisation, "assignee": found.assignee}
    facts = {"from": before, "to": after, "reason": given["reason"] or ESCALATED}
    events.record(session, [{"kind": "task.reassigned", **place, "data": facts}])
    return {"assigned": True, "reason": None}


def _person(session: Session, named: str | None) -> UUID | None:
    """Return who is named by id or by the name to sign in with, None for nobody; raise NotFound."""
    if named is None:
        return None
    try:
        return UUID(named)
    except ValueError:
        return identity.load(session, named).id


def _refused(reason: Mapping[str, str]) -> dict[str, Any]:
    return {"assigned": False, "reason": dict(reason)}


def _rehearsed(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"assigned": True, "reason": None}


OPERATORS = (
    Ledger(
        "assign task",
        _assign_task,
        _rehearsed,
        schema(
            task=fields.UUID(required=True),
            organisation=maybe_text(200),
            person=maybe_text(64),
            reason=maybe_text(),
        ),
        {"zh": "转交待办任务", "en": "Hand an open task over"},
    ),
)
