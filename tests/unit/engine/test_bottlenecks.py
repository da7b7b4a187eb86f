"""Bottlenecks: working days by the civil calendar, from the rows of tasks, for those who lead or keep the service."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import bottlenecks, calendars, clock, identity
from engine.clock import CIVIL
from engine.db import transaction
from engine.errors import NotAllowed
from engine.tables import Instance, Task, TaskState
from tests.support.diagrams import flows
from tests.support.stage import Stage

NOW = datetime(2024, 5, 20, 10, tzinfo=CIVIL)
SINCE, UNTIL = date(2024, 1, 1), date(2024, 5, 20)
ROLE = 'icity:role="PRV_OFFICER" icity:form="any"'
STEPS = (
    f'<startEvent id="s"/><userTask id="draft" name="拟稿" {ROLE}/><userTask id="check" name="核稿" {ROLE}/>'
    '<endEvent id="e"/>' + flows(("s", "draft"), ("draft", "check"), ("check", "e"))
)
SHARED = f'<startEvent id="s"/><userTask id="draft" name="拟稿" {ROLE}/><endEvent id="e"/>' + flows(
    ("s", "draft"), ("draft", "e")
)


def at(text):
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.fixture
def stage(sessions, tmp_path):
    clock.travel(NOW)
    with transaction(sessions) as session:
        calendars.seed(session)
    stage = Stage(sessions, tmp_path / "programme")
    stage.deploy(p=STEPS, q=SHARED)
    return stage


def row(stage, element, arrived, ended=None, process="p", **more):
    """Write a task as it would stand after having been worked on at other times than now."""
    with transaction(stage.sessions) as session:
        some = session.scalars(select(Instance).where(Instance.process == process)).first()
        state = TaskState.COMPLETED if ended else TaskState.OPEN
        given = {"state": state, "created_at": arrived, "ended_at": ended, "name": element, **more}
        session.add(Task(id=uuid4(), instance=some.id, element=element, **given))


def measured(stage, since=SINCE, until=UNTIL, login="tingzhang"):
    with transaction(stage.sessions) as session:
        found = bottlenecks.measure(session, identity.load(session, login), since, until)
    return {(step.process, step.element): step for step in found}


def test_days_are_working_days_by_the_civil_calendar(stage):
    stage.start("p")
    spans = [
        ("2024-04-30T09:00", "2024-05-06T18:00"),  # over Labour Day, 1 to 5 May
        ("2024-04-26T09:00", "2024-04-28T09:00"),  # to a Sunday that was worked
        ("2024-05-09T23:59", "2024-05-10T00:01"),  # over a midnight of Asia/Shanghai
        ("2024-03-01T08:00", "2024-03-01T17:00"),  # within a day
        ("2023-12-29T09:00", "2024-01-02T09:00"),  # over New Year
    ]
    for arrived, ended in spans:
        row(stage, "check", at(arrived), at(ended))
    with transaction(stage.sessions) as session:
        known = calendars.load(session)
    days = sorted(known.workdays_between(at(arrived), at(ended)) for arrived, ended in spans)
    found = measured(stage)["p", "check"]
    assert days == [0, 1, 1, 1, 1]
    assert (found.done, found.median, found.most) == (5, 1, 1)


def test_median_and_nine_in_ten_are_values_that_occurred(stage):
    stage.start("p")
    for days in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30):
        row(stage, "check", at("2024-03-04T09:00"), at("2024-03-04T09:00") + timedelta(days=days))
    found = measured(stage)["p", "check"]
    with transaction(stage.sessions) as session:
        known = calendars.load(session)
    days = sorted(
        known.workdays_between(date(2024, 3, 4), date(2024, 3, 4) + timedelta(days=n))
        for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30)
    )
    assert (found.median, found.most) == (days[4], days[8])


def test_beyond_the_published_years_days_follow_the_week(stage):
    clock.travel(at("2030-10-09T10:00"))
    stage.start("p")
    row(stage, "check", at("2030-09-30T09:00"), at("2030-10-08T09:00"))
    found = measured(stage, date(2030, 1, 1), date(2030, 12, 31))["p", "check"]
    assert found.median == 6


def test_period_takes_what_ended_in_it_and_everything_that_is_open(stage):
    stage.start("p")
    row(stage, "check", at("2023-12-01T09:00"), at("2023-12-31T23:59"))
    row(stage, "check", at("2023-12-01T09:00"), at("2024-01-01T00:00"))
    row(stage, "check", at("2024-05-20T09:00"), at("2024-05-20T23:59"))
    row(stage, "check", at("2024-05-20T09:00"), at("2024-05-21T00:00"))
    row(stage, "check", at("2019-01-04T09:00"), due_at=at("2019-02-01T09:00"))
    found = measured(stage)["p", "check"]
    assert (found.done, found.open, found.late) == (2, 1, 1)
    assert found.oldest > 1000
    assert measured(stage)["p", "draft"].open == 1


def test_missed_are_those_done_after_their_deadline(stage):
    stage.start("p")
    row(stage, "check", at("2024-03-01T09:00"), at("2024-03-05T09:00"), due_at=at("2024-03-04T23:59"))
    row(stage, "check", at("2024-03-01T09:00"), at("2024-03-04T09:00"), due_at=at("2024-03-04T23:59"))
    row(stage, "check", at("2024-03-01T09:00"), at("2024-03-04T09:00"))
    assert (measured(stage)["p", "check"].missed, measured(stage)["p", "check"].done) == (1, 3)


def test_what_was_withdrawn_counts_nowhere(stage):
    stage.start("p")
    row(stage, "check", at("2024-03-01T09:00"), at("2024-03-05T09:00"), state=TaskState.CANCELLED)
    assert ("p", "check") not in measured(stage)


def test_steps_of_the_same_name_are_told_apart_by_their_process(stage):
    stage.start("p")
    stage.start("q")
    row(stage, "draft", at("2024-03-04T09:00"), at("2024-03-05T09:00"))
    row(stage, "draft", at("2024-03-04T09:00"), at("2024-03-15T09:00"), process="q")
    found = measured(stage)
    assert (found["p", "draft"].median, found["q", "draft"].median) == (1, 9)


def test_slowest_step_comes_first_and_is_drawn_by_its_newest_version(stage):
    stage.start("p")
    row(stage, "draft", at("2024-03-04T09:00"), at("2024-03-05T09:00"))
    row(stage, "check", at("2024-03-04T09:00"), at("2024-03-15T09:00"))
    with transaction(stage.sessions) as session:
        found = bottlenecks.measure(session, identity.load(session, "jingban"), SINCE, UNTIL)
        (drawn,) = bottlenecks.drawn(session, found)
    assert [step.element for step in found] == ["check", "draft"]
    assert (drawn.process, 'id="check"' in drawn.xml) == ("p", True)


def test_clerks_of_a_county_are_refused(stage):
    with pytest.raises(NotAllowed):
        measured(stage, login="xianzhang")


def test_nothing_done_gives_no_steps(stage):
    assert measured(stage) == {}
    assert measured(stage, date(2024, 5, 20), date(2024, 5, 1)) == {}
