"""The token game: moves tokens from node to node until nothing can move by itself (BPMN 2.0.2 chapter 13).

One game belongs to one instance in memory. What fails stands still as an incident on its token; the rest goes on.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time
from typing import Any
from uuid import UUID

from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import compensation, loops, stops, throwing
from engine.bpmn.environment import BusinessError, Surroundings, Thrown
from engine.bpmn.nodes import Flow, Node
from engine.bpmn.scopes import Instance, Token, view
from engine.errors import BudgetSpent, IcityError, StepFailed

MAX_STEPS = 2_500
MAX_SECONDS = 1.5
SILENT = {"watch", "trigger", "choice", "thrown"}  # nothing is told of the end of what only waits or has thrown
FAILURES = (IcityError, SpiffWorkflowException, BusinessError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Step:
    """A flow node that finished, in order; `changes` are the variables it wrote.

    `scope` is the token that opened the scope around it; `origins` tells what its token came from, see `scopes.Token`.
    """

    task: UUID
    process: str
    element: str
    outcome: str
    changes: dict[str, Any] | None = None
    scope: UUID | None = None
    origins: list[list[str]] | None = None


@dataclass(frozen=True)
class Trace:
    """A token that was entered, completed or cancelled at a flow node; `scope` is the token that opened its scope."""

    task: UUID
    process: str
    element: str
    event: str
    scope: UUID | None


class Game:
    """Moves the tokens of one instance; `around` is what this move may see."""

    def __init__(self, instance: Instance, around: Surroundings) -> None:
        self.instance = instance
        instance.game = self
        self.meet(around)

    def meet(self, around: Surroundings) -> None:
        """Begin a new move."""
        self.around = around
        around.away = self.instance.kept.get("away", {})
        self.instance.written = {}
        self.agenda: deque[Token] = deque()
        self.steps: list[Step] = []
        self.trace: list[Trace] = []
        self.taken: list[tuple[str, str]] = []  # (process, id) of every flow that a token went along
        self.milestone: str | None = None
        self.renew()

    def renew(self) -> None:
        """Give the next verb a budget of its own."""
        self.count = 0
        self.spent = False
        self.began = thread_time()

    def run(self) -> None:
        """Run what is ready, then inclusive gateways and conditions that have come true, until all is at rest."""
        while not self.spent and (self._next() or self._woken() or self._asked()):
            continue
        stops.keep(self)

    def queue(self, token: Token) -> None:
        """Let an automatic node run when its turn comes."""
        token._set_state(TaskState.READY)
        self.agenda.append(token)

    def attempt(self, token: Token, phase: str, action: Callable[[], Any]) -> None:
        """Do something for a token; a failure becomes the token's incident, with the phase to begin again from.

        Once the budget of the move is spent, what remains is laid by until the incident that says so is retried.
        """
        if self.spent:
            token._set_state(TaskState.FUTURE)
            token.internal_data["phase"] = phase
            return
        try:
            self._spend()
            action()
        except FAILURES as fault:
            token._set_state(TaskState.STARTED)
            token.internal_data.update(incident=_reason(fault), phase=phase)

    def begin(self, scope: Any) -> None:
        """Watch a new scope's events and put a token at each of its beginnings."""
        self.watch(scope)
        for node in scope.spec.begins:
            if scope.completed or "interrupted" in scope.kept:
                return
            self.enter(scope, node, [])
        self.settle(scope)

    def watch(self, scope: Any) -> None:
        """Let the event sub-processes of a scope watch it."""
        for handler in scope.spec.handlers:
            if not scope.completed and "interrupted" not in scope.kept:
                handler.watch(self, scope)

    def enter(self, scope: Any, node: Node, origins: list[list[str]] | None = None) -> Token:
        """Put a token at a flow node and begin there; `origins` is None where nobody knows what it came from."""
        token = Token(scope, node, scope.task_tree)
        if origins is not None:
            token.internal_data["origins"] = origins
        if node.element.loop is None:
            self.note(token, "entered")
        self.attempt(token, "enter", lambda: node.enter(self, token))
        return token

    def follow(self, scope: Any, flow: Flow, source: Token) -> None:
        """Take a token along a flow."""
        self.taken.append((scope.spec.name, flow.id))
        scope.spec.task_specs[flow.target].arrive(self, scope, flow, [[source.id.hex, flow.id]])

    def finish(self, token: Token) -> None:
        """End what a token did at its node: an instance is collected, any other token leaves by its flows."""
        node, inner = token.task_spec, self.instance.subprocesses.get(token.id)
        if token.internal_data.keys() & {"index", "round"}:
            node.performed(self, token)
            compensation.remember(token, inner)
            loops.collect(self, token)
            return
        if "for" in token.internal_data:
            if "again" not in token.internal_data:
                self.done(token)
            self.undone(token)
            return
        if node.element.event == "cancel" and node.element.kind == "endEvent":
            throwing.end_scope(self, token, "cancel")
            return
        node.performed(self, token)
        ways = node.ways(self, token)
        if node.element.loop is None:
            compensation.remember(token, inner)
        else:
            compensation.multiple(token)
        self.done(token)
        self._leave(token, ways)

    def done(self, token: Token) -> None:
        """Record that a token completed its node; what has thrown an event did so when it threw."""
        if "thrown" in token.internal_data:
            return
        element = token.task_spec.element
        repeated = element.loop is not None and not token.internal_data.keys() & {"index", "round"}
        if repeated and token.internal_data.get("empty"):
            self.note(token, "entered")
        if not repeated or token.internal_data.get("empty"):
            self.note(token, "completed")
        owner, came = token.workflow.owner, token.internal_data.get("origins")
        place = (element.process, element.id, "completed", self.instance.told())
        self.steps.append(Step(token.id, *place, owner.id if owner is not None else None, came))
        self.milestone = element.milestone or self.milestone

    def undone(self, token: Token) -> None:
        """Go on with compensation after one of its handlers is done."""
        scope, asked = token.workflow, token.internal_data["for"]
        self.remove(token)
        driver = self.instance.find(UUID(hex=asked)) if asked else None
        if driver is not None:
            compensation.go_on(self, driver)
        self.settle(scope)

    def settle(self, scope: Any) -> None:
        """Complete a scope that has no token left; while only its handlers are left, nothing watches it any more."""
        if scope.completed or scope.alive:
            if scope.spec.handlers and scope.completing:
                self._unwatch(scope)
            return
        owner = scope.owner
        if scope.gone or (owner is not None and "todo" in owner.internal_data):
            return
        self._unwatch(scope)
        scope.completed = True
        if owner is not None:
            self.attempt(owner, "end", lambda: owner.task_spec.ended(self, owner, scope))

    def again(self, token: Token, phase: str) -> None:
        """Begin again from the phase in which a token failed or was laid by."""
        node = token.task_spec
        actions: dict[str, Callable[[], Any]] = {
            "enter": lambda: self._reenter(token),
            "perform": lambda: node.perform(self, token),
            "arm": lambda: node.arm(self, token),
            "run": lambda: self.queue(token),
            "end": lambda: node.ended(self, token, self.instance.subprocesses[token.id]),
            "leave": token.complete,
        }
        self.attempt(token, phase, actions[phase])

    def resume(self) -> None:
        """Take up what was laid by when the budget of an earlier move was spent."""
        for scope in self.instance.scopes():
            for token in list(scope.tasks.values()):
                if token._state == TaskState.READY and not token.task_spec.manual:
                    self.agenda.append(token)
                elif token._state == TaskState.FUTURE and "phase" in token.internal_data:
                    self.again(token, token.internal_data.pop("phase"))

    def remove(self, token: Token) -> None:
        """Take a token away with all that lies inside it, silently."""
        scope = token.workflow
        if token.id not in scope.tasks:
            return
        for child in list(token.children):
            self.remove(child)
        inner = self.instance.subprocesses.pop(token.id, None)
        if inner is not None:
            for child in inner.tokens:
                self.remove(child)
        token.parent._children.remove(token.id)
        del scope.tasks[token.id]

    def cancel(self, token: Token) -> None:
        """Take a token away and record what is cancelled with it, the innermost first."""
        for child in list(token.children):
            self._tell_cancelled(child)
        self._tell_cancelled(token)
        self.remove(token)

    def clear(self, scope: Any) -> None:
        """Cancel everything in a scope."""
        for token in scope.tokens:
            if token.id in scope.tasks:
                self.cancel(token)

    def choose(self, token: Token) -> None:
        """Take the token of an event-based gateway to the event that occurred; the others are withdrawn."""
        gateway, root = token.parent, token.workflow.task_tree
        gateway._children.remove(token.id)
        root._children.append(token.id)
        token.parent = root
        scope, chosen = token.workflow.spec.name, token.task_spec.element.id
        self.taken.extend((scope, flow.id) for flow in gateway.task_spec.outgoing if flow.target == chosen)
        self.done(gateway)
        self.remove(gateway)
        self.note(token, "entered")

    def armed(self, token: Token) -> None:
        """Look at once whether the condition that a token waits for holds."""
        wait = token.internal_data["wait"]
        if "condition" in wait and self._holds(token):
            token.task_spec.occurred(self, token, None)

    def tell(self, thrown: Thrown) -> None:
        """Hand a message or a signal to the move, which sends it when it is saved."""
        self.around.thrown.append(thrown)

    def waiting(self) -> list[Token]:
        """Return every token, watcher and trigger that waits for something outside."""
        return [
            token
            for scope in self.instance.scopes()
            for token in scope.tasks.values()
            if token._state == TaskState.WAITING and "wait" in token.internal_data
        ]

    def occur(self, token: Token, payload: dict[str, Any] | None) -> None:
        """Let what a token waits for occur."""
        self.attempt(token, "leave", lambda: token.task_spec.occurred(self, token, payload))

    def note(self, token: Token, what: str) -> None:
        """Record what happened to a token."""
        element, owner = token.task_spec.element, token.workflow.owner
        self.trace.append(Trace(token.id, element.process, element.id, what, owner.id if owner is not None else None))

    def _leave(self, token: Token, ways: list[Flow]) -> None:
        scope = token.workflow
        self.remove(token)
        interrupted = scope.kept.get("interrupted")
        for flow in ways:
            if scope.completed or scope.gone or scope.kept.get("interrupted") != interrupted:
                return
            self.follow(scope, flow, token)
        self.settle(scope)

    def _unwatch(self, scope: Any) -> None:
        for token in scope.tokens:
            if token.trigger:
                self.remove(token)

    def _reenter(self, token: Token) -> None:
        for child in list(token.children):
            self.remove(child)
        self.instance.subprocesses.pop(token.id, None)
        token.data.clear()
        token.task_spec.enter(self, token)

    def _next(self) -> bool:
        if not self.agenda:
            return False
        token = self.agenda.popleft()
        if token._state == TaskState.READY and token.id in token.workflow.tasks:
            self.attempt(token, "run", token.run)
            self._asked()
        return True

    def _spend(self) -> None:
        self.count += 1
        if self.count > MAX_STEPS or thread_time() - self.began > MAX_SECONDS:
            self.spent = True
            raise BudgetSpent(steps=self.count, limit=MAX_STEPS)

    def _woken(self) -> bool:
        for scope in self.instance.scopes():
            for node in scope.spec.inclusive if not scope.completed else ():
                if node.ready(scope):
                    node.merge(self, scope)
                    return True
        return False

    def _asked(self) -> bool:
        """Ask the conditions that are waited for again, after variables have changed."""
        if not self.instance.changed:
            return False
        occurred = self.instance.changed = False
        for token in self.waiting() if self.instance.conditional else ():
            if "condition" not in token.internal_data.get("wait", ()) or token.id not in token.workflow.tasks:
                continue
            before = token.internal_data.get("held")
            if self._holds(token) and not before:
                self.occur(token, None)
                occurred = True
        return occurred

    def _holds(self, token: Token) -> bool:
        held = self.around.value(token.internal_data["wait"]["condition"], view(token)) is True
        token.internal_data["held"] = held
        return held

    def _tell_cancelled(self, token: Token) -> None:
        inner = self.instance.subprocesses.get(token.id)
        if inner is not None:
            self.clear(inner)
        if token.id not in token.workflow.tasks or token.internal_data.keys() & SILENT:
            return
        if token.task_spec.element.loop is None or token.internal_data.keys() & {"index", "round"}:
            self.note(token, "cancelled")


def _reason(fault: Exception) -> str:
    cause = fault.__cause__ or getattr(fault, "exception", None)
    told = cause if isinstance(cause, IcityError) else fault
    return str(told)[:1_000] or str(StepFailed())
