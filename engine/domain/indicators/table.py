"""Indicator sets: groups, weights, standards, gates and formulas, read from the rows of indicators.csv."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from engine.domain import feel
from engine.errors import ExpressionRefused, ModelRefused, NotFound

Row = Mapping[str, str]
Finding = dict[str, Any]

FULL_WEIGHT = Decimal(100)
COLUMNS = (
    "set", "group_code", "group_name", "code", "name", "unit", "direction", "kind", "weight", "standard_city",
    "standard_county", "cap", "is_gate", "gate_rule", "raw_inputs", "raw_names", "raw_units", "formula", "owner_dept",
    "basis",
)  # fmt: skip


class Kind(StrEnum):
    """How an indicator gets its index."""

    QUANT = "quant"  # its value against a standard value
    QUAL = "qual"  # the mean of the experts' scores
    RANK = "rank"  # its place among all units


class Level(StrEnum):
    """Which standard a unit is held to."""

    CITY = "city"  # 设区市
    COUNTY = "county"  # 县（市、区）


@dataclass(frozen=True)
class RawInput:
    """A figure that a unit reports; several indicators may use it."""

    code: str
    name: str
    unit: str


@dataclass(frozen=True)
class Indicator:
    """One indicator of a set; a formula in FEEL gives its value from the raw inputs."""

    code: str
    name: str
    group: str
    unit: str
    negative: bool
    kind: Kind
    weight: Decimal
    standards: Mapping[Level, Decimal]
    cap: Decimal
    gate: feel.Expression | None
    formula: feel.Expression | None
    raw: tuple[RawInput, ...]
    owner: str
    basis: str


@dataclass(frozen=True)
class IndicatorSet:
    """A complete indicator system: its groups in order and their indicators in order."""

    code: str
    groups: Mapping[str, str]
    indicators: tuple[Indicator, ...]

    def members(self, group: str) -> list[Indicator]:
        """Return the indicators of `group` in order."""
        return [indicator for indicator in self.indicators if indicator.group == group]

    def raw_inputs(self) -> list[RawInput]:
        """Return every figure a unit reports, once each, in the order of the indicators."""
        found = {raw.code: raw for indicator in self.indicators if indicator.formula for raw in indicator.raw}
        return list(found.values())


def read_rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of an indicators.csv; raise ModelRefused when it is no table with the columns of COLUMNS."""
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as fault:
        raise ModelRefused(
            findings=[_finding("", "unreadable", "无法读取指标表", f"cannot be read: {fault}")]
        ) from None
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing or any(None in row or None in row.values() for row in rows):
        names = ", ".join(missing) or "?"
        raise ModelRefused(findings=[_finding("", "columns", f"缺少列或列数不符：{names}", f"columns differ: {names}")])
    return rows


def codes(rows: Iterable[Row]) -> list[str]:
    """Return the codes of the sets among `rows` in order."""
    return list(dict.fromkeys(row["set"] for row in rows))


def parse(rows: Iterable[Row], code: str) -> IndicatorSet:
    """Return the set `code`; raise NotFound when there is none, ModelRefused naming every fault of its rows."""
    own = [row for row in rows if row["set"] == code]
    if not own:
        raise NotFound(indicator_set=code)
    findings: list[Finding] = []
    indicators = tuple(_indicator(row, findings) for row in own)
    findings += _whole_set(code, indicators)
    if findings:
        raise ModelRefused(findings=findings)
    return IndicatorSet(code, {row["group_code"]: row["group_name"] for row in own}, indicators)


def check(rows: Iterable[Row]) -> list[Finding]:
    """Return the faults of every set among `rows`; empty when all may be deployed."""
    known, findings = list(rows), []
    for code in codes(known):
        try:
            parse(known, code)
        except ModelRefused as refused:
            findings += refused.facts["findings"]
    return findings


def _indicator(row: Row, findings: list[Finding]) -> Indicator:
    code = row["code"]
    cell = _Cells(row, findings)
    kind = cell.one_of("kind", Kind, Kind.QUANT)
    standards = {Level.CITY: cell.standard("standard_city", kind), Level.COUNTY: cell.standard("standard_county", kind)}
    indicator = Indicator(
        code=code,
        name=row["name"],
        group=row["group_code"],
        unit=row["unit"],
        negative=cell.choice("direction", ("+", "-")) == "-",
        kind=kind,
        weight=cell.number("weight"),
        standards=standards,
        cap=cell.number("cap") if row["cap"] else FULL_WEIGHT,
        gate=cell.expression("gate_rule") if row["is_gate"] == "1" else None,
        formula=cell.expression("formula"),
        raw=cell.raw_inputs(),
        owner=row["owner_dept"],
        basis=row["basis"],
    )
    return _checked(indicator, cell)


