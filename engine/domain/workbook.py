"""The spreadsheet in which a unit reports its raw figures: written for the set, read back with every fault named."""

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import openpyxl
import xlsxwriter
from lxml import etree

from engine.domain.indicators import IndicatorSet, RawInput
from engine.errors import WorkbookRefused

SHEET = "指标数据"
GUIDE = "填报说明"
HEADER = ("代码", "数据名称", "计量单位", "数值", "数据来源", "说明")
HEADER_ROW = 4
FIRST_ROW = 5

LARGEST_FILE = 2 * 1024 * 1024
LARGEST_CONTENT = 16 * 1024 * 1024
LARGEST_RATIO = 100
MOST_ENTRIES = 100
LARGEST_NUMBER = 10**15
LONGEST_TEXT = 1000
SPARE_ROWS = 50
FIRST_YEAR, LAST_YEAR = 1990, 2100

_END = struct.Struct("<4s4H2LH")  # end of central directory of a zip
_ENTRY_SIZE = 46
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/[A-Za-z]+\.xml|customXml/(?:_rels/)?[A-Za-z0-9]+\.xml(?:\.rels)?"
    r"|xl/(?:[A-Za-z0-9]+|_rels/workbook|theme/theme[0-9]+|persons/[a-z0-9]+|threadedComments/[A-Za-z0-9]+"
    r"|worksheets/(?:_rels/)?sheet[0-9]+|drawings/(?:_rels/)?[A-Za-z0-9]+)\.(?:xml|xml\.rels|vml|vml\.rels)"
    r"|xl/media/[A-Za-z0-9]+\.(?:png|jpe?g)|xl/printerSettings/printerSettings[0-9]+\.bin"
)
UNREADABLE = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, ArithmeticError, RuntimeError,
    SyntaxError, zipfile.BadZipFile, zlib.error, etree.LxmlError, struct.error, NotImplementedError,
)  # fmt: skip

_GUIDE_LINES = (
    "一、本表由申报单位填写。只填“指标数据”表中的“数值”“数据来源”“说明”三栏，其余栏目不得改动。",
    "二、数值按“计量单位”栏的单位填写数字，不得填写公式、文字或带单位的数字。",
    "三、没有数据的，数值留空，并在“说明”栏写明原因；缺数据的指标按指标体系的规定处理。",
    "四、数据来源写明统计年鉴、部门文件或证明材料的名称和文号。",
    "五、与上年相比变动超过30%的，应在“说明”栏解释。",
    "Fill in only the columns 数值 (value), 数据来源 (source) and 说明 (explanation) of the sheet 指标数据.",
    "Numbers only, in the unit given; leave a missing value empty and explain it. Formulas are refused.",
)


@dataclass(frozen=True)
class Filled:
    """What a unit reported: for whom, for which year, the figures, and a source and explanation beside each."""

    indicator_set: str
    unit: str
    year: int
    values: dict[str, int | float]
    sources: dict[str, str] = field(default_factory=dict)
    explanations: dict[str, str] = field(default_factory=dict)


def template(indicators: IndicatorSet, unit: str, year: int, filled: Filled | None = None) -> bytes:
    """Return the spreadsheet (xlsx) that `unit` fills in for `year`, with the entries of `filled` where given.

    Every text is written as text, so nothing that begins with = becomes a formula.
    """
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": f"{unit}{year}年指标数据", "created": datetime(year, 12, 31)})  # noqa: DTZ001 - xlsx knows no zones
        _write_guide(book)
        _write_entries(book, indicators, filled or Filled(indicators.code, unit, year, {}))
    return stream.getvalue()


def read(content: bytes, indicators: IndicatorSet) -> dict[str, int | float]:
    """Return the figures by code of raw input, without the missing ones; raise WorkbookRefused naming every fault."""
    return read_filled(content, indicators).values


def read_filled(content: bytes, indicators: IndicatorSet) -> Filled:
    """Return everything a unit reported; raise WorkbookRefused whose fact `cells` names sheet, cell, rule and text."""
    check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        if SHEET not in book.sheetnames:
            raise WorkbookRefused(cells=[_fault("", "sheet", f"缺少工作表“{SHEET}”", f"there is no sheet {SHEET}")])
        last_row = FIRST_ROW + len(indicators.raw_inputs()) + SPARE_ROWS
        rows = [list(row) for row in book[SHEET].iter_rows(max_row=last_row, max_col=len(HEADER) + 1)]
    except UNREADABLE as fault:
        raise WorkbookRefused(
            cells=[_fault("", "unreadable", "文件损坏，无法读取", f"cannot be read: {fault}")]
        ) from None
    return _Reading(indicators, rows).result()


def _write_guide(book: Any) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.set_column(0, 0, 110)
    sheet.protect()
    for row, line in enumerate(_GUIDE_LINES):
        sheet.write_string(row, 0, line, book.add_format({"text_wrap": True, "font_size": 12}))


