"""Task specifications of our own for events and gateways, each as BPMN 2.0.2 chapter 13 lets it behave.

SpiffWorkflow runs a token's specification; where the token goes next is decided here and done by the game.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.definitions import correlation, next_wait, wait_for
from engine.bpmn.elements import Element, Transfer
from engine.bpmn.environment import Surroundings, Thrown
from engine.bpmn.scopes import Token, view, write
from engine.errors import StepFailed

NOWHERE: frozenset[str] = frozenset()
Origins = list[list[str]]


@dataclass(frozen=True)
class Flow:
    """A sequence flow; `condition` is FEEL."""

    id: str
    source: str
    target: str
    condition: str | None = None


class Node(BpmnSpecMixin):
    """A flow node: takes a token in, and says by which flows it leaves."""

    def __init__(self, spec: BpmnProcessSpec, element: Element) -> None:
        super().__init__(spec, element.id, bpmn_name=element.name)
        self.element = element
        self.incoming: list[Flow] = []
        self.outgoing: list[Flow] = []
        self.default: str | None = None
        self.boundaries: list[Boundary] = []
        self.handler: str | None = None

    def arrive(self, game: Any, scope: Any, flow: Flow, origins: Origins) -> None:
        """Take the token that came along a flow."""
        game.enter(scope, self, origins)

    def enter(self, game: Any, token: Token) -> None:
        """Begin with a token; an automatic node is run when its turn comes."""
        game.queue(token)

    def performed(self, game: Any, token: Token) -> None:
        """Write what a token gives back before it leaves."""

    def ways(self, game: Any, token: Token) -> list[Flow]:
        """Return the flows that a token leaves by: every unconditioned one and each whose condition is true (§13.2.1).

        Raise StepFailed when all have conditions, none is true and none is the default.
        """
        asked = [flow for flow in self.outgoing if flow.condition is not None and flow.id != self.default]
        if not asked:
            return self.outgoing
        data = view(token)
        chosen = [flow for flow in asked if game.around.value(str(flow.condition), data) is True]
        free = [flow for flow in self.outgoing if flow.condition is None and flow.id != self.default]
        if not chosen:
            chosen = [flow for flow in self.outgoing if flow.id == self.default]
        if not chosen and not free:
            raise StepFailed(element=self.element.id, reason="no flow out has a true condition and none is the default")
        return free + chosen

    def _on_complete(self, my_task: Task) -> None:
        """Let the token go on; the game, not the tree, knows where."""
        my_task.workflow.top_workflow.game.finish(my_task)


class Exclusive(Node):
    """An exclusive gateway: one way out, the first whose condition is true; merging, every token passes (§13.4.2)."""

    def ways(self, game: Any, token: Token) -> list[Flow]:
        """Return the one flow that the token leaves by; raise StepFailed when there is none."""
        if all(flow.condition is None for flow in self.outgoing) and len(self.outgoing) < 2:  # noqa: PLR2004
            return self.outgoing  # it only merges
        data = view(token)
        for flow in self.outgoing:
            condition = flow.condition if flow.id != self.default else None
            if condition is not None and game.around.value(condition, data) is True:
                return [flow]
        default = [flow for flow in self.outgoing if flow.id == self.default]
        if not default:
            raise StepFailed(element=self.element.id, reason="no condition is true and no flow out is the default")
        return default


class Joining(Node):
    """A gateway at which tokens wait for each other, flow by flow."""

    def arrive(self, game: Any, scope: Any, flow: Flow, origins: Origins) -> None:
        """Keep the token at its flow, and look whether the gateway may go on."""
        if len(self.incoming) < 2:  # noqa: PLR2004 - nothing to wait for
            game.enter(scope, self, origins)
            return
        self.keep(scope, flow.id, origins)
        self.gathered(game, scope)

    def keep(self, scope: Any, flow: str, origins: Origins | None) -> None:
        """Let a token wait here that came along a flow."""
        token = Token(scope, self, scope.task_tree, state=TaskState.WAITING)
        token.internal_data["flow"] = flow
        if origins is not None:
            token.internal_data["origins"] = origins

    def gathered(self, game: Any, scope: Any) -> None:
        """Look whether the tokens that have come are enough."""

    def here(self, scope: Any) -> list[Token]:
        """Return the tokens that wait at this gateway."""
        return [token for token in scope.tokens if token.task_spec is self and "flow" in token.internal_data]

    def merge(self, game: Any, scope: Any) -> None:
        """Take one token of every flow that has one, and go on as one token."""
        taken: dict[str, Token] = {}
        for token in self.here(scope):
            if taken.setdefault(token.internal_data["flow"], token) is token:
                game.remove(token)
        came = [token.internal_data.get("origins") for token in taken.values()]
        known = None if None in came else [one for origins in came for one in origins or ()]
        game.enter(scope, self, known)


class Parallel(Joining):
    """A parallel gateway: waits for a token on each of its flows, then goes all ways (§13.4.1)."""

    def gathered(self, game: Any, scope: Any) -> None:
        """Go on when there is a token on every flow."""
        if {token.internal_data["flow"] for token in self.here(scope)} >= {flow.id for flow in self.incoming}:
            self.merge(game, scope)

    def ways(self, game: Any, token: Token) -> list[Flow]:
        """Return all flows."""
        return self.outgoing


class Inclusive(Joining):
    """An inclusive gateway: waits for every token that can still come (§13.4.3).

    `reach` tells, for each node of the scope, at which of the gateway's flows a token there may still arrive.
    """

    reach: dict[str, frozenset[str]]

    def ready(self, scope: Any) -> bool:
        """Tell whether no token elsewhere can reach an empty flow without being able to reach one that has a token."""
        held = {token.internal_data["flow"] for token in self.here(scope)}
        if not held:
            return False
        empty = {flow.id for flow in self.incoming} - held
        for token in scope.tokens:
            reached = (
                NOWHERE if token.trigger or token.task_spec is self else self.reach.get(token.task_spec.name, NOWHERE)
            )
            if reached & empty and not reached & held:
                return False
        return True


class EventGateway(Node):
    """An event-based gateway: waits for all events behind it; the first that occurs takes the token (§13.4.4)."""

    def enter(self, game: Any, token: Token) -> None:
        """Begin to wait for every event behind the gateway."""
        token._set_state(TaskState.STARTED)
        for flow in self.outgoing:
            if token.id not in token.workflow.tasks:
                return
            event = self._wf_spec.task_specs[flow.target]
            child = Token(token.workflow, event, token, state=TaskState.WAITING)
            child.internal_data.update(choice=True, origins=[[token.id.hex, flow.id]])
            game.attempt(child, "arm", lambda event=event, child=child: event.arm(game, child))


class Catching:
    """What waits for something outside: an event or a receive task."""

    element: Element

    @property
    def awaited(self) -> Element:
        """Return the element that says what is awaited."""
        return self.element

    def arm(self, game: Any, token: Token) -> None:
        """Begin to wait."""
        token._set_state(TaskState.WAITING)
        token.internal_data["wait"] = wait_for(self.awaited, game.around, view(token))
        game.armed(token)

    def occurred(self, game: Any, token: Token, payload: dict[str, Any] | None) -> None:
        """Go on: what was awaited has come; raise nothing."""
        token.internal_data.pop("wait", None)
        if token.internal_data.pop("choice", None):
            game.choose(token)
        receive(game, token, self.awaited, payload)
        token.complete()


class Start(Node):
    """A start event; by the time it is entered, what it waits for has occurred."""


class Catch(Catching, Node):
    """An intermediate event that waits, or the far end of a link."""

    def enter(self, game: Any, token: Token) -> None:
        """Begin to wait; a link passes the token on."""
        if self.element.event == "link":
            game.queue(token)
        else:
            self.arm(game, token)


class Boundary(Catching, Node):
    """An event at the border of an activity; it watches as long as the activity lasts (§13.5.3)."""

    def watch(self, game: Any, host: Token) -> None:
        """Begin to watch an activity, when this is an event that comes from outside."""
        watcher = Token(host.workflow, self, host, state=TaskState.WAITING)
        watcher.internal_data["watch"] = True
        game.attempt(watcher, "arm", lambda: self.arm(game, watcher))

    def occurred(self, game: Any, token: Token, payload: dict[str, Any] | None) -> None:
        """Take the activity's token away, or put one beside it, and go on."""
        host = token.parent
        if not self.element.interrupting:
            wait = next_wait(token.internal_data["wait"], game.around.now)
            if wait is None:
                game.remove(token)
            else:
                token.internal_data["wait"] = wait
        self.take(game, host, payload, None if self.element.interrupting else token)

    def take(self, game: Any, host: Token, payload: dict[str, Any] | None, watcher: Token | None = None) -> None:
        """Leave the activity by this event; an interrupting one cancels the activity first."""
        scope = host.workflow
        if self.element.interrupting and watcher is None:
            game.cancel(host)
        token = Token(scope, self, scope.task_tree, state=TaskState.READY)
        if "origins" in host.internal_data:  # it left before the activity was done
            token.internal_data["origins"] = host.internal_data["origins"]
        game.note(token, "entered")
        receive(game, token, self.element, payload)
        game.attempt(token, "leave", token.complete)


