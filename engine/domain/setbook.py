"""An indicator set as a spreadsheet or a CSV that people fill in and hand on; read back with every fault named.

Three sheets: 指标体系 (what the set is), 指标 (an indicator a row), 数据 (more about the figures they need). Every cell
is text, so that 0.60 comes back as 0.60.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.utils import get_column_letter

from engine.domain import indicators
from engine.domain.indicators import COLUMNS, Kind, Method, Missing, Row
from engine.domain.workbook import LARGEST_FILE, UNREADABLE, check_archive
from engine.errors import ModelRefused, WorkbookRefused

GUIDE = "填表说明"
CSV = "indicators.csv"
TITLES = {
    "set": "指标体系代码", "series": "系列", "version": "版本", "valid_from": "生效日期", "valid_to": "失效日期",
    "group_code": "组代码", "group_name": "组名称", "code": "代码", "name": "名称", "unit": "计量单位",
    "direction": "方向", "kind": "性质", "method": "计分方法", "weight": "权重", "standard_city": "设区市标准值",
    "standard_county": "县（市、区）标准值", "cap": "指数上限", "low": "不允许值", "high": "满意值",
    "bonus": "加分上限", "base_year": "基期年份", "missing": "缺数据时", "is_gate": "是否门槛", "gate_rule": "门槛规则",
    "raw_inputs": "数据代码", "raw_names": "数据名称", "raw_units": "数据单位", "formula": "计算公式",
    "definition": "口径版本", "bridges": "口径衔接", "relation": "数据关系", "range": "允许范围",
    "owner_dept": "责任部门", "basis": "依据",
}  # fmt: skip
SHEETS = {
    "指标体系": ("set", "name", "series", "version", "valid_from", "valid_to", "owner_dept", "basis"),
    "指标": (
        "group_code", "group_name", "code", "name", "unit", "direction", "kind", "weight", "standard_city",
        "standard_county", "cap", "method", "low", "high", "bonus", "base_year", "missing", "is_gate", "gate_rule",
        "raw_inputs", "raw_names", "raw_units", "formula", "owner_dept", "basis",
    ),
    "数据": (
        "code", "name", "unit", "definition", "bridges", "relation", "range", "owner_dept", "basis",
    ),
}  # fmt: skip
HEAD, BODY, INPUTS = SHEETS
KINDS = {HEAD: "set", INPUTS: "input"}
WORDS = {
    "direction": ["+", "-"],
    "kind": [kind.value for kind in Kind],
    "method": [method.value for method in Method],
    "missing": [policy.value for policy in Missing],
    "is_gate": ["0", "1"],
}
FILLED = {HEAD: ("set",), BODY: ("group_code", "group_name", "code", "name", "unit"), INPUTS: ("code", "name", "unit")}
FIRST_ROW = 3
MOST_ROWS = 500
LONGEST_CELL = 2000
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

_GUIDE_LINES = (
    "一、“指标体系”表填一行；“指标”表每个指标一行，权重合计为100；“数据”表对需要说明口径、关系或范围的数据各填一行。",
    "二、前两行为栏目名称，不得改动；不得填写以等号开头的公式；公式和门槛规则用FEEL书写，如 hte_count / 10 * 100。",
    "三、计分方法：standard标准值指数、target目标完成（可加分）、base_index基期指数、rank位次、min_max功效系数、",
    "　　experts专家评分均值、change较上年变化。",
    "四、缺数据时：zero零分、half半分、exclude不计并调整其余权重、last_year用上年数据、block不得计分。",
    "五、口径衔接写作“原口径 => 公式”，如 2012 => value * 0.98；允许范围如 [0..100]；多项以分号分隔。",
    "六、数据关系：part of gdp（不大于）、share of …（合计不大于）、last year of …（上年数）、growth of …（增幅）。",
    "One row on 指标体系, one per indicator on 指标 (weights add up to 100), one per figure that needs it on 数据.",
    "Leave the two heading rows as they are. Cells that begin with = are refused; formulas and gates are FEEL.",
)


def write(rows: Iterable[Row]) -> bytes:
    """Return the rows of one set as a spreadsheet (xlsx); of an empty set it is the template to fill in."""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    known = list(rows)
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": known[0]["set"] if known else "", "created": datetime(2012, 5, 21)})  # noqa: DTZ001 - xlsx knows no zones
        guide = book.add_worksheet(GUIDE)
        guide.set_column(0, 0, 120)
        for place, line in enumerate(_GUIDE_LINES):
            guide.write_string(place, 0, line, book.add_format({"text_wrap": True, "font_size": 12}))
        for sheet, columns in SHEETS.items():
            _write_sheet(book, sheet, columns, list(_on(sheet, known)))
    return stream.getvalue()


def read(content: bytes) -> list[dict[str, str]]:
    """Return the rows of the set in a spreadsheet or a CSV; raise WorkbookRefused naming every fault at its cell."""
    placed = _from_book(content) if content.startswith(b"PK") else _from_csv(content)
    rows = [one.row for one in placed.rows]
    if not placed.faults:
        _check(placed)
    if placed.faults:
        raise WorkbookRefused(cells=placed.faults)
    return rows


def merged(rows: Iterable[Row], imported: Sequence[Row]) -> list[dict[str, str]]:
    """Return the rows of a programme with the set that was imported in its place, or behind the others."""
    known, code = [dict(row) for row in rows], imported[0]["set"]
    before = next((place for place, row in enumerate(known) if row["set"] == code), len(known))
    rest = [row for row in known if row["set"] != code]
    return [*rest[:before], *(dict(row) for row in imported), *rest[before:]]


@dataclass(frozen=True)
class _Placed:
    """A row and where it was written."""

    sheet: str
    number: int
    row: dict[str, str]


@dataclass
class _Reading:
    """What was read so far; faults gather until the end."""

    rows: list[_Placed] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def note(self, sheet: str, cell: str, rule: str, told: tuple[str, str]) -> None:
        """Note a fault at a cell, in both languages."""
        self.faults.append({"sheet": sheet, "cell": cell, "rule": rule, "text": {"zh": told[0], "en": told[1]}})


def _on(sheet: str, rows: Iterable[Row]) -> Iterator[Row]:
    kinds = set(KINDS.values()) - {KINDS.get(sheet)}
    found = [row for row in rows if (row["kind"] == KINDS[sheet] if sheet in KINDS else row["kind"] not in kinds)]
    # A set that says nothing of itself still needs the cell with its code.
    return iter(found or [{"set": row["set"]} for row in list(rows)[:1]] if sheet == HEAD else found)


def _write_sheet(book: Any, name: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"border": 1, "bold": True, "bg_color": "#D9E6F5", "text_wrap": True, "valign": "vcenter"})
    text = book.add_format({"border": 1, "num_format": "@", "text_wrap": True, "locked": False})
    sheet.set_column(0, len(columns) - 1, 16)
    sheet.write_row(0, 0, [TITLES[column] for column in columns], head)
    sheet.write_row(1, 0, columns, head)
    for place, row in enumerate(rows, FIRST_ROW - 1):
        for column, key in enumerate(columns):
            sheet.write_string(place, column, row.get(key, ""), text)
    for column, key in enumerate(columns):
        if key in WORDS:
            choice = {"validate": "list", "source": WORDS[key], "ignore_blank": True}
            sheet.data_validation(FIRST_ROW - 1, column, MOST_ROWS, column, choice)
    sheet.freeze_panes(FIRST_ROW - 1, 0)
    if name == HEAD:
        sheet.activate()


def _from_book(content: bytes) -> _Reading:
    check_archive(content)
    found = _Reading()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        missing = [sheet for sheet in SHEETS if sheet not in book.sheetnames]
        lines = {} if missing else {sheet: _lines(book[sheet], len(columns)) for sheet, columns in SHEETS.items()}
    except UNREADABLE as fault:
        found.note("", "", "unreadable", ("文件损坏，无法读取", f"cannot be read: {fault}"))
        return found
    for sheet in missing:
        found.note(sheet, "", "sheet", (f"缺少工作表“{sheet}”", f"there is no sheet {sheet}"))
    for sheet, cells in lines.items():
        _read_sheet(found, sheet, cells)
    code = found.rows[0].row["set"] if found.rows else ""
    for one in found.rows:
        one.row["set"] = code
    return _without_bare_head(found)


def _lines(sheet: Any, width: int) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(max_row=FIRST_ROW + MOST_ROWS, max_col=width)]


def _read_sheet(found: _Reading, sheet: str, lines: list[list[Any]]) -> None:
    columns = SHEETS[sheet]
    keys = [cell.value for cell in lines[FIRST_ROW - 2]] if len(lines) >= FIRST_ROW - 1 else []
    for place, column in enumerate(columns):
        if place >= len(keys) or keys[place] != column:
            told = (f"栏目应为“{column}”（{TITLES[column]}）", f"the column must be {column}")
            found.note(sheet, _name(FIRST_ROW - 1, place), "header", told)
    if len(lines) > FIRST_ROW - 1 + MOST_ROWS:
        found.note(sheet, "", "rows", (f"不得超过{MOST_ROWS}行", f"at most {MOST_ROWS} rows"))
    for number, cells in enumerate(lines[FIRST_ROW - 1 :], FIRST_ROW):
        texts = [_text(found, (sheet, _name(number, place)), cell) for place, cell in enumerate(cells)]
        if any(texts):
            row = dict.fromkeys(COLUMNS, "") | {"kind": KINDS.get(sheet, "")}
            found.rows.append(_Placed(sheet, number, row | dict(zip(columns, texts, strict=False))))
    if sheet == HEAD and not any(one.sheet == HEAD for one in found.rows):
        found.note(HEAD, "A3", "set", ("请填写指标体系代码", "give the code of the set"))


def _text(found: _Reading, place: tuple[str, str], cell: Any) -> str:
    """Return what stands in a cell, as text; a number as it was typed."""
    value, (sheet, name) = cell.value, place
    if value is None:
        return ""
    if getattr(cell, "data_type", "n") == "f" or (isinstance(value, str) and value.startswith(("=", "@"))):
        found.note(sheet, name, "formula", ("不得填写公式", "formulas are refused"))
    elif isinstance(value, datetime | date):
        return value.isoformat()[:10]
    elif isinstance(value, bool) or not isinstance(value, str | int | float):
        found.note(sheet, name, "text", ("请填写文字或数字", "must be text or a number"))
    elif len(str(value)) > LONGEST_CELL:
        found.note(sheet, name, "length", (f"不得超过{LONGEST_CELL}字", f"at most {LONGEST_CELL} characters"))
    else:
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return ""


def _without_bare_head(found: _Reading) -> _Reading:
    """Leave out a description that says nothing but the code, which indicators carry already."""
    heads = [one for one in found.rows if one.sheet == HEAD]
    bare = [one for one in heads if not any(cell for key, cell in one.row.items() if key not in ("set", "kind"))]
    return _Reading([one for one in found.rows if one not in bare], found.faults) if len(found.rows) > 1 else found


def _from_csv(content: bytes) -> _Reading:
    found = _Reading()
    if len(content) > LARGEST_FILE:
        found.note(CSV, "", "size", ("文件超过2MB", "the file is larger than 2 MB"))
        return found
    try:
        rows = indicators.read_rows(content)
    except ModelRefused as refused:
        for finding in refused.facts["findings"]:
            found.note(CSV, "", finding["rule"], (finding["text"]["zh"], finding["text"]["en"]))
        return found
    found.rows = [_Placed(CSV, number, row) for number, row in enumerate(rows, 2)]
    for one in found.rows:
        for place, column in enumerate(COLUMNS):
            _check_csv_cell(found, one, (place, one.row[column]))
    if len({row["set"] for row in rows}) != 1:
        found.note(CSV, "A2", "set", ("文件应只含一个指标体系", "the file must hold one set"))
    return found


def _check_csv_cell(found: _Reading, one: _Placed, cell: tuple[int, str]) -> None:
    place, text = cell
    if text.startswith(("=", "@")):
        found.note(CSV, _name(one.number, place), "formula", ("不得填写公式", "formulas are refused"))
    if len(text) > LONGEST_CELL:
        told = (f"不得超过{LONGEST_CELL}字", f"at most {LONGEST_CELL} characters")
        found.note(CSV, _name(one.number, place), "length", told)


def _check(placed: _Reading) -> None:
    """Note what is wrong with the set, each fault at the cell where it shows."""
    first = placed.rows[0]
    if not CODE.fullmatch(first.row["set"]):
        told = ("代码只能用字母、数字和连字符", "letters, digits and hyphens only")
        placed.note(first.sheet, _place(first, "set"), "set", told)
        return
    for one in placed.rows:
        sheet = next((name for name, kind in KINDS.items() if one.row["kind"] == kind), BODY)
        for column in FILLED[sheet]:
            if not one.row[column].strip():
                placed.note(one.sheet, _place(one, column), "empty", (f"请填写{TITLES[column]}", f"give {column}"))
    for fault in indicators.faults([one.row for one in placed.rows], first.row["set"]):
        one = placed.rows[fault.row]
        placed.note(one.sheet, _place(one, fault.column), fault.rule or fault.column, (fault.zh, fault.en))


def _place(one: _Placed, column: str) -> str:
    columns = SHEETS.get(one.sheet, COLUMNS)
    return _name(one.number, columns.index(column) if column in columns else 0)


def _name(row: int, column: int) -> str:
    return f"{get_column_letter(column + 1)}{row}"
