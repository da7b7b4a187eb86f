"""Timers and scopes that begin again (§13.3.4, §13.5.3)."""

from datetime import UTC, datetime

from tests.support.diagrams import Play, flows
from tests.support.shapes import (
    boundary,
    call,
    catch,
    choice,
    condition,
    end,
    exclusive,
    handler,
    many,
    mapped,
    message,
    parallel,
    repeat,
    start,
    sub,
    timer,
    user,
    way,
)

AFTER = user("after") + end("e")
INNER = start("is") + user("u") + end("ie") + way("is u ie")


def reacts(name, trigger, inner, *, keeps=False):
    """Draw an event sub-process around a drawn inside that begins behind `name`_s."""
    return handler(name, start(f"{name}_s", trigger, isInterrupting=not keeps) + inner)


# Timers that come again


def test_an_interrupting_timer_on_a_cycle_interrupts_the_first_time():
    body = start() + user("x", "h") + boundary("t", "x", timer("R3/P1D", "timeCycle")) + end("e", "e2")
    play = Play(p=body + way("s x e", "t h e2"))
    assert play.due("t") == datetime(2026, 3, 3, 1, tzinfo=UTC)
    play.later(1)
    play.come("t")
    assert (play.tasks, play.waits) == (["h"], [])


def test_an_interrupting_event_sub_process_on_a_cycle_interrupts_the_first_time():
    inner = INNER + reacts("h", timer("R3/P1D", "timeCycle"), user("v") + end("he") + way("h_s v he"))
    play = Play(p=start() + sub("sp", inner) + AFTER + way("s sp after e"))
    play.later(1)
    play.come("h_s")
    assert (play.tasks, play.waits) == (["v"], [])


def test_a_cycle_in_the_flow_passes_at_its_first_occurrence():
    play = Play(p=start() + catch("x", timer("R3/P1D", "timeCycle")) + AFTER + way("s x after e"))
    play.later(1)
    play.come("x")
    assert (play.tasks, play.waits) == (["after"], [])


def test_each_token_at_a_task_has_a_timer_of_its_own():
    body = start() + parallel("f") + user("a", "b", "x", "h") + boundary("t", "x", timer()) + end("e")
    play = Play(p=body + way("s f a x e", "f b x", "t h e"))
    play.complete("a")
    play.later(3)
    play.complete("b")
    assert play.waits == ["t", "t"]
    play.come("t")
    assert (play.tasks, play.waits) == (["h", "x"], ["t"])


# Scopes that begin again


def test_the_inputs_of_a_sub_process_in_a_loop_are_reckoned_in_every_pass():
    inner = mapped({"own": "=n * 10"}) + start("is") + user("u") + end("ie") + way("is u ie")
    play = Play(data={"n": 1}, p=start() + sub("sp", inner) + user("t") + way("s sp t sp"))
    for n in (2, 3):
        assert play.see("u")["own"] == (n - 1) * 10
        play.complete("u")
        assert "own" not in play.see("t")
        play.complete("t", n=n)
    assert play.see("u")["own"] == 30


def test_what_an_instance_kept_for_itself_is_gone_in_the_next_pass():
    inner = many("=[1]") + start("is") + user("u") + end("ie") + way("is u ie")
    play = Play(p=start() + sub("sp", inner) + user("t") + way("s sp t sp"))
    play.complete("u", own=1)
    play.complete("t")
    assert "own" not in play.see("u")


def test_a_loop_around_multi_instance_around_a_loop():
    inner = many("=[1, 2]") + start("is") + user("u", inner=repeat(loopMaximum=2)) + end("ie") + way("is u ie")
    body = start() + exclusive("m") + sub("sp", inner) + user("t") + exclusive("g", default="g_e") + end("e")
    play = Play(p=body + flows(("g", "m", "=again")) + way("s m sp t g e"))
    for again in (True, True, False):
        for _ in range(4):
            play.complete("u")
        assert play.tasks == ["t"]
        play.complete("t", again=again)
    assert play.ended


def test_an_event_gateway_in_every_instance_chooses_for_itself():
    inner = many("=[1, 2]") + start("is") + choice("g") + catch("m", message()) + catch("t", timer()) + user("a", "b")
    play = Play(p=start() + sub("sp", inner + end("ie") + way("is g m a ie", "g t b ie")) + AFTER + way("s sp after e"))
    play.come("m")
    assert (play.tasks, play.waits) == (["a"], ["m", "t"])
    play.come("t")
    assert (play.tasks, play.waits) == (["a", "b"], [])


def test_a_condition_in_a_called_process_is_asked_with_its_own_variables():
    called = start("qs") + parallel("f") + user("u") + catch("c", condition()) + user("v") + end("qe")
    play = Play(
        data={"go": False}, p=start() + call("x") + AFTER + way("s x after e"), q=called + way("qs f u qe", "f c v qe")
    )
    play.write(go=True)
    assert play.waits == ["c"]
    play.complete("u", go=True)
    assert play.tasks == ["v"]
