"""What is left to do once a carried instance plays by its new version: furnish, arm, begin, join, come to rest.

What is newly armed is reckoned from the change-over, or from its anchor. A condition that holds already is not taken as
having just come true: it is asked when variables next change, so that no change-over ends an open task by itself.
"""

from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import loops
from engine.bpmn.baggage import Bag, Room
from engine.bpmn.definitions import wait_for
from engine.bpmn.findings import LASTING, Errands
from engine.bpmn.game import Game
from engine.bpmn.nodes import Joining, Parallel
from engine.bpmn.scopes import Token, view


def run(game: Game, errands: Errands) -> None:
    """Do the errands of a change-over and let the game come to rest; raise what cannot be reckoned."""
    game.renew()
    for room in errands.rooms:
        _furnish(game, _scope(game, room))
    for bag, event, mark in errands.arms:
        host = _token(game, bag)
        _watch(game, host, event, mark)
    for room, handler in errands.triggers:
        scope = _scope(game, room)
        if not scope.completing or not scope.alive:
            _watch(game, scope.task_tree, handler, "trigger")
    for bag in errands.messages:
        token = _token(game, bag)
        token.internal_data["wait"] = wait_for(token.task_spec.awaited, game.around, view(token))
    for bag in errands.loops:
        loops.resume(game, _token(game, bag))
    _begin(game, errands)
    _join(game)
    for scope in reversed(game.instance.scopes()):
        game.settle(scope)
    game.run()


def _begin(game: Game, errands: Errands) -> None:
    for room, node, origins in errands.starts:
        scope = _scope(game, room)
        game.enter(scope, scope.spec.task_specs[node], origins)
    for room, name, origins in errands.leads:
        scope = _scope(game, room)
        nodes = scope.spec.task_specs.values()
        flow = next(flow for node in nodes for flow in node.incoming if flow.id == name)
        scope.spec.task_specs[flow.target].arrive(game, scope, flow, origins or [])


def _furnish(game: Game, scope: Any) -> None:
    """Give a sub-process that is opened around open steps its data, and let its events watch."""
    owner = scope.owner
    node = owner.task_spec
    node._read(game, owner)
    scope.data.update(dict.fromkeys(node.inside.owns))
    scope.data.update(node._given(game, owner))
    for boundary in node.boundaries:
        if boundary.element.event in LASTING:
            _watch(game, owner, boundary, "watch")
    for handler in scope.spec.handlers:
        if handler.awaited.event in LASTING:
            _watch(game, scope.task_tree, handler, "trigger")


def _watch(game: Game, host: Any, event: Any, mark: str) -> None:
    token = Token(host.workflow, event, host, state=TaskState.WAITING)
    token.internal_data[mark] = True
    if mark == "choice":
        flow = next(one for one in host.task_spec.outgoing if one.target == event.name)
        token.internal_data["origins"] = [[host.id.hex, flow.id]]
    token.internal_data["wait"] = wait_for(event.awaited, game.around, view(token))


def _join(game: Game) -> None:
    """Let the parallel joins go on for which enough tokens wait now that fewer flows may lead to them."""
    for scope in game.instance.scopes():
        for node in [node for node in scope.spec.task_specs.values() if isinstance(node, Joining)]:
            waiting = -1
            while isinstance(node, Parallel) and node.here(scope) and len(node.here(scope)) != waiting:
                waiting = len(node.here(scope))
                node.gathered(game, scope)


def _scope(game: Game, room: Room) -> Any:
    return game.instance if room.owner is None else game.instance.subprocesses[room.owner.task]


def _token(game: Game, bag: Bag) -> Any:
    return game.instance.find(UUID(hex=bag.id))
