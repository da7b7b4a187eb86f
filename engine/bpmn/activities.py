"""Task specifications of our own for activities: their data, their boundary events, what they do (BPMN 2.0.2 §13.3)."""

from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import loops, throwing
from engine.bpmn.definitions import next_wait
from engine.bpmn.elements import Element, Event
from engine.bpmn.environment import BusinessError
from engine.bpmn.nodes import Catching, Node, message, receive, transferred
from engine.bpmn.scopes import Scope, Token, scope_view, view, write
from engine.errors import BudgetSpent, NotFound

MAX_DEPTH = 50


class Activity(Node):
    """An activity: data goes in, boundary events watch, it is done once or again and again, data comes out."""

    def enter(self, game: Any, token: Token) -> None:
        """Begin; with loop characteristics the token stays here while its instances are done."""
        token._set_state(TaskState.STARTED)
        self._read(game, token)
        for boundary in self.boundaries:
            if boundary.element.event in {"timer", "message", "signal", "conditional"}:
                boundary.watch(game, token)
            if token.id not in token.workflow.tasks:
                return
        if self.element.loop:
            loops.begin(game, token)
        else:
            self.perform(game, token)

    def perform(self, game: Any, token: Token) -> None:
        """Do the work of one instance; an automatic one is done when its turn comes."""
        game.queue(token)

    def performed(self, game: Any, token: Token) -> None:
        """Write the data associations of an instance that is done, or of the collected output of all (§10.3.8)."""
        loop = self.element.loop
        whole = loop is not None and not token.internal_data.keys() & {"index", "round"}
        moving = tuple(one for one in self.element.writes if (loop is not None and one.source == loop.output) is whole)
        data = view(token) if moving else {}
        for name, value in transferred(moving, game.around, data).items():
            write(token.parent if name in token.data else token, name, value)

    def _read(self, game: Any, token: Token) -> None:
        data = view(token) if self.element.reads else {}
        token.data.update(deepcopy(transferred(self.element.reads, game.around, data)))

    def keep(self, token: Token, answer: Any) -> None:
        """Keep what an instance gave: under the result, or each member of a context as a variable of its own."""
        if self.element.result:
            write(token, self.element.result, answer)
        elif isinstance(answer, dict):
            for name, value in answer.items():
                write(token, name, value)


class Human(Activity):
    """A user or manual task: open until a person finishes it."""

    def __init__(self, spec: BpmnProcessSpec, element: Element) -> None:
        super().__init__(spec, element)
        self.manual = True

    def perform(self, game: Any, token: Token) -> None:
        """Open the task."""
        token._set_state(TaskState.READY)


class Work(Activity):
    """A service or business-rule task: reckons from its inputs; an abstract task does nothing."""

    def _run_hook(self, my_task: Task) -> bool | None:
        game = my_task.workflow.top_workflow.game
        data = view(my_task)
        inputs = {one.target: data.get(one.target) for one in self.element.reads}
        inputs |= {name: game.around.value(source, data) for name, source in self.element.inputs}
        try:
            answer = game.around.serve(self.element, inputs, data)
        except BusinessError as error:
            throwing.propagate(game, my_task, Event("error", code=error.code))
            return None
        self.keep(my_task, answer)
        return True


class Send(Activity):
    """A send task."""

    def _run_hook(self, my_task: Task) -> bool:
        game = my_task.workflow.top_workflow.game
        game.tell(message(self.element, game, my_task))
        return True


class Receive(Catching, Activity):
    """A receive task."""

    def perform(self, game: Any, token: Token) -> None:
        """Begin to wait."""
        self.arm(game, token)


