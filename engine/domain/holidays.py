"""Notices of holidays (国务院办公厅关于部分节假日安排的通知): read from CSV or XLSX; faults are named by cell.

A row is a holiday as the notice prints it: the days off from and to, and the weekend days that are worked instead
(调休). Number and day of issue stand in the first row. Source: 全国年节及纪念日放假办法 (国务院令第795号, from 2025).
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import xlsxwriter

from engine.domain.workbook import LARGEST_FILE, UNREADABLE, check_archive
from engine.domain.workdays import SATURDAY
from engine.errors import WorkbookRefused

SHEET = "放假安排"
HEADER = ("通知文号", "印发日期", "节日", "放假起", "放假止", "调休上班")
EXAMPLE = ("国办发明电〔2024〕12号", "2024-11-12", "春节", "2025-01-28", "2025-02-04", "2025-01-26、2025-02-08")
MOST_ROWS = 60
LONGEST_HOLIDAY = 31
LONGEST_NUMBER = 60

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_BETWEEN = re.compile(r"[\s、,，;；]+")
_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Arrangement:
    """What a notice says: the days that are free and the weekend days that are worked, True for worked."""

    number: str
    issued_on: date
    days: dict[date, bool]

    @property
    def touched(self) -> tuple[date, date]:
        """Return the first and the last day of the years it arranges."""
        years = {day.year for day in self.days}
        return date(min(years), 1, 1), date(max(years), 12, 31)


def read(content: bytes) -> Arrangement:
    """Return the notice in a CSV (UTF-8) or XLSX file; raise WorkbookRefused naming row and cell of every fault."""
    rows = _from_xlsx(content) if content.startswith(b"PK") else _from_csv(content)
    return _Reading(rows).result()


def template_csv() -> str:
    """Return the table to fill in as CSV, with one example row."""
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADER, EXAMPLE])
    return "\ufeff" + stream.getvalue()


def template_xlsx() -> bytes:
    """Return the table to fill in as XLSX, with one example row."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(SHEET)
        text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "bg_color": "#D9E6F5"})
        sheet.set_column(0, len(HEADER) - 1, 26, text)
        sheet.write_row(0, 0, HEADER, head)
        sheet.write_row(1, 0, EXAMPLE, text)
        sheet.freeze_panes(1, 0)
    return stream.getvalue()


def _from_csv(content: bytes) -> list[list[Any]]:
    if len(content) > LARGEST_FILE:
        raise _refused("size", "文件超过2MB", "the file is larger than 2 MB")
    try:
        text = content.decode("utf-8-sig")
        return [list(row) for row in csv.reader(io.StringIO(text), strict=True)]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise _refused("unreadable", "不是UTF-8编码的CSV文件", f"cannot be read as CSV in UTF-8: {fault}") from None


def _from_xlsx(content: bytes) -> list[list[Any]]:
    check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
        rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=len(HEADER), values_only=True)
        return [list(row) for row in rows]
    except UNREADABLE as fault:
        raise _refused("unreadable", "文件损坏，无法读取", f"cannot be read: {fault}") from None


