"""Event sub-processes (§13.5.4): what they interrupt, what they leave alone, and how long their scope stays open."""

from datetime import UTC, datetime

import pytest

from tests.support.diagrams import Play
from tests.support.places import refuses
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    call,
    condition,
    end,
    error,
    escalation,
    handler,
    many,
    message,
    parallel,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    way,
)

MAIN = start("xs") + user("a") + end("xe") + way("xs a xe")
OUTSIDE = {"message": message(), "timer": timer(), "signal": signal(), "condition": condition()}


def on(trigger, *, keeps=False, name="h", **attributes):
    """Draw an event sub-process with the task `h`; `keeps` leaves the rest of its scope alone."""
    begins = start(f"{name}_start", trigger, isInterrupting=not keeps, **attributes)
    return handler(f"{name}_scope", begins + user(name) + end(f"{name}_end") + way(f"{name}_start {name} {name}_end"))


def happens(play, kind, name="h_start"):
    if kind == "condition":
        play.write(go=True)
    else:
        play.come(name, {"n": 1})


def nested(inner):
    return start() + sub("sp", inner) + user("after") + end("e") + way("s sp after e")


@row("event sub-process of the process itself", "§13.5.4")
@pytest.mark.parametrize("kind", OUTSIDE)
def test_an_interrupting_one_takes_the_place_of_the_process(kind):
    play = Play(p=MAIN + on(OUTSIDE[kind]))
    assert (play.tasks, play.waits) == (["a"], ["h_start"])
    happens(play, kind)
    assert (play.tasks, play.waits) == (["h"], [])
    assert "a" in play.cancelled
    play.complete("h")
    assert play.ended
    assert play.execution.finished
    assert "xe" not in play.completed


@pytest.mark.parametrize("kind", OUTSIDE)
def test_one_that_does_not_interrupt_runs_beside_the_process(kind):
    play = Play(p=MAIN + on(OUTSIDE[kind], keeps=True))
    happens(play, kind)
    assert play.tasks == ["a", "h"]
    play.complete("a")
    assert (play.tasks, play.ended) == (["h"], False)
    play.complete("h")
    assert play.ended
    assert "a" not in play.cancelled


@row("timer event sub-process, interrupting", "§13.5.4")
@row("message event sub-process, interrupting", "§13.5.4")
@row("signal event sub-process, interrupting", "§13.5.4")
@row("conditional event sub-process, interrupting", "§13.5.4")
@pytest.mark.parametrize("kind", OUTSIDE)
def test_an_interrupting_one_in_a_sub_process_ends_that_scope_and_the_outside_goes_on(kind):
    inner = start("xs") + user("a", "b") + end("xe") + way("xs a xe", "xs b xe") + on(OUTSIDE[kind])
    body = start() + parallel("f") + sub("sp", inner) + user("after", "c") + end("e")
    play = Play(p=body + way("s f sp after e", "f c e"))
    happens(play, kind)
    assert play.tasks == ["c", "h"]
    assert {"a", "b"} <= set(play.cancelled)
    play.complete("h")
    assert play.tasks == ["after", "c"]
    assert play.completed.count("sp") == 1


@row("timer event sub-process, non-interrupting", "§13.5.4")
@row("message event sub-process, non-interrupting", "§13.5.4")
@row("signal event sub-process, non-interrupting", "§13.5.4")
@row("conditional event sub-process, non-interrupting", "§13.5.4")
@pytest.mark.parametrize("kind", OUTSIDE)
def test_a_sub_process_stays_open_until_what_runs_beside_it_is_done(kind):
    play = Play(p=nested(MAIN + on(OUTSIDE[kind], keeps=True)))
    happens(play, kind)
    play.complete("a")
    assert (play.tasks, "sp" in play.completed) == (["h"], False)
    play.complete("h")
    assert (play.tasks, play.waits) == (["after"], [])