def _checked(indicator: Indicator, cell: "_Cells") -> Indicator:
    if indicator.formula is None and indicator.kind != Kind.QUAL:
        cell.fault("formula", "缺少计算公式", "has no formula")
    if indicator.formula is not None and (strange := indicator.formula.names - {raw.code for raw in indicator.raw}):
        names = ", ".join(sorted(strange))
        cell.fault("formula", f"公式使用了未列出的数据：{names}", f"uses figures that are not listed: {names}")
    if cell.row["is_gate"] == "1" and indicator.gate is None:
        cell.fault("gate_rule", "缺少门槛规则", "has no gate rule")
    return indicator


def _whole_set(code: str, indicators: tuple[Indicator, ...]) -> list[Finding]:
    findings = []
    total = sum((indicator.weight for indicator in indicators), Decimal())
    if total != FULL_WEIGHT:
        findings.append(_finding(code, "weights", f"权重合计为{total}，应为100", f"weights add up to {total}, not 100"))
    seen: dict[str, RawInput] = {}
    names: set[str] = set()
    for indicator in indicators:
        if indicator.code in names:
            findings.append(_finding(indicator.code, "code", "指标代码重复", "the code is used twice"))
        names.add(indicator.code)
        for raw in indicator.raw:
            if seen.setdefault(raw.code, raw) != raw:
                zh, en = f"{raw.code}的名称或单位前后不一致", f"{raw.code} has two names or units"
                findings.append(_finding(indicator.code, "raw_inputs", zh, en))
    return findings


@dataclass(frozen=True)
class _Cells:
    """The cells of one row; a fault is noted, and the row is read to its end."""

    row: Row
    findings: list[Finding]

    def fault(self, column: str, zh: str, en: str) -> None:
        self.findings.append(_finding(self.row["code"], column, zh, en))

    def number(self, column: str) -> Decimal:
        try:
            number = Decimal(self.row[column])
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number <= 0:
            self.fault(column, f"应为正数：{self.row[column]}", f"must be a positive number: {self.row[column]}")
            return FULL_WEIGHT
        return number

    def standard(self, column: str, kind: Kind) -> Decimal:
        # Experts score out of a hundred and a rank needs no standard, so theirs need not be written.
        return FULL_WEIGHT if kind != Kind.QUANT and not self.row[column] else self.number(column)

    def choice(self, column: str, allowed: tuple[str, ...]) -> str:
        if self.row[column] not in allowed:
            self.fault(column, f"应为{'、'.join(allowed)}之一", f"must be one of {', '.join(allowed)}")
            return allowed[0]
        return self.row[column]

    def one_of(self, column: str, kinds: type[Kind], default: Kind) -> Kind:
        return kinds(self.choice(column, (default.value, *(kind.value for kind in kinds))))

    def expression(self, column: str) -> feel.Expression | None:
        source = self.row[column].strip()
        if not source:
            return None
        try:
            return _compiled(source, of_value=column == "gate_rule")
        except ExpressionRefused as refused:
            self.fault(column, f"表达式有误：{refused}", f"cannot be understood: {refused}")
            return None

    def raw_inputs(self) -> tuple[RawInput, ...]:
        parts = [self.row[column].split(";") for column in ("raw_inputs", "raw_names", "raw_units")]
        if len({len(part) for part in parts}) != 1 or not all(all(part) for part in parts):
            self.fault("raw_inputs", "数据代码、名称和单位的个数不一致", "codes, names and units differ in number")
        return tuple(RawInput(*triple) for triple in zip(*parts, strict=False))


def _compiled(source: str, *, of_value: bool) -> feel.Expression:
    if of_value and source.startswith(("<", ">", "[", "(", "]")):
        return feel.compile(source, unary=True)
    return feel.compile(source)


def _finding(element: str, rule: str, zh: str, en: str) -> Finding:
    return {"element": element, "rule": rule, "text": {"zh": zh, "en": en}}
