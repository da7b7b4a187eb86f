"""Tables of published figures are read whole or refused with every fault at its cell."""

import io
from decimal import Decimal

import openpyxl
import pytest

from engine.domain import yearbook
from engine.errors import WorkbookRefused


def table(*lines: str) -> bytes:
    return "\n".join([",".join(yearbook.COLUMNS), *lines]).encode()


def test_table_of_published_figures_is_read() -> None:
    (one,) = yearbook.read(table("330100,杭州市,2014,gdp,地区生产总值,亿元,9206.16,,统计公报", ",,,,,,,,"))
    assert one == yearbook.Published("330100", 2014, "gdp", Decimal("9206.16"), "地区生产总值（亿元）", "统计公报")


def test_table_may_be_a_spreadsheet() -> None:
    book = openpyxl.Workbook()
    book.active.append(yearbook.COLUMNS)
    book.active.append(["330100", "杭州市", 2014, "gdp", "地区生产总值", "亿元", 9206.16, None, "统计公报"])
    stream = io.BytesIO()
    book.save(stream)
    (one,) = yearbook.read(stream.getvalue())
    assert one == yearbook.Published("330100", 2014, "gdp", Decimal("9206.16"), "地区生产总值（亿元）", "统计公报")
    start = stream.getvalue().index(b"xl/worksheets/sheet1.xml") + 60
    with pytest.raises(WorkbookRefused):
        yearbook.read(stream.getvalue()[:start] + bytes(80) + stream.getvalue()[start + 80 :])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ("A1", "header")),
        (b"unit,year\n", ("A1", "header")),
        (table(), ("A2", "empty")),
        (table(",,2014,gdp,,,1,,x"), ("A2", "missing")),
        (table("330100,,14,gdp,,,1,,x"), ("C2", "year")),
        (table("330100,,2014,gdp,,,much,,x"), ("G2", "number")),
        (table("330100,,2014,gdp,,,NaN,,x"), ("G2", "number")),
        (table("330100,,2014,gdp,,,1,,=cmd()"), ("I2", "formula")),
        (table("330100,,2014,gdp,,,1,," + "长" * 1001), ("I2", "length")),
        (table("330100,,2014,gdp,,,1,,x", "330100,,2014,gdp,,,2,,x"), ("D3", "twice")),
        (table("330100,,2014"), ("A2", "columns")),
        (table(*["330100,,2014,gdp,,,1,,x"] * 20_001), ("", "rows")),
        (b"\xff\xfe", ("", "unreadable")),
        (b"a" * 3_000_000, ("", "size")),
        (b"PK\x03\x04", ("", "format")),
    ],
)
def test_fault_of_a_table_is_named(content: bytes, fault: tuple[str, str]) -> None:
    with pytest.raises(WorkbookRefused) as caught:
        yearbook.read(content)
    assert fault in {(cell["cell"], cell["rule"]) for cell in caught.value.facts["cells"]}