@pytest.mark.parametrize("kind", OUTSIDE)
@pytest.mark.parametrize("keeps", [True, False])
def test_an_event_that_never_comes_does_not_hold_its_scope_open(kind, keeps):
    play = Play(p=nested(MAIN + on(OUTSIDE[kind], keeps=keeps)))
    assert play.waits == ["h_start"]
    play.complete("a")
    assert (play.tasks, play.waits) == (["after"], [])


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_one_that_does_not_interrupt_may_begin_many_times(kind):
    play = Play(p=nested(MAIN + on(OUTSIDE[kind], keeps=True)))
    for count in range(1, 4):
        happens(play, kind)
        assert play.tasks == ["a"] + ["h"] * count
    play.complete("a")
    for left in (2, 1):
        play.complete("h")
        assert play.tasks == ["h"] * left
    play.complete("h")
    assert play.tasks == ["after"]


def test_one_on_a_cycle_begins_at_each_occurrence():
    play = Play(p=nested(MAIN + on(timer("R3/P1D", "timeCycle"), keeps=True)))
    assert play.due("h_start") == datetime(2026, 3, 3, 1, tzinfo=UTC)
    for count in range(1, 4):
        play.later(1)
        play.come("h_start")
        assert play.tasks == ["a"] + ["h"] * count
    assert play.waits == []


def test_a_condition_begins_it_each_time_it_becomes_true():
    play = Play(p=nested(MAIN + on(condition("=n > 1"), keeps=True)))
    for n, count in ((1, 0), (2, 1), (3, 1), (0, 1), (5, 2)):
        play.write(n=n)
        assert play.tasks == ["a"] + ["h"] * count


def test_while_its_scope_only_waits_for_it_no_other_can_begin():
    play = Play(p=nested(MAIN + on(message(), keeps=True)))
    play.come("h_start")
    play.complete("a")
    assert (play.tasks, play.waits) == (["h"], [])


def test_once_one_has_interrupted_no_other_can_begin():
    play = Play(p=nested(MAIN + on(message()) + on(signal(), keeps=True, name="k") + on(timer(), name="t")))
    assert play.waits == ["h_start", "k_start", "t_start"]
    play.come("h_start")
    assert (play.tasks, play.waits) == (["h"], [])
    assert not play.signal("Alarm")
    assert play.tasks == ["h"]


def test_an_interrupting_one_also_ends_those_that_run_beside():
    play = Play(p=nested(MAIN + on(signal(), keeps=True, name="k") + on(message())))
    play.come("k_start")
    assert play.tasks == ["a", "k"]
    play.come("h_start")
    assert play.tasks == ["h"]
    assert {"a", "k"} <= set(play.cancelled)


@pytest.mark.parametrize(("kind", "trigger"), [("message", message()), ("signal", signal())])
def test_what_came_is_kept_under_the_result_of_its_start_event(kind, trigger):
    play = Play(data={"unit": "U1"}, p=nested(MAIN + on(trigger, keeps=True, result="got")))
    happens(play, kind)
    assert play.see("h") == {"unit": "U1", "got": {"n": 1}}


def test_its_boundary_events_still_interrupt_the_scope_while_it_runs():
    body = nested(MAIN + on(message())) + boundary("b", "sp", signal()) + user("z") + end("e2") + way("b z e2")
    play = Play(p=body)
    play.come("h_start")
    assert (play.tasks, play.waits) == (["h"], ["b"])
    play.come("b")
    assert (play.tasks, play.waits) == (["z"], [])
    assert "h" in play.cancelled


def test_in_multi_instance_it_interrupts_only_the_instance_it_came_to():
    play = Play(p=nested(many("=[1, 2, 3]") + MAIN + on(message())))
    assert play.waits == ["h_start"] * 3
    play.come("h_start")
    assert play.tasks == ["a", "a", "h"]
    item = play.see("h")["item"]
    assert sorted([item] + [seen["item"] for seen in play.seen("a")]) == [1, 2, 3]


def test_a_signal_interrupts_every_instance():
    play = Play(p=nested(many("=[1, 2, 3]") + MAIN + on(signal())))
    assert play.signal("Alarm")
    assert play.tasks == ["h", "h", "h"]
    for _ in range(3):
        play.complete("h")
    assert play.tasks == ["after"]


