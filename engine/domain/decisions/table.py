"""A decision table and its answer under every hit policy of DMN 1.3 (chapter 8.2.8)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from engine.domain import feel
from engine.errors import DecisionFailed, ExpressionFailed

Functions = Mapping[str, Callable[..., Any]]


class HitPolicy(Enum):
    """Which of the rules that match give the answer (DMN 1.3 chapter 8.2.8); the value is the letter owners see."""

    UNIQUE = "U"
    ANY = "A"
    PRIORITY = "P"
    FIRST = "F"
    RULE_ORDER = "R"
    OUTPUT_ORDER = "O"
    COLLECT = "C"
    COLLECT_SUM = "C+"
    COLLECT_MIN = "C<"
    COLLECT_MAX = "C>"
    COLLECT_COUNT = "C#"


LISTS: Final = frozenset({HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER, HitPolicy.COLLECT})
RANKED: Final = frozenset({HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER})
AGGREGATES: Final = {
    HitPolicy.COLLECT_SUM: feel.compile("sum(values)"),
    HitPolicy.COLLECT_MIN: feel.compile("min(values)"),
    HitPolicy.COLLECT_MAX: feel.compile("max(values)"),
    HitPolicy.COLLECT_COUNT: feel.compile("count(values)"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions; `allowed` is the unary test every value should pass, if the owner gave one."""

    label: str
    expression: feel.Expression
    type: str
    allowed: feel.Expression | None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers; `allowed` lists its values from the highest priority down."""

    name: str
    allowed: tuple[Any, ...]
    default: feel.Expression | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: a cell for every input (None lets anything pass) and an answer for every output (None is null)."""

    element: str
    inputs: tuple[feel.Expression | None, ...]
    outputs: tuple[feel.Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision: a table with its hit policy; a single expression is a table of one rule without conditions."""

    id: str
    name: str
    policy: HitPolicy
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    def evaluate(self, context: Mapping[str, Any], functions: Functions | None = None) -> Any:
        """Return the answer as plain JSON: a value for one output, a context for several, a list where the policy asks.

        Where no rule matches it is the default output if there is one, else null, an empty list or a count of 0.
        Raise DecisionFailed with the facts decision, reason and, where known, rule (from 1) and column.
        """
        rows = list(self._matching(context, functions))
        if self.policy is HitPolicy.UNIQUE and len(rows) > 1:
            numbers = [number for number, _ in rows]
            raise DecisionFailed(decision=self.id, reason="several rules of a UNIQUE table match", rules=numbers)
        if not rows:
            return self._without_rule(context, functions)
        answers = [self._answer(number, rule.outputs, context, functions) for number, rule in rows]
        return self._choose(answers)

    def _matching(self, context: Mapping[str, Any], functions: Functions | None) -> Iterator[tuple[int, Rule]]:
        tested = [
            {**context, "?": self._work(0, column.label, column.expression, context, functions)}
            for column in self.inputs
        ]
        for number, rule in enumerate(self.rules, 1):
            cells = zip(self.inputs, rule.inputs, tested, strict=True)
            if all(
                cell is None or self._work(number, column.label, cell, given, functions) is True
                for column, cell, given in cells
            ):
                yield number, rule
                if self.policy is HitPolicy.FIRST:
                    return

    def _work(
        self, rule: int, column: str, cell: feel.Expression, context: Mapping[str, Any], functions: Functions | None
    ) -> Any:
        try:
            return cell.evaluate(context, functions)
        except ExpressionFailed as failure:
            facts = {"decision": self.id, "rule": rule, "column": column} | failure.facts
            raise DecisionFailed(**facts) from failure

    def _answer(
        self,
        rule: int,
        cells: Sequence[feel.Expression | None],
        context: Mapping[str, Any],
        functions: Functions | None,
    ) -> tuple[Any, ...]:
        return tuple(
            None if cell is None else plain(self.id, self._work(rule, output.name, cell, context, functions))
            for output, cell in zip(self.outputs, cells, strict=True)
        )

    def _without_rule(self, context: Mapping[str, Any], functions: Functions | None) -> Any:
        defaults = [output.default for output in self.outputs]
        if any(default is not None for default in defaults):
            answer = self._shaped(self._answer(0, defaults, context, functions))
            return [answer] if self.policy in LISTS else answer
        if self.policy in LISTS:
            return []
        return 0 if self.policy is HitPolicy.COLLECT_COUNT else None

    def _choose(self, answers: list[tuple[Any, ...]]) -> Any:
        if self.policy is HitPolicy.ANY and any(answer != answers[0] for answer in answers):
            raise DecisionFailed(decision=self.id, reason="rules of an ANY table match with different answers")
        if self.policy in RANKED:
            answers = sorted(answers, key=self._rank)
        if self.policy in LISTS:
            return [self._shaped(answer) for answer in answers]
        if self.policy in AGGREGATES:
            return self._aggregate([answer[0] for answer in answers])
        return self._shaped(answers[0])

    def _aggregate(self, values: list[Any]) -> Any:
        try:
            found = AGGREGATES[self.policy].evaluate({"values": values})
        except ExpressionFailed as failure:
            raise DecisionFailed(decision=self.id, reason=failure.facts["reason"]) from failure
        if found is None:
            raise DecisionFailed(decision=self.id, reason=f"{self.policy.name} cannot reckon with these answers")
        return plain(self.id, found)

    def _rank(self, answer: tuple[Any, ...]) -> list[int]:
        return [
            output.allowed.index(value) if value in output.allowed else len(output.allowed)
            for output, value in zip(self.outputs, answer, strict=True)
        ]

    def _shaped(self, answer: tuple[Any, ...]) -> Any:
        if len(answer) == 1:
            return answer[0]
        return {output.name: value for output, value in zip(self.outputs, answer, strict=True)}


def plain(decision: str, value: Any) -> Any:
    """Return `value` as plain JSON; raise DecisionFailed when it cannot be that."""
    try:
        return feel.to_json(value)
    except ExpressionFailed as failure:
        raise DecisionFailed(decision=decision, reason=failure.facts["reason"]) from failure
