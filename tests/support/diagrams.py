"""Small diagrams for tests, drawn in a few words and run without a database."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from engine import clock
from engine.bpmn import gate, lint, parse
from engine.bpmn.environment import Surroundings, Thrown
from engine.bpmn.execution import Execution
from engine.domain.workdays import Calendar

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:icity="urn:icity:bpmn:1" id="d"'
    ' targetNamespace="tests"><message id="answer" name="answer"/><message id="stop" name="stop"/>'
)
# What a diagram gets declared when it refers to it; code and name differ from the id on purpose.
DECLARED = {
    "alarm": '<signal id="alarm" name="Alarm"/>',
    "calm": '<signal id="calm" name="Calm"/>',
    "E1": '<error id="E1" name="first" errorCode="C1"/>',
    "E2": '<error id="E2" name="second" errorCode="C2"/>',
    "L1": '<escalation id="L1" name="first" escalationCode="M1"/>',
    "L2": '<escalation id="L2" name="second" escalationCode="M2"/>',
}
CALENDAR = Calendar({}, date(2026, 12, 31))
NAMES = {
    "forms": frozenset({"f"}),
    "decisions": frozenset({"d"}),
    "operators": frozenset({"op"}),
    "roles": frozenset({"R"}),
}


class FiveDays:
    """The decision `deadline`, always five working days."""

    def evaluate(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"days": 5, "unit": "wd"}

    def explain(self, context: Mapping[str, Any]) -> dict[str, Any]:
        return {"value": self.evaluate(context), "decisions": []}


def drawn(process: str, body: str, roots: str = "") -> bytes:
    """Return the file that draws one process, beside what else stands at the root."""
    declared = "".join(text for name, text in DECLARED.items() if f'Ref="{name}"' in body + roots)
    drawing = f'<process id="{process}" name="{process}" isExecutable="true">{body}</process>'
    return f"{HEAD}{declared}{roots}{drawing}</definitions>".encode()


def flows(*pairs: tuple[str, ...]) -> str:
    """Return sequence flows: (source, target) or (source, target, condition)."""
    return "".join(
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
        + "".join(f"<conditionExpression>{c}</conditionExpression>" for c in condition)
        + "</sequenceFlow>"
        for source, target, *condition in pairs
    )


class Play:
    """A running diagram; every move is followed by a save and a load, as the service does it.

    `bodies` are the processes by id, the first is begun; `roots` stands beside the first at the root of its file.
    `trace` and `thrown` tell of all moves so far.
    """

    def __init__(
        self,
        *,
        data: dict[str, Any] | None = None,
        operate: Callable[..., Any] | None = None,
        start: str | None = None,
        payload: dict[str, Any] | None = None,
        roots: str = "",
        **bodies: str,
    ):
        first = next(iter(bodies))
        files = {name: drawn(name, body, roots if name == first else "") for name, body in bodies.items()}
        self.model = parse.model({name: gate.parse_xml(content, name) for name, content in files.items()})
        self.operate = operate or (lambda name, given: given)
        self.sizes: list[int] = []
        self.trace: list[tuple[str, str]] = []
        self.thrown: list[Thrown] = []
        self.execution = Execution.begin(self.model, first, data or {}, self.around(), start, payload)
        self._moved()

    def around(self) -> Surroundings:
        return Surroundings(self.now, CALENDAR, {"deadline": FiveDays()}, self.operate)

    @property
    def now(self) -> datetime:
        """The minute the clock shows: it goes on ticking, and a test that waits for its turn must not see that."""
        return clock.now().replace(second=0, microsecond=0)

    def reload(self) -> None:
        envelope = self.execution.dump()
        self.sizes.append(len(envelope))
        self.execution = Execution.load(envelope, self.model, self.around())

    # What is open, and what became of the rest

    @property
    def tasks(self) -> list[str]:
        return sorted(element.id for element in self.execution.rest().tasks.values())

    @property
    def waits(self) -> list[str]:
        return sorted(wait.element for wait in self.execution.rest().waits.values())

    @property
    def failures(self) -> list[str]:
        return sorted(failure.element for failure in self.execution.rest().failures.values())

    @property
    def ended(self) -> bool:
        return self.execution.ended

    @property
    def data(self) -> dict[str, Any]:
        """The variables of the instance."""
        return self.execution.data()

    @property
    def entered(self) -> list[str]:
        return [element for event, element in self.trace if event == "entered"]

    @property
    def completed(self) -> list[str]:
        return [element for event, element in self.trace if event == "completed"]

    @property
    def cancelled(self) -> list[str]:
        return [element for event, element in self.trace if event == "cancelled"]

    def task(self, element: str) -> UUID:
        return next(task for task, one in self.execution.rest().tasks.items() if one.id == element)

    def seen(self, element: str) -> list[dict[str, Any]]:
        """What each open task at this element sees."""
        return [self.execution.data(task) for task, one in self.execution.rest().tasks.items() if one.id == element]

    def see(self, element: str) -> dict[str, Any]:
        return self.seen(element)[0]

    def due(self, element: str) -> Any:
        due = next(wait.due for wait in self.execution.rest().waits.values() if wait.element == element)
        return due.replace(microsecond=0) if due else None

    # Moves

    def complete(self, element: str, **answers: Any) -> list[str]:
        assert self.execution.complete(self.task(element), answers)
        return self._moved()

    def pick(self, element: str, answers: dict[str, Any] | None = None, **seen: Any) -> list[str]:
        """Complete the open task at this element that sees these values."""
        assert self.execution.complete(self._seeing(element, seen), answers or {})
        return self._moved()

    def come(self, element: str, payload: dict[str, Any] | None = None) -> None:
        """Let happen what this element waits for: its moment, its message or its signal."""
        wait = next(wait for wait in self.execution.rest().waits.values() if wait.element == element)
        if wait.due is not None:
            assert self.execution.fire(wait.task, element)
        elif wait.signal is not None:
            assert self.execution.signal(wait.signal, payload or {})
        else:
            assert self.execution.deliver(wait.task, payload or {}, element)
        self._moved()

    def signal(self, name: str, payload: dict[str, Any] | None = None) -> bool:
        taken = self.execution.signal(name, payload or {})
        self._moved()
        return taken

    def write(self, **data: Any) -> None:
        assert self.execution.write(data)
        self._moved()

    def retry(self) -> None:
        self.execution.retry(next(iter(self.execution.rest().failures)))
        self._moved()

    def settle(self, element: str, **data: Any) -> None:
        assert self.execution.settle(self._at(element), data)
        self._moved()

    def withdraw(self, element: str) -> None:
        assert self.execution.withdraw(self._at(element))
        self._moved()

    def place(self, element: str, data: dict[str, Any] | None = None, scope: UUID | None = None) -> UUID:
        placed = self.execution.place(element, data, scope)
        self._moved()
        return placed

    def rearm(self, element: str, due: datetime) -> None:
        assert self.execution.rearm(self._at(element), element, due)
        self._moved()

    def grow(self, element: str, item: Any) -> None:
        assert self.execution.grow(self._at(element), item)
        self._moved()

    def shrink(self, element: str, **seen: Any) -> None:
        assert self.execution.shrink(self._seeing(element, seen))
        self._moved()

    def later(self, days: int) -> None:
        """Move the clock; nothing fires by itself."""
        clock.travel(self.now + timedelta(days=days))
        self.execution.meet(self.around())

    def _at(self, element: str) -> UUID:
        return next(task for task, one in self._open() if one == element)

    def _open(self) -> Iterator[tuple[UUID, str]]:
        rest = self.execution.rest()
        yield from ((task, one.id) for task, one in rest.tasks.items())
        yield from ((wait.task, wait.element) for wait in rest.waits.values())
        yield from ((task, failure.element) for task, failure in rest.failures.items())

    def _seeing(self, element: str, values: dict[str, Any]) -> UUID:
        for task, one in self.execution.rest().tasks.items():
            data = self.execution.data(task)
            if one.id == element and all(data.get(name) == value for name, value in values.items()):
                return task
        raise AssertionError(f"no open task {element} sees {values}")

    def _moved(self) -> list[str]:
        elements = [step.element for step in self.execution.steps]
        self._remember()
        if not self.execution.ended:
            self.reload()
        return elements

    def _remember(self) -> None:
        self.trace += [(one.event, one.element) for one in self.execution.trace]
        self.thrown += self.execution.thrown


def findings(body: str) -> list[str]:
    """Return "element rule" of every finding in a diagram."""
    root = gate.parse_xml(drawn("p", body), "p.bpmn")
    return [f"{found['element']} {found['rule']}" for found in lint.lint({"p.bpmn": root}, NAMES)]
