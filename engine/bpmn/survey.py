"""What stands in an instance and what its variables are, for those who look at it, move it or send it back.

Variables lie in layers, as `scopes` lays them: "" is the instance's own, "s…" those of a sub-process or called process
by the token that opened it, "t…" those of one of several that do the same activity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.execution import Execution
from engine.bpmn.parse import Model
from engine.bpmn.scopes import Token

Layers = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """A token: where it stands, inside which other token, and what for: task, wait, incident, join or inside.

    `scope` is the token that opened the sub-process around it, none at the top; one that is a `choice` is a way that an
    event-based gateway may take, and its holder is the gateway's token; `source` is where one at a join came from.
    """

    task: UUID
    process: str
    element: str
    holder: UUID | None
    scope: UUID | None
    kind: str
    choice: bool
    source: str | None


def scopes(execution: Execution) -> dict[UUID | None, str]:
    """Return the process or sub-process that each open scope runs, by the token that opened it; none at the top."""
    return {scope.owner.id if scope.owner is not None else None: scope.spec.name for scope in _scopes(execution)}


def tokens(execution: Execution) -> list[Standing]:
    """Return every token of an instance, the outermost first."""
    return [_standing(token) for token in _tokens(execution)]


def layers(execution: Execution) -> Layers:
    """Return the variables of an instance, layer by layer."""
    instance = execution._instance
    found = {"": dict(instance.data)}
    for scope in instance.subprocesses.values():
        found[f"s{scope.owner.id.hex}"] = dict(scope.data)
    for token in _tokens(execution):
        if "index" in token.internal_data:
            found[f"t{token.id.hex}"] = dict(token.data)
    return found


def seen(execution: Execution, scope: UUID | None) -> list[str]:
    """Return the layers that are seen in a scope that a token opened, the innermost first."""
    found = []
    owner = execution._instance.find(scope) if scope is not None else None
    while owner is not None:
        inner = execution._instance.subprocesses[owner.id]
        found.append(f"s{owner.id.hex}")
        if inner.closed:
            return found
        while owner is not owner.workflow.task_tree:
            found += [f"t{owner.id.hex}"] if "index" in owner.internal_data else []
            owner = owner.parent
        owner = owner.workflow.owner
    return [*found, ""]


def downstream(model: Model, process: str, element: str, without: str = "") -> set[str]:
    """Return the flow nodes of a process that a token may stand at after `element`, not having passed `without`.

    Behind what the model does not draw, since a change-over took it away, there is nothing.
    """
    nodes: Any = model.specs[process].task_specs if process in model.specs else {}
    found = {without}
    waiting = [element]
    while waiting:
        name = waiting.pop()
        if name not in found and name in nodes:
            found.add(name)
            waiting += [flow.target for flow in nodes[name].outgoing]
            waiting += [boundary.name for boundary in nodes[name].boundaries]
    return found - {without}


def _scopes(execution: Execution) -> list[Any]:
    return [scope for scope in execution._instance.scopes() if not scope.completed]


def _tokens(execution: Execution) -> Iterator[Token]:
    for scope in execution._instance.scopes():
        for token in scope.tasks.values():
            if token is not scope.task_tree and not token.watching and not token.trigger:
                yield token


def _standing(token: Token) -> Standing:
    scope = token.workflow
    outer = scope.owner.id if scope.owner is not None else None
    holder = token.parent.id if token.parent is not scope.task_tree else outer
    element = token.task_spec.element
    flow = token.internal_data.get("flow")
    source = next((one.source for one in token.task_spec.incoming if one.id == flow), None)
    kind, choice = _kind(token), "choice" in token.internal_data
    return Standing(token.id, element.process, element.id, holder, outer, kind, choice, source)


def _kind(token: Token) -> str:
    if token._state == TaskState.READY and token.task_spec.manual:
        return "task"
    kinds = {"wait": "wait", "incident": "incident", "flow": "join"}
    return next((kind for key, kind in kinds.items() if key in token.internal_data), "inside")
