"""The stage of a rehearsal: instances in memory, a clock that jumps to what happens next, and the post between them.

Of what falls on one instant, people come first, then messages and signals, then timers: an answer given at the last
moment is in time, and the clock of the service ticks after the moment it tells.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar
from uuid import UUID

from engine import delegates
from engine.bpmn import definitions
from engine.bpmn.elements import Element
from engine.bpmn.environment import BusinessError, Made, Surroundings, Thrown
from engine.bpmn.execution import Execution, Failure, Rest, Wait
from engine.delegates import Grounds
from engine.domain import durations
from engine.errors import ExpressionRefused, IcityError
from engine.rehearsal.deployment import Deployment, calendar
from engine.rehearsal.plan import Answer, Arrival, Plan, Turn

PEOPLE, OTHERS, CLOCK = range(3)

T = TypeVar("T")
Key = tuple[UUID, str]


@dataclass(frozen=True)
class Budget:
    """How much a rehearsal may do before it is taken for endless."""

    moves: int = 100_000
    moves_at_once: int = 4_000
    told: int = 100_000
    instances: int = 20_000
    open_instances: int = 4_000
    open_in_one: int = 3_000
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the trace: what happened to an element; `scope` counts the called processes and instances inside."""

    at: datetime
    instance: str
    process: str
    element: str
    event: str
    task: UUID
    scope: int | None


@dataclass
class Case:
    """An instance on the stage; `execution` is let go when it has ended."""

    number: str
    process: str
    begun: datetime
    execution: Execution | None
    rest: Rest = field(default_factory=Rest)
    scopes: dict[UUID, int] = field(default_factory=dict)
    ended: datetime | None = None
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        """Return its variables, the last ones when it has ended."""
        return self.execution.data() if self.execution is not None else self.last


