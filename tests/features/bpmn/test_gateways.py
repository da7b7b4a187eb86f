"""Exclusive and parallel gateways (§13.4.1, §13.4.2)."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import end, exclusive, parallel, service, start, sub, task, user, way, when

CHOICE = (
    start()
    + exclusive("g", default="g_c")
    + user("a", "b", "c")
    + end("e")
    + when("g", "a", "=n > 10")
    + when("g", "b", "=n > 5")
    + way("s g c e", "a e", "b e")
)
STRICT = start() + exclusive("g") + user("a") + end("e") + when("g", "a", "=n > 10") + way("s g", "a e")


@row("exclusive gateway", "§13.4.2")
@pytest.mark.parametrize(("n", "taken"), [(11, "a"), (6, "b"), (1, "c")])
def test_an_exclusive_gateway_takes_the_first_flow_that_is_true_else_the_default(n, taken):
    play = Play(data={"n": n}, p=CHOICE)
    assert play.tasks == [taken]


@pytest.mark.parametrize("n", [None, "many", [], {}])
def test_a_condition_that_is_not_true_is_not_taken(n):
    assert Play(data={"n": n}, p=CHOICE).tasks == ["c"]


@row("exclusive gateway without a way out", "§13.4.2")
def test_without_a_true_condition_and_without_default_it_is_an_incident():
    play = Play(data={"n": 1}, p=STRICT)
    assert (play.tasks, play.failures, play.ended) == ([], ["g"], False)


def test_an_exclusive_gateway_that_stood_still_decides_anew_when_it_is_tried_again():
    play = Play(data={"n": 1}, p=STRICT)
    play.retry()
    assert play.failures == ["g"]
    play.write(n=20)
    play.retry()
    assert (play.tasks, play.failures) == (["a"], [])


def test_an_exclusive_gateway_lets_every_token_through_by_itself():
    body = start() + parallel("f") + task("a", "b") + exclusive("x") + user("c") + end("e")
    play = Play(p=body + way("s f a x", "f b x c e"))
    assert play.tasks == ["c", "c"]
    play.complete("c")
    assert not play.ended
    play.complete("c")
    assert play.ended


def test_a_gateway_that_merges_and_decides_does_both():
    body = (
        start()
        + parallel("f")
        + user("a", "b", "c", "d")
        + exclusive("x", default="x_d")
        + end("e")
        + when("x", "c", "=way")
        + way("s f a x d e", "f b x", "c e")
    )
    play = Play(data={"way": True}, p=body)
    play.complete("a", way=False)
    assert play.tasks == ["b", "d"]
    play.complete("b", way=True)
    assert play.tasks == ["c", "d"]


@row("parallel gateway", "§13.4.1")
@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_a_parallel_join_waits_for_every_branch_in_any_order(order):
    body = start() + parallel("f", "j") + user("a", "b", "c", "d") + end("e")
    play = Play(p=body + way("s f a j", "f b j", "f c j d e"))
    for name in order[:2]:
        play.complete(name)
        assert "d" not in play.tasks
    play.complete(order[2])
    assert play.tasks == ["d"]
    assert play.completed.count("j") == 1


def test_branches_without_anything_on_them_are_joined_at_once():
    play = Play(p=start() + parallel("f", "j") + task("a") + end("e") + way("s f a j", "f j e"))
    assert play.ended
    assert play.completed.count("e") == 1


def test_a_parallel_gateway_may_join_and_fork_at_once():
    body = start() + parallel("f", "j") + user("a", "b", "c", "d") + end("e")
    play = Play(p=body + way("s f a j c e", "f b j d e"))
    play.complete("b")
    assert play.tasks == ["a"]
    play.complete("a")
    assert play.tasks == ["c", "d"]


def test_a_parallel_gateway_with_one_way_in_and_one_out_lets_pass():
    assert Play(p=start() + parallel("g") + user("a") + end("e") + way("s g a e")).tasks == ["a"]


def test_more_tokens_than_needed_stay_at_their_flow_for_the_next_join():
    body = (
        start()
        + parallel("f", "j")
        + user("a", "b", "c", "d", "z")
        + exclusive("left")
        + exclusive("right")
        + end("e")
        + way("s f a left j z e", "f b left", "f c right j", "f d right")
    )
    play = Play(p=body)
    play.complete("a")
    play.complete("b")
    assert play.tasks == ["c", "d"]
    play.complete("c")
    assert (play.tasks, play.completed.count("j")) == (["d", "z"], 1)
    play.complete("d")
    assert (play.tasks, play.completed.count("j")) == (["z", "z"], 2)


def test_forks_within_forks_join_where_they_were_forked():
    body = start() + parallel("f1", "f2", "j2", "j1") + user("a", "b", "c", "d") + end("e")
    play = Play(p=body + way("s f1 a j1", "f1 f2 b j2", "f2 c j2 d j1 e"))
    assert play.tasks == ["a", "b", "c"]
    play.complete("b")
    play.complete("a")
    play.complete("c")
    assert play.tasks == ["d"]
    play.complete("d")
    assert play.ended


def test_joins_of_two_instances_of_a_sub_process_do_not_mix():
    inner = start("ss") + parallel("f", "j") + user("a", "b") + end("se") + way("ss f a j", "f b j se")
    body = start() + parallel("g") + task("t", "u") + sub("sp", inner) + end("e")
    play = Play(p=body + way("s g t sp e", "g u sp"))
    assert play.tasks == ["a", "a", "b", "b"]
    play.complete("a")
    play.complete("a")
    assert "j" not in play.completed
    play.complete("b")
    assert play.completed.count("sp") == 1
    play.complete("b")
    assert play.ended


def test_a_join_keeps_what_every_branch_changed():
    body = start() + parallel("f", "j") + user("a", result="ra") + user("b", result="rb") + user("c") + end("e")
    play = Play(p=body + way("s f a j", "f b j c e"))
    play.complete("b", n=2)
    play.complete("a", n=1)
    assert play.see("c") == {"ra": {"n": 1}, "rb": {"n": 2}}


def test_parallel_branches_see_what_the_other_wrote():
    body = start() + parallel("f") + user("a", "b") + service("sv", result="r") + end("e")
    play = Play(p=body + way("s f a e", "f b sv e"))
    play.complete("a", told="yes")
    assert play.see("b") == {"told": "yes"}
