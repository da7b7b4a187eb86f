"""The score of a unit, figure by figure, as a clerk would reckon it."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import indicators, scoring
from engine.domain.indicators import Level
from engine.domain.scoring import Reported
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


def small(**cells):
    """A set of two indicators: x, to be scored as the test asks, and y, a plain one of weight 40."""
    plain = {
        "set": "S", "group_code": "G", "group_name": "组", "code": "X", "name": "x", "unit": "%", "direction": "+",
        "kind": "quant", "weight": "60", "standard_city": "20", "standard_county": "10", "cap": "", "is_gate": "0",
        "gate_rule": "", "raw_inputs": "x", "raw_names": "x", "raw_units": "%", "formula": "x", "owner_dept": "",
        "basis": "",
    }  # fmt: skip
    other = {**plain, "code": "Y", "weight": "40", "raw_inputs": "y", "formula": "y"}
    definition = {**plain, "kind": "input", "code": "x", "name": "x"} | {
        key: cells.pop(key) for key in ("definition", "bridges") if key in cells
    }
    return indicators.parse([{**plain, **cells}, other, definition], "S")


def x(known, reported):
    return scoring.assess(known, Level.COUNTY, reported).indicators[0]


def index(known, value, **more):
    return x(known, Reported({"x": value, "y": 10}, **more)).index


@pytest.mark.parametrize(
    ("value", "points"),
    [(10, 60), (9, 54), (Decimal("10.5"), 63), (11, 64), (50, 64), (0, 0), (-3, 0)],
)
def test_target_gives_points_pro_rata_and_at_most_four_of_bonus(value, points):
    known = small(method="target", bonus="4")
    assert x(known, Reported({"x": value, "y": 10})).points == points


def test_target_without_bonus_ends_at_full_marks():
    assert index(small(method="target"), 25) == 100


def test_index_number_measures_against_the_base_year():
    known = small(method="base_index", base_year="2015")
    base = {2015: Reported({"x": 80}, year=2015)}
    found = x(known, Reported({"x": 100, "y": 1}, year=2019, earlier=base))
    assert (found.index, found.points, found.base, found.standard) == (125, 75, 80, None)
    assert x(known, Reported({"x": 80, "y": 1}, year=2015)).index == 100
    assert x(known, Reported({"x": 100, "y": 1}, year=2019)).treated == "zero"
    assert x(small(method="base_index", base_year="2015", direction="-"), found_in(100, 80)).index == 80


def found_in(now, then):
    return Reported({"x": now, "y": 1}, year=2019, earlier={2015: Reported({"x": then}, year=2015)})


@pytest.mark.parametrize(("now", "before", "expected"), [(110, 100, 110), (0, 5, 0), (3000, 1, 1000), (5, 0, 0)])
def test_change_measures_against_the_year_before(now, before, expected):
    known = small(method="change")
    reported = Reported({"x": now, "y": 1}, year=2019, earlier={2018: Reported({"x": before}, year=2018)})
    assert x(known, reported).index == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(10, 60), (30, 100), (20, 80), (15, 70), (0, 40), (-100, 0), (90, 100), (13, 66)]
)
def test_efficacy_coefficient_runs_from_sixty_to_a_hundred(value, expected):
    assert index(small(method="min_max", low="10", high="30"), value) == expected


def test_efficacy_coefficient_turns_round_where_less_is_better():
    known = small(method="min_max", low="30", high="10", direction="-")
    assert [index(known, value) for value in (30, 20, 10, 40)] == [60, 80, 100, 40]


def test_efficacy_coefficient_takes_its_bounds_from_all_units():
    known = small(method="min_max")
    with pytest.raises(StepFailed):
        index(known, 1)
    units = {name: Reported({"x": value, "y": 10}) for name, value in {"a": 1, "b": 3, "c": 2, "d": None}.items()}
    scores = scoring.assess_all(known, Level.COUNTY, units)
    assert {name: one.indicators[0].index for name, one in scores.items()} == {"a": 60, "b": 100, "c": 80, "d": 0}
    alike = scoring.assess_all(known, Level.COUNTY, dict.fromkeys("ab", units["a"]))
    assert alike["b"].indicators[0].index == 100


@pytest.mark.parametrize(
    ("policy", "treated", "points", "total"),
    [("", "zero", 0, 40), ("zero", "zero", 0, 40), ("half", "half", 30, 70), ("exclude", "exclude", 0, 100)],
)
def test_gap_is_treated_as_the_set_says(policy, treated, points, total):
    score = scoring.assess(small(missing=policy), Level.COUNTY, Reported({"y": 10}))
    found = score.indicators[0]
    assert (found.treated, found.points, score.total, found.missing) == (treated, points, total, True)
    assert score.plain()["indicators"][0]["treated"] == treated


def test_those_left_weigh_what_the_excluded_weighed_and_still_add_up():
    rows = [{**row, "missing": "exclude"} if row["code"] == "A1" else row for row in ROWS]
    known = indicators.parse(rows, "ZJ-DEMO-2012")
    values = {raw.code: 7 for raw in known.raw_inputs() if raw.code != "rd_expenditure"}
    score = scoring.assess(known, Level.COUNTY, Reported(values))
    weights = {one.code: one.weight for one in score.indicators}
    assert (weights["A1"], weights["A2"], sum(weights.values())) == (0, Decimal("6.74"), 100)
    assert sum(group.weight for group in score.groups) == 100


def test_nothing_left_is_worth_nothing():
    rows = [{**row, "missing": "exclude"} for row in ROWS]
    score = scoring.assess(indicators.parse(rows, "ZJ-DEMO-2012"), Level.COUNTY, Reported({}))
    assert (score.total, {group.index for group in score.groups}) == (0, {0})


def test_last_year_stands_in_where_the_set_says_so():
    known = small(missing="last_year")
    earlier = {2016: Reported({"x": 8}, year=2016)}
    found = x(known, Reported({"y": 10}, year=2017, earlier=earlier))
    assert (found.value, found.index, found.treated, found.missing) == (8, 80, "last_year", False)
    assert x(known, Reported({"y": 10}, year=2018, earlier=earlier)).treated == "zero"
    assert x(known, Reported({"x": 9, "y": 10}, year=2017, earlier=earlier)).treated is None


def test_gap_that_blocks_is_named():
    with pytest.raises(StepFailed) as caught:
        scoring.assess(small(missing="block"), Level.COUNTY, Reported({"y": 10}))
    assert caught.value.facts["indicators"] == ["X"]


def test_figure_under_another_definition_is_bridged_and_marked():
    known = small(definition="2014", bridges="2012 => value * 0.98")
    score = scoring.assess(known, Level.COUNTY, Reported({"x": 10, "y": 10}, definitions={"x": "2012"}))
    assert score.indicators[0].index == 98
    assert score.plain()["bridged"] == [{"code": "x", "from": "2012", "to": "2014", "before": 10, "after": 9.8}]
    assert score.foreign == ()


@pytest.mark.parametrize(("told", "foreign"), [("2010", ("x",)), ("2014", ()), ("", ())])
def test_figure_to_which_no_bridge_leads_is_marked(told, foreign):
    known = small(definition="2014", bridges="2012 => value * 0.98")
    score = scoring.assess(known, Level.COUNTY, Reported({"x": 10, "y": 10}, definitions={"x": told}))
    assert (score.indicators[0].index, score.foreign, score.bridged) == (100, foreign, ())


def test_figures_of_earlier_years_are_bridged_too():
    known = small(method="change", definition="2014", bridges="2012 => value / 2")
    earlier = {2013: Reported({"x": 40}, year=2013, definitions={"x": "2012"})}
    now = Reported({"x": 30, "y": 1}, year=2014, earlier=earlier, definitions={"x": "2014"})
    assert x(known, now).index == 150


def test_bridge_must_give_a_number():
    known = small(definition="2014", bridges="2012 => value > 1")
    with pytest.raises(StepFailed):
        scoring.assess(known, Level.COUNTY, Reported({"x": 10}, definitions={"x": "2012"}))


def test_empty_set_scores_nobody():
    with pytest.raises(StepFailed):
        scoring.score(indicators.parse(ROWS, "ZJ-56-2012"), Level.CITY, {}, {})


def test_new_version_scores_what_the_old_one_scored():
    new = indicators.parse(ROWS, "ZJ-DEMO-2018")
    values = {"new_product_output": 30, "industrial_output": 100}
    reported = Reported(values, definitions={"industrial_output": "2012"}, year=2018)
    score = scoring.assess(new, Level.COUNTY, reported)
    b3 = next(one for one in score.indicators if one.code == "B3")
    assert (b3.value, b3.index) == (Decimal("30.61"), 100)


def test_change_on_the_last_round_is_told_by_group_and_indicator():
    known = small()
    before = scoring.assess(known, Level.COUNTY, Reported({"x": 5, "y": 8}))
    now = scoring.assess(known, Level.COUNTY, Reported({"x": 7, "y": 6}))
    assert scoring.change(now, before) == {
        "total": 4,
        "growth": 6.45,
        "groups": [{"code": "G", "name": "组", "change": 4}],
        "indicators": [{"code": "X", "name": "x", "change": 20}, {"code": "Y", "name": "x", "change": -20}],
    }
    nothing = scoring.assess(known, Level.COUNTY, Reported({}))
    assert scoring.change(now, nothing)["growth"] is None


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [(110, 100, 10), (2.5, 2, 25), (1, 3, Decimal("-66.67")), (None, 1, None), (1, None, None), (1, 0, None)],
)
def test_growth_is_reckoned_to_two_places(now, before, expected):
    assert scoring.growth(now, before) == expected


# Published monitoring 2014 H1: 杭州 2155.35亿元, 比上年同期增长6.14%.
def test_published_growth_is_found_again():
    assert scoring.growth(2155.35, Decimal("2155.35") / Decimal("1.0614")) == Decimal("6.14")


finite = st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False, places=3)
decimals = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=4)


@given(decimals)
def test_rounding_is_never_off_by_more_than_half_a_cent_and_symmetric(number):
    rounded = scoring.half_up(number)
    assert abs(rounded - number) <= Decimal("0.005")
    assert scoring.half_up(-number) == -rounded
    assert scoring.half_up(rounded) == rounded


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12), st.randoms())
def test_mean_of_experts_knows_no_order_and_stays_between_them(scores, order):
    shuffled = list(scores)
    order.shuffle(shuffled)
    mean = scoring.expert_mean(scores)
    assert mean == scoring.expert_mean(shuffled)
    assert min(scores) <= mean <= max(scores)


@given(st.lists(finite, min_size=28, max_size=28), st.sampled_from(list(Level)))
def test_total_lies_in_its_bounds_and_is_the_sum_of_what_is_printed(numbers, level):
    values = dict(zip([raw.code for raw in DEMO.raw_inputs()], numbers, strict=True))
    score = scoring.score(DEMO, level, values, {"F1": [80], "F2": [70], "F3": [60]})
    assert 0 <= score.total <= 100
    assert score.total == sum(one.points for one in score.indicators)


@given(finite, finite)
def test_more_is_never_worth_less_and_the_other_way_round_where_less_is_better(one, other):
    low, high = sorted((one, other))
    assert index(small(), low) <= index(small(), high)
    assert index(small(direction="-"), low) >= index(small(direction="-"), high)


@given(st.dictionaries(st.sampled_from("abcdefgh"), finite, min_size=2), st.integers(1, 1000))
def test_places_and_coefficients_do_not_know_the_unit_of_measure(values, factor):
    for method in ("rank", "min_max"):
        known = small(method=method)
        plain, scaled = (
            scoring.assess_all(known, Level.CITY, {name: Reported({"x": x * by, "y": 1}) for name, x in values.items()})
            for by in (1, factor)
        )
        for name in values:
            difference = abs(plain[name].indicators[0].index - scaled[name].indicators[0].index)
            assert difference <= Decimal("0.01")
