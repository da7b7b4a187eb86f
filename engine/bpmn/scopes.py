"""Where tokens and variables live: the instance, and a scope for every sub-process or called process in it.

The tree of tasks is flat: a token hangs at the root of its scope, an instance of a multi-instance at the activity that
repeats, a watching boundary event at the activity it watches. Nothing finished stays.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class Token(Task):
    """A token at a flow node; what it waits for, and what went wrong, lies in `internal_data`.

    There too: "origins", the tokens that it came from, each with the flow it took ([id, flow]; several at a join, none
    at a start, no flow for one of several that do the same activity). What somebody put there has no origins.
    """

    def _set_state(self, value: int) -> None:
        """Set the state without the log entry that the library writes for each."""
        self._state = value

    @property
    def top(self) -> "Token":
        """Return the token at the root of the scope that this one belongs to."""
        token, root = self, self.workflow.task_tree
        while token.parent is not root:
            token = token.parent
        return token

    @property
    def trigger(self) -> bool:
        """Tell whether it is no token but an event sub-process that watches its scope."""
        return "trigger" in self.internal_data

    @property
    def watching(self) -> bool:
        """Tell whether it is no token but a boundary event that watches its activity."""
        return "watch" in self.internal_data


class _Space(BpmnBaseWorkflow):
    """What the instance and its inner scopes share; `kept` is the scope's own memory, `data` its variables."""

    owner: Token | None

    def _furnish(self) -> None:
        self.task_tree = Token(self, self.spec.start, state=TaskState.STARTED)
        self.kept: dict[str, Any] = {}

    @property
    def tokens(self) -> list[Token]:
        """Return the tokens at the root of the scope, triggers among them."""
        return list(self.task_tree.children)

    @property
    def gone(self) -> bool:
        """Tell whether the token that opened the scope was taken away."""
        return self.owner is not None and self.owner.id not in self.owner.workflow.tasks

    @property
    def completing(self) -> bool:
        """Tell whether only handlers are left; no other can begin then (BPMN 2.0.2 §13.3.2)."""
        return all(child.task_spec.element.triggered for child in self.task_tree.children)

    @property
    def alive(self) -> bool:
        """Tell whether any token is left in the scope."""
        return any(not child.trigger for child in self.task_tree.children)


class Instance(_Space, BpmnWorkflow):
    """A process instance with all its inner scopes, which are keyed by the token that opened them."""

    owner = None
    closed = True
    game: Any

    def __init__(self, spec: BpmnProcessSpec, specs: dict[str, BpmnProcessSpec], script_engine: Any) -> None:
        super().__init__(spec, specs, script_engine=script_engine, deserializing=True)
        self.written: dict[str, Any] = {}
        self.changed = False
        self._furnish()

    def told(self) -> dict[str, Any] | None:
        """Return the variables written since this was last asked."""
        written, self.written = self.written, {}
        return written or None

    def scopes(self) -> list[Any]:
        """Return every scope, the outermost first."""
        return [self, *self.subprocesses.values()]

    def find(self, task: UUID) -> Token | None:
        """Return the token with an id, None when it is gone."""
        for scope in self.scopes():
            if task in scope.tasks:
                found: Token = scope.tasks[task]
                return found
        return None


class Scope(_Space):
    """A running sub-process or called process; `closed` when the variables around it are not its own."""

    def __init__(self, spec: BpmnProcessSpec, owner: Token, *, closed: bool) -> None:
        self.owner = owner
        self.closed = closed
        self.top_workflow = owner.workflow.top_workflow
        self.depth = owner.workflow.depth + 1
        super().__init__(spec, deserializing=True)
        self._furnish()
        self.top_workflow.subprocesses[owner.id] = self

    @property
    def script_engine(self) -> Any:
        """Return the script engine of the instance."""
        return self.top_workflow.script_engine


def view(token: Token) -> dict[str, Any]:
    """Return the variables that a token sees, the innermost of each name."""
    seen: dict[str, Any] = {}
    for layer in reversed([data for data, _ in _layers(token)]):
        seen.update(layer)
    return seen


def scope_view(scope: Any) -> dict[str, Any]:
    """Return the variables that a scope sees."""
    return view(scope.task_tree)


def write(token: Token, name: str, value: Any) -> None:
    """Set a variable where it is, or else in the nearest multi-instance, called process or process instance."""
    home, instance = None, token.workflow.top_workflow
    instance.changed, instance.written[name] = True, value
    for data, kind in _layers(token):
        if kind != "shadow" and name in data:
            data[name] = value
            return
        if home is None and kind == "home":
            home = data
    if home is not None:
        home[name] = value


def _layers(token: Token) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield (variables, kind) from the token outwards; new variables settle in a "home", never in a "shadow"."""
    scope = token.workflow
    while True:
        while token is not None and token is not scope.task_tree:
            kind = "home" if "index" in token.internal_data else "local"
            yield token.data, "shadow" if "shadow" in token.internal_data else kind
            token = token.parent
        yield scope.data, "home" if scope.closed else "local"
        if scope.closed:
            return
        token = scope.owner
        scope = token.workflow
