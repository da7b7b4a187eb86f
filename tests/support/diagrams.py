"""Small diagrams for tests, drawn in a few words and run without a database."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from engine import clock
from engine.bpmn import gate, lint, parse
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.domain.workdays import Calendar

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:icity="urn:icity:bpmn:1" id="d"'
    ' targetNamespace="tests"><message id="answer" name="answer"/><message id="stop" name="stop"/>'
)
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


def drawn(process: str, body: str) -> bytes:
    """Return the file that draws one process."""
    return f'{HEAD}<process id="{process}" name="{process}" isExecutable="true">{body}</process></definitions>'.encode()


def flows(*pairs: tuple[str, ...]) -> str:
    """Return sequence flows: (source, target) or (source, target, condition)."""
    return "".join(
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
        + "".join(f"<conditionExpression>{c}</conditionExpression>" for c in condition)
        + "</sequenceFlow>"
        for source, target, *condition in pairs
    )


class Play:
    """A running diagram; every move is followed by a save and a load, as the service does it."""

    def __init__(self, *, data: dict[str, Any] | None = None, operate: Callable[..., Any] | None = None, **bodies: str):
        roots = {name: gate.parse_xml(drawn(name, body), name) for name, body in bodies.items()}
        self.model = parse.model(roots)
        self.operate = operate or (lambda name, given: given)
        first = next(iter(bodies))
        self.execution = Execution.begin(self.model, first, data or {}, self.around())
        self.sizes: list[int] = []

    def around(self) -> Surroundings:
        return Surroundings(clock.now(), CALENDAR, {"deadline": FiveDays()}, self.operate)

    def reload(self) -> None:
        envelope = self.execution.dump()
        self.sizes.append(len(envelope))
        self.execution = Execution.load(envelope, self.model, self.around())

    @property
    def tasks(self) -> list[str]:
        return sorted(element.id for element in self.execution.rest().tasks.values())

    @property
    def waits(self) -> list[str]:
        return sorted(wait.element for wait in self.execution.rest().waits.values())

    @property
    def failures(self) -> list[str]:
        return sorted(failure.element for failure in self.execution.rest().failures.values())

    def task(self, element: str) -> UUID:
        return next(task for task, one in self.execution.rest().tasks.items() if one.id == element)

    def due(self, element: str) -> Any:
        due = next(wait.due for wait in self.execution.rest().waits.values() if wait.element == element)
        return due.replace(microsecond=0) if due else None

    def complete(self, element: str, **answers: Any) -> list[str]:
        assert self.execution.complete(self.task(element), answers)
        elements = [step.element for step in self.execution.steps]
        if not self.execution.ended:
            self.reload()
        return elements

    def come(self, element: str, payload: dict[str, Any] | None = None) -> None:
        wait = next(wait for wait in self.execution.rest().waits.values() if wait.element == element)
        if wait.due is None:
            assert self.execution.deliver(wait.task, payload or {}, element)
        else:
            assert self.execution.fire(wait.task, element)
        if not self.execution.ended:
            self.reload()

    def retry(self) -> None:
        self.execution.retry(next(iter(self.execution.rest().failures)))


def findings(body: str) -> list[str]:
    """Return "element rule" of every finding in a diagram."""
    root = gate.parse_xml(drawn("p", body), "p.bpmn")
    return [f"{found['element']} {found['rule']}" for found in lint.lint({"p.bpmn": root}, NAMES)]
