"""Compensation: what is remembered of completed activities, and undoing them in reverse order (BPMN 2.0.2 §13.5.5).

A record is {"activity", "handler", "data", "inner", "within", "variables"}: the handler's snapshot of the variables,
and for a sub-process what is to be compensated inside it, or the event sub-process that does it.
"""

from copy import deepcopy
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.scopes import Scope, Token, view

Record = dict[str, Any]


def remember(token: Token, scope: Scope | None) -> None:
    """Remember an activity that completed, when there is something that could undo it."""
    node = token.task_spec
    inner = scope.kept.get("completed", []) if scope is not None else []
    within = _handler_inside(scope)
    if not (node.handler or inner or within) or "for" in token.internal_data:
        return
    record = {"activity": node.name, "handler": node.handler, "data": deepcopy(view(token)), "inner": inner}
    record |= {"within": within, "variables": deepcopy(scope.data) if scope is not None else {}}
    _known(token).append(record)


def multiple(token: Token) -> None:
    """Remember a multi-instance that completed: each of its instances (§13.3.7: only when all have completed)."""
    records = token.internal_data.get("completed", [])
    if records:
        token.workflow.kept.setdefault("completed", []).extend(records)


def compensate(game: Any, thrower: Token, activity: str | None, *, waits: bool = True) -> bool:
    """Undo what completed around a token, or one activity of it; tell whether that is done already."""
    scope = _concerned(thrower)
    known = scope.kept.get("completed", [])
    wanted = [record for record in known if activity in {None, record["activity"]}]
    scope.kept["completed"] = [record for record in known if record not in wanted]
    if not waits:
        for record in reversed(wanted):
            _undo(game, scope, record, None)
        return True
    if not wanted:
        return True
    thrower.internal_data["todo"] = wanted
    thrower.internal_data["where"] = scope.owner.id.hex if scope.owner is not None else ""
    thrower._set_state(TaskState.STARTED)
    go_on(game, thrower)
    return False


def go_on(game: Any, driver: Token) -> None:
    """Undo the latest record that is left; when none is, the token that asked goes on."""
    if driver.internal_data["todo"]:
        record = driver.internal_data["todo"].pop()
        owner = driver.internal_data["where"]
        instance = driver.workflow.top_workflow
        _undo(game, instance.subprocesses[UUID(hex=owner)] if owner else instance, record, driver)
        return
    for name in ("todo", "where"):
        driver.internal_data.pop(name)
    if "for" in driver.internal_data:
        game.undone(driver)
    else:
        game.attempt(driver, "leave", driver.complete)


def _undo(game: Any, scope: Any, record: Record, driver: Token | None) -> None:
    asked = driver.id.hex if driver is not None else ""
    if record["handler"]:
        token = Token(scope, scope.spec.task_specs[record["handler"]], scope.task_tree)
        token.data, token.internal_data = record["data"], {"for": asked, "shadow": True}
        game.note(token, "entered")
        game.attempt(token, "enter", lambda: token.task_spec.enter(game, token))
        return
    token = Token(scope, scope.spec.task_specs[record["activity"]], scope.task_tree, state=TaskState.STARTED)
    token.data, token.internal_data = record["data"], {"for": asked, "shadow": True, "again": True}
    inner = token.task_spec.open(game, token)
    inner.data = record["variables"]
    if record["within"]:
        handler = inner.spec.task_specs[record["within"]]
        inner.kept["completed"] = record["inner"]
        handler.take(game, inner, None)
    else:
        token.internal_data.update(todo=record["inner"], where=token.id.hex)
        go_on(game, token)


def _known(token: Token) -> list[Record]:
    """Return the memory that a completed activity belongs to: its scope's, or its multi-instance's until that ends."""
    memory = token.parent.internal_data if "index" in token.internal_data else token.workflow.kept
    records: list[Record] = memory.setdefault("completed", [])
    return records


def _handler_inside(scope: Scope | None) -> str | None:
    for node in scope.spec.handlers if scope is not None else ():
        if node.awaited.event == "compensation":
            return str(node.name)
    return None


def _concerned(thrower: Token) -> Any:
    """Return the scope whose activities a token may undo: its own, or the one around its event sub-process."""
    scope = thrower.workflow
    while scope.owner is not None and scope.owner.task_spec.element.triggered:
        scope = scope.owner.workflow
    return scope
