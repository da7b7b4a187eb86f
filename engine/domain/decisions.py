"""Decision tables of DMN 1.3 chapter 8: parsed once, every cell compiled, all hit policies, overlaps and gaps told."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from engine.domain import feel
from engine.errors import DecisionFailed, ExpressionFailed, ExpressionRefused

POLICIES = {
    "UNIQUE": "U",
    "ANY": "A",
    "PRIORITY": "P",
    "FIRST": "F",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
    "COLLECT": "C",
}
AGGREGATIONS = {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}
MOST_RULES = 1_000
MOST_SAMPLES = 20_000
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|\btrue\b|\bfalse\b')

Finding = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """A row: one compiled test a column (None: any), one compiled value an output."""

    id: str
    tests: tuple[feel.Expression | None, ...]
    values: tuple[feel.Expression, ...]


@dataclass(frozen=True)
class Output:
    """An output column: its name, its values in order of priority, and what holds when no rule matches."""

    name: str
    order: tuple[Any, ...] = ()
    default: feel.Expression | None = None


@dataclass(frozen=True)
class Decision:
    """A decision table ready to be asked; `policy` is one of U A P F R O C C+ C< C> C#."""

    id: str
    name: str
    policy: str
    inputs: tuple[feel.Expression, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """Return the answer as plain JSON: a value, a context of several outputs, or a list of them.

        Raise DecisionFailed when the hit policy is broken or a cell cannot be evaluated with this data.
        """
        matches = self._matches(context)
        if not matches and self.policy[0] not in "RO" and self.policy != "C":
            return 0 if self.policy == "C#" else self._default(context)
        answers = [self._answer(rule, context) for rule in matches]
        return self._resolved(answers)

    def _matches(self, context: Mapping[str, Any]) -> list[Rule]:
        try:
            given = [expression.evaluate(context) for expression in self.inputs]
            found = (rule for rule in self.rules if self._holds(rule, given, context))
            return list(itertools.islice(found, 1)) if self.policy == "F" else list(found)
        except ExpressionFailed as fault:
            raise DecisionFailed(decision=self.id, reason=str(fault)) from fault

    @staticmethod
    def _holds(rule: Rule, given: Sequence[Any], context: Mapping[str, Any]) -> bool:
        return all(
            test is None or test.evaluate({**context, "?": value}) is True
            for test, value in zip(rule.tests, given, strict=True)
        )

    def _answer(self, rule: Rule, context: Mapping[str, Any]) -> Any:
        try:
            values = [feel.to_json(value.evaluate(context)) for value in rule.values]
        except ExpressionFailed as fault:
            raise DecisionFailed(decision=self.id, rule=rule.id, reason=str(fault)) from fault
        return self._shaped(values)

    def _default(self, context: Mapping[str, Any]) -> Any:
        values = [feel.to_json(output.default.evaluate(context)) if output.default else None for output in self.outputs]
        return None if all(value is None for value in values) else self._shaped(values)

    def _shaped(self, values: list[Any]) -> Any:
        if len(self.outputs) == 1:
            return values[0]
        return {output.name: value for output, value in zip(self.outputs, values, strict=True)}

    def _resolved(self, answers: list[Any]) -> Any:
        if self.policy == "U" and len(answers) > 1:
            raise DecisionFailed(decision=self.id, reason="several rules match a UNIQUE table")
        if self.policy == "A" and any(answer != answers[0] for answer in answers):
            raise DecisionFailed(decision=self.id, reason="the matching rules of an ANY table differ")
        if self.policy in {"U", "A", "F"}:
            return answers[0]
        if self.policy in {"P", "O"}:
            ordered = sorted(answers, key=self._priority)
            return ordered[0] if self.policy == "P" else ordered
        return answers if self.policy in {"R", "C"} else self._aggregated(answers)

    def _priority(self, answer: Any) -> tuple[int, ...]:
        values = [answer] if len(self.outputs) == 1 else list(answer.values())
        return tuple(
            output.order.index(value) if value in output.order else len(output.order)
            for output, value in zip(self.outputs, values, strict=True)
        )

    def _aggregated(self, answers: list[Any]) -> Any:
        if self.policy == "C#":
            return len(answers)
        if not all(isinstance(answer, int | float) and not isinstance(answer, bool) for answer in answers):
            raise DecisionFailed(decision=self.id, reason="only numbers can be aggregated")
        if self.policy == "C+":
            total = sum((Decimal(str(answer)) for answer in answers), Decimal())
            return feel.to_json(total)
        return min(answers) if self.policy == "C<" else max(answers)


def parse(root: etree._Element) -> dict[str, Decision]:
    """Return the decision tables of a DMN file by the ids of their decisions.

    Raise ExpressionRefused naming decision, rule and column of the first cell that is not FEEL, or what is not a table.
    """
    found = {}
    for node in root:
        if not isinstance(node.tag, str) or _local(node) != "decision":
            continue
        table = next((child for child in node if _local(child) == "decisionTable"), None)
        if table is None:
            raise ExpressionRefused(decision=node.get("id"), expected="a decision table")
        found[node.get("id", "")] = _decision(node, table)
    return found


def check(decision: Decision) -> list[Finding]:
    """Return overlaps of a table that allows one match, and gaps of one without default, told by an example.

    Samples every value the cells name, the midpoints between numbers, and something else beside texts.
    """
    columns = [list(_samples(decision, place)) for place in range(len(decision.inputs))]
    size = 1
    for column in columns:
        size *= len(column)
    if not columns or size > MOST_SAMPLES or any(_reads_more(rule) for rule in decision.rules):
        return []
    found: dict[str, Finding] = {}
    for example in itertools.product(*columns):
        hits = [rule.id for rule in decision.rules if decision._holds(rule, example, {})]  # noqa: SLF001 - its own table
        if len(hits) > 1 and decision.policy == "U":
            found.setdefault(
                f"overlap {hits}",
                _finding(
                    decision,
                    "overlap",
                    f"规则 {'、'.join(hits)} 同时匹配 {example}",
                    f"rules {hits} both match {example}",
                ),
            )
        if not hits and decision.policy in {"U", "A", "P", "F"} and not any(o.default for o in decision.outputs):
            found.setdefault("gap", _finding(decision, "gap", f"没有规则匹配 {example}", f"no rule matches {example}"))
    return list(found.values())


def _decision(node: etree._Element, table: etree._Element) -> Decision:
    key = node.get("id", "")
    policy = POLICIES.get(table.get("hitPolicy", "UNIQUE"))
    if policy is None:
        raise ExpressionRefused(decision=key, expected="a hit policy of DMN 1.3")
    policy += AGGREGATIONS.get(table.get("aggregation", ""), "") if policy == "C" else ""
    inputs = [one for one in table if _local(one) == "input"]
    outputs = [one for one in table if _local(one) == "output"]
    rules = [one for one in table if _local(one) == "rule"]
    if not outputs or len(rules) > MOST_RULES:
        raise ExpressionRefused(decision=key, expected=f"an output and at most {MOST_RULES} rules")
    return Decision(
        id=key,
        name=str(node.get("name") or key),
        policy=policy,
        inputs=tuple(_cell(_text(one, "inputExpression"), f"{key}, input {n}") for n, one in enumerate(inputs, 1)),
        outputs=tuple(_output(one, f"{key}, output {n}") for n, one in enumerate(outputs, 1)),
        rules=tuple(_rule(key, n, one, (len(inputs), len(outputs))) for n, one in enumerate(rules, 1)),
    )


def _output(node: etree._Element, place: str) -> Output:
    listed = _text(node, "outputValues")
    order = feel.compile(f"[{listed}]").evaluate({}) if listed else []
    default = _text(node, "defaultOutputEntry")
    return Output(str(node.get("name") or ""), tuple(order), _cell(default, place) if default else None)


def _rule(key: str, number: int, node: etree._Element, shape: tuple[int, int]) -> Rule:
    tests = [_whole_text(one) for one in node if _local(one) == "inputEntry"]
    values = [_whole_text(one) for one in node if _local(one) == "outputEntry"]
    if (len(tests), len(values)) != shape:
        raise ExpressionRefused(decision=key, rule=number, expected=f"{shape[0]} inputs and {shape[1]} outputs")
    place = f"{key}, rule {number}, column"
    return Rule(
        id=node.get("id") or str(number),
        tests=tuple(
            None if text in {"", "-"} else _cell(text, f"{place} {n}", unary=True) for n, text in enumerate(tests, 1)
        ),
        values=tuple(_cell(text or "null", f"{place} {n}") for n, text in enumerate(values, shape[0] + 1)),
    )


def _cell(source: str, place: str, *, unary: bool = False) -> feel.Expression:
    try:
        return feel.compile(source, unary=unary)
    except ExpressionRefused as fault:
        raise ExpressionRefused(**{**fault.facts, "place": place}) from fault


def _samples(decision: Decision, place: int) -> Iterator[Any]:
    texts = [rule.tests[place].source for rule in decision.rules if rule.tests[place] is not None]  # type: ignore[union-attr]
    literals = {found for text in texts for found in LITERAL.findall(text)}
    numbers = sorted({Decimal(one) for one in literals if one[0].isdigit()})
    if numbers:
        yield from numbers
        yield from ((low + high) / 2 for low, high in itertools.pairwise(numbers))
        yield from (numbers[0] - 1, numbers[-1] + 1)
    elif literals & {"true", "false"}:
        yield from (True, False)
    else:
        yield from sorted(one[1:-1] for one in literals)


def _reads_more(rule: Rule) -> bool:
    return any(test is not None and test.names - {"?"} for test in rule.tests)


def _finding(decision: Decision, rule: str, zh: str, en: str) -> Finding:
    return {
        "element": decision.id,
        "name": decision.name,
        "rule": f"decision-{rule}",
        "severity": "warning",
        "text": {"zh": zh, "en": en},
    }


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _text(node: etree._Element, child: str) -> str:
    found = next((one for one in node if _local(one) == child), None)
    return "" if found is None else _whole_text(found)


def _whole_text(node: etree._Element) -> str:
    return "".join(str(part) for part in node.itertext()).strip()
