"""Submitted figures are asked about when they look strange, with the numbers that make them so, in both languages."""

import random
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain import indicators
from engine.domain.indicators import Level
from engine.domain.plausibility import Background, Submission, Use, check
from tests.bench import figures as bench
from tests.support import statistics

ROWS = indicators.read_rows(
    (Path(__file__).parents[4] / "workflows" / "innovative-city" / "indicators.csv").read_bytes()
)
DEMO = indicators.parse(ROWS, "ZJ-DEMO-2012")
BEFORE = {
    "population": Decimal("50.08"), "gdp": Decimal("300.25"), "rd_expenditure": Decimal("5.37"), "hte_count": 60,
    "innovative_count": 20, "above_scale_count": 500, "patents_granted_t": 900, "awards": 3,
    "fiscal_sci_tech": Decimal("1.52"), "fiscal_expenditure": Decimal("40.11"), "strategic_va_t": Decimal("21.87"),
    "industrial_value_added": Decimal("120.36"), "hightech_value_added": Decimal("33.18"),
}  # fmt: skip
CALM = {code: value * Decimal("1.06") for code, value in BEFORE.items()}
WHOLE = {
    "population": Decimal("50.31"),
    "hte_count": 62,
    "innovative_count": 21,
    "above_scale_count": 508,
    "patents_granted_t": 955,
}
NOW = {**{code: value.quantize(Decimal("0.01")) for code, value in CALM.items()}, **WHOLE, "awards": 4}


def peers(count=20):
    draw = random.Random(7)
    found = []
    for _ in range(count):
        size = draw.uniform(0.5, 2)
        before = {code: float(value) * size * draw.uniform(0.9, 1.1) for code, value in BEFORE.items()}
        now = {code: value * draw.uniform(1.02, 1.1) for code, value in before.items()}
        rates = {"recurrent_revenue_growth": draw.uniform(4, 12), "fiscal_sci_tech_growth": draw.uniform(4, 12)}
        found.append((now | rates, before))
    return found


PEERS = peers()


def asked(values, before=BEFORE, others=PEERS, **more):
    submission = Submission("330122", 2014, values, more.get("evidence", {}))
    background = Background(before, others, more.get("uses", {}))
    found = check([DEMO], Level.COUNTY, submission, background)
    for one in found:
        assert set(one.plain()) == {"code", "rule", "zh", "en"}
        assert any(letter.isdigit() for letter in one.zh)
        assert any(letter.isdigit() for letter in one.en)
    return {one.code: one.rule for one in found}


def test_figures_that_look_right_are_not_asked_about():
    assert asked(NOW) == {}
    assert asked(NOW, others=()) == {}
    assert asked({}) == {}


@pytest.mark.parametrize(
    ("code", "value", "rule"),
    [
        ("gdp", Decimal("3182.65"), "unit_slip"),
        ("gdp", Decimal("31.83"), "unit_slip"),
        ("gdp", 3182650, "unit_slip"),
        ("rd_expenditure", Decimal("0.0569"), "unit_slip"),
        ("hte_count", 6200, "unit_slip"),
        ("gdp", Decimal("500.37"), "jump"),
        ("hte_count", 31, "jump"),
        ("gdp", Decimal("300.25"), "copied"),
        ("gdp", -318, "impossible"),
        ("hte_count", Decimal("62.5"), "impossible"),
        ("fiscal_sci_tech_growth", 600, "impossible"),
        ("gdp", Decimal("333.3"), "repeated"),
        ("gdp", Decimal("345.67"), "repeated"),
        ("gdp", 0, "jump"),
        ("hightech_value_added", Decimal("34.50"), None),
        ("awards", 5, None),
        ("awards", 0, None),
        ("awards", 3, None),
        ("innovative_count", 20, None),
        ("hte_count", 78, None),
    ],
)
def test_figure_is_asked_about_by_itself(code, value, rule):
    assert asked({**NOW, code: value}).get(code) == rule


def test_volatile_figures_are_measured_by_how_much_their_peers_move():
    wild = [({**now, "gdp": before["gdp"] * (3 if n % 2 else 0.4)}, before) for n, (now, before) in enumerate(PEERS)]
    assert asked({**NOW, "gdp": Decimal("500.37")}, others=wild) == {}


