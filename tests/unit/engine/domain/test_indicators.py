"""Indicator sets are read from the programme's table, and every fault of a row is named."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain import indicators
from engine.errors import ModelRefused, NotFound

FILE = Path(__file__).parents[4] / "workflows" / "innovative-city" / "indicators.csv"
ROWS = indicators.read_rows(FILE.read_bytes())


def changed(code, /, **cells):
    return [{**row, **cells} if row["code"] == code else row for row in ROWS]


def rules(rows):
    return [(finding["element"], finding["rule"]) for finding in indicators.check(rows)]


def test_shipped_sets_are_whole():
    assert indicators.check(ROWS) == []
    assert indicators.codes(ROWS) == ["ZJ-DEMO-2012", "ZJ-CZ-2012"]


def test_demonstration_set_is_read_as_drawn():
    demo = indicators.parse(ROWS, "ZJ-DEMO-2012")
    assert list(demo.groups) == ["A", "B", "C", "D", "E", "F"]
    assert len(demo.indicators) == 19
    first = demo.indicators[0]
    assert (first.weight, first.standards["city"], first.standards["county"]) == (11, Decimal("2.5"), 2)
    assert [one.code for one in demo.indicators if one.gate] == ["A3"]
    assert [one.code for one in demo.indicators if one.negative] == ["E3"]
    assert [one.code for one in demo.members("F")] == ["F1", "F2", "F3"]


def test_every_figure_is_reported_once():
    reported = [raw.code for raw in indicators.parse(ROWS, "ZJ-DEMO-2012").raw_inputs()]
    assert len(reported) == len(set(reported)) == 28
    assert "expert_scores" not in reported


def test_unknown_set_is_not_found():
    with pytest.raises(NotFound):
        indicators.parse(ROWS, "ZJ-56-2012")


@pytest.mark.parametrize(
    ("code", "cells", "finding"),
    [
        ("A1", {"weight": "12"}, ("ZJ-DEMO-2012", "weights")),
        ("A1", {"standard_county": "0"}, ("A1", "standard_county")),
        ("A1", {"standard_city": "two"}, ("A1", "standard_city")),
        ("A1", {"cap": "NaN"}, ("A1", "cap")),
        ("A1", {"kind": "guess"}, ("A1", "kind")),
        ("A1", {"direction": "up"}, ("A1", "direction")),
        ("A1", {"formula": ""}, ("A1", "formula")),
        ("A1", {"formula": "rd_expenditure / + gdp +"}, ("A1", "formula")),
        ("A1", {"formula": "rd_expenditure / population"}, ("A1", "formula")),
        ("A3", {"gate_rule": ""}, ("A3", "gate_rule")),
        ("A1", {"raw_names": "R&D"}, ("A1", "raw_inputs")),
        ("A1", {"raw_units": "亿元;万元"}, ("E3", "raw_inputs")),
        ("A2", {"code": "A1"}, ("A1", "code")),
    ],
)
def test_fault_of_a_row_is_named(code, cells, finding):
    assert finding in rules(changed(code, **cells))


def test_all_faults_are_named_at_once():
    assert len(rules(changed("A1", kind="guess", direction="up", formula=""))) == 3


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"set,code\nA,B\n", FILE.read_bytes() + b"\nA,B,C", b'set,"'])
def test_table_that_is_none_is_refused(content):
    with pytest.raises(ModelRefused):
        indicators.read_rows(content)
