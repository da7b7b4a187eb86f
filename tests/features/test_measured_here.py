"""An agency without a system of its own measures here: experts apart, a report that must be what is reckoned (测评)."""

import pytest
from sqlalchemy import func, select

from engine import tasks
from engine.db import transaction
from engine.domain import indicators
from engine.errors import AnswersRefused, SeatRefused
from engine.settings import ROOT
from engine.tables import Figure, ScoreSheet
from tests.support.shipped import House

SET = "ZJ-DEMO-2012"
ROWS = indicators.read_rows((ROOT / "workflows" / "innovative-city" / "indicators.csv").read_bytes())
VALUES = {raw.code: 2.5 + place / 10 for place, raw in enumerate(indicators.parse(ROWS, SET).raw_inputs())}
CASE = {"case_id": "339921-2026", "unit": "339921", "unit_code": "339921", "unit_name": "云溪县", "level": "county"}
DATA = {
    **CASE,
    "applicant": "yunxi-science",
    "round": "pilot",
    "round_id": None,
    "set": SET,
    "year": 2025,
    "agency": "agency-hengce",
    "contract_no": "委2026-01",
    "expert_count": 5,
    "values": VALUES,
}
EXPERTS = [f"zhuanjia{number}" for number in range(6, 11)]
FOUND = [{"code": "awards", "value": 0, "reliability": "A", "basis": "证书不实"}]
VERIFIED = {"corrections": [], "result": "verified"}
DISPUTED = {"result": "dispute", "dispute_code": "awards", "facts": "漏计一项", "evidence": "证书"}
CORRECTED = {"result": "corrected", "corrections": FOUND, "reason": "证书属实"}


@pytest.fixture
def house(sessions, configuration):
    house = House(sessions, configuration)
    house.start("third_party_assessment", DATA)
    return house


def declare(house):
    for login in EXPERTS:
        house.complete(login, "T16_declaration", {"expert_name": login, "conflict": "none"})


def verify(house):
    declare(house)
    while house.task("T17_verification"):
        house.complete(EXPERTS[0], "T17_verification", VERIFIED)
    visit = {
        "mode": "video",
        "visited_on": "2026-07-20",
        "why_video": "台风停航",
        "findings": "台账齐全",
        "photos": "录像",
    }
    if house.task("T19_site_visit"):
        house.complete("hengce", "T19_site_visit", {**visit, "corrections": []})
        house.complete("jingban", "T19_confirm", {"result": "confirmed"})


def measure(house):
    verify(house)
    for login in EXPERTS:
        scores = {"F1": 80, "F2": 81, "F3": 82}
        house.complete(login, "T20_scoring", {"expert_name": login, "scores": scores, "comment": "总体较好"})


def report(house, difference=0):
    total = house.do("hengce", tasks.show, house.task("T21_report")).facts["assessment"]["total"]
    score = {"score": total + difference, "consistent": True}
    house.complete("hengce", "T21_report", {"report_no": "HC-1", "conclusion": "总体良好", **score})
    return total


def test_an_expert_declares_once(house):
    house.complete(EXPERTS[0], "T16_declaration", {"expert_name": "甲", "conflict": "none"})
    with pytest.raises(SeatRefused):
        house.complete(EXPERTS[0], "T16_declaration", {"expert_name": "乙", "conflict": "none"})


def test_an_expert_with_an_interest_is_replaced_and_only_that_seat_is_asked_again(house):
    interest = {"conflict": "conflict", "relation_kind": "employee", "years_since": 1, "relation": "曾任职"}
    house.complete(EXPERTS[0], "T16_declaration", {"expert_name": "甲", **interest})
    for login in EXPERTS[1:]:
        house.complete(login, "T16_declaration", {"expert_name": login, "conflict": "none"})
    house.complete("hengce", "T16_replacement", {"replacement": "更换一名"})
    assert house.open("T16_declaration") == 1


def test_a_report_that_is_not_what_is_reckoned_is_blocked_and_said_so(house):
    measure(house)
    with pytest.raises(AnswersRefused) as refused:
        report(house, difference=0.01)
    assert "不得大于" in refused.value.facts["fields"]["score"]["zh"]
    assert report(house) > 0
    assert house.task("T22_acceptance") is not None


def test_a_dispute_is_looked_at_by_another_expert_and_the_score_is_reckoned_anew(house):
    measure(house)
    before = report(house)
    house.complete("jingban", "T22_acceptance", {"result": "accept"})
    house.complete("tianbao", "T23_result_check", DISPUTED)
    with pytest.raises(SeatRefused):
        house.complete(EXPERTS[0], "T17_recheck", CORRECTED)
    house.complete(EXPERTS[1], "T17_recheck", CORRECTED)
    after = report(house)
    with transaction(house.sessions) as session:
        assert session.scalar(select(func.count(ScoreSheet.id))) == 2
        figures = select(Figure.value).where(Figure.code == "awards").order_by(Figure.version)
        assert [float(value) for value in session.scalars(figures)] == [VALUES["awards"], 0.0]
    assert (after != before, house.incidents()) == (True, [])
    house.complete("jingban", "T22_acceptance", {"result": "accept"})
    with pytest.raises(AnswersRefused):
        house.complete("tianbao", "T23_result_check", DISPUTED)
    house.complete("tianbao", "T23_result_check", {"result": "confirmed"})
    assert house.incidents() == []
