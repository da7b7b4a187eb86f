"""Keep only the open scope: what is finished leaves the tree, so that a pass costs the same in year forty."""

from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

OPEN = TaskState.WAITING | TaskState.READY | TaskState.STARTED


def prune(workflow: BpmnWorkflow) -> None:
    """Drop from the instance everything above its open tasks, ended sub-processes and spent reminder branches."""
    _drop_ended(workflow)
    for scope in (workflow, *workflow.subprocesses.values()):
        _drop_spent(scope)
        _splice(scope)


def _drop_ended(workflow: BpmnWorkflow) -> None:
    scopes = (workflow, *workflow.subprocesses.values())
    alive = {task.id for scope in scopes for task in scope.tasks.values() if task._state & OPEN}
    for owner in [owner for owner in workflow.subprocesses if owner not in alive]:
        del workflow.subprocesses[owner]


def _drop_spent(scope: Any) -> None:
    for split in [t for t in scope.tasks.values() if isinstance(t.task_spec, BoundaryEventSplit)]:
        for child in [scope.tasks[key] for key in split._children]:
            branch = list(_branch(scope, child.id)) if child.triggered else []
            if branch and not any(task._state & OPEN for task in branch):
                split._children.remove(child.id)
                for task in branch:
                    del scope.tasks[task.id]


def _branch(scope: Any, root: Any) -> Any:
    stack = [root]
    while stack:
        task = scope.tasks[stack.pop()]
        yield task
        stack.extend(task._children)


def _splice(scope: Any) -> None:
    opened = [task for task in scope.tasks.values() if task._state & OPEN]
    root = scope.task_tree
    if not opened:
        return
    top = _deepest_common(scope, opened)
    while top is not root and isinstance(scope.tasks[top._parent].task_spec, BoundaryEventSplit):
        top = scope.tasks[top._parent]
    if top is root or (top._parent == root.id and len(root._children) == 1):
        return
    keep = {root.id} | {task.id for task in _branch(scope, top.id)}
    root.data = dict(top.data)
    root._children, top._parent = [top.id], root.id
    for key in [key for key in scope.tasks if key not in keep]:
        del scope.tasks[key]
    if scope.last_task is not None and scope.last_task.id not in scope.tasks:
        scope.last_task = root


def _deepest_common(scope: Any, opened: list[Task]) -> Task:
    common = _path(scope, opened[0])
    for task in opened[1:]:
        shared = 0
        for one, other in zip(common, _path(scope, task), strict=False):
            if one != other:
                break
            shared += 1
        common = common[:shared]
    found: Task = scope.tasks[common[-1]]
    return found


def _path(scope: Any, task: Task) -> list[Any]:
    path = []
    while task is not None:
        path.append(task.id)
        task = scope.tasks.get(task._parent)
    return path[::-1]
