"""Notices of holidays: read as they are printed, and every fault named by its cell."""

import csv
import io
from datetime import date, datetime

import openpyxl
import pytest

from engine.domain import holidays
from engine.errors import WorkbookRefused

NUMBER, ISSUED = "国办发明电〔2024〕12号", "2024-11-12"
SPRING = (NUMBER, ISSUED, "春节", "2025-01-28", "2025-02-04", "2025-01-26、2025-02-08")


def as_csv(*rows, header=holidays.HEADER):
    stream = io.StringIO()
    csv.writer(stream).writerows([header, *rows])
    return stream.getvalue().encode()


def as_xlsx(*rows, header=holidays.HEADER):
    book = openpyxl.Workbook()
    book.active.title = holidays.SHEET
    for row in (header, *rows):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def faults(content):
    with pytest.raises(WorkbookRefused) as refused:
        holidays.read(content)
    return [(fault["cell"], fault["rule"]) for fault in refused.value.facts["cells"]]


@pytest.mark.parametrize("form", [as_csv, as_xlsx])
def test_a_notice_is_read_as_it_is_printed(form):
    read = holidays.read(form(SPRING, ("", "", "元旦", "2025-01-01", "", ""), ("", "", "", "", "", "2025-04-27")))
    assert (read.number, read.issued_on) == (NUMBER, date(2024, 11, 12))
    assert sum(not worked for worked in read.days.values()) == 9
    assert [str(day) for day, worked in read.days.items() if worked] == ["2025-01-26", "2025-02-08", "2025-04-27"]
    assert read.touched == (date(2025, 1, 1), date(2025, 12, 31))


def test_dates_may_be_written_as_offices_write_them():
    row = (NUMBER, datetime(2024, 11, 12), "春节", datetime(2025, 1, 28), "2025年2月4日", "2025/1/26 2025.2.8")  # noqa: DTZ001 - xlsx knows no zones
    assert holidays.read(as_xlsx(row)).days == holidays.read(as_csv(SPRING)).days


@pytest.mark.parametrize("template", [holidays.template_csv().encode(), holidays.template_xlsx()])
def test_the_template_can_be_read_back(template):
    assert holidays.read(template).days == holidays.read(as_csv(SPRING)).days


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], [("A2", "number"), ("B2", "issued")]),
        ([("", ISSUED, *SPRING[2:])], [("A2", "number")]),
        ([(NUMBER, "", *SPRING[2:])], [("B2", "issued")]),
        ([(NUMBER, "soon", *SPRING[2:])], [("B2", "date")]),
        ([(NUMBER, ISSUED, "", "", "", "")], [("", "empty")]),
        ([SPRING, ("另一号", "", "元旦", "2025-01-01", "", "")], [("A3", "same")]),
        ([SPRING, ("", "2024-11-13", "元旦", "2025-01-01", "", "")], [("B3", "same")]),
        ([(NUMBER, ISSUED, "春节", "2025-02-30", "", "")], [("D2", "date")]),
        ([(NUMBER, ISSUED, "春节", "", "2025-02-04", "")], [("D2", "from")]),
        ([(NUMBER, ISSUED, "春节", "2025-02-04", "2025-01-28", "")], [("E2", "order")]),
        ([(NUMBER, ISSUED, "春节", "2025-01-28", "2025-03-28", "")], [("E2", "order")]),
        ([(NUMBER, ISSUED, "春节", "", "", "2025-01-27")], [("F2", "weekday")]),
        ([(NUMBER, ISSUED, "春节", "2025-01-25", "", "2025-01-25")], [("F2", "twice")]),
        ([(NUMBER, ISSUED, "春节", "2027-01-28", "", "")], [("D2", "year")]),
        ([(NUMBER, ISSUED, "春节", "2023-01-28", "", "")], [("D2", "year")]),
        ([SPRING] * 62, [("A62", "rows")]),
    ],
)
@pytest.mark.parametrize("form", [as_csv, as_xlsx])
def test_every_fault_names_its_cell(form, rows, found):
    told = faults(form(*rows))
    assert told[: len(found)] == found


def test_columns_are_held_to_the_template():
    assert faults(as_csv(SPRING, header=("文号", *holidays.HEADER[1:]))) == [("A1", "header")]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\xff\xfe", "unreadable"),
        (b'"open', "unreadable"),
        (b"PK\x03\x04 no archive", "format"),
        (b"x" * (2 * 1024 * 1024 + 1), "size"),
    ],
)
def test_what_is_no_table_is_refused(content, rule):
    assert faults(content) == [("", rule)]
