"""How a process begins (§13.2, §13.5.1)."""

import pytest

from engine.errors import NotFound
from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    call,
    catch,
    choice,
    condition,
    end,
    message,
    receive,
    signal,
    start,
    sub,
    timer,
    user,
    way,
)

SEVERAL = (
    start("s")
    + start("m", message(), result="got")
    + start("t", timer("2026-04-01T09:00:00+08:00", "timeDate"))
    + start("g", signal(), result="got")
    + start("c", condition("=stock < 5".replace("<", "&lt;")))
    + user("by_none", "by_message", "by_timer", "by_signal", "by_condition")
    + end("e")
    + way("s by_none e", "m by_message e", "t by_timer e", "g by_signal e", "c by_condition e")
)
ASKED = (
    receive("r", instantiate=True, result="got") + user("a") + end("e") + way("r a e")
    + start("s") + user("b") + way("s b e")
)  # fmt: skip
OFFERED = (
    choice("x", instantiate=True)
    + catch("m", message(), result="got")
    + receive("r", "stop", result="got")
    + user("by_answer", "by_stop")
    + end("e")
    + way("x m by_answer e", "x r by_stop e")
)


@row("none start event", "§13.5.1")
def test_of_several_start_events_the_none_one_begins_when_nothing_else_is_said():
    play = Play(p=SEVERAL)
    assert (play.tasks, play.waits) == (["by_none"], [])
    play.complete("by_none")
    assert play.ended


@row("message start event", "§13.5.1")
@row("timer start event", "§13.5.1")
@row("signal start event", "§13.5.1")
@row("conditional start event", "§13.5.1")
@row("several start events", "§13.2")
@pytest.mark.parametrize(
    ("begun", "task"),
    [("s", "by_none"), ("m", "by_message"), ("t", "by_timer"), ("g", "by_signal"), ("c", "by_condition")],
)
def test_only_the_start_event_that_occurred_gets_a_token(begun, task):
    play = Play(start=begun, p=SEVERAL)
    assert (play.tasks, play.waits) == ([task], [])
    assert play.completed == [begun]
    play.complete(task)
    assert play.ended


@pytest.mark.parametrize(("begun", "task"), [("m", "by_message"), ("g", "by_signal")])
def test_what_the_message_or_signal_carried_is_there_from_the_start(begun, task):
    play = Play(start=begun, payload={"n": 7}, data={"unit": "U1"}, p=SEVERAL)
    assert play.see(task) == {"got": {"n": 7}, "unit": "U1"}


def test_each_of_several_none_start_events_gets_a_token():
    play = Play(p=start("s1") + start("s2") + user("a", "b") + end("e") + way("s1 a e", "s2 b e"))
    assert play.tasks == ["a", "b"]
    play.complete("b")
    assert not play.ended
    play.complete("a")
    assert play.ended


def test_a_task_behind_two_start_events_is_done_once_for_each():
    play = Play(p=start("s1") + start("s2") + user("a") + end("e") + way("s1 a e", "s2 a"))
    assert play.tasks == ["a", "a"]


def test_several_flows_out_of_a_start_event_each_get_a_token():
    play = Play(p=start() + user("a", "b") + end("e") + way("s a e", "s b e"))
    assert play.tasks == ["a", "b"]


@pytest.mark.parametrize("begun", [None, "nobody", "a"])
def test_it_does_not_begin_where_no_start_event_is(begun):
    body = start("m", message()) + user("a") + end("e") + way("m a e")
    with pytest.raises(NotFound):
        Play(start=begun, payload={}, p=body)


def test_the_model_tells_which_events_begin_a_process():
    play = Play(p=SEVERAL)
    found = {one.id: one for one in play.model.starts["p"]}
    kinds = {name: one.event for name, one in found.items()}
    assert kinds == {"s": "none", "m": "message", "t": "timer", "g": "signal", "c": "conditional"}
    assert (found["m"].message, found["g"].signal, found["c"].condition) == ("answer", "Alarm", "=stock < 5")
    assert found["t"].timing.kind == "date"


def test_start_events_inside_sub_processes_do_not_begin_the_process():
    event = sub("h", start("hs", message()) + end("he") + way("hs he"), triggeredByEvent=True)
    inner = sub("sp", start("ss") + end("se") + way("ss se") + event)
    play = Play(p=start() + inner + end("e") + way("s sp e"))
    assert [one.id for one in play.model.starts["p"]] == ["s"]


@row("instantiating receive task", "§13.2")
def test_a_receive_task_begins_the_process_with_its_message():
    play = Play(start="r", payload={"n": 1}, p=ASKED)
    assert (play.tasks, play.waits) == (["a"], [])
    assert play.see("a") == {"got": {"n": 1}}
    assert play.completed == ["r"]


def test_beside_an_instantiating_receive_task_the_none_start_event_begins_alone():
    play = Play(p=ASKED)
    assert (play.tasks, play.waits) == (["b"], [])


@row("instantiating event-based gateway", "§13.2")
@pytest.mark.parametrize(("begun", "task"), [("m", "by_answer"), ("r", "by_stop")])
def test_the_first_event_behind_an_instantiating_gateway_begins_and_the_others_are_abandoned(begun, task):
    play = Play(start=begun, payload={"n": 1}, p=OFFERED)
    assert (play.tasks, play.waits) == ([task], [])
    assert play.see(task) == {"got": {"n": 1}}
    play.complete(task)
    assert play.ended


def test_the_model_tells_what_begins_without_a_start_event():
    assert {one.id for one in Play(start="r", payload={}, p=ASKED).model.starts["p"]} == {"r", "s"}
    assert {one.id for one in Play(start="m", payload={}, p=OFFERED).model.starts["p"]} == {"m", "r"}


def test_a_called_process_begins_at_its_none_start_event_whatever_else_it_has():
    play = Play(p=start() + call("x", "q") + end("e") + way("s x e"), q=SEVERAL)
    assert (play.tasks, play.waits) == (["by_none"], [])
    play.complete("by_none")
    assert play.ended


def test_a_process_that_a_message_began_ends_like_any_other():
    play = Play(start="m", p=SEVERAL)
    assert play.complete("by_message")[-1] == "e"
    assert play.ended
