"""The time machine: a stage that leaves tasks to a person, or answers them by a policy, and tells it all by date."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from engine import forms, worklist
from engine.bpmn.elements import HUMAN, Element
from engine.bpmn.execution import Execution, Rest
from engine.clock import CIVIL
from engine.domain import durations
from engine.domain.workdays import Calendar
from engine.errors import ExpressionRefused
from engine.rehearsal.deployment import Deployment
from engine.rehearsal.plan import Plan, Turn
from engine.rehearsal.stage import PEOPLE, Budget, Case, Key, Stage

AGREEING = frozenset(
    {"approve", "approved", "agree", "agreed", "accept", "accepted", "pass", "passed", "yes", "sign", "signed", "valid"}
    | {"confirmed", "consent", "recognised", "complete", "eligible", "publish", "issue", "supply", "forward", "granted"}
)
TRIED = "（演练）"
TYPED = frozenset({"textfield", "textarea"})


class Policy(StrEnum):
    """Who answers the tasks that the plan says nothing about."""

    HAND = "hand"  # nobody: they wait for the person at the machine
    FIRST = "first"  # each on the next working day, by the first choice of its form
    AGREE = "agree"  # each on the next working day, by the choice that agrees
    LAST = "last"  # as in a scenario: by the last planned answer again, else at once and with nothing


USUAL = frozenset({Policy.FIRST, Policy.AGREE})


class Kind(StrEnum):
    """What a line of the timeline tells."""

    OPENED = "opened"  # a task was given to somebody
    DONE = "done"  # a task was answered
    CLOSED = "closed"  # a task was taken away before it was answered
    REMINDED = "reminded"  # somebody was told that a deadline or a date is near, there or past
    FIRED = "fired"  # a moment came that the diagram waits for
    REACHED = "reached"  # a message, a signal or a condition was met
    MILESTONE = "milestone"  # a stage of the life was reached
    DOCUMENT = "document"  # a document was composed
    BEGUN = "begun"  # an instance began
    ENDED = "ended"  # an instance came to its end


@dataclass
class Opened:
    """A task on the stage: the `n`-th of its element, whose it is, until when, and how and when it ended."""

    case: str
    task: UUID
    element: Element
    n: int
    at: datetime
    row: Mapping[str, Any]
    done: datetime | None = None
    closed: datetime | None = None
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A line of the timeline; `detail` is the kind of a reminder, document or milestone, `said` a task's outcome."""

    at: datetime
    kind: Kind
    process: str
    element: str
    name: str
    instance: str = ""
    detail: str = ""
    due: datetime | None = None
    role: str | None = None
    organisation: str | None = None
    said: str | None = None


@dataclass
class _Watched:
    """A moment that is waited for, from when to when; people are reminded of it before."""

    element: Element
    due: datetime
    since: datetime
    until: datetime | None = None


