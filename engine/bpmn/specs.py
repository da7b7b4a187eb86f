"""Task specifications of our own, built on SpiffWorkflow's extension points."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    CallActivity,
    EventBasedGateway,
    ParallelGateway,
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
)
from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.definitions import MessageDefinition, TimerDefinition, WaitDefinition, surroundings
from engine.bpmn.elements import Element, Loop
from engine.errors import BudgetSpent, ExpressionFailed, StepFailed

MAX_INSTANCES = 1_000


class PlainTask(BpmnSpecMixin):
    """An abstract task: nobody does it, the token passes."""


class WorkTask(BpmnSpecMixin):
    """A service task or business-rule task: reckons from its inputs and keeps the answer under its result."""

    element: Element

    def _run_hook(self, my_task: Task) -> bool:
        around = surroundings(my_task)
        inputs = {name: around.value(source, my_task.data) for name, source in self.element.inputs}
        if self.element.kind == "serviceTask":
            answer = around.operate(str(self.element.operator), inputs)
        else:
            answer = around.decisions[str(self.element.decision)].evaluate(inputs or my_task.data)
        if self.element.result:
            my_task.data[self.element.result] = answer
        return bool(super()._run_hook(my_task))


class MappedCall(CallActivity):
    """A call activity that hands in and takes back exactly what it declares."""

    element: Element

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        """Start the called process with the declared inputs."""
        around = surroundings(my_task)
        subworkflow.task_tree.data = {
            name: deepcopy(around.value(source, my_task.data)) for name, source in self.element.inputs
        }

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Take the declared outputs from the called process's last data."""
        around = surroundings(my_task)
        found = {name: around.value(source, subworkflow.last_task.data) for name, source in self.element.outputs}
        my_task.data = {**my_task.data, **deepcopy(found)}


class MergingGateway(ParallelGateway):
    """A parallel gateway whose join takes from each branch only what that branch changed."""

    def _run_hook(self, my_task: Task) -> bool:
        return merge_branches(self, my_task)


class MergingEnd(_EndJoin):
    """The end of a process; merges as `MergingGateway` does."""

    def _run_hook(self, my_task: Task) -> bool:
        merge_branches(self, my_task)
        my_task.workflow.data.update(my_task.data)
        return True


def merge_branches(spec: Any, my_task: Task) -> bool:
    """Give the joining task the data of the split with every branch's own changes, the latest branch last."""
    arrived = [t for t in my_task.workflow.tasks.values() if t.task_spec is spec and _arrived(t, my_task)]
    branches = [t.parent for t in sorted(arrived, key=lambda t: t.last_state_change)] + [my_task.parent]
    base = _common_ancestor(branches).data
    merged = dict(base)
    for branch in branches:
        merged.update({k: v for k, v in branch.data.items() if k not in base or base[k] != v})
        for gone in base.keys() - branch.data.keys():
            merged.pop(gone, None)
    my_task.data = merged
    return True


def _arrived(other: Task, my_task: Task) -> bool:
    return other is not my_task and other.has_state(TaskState.FINISHED_MASK) and not my_task.is_descendant_of(other)


def _common_ancestor(tasks: list[Task]) -> Task:
    paths = [list(_lineage(task)) for task in tasks]
    shared = set.intersection(*({task.id for task in path} for path in paths))
    return next(task for task in paths[0] if task.id in shared)


def _lineage(task: Task | None) -> Iterable[Task]:
    while task is not None:
        yield task
        task = task.parent


class EventChoice(EventBasedGateway):
    """An event-based gateway: arms every event behind it, goes on with the first that comes."""

    def connect(self, child: Any) -> None:
        """Connect an event; its definition stays its own."""
        TaskSpec.connect(self, child)

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        if my_task.internal_data.get("chosen"):
            return True
        if "waits" not in my_task.internal_data:
            my_task.internal_data["waits"] = {o.name: o.event_definition.arm(my_task) for o in self.outputs}
        my_task._set_state(TaskState.WAITING)
        return False

    def _run_hook(self, my_task: Task) -> bool:
        chosen = my_task.internal_data["chosen"]
        my_task._sync_children([s for s in self.outputs if s.name == chosen], TaskState.FUTURE)
        for child in my_task.children:
            child.internal_data.update(event_fired=True, payload=my_task.internal_data.get("payload"))
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class CyclicBoundary(BoundaryEvent):
    """A boundary event; one on a cycle grows a branch at each occurrence and goes on waiting."""

    def _predict_hook(self, my_task: Task) -> None:
        if not self._cyclic:
            super()._predict_hook(my_task)

    @property
    def _cyclic(self) -> bool:
        return isinstance(self.event_definition, TimerDefinition) and self.event_definition.cyclic

    def occur(self, my_task: Task, wait: dict[str, Any] | None) -> None:
        """Grow the branch of one occurrence beside the activity; `wait` is the next, None after the last.

        The branch hangs on the split, not on the event: the event goes with the activity, what it began stays.
        """
        for output in self.outputs:
            if isinstance(output, BoundaryEventJoin):
                continue
            branch = my_task.parent._add_child(output, TaskState.FUTURE)
            branch.triggered = True
            branch.data = deepcopy(my_task.data)
            output._predict(branch, mask=TaskState.NOT_FINISHED_MASK)
            output._update(branch)
        if wait is None:
            my_task.cancel()
        else:
            my_task.internal_data["wait"] = wait


