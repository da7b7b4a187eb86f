"""Boundary events (§13.5.3) of every kind on every kind of activity."""

from datetime import UTC, datetime

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    call,
    catch,
    condition,
    end,
    error,
    escalation,
    many,
    message,
    parallel,
    receive,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    transaction,
    user,
    way,
)

INNER = start("is") + user("u") + end("ie") + way("is u ie")
HOSTS = {
    "task": user("x"),
    "sub-process": sub("x", INNER),
    "transaction": transaction("x", INNER),
    "call": call("x"),
    "parallel multi-instance": user("x", inner=many()),
    "sequential multi-instance": user("x", inner=many(sequential=True)),
    "multi-instance sub-process": sub("x", many() + INNER),
}
TRIGGERS = {"timer": timer(), "message": message(), "signal": signal(), "condition": condition()}
REST = user("after", "h") + end("e", "e2") + way("s x after e", "b h e2")


def standing(host, trigger, *, interrupting):
    body = start() + HOSTS[host] + boundary("b", "x", trigger, interrupting=interrupting) + REST
    return Play(p=body, q=INNER)


def happens(play, kind, name="b"):
    if kind == "condition":
        play.write(go=True)
    else:
        play.come(name, {"n": 1})


@row("timer boundary event, interrupting", "§13.5.3")
@row("message boundary event, interrupting", "§13.5.3")
@row("signal boundary event, interrupting", "§13.5.3")
@row("conditional boundary event, interrupting", "§13.5.3")
@pytest.mark.parametrize("kind", TRIGGERS)
@pytest.mark.parametrize("host", HOSTS)
def test_an_interrupting_one_ends_the_activity_and_goes_its_own_way(host, kind):
    play = standing(host, TRIGGERS[kind], interrupting=True)
    inside = set(play.tasks)
    assert play.waits == ["b"]
    happens(play, kind)
    assert (play.tasks, play.waits) == (["h"], [])
    assert inside <= set(play.cancelled)
    assert "after" not in play.entered
    play.complete("h")
    assert play.ended


@row("timer boundary event, non-interrupting", "§13.5.3")
@row("message boundary event, non-interrupting", "§13.5.3")
@row("signal boundary event, non-interrupting", "§13.5.3")
@row("conditional boundary event, non-interrupting", "§13.5.3")
@pytest.mark.parametrize("kind", TRIGGERS)
@pytest.mark.parametrize("host", HOSTS)
def test_one_that_does_not_interrupt_leaves_the_activity_alone(host, kind):
    play = standing(host, TRIGGERS[kind], interrupting=False)
    inside = play.tasks
    happens(play, kind)
    assert play.tasks == sorted([*inside, "h"])
    assert not play.cancelled
    play.complete("h")
    while play.tasks != ["after"]:
        play.complete(play.tasks[0])
    assert play.waits == []


@pytest.mark.parametrize("kind", TRIGGERS)
@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("host", ["task", "sub-process", "call"])
def test_an_activity_that_completes_withdraws_what_its_boundary_waits_for(host, interrupting, kind):
    play = standing(host, TRIGGERS[kind], interrupting=interrupting)
    play.complete(play.tasks[0])
    assert (play.tasks, play.waits) == (["after"], [])


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_one_that_does_not_interrupt_may_happen_many_times(kind):
    play = standing("task", TRIGGERS[kind], interrupting=False)
    for count in range(1, 4):
        happens(play, kind)
        assert play.tasks == ["h"] * count + ["x"]
    play.complete("x")
    assert (play.tasks, play.waits) == (["after", "h", "h", "h"], [])


def test_a_condition_that_does_not_interrupt_happens_each_time_it_becomes_true():
    play = standing("task", condition("=n > 1"), interrupting=False)
    for n, count in ((1, 0), (2, 1), (3, 1), (0, 1), (4, 2)):
        play.write(n=n)
        assert play.tasks.count("h") == count


def test_a_condition_is_asked_when_another_branch_changes_the_data():
    body = (
        start() + parallel("f") + user("x", "c", "h") + boundary("b", "x", condition("=told = true")) + end("e", "e2")
    )
    play = Play(p=body + way("s f x e", "f c e", "b h e2"))
    play.complete("c", told=True)
    assert play.tasks == ["h"]
    assert "x" in play.cancelled


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_what_came_is_kept_under_the_result_of_the_event(kind):
    body = start() + user("x") + boundary("b", "x", TRIGGERS[kind], result="got") + REST
    play = Play(data={"unit": "U1"}, p=body)
    happens(play, kind)
    assert play.see("h") == {"unit": "U1", "got": {"n": 1}}


SEVERAL = (
    start()
    + user("x", "by_m", "by_t", "by_g", "after")
    + boundary("m", "x", message())
    + boundary("t", "x", timer())
    + boundary("g", "x", signal(), interrupting=False)
    + end("e")
    + way("s x after e", "m by_m e", "t by_t e", "g by_g e")
)


@row("several boundary events on one activity", "§13.5.3")
@pytest.mark.parametrize(("first", "task"), [("m", "by_m"), ("t", "by_t")])
def test_the_first_that_interrupts_withdraws_the_others(first, task):
    play = Play(p=SEVERAL)
    assert play.waits == ["g", "m", "t"]
    play.come(first)
    assert (play.tasks, play.waits) == ([task], [])


