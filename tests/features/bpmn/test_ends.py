"""End events (§13.5.6), errors and escalations and who catches them (§10.5.1)."""

import pytest

from tests.support.diagrams import Play
from tests.support.places import refuses
from tests.support.rows import row
from tests.support.shapes import (
    TERMINATE,
    boundary,
    call,
    catch,
    end,
    error,
    escalation,
    many,
    mapped,
    message,
    parallel,
    service,
    signal,
    start,
    sub,
    throw,
    user,
    way,
)

REST = user("after", "h") + end("e", "e2") + way("s sp after e", "b h e2")


def raising(trigger, name="sp", prefix="i"):
    """Draw a sub-process whose task `u` leads to this end, beside the task `v`."""
    inner = start(f"{prefix}s") + user("u", "v") + end("up", trigger=trigger) + end(f"{prefix}e")
    return sub(name, inner + way(f"{prefix}s u up", f"{prefix}s v {prefix}e"))


@row("none end event", "§13.5.6")
def test_a_process_ends_when_its_last_token_is_gone():
    play = Play(p=start() + parallel("f") + user("a", "b", "c") + end("e1", "e2") + way("s f a e1", "f b e2", "f c e1"))
    for name in ("a", "c"):
        play.complete(name)
        assert not play.ended
    play.complete("b")
    assert play.ended
    assert play.execution.finished
    assert [name for name in play.completed if name in {"e1", "e2"}] == ["e1", "e1", "e2"]


@row("terminate end event of the process itself", "§13.5.6")
def test_a_terminate_end_withdraws_tasks_waits_and_scopes_at_once():
    inner = start("is") + user("u") + end("ie") + way("is u ie")
    body = start() + user("a", "b") + catch("m", message()) + sub("sp", inner) + end("e") + end("t", trigger=TERMINATE)
    play = Play(p=body + way("s a t", "s b e", "s m e", "s sp e"))
    play.complete("a")
    assert (play.ended, play.tasks, play.waits) == (True, [], [])
    assert play.execution.finished
    assert {"b", "u", "sp"} <= set(play.cancelled)


@row("message end event", "§13.5.6")
def test_a_message_end_sends_its_message():
    end_event = end("e", trigger=message("stop"), inner=mapped({"n": "=n"}), correlation="=case")
    play = Play(data={"n": 1, "case": "K1"}, p=start() + end_event + way("s e"))
    assert play.ended
    assert [(one.element, one.name, one.correlation, one.payload) for one in play.thrown] == [
        ("e", "stop", "K1", {"n": 1})
    ]


@row("signal end event", "§13.5.6")
def test_a_signal_end_reaches_its_own_process_and_is_told_to_the_others():
    body = start() + user("a", "b") + catch("x", signal()) + end("g", trigger=signal()) + end("e")
    play = Play(p=body + way("s a g", "s x b e"))
    play.complete("a")
    assert play.tasks == ["b"]
    assert [(one.kind, one.name) for one in play.thrown] == [("signal", "Alarm")]


def test_a_signal_end_is_told_even_when_the_process_ends_with_it():
    play = Play(p=start() + end("g", trigger=signal()) + way("s g"))
    assert play.ended
    assert [(one.kind, one.name) for one in play.thrown] == [("signal", "Alarm")]


@row("error end event", "§13.5.6")
@pytest.mark.parametrize(
    ("raised", "caught"),
    [(error("E1"), error("E1")), (error("E1"), error()), (error(), error()), (error("E2"), error())],
)
def test_an_error_is_caught_by_its_code_or_by_a_catcher_of_any(raised, caught):
    play = Play(p=start() + raising(raised) + boundary("b", "sp", caught) + REST)
    play.complete("u")
    assert (play.tasks, play.failures) == (["h"], [])
    assert {"v", "sp"} <= set(play.cancelled)
    assert "sp" not in play.completed


@row("error end event, uncaught", "§10.5.1")
@pytest.mark.parametrize("caught", [error("E2"), escalation(), message()])
def test_an_error_that_nobody_catches_is_an_incident(caught):
    play = Play(p=start() + raising(error("E1")) + boundary("b", "sp", caught) + REST)
    play.complete("u")
    assert (play.tasks, play.failures, play.ended) == (["v"], ["up"], False)


def test_an_error_end_of_the_process_itself_is_an_incident_and_other_branches_go_on():
    body = start() + parallel("f") + user("a") + end("up", trigger=error("E1")) + end("e") + way("s f up", "f a e")
    play = Play(p=body)
    assert (play.tasks, play.failures) == (["a"], ["up"])
    play.complete("a")
    assert (play.failures, play.ended) == (["up"], False)


@pytest.mark.parametrize("code", [error("E1"), error()])
def test_the_innermost_that_can_catch_an_error_does(code):
    outer = sub("outer", start("os") + raising(error("E1")) + boundary("b", "sp", code) + user("h") + end("oe", "oe2")
                + way("os sp oe", "b h oe2"))  # fmt: skip
    body = start() + outer + boundary("b2", "outer", error("E1")) + user("wrong", "after") + end("e", "e2")
    play = Play(p=body + way("s outer after e", "b2 wrong e2"))
    play.complete("u")
    assert play.tasks == ["h"]
    play.complete("h")
    assert play.tasks == ["after"]


