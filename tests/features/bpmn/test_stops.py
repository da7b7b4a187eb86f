"""`icity:stops`: while an activity is open, the deadlines it names stand still, wherever in the instance they run."""

from datetime import UTC, datetime, timedelta

import pytest

from engine import clock
from engine.clock import CIVIL
from tests.support.diagrams import Play, flows

MONDAY = datetime(2025, 3, 3, 10, tzinfo=CIVIL)
DEADLINE = '<timerEventDefinition id="t"/>'
# A check with a deadline timer; beside it somebody may be asked for more, which stops the clock of the check.
ASKS = (
    '<startEvent id="s"/><parallelGateway id="split"/><userTask id="check" name="审核" icity:role="R"/>'
    f'<boundaryEvent id="lapse" attachedToRef="check" icity:deadline="CHECK">{DEADLINE}</boundaryEvent>'
    '<userTask id="ask" name="要求补正" icity:role="R"/>{stopping}<endEvent id="done"/><endEvent id="late"/>'
    '<endEvent id="e"/>'
) + flows(("s", "split"), ("split", "check"), ("split", "ask"), ("check", "e"), ("lapse", "late"), ("more", "done"))
TASK = '<userTask id="more" name="补正" icity:role="R" icity:stops="CHECK OTHER"/>' + flows(("ask", "more"))


@pytest.fixture(autouse=True)
def monday():
    clock.travel(MONDAY)


def days_later(days):
    clock.travel(clock.now() + timedelta(days))


def day_of(play, element="lapse"):
    return play.due(element).astimezone(CIVIL).date().isoformat()


def play_on(stopping=TASK, **more):
    return Play(p=ASKS.replace("{stopping}", stopping), **more)


def test_a_deadline_timer_stands_still_while_the_activity_is_open():
    play = play_on()
    assert day_of(play) == "2025-03-10"
    days_later(2)
    play.reload()
    play.complete("ask")
    assert play.waits == []  # nothing to fire
    assert set(play.execution.rest().still) == {"CHECK", "OTHER"}
    days_later(30)
    play.reload()
    assert play.waits == []
    clock.travel(MONDAY + timedelta(7))
    play.reload()
    play.complete("more")
    assert day_of(play) == "2025-03-13"  # the 6th, 7th and 10th stood still
    assert not play.execution.rest().stops
    play.come("lapse")
    assert play.cancelled == ["check"]


def test_twice_asked_for_more_is_twice_added():
    play = play_on()
    for ask in range(2):
        if ask:
            play.place("ask")
        play.complete("ask")
        days_later(1)
        play.reload()
        play.complete("more")
    assert day_of(play) == "2025-03-12"
    (wait,) = play.execution.rest().waits.values()
    assert len(wait.term["stops"]) == 2


def test_activities_that_overlap_stop_a_clock_once():
    play = play_on()
    play.place("ask")
    for task in ("ask", "ask"):
        play.complete(task)
        days_later(1)
        play.reload()
    play.complete("more")
    assert play.waits == []  # the other one is still open
    days_later(1)
    play.reload()
    play.complete("more")
    assert day_of(play) == "2025-03-13"
    (wait,) = play.execution.rest().waits.values()
    assert len(wait.term["stops"]) == 1


def test_a_sub_process_stops_clocks_around_it_until_it_is_left():
    inside = '<startEvent id="a"/><userTask id="fill" icity:role="R"/><endEvent id="b"/>'
    inside += flows(("a", "fill"), ("fill", "b"))
    play = play_on(f'<subProcess id="more" icity:stops="CHECK">{inside}</subProcess>' + flows(("ask", "more")))
    play.complete("ask")
    assert (play.tasks, play.waits) == (["check", "fill"], [])
    days_later(4)
    play.reload()
    play.complete("fill")
    assert day_of(play) == "2025-03-14"


def test_a_called_process_stops_clocks_of_its_caller():
    called = '<startEvent id="a"/><userTask id="fill" icity:role="R"/><endEvent id="b"/>'
    called += flows(("a", "fill"), ("fill", "b"))
    more = '<callActivity id="more" calledElement="q" icity:stops="CHECK"/>' + flows(("ask", "more"))
    play = play_on(more, q=called)
    play.complete("ask")
    assert play.waits == []
    play.complete("fill")
    assert day_of(play) == "2025-03-10"


def test_a_timer_that_begins_during_a_stop_stands_still_from_its_start():
    play = play_on()
    play.complete("ask")
    days_later(2)
    play.reload()
    play.withdraw("check")
    play.place("check")
    assert play.waits == []
    days_later(1)
    play.reload()
    play.complete("more")
    assert day_of(play) == "2025-03-13"  # from the 5th, the 6th stood still


def test_what_is_taken_away_stops_no_clock_any_more():
    play = play_on()
    play.complete("ask")
    days_later(1)
    play.reload()
    play.withdraw("more")
    assert day_of(play) == "2025-03-11"


def test_other_deadlines_go_on():
    play = play_on(TASK.replace("CHECK OTHER", "OTHER"))
    play.complete("ask")
    assert day_of(play) == "2025-03-10"


def test_several_who_do_one_activity_stop_it_once():
    many = TASK.replace(
        "/>",
        '><multiInstanceLoopCharacteristics icity:collection="=[1, 2]" icity:elementVariable="one"/></userTask>',
        1,
    )
    play = play_on(many)
    play.complete("ask")
    assert len(play.execution.rest().stops) == 1
    play.complete("more")
    assert play.waits == []
    play.complete("more")
    assert day_of(play) == "2025-03-10"


def test_a_moment_that_somebody_chose_is_no_term_any_more():
    play = play_on()
    task = next(wait.task for wait in play.execution.rest().waits.values())
    chosen = datetime(2025, 4, 1, tzinfo=UTC)
    assert play.execution.rearm(task, "lapse", chosen)
    play.reload()
    play.complete("ask")
    assert play.due("lapse") == chosen


def test_a_stopped_timer_cannot_be_set_anew():
    play = play_on()
    task = next(wait.task for wait in play.execution.rest().waits.values())
    play.complete("ask")
    assert not play.execution.rearm(task, "lapse", clock.now())
