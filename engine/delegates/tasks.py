"""The operator that hands an open task to somebody else: how an escalation ends (programme chapter P20)."""

from typing import Any

from marshmallow import fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import events, worklist
from engine.delegates.registry import Given, Grounds, Ledger, maybe_text, schema
from engine.tables import Instance, Task, TaskState

ESCALATED = "逾期督办"


def _assign_task(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    """Hand an open task of the same programme over; `assigned` is false when it is done or its new holder unknown."""
    query = select(Task.instance, Task.element, Task.organisation, Task.assignee)
    query = query.join(Instance, Instance.id == Task.instance).with_for_update(of=Instance)
    known = query.where(Task.id == given["task"], Task.state == TaskState.OPEN, Instance.programme == grounds.programme)
    found = session.execute(known).one_or_none()
    if found is None:
        return {"assigned": False}
    after = {"organisation": given["organisation"] or found.organisation, "assignee": given["person"]}
    if not worklist.assign(session, given["task"], after["organisation"], after["assignee"]):
        return {"assigned": False}
    place = {"instance": found.instance, "task": given["task"], "element": found.element, "actor": grounds.actor}
    before = {"organisation": found.organisation, "assignee": found.assignee}
    facts = {"from": before, "to": after, "reason": given["reason"] or ESCALATED}
    events.record(session, [{"kind": "task.reassigned", **place, "data": facts}])
    return {"assigned": True}


def _rehearsed(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"assigned": True}


OPERATORS = (
    Ledger(
        "assign task",
        _assign_task,
        _rehearsed,
        schema(
            task=fields.UUID(required=True),
            organisation=maybe_text(200),
            person=fields.UUID(load_default=None, allow_none=True),
            reason=maybe_text(),
        ),
        {"zh": "转交待办任务", "en": "Hand an open task over"},
    ),
)
