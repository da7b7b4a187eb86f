"""What operations may do to a running instance: settle, withdraw, place, re-arm, grow, shrink, write, cancel."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from engine.errors import NotFound
from tests.support.diagrams import Play
from tests.support.shapes import (
    boundary,
    call,
    catch,
    choice,
    condition,
    end,
    exclusive,
    many,
    message,
    parallel,
    service,
    signal,
    start,
    sub,
    timer,
    user,
    way,
    when,
)

LINE = start() + user("a", "b", "c") + end("e") + way("s a b c e")
INNER = start("is") + user("u", "v") + end("ie") + way("is u v ie")
SCOPED = start() + user("a") + sub("sp", INNER) + user("z") + end("e") + way("s a sp z e")
JOINED = start() + parallel("f", "j") + user("a", "b", "z") + end("e") + way("s f a j z e", "f b j")


def broken(*_):
    raise ValueError("the line is down")


def test_a_failed_step_may_be_settled_by_hand():
    play = Play(operate=broken, p=start() + service("x", result="r") + user("a") + end("e") + way("s x a e"))
    assert play.failures == ["x"]
    play.settle("x", r=5)
    assert (play.failures, play.tasks, play.see("a")) == ([], ["a"], {"r": 5})
    assert "x" in play.completed


def test_a_step_that_did_not_fail_cannot_be_settled():
    play = Play(p=LINE)
    assert not play.execution.settle(play.task("a"), {})
    assert play.tasks == ["a"]


def test_a_settled_branch_reaches_the_join_it_was_missing_at():
    body = start() + parallel("f", "j") + service("x") + user("a", "z") + end("e")
    play = Play(operate=broken, p=body + way("s f x j z e", "f a j"))
    play.complete("a")
    play.settle("x")
    assert play.tasks == ["z"]


def test_a_task_is_withdrawn_and_another_place_taken():
    play = Play(p=LINE)
    play.place("c", {"told": 1})
    assert play.tasks == ["a", "c"]
    play.withdraw("a")
    assert (play.tasks, play.see("c")) == (["c"], {"told": 1})
    assert "a" in play.cancelled
    play.complete("c")
    assert play.ended


def test_withdrawing_a_wait_takes_its_token_away():
    play = Play(p=start() + parallel("f") + catch("m", message()) + user("a") + end("e") + way("s f m e", "f a e"))
    play.withdraw("m")
    assert (play.waits, play.tasks) == ([], ["a"])
    play.complete("a")
    assert play.ended


def test_withdrawing_a_task_withdraws_what_its_boundary_waits_for():
    body = start() + parallel("f") + user("a", "x") + boundary("t", "x", timer()) + end("e")
    play = Play(p=body + way("s f a e", "f x e", "t e"))
    play.withdraw("x")
    assert (play.waits, play.tasks) == ([], ["a"])


def test_withdrawing_an_incident_lets_the_others_end():
    body = start() + parallel("f") + service("x") + user("a") + end("e") + way("s f x e", "f a e")
    play = Play(operate=broken, p=body)
    play.withdraw("x")
    assert (play.failures, play.tasks) == ([], ["a"])
    play.complete("a")
    assert play.ended


def test_withdrawing_a_call_takes_everything_inside():
    body = start() + parallel("f") + call("x") + user("a") + end("e") + way("s f x e", "f a e")
    play = Play(p=body, q=INNER)
    play.withdraw("u")
    assert play.tasks == ["a"]


def test_what_is_not_open_cannot_be_withdrawn():
    play = Play(p=LINE)
    assert not play.execution.withdraw(uuid4())
    assert play.tasks == ["a"]


@pytest.mark.parametrize("element", ["nobody", "s_a"])
def test_a_token_cannot_be_placed_where_no_flow_node_is(element):
    with pytest.raises(NotFound):
        Play(p=LINE).place(element)


def test_a_token_placed_in_a_sub_process_opens_it():
    play = Play(p=SCOPED)
    play.place("v")
    play.withdraw("a")
    assert play.tasks == ["v"]
    play.complete("v")
    assert play.tasks == ["z"]


def test_a_token_placed_in_an_open_sub_process_joins_it():
    play = Play(p=SCOPED)
    play.complete("a")
    play.place("v")
    assert play.tasks == ["u", "v"]
    play.complete("v")
    assert play.tasks == ["u"]
    play.complete("u")
    play.complete("v")
    assert (play.tasks, play.completed.count("sp")) == (["z"], 1)


def test_a_token_may_be_placed_at_a_gateway_which_then_decides():
    body = start() + user("a", "b", "c") + exclusive("g", default="g_c") + end("e")
    play = Play(p=body + when("g", "b", "=n = 1") + way("s a g c e", "b e"))
    play.place("g", {"n": 1})
    assert play.tasks == ["a", "b"]


def test_a_token_placed_at_an_event_waits_there():
    play = Play(p=start() + user("a") + catch("m", message()) + user("b") + end("e") + way("s a m b e"))
    play.place("m")
    assert (play.tasks, play.waits) == (["a"], ["m"])
    play.come("m")
    assert play.tasks == ["a", "b"]


def test_after_a_token_was_moved_a_join_still_needs_its_branches():
    play = Play(p=JOINED)
    play.complete("a")
    play.withdraw("b")
    assert not play.ended
    play.place("b")
    assert play.tasks == ["b"]
    play.complete("b")
    assert play.tasks == ["z"]


def test_a_timer_falls_due_at_another_moment():
    play = Play(p=start() + user("x", "h") + boundary("t", "x", timer("P10D")) + end("e") + way("s x e", "t h e"))
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    play.rearm("t", moment)
    assert play.due("t") == moment
    play.come("t")
    assert play.tasks == ["h"]


def test_one_of_two_timers_behind_a_gateway_falls_due_at_another_moment():
    body = start() + choice("g") + catch("t1", timer("P1D")) + catch("t2", timer("P2D")) + end("e")
    play = Play(p=body + way("s g t1 e", "g t2 e"))
    before = play.due("t1")
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    play.rearm("t2", moment)
    assert (play.due("t1"), play.due("t2")) == (before, moment)


def test_one_more_instance_joins_a_running_multi_instance():
    loop = many('=["A", "B"]', outputCollection="all", outputElement="=r.v")
    body = start() + user("x", inner=loop, result="r") + user("z") + end("e") + way("s x z e")
    play = Play(p=body)
    play.grow("x", "C")
    assert sorted(seen["item"] for seen in play.seen("x")) == ["A", "B", "C"]
    for item in ("C", "A", "B"):
        play.pick("x", {"v": item * 2}, item=item)
    assert play.see("z")["all"] == ["AA", "BB", "CC"]


def test_an_instance_is_taken_away_and_the_last_one_completes_the_activity():
    body = start() + sub("sp", many() + INNER) + user("z") + end("e") + way("s sp z e")
    play = Play(p=body)
    play.pick("u", item=1)
    play.shrink("u", item=2)
    assert play.tasks == ["u", "v"]
    play.pick("u", item=3)
    play.pick("v", item=3)
    play.shrink("v", item=1)
    assert play.tasks == ["z"]


def test_a_sequence_takes_what_was_added_at_its_end():
    body = start() + user("x", inner=many("=[1, 2]", sequential=True)) + user("z") + end("e") + way("s x z e")
    play = Play(p=body)
    play.grow("x", 3)
    found = []
    while play.tasks != ["z"]:
        found.append(play.see("x")["item"])
        play.complete("x")
    assert found == [1, 2, 3]


def test_what_is_written_is_seen_everywhere_and_asked_by_conditions():
    body = (
        start()
        + parallel("f")
        + user("a")
        + catch("c", condition("=n > 1".replace(">", "&gt;")))
        + user("b")
        + end("e")
    )
    play = Play(p=body + way("s f a e", "f c b e"))
    play.write(n=1)
    assert (play.see("a"), play.waits) == ({"n": 1}, ["c"])
    play.write(n=2)
    assert (play.tasks, play.waits) == (["a", "b"], [])


def test_an_instance_that_is_cancelled_has_nothing_open_and_did_not_finish():
    play = Play(p=SCOPED)
    play.complete("a")
    play.execution.cancel()
    assert (play.ended, play.execution.finished, play.tasks, play.waits) == (True, False, [], [])


def test_every_move_tells_what_it_did_and_only_that():
    play = Play(p=LINE)
    assert play.execution.complete(play.task("a"), {})
    assert [(one.event, one.element, one.process) for one in play.execution.trace] == [
        ("completed", "a", "p"),
        ("entered", "b", "p"),
    ]


def test_what_happens_in_one_scope_is_told_with_that_scope():
    play = Play(p=start() + sub("sp", many("=[1, 2]") + INNER) + end("e") + way("s sp e"))
    assert play.execution.complete(play.task("u"), {})
    scopes = {one.scope for one in play.execution.trace if one.element in {"u", "v"}}
    assert len(scopes) == 1
    assert None not in scopes


def test_the_same_move_twice_is_refused_the_second_time():
    play = Play(p=LINE)
    task = play.task("a")
    assert play.execution.complete(task, {})
    play.reload()
    assert not _done(play, lambda: play.execution.complete(task, {}))
    assert play.tasks == ["b"]


def _done(play, move):
    try:
        return move()
    except NotFound:
        return False


def test_a_signal_that_nobody_waits_for_changes_nothing():
    play = Play(p=start() + user("x") + boundary("b", "x", signal()) + end("e") + way("s x e", "b e"))
    assert not play.signal("Calm")
    assert (play.tasks, play.waits) == (["x"], ["b"])