class Machine(Stage):
    """A stage whose unplanned tasks are left to a policy; `holes` are planned turns that are still to be given."""

    def __init__(
        self, deployment: Deployment, plan: Plan, data: dict[str, Any], budget: Budget, asked: "Asked"
    ) -> None:
        super().__init__(deployment, plan, data, budget)
        self.asked = asked
        self.opened: list[Opened] = []
        self.documents: list[tuple[datetime, str]] = []
        self._tasks: dict[UUID, Opened] = {}
        self._seen = Counter[str]()
        self._waited: dict[tuple[str, Key], _Watched] = {}
        self._watched: list[_Watched] = []

    def resume(self, process: str, envelope: bytes) -> None:
        """Go on with a copy of an instance from where it stands; raise StateDamaged where the diagrams cannot hold it.

        What would begin other instances by itself stays away.
        """
        execution = Execution.load(envelope, self.deployment.model, self._around())
        case = Case("1", process, self.now, execution)
        self.cases.append(case)
        self._open += 1
        self._at(self.now, PEOPLE, partial(self._note, case, execution))
        self.play(None)

    def lines(self) -> list[Line]:
        """Return what happened and of what people were reminded, by date."""
        told = [*self._of_tasks(), *self._of_trace(), *self._of_cases(), *self._reminders()]
        told += [Line(at, Kind.DOCUMENT, "", "", "", detail=kind) for at, kind in self.documents]
        return sorted(told, key=lambda line: (line.at, line.kind is not Kind.BEGUN, line.kind is Kind.ENDED))

    @property
    def coming(self) -> datetime | None:
        """Return when something may happen next, none when nothing is planned any more."""
        return self._agenda[0][0] if self._agenda else None

    @property
    def calendar(self) -> Calendar:
        """Return the working days it reckons with."""
        return self._calendar

    def unanswered(self) -> list[Opened]:
        """Return the tasks that are open now, in the order they came."""
        return [one for one in self.opened if one.done is None and one.closed is None and self._is_open(one)]

    def facts(self, one: Opened) -> dict[str, Any]:
        """Return the variables that an open task sees."""
        execution = next(case.execution for case in self.cases if case.number == one.case)
        return execution.data(one.task) if execution is not None else {}

    def _is_open(self, one: Opened) -> bool:
        return any(one.task in case.rest.tasks for case in self.cases if case.execution is not None)

    def _note(self, case: Case, execution: Execution) -> None:
        papers, before = len(self.papers), case.rest
        super()._note(case, execution)
        self.documents += [(self.now, str(one["kind"])) for one in self.papers[papers:]]
        for one in execution.trace:
            known = self._tasks.get(one.task)
            if known is not None and one.event == "cancelled":
                known.closed = self.now
        self._watch(case, before, case.rest)

    def _watch(self, case: Case, before: Rest, after: Rest) -> None:
        for key in before.waits.keys() - after.waits.keys() if not case.ended else before.waits.keys():
            watched = self._waited.pop((case.number, key), None)
            if watched is not None:
                watched.until = self.now
        for key, wait in after.waits.items():
            if wait.due is not None and (case.number, key) not in self._waited:
                element = self.deployment.model.element(wait.process, wait.element)
                watched = self._waited[case.number, key] = _Watched(element, wait.due, self.now)
                self._watched.append(watched)

    def _assign(self, case: Case, task: UUID, element: Element) -> None:
        n = self._seen[element.id]
        self._seen[element.id] += 1
        data = case.execution.data(task) if case.execution is not None else {}
        row = worklist.row(task, element, self._around(), data, case.rest.still)
        opened = Opened(case.number, task, element, n, self.now, row)
        self.opened.append(opened)
        self._tasks[task] = opened
        planned = self._planned(element, n)
        turn = planned or self._usual(element)
        if turn is None or turn.never:
            return
        try:
            due = durations.after(self.now, turn.after) if turn.after is not None else self.now
        except ExpressionRefused:  # past the year 9999, which is never
            return
        if planned is None and self.asked.policy in USUAL:
            due = self._next_workday()
        self._at(due, PEOPLE, partial(self._complete, case, task, turn.data))

    def _planned(self, element: Element, n: int) -> Turn | None:
        planned = self.plan.tasks.get(element.id, [])
        if n < len(planned) and (element.id, n) not in self.asked.holes:
            return planned[n]
        if self.asked.policy is Policy.LAST:
            return planned[-1] if planned else Turn()
        return None

    def _usual(self, element: Element) -> Turn | None:
        """Return how a policy answers, None where it leaves that to a person."""
        if self.asked.policy not in USUAL:
            return None
        schema = self.asked.forms.get(element.form or "", {})
        agreeing = self.asked.policy is Policy.AGREE
        return Turn(data=usual(schema, self.now, AGREEING if agreeing else frozenset()))

    def _next_workday(self) -> datetime:
        """Return the same time of the next day on which people work."""
        here = self.now.astimezone(CIVIL)
        day = self._calendar.add_workdays(here, 1).due.astimezone(CIVIL)
        return here.replace(year=day.year, month=day.month, day=day.day)

    def _complete(self, case: Case, task: UUID, answers: dict[str, Any]) -> None:
        if task in case.rest.tasks:
            self._tasks[task].done, self._tasks[task].answers = self.now, answers
        super()._complete(case, task, answers)

    def _of_tasks(self) -> Iterator[Line]:
        for one in self.opened:
            element = one.element
            whose = {"role": one.row["role"], "organisation": one.row["organisation"], "instance": one.case}
            place = element.process, element.id, element.name
            yield Line(one.at, Kind.OPENED, *place, due=one.row["due_at"], **whose)
            if one.done is not None:
                said = forms.outcome(self.asked.forms.get(element.form or "", {}), one.answers)
                yield Line(one.done, Kind.DONE, *place, said=said, **whose)
            elif one.closed is not None:
                yield Line(one.closed, Kind.CLOSED, *place, **whose)

    def _of_trace(self) -> Iterator[Line]:
        for one in self.trace:
            element = self.deployment.model.elements[one.process][one.element]
            if one.event != "completed" or element.kind in HUMAN:
                continue
            place = one.process, one.element, element.name
            if element.event == "timer":
                yield Line(one.at, Kind.FIRED, *place, instance=one.instance)
            elif element.event in {"message", "signal", "conditional"}:
                yield Line(one.at, Kind.REACHED, *place, instance=one.instance)
            if element.milestone:
                yield Line(one.at, Kind.MILESTONE, *place, instance=one.instance, detail=element.milestone)

    def _of_cases(self) -> Iterator[Line]:
        for case in self.cases:
            name = self.deployment.model.names[case.process]
            yield Line(case.begun, Kind.BEGUN, case.process, "", name, instance=case.number)
            if case.ended is not None:
                yield Line(case.ended, Kind.ENDED, case.process, "", name, instance=case.number)

    def _reminders(self) -> Iterator[Line]:
        """Tell who was reminded of what was still open at the moment, as far as the machine went."""
        for one in self.opened:
            over = one.done or one.closed or self._last(one.case)
            for told in worklist.reminders(self._calendar, one.at, [dict(one.row)]):
                if told["remind_at"] < over:
                    yield self._reminded(one.element, told, one.case)
        for watched in self._watched:
            over = watched.until or self._end
            for told in worklist.notices(watched.element, UUID(int=0), watched.due, watched.since):
                if told["remind_at"] < over:
                    yield self._reminded(watched.element, told, "")

    def _reminded(self, element: Element, told: Mapping[str, Any], case: str) -> Line:
        return Line(
            told["remind_at"],
            Kind.REMINDED,
            element.process,
            element.id,
            element.name,
            instance=case,
            detail=told["kind"],
            due=told["due_at"],
            role=next(iter(told["roles"]), None),
            organisation=told["organisation"],
        )

    def _last(self, number: str) -> datetime:
        return next(case.ended or self._end for case in self.cases if case.number == number)

    @property
    def _end(self) -> datetime:
        """Return how far the machine went: to the planned end, or to where it was stopped."""
        return self.now if self.stopped is not None else self.plan.until


