"""Seats of a joint review cannot be stuffed: whoever has one asks organisations that may answer, each once (加签)."""

import pytest

from tests.features.test_hidden_opinions import DATA
from tests.support.shipped import House
from tests.support.web import Program

WHY = {"reason": "再问一家"}
STUFFED = (
    {"item": {"department": "prov-finance"}},
    {"item": "prov-finance"},
    {"item": {"department": "yunxi-science"}},
    {"item": {"department": "prov-finance", "deemed": True}},
    {"item": 7},
    {"organisation": "prov-finance"},
    {"organisation": "yunxi-science"},
    {"organisation": "nobody"},
    {"organisation": "prov-finance", "item": {"department": "prov-finance"}},
    {},
)


@pytest.fixture
def house(sessions, configuration):
    return House(sessions, configuration)


@pytest.fixture
def seat(house):
    """Return the seat of the department of finance in a joint review, claimed by its reviewer."""
    house.start("joint_review", DATA)
    task = house.task("T24_department_opinion", "prov-finance")
    assert Program(house.app, "caizheng").post(f"/tasks/{task}/claim").status_code == 204
    return task


@pytest.mark.parametrize("body", STUFFED, ids=str)
def test_nobody_gets_a_second_seat_or_one_that_cannot_answer(house, seat, body):
    reviewer = Program(house.app, "caizheng")
    before = reviewer.get(f"/tasks/{seat}/seats").json["seats"]
    assert reviewer.post(f"/tasks/{seat}/seats", {**body, **WHY}).status_code == 409
    assert reviewer.get(f"/tasks/{seat}/seats").json["seats"] == before
