"""Overlaps and gaps of decision tables, found before any data can fall into them.

Cells that compare with constants split a column into classes of values between which nothing changes; one sample of
each class stands for all of it. Columns with cells that depend on other data cannot be judged this way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal as Number
from itertools import pairwise
from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions.table import LISTS, Decision, HitPolicy, Input
from engine.domain.feel import analysis
from engine.errors import ExpressionFailed

MOST_FINDINGS: Final = 5
_MOST_VISITS: Final = 20_000
_GATHERING: Final = LISTS | {
    HitPolicy.COLLECT_SUM, HitPolicy.COLLECT_MIN, HitPolicy.COLLECT_MAX, HitPolicy.COLLECT_COUNT
}  # fmt: skip
_OTHER: Final = "\N{HORIZONTAL ELLIPSIS}"
_TYPES: Final[dict[str, list[Any]]] = {"boolean": [True, False], "string": [_OTHER], "number": [0]}


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a table; `severity` is error or warning, `element` the rule or the decision it is found in."""

    rule: str
    severity: str
    text_zh: str
    text_en: str
    element: str


@dataclass(frozen=True, slots=True)
class _Class:
    """Values of one column that no rule tells apart: one of them, and the rules it passes as bits."""

    sample: Any
    rules: int


def check(decision: Decision) -> list[Finding]:
    """Return overlaps of UNIQUE and ANY tables, combinations no rule answers, and answers outside their list."""
    found = list(_foreign_answers(decision))
    columns = [_classes(decision, place) for place in range(len(decision.inputs))]
    if not decision.rules or not columns:
        return found
    if decision.policy in (HitPolicy.UNIQUE, HitPolicy.ANY):
        found += _overlaps(decision, columns)
    known = [column for column in columns if column is not None]
    has_default = any(output.default is not None for output in decision.outputs)
    if len(known) == len(columns) and decision.policy not in _GATHERING and not has_default:
        found += _gaps(decision, known)
    return found


def _foreign_answers(decision: Decision) -> Iterator[Finding]:
    for number, rule in enumerate(decision.rules, 1):
        for output, cell in zip(decision.outputs, rule.outputs, strict=True):
            if cell is None or not output.allowed or cell.names or cell.calls:
                continue
            answer = _quietly(cell, None)
            if answer is not None and answer not in output.allowed:
                yield Finding(
                    "decision-answer",
                    "error",
                    f"决策“{decision.name}”第 {number} 条规则的“{output.name}”不在允许的取值之中：{cell.source}",
                    f"rule {number} of {decision.id} answers {cell.source} where {output.name} does not allow it",
                    rule.element,
                )


def _quietly(cell: feel.Expression, value: Any) -> Any:
    try:
        return feel.to_json(cell.evaluate({"?": value})) if value is None else cell.evaluate({"?": value})
    except ExpressionFailed:
        return None


def _classes(decision: Decision, place: int) -> list[_Class] | None:
    """Return the classes of one column, None when they depend on other data."""
    cells = [rule.inputs[place] for rule in decision.rules]
    samples = _samples(decision.inputs[place], [cell.source for cell in cells if cell is not None])
    if samples is None:
        return None
    classes: dict[int, _Class] = {}
    for sample in samples:
        bits = 0
        for number, cell in enumerate(cells):
            if cell is None or _passes(cell, sample):
                bits |= 1 << number
        classes.setdefault(bits, _Class(sample, bits))
    return list(classes.values())


def _passes(cell: feel.Expression, sample: Any) -> bool:
    try:
        return cell.evaluate({"?": sample}) is True
    except ExpressionFailed:
        return False


def _samples(column: Input, sources: list[str]) -> list[Any] | None:
    limits: list[Any] = []
    allowed = [] if column.allowed is None else [column.allowed.source]
    for source in dict.fromkeys(sources + allowed):
        found = analysis.boundaries(source)
        if found is None:
            return None
        limits += found
    samples = _around(column, limits)
    if column.allowed is not None:
        samples = [sample for sample in samples if _passes(column.allowed, sample)]
    return samples or [_OTHER]


