"""One instance in memory: start, complete, fire, deliver, retry - each runs to rest and says what is open now."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import codec, interventions, loops, stops, throwing
from engine.bpmn.elements import Element
from engine.bpmn.environment import Made, Surroundings, Thrown
from engine.bpmn.game import Game, Step, Trace
from engine.bpmn.nodes import receive
from engine.bpmn.parse import Model
from engine.bpmn.scopes import Token, view, write
from engine.domain.deadlines import Span
from engine.errors import NotFound

logging.getLogger("spiff").setLevel(logging.WARNING)  # it tells every change of state; our history does that


@dataclass(frozen=True)
class Wait:
    """Something that the instance waits for: `due`, or (`message`, `correlation`), or `signal`, or `condition`.

    `term` tells what the due instant of a deadline was reckoned from.
    """

    task: UUID
    element: str
    process: str
    due: datetime | None = None
    message: str | None = None
    correlation: str | None = None
    signal: str | None = None
    condition: str | None = None
    term: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Failure:
    """A step that failed and now stands still."""

    task: UUID
    element: str
    reason: str


@dataclass
class Rest:
    """What is open while the instance rests: human tasks, waits, failures and what stops clocks, by task id."""

    tasks: dict[UUID, Element] = field(default_factory=dict)
    waits: dict[tuple[UUID, str], Wait] = field(default_factory=dict)
    failures: dict[UUID, Failure] = field(default_factory=dict)
    stops: dict[UUID, Element] = field(default_factory=dict)

    @property
    def still(self) -> frozenset[str]:
        """Return the keys of the deadlines that stand still."""
        return frozenset(key for element in self.stops.values() for key in element.stops)


class Execution:
    """A running instance; plain values go in and come out, SpiffWorkflow stays inside."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._instance = game.instance
        self._cancelled = False

    @classmethod
    def begin(  # noqa: PLR0913, PLR0917 - what a new instance is: its process, data and, for an event, how it began
        cls,
        model: Model,
        process: str,
        data: dict[str, Any],
        surroundings: Surroundings,
        start: str | None = None,
        payload: dict[str, Any] | None = None,
    ) -> "Execution":
        """Return a new instance of `process` that has run to its first rest.

        `start` names the event that began it, None its none start events; `payload` is what that event brought.
        Raise NotFound when the process does not begin so.
        """
        game = codec.begin(model, process, surroundings)
        game.instance.data = dict(data)
        if start is None and not game.instance.spec.begins:
            raise NotFound(process=process, start="none")
        if start is None:
            game.begin(game.instance)
        else:
            _begin_by(game, model, start, payload)
        game.run()
        return cls(game)

    @classmethod
    def load(cls, envelope: bytes, model: Model, surroundings: Surroundings) -> "Execution":
        """Return the instance in an envelope; raise StateDamaged."""
        return cls(codec.load(envelope, model, surroundings))

    def dump(self) -> bytes:
        """Return the envelope."""
        return codec.dump(self._instance)

    def meet(self, surroundings: Surroundings) -> None:
        """Take the surroundings of a new move."""
        self._game.meet(surroundings)
        self._instance.script_engine.environment.surroundings = surroundings

    @property
    def ended(self) -> bool:
        """Tell whether the instance reached its end."""
        return bool(self._instance.completed)

    @property
    def finished(self) -> bool:
        """Tell whether the instance ended by itself and was not cancelled."""
        return self.ended and not self._cancelled

    @property
    def surroundings(self) -> Surroundings:
        """Return what this move may see."""
        return self._game.around

    @property
    def thrown(self) -> list[Thrown]:
        """Return the messages and signals thrown during this move."""
        return self._game.around.thrown

    @property
    def made(self) -> list[Made]:
        """Return the decisions made during this move."""
        return self._game.around.made

    @property
    def steps(self) -> list[Step]:
        """Return the flow nodes that finished during this move, in order."""
        return self._game.steps

    @property
    def trace(self) -> list[Trace]:
        """Return every entering, completing and cancelling of this move, in order."""
        return self._game.trace

    @property
    def taken(self) -> list[tuple[str, str]]:
        """Return (process, id) of every flow that a token went along during this move, in order."""
        return self._game.taken

    @property
    def milestone(self) -> str | None:
        """Return the last milestone reached during this move."""
        return self._game.milestone

    def data(self, task: UUID | None = None) -> dict[str, Any]:
        """Return the variables a task sees, or those of the whole instance; raise NotFound."""
        return dict(self._instance.data) if task is None else view(self._found(task))

    def element(self, task: UUID) -> Element:
        """Return what the diagram says of a task; raise NotFound."""
        found: Element = self._found(task).task_spec.element
        return found

    def complete(self, task: UUID, answers: dict[str, Any]) -> bool:
        """Finish a human task with its answers; False when it is not open."""
        token = self._open(task, TaskState.READY)
        if token is None or not token.task_spec.manual:
            return False

        def finish() -> None:
            self._instance.kept.get("away", {}).pop(token.task_spec.element.id, None)
            token.task_spec.keep(token, answers)
            token.complete()

        return self._move(token, finish)

    def fire(self, task: UUID, element: str | None = None) -> bool:
        """Let a due timer fire; False when it no longer waits."""
        token = self._waiting(task)
        if token is None:
            return False
        awaited = token.task_spec.awaited
        self._game.steps.append(Step(task, awaited.process, awaited.id, "fired"))
        return self._move(token, lambda: token.task_spec.occurred(self._game, token, None))

    def deliver(self, task: UUID, payload: dict[str, Any], element: str | None = None) -> bool:
        """Hand a message or a signal to what waits for it; False when it no longer waits."""
        token = self._waiting(task)
        if token is None:
            return False
        return self._move(token, lambda: token.task_spec.occurred(self._game, token, payload))

    def signal(self, name: str, payload: dict[str, Any]) -> bool:
        """Let everything that waits for a signal take it; False when nothing does."""
        self._game.renew()
        found = throwing.signal(self._game, name, payload)
        self._game.run()
        return found

    def retry(self, task: UUID) -> bool:
        """Try a failed step again, and all that was laid by with it; False when nothing failed there."""
        token = self._failed(task)
        if token is None:
            return False
        self._game.renew()
        token.internal_data.pop("incident")
        self._game.again(token, token.internal_data.pop("phase"))
        self._game.resume()
        self._game.run()
        return True

    def settle(self, task: UUID, data: dict[str, Any]) -> bool:
        """Count a failed step as done, with this data; False when nothing failed there."""
        token = self._failed(task)
        if token is None:
            return False
        for name in ("incident", "phase", "wait"):
            token.internal_data.pop(name, None)
        for name, value in data.items():
            write(token, name, value)
        return self._move(token, lambda: interventions.settle(self._game, token))

    def cancel(self) -> None:
        """End the instance without finishing it."""
        self._game.clear(self._instance)
        self._instance.completed = self._cancelled = True

    def withdraw(self, task: UUID) -> bool:
        """Take one open token away with all inside it; False when it is not there."""
        token = self._instance.find(task)
        if token is None or token.watching or token.trigger:
            return False
        return self._do(lambda: interventions.withdraw(self._game, token))

    def place(self, element: str, data: dict[str, Any] | None = None, scope: UUID | None = None) -> UUID:
        """Put a token at a flow node, in the named or the only open scope that draws it; raise NotFound.

        `data` replaces variables of the instance. Missing sub-processes around the node are opened.
        """
        self._game.renew()
        for name, value in (data or {}).items():
            write(self._instance.task_tree, name, value)
        token = interventions.place(self._game, element, scope)
        self._game.run()
        placed: UUID = token.id
        return placed

    def rearm(self, task: UUID, element: str, due: datetime) -> bool:
        """Let a waiting timer fall due at an instant that somebody chose; False when it does not wait."""
        token = self._waiting(task)
        if token is None or "due" not in token.internal_data["wait"]:
            return False
        kept = {name: value for name, value in token.internal_data["wait"].items() if name != "term"}
        token.internal_data["wait"] = {**kept, "due": due.isoformat()}
        return True

    def recount(self, touched: Span) -> list[tuple[UUID, datetime, datetime]]:
        """Reckon anew the deadline timers that cross a span of days; return (task, before, after) of those moved."""
        return stops.recount(self._game, touched)

    def grow(self, task: UUID, item: Any) -> bool:
        """Add an instance to the multi-instance that a task belongs to; False when it belongs to none."""
        instance = interventions.repeated(self._instance, task)
        if instance is None:
            return False
        return self._do(lambda: interventions.grow(self._game, instance, item))

    def shrink(self, task: UUID) -> bool:
        """Take the instance that a task belongs to from its multi-instance; False when it belongs to none."""
        instance = interventions.repeated(self._instance, task)
        if instance is None:
            return False
        return self._do(lambda: interventions.shrink(self._game, instance))

    def strike(self, whole: UUID, index: int) -> bool:
        """Take away one whose turn has not come from a row; False when there is no such multi-instance."""
        token = self._instance.find(whole)
        if token is None or "loop" not in token.internal_data:
            return False
        return self._do(lambda: interventions.strike(self._game, token, index))

    def enlarge(self, whole: UUID, item: Any) -> bool:
        """Add one to a multi-instance, by its own token; False when there is no such multi-instance."""
        token = self._instance.find(whole)
        if token is None or "loop" not in token.internal_data:
            return False
        return self._do(lambda: loops.grow(self._game, token, item))

    def write(self, data: dict[str, Any]) -> bool:
        """Change variables of the instance; conditions are asked again."""
        self._game.renew()
        for name, value in data.items():
            write(self._instance.task_tree, name, value)
        self._game.run()
        return True

    def rest(self) -> Rest:
        """Return what is open now."""
        rest = Rest()
        if self.ended:
            return rest
        for scope in self._instance.scopes():
            for token in scope.tasks.values():
                if token._state == TaskState.READY and token.task_spec.manual:
                    rest.tasks[token.id] = token.task_spec.element
                elif "wait" in token.internal_data:
                    wait = _wait(token)
                    if wait.term is None or wait.due is not None:  # one that stands still is not waited for
                        rest.waits[token.id, wait.element] = wait
                elif "incident" in token.internal_data:
                    found = Failure(token.id, token.task_spec.element.id, token.internal_data["incident"])
                    rest.failures[token.id] = found
        rest.stops = stops.standing(self._instance)
        return rest

    def standing(self) -> set[tuple[str, str]]:
        """Return (process, element) of every flow node that holds a token now."""
        return {
            (token.task_spec.element.process, token.task_spec.element.id)
            for scope in self._instance.scopes()
            for token in scope.tasks.values()
            if token is not scope.task_tree and not token.watching and not token.trigger
        }

    def _found(self, task: UUID) -> Token:
        token = self._instance.find(task)
        if token is None:
            raise NotFound(task=task)
        return token

    def _open(self, task: UUID, state: TaskState) -> Token | None:
        token = self._instance.find(task)
        return token if token is not None and token._state == state else None

    def _waiting(self, task: UUID) -> Token | None:
        token = self._open(task, TaskState.WAITING)
        return token if token is not None and "wait" in token.internal_data else None

    def _failed(self, task: UUID) -> Token | None:
        token = self._open(task, TaskState.STARTED)
        return token if token is not None and "incident" in token.internal_data else None

    def _move(self, token: Token, action: Callable[[], Any]) -> bool:
        self._game.renew()
        self._game.attempt(token, "leave", action)
        self._game.run()
        return True

    def _do(self, action: Callable[[], Any]) -> bool:
        self._game.renew()
        action()
        self._game.run()
        return True


def _begin_by(game: Game, model: Model, start: str, payload: dict[str, Any] | None) -> None:
    """Begin with the event that occurred: a start event, or a receiving node that begins the process."""
    if start not in {element.id for element in model.starts[game.instance.spec.name]}:
        raise NotFound(process=game.instance.spec.name, start=start)
    game.watch(game.instance)
    node = game.instance.spec.task_specs[start]
    token = Token(game.instance, node, game.instance.task_tree)
    token.internal_data["origins"] = []
    game.note(token, "entered")
    receive(game, token, node.element, payload)
    game.attempt(token, "leave", token.complete)


def _wait(token: Token) -> Wait:
    kept, element = token.internal_data["wait"], token.task_spec.awaited
    due = datetime.fromisoformat(kept["due"]) if "due" in kept else None
    return Wait(
        token.id,
        element.id,
        element.process,
        due=due,
        message=kept.get("message"),
        correlation=kept.get("correlation"),
        signal=kept.get("signal"),
        condition=kept.get("condition"),
        term=kept.get("term"),
    )
