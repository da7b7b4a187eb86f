"""The score of a unit, figure by figure, as a clerk would reckon it."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain import indicators, scoring
from engine.domain.indicators import Level
from engine.errors import StepFailed

ROWS = indicators.read_rows(
    (Path(__file__).parents[4] / "workflows" / "innovative-city" / "indicators.csv").read_bytes()
)
DEMO = indicators.parse(ROWS, "ZJ-DEMO-2012")
RANKED = indicators.parse(ROWS, "ZJ-CZ-2012")


def one(code, values, experts=None, level=Level.COUNTY):
    score = scoring.score(DEMO, level, values, experts or {})
    return next(indicator for indicator in score.indicators if indicator.code == code)


def test_index_is_value_against_standard():
    a1 = one("A1", {"rd_expenditure": 4.06, "gdp": 312.5})
    assert (a1.value, a1.standard, a1.index, a1.points) == (Decimal("1.30"), 2, Decimal("64.96"), Decimal("7.15"))


def test_city_is_held_to_another_standard():
    values = {"rd_expenditure": 5, "gdp": 250}
    assert one("A1", values).index == 100
    assert one("A1", values, level=Level.CITY).index == 80


def test_index_is_capped_and_never_negative():
    assert one("A1", {"rd_expenditure": 50, "gdp": 250}).index == 100
    assert one("D2", {"patents_granted_t": 50, "patents_granted_t_1": 100}).index == 0


def test_less_is_better_where_the_direction_says_so():
    assert one("E3", {"energy_tce": 120, "gdp": 100}).index == 50
    assert one("E3", {"energy_tce": 30, "gdp": 100}).index == 100
    assert one("E3", {"energy_tce": 0, "gdp": 100}).index == 100


def test_rounding_is_half_up_to_two_places():
    assert scoring.half_up(Decimal("0.125")) == Decimal("0.13")
    assert scoring.half_up(Decimal("2.345")) == Decimal("2.35")
    assert scoring.half_up(Decimal("-0.125")) == Decimal("-0.13")


@pytest.mark.parametrize(
    ("scores", "mean"),
    [
        ([80], 80),
        ([0, 100], 50),
        ([60, 70, 80, 100], Decimal("77.5")),
        ([0, 80, 82, 84, 100], 82),
        ([1, 2, 2], Decimal("1.67")),
    ],
)
def test_experts_mean_leaves_out_one_highest_and_one_lowest_of_five(scores, mean):
    assert scoring.expert_mean(scores) == mean
    assert one("F1", {}, {"F1": scores}).value == mean


def test_no_expert_has_no_mean():
    assert scoring.expert_mean([]) is None
    assert one("F1", {}, {"F1": []}).missing


def test_missing_figure_counts_nothing_and_is_marked():
    for values in ({}, {"gdp": 312.5}, {"rd_expenditure": None, "gdp": 312.5}, {"rd_expenditure": 1, "gdp": 0}):
        a1 = one("A1", values)
        assert a1.missing
        assert (a1.index, a1.points) == (0, 0)


@pytest.mark.parametrize(
    ("growth", "met"),
    [((9.1, 8.1), True), ((9.0, 8.1), False), ((9.0999, 8.1), False), ((8.0, 9.0), False), ((None, 8.1), False)],
)
def test_gate_is_met_by_one_percentage_point(growth, met):
    values = {"fiscal_sci_tech_growth": growth[0], "recurrent_revenue_growth": growth[1]}
    score = scoring.score(DEMO, Level.COUNTY, values, {})
    assert score.gates_met is met
    assert score.plain()["gates"] == [{"code": "A3", "met": met}]


def test_gate_may_be_a_unary_test():
    rows = [{**row, "gate_rule": ">= 1"} if row["code"] == "A3" else row for row in ROWS]
    values = {"fiscal_sci_tech_growth": 9.1, "recurrent_revenue_growth": 8.1}
    assert scoring.score(indicators.parse(rows, "ZJ-DEMO-2012"), Level.COUNTY, values, {}).gates_met


def test_printed_figures_add_up():
    values = {raw.code: 3 + place for place, raw in enumerate(DEMO.raw_inputs())}
    score = scoring.score(DEMO, Level.CITY, values, {"F1": [71.3], "F2": [68.9], "F3": [77.7]})
    assert score.total == sum(group.points for group in score.groups) == sum(row.points for row in score.indicators)
    assert sum(group.weight for group in score.groups) == 100


def test_plain_score_is_what_decisions_read():
    plain = scoring.score(DEMO, Level.COUNTY, {"awards": 1}, {"F1": [80]}).plain()
    assert (plain["total"], plain["gates_met"], plain["level"], plain["set"]) == (4.7, False, "county", "ZJ-DEMO-2012")
    assert "D4" not in plain["missing"]
    assert "A1" in plain["missing"]
    awards = next(row for row in plain["indicators"] if row["code"] == "D4")
    assert (awards["value"], awards["index"], awards["points"], awards["missing"]) == (1, 50, 1.5, False)
    assert plain["groups"][-1] == {"code": "F", "name": "定性评价", "weight": 10, "points": 3.2, "index": 32}


def test_set_that_ranks_cannot_score_one_unit():
    with pytest.raises(StepFailed):
        scoring.score(RANKED, Level.COUNTY, {}, {})


def test_rank_gives_the_best_the_most():
    base = {raw.code: 10 for raw in RANKED.raw_inputs()}
    units = {
        "a": {**base, "hightech_value_added": 9},
        "b": base,
        "c": {**base, "hightech_value_added": None},
        "d": base,
    }
    experts = {unit: {"S9": [80]} for unit in units}
    scores = scoring.rank(RANKED, Level.COUNTY, units, experts)
    first = {unit: score.indicators[0].index for unit, score in scores.items()}
    assert first == {"a": 50, "b": 100, "c": 0, "d": 100}
    assert scores["b"].total > scores["a"].total > scores["c"].total


@pytest.mark.parametrize("figure", [float("inf"), float("nan"), 1e19])
def test_figure_beyond_reason_fails_the_step(figure):
    with pytest.raises(StepFailed):
        one("D4", {"awards": figure})


def test_formula_must_give_a_number():
    rows = [{**row, "formula": "awards > 1"} if row["code"] == "D4" else row for row in ROWS]
    with pytest.raises(StepFailed):
        scoring.score(indicators.parse(rows, "ZJ-DEMO-2012"), Level.COUNTY, {"awards": 2}, {})