def test_one_that_does_not_interrupt_leaves_the_others_waiting():
    play = Play(p=SEVERAL)
    play.come("g")
    assert (play.tasks, play.waits) == (["by_g", "x"], ["g", "m", "t"])
    play.come("t")
    assert (play.tasks, play.waits) == (["by_g", "by_t"], [])


def test_what_began_beside_an_activity_outlives_its_interruption():
    play = Play(p=SEVERAL)
    play.come("g")
    play.come("m")
    assert play.tasks == ["by_g", "by_m"]
    for name in ("by_m", "by_g"):
        play.complete(name)
    assert play.ended


def test_a_timer_is_reckoned_from_the_moment_its_activity_begins():
    play = standing("task", timer("P3D"), interrupting=True)
    assert play.due("b") == datetime(2026, 3, 5, 1, tzinfo=UTC)


def test_an_activity_on_another_scope_is_not_touched():
    inner = start("is") + user("u", "v") + boundary("b", "u", message()) + user("h") + end("ie")
    body = start() + parallel("f") + sub("x", inner + way("is u ie", "is v ie", "b h ie")) + user("c") + end("e")
    play = Play(p=body + way("s f x e", "f c e"))
    play.come("b")
    assert play.tasks == ["c", "h", "v"]


def test_everything_inside_goes_however_deep_it_stands():
    deep = sub("deep", many("=[1, 2]") + start("ds") + user("d") + end("de") + way("ds d de"))
    inner = start("is") + user("u") + deep + call("y") + catch("m", message("stop")) + end("ie")
    inner += way("is u ie", "is deep ie", "is y ie", "is m ie")
    play = Play(
        p=start() + sub("x", inner) + boundary("b", "x", signal()) + REST,
        q=start("qs") + user("w") + end("qe") + way("qs w qe"),
    )
    assert (play.tasks, play.waits) == (["d", "d", "u", "w"], ["b", "m"])
    play.come("b")
    assert (play.tasks, play.waits) == (["h"], [])
    assert sorted(name for name in play.cancelled if name in {"d", "u", "w"}) == ["d", "d", "u", "w"]


RAISED = {"signal": signal(), "escalation": escalation("L1"), "error": error("E1")}


@row("interruption before the ready steps of the sub-process", "§13.5.3")
@pytest.mark.parametrize("kind", ["signal", "escalation"])
def test_what_stands_ready_behind_the_throw_no_longer_runs(kind):
    done = []
    inner = start("is") + throw("up", RAISED[kind]) + service("sv") + end("ie") + way("is up sv ie")
    play = Play(
        operate=lambda *_: done.append(1), p=start() + sub("x", inner) + boundary("b", "x", RAISED[kind]) + REST
    )
    assert (play.tasks, done) == (["h"], [])
    assert "sv" not in play.completed


@pytest.mark.parametrize("kind", RAISED)
def test_what_stands_ready_beside_an_end_that_interrupts_no_longer_runs(kind):
    done = []
    inner = start("is") + user("u") + parallel("f") + end("up", trigger=RAISED[kind]) + service("sv1") + service("sv2")
    inner += end("ie") + way("is u f up", "f sv1 sv2 ie")
    play = Play(
        operate=lambda *_: done.append(1), p=start() + sub("x", inner) + boundary("b", "x", RAISED[kind]) + REST
    )
    play.complete("u")
    assert play.tasks == ["h"]
    thrown = next(n for n, one in enumerate(play.trace) if one == ("completed", "up") or one[1] == "b")
    assert not {("completed", "sv1"), ("completed", "sv2")} & set(play.trace[thrown:])


def test_a_receive_task_that_got_its_message_withdraws_its_timer():
    body = start() + receive("x") + boundary("b", "x", timer()) + REST
    play = Play(p=body)
    assert play.waits == ["b", "x"]
    play.come("x")
    assert (play.tasks, play.waits) == (["after"], [])


def test_a_receive_task_is_interrupted_by_its_timer():
    play = Play(p=start() + receive("x") + boundary("b", "x", timer()) + REST)
    play.come("b")
    assert (play.tasks, play.waits) == (["h"], [])


def test_a_way_back_from_the_boundary_begins_the_activity_anew():
    body = start() + user("x", "after") + boundary("b", "x", message()) + end("e") + way("s x after e", "b x")
    play = Play(p=body)
    for _ in range(5):
        assert (play.tasks, play.waits) == (["x"], ["b"])
        play.come("b")
    play.complete("x")
    assert (play.tasks, play.waits) == (["after"], [])


@pytest.mark.parametrize("interrupts", [True, False])
def test_an_escalation_has_been_thrown_before_it_is_caught(interrupts):
    inner = start("is") + throw("raised", escalation("L1")) + user("u") + end("ie") + way("is raised u ie")
    caught = boundary("b", "sp", escalation("L1"), interrupting=interrupts)
    play = Play(p=start() + sub("sp", inner) + caught + end("e", "e2") + way("s sp e", "b e2"))
    assert play.completed[:4] == ["s", "is", "raised", "b"]
    assert "raised" not in play.cancelled