@dataclass(frozen=True)
class Asked:
    """How the machine is played: the policy, the forms of the tasks, and the turns that are left open."""

    policy: Policy
    forms: Mapping[str, dict[str, Any]]
    holes: frozenset[tuple[str, int]] = frozenset()


def usual(schema: Mapping[str, Any], now: datetime, agreeing: frozenset[str]) -> dict[str, Any]:
    """Return answers to a form: in each choice what agrees, if anything does, else the first; elsewhere a stopgap."""
    filled = _stopgaps(schema.get("components", []), now)
    picked = {}
    for choice in forms.choices(schema) if schema else ():
        values = [value for value, _ in choice.options]
        found = [value for value in values if str(value) in agreeing]
        if values:
            picked[choice.path] = (found or values)[0]
    return forms.answered(filled, picked)


def _stopgaps(components: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for one in components:
        kind, key = one.get("type"), one.get("key")
        if kind == "group":
            filled |= _stopgaps(one.get("components", []), now)
        elif kind in TYPED and key and "." not in key:
            filled[key] = TRIED
        elif kind == "number" and key and "." not in key:
            filled[key] = (one.get("validate") or {}).get("min", 1)
        elif kind == "datetime" and key and "." not in key:
            filled[key] = now.astimezone(CIVIL).date().isoformat()
    return filled