@dataclass
class _Reading:
    """The rows on their way to an arrangement; faults gather until the end."""

    rows: list[list[Any]]
    faults: list[dict[str, Any]] = field(default_factory=list)
    days: dict[date, bool] = field(default_factory=dict)

    def result(self) -> Arrangement:
        self._check_head()
        if self.faults:
            raise WorkbookRefused(cells=self.faults)
        number, issued_on = self._about()
        for row in self._filled():
            self._holiday(row, issued_on)
        if not self.days and not self.faults:
            self._note("", "empty", "没有放假或者调休日期", "it names no day")
        if self.faults or issued_on is None:
            raise WorkbookRefused(cells=self.faults)
        return Arrangement(number, issued_on, dict(sorted(self.days.items())))

    def _check_head(self) -> None:
        if len(self.rows) > MOST_ROWS + 1:
            self._note(f"A{MOST_ROWS + 2}", "rows", f"不得超过{MOST_ROWS}行", f"at most {MOST_ROWS} rows")
        for column, title in enumerate(HEADER):
            if self._text(1, column) != title:
                self._note(_cell(1, column), "header", f"栏目应为“{title}”", f"the column must be {title}")

    def _about(self) -> tuple[str, date | None]:
        number, issued_on = self._text(2, 0), self._day(2, 1)
        if not 0 < len(number) <= LONGEST_NUMBER:
            self._note("A2", "number", "缺少通知文号", "the number of the notice is missing or too long")
        if not self._text(2, 1):
            self._note("B2", "issued", "缺少印发日期", "the day of issue is missing")
        for row in self._filled():
            if self._text(row, 0) not in {"", number}:
                self._note(_cell(row, 0), "same", "一个文件只写一个通知", "one file tells of one notice")
            if self._text(row, 1) and self._day(row, 1) != issued_on:
                self._note(_cell(row, 1), "same", "一个文件只写一个通知", "one file tells of one notice")
        return number, issued_on

    def _filled(self) -> Iterator[int]:
        for row in range(2, min(len(self.rows), MOST_ROWS + 1) + 1):
            if any(self._text(row, column) for column in range(len(HEADER))):
                yield row

    def _holiday(self, row: int, issued_on: date | None) -> None:
        first, last = self._day(row, 3), self._day(row, 4)
        last = last or first
        if first is None and self._text(row, 4):
            self._note(_cell(row, 3), "from", "缺少放假起始日期", "the first day off is missing")
        elif first is not None and last is not None:
            self._off(row, first, last, issued_on)
        for part in filter(None, _BETWEEN.split(self._text(row, 5))):
            day = self._parsed(row, 5, part)
            if day is not None and day.weekday() < SATURDAY:
                self._note(_cell(row, 5), "weekday", f"{day}不是周六、周日", f"{day} is no Saturday or Sunday")
            elif day is not None:
                self._arrange(_cell(row, 5), day, issued_on, worked=True)

    def _off(self, row: int, first: date, last: date, issued_on: date | None) -> None:
        if not timedelta() <= last - first < LONGEST_HOLIDAY * _ONE:
            self._note(
                _cell(row, 4), "order", "放假止早于放假起，或者时间过长", "it ends before it begins, or is too long"
            )
            return
        for n in range((last - first).days + 1):
            self._arrange(_cell(row, 3), first + n * _ONE, issued_on, worked=False)

    def _arrange(self, cell: str, day: date, issued_on: date | None, *, worked: bool) -> None:
        if day in self.days:
            self._note(cell, "twice", f"{day}重复", f"{day} is named twice")
        elif issued_on is not None and not 0 <= day.year - issued_on.year <= 1:
            self._note(cell, "year", f"{day}不在印发当年或者次年", f"{day} is not in the year of issue or the next")
        else:
            self.days[day] = worked

    def _day(self, row: int, column: int) -> date | None:
        found = self._at(row, column)
        if isinstance(found, datetime):
            return found.date()
        text = self._text(row, column)
        return self._parsed(row, column, text) if text else None

    def _parsed(self, row: int, column: int, text: str) -> date | None:
        found = _DATE.fullmatch(text.removesuffix(" 00:00:00"))
        try:
            if found is not None:
                return date(*(int(part) for part in found.groups()))
        except ValueError:
            pass
        self._note(_cell(row, column), "date", f"不是日期：{text:.20}", f"no date: {text:.20}")
        return None

    def _text(self, row: int, column: int) -> str:
        found = self._at(row, column)
        return "" if found is None else str(found).strip()

    def _at(self, row: int, column: int) -> Any:
        cells = self.rows[row - 1] if row <= len(self.rows) else []
        return cells[column] if column < len(cells) else None

    def _note(self, cell: str, rule: str, zh: str, en: str) -> None:
        fault = _fault(cell, rule, zh, en)
        if fault not in self.faults:
            self.faults.append(fault)


def _cell(row: int, column: int) -> str:
    return f"{chr(ord('A') + column)}{row}"


def _fault(cell: str, rule: str, zh: str, en: str) -> dict[str, Any]:
    return {"sheet": SHEET if cell else "", "cell": cell, "rule": rule, "text": {"zh": zh, "en": en}}


def _refused(rule: str, zh: str, en: str) -> WorkbookRefused:
    return WorkbookRefused(cells=[_fault("", rule, zh, en)])
