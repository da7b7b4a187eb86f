"""The cells of one row of indicators.csv: each is read as what it must be, and every fault says where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from engine.domain import feel
from engine.domain.indicators.model import FULL_WEIGHT, RawInput, Tie
from engine.errors import ExpressionRefused

Row = Mapping[str, str]
Finding = dict[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)

BRIDGE = "=>"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a set, at the row (counted from 0 among those given) and column where it shows."""

    row: int
    column: str
    element: str
    zh: str
    en: str
    rule: str = ""

    def finding(self) -> Finding:
        """Return the fault as a finding of the programme."""
        text = {"zh": self.zh, "en": self.en}
        return {"element": self.element, "rule": self.rule or self.column, "text": text}


@dataclass
class Cells:
    """One row at its place; a fault is noted, and the row is read to its end."""

    row: Row
    place: int
    faults: list[Fault] = field(default_factory=list)

    def text(self, column: str) -> str:
        """Return the cell without spaces around it; empty when the table has no such column."""
        return self.row.get(column, "").strip()

    def fault(self, column: str, zh: str, en: str) -> None:
        """Note what is wrong with the cell in `column`."""
        self.faults.append(Fault(self.place, column, self.row["code"] or self.row["set"], zh, en))

    def number(self, column: str) -> Decimal:
        """Return a number above zero."""
        number = self.any_number(column)
        if number is None or number <= 0:
            self.fault(column, f"应为正数：{self.text(column)}", f"must be a positive number: {self.text(column)}")
            return FULL_WEIGHT
        return number

    def maybe_number(self, column: str) -> Decimal | None:
        """Return a number of either sign; none for an empty cell."""
        if not self.text(column):
            return None
        number = self.any_number(column)
        if number is None:
            self.fault(column, f"应为数字：{self.text(column)}", f"must be a number: {self.text(column)}")
        return number

    def any_number(self, column: str) -> Decimal | None:
        """Return the finite number in the cell; none when there is none."""
        try:
            number = Decimal(self.text(column))
        except InvalidOperation:
            return None
        return number if number.is_finite() else None

    def year(self, column: str) -> int | None:
        """Return a year; none for an empty cell."""
        if not self.text(column):
            return None
        if not (self.text(column).isdecimal() and 1949 <= int(self.text(column)) <= 2999):  # noqa: PLR2004
            self.fault(column, f"应为年份：{self.text(column)}", f"must be a year: {self.text(column)}")
            return None
        return int(self.text(column))

    def day(self, column: str) -> date | None:
        """Return a day written as 2012-05-21; none for an empty cell."""
        if not self.text(column):
            return None
        try:
            return date.fromisoformat(self.text(column))
        except ValueError:
            self.fault(column, f"应为日期，如2012-05-21：{self.text(column)}", "must be a date such as 2012-05-21")
            return None

    def choice(self, column: str, allowed: tuple[str, ...]) -> str:
        """Return one of the words that are allowed."""
        if self.text(column) not in allowed:
            self.fault(column, f"应为{'、'.join(allowed)}之一", f"must be one of {', '.join(allowed)}")
            return allowed[0]
        return self.text(column)

    def one_of(self, column: str, kinds: type[Choice], default: Choice) -> Choice:
        """Return a member of `kinds`; the default for an empty cell and for a word that is none."""
        if not self.text(column):
            return default
        return kinds(self.choice(column, (default.value, *(kind.value for kind in kinds))))

    def expression(self, column: str) -> feel.Expression | None:
        """Return the FEEL expression in the cell, of gates and ranges also as unary tests; none for an empty cell."""
        return self.compiled(column, self.text(column)) if self.text(column) else None

    def compiled(self, column: str, source: str) -> feel.Expression | None:
        """Return the FEEL expression of `source`, a part of the cell in `column`."""
        unary = column == "range" or (column == "gate_rule" and source.startswith(("<", ">", "[", "(", "]")))
        try:
            return feel.compile(source, unary=unary)
        except ExpressionRefused as refused:
            self.fault(column, f"表达式有误，无法理解：{self.text(column)[:80]}", f"cannot be understood: {refused}")
            return None

    def bridges(self) -> dict[str, feel.Expression]:
        """Return the bridges from other definitions, written as `2012 => value * 0.98; 2016 => value`."""
        found = {}
        for part in filter(None, map(str.strip, self.text("bridges").split(";"))):
            definition, arrow, source = (piece.strip() for piece in part.partition(BRIDGE))
            if not (definition and arrow and source):
                self.fault("bridges", f"应写作“口径 => 公式”：{part}", f"must be `definition => formula`: {part}")
                continue
            bridge = self.compiled("bridges", source)
            if bridge is not None and bridge.names - {"value"}:
                self.fault("bridges", f"衔接公式只能用value：{part}", f"a bridge knows only value: {part}")
            elif bridge is not None:
                found[definition] = bridge
        return found

    def ties(self) -> tuple[tuple[Tie, str], ...]:
        """Return how the input is bound to others, written as `part of gdp; growth of fiscal_sci_tech`."""
        found = []
        for part in filter(None, map(str.strip, self.text("relation").split(";"))):
            tie = next((tie for tie in Tie if part.startswith(f"{tie} ")), None)
            if tie is None:
                words = "、".join(tie.value for tie in Tie)
                self.fault("relation", f"关系应以{words}开头：{part}", f"must begin with one of {words}: {part}")
                continue
            found.append((tie, part.removeprefix(tie.value).strip()))
        return tuple(found)

    def raw_inputs(self) -> tuple[RawInput, ...]:
        """Return the inputs an indicator names, by code, name and unit."""
        parts = [self.row[column].split(";") for column in ("raw_inputs", "raw_names", "raw_units")]
        if len({len(part) for part in parts}) != 1 or not all(all(part) for part in parts):
            self.fault("raw_inputs", "数据代码、名称和单位的个数不一致", "codes, names and units differ in number")
        return tuple(RawInput(*triple) for triple in zip(*parts, strict=False))
