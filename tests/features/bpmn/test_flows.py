"""Several flows into and out of an activity, with and without conditions (§13.3.1)."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    call,
    end,
    many,
    parallel,
    start,
    sub,
    task,
    timer,
    user,
    way,
    when,
)

CONDITIONAL = (
    user("x", default="x_d") + user("a", "b", "d") + end("e")
    + when("x", "a", "=n > 1") + when("x", "b", "=n > 2") + way("x d e", "a e", "b e")
)  # fmt: skip
INNER = start("ss") + user("u") + end("se") + way("ss u se")


@row("several flows out of an activity", "§13.3.1")
def test_every_flow_out_of_a_task_gets_a_token():
    play = Play(p=start() + user("x", "a", "b", "c") + end("e") + way("s x a e", "x b e", "x c e"))
    play.complete("x")
    assert play.tasks == ["a", "b", "c"]
    for name in ("b", "a"):
        play.complete(name)
        assert not play.ended
    play.complete("c")
    assert play.ended


@row("conditional and default flows out of an activity", "§13.3.1")
@pytest.mark.parametrize(("n", "taken"), [(1, ["d"]), (2, ["a"]), (3, ["a", "b"])])
def test_every_true_flow_out_of_a_task_is_taken_and_the_default_only_when_none_is(n, taken):
    play = Play(p=start() + CONDITIONAL + way("s x"))
    play.complete("x", n=n)
    assert play.tasks == taken


@pytest.mark.parametrize(("n", "taken"), [(1, ["c"]), (2, ["a", "c"])])
def test_a_flow_without_condition_is_always_taken_beside_the_conditional_ones(n, taken):
    body = start() + user("x", "a", "c") + end("e") + when("x", "a", "=n > 1") + way("s x c e", "a e")
    play = Play(p=body)
    play.complete("x", n=n)
    assert play.tasks == taken


def test_a_task_whose_conditions_are_all_false_and_that_has_no_default_is_an_incident():
    body = start() + user("x", "a", "b") + end("e") + when("x", "a", "=n > 1") + when("x", "b", "=n > 2")
    play = Play(p=body + way("s x", "a e", "b e"))
    play.complete("x", n=0)
    assert len(play.failures) == 1
    assert (play.tasks, play.ended) == ([], False)


@row("several flows out of a sub-process", "§13.3.1")
def test_conditions_out_of_a_sub_process_are_asked_when_it_completes():
    body = start() + sub("x", INNER, default="x_d") + user("a", "b", "d") + end("e")
    body += when("x", "a", "=n > 1") + when("x", "b", "=n > 2") + way("s x d e", "a e", "b e")
    play = Play(data={"n": 0}, p=body)
    play.complete("u", n=3)
    assert play.tasks == ["a", "b"]


@row("several flows out of a call activity", "§13.3.1")
def test_every_flow_out_of_a_call_activity_gets_a_token():
    play = Play(p=start() + call("x") + user("a", "b") + end("e") + way("s x a e", "x b e"), q=INNER)
    play.complete("u")
    assert play.tasks == ["a", "b"]


@row("several flows out of a boundary event", "§13.3.1")
def test_every_flow_out_of_a_boundary_event_gets_a_token():
    body = start() + user("x", "a", "b") + boundary("t", "x", timer()) + end("e") + way("s x e", "t a e", "t b e")
    play = Play(p=body)
    play.come("t")
    assert play.tasks == ["a", "b"]


def test_every_flow_out_of_a_multi_instance_gets_one_token_when_all_are_done():
    body = start() + user("x", inner=many("=[1, 2]")) + user("a", "b") + end("e") + way("s x a e", "x b e")
    play = Play(p=body)
    play.complete("x")
    assert play.tasks == ["x"]
    play.complete("x")
    assert play.tasks == ["a", "b"]


@row("several flows into an activity", "§13.3.1")
def test_a_task_with_two_ways_in_is_done_once_for_each_token():
    play = Play(p=start() + user("a", "b", "c") + end("e") + way("s a c e", "s b c"))
    play.complete("a")
    assert play.tasks == ["b", "c"]
    play.complete("b")
    assert play.tasks == ["c", "c"]
    play.complete("c")
    play.complete("c")
    assert play.ended
    assert play.completed.count("e") == 2


def test_a_sub_process_with_two_ways_in_runs_once_for_each_token():
    body = start() + task("a", "b") + sub("x", INNER) + user("z") + end("e") + way("s a x z e", "s b x")
    play = Play(p=body)
    assert play.tasks == ["u", "u"]
    play.complete("u")
    assert play.tasks == ["u", "z"]
    play.complete("u")
    assert play.tasks == ["z", "z"]


def test_a_call_with_two_ways_in_runs_once_for_each_token():
    body = start() + task("a", "b") + call("x") + user("z") + end("e") + way("s a x z e", "s b x")
    play = Play(p=body, q=INNER)
    assert play.tasks == ["u", "u"]
    play.complete("u")
    assert play.tasks == ["u", "z"]


@row("many tokens at one node", "§13.3.1")
def test_many_tokens_may_stand_at_one_node():
    lines = [f"s t{n} x" for n in range(12)]
    body = start() + task(*(f"t{n}" for n in range(12))) + user("x") + end("e") + way(*lines, "x e")
    play = Play(p=body)
    assert play.tasks == ["x"] * 12
    for left in range(11, -1, -1):
        play.complete("x")
        assert play.tasks == ["x"] * left
    assert play.ended


@row("a path that ends without an end event", "§10.5.4")
def test_a_task_without_a_way_out_ends_its_path():
    play = Play(p=start() + parallel("f") + user("a", "b") + way("s f a", "f b"))
    play.complete("a")
    assert (play.tasks, play.ended) == (["b"], False)
    play.complete("b")
    assert play.ended


def test_a_way_back_without_a_gateway_makes_a_loop():
    body = start() + user("a") + user("b", default="b_e") + end("e") + when("b", "a", "=again") + way("s a b e")
    play = Play(p=body)
    for again in (True, True, True, False):
        play.complete("a")
        assert play.tasks == ["b"]
        play.complete("b", again=again)
    assert play.ended
    assert play.completed.count("a") == 4