class BoundaryJoin(BoundaryEventJoin):
    """The end of an activity with boundary events; the branches of a cycle are none of its business."""

    def _check_threshold_structured(self, my_task: Task) -> tuple[bool, list[Task]]:
        split = my_task.find_ancestor(self.split_task)
        own = [child for child in split.children if not child.triggered]
        main = next(child for child in own if not isinstance(child.task_spec, BoundaryEvent))
        events = [child for child in own if child is not main]
        interrupted = any(
            event.task_spec.cancel_activity and event.has_state(TaskState.READY | TaskState.COMPLETED)
            for event in events
        )
        if not (interrupted or main.has_state(TaskState.FINISHED_MASK)):
            return False, []
        waiting = [event for event in events if event.state == TaskState.WAITING]
        return True, waiting + ([main] if interrupted else [])


class CollectingLoop:
    """What both kinds of multi-instance share: FEEL collection, named item, collected output."""

    loop: Loop

    def items(self, my_task: Task) -> list[Any]:
        """Return the collection, evaluated once when the activity begins."""
        found = surroundings(my_task).value(self.loop.collection, my_task.data)
        if not isinstance(found, list):
            raise ExpressionFailed(source=self.loop.collection, reason="the collection is not a list")
        if len(found) > MAX_INSTANCES:
            raise BudgetSpent(collection=len(found), limit=MAX_INSTANCES)
        return found

    def begin(self, my_task: Task) -> list[Any]:
        """Set the counters of BPMN 2.0.2 §13.3.7 and return the collection."""
        items = self.items(my_task)
        my_task.internal_data.update(merged=[], items=items, outputs=[None] * len(items))
        return items

    def grow(self, my_task: Task, index: int) -> None:
        """Start the instance for the item at `index`."""
        spec = my_task.workflow.spec.task_specs[self.task_spec]  # type: ignore[attr-defined]
        child = my_task._add_child(spec, TaskState.WAITING)
        child.triggered = True
        child.internal_data["index"] = index
        child.data = {
            **deepcopy(my_task.data),
            self.loop.variable: my_task.internal_data["items"][index],
            "loopCounter": index + 1,
        }
        child.task_spec._update(child)

    def collect(self, my_task: Task, child: Task) -> bool:
        """Keep what an instance gave; tell whether the activity is complete."""
        kept = my_task.internal_data
        kept["merged"].append(str(child.id))
        around = surroundings(my_task)
        if self.loop.output_element:
            kept["outputs"][child.internal_data["index"]] = around.value(self.loop.output_element, child.data)
        done, total = len(kept["merged"]), len(kept["items"])
        if done < total and not self._enough(child, done, total):
            return False
        if self.loop.output:
            my_task.data[self.loop.output] = [value for value in kept["outputs"] if value is not None]
        return True

    def _enough(self, child: Task, done: int, total: int) -> bool:
        if not self.loop.completion:
            return False
        sequential = self.loop.sequential
        counters = {
            "nrOfInstances": total,
            "nrOfCompletedInstances": done,
            "nrOfActiveInstances": 0 if sequential else total - done,
        }
        return surroundings(child).value(self.loop.completion, {**child.data, **counters}) is True


class ParallelLoop(CollectingLoop, ParallelMultiInstanceTask):
    """Parallel multi-instance."""

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        items = self.begin(my_task)
        if not items:
            my_task.data.update({self.loop.output: []} if self.loop.output else {})
            return True
        my_task._set_state(TaskState.STARTED)
        for index in range(len(items)):
            self.grow(my_task, index)
        return False

    def merge_child(self, workflow: Any, child: Task) -> None:
        """Take what an instance gave; withdraw the rest when enough have given."""
        my_task = child.parent
        if self.collect(my_task, child):
            for other in my_task.children:
                if other is not child and other.task_spec.name == self.task_spec:
                    other.cancel()
            my_task._set_state(TaskState.READY)


class SequentialLoop(CollectingLoop, SequentialMultiInstanceTask):
    """Sequential multi-instance."""

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        if not self.begin(my_task):
            my_task.data.update({self.loop.output: []} if self.loop.output else {})
            return True
        my_task._set_state(TaskState.STARTED)
        self.grow(my_task, 0)
        return False

    def merge_child(self, workflow: Any, child: Task) -> None:
        """Take what an instance gave and start the next."""
        my_task = child.parent
        if self.collect(my_task, child):
            my_task._set_state(TaskState.READY)
        else:
            self.grow(my_task, child.internal_data["index"] + 1)


def definition(element: Element) -> WaitDefinition:
    """Return the event definition for an element that waits or throws."""
    if element.timing:
        return TimerDefinition(element)
    if element.message:
        return MessageDefinition(element)
    raise StepFailed(element=element.id)
