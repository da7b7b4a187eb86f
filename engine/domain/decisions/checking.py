"""Overlaps and gaps of decision tables, found before any data can fall into them."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions.columns import members
from engine.domain.decisions.findings import Finding
from engine.domain.decisions.graph import Decision
from engine.domain.decisions.policies import AGGREGATES, LISTS, HitPolicy
from engine.domain.decisions.regions import Point, Region, shown
from engine.domain.decisions.table import Constant, Table
from engine.errors import ExpressionFailed

MOST_FINDINGS: Final = 5
_MOST_VISITS: Final = 40_000
_FEW: Final = 48
_GATHERING: Final = LISTS | AGGREGATES.keys()


def check(decision: Decision) -> list[Finding]:
    """Return overlaps of UNIQUE and ANY tables, combinations no rule answers, and cells that no value can meet."""
    found: list[Finding] = []
    for table in decision.tables:
        found += _check(decision.name, table)
    return found


def _check(name: str, table: Table) -> list[Finding]:
    found = [*_foreign_answers(name, table), *_foreign_cells(name, table)]
    if not table.rules or not table.inputs:
        return found
    regions = [Region(column, [rule.inputs[at] for rule in table.rules]) for at, column in enumerate(table.inputs)]
    if table.policy in (HitPolicy.UNIQUE, HitPolicy.ANY):
        found += _overlaps(name, table, regions)
    has_default = any(output.default is not None for output in table.outputs)
    if table.policy not in _GATHERING and not has_default:
        found += _gaps(name, table, regions)
    return found


def _foreign_answers(name: str, table: Table) -> Iterator[Finding]:
    for number, rule in enumerate(table.rules, 1):
        for output, cell in zip(table.outputs, rule.outputs, strict=True):
            answer = _constant(cell)
            if answer is None or not output.allowed or answer in output.allowed:
                continue
            source = getattr(cell, "source", "")
            yield Finding(
                "decision-answer",
                "error",
                f"决策“{name}”第 {number} 条规则的“{output.name}”不在允许的取值之中：{source}",
                f"rule {number} of {table.owner} answers {source} where {output.name} does not allow it",
                rule.element,
            )


def _constant(cell: Constant | feel.Expression | None) -> Any:
    """Return the answer of a cell that needs no data, as plain JSON; None when there is none."""
    if cell is None or isinstance(cell, Constant):
        return None if cell is None else cell.value
    if cell.names or cell.calls:
        return None
    try:
        return feel.to_json(cell.evaluate({}))
    except ExpressionFailed:
        return None


def _foreign_cells(name: str, table: Table) -> Iterator[Finding]:
    """Tell cells that compare with constants of another type than the column's: no value can meet them."""
    told = 0
    for number, rule in enumerate(table.rules, 1):
        for column, cell in zip(table.inputs, rule.inputs, strict=True):
            if cell is None or cell.shape is None or column.type is None or column.type.kind in ("Any", "list"):
                continue
            strangers = cell.shape.kinds - {column.type.kind, "null"}
            if not strangers or told == MOST_FINDINGS:
                continue
            told += 1
            yield Finding(
                "decision-type",
                "warning",
                f"决策“{name}”第 {number} 条规则的“{column.label}”与类型 {column.type.shown} 不符：{cell.source}",
                f"rule {number} of {table.owner} tests {column.label}, a {column.type.shown}, with {cell.source}",
                rule.element,
            )


def _overlaps(name: str, table: Table, regions: list[Region]) -> list[Finding]:
    found: list[Finding] = []
    later = (1 << len(table.rules)) - 1
    for number, rule in enumerate(table.rules):
        later &= ~(1 << number)
        others = later
        for region, cell in zip(regions, rule.inputs, strict=True):
            others &= region.meeting(cell) if others else 0
        for other in members(others):
            if table.policy is HitPolicy.ANY and _same_answers(table, number, other):
                continue
            found.append(_overlap(name, table, number, other))
            if len(found) == MOST_FINDINGS:
                return found
    return found


def _same_answers(table: Table, first: int, second: int) -> bool:
    answers = [[cell and cell.source for cell in table.rules[number].outputs] for number in (first, second)]
    return answers[0] == answers[1]


def _overlap(name: str, table: Table, first: int, second: int) -> Finding:
    return Finding(
        "decision-overlap",
        "error",
        f"决策“{name}”的第 {first + 1} 条与第 {second + 1} 条规则会同时成立",
        f"rules {first + 1} and {second + 1} of {table.owner} can match at once",
        table.rules[first].element,
    )


def _gaps(name: str, table: Table, regions: list[Region]) -> list[Finding]:
    walker = _Gaps(regions)
    walker.search(0, (1 << len(table.rules)) - 1, ())
    found = [_gap(name, table, point) for point in walker.found]
    return [*found, _unfinished(name, table)] if walker.spent and not found else found


class _Gaps:
    """Goes through the combinations of places; what led nowhere once is not gone through again."""

    def __init__(self, regions: list[Region]) -> None:
        self.regions = regions
        self.found: list[tuple[Any, ...]] = []
        self.spent = False
        self._whole: set[tuple[int, bytes]] = set()
        self._visits = 0

    def search(self, at: int, rules: int, point: tuple[Any, ...]) -> None:
        """Add the combinations that begin with `point` and match none of `rules`."""
        if not rules:
            self.found.append(point)
        if not rules or at == len(self.regions):
            return
        seen = (at, _mark(rules))
        if seen in self._whole:
            return
        before = len(self.found)
        for run in self.regions[at].points(list(members(rules)) if rules.bit_count() <= _FEW else None):
            if len(self.found) >= MOST_FINDINGS or self.spent:
                return
            self._go_on(at, rules, point, run)
        if len(self.found) == before:
            self._whole.add(seen)

    def _go_on(self, at: int, rules: int, point: tuple[Any, ...], run: list[Point]) -> None:
        """Go on from the first place of a run at which a value lies."""
        for place_ in run:
            self._visits += 1
            self.spent = self._visits > _MOST_VISITS
            if self.spent:
                return
            try:
                sample = self.regions[at].sample(place_)
            except LookupError:
                continue
            self.search(at + 1, rules & self.regions[at].passed(place_), (*point, sample))
            return


def _mark(rules: int) -> bytes:
    return hashlib.blake2b(rules.to_bytes(rules.bit_length() // 8 + 1), digest_size=16).digest()


def _gap(name: str, table: Table, point: tuple[Any, ...]) -> Finding:
    zh = "，".join(f"{c.label} = {shown(s, '其他值')}" for c, s in zip(table.inputs, point, strict=False))
    en = ", ".join(f"{c.label} = {shown(s, 'anything else')}" for c, s in zip(table.inputs, point, strict=False))
    return Finding(
        "decision-gap",
        "warning",
        f"决策“{name}”没有规则回答：{zh}",
        f"no rule of {table.owner} answers {en}",
        table.owner,
    )


def _unfinished(name: str, table: Table) -> Finding:
    return Finding(
        "decision-unchecked",
        "warning",
        f"决策“{name}”的条件组合太多，只查了一部分，没有发现漏洞",
        f"the conditions of {table.owner} combine in too many ways; those that were tried have no gap",
        table.owner,
    )