def _around(column: Input, limits: list[Any]) -> list[Any]:
    samples: list[Any] = [None] if None in limits else []
    if any(isinstance(limit, bool) for limit in limits):
        samples += [True, False]
    texts = list(dict.fromkeys(limit for limit in limits if isinstance(limit, str)))
    samples += [*texts, *([f"{max(texts)}{_OTHER}", ""] if texts else [])]
    numbers = sorted({limit for limit in limits if isinstance(limit, int | Number) and not isinstance(limit, bool)})
    samples += _between_numbers(column, numbers)
    for limit in limits:
        if isinstance(limit, date):
            step = timedelta(seconds=1) if isinstance(limit, datetime) else timedelta(days=1)
            samples += [limit - step, limit, limit + step]
        elif isinstance(limit, feel.Duration):
            samples.append(limit)
    return samples + _TYPES.get(column.type, [])


def _between_numbers(column: Input, numbers: list[Any]) -> list[Any]:
    if not numbers:
        return []
    samples = [numbers[0] - 1, *numbers, numbers[-1] + 1]
    if column.type in ("integer", "long"):
        return samples + [number + 1 for number in numbers]
    return samples + [(Number(low) + Number(high)) / 2 for low, high in pairwise(numbers)]


def _overlaps(decision: Decision, columns: list[list[_Class] | None]) -> list[Finding]:
    if any(column is None for column in columns):
        return []
    found: list[Finding] = []
    for number, rule in enumerate(decision.rules):
        others = (1 << len(decision.rules)) - (2 << number)
        for column in columns:
            others &= _together(column or [], number)
        for other in _numbers(others):
            if decision.policy is HitPolicy.ANY and _same_answers(decision, number, other):
                continue
            found.append(_overlap(decision, rule.element, number + 1, other + 1))
            if len(found) == MOST_FINDINGS:
                return found
    return found


def _together(column: list[_Class], number: int) -> int:
    """Return the rules that share a class of this column with rule `number`."""
    shared = 0
    for each in column:
        if each.rules >> number & 1:
            shared |= each.rules
    return shared


def _numbers(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits -= lowest


def _same_answers(decision: Decision, first: int, second: int) -> bool:
    answers = [[cell and cell.source for cell in decision.rules[number].outputs] for number in (first, second)]
    return answers[0] == answers[1]


def _overlap(decision: Decision, element: str, first: int, second: int) -> Finding:
    return Finding(
        "decision-overlap",
        "error",
        f"决策“{decision.name}”的第 {first} 条与第 {second} 条规则会同时成立",
        f"rules {first} and {second} of {decision.id} can match at once",
        element,
    )


def _gaps(decision: Decision, columns: list[list[_Class]]) -> list[Finding]:
    walker = _Gaps(columns)
    walker.search(0, (1 << len(decision.rules)) - 1, ())
    return [_gap(decision, point) for point in walker.found]


class _Gaps:
    """Goes through the combinations of classes; what led nowhere once is not gone through again."""

    def __init__(self, columns: list[list[_Class]]) -> None:
        self.columns = columns
        self.found: list[tuple[Any, ...]] = []
        self._whole: set[tuple[int, int]] = set()
        self._visits = 0

    def search(self, place: int, rules: int, point: tuple[Any, ...]) -> None:
        """Add the combinations that begin with `point` and match none of `rules`."""
        self._visits += 1
        if not rules:
            self.found.append(point)
        if not rules or place == len(self.columns) or (place, rules) in self._whole:
            return
        before = len(self.found)
        for each in self.columns[place]:
            if len(self.found) >= MOST_FINDINGS or self._visits > _MOST_VISITS:
                return
            self.search(place + 1, rules & each.rules, (*point, each.sample))
        if len(self.found) == before:
            self._whole.add((place, rules))


def _gap(decision: Decision, point: tuple[Any, ...]) -> Finding:
    zh = "，".join(f"{c.label} = {_shown(s, '其他值')}" for c, s in zip(decision.inputs, point, strict=False))
    en = ", ".join(f"{c.label} = {_shown(s, 'anything else')}" for c, s in zip(decision.inputs, point, strict=False))
    return Finding(
        "decision-gap",
        "warning",
        f"决策“{decision.name}”没有规则回答：{zh}",
        f"no rule of {decision.id} answers {en}",
        decision.id,
    )


def _shown(sample: Any, other: str) -> str:
    if isinstance(sample, str) and sample.endswith(_OTHER):
        return other
    return f"“{sample}”" if isinstance(sample, str) else str(feel.to_json(sample))
