"""The shipped programme over twenty years, from a leap day on."""

import pytest

from tests.support import county

ANNIVERSARIES = [f"{year}-02-{29 if year % 4 == 0 else 28}" for year in range(2026, 2045, 2)]


@pytest.fixture
def life(rehearse):
    return rehearse(county.plan(), county.data(), files=(county.PROGRAMME,), until="P20Y")


def test_a_county_is_measured_every_two_years_and_a_leap_day_clamps(life):
    assert life.state == ("waiting", 4)
    assert life.told["incidents"] == []
    assert [at[:10] for at in life.when("every_two_years")] == ANNIVERSARIES
    assert life.data["granted_on"] == "2024-02-29"


def test_a_county_becomes_an_innovative_county_and_stays_one(life):
    assert len(life.when("recognised_event")) == 1
    assert life.data["recognised"] is True
    assert len(life.when("circular_issued")) == len(ANNIVERSARIES) - 1
    assert ("T04_update", "task") in life.waiting


def test_a_county_that_withdraws_is_out(rehearse):
    plan = county.plan()
    plan["tasks"]["T27_pilot_decision"] = [{"never": True}]
    plan["messages"] = [
        *plan["messages"],
        {"at": "P3M", "name": "application.withdraw", "key": {"case": county.data()["case_id"]}},
    ]
    played = rehearse(plan, county.data(), files=(county.PROGRAMME,))
    assert played.state == ("completed", 0)
    assert played.when("end_withdrawn") == ["2024-05-29T09:00:00+08:00"]
