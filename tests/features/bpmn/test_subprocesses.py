"""Embedded sub-processes (§10.3.5, §13.3.4): scopes that end when their last token is gone."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    TERMINATE,
    end,
    exclusive,
    many,
    mapped,
    parallel,
    service,
    start,
    sub,
    task,
    user,
    way,
    when,
)


def around(*inner, name="sp"):
    return start() + "".join(inner) + user("after") + end("e") + way(f"s {name} after e")


@row("embedded sub-process", "§13.3.4")
def test_a_sub_process_completes_when_its_last_token_is_gone():
    inner = start("ss") + user("a", "b") + end("ea", "eb") + way("ss a ea", "ss b eb")
    play = Play(p=around(sub("sp", inner)))
    play.complete("a")
    assert (play.tasks, "sp" in play.completed) == (["b"], False)
    play.complete("b")
    assert (play.tasks, play.completed.count("sp")) == (["after"], 1)


def test_a_sub_process_without_people_passes_at_once():
    play = Play(p=around(sub("sp", start("ss") + task("t") + end("se") + way("ss t se"))))
    assert play.tasks == ["after"]
    assert play.completed == ["s", "ss", "t", "se", "sp"]
    assert play.entered.index("sp") < play.entered.index("ss")


def test_sub_processes_within_sub_processes_complete_from_the_inside():
    body = user("u")
    for depth in range(5, 0, -1):
        inside = "u" if depth == 5 else f"sp{depth + 1}"
        body = sub(f"sp{depth}", start(f"s{depth}") + body + end(f"e{depth}") + way(f"s{depth} {inside} e{depth}"))
    play = Play(p=around(body, name="sp1"))
    assert play.tasks == ["u"]
    play.complete("u")
    assert play.completed[-10:] == [name for depth in range(5, 0, -1) for name in (f"e{depth}", f"sp{depth}")]
    assert play.tasks == ["after"]


def test_a_sub_process_writes_the_variables_around_it():
    inner = start("ss") + user("a", result="r") + end("se") + way("ss a se")
    play = Play(data={"r": 0, "n": 1}, p=around(sub("sp", inner)))
    assert play.see("a") == {"r": 0, "n": 1}
    play.complete("a", v=1)
    assert play.see("after") == {"r": {"v": 1}, "n": 1}


def test_the_inputs_of_a_sub_process_are_its_own():
    inner = mapped({"n": "=n + 1", "own": "=7"}) + start("ss") + user("a") + end("se") + way("ss a se")
    play = Play(data={"n": 1}, p=around(sub("sp", inner)))
    assert play.see("a") == {"n": 2, "own": 7}
    play.complete("a", own=8, told="yes")
    assert play.see("after") == {"n": 1, "told": "yes"}


def test_what_is_outside_sees_what_is_written_inside_at_once():
    inner = start("ss") + user("a", "b") + end("se") + way("ss a b se")
    body = start() + parallel("f") + sub("sp", inner) + user("c") + end("e") + way("s f sp e", "f c e")
    play = Play(p=body)
    play.complete("a", told="yes")
    assert play.see("c") == {"told": "yes"}


@row("terminate end event", "§13.5.6")
def test_a_terminate_end_ends_only_its_own_scope_and_the_process_goes_on():
    inner = start("ss") + user("a", "b") + end("se") + end("t", trigger=TERMINATE) + way("ss a t", "ss b se")
    body = start() + parallel("f") + sub("sp", inner) + user("c", "after") + end("e")
    play = Play(p=body + way("s f sp after e", "f c e"))
    play.complete("a")
    assert play.tasks == ["after", "c"]
    assert "b" in play.cancelled


def test_a_terminate_end_withdraws_the_sub_processes_inside_its_scope():
    deep = sub("deep", start("ds") + user("d") + end("de") + way("ds d de"))
    inner = start("ss") + user("a") + deep + end("se") + end("t", trigger=TERMINATE) + way("ss a t", "ss deep se")
    play = Play(p=around(sub("sp", inner)))
    assert play.tasks == ["a", "d"]
    play.complete("a")
    assert play.tasks == ["after"]
    assert {"d", "deep"} <= set(play.cancelled)


def test_a_terminate_end_ends_one_instance_and_leaves_the_others():
    inner = many("=[1, 2, 3]") + start("ss") + user("a", "b") + end("se") + end("t", trigger=TERMINATE)
    play = Play(p=around(sub("sp", inner + way("ss a t", "ss b se"))))
    play.pick("a", item=2)
    assert play.tasks == ["a", "a", "b", "b"]
    assert sorted(seen["item"] for seen in play.seen("b")) == [1, 3]
    for item in (1, 3):
        play.pick("a", item=item)
    assert play.tasks == ["after"]


def test_a_terminate_end_of_the_process_ends_everything_inside_it():
    inner = many("=[1, 2]") + start("ss") + user("a") + end("se") + way("ss a se")
    body = start() + parallel("f") + sub("sp", inner) + user("b") + end("e") + end("t", trigger=TERMINATE)
    play = Play(p=body + way("s f sp e", "f b t"))
    play.complete("b")
    assert (play.ended, play.tasks) == (True, [])
    assert play.execution.finished
    assert play.cancelled.count("a") == 2


def test_two_instances_of_a_sub_process_keep_apart():
    inner = mapped({"own": "=n"}) + start("ss") + user("a", "b") + end("se") + way("ss a b se")
    body = start() + parallel("f") + user("x", "y") + sub("sp", inner) + user("after") + end("e")
    play = Play(data={"n": 1}, p=body + way("s f x sp after e", "f y sp"))
    play.complete("x", n=1)
    play.complete("y", n=2)
    assert sorted(seen["own"] for seen in play.seen("a")) == [1, 2]
    play.pick("a", own=2)
    assert [seen["own"] for seen in play.seen("b")] == [2]
    play.pick("b", own=2)
    assert play.tasks == ["a", "after"]
    play.complete("a")
    play.complete("b")
    assert play.tasks == ["after", "after"]


@pytest.mark.parametrize("passes", [1, 5])
def test_a_sub_process_in_a_loop_begins_anew_in_every_pass(passes):
    inner = start("ss") + parallel("f", "j") + user("a", "b") + end("se") + way("ss f a j", "f b j se")
    body = start() + exclusive("m") + sub("sp", inner) + user("t") + exclusive("g", default="g_e") + end("e")
    play = Play(p=body + when("g", "m", "=again") + way("s m sp t g e"))
    for n in range(passes):
        for name in ("a", "b") if n % 2 else ("b", "a"):
            play.complete(name)
        play.complete("t", again=n + 1 < passes)
    assert play.ended
    assert play.completed.count("sp") == passes


def test_a_loop_inside_a_sub_process_stays_inside():
    inner = start("ss") + user("a") + exclusive("g", default="g_se") + end("se") + when("g", "a", "=again")
    play = Play(p=around(sub("sp", inner + way("ss a g se"))))
    for _ in range(4):
        play.complete("a", again=True)
        assert play.tasks == ["a"]
    play.complete("a", again=False)
    assert play.tasks == ["after"]
    assert play.completed.count("sp") == 1


def test_a_failing_step_inside_a_sub_process_holds_its_scope_open():
    def closed(_name, _given):
        raise ValueError("closed")

    inner = start("ss") + user("a") + service("sv") + end("se") + way("ss a se", "ss sv se")
    play = Play(operate=closed, p=around(sub("sp", inner)))
    play.complete("a")
    assert (play.tasks, play.failures, "sp" in play.completed) == ([], ["sv"], False)
    play.settle("sv", told="by hand")
    assert play.see("after") == {"told": "by hand"}