def _write_entries(book: Any, indicators: IndicatorSet, filled: Filled) -> None:
    sheet = book.add_worksheet(SHEET)
    fixed = book.add_format({"border": 1, "text_wrap": True, "valign": "vcenter"})
    head = book.add_format({"border": 1, "bold": True, "bg_color": "#D9E6F5", "align": "center"})
    number = book.add_format({"border": 1, "num_format": "#,##0.00####", "locked": False})
    text = book.add_format({"border": 1, "num_format": "@", "text_wrap": True, "locked": False})
    for column, width in enumerate((26, 40, 14, 18, 36, 40)):
        sheet.set_column(column, column, width)
    sheet.merge_range(0, 0, 0, len(HEADER) - 1, "", head)
    sheet.write_string(0, 0, "创新型城市（县、区）指标数据填报表", head)
    for column, line in enumerate(("指标体系", filled.indicator_set, "填报单位", filled.unit, "数据年度")):
        sheet.write_string(1, column, line, fixed)
    sheet.write_number(1, 5, filled.year, fixed)
    sheet.write_row(HEADER_ROW - 1, 0, HEADER, head)
    raw_inputs = indicators.raw_inputs()
    for row, raw in enumerate(raw_inputs, FIRST_ROW - 1):
        _write_entry(sheet, row, (raw, filled), (fixed, number, text))
    limits = {"validate": "decimal", "criteria": "between", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
    limits |= {"ignore_blank": True, "error_title": "数值有误", "error_message": "请填写数字。Numbers only."}
    sheet.data_validation(FIRST_ROW - 1, 3, FIRST_ROW - 2 + len(raw_inputs), 3, limits)
    sheet.freeze_panes(HEADER_ROW, 2)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.activate()


def _write_entry(sheet: Any, row: int, entry: tuple[RawInput, Filled], formats: tuple[Any, Any, Any]) -> None:
    raw, filled = entry
    fixed, number, text = formats
    for column, line in enumerate((raw.code, raw.name, raw.unit)):
        sheet.write_string(row, column, line, fixed)
    value = filled.values.get(raw.code)
    if value is None:
        sheet.write_blank(row, 3, None, number)
    else:
        sheet.write_number(row, 3, value, number)
    sheet.write_string(row, 4, filled.sources.get(raw.code, ""), text)
    sheet.write_string(row, 5, filled.explanations.get(raw.code, ""), text)


def check_archive(content: bytes) -> None:
    """Refuse a bomb by its directory, before anything is unpacked; then anything that is no plain spreadsheet."""
    _refuse_if(len(content) > LARGEST_FILE, "size", "文件超过2MB", "the file is larger than 2 MB")
    tail = content.rfind(b"PK\x05\x06", max(0, len(content) - 65_557))
    if tail < 0 or len(content) - tail < _END.size or not content.startswith(b"PK\x03\x04"):
        raise _refused("format", "不是xlsx文件", "this is no xlsx file")
    _, _, _, _, entries, size, _, _ = _END.unpack_from(content, tail)
    many = entries > MOST_ENTRIES or size > MOST_ENTRIES * (_ENTRY_SIZE + 256) or b"PK\x06\x07" in content[-65_600:]
    _refuse_if(many, "entries", "压缩包内文件过多", "the archive holds too many entries")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist(), len(content))
            _check_parts(archive)
    except UNREADABLE as fault:
        raise _refused("unreadable", "文件损坏，无法读取", f"cannot be read: {fault}") from None


