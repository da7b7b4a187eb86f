"""A decision table and its answer under every hit policy of DMN 1.3 (chapter 8)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.domain import feel
from engine.domain.decisions import policies
from engine.domain.decisions.columns import Cell, Column, members
from engine.domain.decisions.kinds import received
from engine.domain.decisions.policies import AGGREGATES, LISTS, RANKED, HitPolicy
from engine.domain.decisions.run import Entry, Run, placed, refuse_forbidden, shown
from engine.domain.feel.scope import Scope
from engine.domain.feel.types import Type
from engine.errors import DecisionFailed, ExpressionFailed


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions; `allowed` is the unary test every value must pass, if the owner gave one.

    `whole` says that nothing lies between a number and the next.
    """

    element: str
    label: str
    expression: feel.Expression
    type: Type | None
    allowed: Cell | None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """An answer written out."""

    value: Any
    source: str

    def work(self, _scope: Scope) -> Any:
        """Return the answer."""
        return self.value


Answering = Constant | feel.Expression


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers; `allowed` lists its values, as plain JSON, from the highest priority down."""

    name: str
    type: Type | None
    allowed: tuple[Any, ...]
    default: Answering | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: a cell for every input (None lets anything pass) and an answer for every output (None is null)."""

    element: str
    inputs: tuple[Cell | None, ...]
    outputs: tuple[Answering | None, ...]
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A decision table with its hit policy; `owner` is the decision or the knowledge it belongs to.

    `columns` are the conditions of the rules sorted when the table is read, so that the first decision is no slower.
    """

    owner: str
    element: str
    policy: HitPolicy
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    columns: tuple[Column, ...]
    annotations: tuple[str, ...] = ()

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the answer: a value for one output, a context for several, a list where the policy asks.

        Where no rule matches it is the default output if there is one, else null, an empty list or a count of 0.
        Raise DecisionFailed with the facts decision, reason and, where known, rule (from 1), column and expected.
        """
        with placed(decision=self.owner):
            values = [self._value(column, scope, run) for column in self.inputs]
            found = list(self._matching(values, scope))
            policies.several(self.policy, [number + 1 for number in found])
            answers = [self._answer(number + 1, self.rules[number].outputs, scope, run) for number in found]
            value = self._choose(answers, run) if answers else self._without_rule(scope, run)
        if run.tables is not None:
            run.tables.append(self._told(values, list(zip(found, answers, strict=True)), value))
        return value

    def _value(self, column: Input, scope: Scope, run: Run) -> Any:
        with placed(rule=0, column=column.label):
            value = column.expression.work(scope)
            if column.type is not None:
                value = received(column.type, value)
                refuse_forbidden(run.meter, column.type, value)
            if value is not None and column.allowed is not None and not self._is_allowed(column.allowed, value, scope):
                expected = column.allowed.source
                raise DecisionFailed(reason="a value is not allowed", value=shown(value), expected=expected)
        return value

    def _is_allowed(self, allowed: Cell, value: Any, scope: Scope) -> bool:
        return allowed.expression.work(scope.within({"?": value})) is True

    def _matching(self, values: Sequence[Any], scope: Scope) -> Iterator[int]:
        """Yield the numbers (from 0) of the rules that match, in order."""
        candidates = (1 << len(self.rules)) - 1
        tried: list[tuple[int, int, Scope]] = []
        for place, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            passed = column.passed(value)
            open_ = ~column.anything if passed is None else column.open
            candidates &= (column.anything if passed is None else passed) | open_
            if open_:
                tried.append((place, open_, scope.within({"?": value})))
        known: dict[tuple[int, Cell], bool] = {}
        for number in members(candidates):
            if all(not open_ >> number & 1 or self._tried(known, at, number, inner) for at, open_, inner in tried):
                yield number
                if self.policy is HitPolicy.FIRST:
                    return

    def _tried(self, known: dict[tuple[int, Cell], bool], place: int, number: int, inner: Scope) -> bool:
        cell = self.rules[number].inputs[place]
        if cell is None:
            return True
        found = known.get((place, cell))
        if found is None:
            try:
                found = known[place, cell] = cell.expression.work(inner) is True
            except ExpressionFailed as failure:
                where = {"rule": number + 1, "column": self.inputs[place].label}
                raise ExpressionFailed(**(where | failure.facts)) from failure
        return found

    def _answer(self, number: int, cells: Sequence[Answering | None], scope: Scope, run: Run) -> tuple[Any, ...]:
        answer = []
        for output, cell in zip(self.outputs, cells, strict=True):
            if cell is None or type(cell) is Constant:
                answer.append(None if cell is None else cell.value)
                continue
            with placed(rule=number, column=output.name):
                value = cell.work(scope)
                if output.type is not None:
                    refuse_forbidden(run.meter, output.type, value)
                answer.append(value)
        return tuple(answer)

    def _without_rule(self, scope: Scope, run: Run) -> Any:
        defaults = [output.default for output in self.outputs]
        if any(default is not None for default in defaults):
            answer = self._shaped(self._answer(0, defaults, scope, run))
            return [answer] if self.policy in LISTS else answer
        if self.policy in LISTS:
            return []
        return 0 if self.policy is HitPolicy.COLLECT_COUNT else None

    def _choose(self, answers: list[tuple[Any, ...]], run: Run) -> Any:
        if self.policy is HitPolicy.ANY:
            policies.agree(run.meter, answers)
        if self.policy in RANKED:
            answers = policies.ranked(answers, self._rank)
        if self.policy in LISTS:
            return [self._shaped(answer) for answer in answers]
        if self.policy in AGGREGATES:
            return policies.aggregated(run.meter, self.policy, [answer[0] for answer in answers])
        return self._shaped(answers[0])

    def _rank(self, answer: tuple[Any, ...]) -> list[int]:
        pairs = [(output.allowed, shown(value)) for output, value in zip(self.outputs, answer, strict=True)]
        return [allowed.index(value) if value in allowed else len(allowed) for allowed, value in pairs]

    def _shaped(self, answer: tuple[Any, ...]) -> Any:
        if len(answer) == 1:
            return answer[0]
        return {output.name: value for output, value in zip(self.outputs, answer, strict=True)}

    def _told(self, values: Sequence[Any], fired: list[tuple[int, tuple[Any, ...]]], value: Any) -> Entry:
        """Return what a reader wants to know: the inputs, the rules that fired and why, the answer."""
        inputs = [(column.label, shown(found)) for column, found in zip(self.inputs, values, strict=True)]
        return {
            "element": self.element,
            "owner": self.owner,
            "policy": self.policy.value,
            "inputs": dict(inputs),
            "rules": [self._fired(number, inputs, answer) for number, answer in fired],
            "value": shown(value),
        }

    def _fired(self, number: int, inputs: list[tuple[str, Any]], answer: tuple[Any, ...]) -> Entry:
        rule = self.rules[number]
        why = [
            {"column": label, "value": value, "test": "-" if cell is None else cell.source}
            for (label, value), cell in zip(inputs, rule.inputs, strict=True)
        ]
        notes = zip(self.annotations, rule.annotations, strict=False)
        return {
            "rule": number + 1,
            "element": rule.element,
            "why": why,
            "answer": shown({output.name: value for output, value in zip(self.outputs, answer, strict=True)}),
            "annotations": {name: note for name, note in notes if note},
        }
