"""How an instance takes up again what was done before: variables as they were, sub-processes that had ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.bpmn.causes import Origins, Waiting
from engine.bpmn.execution import Execution
from engine.bpmn.nodes import Joining, Node
from engine.bpmn.scopes import Token
from engine.domain.deadlines import Term, stopped
from engine.errors import NotFound

WATCHED = frozenset({"timer", "message", "signal", "conditional"})


@dataclass(frozen=True)
class Reopening:
    """A flow node to begin at again, and what waits at joins beside it.

    `data` are the variables inside a sub-process or called process, None as it is given them now; what is opened again
    keeps its token, so that what was done inside before still counts as done there.
    """

    element: str
    token: UUID
    origins: Origins | None = None
    joins: Sequence[Waiting] = ()
    data: dict[str, Any] | None = None


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


def go_back(execution: Execution, scope: UUID | None, taken: Sequence[UUID], path: Sequence[Reopening]) -> UUID:
    """Take tokens away and begin again along `path`, in one move; return the token that stands at its last node.

    From the open `scope` on, what had ended is opened again, the outermost first; its boundary events watch again.
    Raise NotFound where something is done by several, or where no token can stand.
    """
    game = execution._game
    game.renew()
    around: Any = execution._instance if scope is None else execution._instance.subprocesses[scope]
    *outer, step = path
    for token in [execution._instance.find(task) for task in taken]:
        if token is not None:
            game.cancel(token)
    for reopening in outer:
        _wait(around, reopening)
        around = _open(game, around, reopening)
    _wait(around, step)
    begun = game.enter(around, _node(around, step.element), _plain(step.origins))
    game.run()
    found: UUID = begun.id
    return found


def forget(execution: Execution, scope: UUID | None, elements: Sequence[str]) -> None:
    """Forget that activities of an open scope were completed, so that nothing undone is compensated later."""
    around: Any = execution._instance if scope is None else execution._instance.subprocesses[scope]
    records = around.kept.get("completed", [])
    for element in elements:
        found = next((one for one in reversed(records) if one["activity"] == element), None)
        if found is not None:
            records.remove(found)


def stop_clock(execution: Execution, element: str, term: Term) -> None:
    """Let the deadline of a flow node go on from here when it is begun again, as if no time had passed meanwhile."""
    execution._instance.kept.setdefault("away", {})[element] = stopped(term, execution.surroundings.now).plain()
    execution.surroundings.away = execution._instance.kept["away"]


def interrupted(execution: Execution, scope: UUID | None) -> bool:
    """Tell whether an event has interrupted what ran in an open scope."""
    around: Any = execution._instance if scope is None else execution._instance.subprocesses[scope]
    return "interrupted" in around.kept


def _wait(around: Any, reopening: Reopening) -> None:
    for one in reopening.joins:
        join = _node(around, one.element)
        if one.flow not in {flow.id for flow in join.incoming} or not isinstance(join, Joining):
            raise NotFound(element=one.element)  # a change-over has drawn it otherwise
        join.keep(around, one.flow, [[one.source.hex, one.flow]])


def _plain(origins: Origins | None) -> list[list[str]] | None:
    return None if origins is None else [list(one) for one in origins]


def _open(game: Any, around: Any, reopening: Reopening) -> Any:
    node: Any = _node(around, reopening.element)
    if node.element.loop is not None:
        raise NotFound(element=reopening.element)
    token = Token(around, node, around.task_tree, id=reopening.token)
    if reopening.origins is not None:
        token.internal_data["origins"] = _plain(reopening.origins)
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
