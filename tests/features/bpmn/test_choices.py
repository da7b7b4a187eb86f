"""The event-based gateway (§13.4.4): the first event that comes takes the token, the others are withdrawn."""

from datetime import UTC, datetime

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    catch,
    choice,
    condition,
    end,
    exclusive,
    message,
    receive,
    signal,
    start,
    sub,
    timer,
    user,
    way,
    when,
)

EVENTS = ("m", "t", "g", "c", "r")
MIX = (
    start()
    + choice("x")
    + catch("m", message(), result="got")
    + catch("t", timer())
    + catch("g", signal(), result="got")
    + catch("c", condition())
    + receive("r", "stop", result="got")
    + user("by_m", "by_t", "by_g", "by_c", "by_r")
    + end("e")
    + way(*(f"s x {name} by_{name} e" for name in EVENTS))
)


def happens(play, name):
    if name == "c":
        play.write(go=True)
    else:
        play.come(name, {"n": 1})


@row("event-based gateway", "§13.4.4")
@pytest.mark.parametrize("name", EVENTS)
def test_whatever_comes_first_takes_the_token_and_withdraws_the_others(name):
    play = Play(p=MIX)
    assert (play.waits, play.tasks) == (sorted(EVENTS), [])
    happens(play, name)
    assert (play.waits, play.tasks) == ([], [f"by_{name}"])
    assert [one for one in EVENTS if one in play.completed] == [name]


@pytest.mark.parametrize("name", ["m", "g", "r"])
def test_what_came_is_kept_under_the_result_of_its_event(name):
    play = Play(p=MIX)
    happens(play, name)
    assert play.see(f"by_{name}")["got"] == {"n": 1}


@row("event-based gateway with two timers", "§13.4.4")
def test_of_two_timers_the_earlier_wins_and_the_later_is_withdrawn():
    body = start() + choice("x") + catch("t1", timer("P3D")) + catch("t2", timer("P1D")) + user("a", "b") + end("e")
    play = Play(p=body + way("s x t1 a e", "x t2 b e"))
    assert play.due("t1") == datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert play.due("t2") == datetime(2026, 3, 3, 1, tzinfo=UTC)
    play.later(1)
    play.come("t2")
    assert (play.tasks, play.waits) == (["b"], [])


def test_the_later_of_two_timers_wins_when_only_it_is_fired():
    body = start() + choice("x") + catch("t1", timer("P3D")) + catch("t2", timer("P1D")) + user("a", "b") + end("e")
    play = Play(p=body + way("s x t1 a e", "x t2 b e"))
    play.come("t1")
    assert (play.tasks, play.waits) == (["a"], [])


def test_in_a_loop_the_gateway_waits_anew_in_every_pass():
    body = (
        start()
        + exclusive("l")
        + choice("x")
        + catch("m", message())
        + catch("t", timer())
        + user("a", "b")
        + exclusive("g", default="g_e")
        + end("e")
        + when("g", "l", "=again")
        + way("s l x m a g e", "x t b g")
    )
    play = Play(p=body)
    for name, task in (("m", "a"), ("t", "b"), ("m", "a"), ("t", "b")):
        assert play.waits == ["m", "t"]
        play.come(name)
        assert play.waits == []
        play.complete(task, again=True)
    play.come("m")
    play.complete("a", again=False)
    assert play.ended


def test_an_interrupted_sub_process_withdraws_what_its_gateway_waited_for():
    inner = start("ss") + choice("x") + catch("m", message()) + catch("t", timer()) + end("se")
    inner += way("ss x m se", "x t se")
    body = start() + sub("sp", inner) + boundary("b", "sp", signal()) + user("a") + end("e", "e2")
    play = Play(p=body + way("s sp e", "b a e2"))
    assert play.waits == ["b", "m", "t"]
    play.come("b")
    assert (play.waits, play.tasks) == ([], ["a"])


def test_one_signal_lets_two_gateways_choose():
    first = choice("x1") + catch("g1", signal()) + catch("t1", timer())
    second = choice("x2") + catch("g2", signal()) + catch("t2", timer())
    body = start() + first + second + user("a", "b", "c") + end("e")
    play = Play(p=body + way("s x1 g1 a e", "s x2 g2 b e", "x1 t1 c", "x2 t2 c e"))
    assert play.signal("Alarm")
    assert (play.tasks, play.waits) == (["a", "b"], [])
