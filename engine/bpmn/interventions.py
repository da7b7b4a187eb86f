"""What an operator does to tokens that no diagram foresees: withdraw, place, settle, grow, shrink."""

from typing import Any
from uuid import UUID

from engine.bpmn import loops
from engine.bpmn.game import Game
from engine.bpmn.nodes import Node
from engine.bpmn.scopes import Instance, Token
from engine.errors import NotFound


def settle(game: Game, token: Token) -> None:
    """Let a failed token go on as if its node had done its work."""
    if token.watching or token.trigger:
        game.remove(token)
    else:
        token.complete()


def withdraw(game: Game, token: Token) -> None:
    """Take a token away; its scope, or its multi-instance, goes on or ends without it."""
    if token.internal_data.keys() & {"index", "round"}:
        loops.shrink(game, token)
        return
    scope = token.workflow
    game.cancel(token)
    game.settle(scope)


def place(game: Game, element: str, scope: UUID | None) -> Token:
    """Put a token at a flow node and begin there; raise NotFound."""
    wanted = _scope(game, element, scope)
    node: Node = wanted.spec.task_specs[element]
    if node.element.attached or node.element.triggered:
        raise NotFound(element=element)
    return game.enter(wanted, node)


def repeated(instance: Instance, task: UUID) -> Token | None:
    """Return the instance of the innermost multi-instance that a task belongs to."""
    token = instance.find(task)
    while token is not None:
        if "index" in token.internal_data:
            return token
        parent = token.parent
        token = parent if parent is not token.workflow.task_tree else token.workflow.owner
    return None


def grow(game: Game, instance: Token, item: Any) -> None:
    """Add one more instance beside this one."""
    loops.grow(game, instance.parent, item)


def shrink(game: Game, instance: Token) -> None:
    """Take this instance away from its multi-instance."""
    loops.shrink(game, instance)


def strike(game: Game, whole: Token, index: int) -> None:
    """Take away one of those who would do an activity one after the other and whose turn has not come."""
    loops.strike(game, whole, index)


def _scope(game: Game, element: str, owner: UUID | None) -> Any:
    """Return the open scope that draws the element, opening sub-processes on the way down when it is not open."""
    instance = game.instance
    scopes = [one for one in instance.scopes() if element in one.spec.task_specs and not one.completed]
    if owner is not None:
        scopes = [one for one in scopes if one.owner is not None and one.owner.id == owner]
    if scopes:
        return scopes[0]
    outer = next((name for name, spec in instance.subprocess_specs.items() if element in spec.task_specs), None)
    if outer is None or owner is not None:
        raise NotFound(element=element)
    around = _scope(game, outer, None)
    node = around.spec.task_specs[outer]
    if node.element.loop is not None:
        raise NotFound(element=element)
    token = Token(around, node, around.task_tree)
    game.note(token, "entered")
    inside = node.open(game, token)
    game.watch(inside)
    return inside
