"""What a thrown event does inside its instance: who catches it, and what ends with it (BPMN 2.0.2 §10.5.1, §13.5)."""

from typing import Any

from SpiffWorkflow.task import Task

from engine.bpmn import compensation
from engine.bpmn.elements import Element, Event
from engine.bpmn.environment import Thrown
from engine.bpmn.nodes import Node, message, payload_of
from engine.bpmn.scopes import Scope, Token
from engine.errors import StepFailed


class Throw(Node):
    """An intermediate or end event that throws, or does nothing but pass."""

    def _run_hook(self, my_task: Task) -> bool | None:
        return throw(my_task.workflow.top_workflow.game, my_task, self.element)


def throw(game: Any, token: Token, element: Element) -> bool | None:
    """Throw an event from a token; None when its node is not to complete by itself, True when it is."""
    event = element.definition
    match event.kind:
        case "message":
            game.tell(message(element, game, token))
        case "signal":
            name, payload = element.signal or element.id, payload_of(game, token, element)
            game.tell(Thrown(element.id, name, "", payload, "signal"))
            _thrown(game, token)
            signal(game, name, payload)
        case "escalation":
            _thrown(game, token)
            propagate(game, token, event)
        case "error":
            propagate(game, token, event)
            return None
        case "compensation":
            return compensation.compensate(game, token, event.activity, waits=event.waits) or None
        case "terminate" | "cancel":
            end_scope(game, token, event.kind)
            return None
        case _:
            pass
    return True if token.id in token.workflow.tasks else None


def _thrown(game: Any, token: Token) -> None:
    """Record that an event has been thrown before anybody catches it, who may take its token away."""
    if isinstance(token.task_spec, Throw):
        game.done(token)
        token.internal_data["thrown"] = True


def signal(game: Any, name: str, payload: dict[str, Any]) -> bool:
    """Let everything in the instance that waits for a signal take it; tell whether anything did.

    What interrupts comes last, since it would take the others away before they have seen the signal.
    """
    waiting = [token for token in game.waiting() if token.internal_data["wait"].get("signal") == name]
    waiting.sort(key=lambda token: token.task_spec.awaited.interrupting)
    for token in waiting:
        if token.id in token.workflow.tasks and "wait" in token.internal_data:
            game.occur(token, dict(payload))
    return bool(waiting)


def propagate(game: Any, token: Token, event: Event) -> None:
    """Give an error or an escalation to the innermost handler; raise StepFailed for an error that has none."""
    found = _handler(token, event)
    if found is None:
        if event.kind == "error":
            raise StepFailed(element=token.task_spec.element.id, error=event.code or "", reason="nobody handles it")
        return
    handler, place = found
    if event.kind == "error" and token.task_spec.element.kind == "endEvent":
        game.done(token)
        game.remove(token)
    handler.take(game, place, {"code": event.code} if handler.awaited.result else None)


def end_scope(game: Any, token: Token, kind: str) -> None:
    """End the scope of a terminate or cancel end event."""
    scope = token.workflow
    for other in scope.tokens:
        if other is not token and other.id in scope.tasks:
            game.cancel(other)
    if kind == "cancel" and "cancelled" not in scope.kept:
        scope.kept["cancelled"] = True
        if not compensation.compensate(game, token, None):
            return
    game.done(token)
    game.remove(token)
    if kind == "cancel":
        _cancelled(game, scope)
    else:
        game.settle(scope)


def _cancelled(game: Any, scope: Scope) -> None:
    """Leave a transaction that was cancelled by its cancel boundary event."""
    owner: Any = scope.owner
    host = owner.top
    boundary = next((one for one in host.task_spec.boundaries if one.element.event == "cancel"), None)
    if boundary is not None:
        boundary.take(game, host, None)
    else:
        around = host.workflow
        game.cancel(host)
        game.settle(around)


def _handler(token: Token, event: Event) -> tuple[Any, Any] | None:
    """Return (boundary event, token of its activity) or (event sub-process, its scope), the innermost first."""
    while True:
        host, scope = token.top, token.workflow
        boundary = _matching(host.task_spec.boundaries, event)
        if boundary is not None:
            return boundary, host
        handlers = [] if "interrupted" in scope.kept or scope.completing else scope.spec.handlers
        handler = _matching([one for one in handlers if one is not host.task_spec], event)
        if handler is not None:
            return handler, scope
        if scope.owner is None:
            return None
        token = scope.owner


def _matching(handlers: list[Any], event: Event) -> Any:
    """Return the handler of exactly this code, or else the one for every code."""
    some = [one for one in handlers if one.awaited.event == event.kind]
    exact = [one for one in some if one.awaited.definition.code == event.code]
    return next(iter(exact or [one for one in some if one.awaited.definition.code is None]), None)
