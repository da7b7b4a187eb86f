"""A set goes out as a spreadsheet or CSV and comes back the same; every fault is named at its cell, nothing hostile."""

import io
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from engine.domain import indicators, setbook
from engine.errors import WorkbookRefused

FILE = Path(__file__).parents[4] / "workflows" / "innovative-city" / "indicators.csv"
ROWS = indicators.read_rows(FILE.read_bytes())
DEMO = indicators.of(ROWS, "ZJ-DEMO-2012")
BOOK = setbook.write(DEMO)


def edited(sheet="指标", content=BOOK, **cells):
    book = openpyxl.load_workbook(io.BytesIO(content))
    for name, value in cells.items():
        book[sheet][name] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def faults(content):
    with pytest.raises(WorkbookRefused) as caught:
        setbook.read(content)
    for fault in caught.value.facts["cells"]:
        assert set(fault) == {"sheet", "cell", "rule", "text"}
        assert all(fault["text"][language] for language in ("zh", "en"))
    return {(f"{fault['sheet']}!{fault['cell']}", fault["rule"]) for fault in caught.value.facts["cells"]}


@pytest.mark.parametrize("code", indicators.codes(ROWS))
def test_every_shipped_set_comes_back_exactly(code):
    rows = indicators.of(ROWS, code)
    assert setbook.read(setbook.write(rows)) == rows
    assert setbook.read(indicators.write_rows(rows)) == rows
    assert indicators.digest(setbook.read(setbook.write(rows))) == indicators.digest(rows)


def test_book_saved_by_another_program_reads_alike():
    assert setbook.read(edited()) == DEMO


def test_same_set_gives_the_same_book():
    assert setbook.write(DEMO) == BOOK


def test_set_without_a_description_comes_back_without_one():
    rows = [row for row in DEMO if row["kind"] not in ("set", "input")]
    assert setbook.read(setbook.write(rows)) == rows


def test_empty_official_set_is_the_template_to_fill_in():
    content = setbook.write(indicators.of(ROWS, "ZJ-56-2012"))
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == [setbook.GUIDE, *setbook.SHEETS]
    assert [cell.value for cell in book["指标"][1]][:4] == ["组代码", "组名称", "代码", "名称"]
    cells = {"A3": "A", "B3": "甲", "C3": "A1", "D3": "指标一", "E3": "%", "F3": "+", "G3": "quant", "H3": 100}
    more = {"I3": 2.5, "J3": 2.0, "R3": "0", "T3": "x", "U3": "数据", "V3": "%", "W3": "x * 100"}
    rows = setbook.read(edited(content=content, **cells, **more))
    (filled,) = indicators.parse(rows, "ZJ-56-2012").indicators
    assert (filled.weight, filled.name, rows[1]["standard_city"], rows[1]["standard_county"]) == (
        100,
        "指标一",
        "2.5",
        "2",
    )


def test_dates_may_be_typed_as_dates():
    rows = setbook.read(edited("指标体系", E3=datetime(2012, 5, 1)))  # noqa: DTZ001 - xlsx knows no zones
    assert rows[0]["valid_from"] == "2012-05-01"


@pytest.mark.parametrize(
    ("sheet", "cells", "expected"),
    [
        ("指标", {"H7": "none"}, ("指标!H7", "weight")),
        ("指标", {"H7": "8"}, ("指标!H3", "weights")),
        ("指标", {"F4": "up"}, ("指标!F4", "direction")),
        ("指标", {"W3": "rd_expenditure / + gdp +"}, ("指标!W3", "formula")),
        ("指标", {"W3": "=1+1"}, ("指标!W3", "formula")),
        ("指标", {"D3": '=HYPERLINK("http://127.0.0.1")'}, ("指标!D3", "formula")),
        ("指标", {"D3": "@SUM(A1)"}, ("指标!D3", "formula")),
        ("指标", {"S5": "value >="}, ("指标!S5", "gate_rule")),
        ("指标", {"C4": "A1"}, ("指标!C4", "code")),
        ("指标", {"D3": None}, ("指标!D3", "empty")),
        ("指标", {"D3": True}, ("指标!D3", "text")),
        ("指标", {"D3": "长" * 2001}, ("指标!D3", "length")),
        ("指标", {"H2": "weights"}, ("指标!H2", "header")),
        ("指标", {"A600": "G"}, ("指标!", "rows")),
        ("指标", {"L3": "guess"}, ("指标!L3", "method")),
        ("数据", {"F4": "less than gdp"}, ("数据!F4", "relation")),
        ("数据", {"C4": "万元"}, ("指标!T4", "raw_inputs")),
        ("指标体系", {"A3": None}, ("指标体系!A3", "set")),
        ("指标体系", {"A3": "坏 代码"}, ("指标体系!A3", "set")),
        ("指标体系", {"E3": "2012-13-01"}, ("指标体系!E3", "valid_from")),
        ("指标体系", {"F3": "2012-01-01"}, ("指标体系!F3", "valid_to")),
    ],
)
def test_fault_names_sheet_cell_and_rule(sheet, cells, expected):
    assert expected in faults(edited(sheet, **cells))


def test_all_faults_are_named_at_once():
    found = faults(edited(H7="none", F4="up", L5="guess", Q6="guess"))
    assert {("指标!H7", "weight"), ("指标!F4", "direction"), ("指标!L5", "method"), ("指标!Q6", "missing")} <= found


def test_missing_sheet_is_named():
    book = openpyxl.load_workbook(io.BytesIO(BOOK))
    del book["数据"]
    stream = io.BytesIO()
    book.save(stream)
    assert faults(stream.getvalue()) == {("数据!", "sheet")}


def csv(rows=DEMO, **cells):
    return indicators.write_rows([{**row, **cells} if row["code"] == "A2" else row for row in rows])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (csv(weight="x"), ("indicators.csv!I4", "weight")),
        (csv(name="=cmd()"), ("indicators.csv!E4", "formula")),
        (csv(name="长" * 2001), ("indicators.csv!E4", "length")),
        (csv(name=""), ("indicators.csv!E4", "empty")),
        (csv(ROWS), ("indicators.csv!A2", "set")),
        (b"", ("indicators.csv!", "columns")),
        (b"\xff\xfe", ("indicators.csv!", "unreadable")),
        (indicators.write_rows([]), ("indicators.csv!A2", "set")),
        (b"a" * 3_000_000, ("indicators.csv!", "size")),
        (BOOK[: len(BOOK) // 2], ("!", "format")),
        (b"PK\x03\x04", ("!", "format")),
        (BOOK + b"\0" * 3_000_000, ("!", "size")),
    ],
)
def test_fault_of_a_file_is_named(content, expected):
    assert expected in faults(content)


def test_damaged_book_is_refused():
    start = BOOK.index(b"xl/worksheets/sheet2.xml") + 60
    assert faults(BOOK[:start] + bytes(200) + BOOK[start + 200 :]) == {("!", "unreadable")}


def test_imported_set_takes_the_place_of_the_one_it_replaces():
    imported = setbook.read(edited(D3="新名称"))
    rows = setbook.merged(ROWS, imported)
    assert indicators.codes(rows) == indicators.codes(ROWS)
    assert indicators.of(rows, "ZJ-DEMO-2012") == imported
    assert indicators.of(rows, "ZJ-CZ-2012") == indicators.of(ROWS, "ZJ-CZ-2012")
    other = [{**row, "set": "NEW-1"} for row in imported]
    assert indicators.codes(setbook.merged(ROWS, other)) == [*indicators.codes(ROWS), "NEW-1"]