def test_first_figures_are_measured_by_head_against_the_peers():
    first = {code: value for code, value in NOW.items() if code in ("population", "gdp", "rd_expenditure")}
    assert asked(first, before={}) == {}
    assert asked({**first, "gdp": Decimal("3182.65")}, before={}) == {"gdp": "unit_slip"}
    assert asked({**first, "gdp": Decimal("950.26")}, before={}) == {"gdp": "outlier"}
    assert asked({**first, "gdp": Decimal("3182.65")}, before={}, others=PEERS[:5]) == {}
    assert asked({"gdp": Decimal("3182.65")}, before={}) == {}


def test_rates_are_measured_against_the_peers():
    assert asked({"recurrent_revenue_growth": Decimal("8.2")}) == {}
    assert asked({"recurrent_revenue_growth": -60}) == {"recurrent_revenue_growth": "outlier"}
    assert asked({"recurrent_revenue_growth": Decimal("0.082")}) == {"recurrent_revenue_growth": "unit_slip"}
    assert asked({"recurrent_revenue_growth": -60}, others=()) == {}


@pytest.mark.parametrize(
    ("changes", "before", "expected"),
    [
        ({"rd_expenditure": Decimal("350.12")}, {}, {"rd_expenditure": "parts"}),
        ({"hte_count": 430, "innovative_count": 90}, {}, {"hte_count": "parts"}),
        ({"hte_count": 430, "innovative_count": 70}, {}, {}),
        ({"patents_granted_t_1": 900}, BEFORE, {}),
        ({"patents_granted_t_1": 870}, BEFORE, {"patents_granted_t_1": "last_year"}),
        ({"patents_granted_t_1": 870}, {}, {}),
        ({"fiscal_sci_tech_growth": Decimal("5.9")}, BEFORE, {}),
        ({"fiscal_sci_tech_growth": Decimal("12.5")}, BEFORE, {"fiscal_sci_tech_growth": "growth"}),
        ({"fiscal_sci_tech_growth": Decimal("12.5")}, {}, {}),
    ],
)
def test_figures_are_asked_about_that_do_not_fit_each_other(changes, before, expected):
    assert asked({**NOW, **changes}, before=before, others=()) == expected


def test_what_hangs_on_a_figure_that_is_asked_about_is_left_alone():
    assert asked({**NOW, "gdp": Decimal("3.18")}) == {"gdp": "unit_slip"}


def test_ratio_that_meets_its_standard_to_the_last_digit_is_asked_about():
    assert asked({"rd_expenditure": Decimal("6.40"), "gdp": 320}, before={}, others=()) == {
        "rd_expenditure": "threshold"
    }
    assert asked({"rd_expenditure": Decimal("6.44"), "gdp": 320}, before={}, others=()) == {}
    assert asked({"awards": 2}, before={}, others=()) == {}


def test_evidence_that_supports_something_else_is_asked_about():
    digest = "ab" * 32
    elsewhere = {digest: [Use("330127", 2014, "gdp")]}
    earlier = {digest: [Use("330122", 2013, "gdp")]}
    itself = {digest: [Use("330122", 2014, "gdp")]}
    for uses in (elsewhere, earlier):
        assert asked(NOW, evidence={"gdp": [digest]}, uses=uses) == {"gdp": "evidence"}
    assert asked(NOW, evidence={"gdp": [digest], "awards": [digest]}) == {"gdp": "evidence"}
    assert asked(NOW, evidence={"gdp": [digest, digest]}, uses=itself) == {}
    assert asked(NOW, uses=elsewhere) == {}


def test_questions_come_in_the_order_of_the_form():
    order = [raw.code for raw in DEMO.raw_inputs()]
    found = list(asked({**NOW, "awards": -1, "gdp": -1, "hte_count": -1}))
    assert found == sorted(found, key=order.index)


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_errors_planted_in_a_province_are_found_and_clean_figures_left_alone():
    outcome = statistics.judged(DEMO, statistics.province(DEMO, 20120521))
    assert outcome.planted > 200
    assert outcome.clean > 10_000
    assert outcome.found >= 0.95, outcome.missed
    assert outcome.false_alarms <= 0.05, outcome.alarms


def test_the_same_seed_makes_the_same_province():
    assert statistics.province(DEMO, 5) == statistics.province(DEMO, 5)
    assert statistics.province(DEMO, 5).planted != statistics.province(DEMO, 6).planted


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_the_measurement_prints_both_shares(monkeypatch):
    monkeypatch.setattr(bench, "SEEDS", (20140701,))
    found, alarms = bench.checks(None)
    assert (found.name, found.ok, alarms.name, alarms.ok) == (
        "figures_errors_found",
        True,
        "figures_false_alarms",
        True,
    )
