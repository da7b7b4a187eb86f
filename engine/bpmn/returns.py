"""How an instance takes up again what was done before: variables as they were, sub-processes that had ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.bpmn.execution import Execution
from engine.bpmn.nodes import Node
from engine.bpmn.scopes import Token
from engine.errors import NotFound

WATCHED = frozenset({"timer", "message", "signal", "conditional"})


@dataclass(frozen=True)
class Reopening:
    """A sub-process or call activity to open again; `data` are the variables inside, None as it is given them now."""

    element: str
    data: dict[str, Any] | None


def restore(execution: Execution, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Set variables in their layers, as `survey.layers` names them; conditions are asked with the next move."""
    instance = execution._instance
    homes = {"": instance.data}
    for scope in instance.scopes():
        homes |= {f"t{token.id.hex}": token.data for token in scope.tasks.values()}
        homes |= {f"s{scope.owner.id.hex}": scope.data} if scope.owner is not None else {}
    for layer, values in wanted.items():
        homes[layer].update(values)
    instance.changed = True


def reenter(execution: Execution, scope: UUID | None, path: Sequence[Reopening], element: str) -> None:
    """Open what had ended again, from the open `scope` on and the outermost first, and put a token at a flow node.

    Boundary events watch again. Raise NotFound where something is done by several, or where no token can stand.
    """
    game = execution._game
    around: Any = execution._instance if scope is None else execution._instance.subprocesses[scope]
    for reopening in path:
        around = _open(game, around, reopening)
    game.enter(around, _node(around, element))
    game.run()


def _open(game: Any, around: Any, reopening: Reopening) -> Any:
    node: Any = _node(around, reopening.element)
    if node.element.loop is not None:
        raise NotFound(element=reopening.element)
    token = Token(around, node, around.task_tree)
    game.note(token, "entered")
    node._read(game, token)
    for boundary in node.boundaries:
        if boundary.element.event in WATCHED:
            boundary.watch(game, token)
    inside = node.open(game, token)
    inside.data.update(node._given(game, token) if reopening.data is None else reopening.data)
    game.watch(inside)
    return inside


def _node(around: Any, element: str) -> Node:
    node: Node | None = around.spec.task_specs.get(element)
    if node is None or node.element.attached or node.element.triggered:
        raise NotFound(element=element)
    return node
