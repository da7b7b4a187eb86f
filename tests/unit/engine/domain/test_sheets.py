"""Score sheets: made of raw inputs alone, the same bytes everywhere, every point walked back, every dependence told."""

import random
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import canonical, indicators, sheets
from engine.domain.sheets import About, Frozen, compose, depends, moved, recompute, rescored, walk, with_value
from engine.errors import NotFound, StepFailed
from engine.settings import ROOT

ROWS = indicators.read_rows((ROOT / "workflows" / "innovative-city" / "indicators.csv").read_bytes())
DEMO = Frozen("ZJ-DEMO-2012", ROWS)
ABOUT = About("339921", 2023, "county", "339921-2024", "pilot-2024", "agency-qiming")
EXPERTS = {"F1": [78, 82, 80, 75, 85], "F2": [72, 76, 74, 70, 78], "F3": [70, 75.5, 72, 68, 80]}
AFRESH = """
import sys
from engine.domain import canonical, sheets
sys.stdout.buffer.write(canonical.encode(sheets.recompute(canonical.decode(sys.stdin.buffer.read()))))
"""


def an_input(code: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"unit": "339921", "year": 2023, "code": code, "value": value, **more}


def figures() -> list[dict[str, Any]]:
    chosen = indicators.parse(ROWS, DEMO.code)
    told = {
        "origin": "verified",
        "version": 1,
        "entered_by": "邵文书",
        "confirmed_by": "沈核数",
        "evidence": ["ab" * 32],
    }
    return [an_input(raw.code, 2.5 + place / 10, **told) for place, raw in enumerate(chosen.raw_inputs())]


def a_sheet() -> sheets.Sheet:
    return compose(ABOUT, DEMO, figures(), EXPERTS)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]


def test_a_sheet_tells_everything_and_holds_no_float() -> None:
    sheet = a_sheet()
    assert not any(isinstance(leaf, float) for leaf in leaves(sheet))
    assert sheet["set"]["digest"] == indicators.digest(indicators.of(ROWS, DEMO.code))
    total = sum(Decimal(one["points"]) for one in sheet["indicators"])
    assert Decimal(sheet["total"]) == total == sum(Decimal(group["points"]) for group in sheet["groups"])
    first = sheet["indicators"][0]
    assert first["formula"] == "rd_expenditure / gdp * 100"
    assert set(first["raw"]) == {"rd_expenditure", "gdp"}
    assert {"seat": 2, "code": "F3", "score": "75.5"} in sheet["experts"]


def test_the_same_inputs_give_the_same_bytes_in_any_order_and_in_a_fresh_process() -> None:
    written = canonical.encode(a_sheet())
    for seed in range(5):
        inputs, experts = figures(), dict(sorted(EXPERTS.items(), reverse=bool(seed % 2)))
        random.Random(seed).shuffle(inputs)
        shuffled = [dict(sorted(one.items(), key=lambda _: random.Random(seed).random())) for one in inputs]
        assert canonical.encode(compose(ABOUT, DEMO, shuffled, experts)) == written
    fresh = subprocess.run(
        [sys.executable, "-c", AFRESH],
        input=written,
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7"},
    )
    assert fresh.stdout == written


def test_a_sheet_that_was_tampered_with_is_not_what_its_inputs_give() -> None:
    sheet = a_sheet()
    for tampered in (
        {**sheet, "total": "99"},
        {**sheet, "gates_met": not sheet["gates_met"]},
        {**sheet, "level": "city"},
        {**sheet, "inputs": sheet["inputs"][1:]},
        {**sheet, "experts": sheet["experts"][1:]},
        {**sheet, "more": 1},
    ):
        assert canonical.encode(recompute(tampered)) != canonical.encode(tampered)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"format": 2},
        {**a_sheet(), "inputs": 7},
        {**a_sheet(), "inputs": [an_input("gdp", "NaN")]},
        {**a_sheet(), "inputs": [an_input("gdp", "1E+400000")]},
        {**a_sheet(), "inputs": [an_input("gdp", 1), an_input("gdp", 2)]},
        {**a_sheet(), "inputs": [an_input("gdp", True)]},
        {**a_sheet(), "set": {"code": "X", "rows": [{"set": "X", "code": 1}]}},
        {**a_sheet(), "level": "village"},
        {**a_sheet(), "experts": [{"code": "F1", "seat": 1, "score": "many"}]},
    ],
)
def test_what_is_no_sheet_is_refused_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(StepFailed):
        recompute(wrong)


