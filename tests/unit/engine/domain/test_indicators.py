"""Indicator sets are read from the programme's table, and every fault of a row is named."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain import indicators
from engine.domain.indicators import Method, Missing, Tie
from engine.errors import ModelRefused, NotFound

FILE = Path(__file__).parents[4] / "workflows" / "innovative-city" / "indicators.csv"
ROWS = indicators.read_rows(FILE.read_bytes())


DEMO_2012 = indicators.of(ROWS, "ZJ-DEMO-2012")


def changed(code, /, **cells):
    return [{**row, **cells} if row["code"] == code else row for row in DEMO_2012]


def rules(rows):
    return [(finding["element"], finding["rule"]) for finding in indicators.check(rows)]


def test_shipped_sets_are_whole():
    assert indicators.check(ROWS) == []
    assert indicators.codes(ROWS) == ["ZJ-56-2012", "ZJ-DEMO-2012", "ZJ-DEMO-2018", "ZJ-CZ-2012"]


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
        indicators.parse(ROWS, "ZJ-57-2012")


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
        ("A1", {"method": "guess"}, ("A1", "method")),
        ("A1", {"method": "base_index"}, ("A1", "base_year")),
        ("A1", {"method": "base_index", "base_year": "15"}, ("A1", "base_year")),
        ("A1", {"method": "min_max", "low": "1"}, ("A1", "high")),
        ("A1", {"method": "min_max", "high": "1"}, ("A1", "low")),
        ("A1", {"method": "min_max", "low": "2", "high": "1"}, ("A1", "high")),
        ("E3", {"method": "min_max", "low": "1", "high": "2"}, ("E3", "high")),
        ("A1", {"low": "much"}, ("A1", "low")),
        ("A1", {"method": "target", "bonus": "-1"}, ("A1", "bonus")),
        ("A1", {"missing": "guess"}, ("A1", "missing")),
        ("industrial_output", {"bridges": "2010"}, ("industrial_output", "bridges")),
        ("industrial_output", {"bridges": "2010 => value *"}, ("industrial_output", "bridges")),
        ("industrial_output", {"bridges": "2010 => gdp * 2"}, ("industrial_output", "bridges")),
        ("industrial_output", {"code": "hte_count"}, ("hte_count", "code")),
        ("industrial_output", {"unit": "万元"}, ("B3", "raw_inputs")),
        ("hte_count", {"relation": "less than gdp"}, ("hte_count", "relation")),
        ("hte_count", {"relation": "part of nothing"}, ("hte_count", "relation")),
        ("fiscal_sci_tech_growth", {"range": "[0.."}, ("fiscal_sci_tech_growth", "range")),
        ("", {"valid_to": "2012-02-30"}, ("ZJ-DEMO-2012", "valid_to")),
        ("", {"valid_to": "2012-05-21"}, ("ZJ-DEMO-2012", "valid_to")),
        ("F3", {"kind": "set"}, ("ZJ-DEMO-2012", "kind")),
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


def test_official_set_is_known_by_its_document_and_awaits_import():
    official = indicators.parse(ROWS, "ZJ-56-2012")
    assert official.indicators == ()
    assert "浙政办发〔2012〕56号" in official.about.basis
    assert official.about.holds(date(2012, 5, 21))
    assert not official.about.holds(date(2012, 5, 20))


def test_version_in_force_is_found_by_the_day():
    assert indicators.in_force(ROWS, "ZJ-DEMO", date(2017, 12, 31)) == "ZJ-DEMO-2012"
    assert indicators.in_force(ROWS, "ZJ-DEMO", date(2018, 1, 1)) == "ZJ-DEMO-2018"
    with pytest.raises(NotFound):
        indicators.in_force(ROWS, "ZJ-DEMO", date(2012, 5, 20))


def test_versions_of_a_series_may_not_overlap():
    rows = [{**row, "valid_to": "2018-01-02" if row["valid_to"] else ""} for row in ROWS]
    assert rules(rows) == [("ZJ-DEMO-2012", "valid_from")]


def test_set_without_indicators_and_without_a_word_of_itself_is_refused():
    assert rules([row for row in DEMO_2012 if row["code"] == "industrial_output"]) == [("ZJ-DEMO-2012", "kind")]


def test_new_version_counts_by_another_definition_and_bridges_the_old_one():
    inputs = {raw.code: raw for raw in indicators.parse(ROWS, "ZJ-DEMO-2018").raw_inputs()}
    output = inputs["industrial_output"]
    assert (output.name, output.definition, set(output.bridges)) == ("规上工业销售产值", "2014", {"2012"})
    assert inputs["new_product_output"].ties == ((Tie.PART, "industrial_output"),)
    assert inputs["hte_count"].ties == ((Tie.SHARE, "above_scale_count"),)


def test_methods_and_gaps_are_read():
    demo = {one.code: one for one in indicators.parse(ROWS, "ZJ-DEMO-2018").indicators}
    assert (demo["A1"].method, demo["F1"].method) == (Method.STANDARD, Method.EXPERTS)
    assert (demo["B3"].missing, demo["E2"].missing, demo["A1"].missing) == (
        Missing.EXCLUDE,
        Missing.LAST_YEAR,
        Missing.ZERO,
    )
    ranked = indicators.parse(ROWS, "ZJ-CZ-2012")
    assert {one.method for one in ranked.indicators if one.compares} == {Method.RANK}
    assert len(ranked.indicators) == 9


def test_frozen_rows_give_the_same_set_and_digest_for_good():
    frozen = indicators.of(ROWS, "ZJ-DEMO-2012")
    assert indicators.parse(frozen, "ZJ-DEMO-2012") == indicators.parse(ROWS, "ZJ-DEMO-2012")
    old = [{key: cell for key, cell in row.items() if cell or key == "set"} for row in frozen]
    assert indicators.digest(frozen) == indicators.digest(old)
    assert indicators.digest(changed("A1", weight="12")) != indicators.digest(frozen)


def test_rows_are_written_as_they_were_read():
    assert indicators.write_rows(ROWS) == FILE.read_bytes()
    assert indicators.read_rows(indicators.write_rows(ROWS)) == ROWS


def test_table_without_the_columns_that_came_later_is_read():
    short = [{key: row[key] for key in list(row)[:20]} for row in ROWS if row["kind"] not in ("set", "input")]
    lines = [",".join(short[0]), *(",".join(f'"{cell}"' for cell in row.values()) for row in short)]
    rows = indicators.read_rows("\n".join(lines).encode())
    assert len(indicators.parse(rows, "ZJ-DEMO-2012").indicators) == 19


def test_table_with_a_misspelt_column_is_refused():
    with pytest.raises(ModelRefused):
        indicators.read_rows(FILE.read_bytes().replace(b",missing,", b",mising,", 1))
