"""The ladder of reminders: its steps by working days, who is told, and what a faulty one is refused for."""

from datetime import date, datetime

import pytest

from engine.clock import CIVIL
from engine.domain import ladder
from engine.domain.workdays import Calendar
from engine.errors import SettingsRefused
from engine.identity import roles

NATIONAL_DAY = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 9, 27): True, date(2026, 10, 10): True}
STEP = {"kind": "due", "workdays": 0, "to": ["holder"]}


def at(month, day, hour=23):
    return datetime(2026, month, day, hour, 0, tzinfo=CIVIL)


DAYS = Calendar(NATIONAL_DAY, date(2026, 12, 31))


def test_the_steps_lie_on_working_days_around_the_long_holiday():
    steps = ladder.load()
    told = []
    now = at(9, 1)
    while (step := steps.next(DAYS, at(10, 8), now)) is not None:
        told.append((step[0].kind, step[1].astimezone(CIVIL).strftime("%m-%d %H")))
        now = step[1]
    assert told == [
        ("before", "09-28 09"), ("eve", "09-30 09"), ("due", "10-08 09"), ("overdue", "10-09 09"),
        ("escalated", "10-12 09"),
    ]  # fmt: skip


def test_what_was_passed_over_is_known():
    steps = ladder.load()
    before = steps.step("before")
    assert [one.kind for one in steps.reached(DAYS, at(10, 8), before, at(10, 9, 12))] == [
        "before",
        "eve",
        "due",
        "overdue",
    ]
    assert steps.step("P6M") is None


def test_a_head_is_told_beside_the_holder_and_never_twice():
    steps = ladder.load()
    assert steps.told(steps.step("overdue"), "APP_FILL") == ["APP_LEAD"]
    assert steps.told(steps.step("overdue"), "APP_LEAD") == []
    assert steps.told(steps.step("escalated"), "PRV_LEAD") == []
    assert steps.told(steps.step("due"), None) == []


def test_the_shipped_ladder_names_roles_that_are_known():
    steps = ladder.load()
    named = {*steps.heads, *steps.heads.values(), *(one for step in steps.steps for one in step.to)}
    assert named - {ladder.HOLDER, ladder.HEAD} <= set(roles())


@pytest.mark.parametrize(
    "tables",
    [
        {"steps": [STEP, STEP]},
        {"steps": [{**STEP, "workdays": "soon"}]},
        {"steps": [{**STEP, "to": ["PRV_LEAD"]}]},
        {"steps": [{**STEP, "to": "holder"}]},
        {"steps": [{**STEP, "extra": 1}]},
        {"steps": [STEP], "stairs": []},
    ],
)
def test_a_faulty_ladder_is_refused(tables):
    with pytest.raises(SettingsRefused):
        ladder.read(tables)
