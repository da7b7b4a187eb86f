"""One instance in memory: start, complete, fire, deliver, retry - each runs to rest and says what is open now."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import codec
from engine.bpmn.definitions import TimerDefinition
from engine.bpmn.elements import Element
from engine.bpmn.environment import Surroundings, Thrown
from engine.bpmn.parse import Model
from engine.bpmn.pruning import OPEN, prune
from engine.bpmn.specs import EventChoice
from engine.errors import BudgetSpent, IcityError, NotFound, StepFailed

logging.getLogger("spiff").setLevel(logging.WARNING)  # it tells every change of state; our history does that

MAX_STEPS = 2_000
FAILURES = (IcityError, SpiffWorkflowException, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Wait:
    """A timer or a message that the instance waits for; `due` or (`message`, `correlation`) is set."""

    task: UUID
    element: str
    process: str
    due: datetime | None = None
    message: str | None = None
    correlation: str | None = None


@dataclass(frozen=True)
class Step:
    """A flow node that finished, in order; `changes` is what it added to the data."""

    task: UUID
    process: str
    element: str
    outcome: str
    changes: dict[str, Any] | None = None


@dataclass(frozen=True)
class Failure:
    """A step that failed and now stands still."""

    task: UUID
    element: str
    reason: str


@dataclass
class Rest:
    """What is open while the instance rests: human tasks, waits and failures, by task id."""

    tasks: dict[UUID, Element] = field(default_factory=dict)
    waits: dict[tuple[UUID, str], Wait] = field(default_factory=dict)
    failures: dict[UUID, Failure] = field(default_factory=dict)


class Execution:
    """A running instance; plain values go in and come out, SpiffWorkflow stays inside."""

    def __init__(self, workflow: BpmnWorkflow, surroundings: Surroundings) -> None:
        self._workflow = workflow
        self._around = surroundings
        self.steps: list[Step] = []
        self.milestone: str | None = None
        self._cancelled = False

    @classmethod
    def begin(cls, model: Model, process: str, data: dict[str, Any], surroundings: Surroundings) -> "Execution":
        """Return a new instance of `process` that has run to its first rest."""
        execution = cls(codec.begin(model, process, surroundings), surroundings)
        execution._workflow.task_tree.data = dict(data)
        execution._run()
        return execution

    @classmethod
    def load(cls, envelope: bytes, model: Model, surroundings: Surroundings) -> "Execution":
        """Return the instance in an envelope."""
        return cls(codec.load(envelope, model, surroundings), surroundings)

    def dump(self) -> bytes:
        """Prune what is finished and return the envelope."""
        if not self.ended:
            prune(self._workflow)
        return codec.dump(self._workflow)

    def meet(self, surroundings: Surroundings) -> None:
        """Take the surroundings of a new move."""
        self._around = surroundings
        self._workflow.script_engine.environment.surroundings = surroundings
        self.steps, self.milestone = [], None

    @property
    def ended(self) -> bool:
        """Tell whether the instance reached its end."""
        return bool(self._workflow.completed)

    @property
    def finished(self) -> bool:
        """Tell whether the instance ended by itself and was not cancelled."""
        return self.ended and not self._cancelled

    @property
    def surroundings(self) -> Surroundings:
        """Return what this move may see."""
        return self._around

    @property
    def thrown(self) -> list[Thrown]:
        """Return the messages thrown during this move."""
        return self._around.thrown

    def data(self, task: UUID | None = None) -> dict[str, Any]:
        """Return the data a task sees, or the last data of the whole instance."""
        if task is None:
            last = self._workflow.last_task
            return dict(self._workflow.data or (last.data if last is not None else {}))
        return dict(self._workflow.get_task_from_id(task).data)

    def element(self, task_id: UUID) -> Element:
        """Return what the diagram says of a task; raise NotFound."""
        for scope in (self._workflow, *self._workflow.subprocesses.values()):
            if task_id in scope.tasks:
                found: Element = scope.tasks[task_id].task_spec.element
                return found
        raise NotFound(task=task_id)

    def complete(self, task_id: UUID, answers: dict[str, Any]) -> bool:
        """Finish a human task with its answers; False when it is not open."""
        task = self._open(task_id, TaskState.READY)
        if task is None or not task.task_spec.manual:
            return False
        result = task.task_spec.element.result
        task.data = {**task.data, **({result: answers} if result else answers)}
        self._try(task)
        self._run()
        return True

    def fire(self, task_id: UUID, element: str | None = None) -> bool:
        """Let a due timer fire; False when it no longer waits."""
        task = self._open(task_id, TaskState.WAITING)
        if task is None:
            return False
        wait = task.internal_data.get("wait")
        definition = getattr(task.task_spec, "event_definition", None)
        if isinstance(definition, TimerDefinition) and definition.cyclic and wait:
            task.task_spec.occur(task, definition.advance(wait, self._around.now))
            self.steps.append(self._step(task, "fired", None))
        else:
            self._arrive(task, element, None)
            self.steps.append(self._step(task, "fired", None))
        self._run()
        return True

    def deliver(self, task_id: UUID, payload: dict[str, Any], element: str | None = None) -> bool:
        """Hand a message to the task that waits for it; False when it no longer waits."""
        task = self._open(task_id, TaskState.WAITING)
        if task is None:
            return False
        self._arrive(task, element, payload)
        self._run()
        return True

    def retry(self, task_id: UUID) -> bool:
        """Try a failed step again; False when nothing failed there."""
        task = self._open(task_id, TaskState.STARTED)
        phase = task.internal_data.pop("phase", None) if task is not None else None
        if task is None or phase is None:
            return False
        task.internal_data.pop("incident", None)
        if phase == "update":
            task._set_state(TaskState.FUTURE)
            self._guarded(task, lambda: task.task_spec._update(task))
        else:
            task._set_state(TaskState.READY)
        self._run()
        return True

    def cancel(self) -> None:
        """End the instance without finishing it."""
        self._workflow.cancel()
        self._cancelled = True

    def rest(self) -> Rest:
        """Return what is open now."""
        rest = Rest()
        if self.ended:
            return rest
        for scope in self._scopes():
            for task in scope.tasks.values():
                if task._state == TaskState.READY and task.task_spec.manual:
                    rest.tasks[task.id] = task.task_spec.element
                elif task._state == TaskState.WAITING:
                    rest.waits.update({(w.task, w.element): w for w in _waits(task)})
                elif task._state == TaskState.STARTED and "incident" in task.internal_data:
                    found = Failure(task.id, _element_id(task), task.internal_data["incident"])
                    rest.failures[task.id] = found
        return rest

    def standing(self) -> set[tuple[str, str]]:
        """Return (process, element) of every flow node that holds a token now."""
        found = set()
        for scope in self._scopes():
            for task in scope.tasks.values():
                element = getattr(task.task_spec, "element", None)
                if element is not None and task._state & OPEN:
                    found.add((element.process, element.id))
        return found

    def _scopes(self) -> list[Any]:
        inner = sorted(self._workflow.subprocesses.values(), key=lambda one: one.depth, reverse=True)
        return [one for one in inner if not one.completed] + [self._workflow]

    def _open(self, task_id: UUID, state: int) -> Task | None:
        for scope in (self._workflow, *self._workflow.subprocesses.values()):
            task = scope.tasks.get(task_id)
            if task is not None:
                return task if task._state == state else None
        return None

    def _arrive(self, task: Task, element: str | None, payload: dict[str, Any] | None) -> None:
        if isinstance(task.task_spec, EventChoice):
            chosen = element or next(name for name, kept in task.internal_data["waits"].items() if "due" in kept)
            task.internal_data.update(chosen=chosen, payload=payload)
        else:
            task.internal_data.update(event_fired=True, payload=payload)
        self._guarded(task, lambda: task.task_spec._update(task))

    def _run(self) -> None:
        for _ in range(MAX_STEPS):
            task = self._next()
            if task is None:
                return
            self._try(task)
        stuck = self._next()
        if stuck is not None:
            _fail(stuck, "run", BudgetSpent(steps=MAX_STEPS))

    def _next(self) -> Task | None:
        for scope in self._scopes():
            for task in scope.tasks.values():
                if task._state == TaskState.READY and not task.task_spec.manual:
                    return task
        return None

    def _try(self, task: Task) -> None:
        before = task.data
        self._guarded(task, task.run)
        if task._state == TaskState.COMPLETED and getattr(task.task_spec, "element", None) is not None:
            element = task.task_spec.element
            result = element.result
            changes = {result: task.data[result]} if result and result in task.data else None
            if isinstance(task.task_spec, SubWorkflowTask):
                changes = {k: v for k, v in task.data.items() if before.get(k) != v} or None
            self.steps.append(self._step(task, "completed", changes))
            self.milestone = element.milestone or self.milestone

    def _step(self, task: Task, outcome: str, changes: dict[str, Any] | None) -> Step:
        return Step(task.id, task.task_spec.element.process, _element_id(task), outcome, changes)

    def _guarded(self, task: Task, action: Any) -> None:
        try:
            action()
        except FAILURES as fault:
            if task._state == TaskState.COMPLETED:
                _fail(next((c for c in task.children if c._state == TaskState.FUTURE), task), "update", fault)
            else:
                _fail(task, "update" if task._state == TaskState.WAITING else "run", fault)


def _fail(task: Task, phase: str, fault: Exception) -> None:
    task._set_state(TaskState.STARTED)
    task.internal_data.update(incident=_reason(fault), phase=phase)


def _reason(fault: Exception) -> str:
    cause = fault.__cause__ or getattr(fault, "exception", None)
    told = cause if isinstance(cause, IcityError) else fault
    return str(told)[:1_000] or str(StepFailed())


def _element_id(task: Task) -> str:
    return str(task.task_spec.bpmn_id or task.task_spec.name)


def _waits(task: Task) -> list[Wait]:
    if isinstance(task.task_spec, EventChoice):
        return [_wait(task, name, kept) for name, kept in task.internal_data.get("waits", {}).items()]
    kept = task.internal_data.get("wait")
    if kept is None or not isinstance(task.task_spec, CatchingEvent):
        return []
    return [_wait(task, _element_id(task), kept)]


def _wait(task: Task, element: str, kept: dict[str, Any]) -> Wait:
    process = task.workflow.spec.name
    if "due" in kept:
        return Wait(task.id, element, process, due=datetime.fromisoformat(kept["due"]))
    return Wait(task.id, element, process, message=kept["message"], correlation=kept["correlation"])