def _check_entries(entries: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    # The allowance of 1 MB keeps small and very regular spreadsheets of real offices in.
    large = unpacked > LARGEST_CONTENT or unpacked > packed * LARGEST_RATIO + 1_048_576
    _refuse_if(large, "bomb", "解压后的内容过大", "the unpacked content is too large")
    _refuse_if(any(entry.flag_bits & 1 for entry in entries), "encrypted", "文件已加密", "the file is encrypted")
    names = [entry.filename for entry in entries]
    strange = [name for name in names if not _PARTS.fullmatch(name)]
    twice = len(set(names)) != len(names)
    _refuse_if(
        bool(strange) or twice, "parts", "文件含有宏、外部链接或其他不允许的内容", "macros, links or other parts"
    )


def _check_parts(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        if entry.filename.endswith((".xml", ".rels", ".vml")):
            part = archive.read(entry)
            hostile = b"<!DOCTYPE" in part or b"<!ENTITY" in part or b"\x00" in part
            _refuse_if(hostile, "xml", "文件内容不合规范", "a part declares entities or an unusual encoding")


@dataclass
class _Reading:
    """The rows of the sheet on their way to figures; faults gather until the end."""

    indicators: IndicatorSet
    rows: list[list[Any]]
    faults: list[dict[str, Any]] = field(default_factory=list)

    def result(self) -> Filled:
        self._refuse_formulas()
        self._check_head()
        entries = dict(self._entries())
        for code in [raw.code for raw in self.indicators.raw_inputs() if raw.code not in entries]:
            self._note("", "missing-row", f"缺少数据行{code}", f"the row of {code} is missing")
        if not self.faults and not any(entry[0] is not None for entry in entries.values()):
            self._note("", "empty", "没有填写任何数值", "no value was filled in")
        if self.faults:
            raise WorkbookRefused(cells=self.faults)
        return Filled(
            self.indicators.code,
            str(self._at(2, 4)),
            int(self._at(2, 6)),
            {code: entry[0] for code, entry in entries.items() if entry[0] is not None},
            {code: entry[1] for code, entry in entries.items() if entry[1]},
            {code: entry[2] for code, entry in entries.items() if entry[2]},
        )

    def _at(self, row: int, column: int) -> Any:
        return self.rows[row - 1][column - 1].value if len(self.rows) >= row else None

    def _note(self, cell: str, rule: str, zh: str, en: str) -> None:
        self.faults.append(_fault(cell, rule, zh, en))

    def _refuse_formulas(self) -> None:
        for number, row in enumerate(self.rows, 1):
            for column, cell in enumerate(row):
                if getattr(cell, "data_type", "n") == "f":
                    self._note(_name(number, column), "formula", "不得填写公式", "formulas are refused")

    def _check_head(self) -> None:
        if self._at(2, 2) != self.indicators.code:
            self._note("B2", "set", f"指标体系应为{self.indicators.code}", f"must be the set {self.indicators.code}")
        if not isinstance(self._at(2, 4), str):
            self._note("D2", "unit", "缺少填报单位", "the unit is missing")
        year = self._at(2, 6)
        if isinstance(year, bool) or not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR:
            self._note("F2", "year", "数据年度有误", "the year is wrong")
        for column, title in enumerate(HEADER):
            if self._at(HEADER_ROW, column + 1) != title:
                self._note(_name(HEADER_ROW, column), "header", f"栏目应为“{title}”", f"the column must be {title}")

    def _entries(self) -> Iterator[tuple[str, tuple[int | float | None, str, str]]]:
        known = {raw.code: raw for raw in self.indicators.raw_inputs()}
        seen: set[str] = set()
        for number, row in enumerate(self.rows[FIRST_ROW - 1 :], FIRST_ROW):
            code = row[0].value
            if all(cell.value in (None, "") for cell in row):
                continue
            if code not in known or code in seen:
                self._note(
                    _name(number, 0), "code", f"代码不存在或重复：{code!s:.40}", "unknown code, or twice the same"
                )
                continue
            seen.add(code)
            yield code, self._entry(number, row, known)

    def _entry(self, number: int, row: list[Any], known: Mapping[str, RawInput]) -> tuple[int | float | None, str, str]:
        raw = known[row[0].value]
        if (row[1].value, row[2].value) != (raw.name, raw.unit):
            self._note(_name(number, 1), "fixed", "名称或计量单位被改动", "the name or the unit was changed")
        source, explanation = (self._text(number, row, column) for column in (4, 5))
        value = self._number(number, row[3].value, may_fall=raw.unit == "%")
        if value is None and row[3].value is None and not explanation:
            self._note(_name(number, 5), "unexplained", "数值留空时请写明原因", "explain why the value is missing")
        return value, source, explanation

    def _text(self, number: int, row: list[Any], column: int) -> str:
        text = "" if row[column].value is None else str(row[column].value)
        if len(text) > LONGEST_TEXT:
            self._note(
                _name(number, column), "length", f"不得超过{LONGEST_TEXT}字", f"at most {LONGEST_TEXT} characters"
            )
        return text.strip()

    def _number(self, number: int, value: Any, *, may_fall: bool) -> int | float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._note(_name(number, 3), "number", "请填写数字", "must be a number")
        elif abs(value) > LARGEST_NUMBER or (value < 0 and not may_fall):
            self._note(_name(number, 3), "range", "数值超出允许范围", "the value is out of range")
        else:
            return value
        return None


def _name(row: int, column: int) -> str:
    return f"{chr(ord('A') + column)}{row}"


def _fault(cell: str, rule: str, zh: str, en: str) -> dict[str, Any]:
    return {"sheet": SHEET if cell else "", "cell": cell, "rule": rule, "text": {"zh": zh, "en": en}}


def _refused(rule: str, zh: str, en: str) -> WorkbookRefused:
    return WorkbookRefused(cells=[_fault("", rule, zh, en)])


def _refuse_if(condition: bool, rule: str, zh: str, en: str) -> None:  # noqa: FBT001 - the condition is the question
    if condition:
        raise _refused(rule, zh, en)