def test_every_point_walks_back_to_figure_person_and_file() -> None:
    sheet = a_sheet()
    told = walk(sheet, "indicators/A1")
    zh, en = ("\n".join(line[tongue] for line in told) for tongue in ("zh", "en"))
    assert "rd_expenditure / gdp * 100" in zh
    assert "填报：邵文书；核定：沈核数；佐证：abababababab" in zh
    assert "entered by 邵文书; confirmed by 沈核数; evidence abababababab" in en
    for path in ("total", "groups/A", "gates/A3", "inputs/gdp", "indicators/F1"):
        assert all(set(line) == {"zh", "en"} and all(line.values()) for line in walk(sheet, path))
    for path in ("", "total/x", "groups/Z", "inputs/nothing", "set", "../total"):
        with pytest.raises(NotFound):
            walk(sheet, path)


def test_a_value_the_agency_verified_differently_is_marked() -> None:
    inputs = [an_input("gdp", 100, declared=120, origin="verified"), an_input("rd_expenditure", 3, declared=3)]
    kept = {one["code"]: one for one in compose(ABOUT, DEMO, inputs, {})["inputs"]}
    assert (kept["gdp"]["differs"], kept["rd_expenditure"]["differs"]) == (True, False)


# A set without caps in its way: every figure shows in the points, so that what is flagged is exactly what moves.
BARE = dict.fromkeys(indicators.COLUMNS, "")


def a_row(code: str, group: str, formula: str, **more: str) -> dict[str, str]:
    raws = sorted(set(formula.replace("+", " ").replace("*", " ").split()) - {"100"})
    names = ";".join(raws)
    told = {"raw_inputs": names, "raw_names": names, "raw_units": ";".join("亿元" for _ in raws), "direction": "+"}
    standards = {"standard_city": "1", "standard_county": "1", "cap": "1000000", "kind": "quant", "weight": "25"}
    place = {"set": "BARE", "group_code": group, "group_name": group, "code": code, "name": code, "unit": "亿元"}
    return {**BARE, **told, **standards, **place, "formula": formula, **more}


BARE_SET = [
    a_row("A1", "A", "a"),
    a_row("A2", "A", "a + b"),
    a_row("B1", "B", "c", method="change"),
    a_row("B2", "B", "d", missing="last_year"),
]
KEYS = [("u", year, code) for year in (2023, 2022) for code in "abcd"]
numbers = st.integers(1, 400).map(lambda n: Decimal(n) / 4)


def changed(before: sheets.Sheet, after: sheets.Sheet) -> set[str]:
    found = set()
    for kind, field in (("indicators", "points"), ("groups", "points")):
        pairs = zip(before[kind], after[kind], strict=True)
        found |= {f"{kind}/{old['code']}" for old, new in pairs if old[field] != new[field]}
    return found | ({"total"} if before["total"] != after["total"] else set())


@settings(max_examples=60, deadline=None)
@given(values=st.lists(numbers, min_size=8, max_size=8), place=st.integers(0, 7), more=st.integers(1, 40))
def test_changing_one_input_changes_exactly_what_is_flagged(values: list[Decimal], place: int, more: int) -> None:
    about = About("u", 2023, "county", "u-2024")
    inputs = [
        {"unit": unit, "year": year, "code": code, "value": value}
        for (unit, year, code), value in zip(KEYS, values, strict=True)
    ]
    before = compose(about, Frozen("BARE", BARE_SET), inputs, {})
    key = KEYS[place]
    after = with_value(before, key, values[place] * (1 + more))
    flagged = set(depends(before, key))
    moves = changed(before, after)
    assert moves <= flagged
    if key != ("u", 2022, "d"):  # the figure of last year stands in for one that is missing; here none is
        assert moves == flagged
    assert {f"indicators/{one['code']}" for one in moved(before, after)} == {one for one in moves if "/" in one} - {
        "groups/A",
        "groups/B",
    }


@pytest.mark.parametrize("code", [raw.code for raw in indicators.parse(ROWS, DEMO.code).raw_inputs()])
def test_no_point_of_the_shipped_set_moves_that_is_not_flagged(code: str) -> None:
    sheet = a_sheet()
    for value in (None, 0, 0.01, 10**6):
        key = ("339921", 2023, code)
        assert changed(sheet, with_value(sheet, key, value)) <= set(depends(sheet, key))


