"""The inclusive gateway (§13.4.3): it waits for every token that can still come, and for no other."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    catch,
    end,
    exclusive,
    inclusive,
    link,
    message,
    parallel,
    start,
    sub,
    throw,
    user,
    way,
    when,
)

CHOICE = (
    start()
    + inclusive("f", default="f_d")
    + user("a", "b", "c", "d", "z")
    + inclusive("j")
    + end("e")
    + when("f", "a", "=n > 1")
    + when("f", "b", "=n > 2")
    + when("f", "c", "=n > 3")
    + way("s f d j z e", "a j", "b j", "c j")
)


@row("inclusive gateway", "§13.4.3")
@row("inclusive gateway, default flow", "§13.4.3")
@pytest.mark.parametrize(("n", "taken"), [(1, ["d"]), (2, ["a"]), (3, ["a", "b"]), (4, ["a", "b", "c"])])
def test_every_true_flow_is_taken_and_the_default_only_when_none_is(n, taken):
    play = Play(data={"n": n}, p=CHOICE)
    assert play.tasks == taken


@pytest.mark.parametrize("order", ["abc", "bca", "cba"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_join_waits_for_exactly_those_that_were_taken(n, order):
    play = Play(data={"n": n}, p=CHOICE)
    for name in [name for name in order if name in play.tasks]:
        assert "z" not in play.tasks
        play.complete(name)
    assert play.tasks == ["z"]
    assert play.completed.count("j") == 1


@row("inclusive gateway without a way out", "§13.4.3")
def test_without_a_true_condition_and_without_default_it_is_an_incident():
    play = Play(
        data={"n": 1}, p=start() + inclusive("g") + user("a") + end("e") + when("g", "a", "=n > 1") + way("s g", "a e")
    )
    assert (play.tasks, play.failures) == ([], ["g"])
    play.write(n=2)
    play.retry()
    assert play.tasks == ["a"]


def test_the_join_goes_on_when_the_token_it_waited_for_takes_another_way():
    body = (
        start()
        + inclusive("f")
        + user("a", "b", "z")
        + exclusive("x", default="x_e2")
        + inclusive("j")
        + end("e", "e2")
        + when("x", "j", "=back")
        + way("s f a j z e", "f b x e2")
    )
    play = Play(p=body)
    play.complete("a")
    assert play.tasks == ["b"]
    play.complete("b", back=False)
    assert play.tasks == ["z"]


def test_the_join_waits_while_a_token_has_not_yet_decided_where_to_go():
    body = (
        start()
        + inclusive("f")
        + user("a", "b", "z")
        + exclusive("x", default="x_e2")
        + inclusive("j")
        + end("e", "e2")
        + when("x", "j", "=back")
        + way("s f a j z e", "f b x e2")
    )
    play = Play(p=body)
    play.complete("a")
    play.complete("b", back=True)
    assert play.tasks == ["z"]
    assert play.completed.count("j") == 1


def test_the_join_does_not_wait_for_a_token_that_cannot_reach_it():
    body = start() + parallel("f") + user("a", "b", "z") + inclusive("j") + end("e", "e2")
    play = Play(p=body + way("s f a j z e", "f b e2"))
    play.complete("a")
    assert play.tasks == ["b", "z"]


def test_the_join_waits_for_a_token_inside_a_sub_process_before_it():
    inner = start("ss") + user("u1", "u2") + end("se") + way("ss u1 u2 se")
    body = start() + inclusive("f") + user("a", "z") + sub("sp", inner) + inclusive("j") + end("e")
    play = Play(p=body + way("s f a j z e", "f sp j"))
    play.complete("a")
    assert play.tasks == ["u1"]
    play.complete("u1")
    assert play.tasks == ["u2"]
    play.complete("u2")
    assert play.tasks == ["z"]


def test_a_join_inside_a_sub_process_does_not_look_outside():
    inner = start("ss") + inclusive("f") + user("a", "b", "z") + inclusive("j") + end("se")
    inner += way("ss f a j z se", "f b j")
    body = start() + parallel("g") + user("c") + sub("sp", inner) + end("e") + way("s g sp e", "g c sp")
    play = Play(p=body)
    play.complete("a")
    assert play.tasks == ["b", "c"]
    play.complete("b")
    assert play.tasks == ["c", "z"]


def test_the_join_waits_for_a_token_that_comes_by_a_link():
    body = (
        start()
        + inclusive("f")
        + user("a", "b", "z")
        + throw("out", link("L"))
        + catch("in", link("L"))
        + inclusive("j")
        + end("e")
    )
    play = Play(p=body + way("s f a j z e", "f b out", "in j"))
    play.complete("a")
    assert play.tasks == ["b"]
    play.complete("b")
    assert play.tasks == ["z"]
    assert play.completed.count("j") == 1


def test_the_join_waits_for_a_token_that_waits_for_a_message():
    body = start() + inclusive("f") + user("a", "z") + catch("m", message()) + inclusive("j") + end("e")
    play = Play(p=body + way("s f a j z e", "f m j"))
    play.complete("a")
    assert (play.tasks, play.waits) == ([], ["m"])
    play.come("m")
    assert play.tasks == ["z"]


def test_a_token_that_could_also_come_where_one_has_arrived_holds_nothing_up():
    # The second half of Table 13.3: x may reach the empty flow of j, but the marked one as well.
    body = (
        start()
        + parallel("f")
        + user("a", "x", "z")
        + exclusive("m")
        + exclusive("g", default="g_m")
        + inclusive("j")
        + end("e")
        + when("g", "j", "=other")
        + way("s f a m j z e", "f x g m")
    )
    play = Play(p=body)
    play.complete("a")
    assert play.tasks == ["x", "z"]
    play.complete("x", other=True)
    assert play.tasks == ["z", "z"]


def test_a_token_in_a_loop_before_the_join_is_waited_for():
    body = (
        start()
        + parallel("f")
        + user("a", "b", "z")
        + exclusive("m")
        + exclusive("g", default="g_j")
        + inclusive("j")
        + end("e")
        + when("g", "m", "=again")
        + way("s f a j z e", "f m b g j")
    )
    play = Play(p=body)
    play.complete("a")
    for _ in range(3):
        play.complete("b", again=True)
        assert play.tasks == ["b"]
    play.complete("b", again=False)
    assert play.tasks == ["z"]


def test_a_token_that_went_round_by_one_way_is_joined_alone():
    body = (
        start()
        + parallel("f")
        + user("a", "b", "c")
        + inclusive("j")
        + exclusive("g", default="g_e")
        + end("e")
        + when("g", "b", "=again")
        + way("s f a j c g e", "f b j")
    )
    play = Play(p=body)
    play.complete("b")
    play.complete("a")
    assert play.tasks == ["c"]
    play.complete("c", again=True)
    assert play.tasks == ["b"]
    play.complete("b")
    assert play.tasks == ["c"]
    play.complete("c", again=False)
    assert play.ended


def test_in_every_pass_of_a_loop_the_join_waits_for_what_that_pass_took():
    body = (
        start()
        + exclusive("m")
        + inclusive("f")
        + user("a", "b", "c", "t")
        + inclusive("j")
        + exclusive("g", default="g_e")
        + end("e")
        + when("f", "a", "=n > 0")
        + when("f", "b", "=n > 1")
        + when("f", "c", "=n > 2")
        + when("g", "m", "=n > 0")
        + way("s m f", "a j", "b j", "c j t g e")
    )
    play = Play(data={"n": 3}, p=body)
    for n, taken in ((1, ["a", "b", "c"]), (3, ["a"]), (2, ["a", "b", "c"]), (0, ["a", "b"])):
        assert play.tasks == taken
        for name in reversed(taken):
            play.complete(name)
        assert play.tasks == ["t"]
        play.complete("t", n=n)
    assert play.ended
    assert play.completed.count("j") == 4


def test_with_one_way_in_every_token_passes_by_itself():
    body = start() + parallel("f") + user("a", "z") + user("b") + inclusive("j") + end("e")
    play = Play(p=body + way("s f a j z e", "f b a"))
    play.complete("a")
    assert play.tasks == ["b", "z"]
    play.complete("b")
    play.complete("a")
    assert play.tasks == ["z", "z"]


def test_an_inclusive_gateway_with_one_way_in_and_one_out_lets_pass():
    assert Play(p=start() + inclusive("g") + user("a") + end("e") + way("s g a e")).tasks == ["a"]


def test_inclusive_splits_within_inclusive_splits_join_where_they_were_split():
    body = (
        start()
        + inclusive("f1")
        + inclusive("f2")
        + inclusive("j2")
        + inclusive("j1")
        + user("a", "b", "c", "d")
        + end("e")
        + way("s f1 a j1 e", "f1 f2 b j2 d j1", "f2 c j2")
    )
    play = Play(p=body)
    play.complete("a")
    play.complete("c")
    assert play.tasks == ["b"]
    play.complete("b")
    assert play.tasks == ["d"]
    play.complete("d")
    assert play.ended
