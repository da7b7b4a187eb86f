"""The clock of a rehearsal jumps to what happens next; the clock of the house is never touched."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine import clock
from tests.support.shapes import (
    boundary,
    catch,
    choice,
    condition,
    end,
    message,
    parallel,
    signal,
    start,
    timer,
    user,
    way,
)

TABLE = Path("tests/bench/programme/deadline.dmn")
LATE = start() + user("a") + boundary("late", "a", timer("P2D")) + end("e", "lapsed") + way("s a e", "late lapsed")


def test_twenty_years_pass_in_a_moment_and_the_house_keeps_its_time(rehearse):
    before = clock.now()
    body = start() + catch("t", timer("P20Y")) + end("e") + way("s t e")
    assert rehearse(p=body).when("t") == ["2044-02-29T09:00:00+08:00"]
    assert clock.now() - before < timedelta(minutes=1)


@pytest.mark.parametrize(("text", "due"), [("P1Y", "2025-02-28"), ("P2Y", "2026-02-28"), ("P4Y", "2028-02-29")])
def test_anniversaries_of_a_leap_day_clamp(rehearse, text, due):
    body = start() + catch("t", timer(text)) + end("e") + way("s t e")
    assert rehearse(p=body).when("t") == [f"{due}T09:00:00+08:00"]


def test_a_deadline_passes_when_nobody_answers(rehearse):
    played = rehearse({"tasks": {"a": [{"after": "P3D"}]}}, p=LATE)
    assert played.completed[-1] == "lapsed"
    assert played.when("a", "cancelled") == ["2024-03-02T09:00:00+08:00"]
    assert played.when("a") == []


def test_a_deadline_stands_still_while_more_is_asked_for(rehearse):
    def lapses(**attributes: object) -> list[str]:
        body = start() + parallel("split") + user("a") + user("more", **attributes) + end("e", "lapsed")
        body += boundary("late", "a", "<timerEventDefinition/>", deadline="T1")
        body += way("s split a e", "split more e", "late lapsed")
        plan = {"tasks": {"a": [{"never": True}], "more": [{"after": "P10D"}]}}
        return rehearse(plan, files=(TABLE,), p=body).when("lapsed")

    assert lapses() == ["2024-03-07T23:59:59+08:00"]
    assert lapses(stops="T1") == ["2024-03-15T23:59:59+08:00"]


def test_an_answer_at_the_last_moment_is_in_time(rehearse):
    assert rehearse({"tasks": {"a": [{"after": "P2D"}]}}, p=LATE).completed[-1] == "e"


def test_a_message_at_the_last_moment_is_in_time(rehearse):
    body = (
        start()
        + choice("g")
        + catch("t", timer("P2D"))
        + catch("c", message())
        + end("lapsed", "came")
        + way("s g t lapsed", "g c came")
    )
    assert rehearse({"messages": [{"at": "P2D", "name": "answer"}]}, p=body).completed[-1] == "came"
    assert rehearse({"messages": [{"at": "P3D", "name": "answer"}]}, p=body).completed[-1] == "lapsed"


def test_a_cycle_beside_a_task_rings_again_and_again(rehearse):
    body = (
        start()
        + user("a")
        + boundary("again", "a", timer("R/P1M", "timeCycle"), interrupting=False)
        + end("e", "rung")
        + way("s a e", "again rung")
    )
    played = rehearse({"tasks": {"a": [{"after": "P100D"}]}}, p=body)
    assert played.when("rung") == [f"2024-{day}T09:00:00+08:00" for day in ("03-29", "04-29", "05-29")]


def test_what_the_end_of_the_rehearsal_cuts_off_still_waits(rehearse):
    body = start() + catch("t", timer("P31Y")) + end("e") + way("s t e")
    played = rehearse(p=body)
    assert played.state == ("waiting", 4)
    assert played.told["waiting"] == [
        {"element": "t", "kind": "timer", "due": "2055-02-28T09:00:00+08:00", "instance": "1"}
    ]
    assert rehearse(p=body, until="P31Y").state == ("completed", 0)
    assert rehearse(p=body, until="2055-03-01").state == ("completed", 0)


def test_a_timer_starts_a_process_by_the_clock(rehearse):
    body = start(trigger=timer("2024-03-05", "timeDate")) + end("e") + way("s e")
    played = rehearse(data={"x": 1}, p=body)
    assert played.when("e") == ["2024-03-05T00:00:00+08:00"]
    assert played.data == {"x": 1}


def test_a_cycle_starts_an_instance_each_time(rehearse):
    body = start(trigger=timer("R3/P1Y", "timeCycle")) + end("e") + way("s e")
    played = rehearse(p=body)
    assert played.state == ("completed", 0)
    assert played.when("e") == [f"{year}-02-28T09:00:00+08:00" for year in (2025, 2026, 2027)]
    assert [one["instance"] for one in played.told["instances"]] == ["1", "2", "3"]


def test_a_timer_that_starts_nothing_before_the_end_is_told(rehearse):
    played = rehearse(until="P1D", p=start(trigger=timer("P1Y")) + end("e") + way("s e"))
    assert played.state == ("waiting", 4)
    assert played.told["waiting"] == [
        {"element": "s", "kind": "start", "due": "2025-02-28T09:00:00+08:00", "instance": ""}
    ]


@pytest.mark.parametrize(
    ("trigger", "plan"),
    [
        (message(), {"messages": [{"at": "P1D", "name": "answer", "payload": {"x": 1}}]}),
        (signal(), {"signals": [{"at": "P1D", "name": "alarm", "payload": {"x": 1}}]}),
    ],
)
def test_a_message_or_a_signal_of_the_plan_starts_a_process(rehearse, trigger, plan):
    body = start(trigger=trigger, result="came") + end("e") + way("s e")
    played = rehearse(plan, p=body)
    assert (played.state, played.data) == (("completed", 0), {"came": {"x": 1}})
    assert played.when("e") == ["2024-03-01T09:00:00+08:00"]
    assert rehearse(p=body).waiting == [("s", "start")]


def test_a_condition_starts_a_process_when_the_data_meet_it(rehearse):
    body = start(trigger=condition("=go = true")) + end("e") + way("s e")
    assert rehearse(data={"go": True}, p=body).state == ("completed", 0)
    assert rehearse(data={"go": False}, p=body).waiting == [("s", "start")]


def test_several_starts_start_several_instances(rehearse):
    body = start() + start("m", message()) + user("a") + end("e") + way("s a e", "m a")
    played = rehearse({"messages": [{"at": "P1D", "name": "answer"}]}, p=body)
    assert played.when("e") == ["2024-02-29T09:00:00+08:00", "2024-03-01T09:00:00+08:00"]
    assert {one["instance"] for one in played.told["trace"]} == {"1", "2"}