@row("event sub-process of a called process", "§13.5.4")
@pytest.mark.parametrize("kind", ["message", "timer", "signal"])
def test_an_interrupting_one_in_a_called_process_ends_the_call_not_the_caller(kind):
    body = start() + call("x") + user("after") + end("e") + way("s x after e")
    play = Play(p=body, q=MAIN + on(OUTSIDE[kind]))
    happens(play, kind)
    assert play.tasks == ["h"]
    play.complete("h")
    assert play.tasks == ["after"]


@row("event sub-process within an event sub-process", "§13.5.4")
def test_one_within_another_belongs_to_the_scope_of_the_other():
    begins = start("h_start", message(), isInterrupting=False)
    inner = begins + user("h") + end("h_end") + way("h_start h h_end") + on(signal(), name="deep")
    play = Play(p=MAIN + handler("h_scope", inner))
    assert play.waits == ["h_start"]
    play.come("h_start")
    assert play.waits == ["deep_start", "h_start"]
    play.come("deep_start")
    assert play.tasks == ["a", "deep"]
    play.complete("deep")
    assert play.tasks == ["a"]


@row("error event sub-process of the process itself", "§13.5.4")
def test_an_error_of_the_process_itself_is_handled_in_its_place():
    body = start() + parallel("f") + user("a") + service("sv") + end("e") + way("s f a e", "f sv e")
    play = Play(operate=refuses, p=body + on(error("E1")))
    assert (play.tasks, play.failures) == (["h"], [])
    play.complete("h")
    assert play.ended


def test_an_error_with_another_code_is_not_handled():
    play = Play(operate=refuses, p=start() + service("sv") + end("e") + way("s sv e") + on(error("E2")))
    assert (play.tasks, play.failures) == ([], ["sv"])


@row("error event sub-process", "§13.5.4")
def test_inside_comes_before_the_boundary():
    inner = start("xs") + end("xe", trigger=error("E1")) + way("xs xe") + on(error("E1"))
    body = nested(inner) + boundary("b", "sp", error("E1")) + user("z") + end("e2") + way("b z e2")
    play = Play(p=body)
    assert play.tasks == ["h"]
    play.complete("h")
    assert play.tasks == ["after"]


def test_an_error_raised_by_its_handler_leaves_the_scope():
    inner = start("xs") + end("xe", trigger=error("E1")) + way("xs xe")
    inner += handler(
        "hs", start("h_start", error("E1")) + user("h") + end("he", trigger=error("E1")) + way("h_start h he")
    )
    body = nested(inner) + boundary("b", "sp", error("E1")) + user("z") + end("e2") + way("b z e2")
    play = Play(p=body)
    play.complete("h")
    assert play.tasks == ["z"]


@row("escalation event sub-process, interrupting", "§13.5.4")
@row("escalation event sub-process, non-interrupting", "§13.5.4")
@pytest.mark.parametrize(("keeps", "open_"), [(True, ["a", "h"]), (False, ["h"])])
def test_an_escalation_begins_it_and_goes_on_only_when_not_interrupted(keeps, open_):
    inner = start("xs") + throw("up", escalation("L1")) + user("a") + end("xe") + way("xs up a xe")
    play = Play(p=nested(inner + on(escalation("L1"), keeps=keeps)))
    assert play.tasks == open_
    for name in open_:
        play.complete(name)
    assert play.tasks == ["after"]


def test_a_signal_thrown_inside_begins_it():
    inner = start("xs") + throw("up", signal()) + user("a") + end("xe") + way("xs up a xe")
    play = Play(p=nested(inner + on(signal(), keeps=True)))
    assert play.tasks == ["a", "h"]
    assert [(one.kind, one.name) for one in play.thrown] == [("signal", "Alarm")]


def test_in_a_loop_it_waits_anew_in_every_pass():
    body = start() + sub("sp", MAIN + on(message())) + user("t") + way("s sp t sp")
    play = Play(p=body)
    for _ in range(3):
        assert play.waits == ["h_start"]
        play.come("h_start")
        play.complete("h")
        play.complete("t")
        play.complete("a")
        play.complete("t")
    assert play.tasks == ["a"]