def receive(game: Any, token: Token, element: Element, payload: dict[str, Any] | None) -> None:
    """Keep what came: by the data associations, under the result, or each member as a variable of its own.

    The data output of an event stands for the whole payload, or for the member of that name (§10.4.1).
    """
    if payload is None:
        return
    if element.writes:
        came = {one.source: payload.get(one.source, payload) for one in element.writes if one.source}
        for name, value in transferred(element.writes, game.around, {**view(token), **payload, **came}).items():
            write(token, name, value)
    if element.result:
        write(token, element.result, payload)
    elif not element.writes:
        for name, value in payload.items():
            write(token, name, value)


def payload_of(game: Any, token: Token, element: Element) -> dict[str, Any]:
    """Return what an element sends: its data associations and its inputs."""
    data = view(token) if element.inputs or element.reads else {}
    sent = transferred(element.reads, game.around, data)
    return sent | {name: game.around.value(source, data) for name, source in element.inputs}


def message(element: Element, game: Any, token: Token) -> Thrown:
    """Return the message that an element sends with the data of its token."""
    told = correlation(element, game.around, view(token))
    return Thrown(element.id, element.message or element.id, told, payload_of(game, token, element))


def transferred(transfers: tuple[Transfer, ...], around: Surroundings, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what data associations hand over, by target: a variable as it is, or what FEEL makes of it."""
    return {
        one.target: around.value(one.expression, data) if one.expression else data.get(one.source or "")
        for one in transfers
    }
