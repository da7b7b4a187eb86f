"""Compensation (§10.7, §13.5.5): what was completed is undone, the last first."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    call,
    compensation,
    end,
    error,
    exclusive,
    handler,
    many,
    mapped,
    message,
    node,
    parallel,
    service,
    start,
    sub,
    throw,
    undo,
    user,
    way,
    when,
)

BOOKED = user("a", "b", "c") + undo("not_a", "a") + undo("not_b", "b") + undo("not_c", "c")
AFTER = user("after") + end("e")


def complete(play, *names):
    for name in names:
        assert name in play.tasks, (name, play.tasks)
        play.complete(name)


def undoing(name, *inner):
    """Draw a compensation event sub-process whose task is `name`."""
    begins = start(f"{name}_s", compensation()) + user(name) + end(f"{name}_e")
    return handler(f"{name}_h", begins + way(f"{name}_s {name} {name}_e") + "".join(inner))


@row("compensation intermediate throw event", "§13.5.5")
def test_everything_completed_in_the_scope_is_undone_the_last_first():
    play = Play(p=start() + BOOKED + throw("t", compensation()) + AFTER + way("s a b c t after e"))
    complete(play, "a", "b", "c")
    for name in ("not_c", "not_b", "not_a"):
        assert play.tasks == [name]
        play.complete(name)
    assert play.tasks == ["after"]


def test_the_order_is_that_of_completion_not_of_the_drawing():
    body = start() + parallel("f", "j") + BOOKED + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s f a j t after e", "f b j", "f c j"))
    complete(play, "b", "c", "a", "not_a", "not_c", "not_b")
    assert play.tasks == ["after"]


def test_one_activity_may_be_named():
    play = Play(p=start() + BOOKED + throw("t", compensation("b")) + AFTER + way("s a b c t after e"))
    complete(play, "a", "b", "c", "not_b")
    assert play.tasks == ["after"]
    assert not {"not_a", "not_c"} & set(play.entered)


def test_what_was_not_completed_is_not_undone():
    body = start() + parallel("f") + BOOKED + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s f a t after e", "f b c e"))
    complete(play, "a", "not_a")
    assert play.tasks == ["after", "b"]


def test_an_activity_that_was_not_completed_may_be_named_and_nothing_happens():
    play = Play(
        p=start() + parallel("f") + BOOKED + throw("t", compensation("b")) + AFTER + way("s f a t after e", "f b e")
    )
    complete(play, "a")
    assert play.tasks == ["after", "b"]
    assert "not_b" not in play.entered


def test_what_was_interrupted_is_not_undone():
    body = start() + user("a") + undo("not_a", "a") + boundary("m", "a", message()) + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s a e", "m t after e"))
    play.come("m")
    assert play.tasks == ["after"]


def test_what_is_undone_once_is_not_undone_again():
    body = start() + BOOKED + throw("t1", compensation()) + throw("t2", compensation()) + AFTER
    play = Play(p=body + way("s a t1 b t2 after e"))
    complete(play, "a", "not_a", "b", "not_b")
    assert play.tasks == ["after"]


def test_a_throw_that_does_not_wait_goes_on_at_once():
    play = Play(p=start() + BOOKED + throw("t", compensation(wait=False)) + AFTER + way("s a t after e"))
    complete(play, "a")
    assert play.tasks == ["after", "not_a"]
    complete(play, "after")
    assert not play.ended
    complete(play, "not_a")
    assert play.ended


@row("compensation boundary event", "§10.7.1")
def test_a_handler_is_never_entered_by_itself():
    play = Play(p=start() + BOOKED + AFTER + way("s a b after e"))
    complete(play, "a", "b")
    assert (play.tasks, play.waits) == (["after"], [])
    complete(play, "after")
    assert play.ended


def test_a_handler_may_work_by_itself():
    undone = []
    body = start() + service("a") + undo("not_a", "a", "serviceTask", operator="undo") + throw("t", compensation())
    play = Play(operate=lambda name, _: undone.append(name), p=body + AFTER + way("s a t after e"))
    assert (undone, play.tasks) == (["op", "undo"], ["after"])


def test_a_handler_may_be_a_sub_process():
    inner = start("zs") + user("z1", "z2") + end("ze") + way("zs z1 z2 ze")
    event = boundary("ev", "a", compensation())
    z = node("subProcess", "z", inner, isForCompensation=True)
    link = '<association id="ev_z" sourceRef="ev" targetRef="z" associationDirection="One"/>'
    play = Play(p=start() + user("a") + event + z + link + throw("t", compensation()) + AFTER + way("s a t after e"))
    complete(play, "a", "z1", "z2")
    assert play.tasks == ["after"]


def test_a_handler_may_be_a_call():
    body = start() + user("a") + undo("not_a", "a", "callActivity", calledElement="q") + throw("t", compensation())
    play = Play(p=body + AFTER + way("s a t after e"), q=start("qs") + user("u") + end("qe") + way("qs u qe"))
    complete(play, "a", "u")
    assert play.tasks == ["after"]


def test_every_pass_of_a_loop_is_undone():
    body = start() + exclusive("m") + user("a", result="r") + undo("not_a", "a") + exclusive("g", default="g_t")
    body += throw("t", compensation()) + AFTER + when("g", "m", "=r.again") + way("s m a g t after e")
    play = Play(p=body)
    for again in (True, True, False):
        play.complete("a", again=again)
    for _ in range(3):
        assert play.tasks == ["not_a"]
        play.complete("not_a")
    assert play.tasks == ["after"]


@row("compensation end event of the process itself", "§13.5.6")
def test_a_process_that_ends_with_compensation_ends_when_all_is_undone():
    play = Play(p=start() + BOOKED + end("e", trigger=compensation()) + way("s a b e"))
    complete(play, "a", "b", "not_b", "not_a")
    assert play.ended
    assert play.execution.finished


def test_a_handler_sees_what_its_activity_left_and_what_it_writes_is_kept():
    body = start() + user("a", result="r") + undo("not_a", "a", result="u") + user("b") + throw("t", compensation())
    play = Play(p=body + AFTER + way("s a b t after e"))
    play.complete("a", v=1)
    play.complete("b", r={"v": 2})
    assert play.see("not_a")["r"] == {"v": 1}
    play.complete("not_a", told=1)
    assert play.see("after") == {"r": {"v": 2}, "u": {"told": 1}}


# Sub-processes

INNER = start("is") + BOOKED + end("ie") + way("is a b ie")


@row("compensation of a completed sub-process", "§13.5.5")
def test_a_completed_sub_process_is_undone_from_the_inside():
    play = Play(p=start() + sub("sp", INNER) + throw("t", compensation()) + AFTER + way("s sp t after e"))
    complete(play, "a", "b", "not_b", "not_a")
    assert play.tasks == ["after"]


def test_a_completed_sub_process_may_be_named():
    body = start() + sub("sp", INNER) + user("x") + undo("not_x", "x") + throw("t", compensation("sp")) + AFTER
    play = Play(p=body + way("s sp x t after e"))
    complete(play, "a", "b", "x", "not_b", "not_a")
    assert play.tasks == ["after"]


def test_a_sub_process_and_its_neighbours_are_undone_in_one_order():
    body = start() + user("x", "y") + undo("not_x", "x") + undo("not_y", "y") + sub("sp", INNER)
    play = Play(p=body + throw("t", compensation()) + AFTER + way("s x sp y t after e"))
    complete(play, "x", "a", "b", "y", "not_y", "not_b", "not_a", "not_x")
    assert play.tasks == ["after"]


def test_sub_processes_within_sub_processes_are_undone_too():
    outer = start("os") + sub("sp", INNER) + user("x") + undo("not_x", "x") + end("oe") + way("os sp x oe")
    play = Play(p=start() + sub("outer", outer) + throw("t", compensation()) + AFTER + way("s outer t after e"))
    complete(play, "a", "b", "x", "not_x", "not_b", "not_a")
    assert play.tasks == ["after"]


def test_a_throw_inside_a_sub_process_leaves_the_outside_alone():
    inner = start("is") + user("a") + undo("not_a", "a") + throw("t", compensation()) + user("b") + end("ie")
    body = start() + user("x") + undo("not_x", "x") + sub("sp", inner + way("is a t b ie")) + AFTER
    play = Play(p=body + way("s x sp after e"))
    complete(play, "x", "a", "not_a", "b")
    assert play.tasks == ["after"]


def test_a_sub_process_that_was_interrupted_is_not_undone():
    body = start() + sub("sp", INNER) + boundary("m", "sp", message()) + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s sp e", "m t after e"))
    complete(play, "a")
    play.come("m")
    assert play.tasks == ["after"]


def test_a_handler_at_the_boundary_of_a_sub_process_undoes_it_as_a_whole():
    inner = start("is") + user("a") + end("ie") + way("is a ie")
    body = start() + sub("sp", inner) + undo("not_sp", "sp") + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s sp t after e"))
    complete(play, "a", "not_sp")
    assert play.tasks == ["after"]


def test_a_handler_at_the_boundary_of_a_call_undoes_it_as_a_whole():
    called = start("qs") + user("u") + end("qe") + way("qs u qe")
    body = start() + call("x") + undo("not_x", "x") + throw("t", compensation()) + AFTER + way("s x t after e")
    play = Play(p=body, q=called)
    complete(play, "u", "not_x")
    assert play.tasks == ["after"]


@row("compensation event sub-process", "§13.5.5")
def test_a_compensation_event_sub_process_undoes_its_scope_in_its_own_way():
    inner = INNER + undoing("by_hand")
    play = Play(p=start() + sub("sp", inner) + throw("t", compensation()) + AFTER + way("s sp t after e"))
    complete(play, "a", "b", "by_hand")
    assert play.tasks == ["after"]
    assert not {"not_a", "not_b"} & set(play.entered)


def test_a_compensation_event_sub_process_may_undo_what_is_around_it():
    begins = start("zs", compensation()) + throw("zt", compensation("a")) + user("z") + end("ze") + way("zs zt z ze")
    inner = INNER + handler("zh", begins)
    play = Play(p=start() + sub("sp", inner) + throw("t", compensation()) + AFTER + way("s sp t after e"))
    complete(play, "a", "b", "not_a", "z")
    assert play.tasks == ["after"]


def test_a_compensation_event_sub_process_never_runs_while_its_scope_is_open():
    inner = INNER + undoing("by_hand")
    play = Play(p=start() + sub("sp", inner) + AFTER + way("s sp after e"))
    complete(play, "a")
    assert (play.tasks, play.waits) == (["b"], [])
    complete(play, "b", "after")
    assert play.ended


@row("data snapshot for compensation", "§13.5.5")
def test_a_scope_is_undone_with_its_own_data_as_they_were_when_it_completed():
    inner = mapped({"amount": "=price"}) + start("is") + user("a") + undo("not_a", "a") + end("ie") + way("is a ie")
    body = start() + sub("sp", inner) + user("x", result="r") + throw("t", compensation()) + AFTER
    play = Play(data={"price": 10}, p=body + way("s sp x t after e"))
    complete(play, "a")
    play.write(price=99)
    complete(play, "x")
    assert play.see("not_a")["amount"] == 10


def test_a_compensation_event_sub_process_sees_its_scope_as_it_was():
    inner = mapped({"amount": "=price"}) + start("is") + user("a") + end("ie") + way("is a ie") + undoing("by_hand")
    body = start() + sub("sp", inner) + user("x") + throw("t", compensation()) + AFTER + way("s sp x t after e")
    play = Play(data={"price": 10}, p=body)
    play.complete("a", amount=11)
    play.write(price=99)
    complete(play, "x")
    assert play.see("by_hand")["amount"] == 11


# Multi-instance


@row("compensation in multi-instance", "§13.5.5")
@pytest.mark.parametrize("sequential", [True, False])
def test_each_instance_is_undone_with_its_own_data(sequential):
    inner = many(sequential=sequential) + start("is") + user("a", result="r") + undo("not_a", "a") + end("ie")
    body = start() + sub("sp", inner + way("is a ie")) + throw("t", compensation()) + AFTER + way("s sp t after e")
    play = Play(p=body)
    for item in (1, 2, 3):
        play.pick("a", {"v": item * 10}, item=item)
    found = []
    while play.tasks != ["after"]:
        seen = play.see("not_a")
        found.append((seen["item"], seen["r"]))
        play.complete("not_a")
    assert sorted(found, key=lambda one: one[0]) == [(1, {"v": 10}), (2, {"v": 20}), (3, {"v": 30})]
    if sequential:
        assert [item for item, _ in found] == [3, 2, 1]


def test_a_throw_inside_an_instance_undoes_that_instance_alone():
    inner = many() + start("is") + user("a") + undo("not_a", "a") + throw("t", compensation()) + user("b") + end("ie")
    play = Play(p=start() + sub("sp", inner + way("is a t b ie")) + AFTER + way("s sp after e"))
    play.pick("a", item=1)
    play.pick("a", item=3)
    play.pick("not_a", item=3)
    assert play.tasks == ["a", "b", "not_a"]
    assert (play.see("b")["item"], play.see("not_a")["item"]) == (3, 1)


# Where it is thrown


def test_an_error_handler_may_undo_what_its_scope_had_completed():
    inner = start("is") + BOOKED + end("ie", trigger=error("E1")) + way("is a b ie")
    begins = start("hs", error("E1")) + throw("ht", compensation()) + user("h") + end("he") + way("hs ht h he")
    play = Play(p=start() + sub("sp", inner + handler("hh", begins)) + AFTER + way("s sp after e"))
    complete(play, "a", "b", "not_b", "not_a", "h")
    assert play.tasks == ["after"]


def test_two_throws_at_once_undo_everything_once():
    body = start() + user("a") + undo("not_a", "a") + parallel("f") + throw("t1", compensation())
    body += throw("t2", compensation()) + AFTER
    play = Play(p=body + way("s a f t1 after e", "f t2 after"))
    complete(play, "a")
    assert play.tasks.count("not_a") == 1
    complete(play, "not_a")
    assert play.tasks == ["after", "after"]


def test_while_it_is_undone_other_branches_go_on():
    body = start() + parallel("f") + user("a", "c") + undo("not_a", "a") + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s f a t after e", "f c e"))
    complete(play, "a")
    assert play.tasks == ["c", "not_a"]
    complete(play, "c")
    assert (play.tasks, play.ended) == (["not_a"], False)
    complete(play, "not_a", "after")
    assert play.ended


def test_a_compensation_event_sub_process_runs_once_for_each_instance():
    inner = many() + start("is") + user("a") + end("ie") + way("is a ie") + undoing("by_hand")
    play = Play(p=start() + sub("sp", inner) + throw("t", compensation()) + AFTER + way("s sp t after e"))
    complete(play, "a", "a", "a")
    found = []
    while play.tasks != ["after"]:
        found.append(play.see("by_hand")["item"])
        play.complete("by_hand")
    assert sorted(found) == [1, 2, 3]


def test_a_multi_instance_that_was_interrupted_is_not_undone():
    inner = many() + start("is") + user("a") + undo("not_a", "a") + end("ie") + way("is a ie")
    body = start() + sub("sp", inner) + boundary("m", "sp", message()) + throw("t", compensation()) + AFTER
    play = Play(p=body + way("s sp e", "m t after e"))
    complete(play, "a", "a")
    play.come("m")
    assert play.tasks == ["after"]