def test_an_error_passes_the_scopes_that_catch_others():
    outer = sub("outer", start("os") + raising(error("E1")) + boundary("b", "sp", error("E2")) + user("wrong")
                + end("oe", "oe2") + way("os sp oe", "b wrong oe2"))  # fmt: skip
    body = start() + outer + boundary("b2", "outer", error()) + user("h", "after") + end("e", "e2")
    play = Play(p=body + way("s outer after e", "b2 h e2"))
    play.complete("u")
    assert play.tasks == ["h"]
    assert {"v", "sp", "outer"} <= set(play.cancelled)


def test_a_catcher_that_names_the_code_comes_before_one_that_takes_any():
    body = start() + raising(error("E1")) + boundary("any", "sp", error()) + boundary("b", "sp", error("E1"))
    play = Play(p=body + user("wrong") + end("e3") + way("any wrong e3") + REST)
    play.complete("u")
    assert play.tasks == ["h"]


def test_an_error_in_one_instance_ends_all_when_it_is_caught_at_the_multi_instance():
    inner = many("=[1, 2, 3]") + start("is") + user("u") + end("up", trigger=error("E1")) + way("is u up")
    play = Play(p=start() + sub("sp", inner) + boundary("b", "sp", error("E1")) + REST)
    play.complete("u")
    assert play.tasks == ["h"]
    assert play.cancelled.count("u") == 2


@pytest.mark.parametrize("sequential", [True, False])
def test_a_service_of_a_multi_instance_that_fails_ends_it_at_its_boundary(sequential):
    body = start() + service("sp", many(sequential=sequential)) + boundary("b", "sp", error("E1")) + REST
    assert Play(operate=refuses, p=body).tasks == ["h"]


def test_a_fault_that_is_no_error_of_the_business_is_not_caught():
    def broken(*_):
        raise ValueError("the line is down")

    play = Play(operate=broken, p=start() + service("sp") + boundary("b", "sp", error()) + REST)
    assert (play.tasks, play.failures) == ([], ["sp"])


@row("escalation end event", "§10.5.1")
@pytest.mark.parametrize(("interrupting", "left"), [(True, ["h"]), (False, ["h", "v"])])
@pytest.mark.parametrize("code", ["L1", None])
def test_an_escalation_is_caught_by_its_code_or_by_a_catcher_of_any(code, interrupting, left):
    catcher = boundary("b", "sp", escalation(code), interrupting=interrupting)
    play = Play(p=start() + raising(escalation("L1")) + catcher + REST)
    play.complete("u")
    assert play.tasks == left
    assert ("v" in play.cancelled) is interrupting


def test_a_sub_process_that_escalated_without_interruption_completes_as_always():
    play = Play(p=start() + raising(escalation("L1")) + boundary("b", "sp", escalation(), interrupting=False) + REST)
    play.complete("u")
    play.complete("v")
    assert play.tasks == ["after", "h"]


@row("escalation end event, uncaught", "§13.5.6")
@pytest.mark.parametrize("caught", [escalation("L2"), error()])
def test_an_escalation_that_nobody_catches_is_no_matter(caught):
    play = Play(p=start() + raising(escalation("L1")) + boundary("b", "sp", caught) + REST)
    play.complete("u")
    assert (play.tasks, play.failures) == (["v"], [])
    play.complete("v")
    assert play.tasks == ["after"]


def test_an_escalation_of_the_process_itself_is_no_matter():
    play = Play(
        p=start() + throw("x", escalation("L1")) + user("a") + end("e", trigger=escalation("L2")) + way("s x a e")
    )
    assert (play.tasks, play.failures) == (["a"], [])
    play.complete("a")
    assert play.ended


@row("escalation intermediate throw event", "§10.5.1")
def test_a_throw_goes_on_after_it_was_caught_without_interruption():
    inner = start("is") + throw("up", escalation("L1")) + user("u") + end("ie") + way("is up u ie")
    play = Play(p=start() + sub("sp", inner) + boundary("b", "sp", escalation("L1"), interrupting=False) + REST)
    assert play.tasks == ["h", "u"]
    assert "up" in play.completed


def test_one_throw_in_a_loop_is_caught_each_time():
    inner = start("is") + throw("up", escalation("L1")) + user("u") + way("is up u up")
    play = Play(p=start() + sub("sp", inner) + boundary("b", "sp", escalation("L1"), interrupting=False) + REST)
    for count in range(1, 4):
        assert play.tasks == ["h"] * count + ["u"]
        play.complete("u")


def test_the_innermost_that_can_catch_an_escalation_does():
    outer = sub("outer", start("os") + raising(escalation("L1")) + boundary("b", "sp", escalation("L1")) + user("h")
                + end("oe", "oe2") + way("os sp oe", "b h oe2"))  # fmt: skip
    body = start() + outer + boundary("b2", "outer", escalation(), interrupting=False) + user("wrong", "after")
    play = Play(p=body + end("e", "e2") + way("s outer after e", "b2 wrong e2"))
    play.complete("u")
    assert play.tasks == ["h"]


def test_an_end_event_in_a_called_process_ends_that_process_only():
    body = start() + call("sp") + user("after") + end("e") + way("s sp after e")
    called = start("qs") + user("u", "v") + end("qe") + way("qs u qe", "qs v qe")
    play = Play(p=body, q=called)
    play.complete("u")
    assert play.tasks == ["v"]
    play.complete("v")
    assert play.tasks == ["after"]
