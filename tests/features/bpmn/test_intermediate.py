"""Intermediate events in the flow (§10.5.3, §13.5.2): timers, messages, signals, conditions and links."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    catch,
    condition,
    end,
    exclusive,
    link,
    many,
    mapped,
    message,
    parallel,
    receive,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    way,
    when,
)

HOME = datetime(2026, 3, 2, 1, tzinfo=UTC)


def around(*inner, name="x"):
    return start() + "".join(inner) + user("after") + end("e") + way(f"s {name} after e")


@row("timer intermediate event", "§13.5.2")
@pytest.mark.parametrize(
    ("trigger", "due"),
    [
        (timer("P10D"), HOME + timedelta(days=10)),
        (timer("PT36H"), HOME + timedelta(hours=36)),
        (timer("P1M"), datetime(2026, 4, 2, 1, tzinfo=UTC)),
        (timer("=period"), HOME + timedelta(days=5)),
        (timer("2026-05-01T09:00:00+08:00", "timeDate"), datetime(2026, 5, 1, 1, tzinfo=UTC)),
        (timer("=moment", "timeDate"), datetime(2026, 6, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_timer_falls_due_when_its_text_says(trigger, due):
    data = {"period": "P5D", "moment": "2026-06-01T09:00:00+08:00"}
    play = Play(data=data, p=around(catch("x", trigger)))
    assert (play.due("x"), play.tasks) == (due, [])
    play.come("x")
    assert (play.tasks, play.waits) == (["after"], [])


def test_a_timer_is_reckoned_once_when_it_is_reached():
    play = Play(p=start() + user("a") + catch("x", timer("P1D")) + end("e") + way("s a x e"))
    play.later(3)
    play.complete("a")
    due = play.due("x")
    assert due == play.now + timedelta(days=1)
    play.later(5)
    play.reload()
    assert play.due("x") == due


@row("message intermediate catch event", "§13.5.2")
def test_a_message_reaches_exactly_one_of_those_that_wait_for_it():
    first = catch("m1", message(), result="r1") + catch("m2", message(), result="r2")
    play = Play(p=start() + first + user("a", "b") + end("e") + way("s m1 a e", "s m2 b e"))
    play.come("m2", {"n": 1})
    assert (play.waits, play.tasks) == (["m1"], ["b"])
    play.come("m1", {"n": 2})
    assert play.see("a") == {"r1": {"n": 2}, "r2": {"n": 1}}


def test_a_message_reaches_exactly_one_of_many_tokens_at_one_event():
    body = start() + parallel("f") + catch("x", message()) + user("a") + end("e")
    play = Play(p=body + '<sequenceFlow id="f1" sourceRef="f" targetRef="x"/>' + way("s f x a e"))
    assert play.waits == ["x", "x"]
    play.come("x")
    assert (play.waits, play.tasks) == (["x"], ["a"])


def test_a_wait_names_its_message_and_its_correlation():
    play = Play(data={"case": 7}, p=around(catch("x", message("stop"), correlation="=case")))
    (wait,) = play.execution.rest().waits.values()
    assert (wait.message, wait.correlation, wait.due, wait.process) == ("stop", "7", None, "p")


@row("signal that reaches every waiter", "§10.5.1")
def test_a_signal_reaches_everything_that_waits_for_it():
    inner = start("is") + catch("g3", signal()) + end("ie") + way("is g3 ie")
    body = (
        start()
        + user("x", "a", "h")
        + boundary("g1", "x", signal())
        + catch("g2", signal())
        + sub("sp", inner)
        + end("e")
    )
    play = Play(p=body + way("s x e", "s g2 a e", "s sp e", "g1 h e"))
    assert play.waits == ["g1", "g2", "g3"]
    assert play.signal("Alarm")
    assert (play.waits, play.tasks) == ([], ["a", "h"])
    assert {"g1", "g2", "g3", "sp"} <= set(play.completed)


def test_a_signal_of_another_name_reaches_nobody():
    play = Play(p=around(catch("x", signal())))
    assert not play.signal("Calm")
    assert not play.signal("alarm")
    assert play.waits == ["x"]


def test_a_signal_is_not_kept_for_those_that_come_later():
    play = Play(p=start() + user("a") + catch("x", signal()) + end("e") + way("s a x e"))
    assert not play.signal("Alarm")
    play.complete("a")
    assert play.waits == ["x"]


@row("signal intermediate throw event", "§10.5.3")
@row("signal intermediate catch event", "§13.5.2")
def test_a_signal_thrown_in_the_process_reaches_its_own_waiters_and_is_told_to_the_others():
    inputs = mapped({"n": "=n"})
    body = start() + parallel("f") + user("a", "b") + throw("up", signal(), inputs) + catch("x", signal(), result="got")
    play = Play(data={"n": 7}, p=body + end("e") + way("s f a up e", "f x b e"))
    assert (play.waits, play.tasks) == (["x"], ["a"])
    play.complete("a")
    assert (play.waits, play.tasks) == ([], ["b"])
    assert play.see("b")["got"] == {"n": 7}
    (thrown,) = play.thrown
    assert (thrown.kind, thrown.element, thrown.name, thrown.payload) == ("signal", "up", "Alarm", {"n": 7})


def test_a_condition_that_is_true_lets_the_token_pass():
    play = Play(data={"go": True}, p=around(catch("x", condition())))
    assert play.tasks == ["after"]


@row("conditional intermediate event", "§13.5.2")
@pytest.mark.parametrize("value", [False, None, "yes", 1])
def test_a_condition_that_is_not_true_waits(value):
    play = Play(data={"go": value}, p=around(catch("x", condition())))
    assert (play.waits, play.tasks) == (["x"], [])
    play.write(other=1)
    assert play.waits == ["x"]
    play.write(go=True)
    assert (play.waits, play.tasks) == ([], ["after"])


def test_a_condition_is_asked_whenever_a_step_changes_the_data():
    body = start() + parallel("f") + user("a") + service("sv", result="n") + catch("x", condition("=n = 1")) + user("b")
    play = Play(operate=lambda *_: 1, p=body + end("e") + way("s f a sv e", "f x b e"))
    assert play.waits == ["x"]
    play.complete("a")
    assert (play.waits, play.tasks) == ([], ["b"])


def test_a_condition_in_an_instance_sees_what_that_instance_wrote():
    inner = many("=[1, 2]") + start("is") + user("u", result="own") + catch("x", condition("=own.ready")) + end("ie")
    play = Play(p=around(sub("sp", inner + way("is u x ie")), name="sp"))
    play.pick("u", {"ready": False}, item=1)
    play.pick("u", {"ready": True}, item=2)
    assert (play.waits, play.completed.count("x")) == (["x"], 1)


def test_a_none_event_lets_the_token_pass():
    play = Play(p=around(throw("x", milestone="seen")))
    assert (play.tasks, "x" in play.completed) == (["after"], True)


def test_a_link_goes_on_where_it_is_caught():
    play = Play(
        p=start() + throw("out", link("L")) + catch("in", link("L")) + user("a") + end("e") + way("s out", "in a e")
    )
    assert play.tasks == ["a"]
    play.complete("a")
    assert play.ended


@row("link events", "§10.5.3")
def test_several_throws_lead_to_one_catch():
    body = start() + parallel("f") + user("a", "b", "c") + throw("o1", link("L")) + throw("o2", link("L"))
    body += catch("in", link("L")) + end("e") + way("s f a o1", "f b o2", "in c e")
    play = Play(p=body)
    play.complete("b")
    assert play.tasks == ["a", "c"]
    play.complete("a")
    assert play.tasks == ["c", "c"]


def test_a_link_may_lead_back_and_make_a_loop():
    body = start() + throw("o1", link("L")) + catch("in", link("L")) + user("a") + exclusive("g", default="g_e")
    body += throw("o2", link("L")) + end("e") + when("g", "o2", "=again") + way("s o1", "in a g e")
    play = Play(p=body)
    for _ in range(5):
        play.complete("a", again=True)
        assert play.tasks == ["a"]
    play.complete("a", again=False)
    assert play.ended


def test_links_of_the_same_name_in_two_scopes_do_not_meet():
    inner = (
        start("is") + throw("io", link("L")) + catch("ii", link("L")) + user("u") + end("ie") + way("is io", "ii u ie")
    )
    body = start() + sub("sp", inner) + throw("o", link("L")) + catch("i", link("L")) + user("a") + end("e")
    play = Play(p=body + way("s sp o", "i a e"))
    assert play.tasks == ["u"]
    play.complete("u")
    assert play.tasks == ["a"]


def test_links_with_different_names_keep_apart():
    body = start() + exclusive("g", default="g_o1") + throw("o1", link("L")) + throw("o2", link("M"))
    body += catch("i1", link("L")) + catch("i2", link("M")) + user("a", "b") + end("e") + when("g", "o2", "=n > 1")
    body += way("s g o1", "i1 a e", "i2 b e")
    assert Play(data={"n": 1}, p=body).tasks == ["a"]
    assert Play(data={"n": 2}, p=body).tasks == ["b"]


def test_waits_in_a_loop_are_made_anew_in_every_pass():
    body = start() + exclusive("m") + receive("r") + catch("t", timer()) + exclusive("g", default="g_m") + end("e")
    play = Play(p=body + when("g", "e", "=stop = true") + way("s m r t g m"))
    for _ in range(4):
        assert play.waits == ["r"]
        play.come("r")
        assert play.waits == ["t"]
        play.come("t")
    play.write(stop=True)
    play.come("r")
    play.come("t")
    assert play.ended