class SubProcess(Activity):
    """An embedded sub-process, a transaction or an event sub-process: a scope of its own inside the token."""

    closed = False

    @property
    def inside(self) -> BpmnProcessSpec:
        """Return the specification of what is inside; raise NotFound."""
        found: BpmnProcessSpec = self._wf_spec.around[self.element.id]
        return found

    def perform(self, game: Any, token: Token) -> None:
        """Open the scope and put a token at each of its beginnings."""
        scope = self.open(game, token)
        scope.data.update(dict.fromkeys(self.inside.owns))
        scope.data.update(self._given(game, token))
        game.begin(scope)

    def open(self, game: Any, token: Token) -> Scope:
        """Return a new scope inside the token; raise BudgetSpent when scopes lie too deep."""
        token._set_state(TaskState.STARTED)
        scope = Scope(self.inside, token, closed=self.closed)
        if scope.depth > MAX_DEPTH:
            raise BudgetSpent(depth=scope.depth, limit=MAX_DEPTH)
        return scope

    def ended(self, game: Any, token: Token, scope: Scope) -> None:
        """Take the data that the scope hands out and go on."""
        self._hand_out(game, token, scope)
        token.complete()

    def _given(self, game: Any, token: Token) -> dict[str, Any]:
        data = view(token) if self.element.inputs else {}
        return {name: deepcopy(game.around.value(source, data)) for name, source in self.element.inputs}

    def _hand_out(self, game: Any, token: Token, scope: Scope) -> None:
        data = scope_view(scope) if self.element.outputs else {}
        for name, value in [(name, game.around.value(source, data)) for name, source in self.element.outputs]:
            write(token, name, deepcopy(value))


class EventSubProcess(Catching, SubProcess):
    """An event sub-process: no flow leads here; its start event watches the scope around it (§13.5.4)."""

    @property
    def awaited(self) -> Element:
        """Return the start event that triggers it."""
        found: Element = self.inside.begins[0].element
        return found

    def watch(self, game: Any, scope: Any) -> None:
        """Begin to watch a scope, when the start event waits for something outside."""
        if self.awaited.event in {"timer", "message", "signal", "conditional"}:
            token = Token(scope, self, scope.task_tree, state=TaskState.WAITING)
            token.internal_data["trigger"] = True
            game.attempt(token, "arm", lambda: self.arm(game, token))

    def occurred(self, game: Any, token: Token, payload: dict[str, Any] | None) -> None:
        """Start handling; an interrupting handler first takes every other token of the scope away."""
        following = None if self.awaited.interrupting else next_wait(token.internal_data["wait"], game.around.now)
        if following is None:
            game.remove(token)
        else:
            token.internal_data["wait"] = following
        self.take(game, token.workflow, payload)

    def take(self, game: Any, scope: Any, payload: dict[str, Any] | None) -> None:
        """Handle what occurred in a scope."""
        if self.awaited.interrupting:
            scope.kept["interrupted"] = self.element.id
            game.clear(scope)
        token = Token(scope, self, scope.task_tree)
        game.note(token, "entered")
        game.attempt(token, "enter", lambda: self._handle(game, token, payload))

    def _handle(self, game: Any, token: Token, payload: dict[str, Any] | None) -> None:
        inside = self.open(game, token)
        game.watch(inside)
        begun = game.enter(inside, self.inside.begins[0])
        receive(game, begun, self.awaited, payload)


class Call(SubProcess):
    """A call activity: what it calls has variables of its own and gets and gives what is declared."""

    closed = True

    @property
    def inside(self) -> BpmnProcessSpec:
        """Return the specification of what is called; raise NotFound."""
        found: BpmnProcessSpec | None = self._wf_spec.around.get(self.element.called)
        if found is None:
            raise NotFound(process=self.element.called)
        return found

    def _given(self, game: Any, token: Token) -> dict[str, Any]:
        declared = self.inside.takes
        if self.element.inputs or self.element.outputs:
            return super()._given(game, token)
        data = view(token)
        if declared is None:
            return deepcopy(data)
        own = self.element.takes if self.element.takes is not None else declared
        return deepcopy({theirs: data.get(ours) for theirs, ours in zip(declared, own, strict=False)})

    def _hand_out(self, game: Any, token: Token, scope: Scope) -> None:
        if self.element.inputs or self.element.outputs:
            super()._hand_out(game, token, scope)
            return
        declared, own = self.inside.gives, self.element.gives
        if declared is not None and own is not None:  # its data associations hand on what the call itself declares
            found = {ours: scope.data.get(theirs) for theirs, ours in zip(declared, own, strict=False)}
            token.data.update(deepcopy(found))
            return
        for name, value in scope.data.items():
            if declared is None or name in declared:
                write(token, name, deepcopy(value))
