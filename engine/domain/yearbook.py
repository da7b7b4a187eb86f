"""A table of published figures, CSV or XLSX: one figure a row, with where it was published; every fault at its cell."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import openpyxl

from engine.domain.workbook import LARGEST_FILE, UNREADABLE, check_archive
from engine.errors import WorkbookRefused

COLUMNS = ("unit", "unit_name", "year", "code", "name", "measure", "value", "definition", "source")
NEEDED = ("unit", "year", "code", "value", "source")
SHEET = "监测数据"
MOST_ROWS = 20_000
LARGEST = Decimal(10) ** 15
LONGEST = 1000
FIRST_YEAR, LAST_YEAR = 1949, 2999
LETTERS = "ABCDEFGHI"


@dataclass(frozen=True)
class Published:
    """A figure as it was published: of whom, for which year, under which definition, and where."""

    unit: str
    year: int
    code: str
    value: Decimal
    definition: str
    source: str


def read(content: bytes) -> list[Published]:
    """Return the figures of a table whose first row names the columns of COLUMNS; raise WorkbookRefused."""
    return _Reading(_book(content) if content.startswith(b"PK") else _csv(content)).result()


def _book(content: bytes) -> list[list[Any]]:
    check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
        return [list(row) for row in sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=len(COLUMNS), values_only=True)]
    except UNREADABLE as fault:
        raise _refused("unreadable", ("文件损坏，无法读取", f"cannot be read: {fault}")) from None


def _csv(content: bytes) -> list[list[Any]]:
    if len(content) > LARGEST_FILE:
        raise _refused("size", ("文件超过2MB", "the file is larger than 2 MB"))
    try:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))[: MOST_ROWS + 2]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise _refused("unreadable", ("无法读取", f"cannot be read: {fault}")) from None


@dataclass
class _Reading:
    """The rows on their way to figures; faults gather until the end."""

    rows: list[list[Any]]
    faults: list[dict[str, Any]] = field(default_factory=list)

    def result(self) -> list[Published]:
        """Return the figures; raise WorkbookRefused naming every fault."""
        if not self.rows or [str(cell) for cell in self.rows[0]] != list(COLUMNS):
            told = (f"第一行应为{'、'.join(COLUMNS)}", f"the first row must be {', '.join(COLUMNS)}")
            raise _refused("header", told, "A1")
        if len(self.rows) > MOST_ROWS + 1:
            raise _refused("rows", (f"不得超过{MOST_ROWS}行", f"at most {MOST_ROWS} rows"))
        found = list(self._figures())
        if not found and not self.faults:
            self._note("A2", "empty", ("没有数据", "there is no figure"))
        if self.faults:
            raise WorkbookRefused(cells=self.faults)
        return found

    def _figures(self) -> Iterator[Published]:
        seen: set[tuple[str, str, str]] = set()
        for number, cells in enumerate(self.rows[1:], 2):
            row = self._row(number, cells)
            if row is None:
                continue
            key = (row["unit"], row["year"], row["code"])
            if key in seen:
                self._note(f"D{number}", "twice", ("该数据重复", "the figure is given twice"))
            seen.add(key)
            year, value = self._year(number, row["year"]), self._value(number, row["value"])
            yield Published(row["unit"], year, row["code"], value, _definition(row), row["source"])

    def _row(self, number: int, cells: Sequence[Any]) -> dict[str, str] | None:
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if not any(texts):
            return None
        if len(texts) != len(COLUMNS):
            self._note(f"A{number}", "columns", ("列数不符", "the number of columns differs"))
            return None
        row = dict(zip(COLUMNS, texts, strict=True))
        for letter, column in zip(LETTERS, COLUMNS, strict=True):
            self._check_cell(f"{letter}{number}", column, row[column])
        return row

    def _check_cell(self, cell: str, column: str, text: str) -> None:
        if column in NEEDED and not text:
            self._note(cell, "missing", (f"请填写{column}", f"give {column}"))
        if text.startswith(("=", "@")):
            self._note(cell, "formula", ("不得填写公式", "formulas are refused"))
        if len(text) > LONGEST:
            self._note(cell, "length", (f"不得超过{LONGEST}字", f"at most {LONGEST} characters"))

    def _year(self, number: int, text: str) -> int:
        if text.isdecimal() and FIRST_YEAR <= int(text) <= LAST_YEAR:
            return int(text)
        if text:
            self._note(f"C{number}", "year", ("年份有误", "must be a year"))
        return FIRST_YEAR

    def _value(self, number: int, text: str) -> Decimal:
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite() and abs(value) <= LARGEST:
            return value
        if text:
            self._note(f"G{number}", "number", ("请填写数字", "must be a number"))
        return Decimal()

    def _note(self, cell: str, rule: str, told: tuple[str, str]) -> None:
        self.faults.append(_fault(cell, rule, told))


def _definition(row: Mapping[str, str]) -> str:
    """Return what a figure counts: its name with its measure, and after a semicolon the definition that was given."""
    measure = f"（{row['measure']}）" if row["measure"] else ""
    named = row["name"] + measure if row["name"] else ""
    return "；".join(part for part in (named, row["definition"]) if part)


def _fault(cell: str, rule: str, told: tuple[str, str]) -> dict[str, Any]:
    return {"sheet": SHEET if cell else "", "cell": cell, "rule": rule, "text": {"zh": told[0], "en": told[1]}}


def _refused(rule: str, told: tuple[str, str], cell: str = "") -> WorkbookRefused:
    return WorkbookRefused(cells=[_fault(cell, rule, told)])