def test_what_is_not_an_input_flags_nothing() -> None:
    sheet = a_sheet()
    for key in (("339921", 2022, "gdp"), ("339922", 2023, "gdp"), ("339921", 2023, "unheard")):
        assert depends(sheet, key) == []


def test_what_is_left_out_by_one_weighs_on_all_others() -> None:
    rows = [a_row("A1", "A", "a", weight="50", missing="exclude"), a_row("B1", "B", "b", weight="50")]
    inputs = [{"unit": "u", "year": 2023, "code": code, "value": value} for code, value in (("a", None), ("b", 2))]
    sheet = compose(About("u", 2023, "city", "u-1"), Frozen("BARE", rows), inputs, {})
    assert set(depends(sheet, ("u", 2023, "a"))) == {"indicators/A1", "indicators/B1", "groups/A", "groups/B", "total"}
    assert changed(sheet, with_value(sheet, ("u", 2023, "a"), 5)) == set(depends(sheet, ("u", 2023, "a")))


def test_units_that_are_compared_hang_on_each_other() -> None:
    rows = [a_row("A1", "A", "a", weight="100", kind="rank", method="rank")]
    inputs = [{"unit": unit, "year": 2023, "code": "a", "value": value} for unit, value in (("u", 5), ("v", 7))]
    sheet = compose(About("u", 2023, "city", "u-1"), Frozen("BARE", rows), inputs, {})
    assert sheet["total"] == "50"
    assert depends(sheet, ("v", 2023, "a")) == ["indicators/A1", "groups/A", "total"]
    assert with_value(sheet, ("v", 2023, "a"), 3)["total"] == "100"
    assert canonical.encode(recompute(sheet)) == canonical.encode(sheet)


def test_another_set_is_tried_without_touching_the_sheet() -> None:
    sheet = a_sheet()
    written = canonical.encode(sheet)
    heavier = [
        {**row, "weight": {"A1": "16", "A2": "1"}.get(row["code"], row["weight"])}
        | ({"standard_county": "900"} if row["code"] == "B1" else {})
        for row in indicators.of(ROWS, DEMO.code)
    ]
    after = rescored(sheet, Frozen(DEMO.code, heavier))
    told = {one["code"]: one for one in moved(sheet, after)}
    assert set(told) == {"A1", "A2", "B1"}
    assert "权重由11改为16" in told["A1"]["zh"]
    assert "standard 3 → 900" in told["B1"]["en"]
    assert canonical.encode(sheet) == written


def test_new_and_abandoned_indicators_are_told() -> None:
    one = compose(About("u", 2023, "city", "u-1"), Frozen("BARE", BARE_SET), [], {})
    rows = [*BARE_SET[:3], a_row("C1", "C", "e")]
    after = rescored(one, Frozen("BARE", rows), [{"unit": "u", "year": 2023, "code": "e", "value": "2"}])
    told = {each["code"]: each for each in moved(one, after)}
    assert told["C1"]["before"] is None
    assert "新增指标" in told["C1"]["zh"]
    assert told["B2"]["after"] is None
    assert "no longer" in told["B2"]["en"]


def test_canonical_json_refuses_what_two_readers_might_read_differently() -> None:
    for content in (
        b'{"a":1,"a":2}\n',
        b'{"a": 1}\n',
        b"NaN\n",
        b"[" * 100_000,
        b'"\\u0041"\n',
        b"1",
        b"\xff\n",
        b"9" * 9999,
    ):
        with pytest.raises(ValueError, match=r"."):
            canonical.decode(content)
    assert canonical.decode(canonical.encode({"b": [1.5, None], "a": "浙"})) == {"a": "浙", "b": [1.5, None]}
    with pytest.raises(ValueError, match=r"."):
        canonical.encode(float("nan"))


@pytest.mark.parametrize(
    ("value", "text"), [("80.00", "80"), ("-0.0", "0"), ("12.50", "12.5"), ("1E+3", "1000"), ("0.010", "0.01")]
)
def test_a_decimal_has_one_text(value: str, text: str) -> None:
    assert canonical.decimal(Decimal(value)) == text
