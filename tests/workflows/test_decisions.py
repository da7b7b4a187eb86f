"""The decisions of the shipped programme, asked at the borders of their rules."""

import pytest
from lxml import etree

from engine.domain import decisions
from engine.settings import ROOT

PROGRAMME = ROOT / "workflows" / "innovative-city"
IN_BATCHES = {"mode": "year_round", "closes_on": "2026-03-31"}
MEASURED = {"fraud": False, "severed": False, "score": 80, "gates": True, "recognised": False}


def opened(round_id, data_year):
    """What a case opened in 2026 is told when it names no round."""
    told = {"case_id": "339921-2026", "window": "year_round", "standing": "preparing"}
    return {**told, "round_id": round_id, "data_year": data_year}


@pytest.mark.parametrize(
    ("name", "asked", "answered"),
    [
        ("route", {"level": "district"}, "via_city"),
        ("route", {"level": "county"}, "direct"),
        ("completeness", {"level": "county", "plan": "fail", "city_opinion": "fail"}, ["创建规划"]),
        ("completeness", {"level": "district", "plan": "pass", "city_opinion": "fail"}, ["市级转报意见"]),
        ("joint_outcome", {"outcome": "conditional", "mediation": None}, "conditional"),
        ("joint_outcome", {"outcome": "objected", "mediation": "unresolved"}, "to_government"),
        ("pilot_outcome", {"score": 60}, "pilot"),
        ("pilot_outcome", {"score": 59.99}, "not_pilot"),
        ("pilot_outcome", {"score": 90, "severed": True}, "deferred"),
        ("pilot_outcome", {"score": None}, "not_pilot"),
        *(
            ("outcome", {**MEASURED, **asked}, {"outcome": outcome, "cause": cause})
            for asked, outcome, cause in (
                ({}, "designate", "qualified"),
                ({"recognised": True}, "continue", "qualified"),
                ({"score": 79.99}, "continue", "on_the_way"),
                ({"score": 95, "gates": False}, "continue", "on_the_way"),
                ({"score": 95, "gates": False, "recognised": True}, "warn", "below_standard"),
                ({"score": 79.99, "recognised": True, "last": "warn"}, "rectify", "below_standard"),
                ({"score": 59.99}, "warn", "low_score"),
                ({"score": 59.99, "last": "warn"}, "rectify", "low_score"),
                ({"score": 59.99, "last": "rectify"}, "propose_revoke", "two_bad_rounds"),
                ({"score": None, "missing": "warn"}, "warn", "missing"),
                ({"score": None, "missing": "fail"}, "propose_revoke", "no_data"),
                ({"score": None}, "deferred", "not_measured"),
                ({"severed": True}, "deferred", "objection"),
                ({"fraud": True}, "propose_revoke", "fraud"),
            )
        ),
        ("withdrawable", {"standing": "preparing"}, "free"),
        ("withdrawable", {"standing": "notice"}, "consent"),
        ("withdrawable", {"standing": "listed"}, "no"),
        ("missing_data", {"rounds": 1}, "warn"),
        ("missing_data", {"rounds": 2}, "fail"),
        ("missing_response", {"consequence": "warn", "under_way": False}, "warn"),
        ("missing_response", {"consequence": "fail", "under_way": False}, "revoke"),
        ("missing_response", {"consequence": "fail", "under_way": True}, "under_way"),
        ("appeal_result", {"admissibility": "admit", "review": "change", "government": "approve"}, "change"),
        ("appeal_result", {"admissibility": "admit", "review": "change", "government": "not_approve"}, "uphold"),
        ("appeal_result", {"admissibility": "admit", "review": "redo"}, "redo"),
        ("intake_mode", {"wanted": None, "year": 2026}, {"mode": "window", "closes_on": None}),
        ("intake_mode", {"wanted": "year_round", "year": 2026}, {"mode": "year_round", "closes_on": "2026-06-30"}),
        *(
            ("case_opening", {"unit": "339921", "round_id": None, "day": day, **IN_BATCHES}, opened(round_id, year))
            for day, round_id, year in (("2026-03-31", "pilot-2026", 2025), ("2026-04-01", "pilot-2027", 2026))
        ),
        ("indicator_set", {"wanted": "ZJ-CZ-2012", "year": 2026}, "ZJ-CZ-2012"),
        ("grade", {"score": 80}, "良好"),
        ("deadline", {"task_key": "T24"}, {"days": 7, "unit": "wd", "lapse": "no_objection"}),
    ],
)
def test_a_decision_answers_at_its_borders(name, asked, answered):
    assert decisions.parse(etree.parse(PROGRAMME / f"{name}.dmn").getroot())[name].evaluate(asked) == answered
