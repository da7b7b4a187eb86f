"""The export for 党政领导科技进步目标责任制考核: where every unit stands, as a workbook of three sheets.

五(一) of 浙政发〔2012〕17号 makes the programme part of that assessment, 五(三) wants its units preferred in the talks
between department and cities (厅市会商) and names the fiscal rule, 五(四) wants good practice made known.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from engine.domain.divisions import Level
from engine.domain.titles import Kind, Standing, Title

FISCAL_LEAD = Decimal(1)  # percentage points, 五(三)
SCIENCE, REVENUE = "fiscal_sci_tech_growth", "recurrent_revenue_growth"

LEVELS = {
    Level.PROVINCE: "省",
    Level.CITY: "设区市",
    Level.DISTRICT: "市辖区",
    Level.COUNTY_CITY: "县级市",
    Level.COUNTY: "县",
    Level.AUTONOMOUS_COUNTY: "自治县",
}
TITLES = {
    Kind.SCIENCE_STRONG: "科技强市、县（市、区）",
    Kind.PILOT: "创新型试点城市（县、区）",
    Kind.RECOGNISED: "创新型城市（县、区）",
    Kind.NATIONAL_PILOT: "国家创新型城市建设试点",
}
STANDINGS = {
    Standing.NONE: "未创建",
    Standing.ELIGIBLE: "可申报",
    Standing.PILOT: "试点",
    Standing.RECOGNISED: "已认定",
    Standing.REVOKED: "已撤销",
}
PREFERRED = (Kind.RECOGNISED, Kind.PILOT, Kind.SCIENCE_STRONG)
REASONS = {
    Kind.RECOGNISED: "创新型城市（县、区）建设列为厅市会商重点议题",
    Kind.PILOT: "创新型试点城市（县、区）建设列为厅市会商重点议题",
    Kind.SCIENCE_STRONG: "科技强市、县（市、区）建设列为厅市会商重点议题",
    Kind.NATIONAL_PILOT: "深入开展国家创新型城市建设试点",
}
CLAUSE = "浙政发〔2012〕17号五(三)"
HEADS = {
    "考核数据": (
        "代码", "单位", "级别", "所属", "称号", "状态", "最近轮次", "得分", "等次", "门槛指标", "财政科技投入规则",
        "较上次变化", "测评结论",
    ),
    "厅市会商优先支持": ("代码", "单位", "所属", "称号", "依据和理由"),
    "好做法": ("代码", "单位", "轮次", "做法"),
}  # fmt: skip
WIDTHS = {"称号": 46, "依据和理由": 60, "做法": 90, "单位": 16, "财政科技投入规则": 18}
PLAIN_WIDTH = 12


@dataclass(frozen=True)
class Measured:
    """How a unit was measured last: round, total, grade, gates; by how much the total moved; the fiscal rule."""

    round: str | None
    total: Decimal
    grade: str | None
    gates_met: bool
    fiscal: bool | None
    change: Decimal | None


@dataclass(frozen=True)
class Line:
    """What the assessment is told of one unit."""

    code: str
    name: str
    level: Level
    above: str | None
    standing: Standing
    titles: tuple[Title, ...]
    measured: Measured | None
    round: str | None = None
    outcome: str | None = None
    practice: str | None = None


@dataclass(frozen=True)
class Preferred:
    """A unit to be supported first, and why."""

    line: Line
    kinds: tuple[Kind, ...]
    reason: str


def fiscal_rule(values: Mapping[str, Decimal | None]) -> bool | None:
    """Return whether spending on science grew at least one percentage point more than recurrent revenue, 五(三).

    Both are growth on the year before in percent. None where one of them is not known.
    """
    science, revenue = values.get(SCIENCE), values.get(REVENUE)
    return None if science is None or revenue is None else science - revenue >= FISCAL_LEAD


def preferred(lines: Iterable[Line]) -> list[Preferred]:
    """Return the units that the talks between department and cities support first: recognised, pilots, 科技强市、县.

    Within each the better measured come first.
    """
    found = [_preferred(line) for line in lines]
    return sorted((one for one in found if one is not None), key=_order)


def workbook(year: int, lines: Sequence[Line]) -> bytes:
    """Return the workbook (xlsx) for the assessment of `year`; every text is written as text, no cell is a formula."""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        title = f"{year}年度党政领导科技进步目标责任制考核数据"
        book.set_properties({"title": title, "created": datetime(year, 12, 31)})  # noqa: DTZ001 - xlsx knows no zones
        told = [one for one in lines if one.practice]
        tables: dict[str, Sequence[tuple[str | Decimal, ...]]] = {
            "考核数据": [_assessed(line) for line in lines],
            "厅市会商优先支持": [_supported(one) for one in preferred(lines)],
            "好做法": [(one.code, one.name, one.round or "", one.practice or "") for one in told],
        }
        for name, rows in tables.items():
            _write(book, name, rows)
    return stream.getvalue()


def _preferred(line: Line) -> Preferred | None:
    held = {title.kind for title in line.titles}
    kinds = tuple(kind for kind in PREFERRED if kind in held)
    if not kinds:
        return None
    reasons = [REASONS[kinds[0]]]
    if Kind.NATIONAL_PILOT in held:
        reasons.append(REASONS[Kind.NATIONAL_PILOT])
    if line.measured is not None and line.measured.grade:
        reasons.append(f"最近一次测评{line.measured.total:.2f}分，{line.measured.grade}")
    return Preferred(line, kinds, f"{'；'.join(reasons)}（{CLAUSE}）")


def _order(one: Preferred) -> tuple[int, Decimal, str]:
    total = one.line.measured.total if one.line.measured else Decimal(0)
    return PREFERRED.index(one.kinds[0]), -total, one.line.code


def _assessed(line: Line) -> tuple[str | Decimal, ...]:
    return (
        line.code,
        line.name,
        LEVELS[line.level],
        line.above or "",
        "；".join(_told(title) for title in line.titles),
        STANDINGS.get(line.standing, line.standing.value),
        *_measured(line.measured),
        line.outcome or "",
    )


def _measured(measured: Measured | None) -> tuple[str | Decimal, ...]:
    if measured is None:
        return ("", "", "", "", "", "")
    return (
        measured.round or "",
        measured.total,
        measured.grade or "",
        "达到" if measured.gates_met else "未达到",
        {True: "符合", False: "不符合", None: "无数据"}[measured.fiscal],
        "" if measured.change is None else measured.change,
    )


def _supported(one: Preferred) -> tuple[str, ...]:
    return one.line.code, one.line.name, one.line.above or "", "；".join(TITLES[kind] for kind in one.kinds), one.reason


def _told(title: Title) -> str:
    return f"{TITLES[title.kind]}（{title.granted_on.isoformat()}，{title.document_no}）"


def _write(book: Any, name: str, rows: Sequence[tuple[str | Decimal, ...]]) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"border": 1, "bold": True, "bg_color": "#D9E6F5", "align": "center"})
    text = book.add_format({"border": 1, "num_format": "@", "text_wrap": True, "valign": "vcenter"})
    number = book.add_format({"border": 1, "num_format": "0.00", "valign": "vcenter"})
    for column, label in enumerate(HEADS[name]):
        sheet.set_column(column, column, WIDTHS.get(label, PLAIN_WIDTH))
        sheet.write_string(0, column, label, head)
    for row, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells):
            if isinstance(cell, Decimal):
                sheet.write_number(row, column, cell, number)
            else:
                sheet.write_string(row, column, cell, text)
    sheet.freeze_panes(1, 2)
