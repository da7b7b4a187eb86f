"""The engine as the desk drives it: tasks completed, sent back and taken back, seats added and removed, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from engine import moves, ways
from engine.bpmn import gate, parse, returns, survey
from engine.bpmn.causes import Past, several
from engine.bpmn.execution import Execution
from engine.bpmn.parse import Model
from engine.errors import OperationRefused
from engine.moves import Ground, Way
from tests.walks.diagrams import Diagram
from tests.walks.walk import _around as around


@dataclass(frozen=True)
class Desk:
    """A case as the database would hold it: its envelope, and its history."""

    model: Model
    envelope: bytes
    past: tuple[Past, ...]
    ended: bool = False

    @classmethod
    def begin(cls, diagram: Diagram) -> "Desk":
        model = parse.model({"w.bpmn": gate.parse_xml(diagram.xml(), "w.bpmn")})
        return cls(model, b"", ())._kept(Execution.begin(model, "w", dict(diagram.data), around()))

    @property
    def ground(self) -> Ground:
        """Return the case loaded, with no database behind it: it would be asked only of tokens of unknown origin."""
        session: Any = None
        return Ground(session, UUID(int=1), self.model, self.execution, list(self.past))

    @property
    def execution(self) -> Execution:
        return Execution.load(self.envelope, self.model, around())

    @property
    def open(self) -> list[str]:
        """Return the open tasks, as often as they are open."""
        return [] if self.ended else sorted(one.id for one in self.execution.rest().tasks.values())

    @property
    def waiting(self) -> int:
        """Return how many tokens wait at a join."""
        return 0 if self.ended else sum(one.kind == "join" for one in survey.tokens(self.execution))

    def task(self, name: str) -> UUID:
        return next(task for task, one in self.execution.rest().tasks.items() if one.id == name)

    def last(self, name: str) -> Past:
        """Return the last time that somebody did a task; where several do it, that is the seat of one of them."""
        rows = [row for row in self.past if row.element == name]
        return next((row for row in reversed(rows) if several(row)), rows[-1])

    def complete(self, name: str, p: bool | None) -> "Desk":
        answers = {} if p is None else {"p": p}
        return self._moved(lambda one: one.complete(self.task(name), answers))

    def grow(self, name: str) -> "Desk":
        return self._moved(lambda one: one.grow(self.task(name), 9))

    def shrink(self, name: str) -> "Desk":
        return self._moved(lambda one: one.shrink(self.task(name)))

    def steps(self, name: str) -> dict[str, int]:
        """Return where an open task may be sent back to: the tasks, and the steps of the history."""
        ground = self.ground
        rows = ways.earlier(ground, self.task(name))
        return {row.element: row.step for row in rows if ways.free(ground, row) is not None}

    def send_back(self, name: str, to: str) -> "Desk":
        ground = self.ground
        return self._returned(ground, ways.chosen(ground, self.task(name), self.steps(name)[to]))

    def withdraw(self, name: str) -> "Desk | None":
        """Take an answer back; None when it is refused."""
        ground = self.ground
        try:
            way = ways.own(ground, self.last(name).task)
            ways.gone_on(ground, way)
        except OperationRefused:
            return None
        return self._returned(ground, way)

    def _returned(self, ground: Ground, way: Way) -> "Desk":
        execution = ground.execution

        def go_back(*where: Any) -> UUID:
            return returns.go_back(execution, *where)

        running: Any = SimpleNamespace(
            execution=execution, programme=SimpleNamespace(model=self.model), go_back=go_back
        )
        moves.take_up(running, way, None)
        return self._kept(execution)

    def _moved(self, move: Callable[[Execution], bool]) -> "Desk":
        execution = self.execution
        assert move(execution), "the engine refused the move"
        return self._kept(execution)

    def _kept(self, execution: Execution) -> "Desk":
        """Save the case as the service does it."""
        rest = execution.rest()
        assert not rest.failures, f"the engine has incidents: {rest.failures}"
        number, version = len(self.past), self.past[-1].version or 0 if self.past else 0
        done = tuple(
            Past(number + index, one.task, one.process, one.element, one.scope, one.origins, version + 1)
            for index, one in enumerate(execution.steps)
        )
        return replace(self, envelope=execution.dump(), past=(*self.past, *done), ended=execution.ended)
