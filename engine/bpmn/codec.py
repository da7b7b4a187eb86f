"""The state codec: an instance's open scope to bytes and back; specifications are shared, never stored.

The envelope is JSON: format version, SHA-256 of the body, body. What is in the future is predicted again on load.
"""

import hashlib
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.environment import Surroundings, script_engine
from engine.bpmn.parse import Model
from engine.errors import StateDamaged

FORMAT = 1
UNSTORED = TaskState.PREDICTED_MASK | TaskState.FUTURE
OPEN = TaskState.WAITING | TaskState.READY | TaskState.STARTED


def begin(model: Model, process: str, surroundings: Surroundings) -> BpmnWorkflow:
    """Return a new workflow of a process; the only constructor of one besides `load`."""
    return BpmnWorkflow(model.specs[process], dict(model.specs), script_engine=script_engine(surroundings))


def dump(workflow: BpmnWorkflow) -> bytes:
    """Return the envelope of an instance."""
    body = orjson.dumps(
        {
            "process": workflow.spec.name,
            "top": _scope(workflow),
            "inner": [[owner.hex, inner.spec.name, _scope(inner)] for owner, inner in workflow.subprocesses.items()],
        }
    )
    return b"%d %s " % (FORMAT, hashlib.sha256(body).hexdigest().encode()) + body


def load(envelope: bytes, model: Model, surroundings: Surroundings) -> BpmnWorkflow:
    """Return the workflow in an envelope; raise StateDamaged if a byte of it changed or its format is unknown."""
    state = orjson.loads(_body(envelope))
    spec = model.specs[state["process"]]
    engine = script_engine(surroundings)
    workflow = BpmnWorkflow(spec, dict(model.specs), script_engine=engine, deserializing=True)
    _restore(workflow, state["top"], workflow)
    for owner, name, scope in state["inner"]:
        _restore_inner(workflow, UUID(hex=owner), model.specs[name], scope)
    _predict(workflow)
    return workflow


def _body(envelope: bytes) -> bytes:
    version, _, rest = bytes(envelope).partition(b" ")
    digest, _, body = rest.partition(b" ")
    if version != str(FORMAT).encode():
        raise StateDamaged(format=version[:20].decode("ascii", "replace"))
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise StateDamaged(digest=digest.decode("ascii", "replace"))
    return body


def _scope(scope: Any) -> dict[str, Any]:
    last = scope.last_task
    return {
        "last": last.id.hex if last is not None and last.id in scope.tasks else None,
        "done": scope.completed,
        "data": scope.data,
        "tasks": [_row(scope, task) for task in scope.tasks.values() if not task._state & UNSTORED],
    }


def _row(scope: Any, task: Task) -> list[Any]:
    changed, gone = _difference(task, scope.tasks.get(task._parent))
    return [
        task.id.hex,
        task._parent.hex if task._parent else None,
        task.task_spec.name,
        task._state,
        task.last_state_change,
        int(task.triggered),
        task.internal_data or None,
        changed,
        gone,
    ]


def _difference(task: Task, parent: Task | None) -> tuple[dict[str, Any] | None, list[str] | None]:
    if parent is None:
        return task.data, None
    base = parent.data
    if base is task.data:
        return None, None
    changed = {k: v for k, v in task.data.items() if k not in base or (base[k] is not v and base[k] != v)}
    return changed or None, [k for k in base if k not in task.data] or None


def _restore(scope: Any, state: dict[str, Any], workflow: BpmnWorkflow) -> None:
    for row in state["tasks"]:
        task = _task(scope, row)
        if task._state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            workflow.event_manager.add_task(task)
    scope.task_tree = next(iter(scope.tasks.values()))
    scope.completed = state["done"]
    scope.data = state["data"]
    scope.last_task = scope.tasks.get(UUID(hex=state["last"])) if state["last"] else None


def _task(scope: Any, row: list[Any]) -> Task:
    key, parent, name, state, changed_at, triggered, internal, changed, gone = row
    task = Task.__new__(Task)
    task.id, task.workflow, task.task_spec = UUID(hex=key), scope, scope.spec.task_specs[name]
    task._parent = UUID(hex=parent) if parent else None
    task._children, task._state, task.triggered, task.thread_id = [], state, bool(triggered), 0
    task.internal_data, task.last_state_change = internal or {}, changed_at
    above = scope.tasks.get(task._parent) if parent else None
    data = dict(above.data) if above is not None else {}
    data.update(changed or {})
    for key in gone or ():
        data.pop(key, None)
    task.data = data
    if above is not None:
        above._children.append(task.id)
    scope.tasks[task.id] = task
    return task


def _restore_inner(workflow: BpmnWorkflow, owner: UUID, spec: Any, state: dict[str, Any]) -> None:
    task = workflow.get_task_from_id(owner)
    inner = BpmnSubWorkflow(spec, owner, workflow, deserializing=True)
    _restore(inner, state, workflow)
    workflow.subprocesses[owner] = inner
    inner.completed_event.connect(task.task_spec._on_subworkflow_completed, task)


def _predict(workflow: BpmnWorkflow) -> None:
    for scope in (workflow, *workflow.subprocesses.values()):
        for task in list(scope.tasks.values()):
            if task._state & OPEN:
                task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
