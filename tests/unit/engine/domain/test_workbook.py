"""The spreadsheet goes out, comes back filled in, and nothing hostile comes with it."""

import io
import random
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from engine.domain import indicators, scoring, workbook
from engine.domain.indicators import Level
from engine.errors import WorkbookRefused

PROGRAMME = Path(__file__).parents[4] / "workflows" / "innovative-city"
ROWS = indicators.read_rows((PROGRAMME / "indicators.csv").read_bytes())
DEMO = indicators.parse(ROWS, "ZJ-DEMO-2012")
RANKED = indicators.parse(ROWS, "ZJ-CZ-2012")
VALUES = {raw.code: 3 + place / 4 for place, raw in enumerate(DEMO.raw_inputs())}
FILLED = workbook.Filled("ZJ-DEMO-2012", "云溪县", 2024, VALUES, {"gdp": "统计年鉴"}, {"awards": "含省部级"})
GOOD = workbook.template(DEMO, "云溪县", 2024, FILLED)
EXPERTS = {code: [76, 79, 80, 82, 84] for code in ("F1", "F2", "F3")}


def edited(**cells):
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    for name, value in cells.items():
        book[workbook.SHEET][name] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(*, drop=(), compression=zipfile.ZIP_DEFLATED, **parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(stream, "w", compression) as new:
        names = {name: old.read(name) for name in old.namelist() if name not in drop}
        for name, content in {**names, **parts.get("added", {})}.items():
            new.writestr(name, content)
    return stream.getvalue()


def faults(content, known=DEMO):
    with pytest.raises(WorkbookRefused) as caught:
        workbook.read(content, known)
    for cell in caught.value.facts["cells"]:
        assert set(cell) == {"sheet", "cell", "rule", "text"}
        assert set(cell["text"]) == {"zh", "en"}
    return {(cell["cell"], cell["rule"]) for cell in caught.value.facts["cells"]}


def test_what_was_filled_in_comes_back():
    assert workbook.read(GOOD, DEMO) == VALUES
    assert workbook.read_filled(GOOD, DEMO) == FILLED


def test_file_saved_by_another_program_reads_alike():
    assert workbook.read(edited(), DEMO) == VALUES


def test_same_entries_give_the_same_file():
    assert workbook.template(DEMO, "云溪县", 2024, FILLED) == GOOD


def test_empty_template_is_refused_as_empty():
    assert ("F5", "unexplained") in faults(workbook.template(DEMO, "云溪县", 2024))


def test_figures_may_be_missing_when_explained():
    content = edited(D5=None, F5="统计口径调整，本年无数据")
    first = DEMO.raw_inputs()[0].code
    assert workbook.read(content, DEMO) == {code: value for code, value in VALUES.items() if code != first}


def test_nothing_at_all_is_refused_even_when_explained():
    count = len(DEMO.raw_inputs())
    content = edited(
        **{f"D{row}": None for row in range(5, 5 + count)}, **{f"F{row}": "无" for row in range(5, 5 + count)}
    )
    assert faults(content) == {("", "empty")}


def test_template_of_every_set_opens():
    for known in (DEMO, RANKED):
        book = openpyxl.load_workbook(io.BytesIO(workbook.template(known, "云溪县", 2024)))
        sheet = book[workbook.SHEET]
        assert book.sheetnames == [workbook.GUIDE, workbook.SHEET]
        assert tuple(cell.value for cell in sheet[4]) == workbook.HEADER
        assert sheet.protection.sheet
        assert sheet["A5"].protection.locked
        assert not sheet["D5"].protection.locked


def test_text_that_begins_with_an_equals_sign_stays_text():
    filled = workbook.Filled("ZJ-DEMO-2012", "=HYPERLINK(1)", 2024, VALUES, {"gdp": "=1+1"}, {"gdp": "@SUM(A1)"})
    content = workbook.template(DEMO, filled.unit, 2024, filled)
    assert workbook.read_filled(content, DEMO) == filled
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all(b"<f>" not in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"D5": "=1+1"}, ("D5", "formula")),
        ({"E7": '=WEBSERVICE("http://127.0.0.1")'}, ("E7", "formula")),
        ({"D5": "12.5"}, ("D5", "number")),
        ({"D5": "约12"}, ("D5", "number")),
        ({"D5": True}, ("D5", "number")),
        ({"D5": -1}, ("D5", "range")),
        ({"D5": 1e16}, ("D5", "range")),
        ({"B2": "ZJ-CZ-2012"}, ("B2", "set")),
        ({"D2": None}, ("D2", "unit")),
        ({"F2": "2024年"}, ("F2", "year")),
        ({"F2": 24}, ("F2", "year")),
        ({"D4": "数值（万元）"}, ("D4", "header")),
        ({"A5": "gdp2"}, ("A5", "code")),
        ({"A6": "rd_expenditure"}, ("A6", "code")),
        ({"C5": "万元"}, ("B5", "fixed")),
        ({"A5": None, "B5": None, "C5": None, "D5": None}, ("", "missing-row")),
        ({"E5": "长" * 1001}, ("E5", "length")),
        ({"A60": "more"}, ("A60", "code")),
    ],
)
def test_fault_names_its_cell(cells, fault):
    assert fault in faults(edited(**cells))


