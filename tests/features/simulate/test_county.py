"""The shipped programme over twenty years, from a leap day on."""

import pytest

from tests.support import county

ANNIVERSARIES = [f"{year}-02-{29 if year % 4 == 0 else 28}" for year in range(2026, 2045, 2)]


@pytest.fixture
def life(rehearse):
    return rehearse(county.plan(), county.data(), files=tuple(county.files()), until="P20Y")


def test_a_county_is_measured_every_two_years_and_a_leap_day_clamps(life):
    assert life.state == ("waiting", 4)
    assert life.told["incidents"] == []
    assert [at[:10] for at in life.when("every_two_years")] == ANNIVERSARIES
    assert life.data["grant"]["granted_on"] == "2024-02-29"


def test_a_county_becomes_an_innovative_county_and_stays_one(life):
    assert len(life.when("grant_recognised")) == 1
    assert life.data["recognition"]["granted_on"] == "2026-12-01"
    assert len(life.when("case_decided")) == len(ANNIVERSARIES)
    assert ("T07_update", "task") in life.waiting


def test_a_county_that_withdraws_is_out(rehearse):
    plan = county.plan()
    plan["messages"] = [{"at": "P3M", "name": "application.withdraw", "key": {"case": county.CASE}}]
    plan["tasks"]["T14_withdraw"] = [{"data": {"decision": "withdraw", "reason": "工作重点调整", "signed": True}}]
    played = rehearse(plan, county.data(), files=tuple(county.files()))
    assert played.state == ("completed", 0)
    assert played.when("end_withdrawn") == ["2024-05-29T09:00:00+08:00"] * 3
