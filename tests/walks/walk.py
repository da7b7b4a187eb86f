"""One walk: the engine and the token game make the same moves and are compared after each."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from engine import clock
from engine.bpmn import gate, parse
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution
from engine.domain.workdays import Calendar
from tests.walks.diagrams import SIGNALS, VARIABLES, Condition, Diagram, feel
from tests.walks.marking import Label, Marking, Seen
from tests.walks.model import Game

CALENDAR = Calendar({}, date(2026, 12, 31))
MOST_OPEN, MOST_WORLDS = 40, 64


class Differs(AssertionError):
    """The engine is in a state into which the standard does not lead."""


@dataclass(frozen=True)
class Verb:
    """A move: complete (a task, writing a variable), happen (a timer or message), signal, write."""

    kind: str
    label: Label = ("", ())
    write: Condition | None = None

    def __str__(self) -> str:
        what, items = self.label
        among = "".join(f" [{name}={number}]" for name, number in items)
        written = f" {feel(self.write)}" if self.write else ""
        return f"{self.kind} {what}{among}{written}".replace("  ", " ")


class Driven:
    """The engine with one instance of a diagram; it is saved and loaded after every move, as the service does it."""

    def __init__(self, diagram: Diagram) -> None:
        self.model = parse.model({"w.bpmn": gate.parse_xml(diagram.xml(), "w.bpmn")})
        self.execution = Execution.begin(self.model, "w", dict(diagram.data), _around())

    def see(self) -> Seen:
        """Save and load the instance, and tell what can be seen of it; what was thrown is told only once."""
        thrown = tuple(sorted(one.name for one in self.execution.thrown))
        if not self.execution.ended:
            self.execution = Execution.load(self.execution.dump(), self.model, _around())
        rest = self.execution.rest()
        if rest.failures:
            raise Differs(f"the engine has incidents: {[vars(one) for one in rest.failures.values()]}")
        tasks = sorted(self._label(task, one.id) for task, one in rest.tasks.items())
        waits = sorted((self._label(wait.task, wait.element), _kind(wait)) for wait in rest.waits.values())
        data = self.execution.data()
        known = tuple((name, data[name]) for name in VARIABLES)
        return Seen(tuple(tasks), tuple(waits), self.execution.ended, known, thrown)

    def _label(self, task: UUID, element: str) -> Label:
        items = [(name, value) for name, value in self.execution.data(task).items() if name.startswith("item_")]
        return element, tuple(sorted(items))

    def do(self, verb: Verb) -> None:
        """Make a move; the host's part of it (who waits for a message) is done here."""
        rest = self.execution.rest()
        match verb.kind:
            case "complete":
                assert verb.write
                found = next(task for task, one in rest.tasks.items() if self._label(task, one.id) == verb.label)
                done = self.execution.complete(found, dict([verb.write]))
            case "happen":
                wait = next(one for one in rest.waits.values() if self._label(one.task, one.element) == verb.label)
                done = (
                    self.execution.fire(wait.task, wait.element)
                    if _kind(wait) == "timer"
                    else self.execution.deliver(wait.task, {}, wait.element)
                )
            case "signal":
                self.execution.signal(verb.label[0], {})
                done = True
            case _:
                assert verb.write
                self.execution.write(dict([verb.write]))
                done = True
        assert done, "the engine refused the move"


class Walk:
    """The engine beside every marking in which the token game may be."""

    def __init__(self, diagram: Diagram, game: Game) -> None:
        self.diagram, self.game = diagram, game
        self.verbs: list[Verb] = []
        self.markings = game.begin()
        self.driven = self._guard(lambda: Driven(diagram))
        self.seen = self._compared()

    def options(self) -> list[Verb]:
        """Return what may happen next, the simplest first."""
        seen = self.seen
        if seen.ended or len(seen.tasks) + len(seen.waits) > MOST_OPEN or len(self.markings) > MOST_WORLDS:
            return []
        found = [Verb("complete", label, (VARIABLES[0], value)) for label in seen.tasks for value in (False, True)]
        found += [Verb("complete", label, (name, True)) for label in seen.tasks for name in VARIABLES[1:]]
        found += [Verb("happen", label) for label, kind in seen.waits if kind in ("timer", "message")]
        if any(kind == "signal" for _, kind in seen.waits):
            found += [Verb("signal", (name, ())) for name in SIGNALS]
        if any(kind == "conditional" for _, kind in seen.waits):
            found += [Verb("write", ("", ()), (name, not value)) for name, value in seen.data]
        return list(dict.fromkeys(found))

    def go(self, verb: Verb) -> None:
        """Make a move in both and compare."""
        self.verbs.append(verb)
        self.markings = self._expected(verb)
        self._guard(lambda: self.driven.do(verb))
        self.seen = self._compared()

    def _expected(self, verb: Verb) -> list[Marking]:
        match verb.kind:
            case "complete":
                assert verb.write
                return self.game.complete(self.markings, verb.label, verb.write)
            case "happen":
                return self.game.happen(self.markings, verb.label)
            case "signal":
                return self.game.signal(self.markings, verb.label[0])
        assert verb.write
        return self.game.write(self.markings, verb.write)

    def _compared(self) -> Seen:
        seen: Seen = self._guard(self.driven.see)
        expected = {one.seen() for one in self.markings}
        if seen not in expected:
            raise self._differs(_told(seen, expected))
        self.markings = [one for one in self.markings if one.seen() == seen]
        return seen

    def _guard(self, do: Any) -> Any:
        try:
            return do()
        except Differs as found:
            raise self._differs(str(found)) from None
        except Exception as found:  # noqa: BLE001 - whatever it is, it is told with the diagram that caused it
            where = traceback.extract_tb(found.__traceback__)[-3:]
            lines = "".join(f"\n  {Path(one.filename).name}:{one.lineno} {one.line}" for one in where)
            raise self._differs(f"{type(found).__name__}: {found}{lines}") from None

    def _differs(self, what: str) -> Differs:
        moves = "".join(f"\n  {number}. {verb}" for number, verb in enumerate(self.verbs, 1))
        return Differs(f"{what}\nvariables at first: {self.diagram.data}\nmoves:{moves}\n{self.diagram.xml().decode()}")


def _told(seen: Seen, expected: Iterable[Seen]) -> str:
    lines = [f"the engine:   {_line(seen)}"]
    lines += [f"the standard: {_line(one)}" for one in sorted(expected, key=repr)[:6]]
    return "\n".join(lines)


def _line(seen: Seen) -> str:
    tasks = [_named(label) for label in seen.tasks]
    waits = [f"{kind} {_named(label)}" for label, kind in seen.waits]
    state = "ended" if seen.ended else "open"
    told = ", ".join(f"{name}={value}" for name, value in seen.data)
    return f"{state}; tasks {tasks}; waits {waits}; {told}; thrown {list(seen.thrown)}"


def _named(label: Label) -> str:
    return label[0] + "".join(f"[{number}]" for _, number in label[1])


def _kind(wait: Any) -> str:
    if wait.due is not None:
        return "timer"
    if getattr(wait, "signal", None):
        return "signal"
    return "conditional" if getattr(wait, "condition", None) else "message"


def _around() -> Surroundings:
    return Surroundings(clock.now(), CALENDAR, {}, lambda _name, given: given)