def test_growth_may_be_negative():
    row = 5 + [raw.code for raw in DEMO.raw_inputs()].index("fiscal_sci_tech_growth")
    assert workbook.read(edited(**{f"D{row}": -3.5}), DEMO)["fiscal_sci_tech_growth"] == -3.5


def test_all_faults_are_named_at_once():
    assert {("D5", "number"), ("D6", "range"), ("D7", "formula")} <= faults(edited(D5="x", D6=-1, D7="=1"))


def test_workbook_of_another_set_is_refused():
    assert ("B2", "set") in faults(GOOD, RANKED)


def bomb():
    return repacked(added={"xl/worksheets/sheet2.xml": b"<worksheet>" + b" " * 200_000_000})


def many_entries():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(10_000):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", "")
    return stream.getvalue()


BOMB, MANY = bomb(), many_entries()
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (BOMB, "bomb"),
        (MANY, "entries"),
        (MANY[:-14] + b"\x01\x00\x01\x00" + MANY[-10:], "entries"),  # a directory that lies about its count
        (GOOD + b"\0" * 3_000_000, "size"),
        (b"", "format"),
        (b"PK\x03\x04", "format"),
        (b"<html>" * 100, "format"),
        (bytes.fromhex("d0cf11e0a1b11ae1") * 100, "format"),
        (GOOD[: len(GOOD) // 2], "format"),
        (repacked(added={"xl/vbaProject.bin": b"x"}), "parts"),
        (repacked(added={"xl/externalLinks/externalLink1.xml": b"<a/>"}), "parts"),
        (repacked(added={"xl/embeddings/nested.zip": BOMB[:1000]}), "parts"),
        (repacked(added={"../../etc/passwd": b"x"}), "parts"),
        (repacked(added={"xl/sharedStrings.xml": ENTITIES}), "xml"),
        (repacked(added={"xl/workbook.xml": ENTITIES.decode().encode("utf-16")}), "xml"),
        (repacked(added={"xl/workbook.xml": b"not xml"}), "unreadable"),
        (repacked(added={"xl/worksheets/sheet2.xml": b"<worksheet><sheetData><row"}), "unreadable"),
        (repacked(drop=("xl/workbook.xml",)), "unreadable"),
    ],
    ids=range(18),
)
def test_hostile_file_is_refused_before_it_is_unpacked(content, rule):
    started = time.thread_time()
    assert {found for _, found in faults(content)} == {rule}
    assert time.thread_time() - started <= 0.2


def test_file_without_the_sheet_is_refused():
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.save(stream)
    assert faults(stream.getvalue()) == {("", "sheet")}


def test_damaged_bytes_are_refused_or_read_but_never_crash():
    chance = random.Random(2012)
    for _ in range(300):
        damaged = bytearray(GOOD)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            workbook.read(bytes(damaged), DEMO)
        except WorkbookRefused:
            continue


def test_damaged_parts_are_refused_or_read_but_never_crash():
    chance = random.Random(2026)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(200):
        name = chance.choice(sorted(parts))
        part = bytearray(parts[name])
        place = chance.randrange(len(part))
        part[place : place + chance.randint(0, 12)] = bytes(
            chance.choice(b'<>"/&=0Aa ') for _ in range(chance.randint(0, 6))
        )
        try:
            workbook.read(repacked(added={name: bytes(part)}), DEMO)
        except WorkbookRefused:
            continue


@pytest.mark.parametrize(("year", "band"), [(2024, (68, 73)), (2026, (85, 90)), (2028, (90, 96))])
def test_demonstration_county_earns_its_way(year, band):
    content = (PROGRAMME / "demo" / f"yunxi-{year}.xlsx").read_bytes()
    filled = workbook.read_filled(content, DEMO)
    assert (filled.unit, filled.year) == ("云溪县", year)
    score = scoring.score(DEMO, Level.COUNTY, filled.values, EXPERTS)
    assert band[0] <= score.total < band[1]
    assert score.gates_met
    assert not score.plain()["missing"]
    assert scoring.score(DEMO, Level.COUNTY, filled.values, {}).total >= 60