class Stopped(Exception):
    """The rehearsal did more than its budget allows; `instance` and `element` moved last."""

    def __init__(self, instance: str, element: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.instance, self.element = instance, element
        self.text = {"zh": zh, "en": en}


class _Cues(Generic[T]):
    """The planned items of each element, used in order, the last one again and again."""

    def __init__(self, planned: Mapping[str, list[T]]) -> None:
        self._planned = planned
        self._used: Counter[str] = Counter()

    def next(self, element: str) -> T | None:
        items = self._planned.get(element)
        if not items:
            return None
        self._used[element] += 1
        return items[min(self._used[element], len(items)) - 1]


@dataclass
class _Prompted(Surroundings):
    """Surroundings in which the plan speaks for the services it names."""

    cues: _Cues[Answer] = field(default_factory=lambda: _Cues({}))

    def serve(self, element: Element, inputs: dict[str, Any], data: Mapping[str, Any]) -> Any:
        answer = self.cues.next(element.id)
        if answer is None:
            return super().serve(element, inputs, data)
        if answer.error is not None:
            raise BusinessError(answer.error)
        return deepcopy(answer.data)


class Stage:
    """A deployment that is played through by a plan; nothing of it outlives the object."""

    def __init__(self, deployment: Deployment, plan: Plan, data: dict[str, Any], budget: Budget | None = None) -> None:
        self.deployment, self.plan, self.budget = deployment, plan, budget or Budget()
        self.now = plan.start
        self.cases: list[Case] = []
        self.trace: list[Told] = []
        self.decisions: list[tuple[datetime, str, Made]] = []
        self.taken = Counter[tuple[str, str]]()
        self.kept: list[Arrival] = []
        self.failures: list[Failure] = []
        self.armed: dict[tuple[str, str], datetime] = {}
        self.stopped: Stopped | None = None
        self._data = data
        self._turns, self._answers = _Cues[Turn](plan.tasks), _Cues[Answer](plan.services)
        self._calendar = calendar()
        self._registers: dict[str, Any] = {}
        self._agenda: list[tuple[datetime, int, int, Callable[[], object]]] = []
        self._post: deque[tuple[Case, Thrown]] = deque()
        self._listening: dict[tuple[str, str], dict[tuple[str, UUID, str], tuple[Case, Wait]]] = {}
        self._look_through_kept = False
        self._open = self._open_in_one = self._moves = self._moves_at_once = self._entries = 0

    @property
    def papers(self) -> list[dict[str, Any]]:
        """Return the documents composed so far, in order: their kind, round and content."""
        found: list[dict[str, Any]] = self._registers.get("papers", [])
        return found

    def play(self, process: str | None) -> None:
        """Begin with `process`, or wait for what starts one; go on until the plan's end or until nothing is left."""
        self._until = time.monotonic() + self.budget.seconds
        try:
            self._prepare()
            if process is not None:
                self._begin(process)
            self._carry_post()
            while self._agenda and self._agenda[0][0] <= self.plan.until:
                at, _, _, act = heappop(self._agenda)
                if at > self.now:
                    self.now, self._moves_at_once = at, 0
                act()
                self._carry_post()
        except Stopped as stopped:
            self.stopped = stopped

    def _prepare(self) -> None:
        for one in self.plan.messages:
            self._at(one.at, OTHERS, partial(self._send, one))
        for one in self.plan.signals:
            self._at(one.at, OTHERS, partial(self._broadcast, one.name, one.payload))
        for process in self.deployment.processes:
            for start in self.deployment.starts(process):
                if start.event == "timer":
                    self._wind(process, start, None)
                elif start.event == "conditional" and self._holds(start):
                    self._at(self.now, OTHERS, partial(self._begin, process, start, {}, with_data=True))

    def _holds(self, start: Element) -> bool:
        try:
            return self._around().value(str(start.condition), self._data) is True
        except IcityError as fault:
            self._fail(start.id, fault)
            return False

    def _wind(self, process: str, start: Element, before: dict[str, Any] | None) -> None:
        """Arm a timer start event for its first moment, or for the one after `before`."""
        try:
            wait = (
                definitions.first_wait(start, self._around())
                if before is None
                else definitions.next_wait(before, self.now)
            )
        except IcityError as fault:
            self._fail(start.id, fault)
            return
        self.armed.pop((process, start.id), None)
        if wait is not None:
            due = self.armed[process, start.id] = datetime.fromisoformat(wait["due"])
            self._at(due, CLOCK, partial(self._ring, process, start, wait))

    def _ring(self, process: str, start: Element, wait: dict[str, Any]) -> None:
        self._wind(process, start, wait)
        self._begin(process, start, {})

    def _at(self, when: datetime, order: int, act: Callable[[], object]) -> None:
        self._entries += 1
        heappush(self._agenda, (when, order, self._entries, act))

    def _begin(
        self,
        process: str,
        start: Element | None = None,
        payload: dict[str, Any] | None = None,
        *,
        with_data: bool = False,
    ) -> None:
        """Begin an instance: by none start events, or by an event with what it brought; the first has the data."""
        self._spend("", start.id if start is not None else process)
        data = deepcopy(self._data) if with_data or not self.cases else {}
        own = (start.id, deepcopy(payload)) if start is not None else (None, None)
        execution = Execution.begin(self.deployment.model, process, data, self._around(), *own)
        case = Case(str(len(self.cases) + 1), process, self.now, execution)
        self.cases.append(case)
        self._open += 1
        self._note(case, execution)

    def _fail(self, element: str, fault: IcityError) -> None:
        self.failures.append(Failure(UUID(int=0), element, str(fault)))

    def _move(self, case: Case, element: str, act: Callable[[Execution], bool]) -> None:
        self._spend(case.number, element)
        execution = case.execution
        if execution is not None:
            execution.meet(self._around())
            act(execution)
            self._note(case, execution)

    def _note(self, case: Case, execution: Execution) -> None:
        """Write down what a move did, and arm, post and assign what it left open."""
        for one in execution.trace:
            scope = None if one.scope is None else case.scopes.setdefault(one.scope, len(case.scopes) + 1)
            self.trace.append(Told(self.now, case.number, one.process, one.element, one.event, one.task, scope))
        self.taken.update(execution.taken)
        self.decisions.extend((self.now, case.number, made) for made in execution.made)
        self._post.extend((case, thrown) for thrown in execution.thrown)
        before, case.rest = case.rest, execution.rest()
        self._open_in_one = max(self._open_in_one, len(case.rest.tasks) + len(case.rest.waits))
        self._listen(case, before)
        for task, element in case.rest.tasks.items():
            if task not in before.tasks:
                self._assign(case, task, element)
        if execution.ended:
            case.last, case.execution, case.ended = execution.data(), None, self.now
            self._open -= 1

    def _listen(self, case: Case, before: Rest) -> None:
        """Keep the agenda and the lists of who listens to what as the waits of an instance are now."""
        after = case.rest.waits
        for key, wait in before.waits.items():
            heard = _heard(wait)
            if heard is not None and after.get(key) != wait:
                del self._listening[heard][case.number, *key]
        for key, wait in after.items():
            if before.waits.get(key) == wait:
                continue
            heard = _heard(wait)
            if wait.due is not None:
                self._at(wait.due, CLOCK, partial(self._fire, case, key, wait))
            elif heard is not None:
                self._listening.setdefault(heard, {})[case.number, *key] = (case, wait)
                self._look_through_kept = True

    def _assign(self, case: Case, task: UUID, element: Element) -> None:
        turn = self._turns.next(element.id) or Turn()
        if turn.never:
            return
        try:
            due = durations.after(self.now, turn.after) if turn.after is not None else self.now
        except ExpressionRefused:  # past the year 9999, which is never
            return
        self._at(due, PEOPLE, partial(self._complete, case, task, turn.data))

    def _complete(self, case: Case, task: UUID, answers: dict[str, Any]) -> None:
        if task in case.rest.tasks:
            element = case.rest.tasks[task].id
            self._move(case, element, lambda execution: execution.complete(task, deepcopy(answers)))

    def _fire(self, case: Case, key: Key, wait: Wait) -> None:
        if case.rest.waits.get(key) == wait:
            self._move(case, wait.element, lambda execution: execution.fire(*key))

    def _carry_post(self) -> None:
        """Hand over what was thrown, then what is kept and somebody now waits for, until nothing more can be taken."""
        while True:
            if self._post:
                case, thrown = self._post.popleft()
                if thrown.kind == "signal":
                    self._broadcast(thrown.name, thrown.payload, case)
                else:
                    self._send(Arrival(self.now, thrown.name, thrown.payload, frozenset({thrown.correlation})))
                continue
            if not self._look_through_kept:
                return
            wanted = next((one for one in self.kept if self._listener(one) is not None), None)
            self._look_through_kept = wanted is not None
            if wanted is not None:
                self.kept.remove(wanted)
                self._send(wanted)

    def _send(self, one: Arrival) -> None:
        """Give a message to whoever has waited longest for it, else start a process with it, else keep it."""
        found = self._listener(one)
        if found is not None:
            case, wait = found
            payload = deepcopy(one.payload)
            self._move(case, wait.element, lambda execution: execution.deliver(wait.task, payload, wait.element))
            return
        for process, start in self._starts("message"):
            if (start.message or start.id) == one.name:
                self._begin(process, start, one.payload)
                return
        self.kept.append(one)

    def _listener(self, one: Arrival) -> tuple[Case, Wait] | None:
        waiting = self._listening.get(("message", one.name), {}).values()
        return next((found for found in waiting if (found[1].correlation or "") in one.keys), None)

    def _broadcast(self, name: str, payload: dict[str, Any], thrower: Case | None = None) -> None:
        """Let everything that waits for a signal take it, and start every process that it starts."""
        for case in {case.number: case for case, _ in self._listening.get(("signal", name), {}).values()}.values():
            if case is not thrower:
                self._move(case, name, lambda execution: execution.signal(name, deepcopy(payload)))
        for process, start in self._starts("signal"):
            if (start.signal or start.id) == name:
                self._begin(process, start, payload)

    def _starts(self, event: str) -> list[tuple[str, Element]]:
        starts = (
            (process, start) for process in self.deployment.processes for start in self.deployment.starts(process)
        )
        return [(process, start) for process, start in starts if start.event == event]

    def _around(self) -> Surroundings:
        deployed = self.deployment
        grounds = Grounds(
            deployed.indicators,
            self._calendar,
            self.now,
            memory=self._registers,
            decisions=deployed.decisions,
            templates=deployed.templates,
        )
        return _Prompted(
            self.now,
            self._calendar,
            self.deployment.decisions,
            lambda name, given: delegates.run(name, given, grounds),
            cues=self._answers,
        )

    def _spend(self, instance: str, element: str) -> None:
        """Count a move; raise Stopped when the budget is spent."""
        self._moves += 1
        self._moves_at_once += 1
        most = self.budget
        for spent, bound, zh, en in (
            (self._moves, most.moves, "步数", "moves"),
            (self._moves_at_once, most.moves_at_once, "同一时刻的步数", "moves at one moment"),
            (len(self.trace), most.told, "记录", "lines of trace"),
            (len(self.cases), most.instances, "实例数", "instances"),
            (self._open, most.open_instances, "未结束的实例数", "open instances"),
            (self._open_in_one, most.open_in_one, "一个实例内的待办数", "things open in one instance"),
        ):
            if spent > bound:
                raise Stopped(
                    instance, element, f"演练没有尽头：{zh}超过 {bound}。", f"Endless: more than {bound} {en}."
                )
        if time.monotonic() > self._until:
            zh, en = f"演练超过 {most.seconds:g} 秒。", f"The rehearsal took more than {most.seconds:g} seconds."
            raise Stopped(instance, element, zh, en)


def _heard(wait: Wait) -> tuple[str, str] | None:
    if wait.message is not None:
        return "message", wait.message
    return ("signal", wait.signal) if wait.signal is not None else None
