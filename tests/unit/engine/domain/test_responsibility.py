"""The workbook for the assessment: what it tells, in which order, and that text stays text."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from engine.domain.divisions import Level
from engine.domain.responsibility import LEVELS, TITLES, Line, Measured, fiscal_rule, preferred, workbook
from engine.domain.titles import Kind, Standing, Title

SCORE = Measured("biennial-2017", Decimal("86.5"), "良好", True, True, Decimal("-3.25"))


def line(code, *kinds, measured=None, **more):
    titles = tuple(Title(code, kind, date(2013, 6, 3), "浙科发〔2013〕3号") for kind in kinds)
    told = {"name": f"单位{code}", "level": Level.COUNTY, "above": "东湖市", "standing": Standing.PILOT}
    return Line(**{"code": code, "titles": titles, "measured": measured, **told, **more})


def read(*lines):
    book = openpyxl.load_workbook(io.BytesIO(workbook(2017, lines)))
    return {sheet.title: [list(row) for row in sheet.iter_rows()] for sheet in book}


def values(rows):
    return [[cell.value for cell in row] for row in rows[1:]]


@pytest.mark.parametrize(
    ("science", "revenue", "kept"),
    [("12.5", "11.5", True), ("12.4", "11.5", False), ("3", "-1", True), (None, "1", None), ("1", None, None)],
)
def test_fiscal_rule_asks_for_one_percentage_point_more(science, revenue, kept):
    given = {"fiscal_sci_tech_growth": science, "recurrent_revenue_growth": revenue}
    assert fiscal_rule({code: None if value is None else Decimal(value) for code, value in given.items()}) is kept
    assert fiscal_rule({}) is None


def test_every_unit_is_told_with_its_titles_and_last_score():
    told = values(read(line("1", Kind.SCIENCE_STRONG, Kind.PILOT, measured=SCORE, outcome="continue"))["考核数据"])
    assert told == [[
        "1", "单位1", "县", "东湖市",
        "科技强市、县（市、区）（2013-06-03，浙科发〔2013〕3号）；创新型试点城市（县、区）（2013-06-03，浙科发〔2013〕3号）",
        "试点", "biennial-2017", 86.5, "良好", "达到", "符合", -3.25, "continue",
    ]]  # fmt: skip


def test_what_is_not_known_is_left_empty_and_said():
    never = line("1", standing=Standing.NONE, above=None)
    lacking = Measured(None, Decimal(50), None, False, None, None)
    rows = values(read(never, line("2", measured=lacking))["考核数据"])
    assert [cell for cell in rows[0] if cell] == ["1", "单位1", "县", "未创建"]
    assert rows[1][7:12] == [50, "", "未达到", "无数据", ""]


def test_text_never_becomes_a_formula_a_number_or_a_link():
    hostile = line("=1+1", name='=HYPERLINK("http://x")', practice="http://example.org", round="007")
    book = read(hostile)
    kinds = {cell.data_type for rows in book.values() for row in rows for cell in row if cell.value is not None}
    assert kinds == {"s"}
    assert all(cell.hyperlink is None for rows in book.values() for row in rows for cell in row)
    assert values(book["好做法"]) == [["=1+1", '=HYPERLINK("http://x")', "007", "http://example.org"]]


def test_talks_support_recognised_units_then_pilots_then_strong_ones_the_better_first():
    better = Measured("r", Decimal(91), "优秀", True, None, None)
    lines = [
        line("1", Kind.SCIENCE_STRONG),
        line("2", Kind.SCIENCE_STRONG, Kind.PILOT, measured=SCORE),
        line("3", Kind.PILOT, measured=better),
        line("4", Kind.RECOGNISED, Kind.NATIONAL_PILOT),
        line("5", Kind.NATIONAL_PILOT),
        line("6"),
    ]
    assert [one.line.code for one in preferred(lines)] == ["4", "3", "2", "1"]
    told = {row[0]: row[4] for row in values(read(*lines)["厅市会商优先支持"])}
    assert "91.00分，优秀" in told["3"]
    assert "国家创新型城市" in told["4"]
    assert all(reason.endswith("（浙政发〔2012〕17号五(三)）") for reason in told.values())


def test_every_level_and_title_has_a_name():
    assert set(LEVELS) == set(Level)
    assert set(TITLES) == set(Kind)
