"""Transactions (§10.3.5): completed, cancelled and left by a hazard."""

from tests.support.diagrams import Play
from tests.support.places import refuses
from tests.support.rows import row
from tests.support.shapes import (
    CANCEL,
    boundary,
    end,
    error,
    exclusive,
    message,
    parallel,
    service,
    start,
    sub,
    transaction,
    undo,
    user,
    way,
    when,
)

LEAVES = (
    user("after", "on_cancel", "on_error")
    + end("e", "e2", "e3")
    + way("s x after e", "c on_cancel e2", "h on_error e3")
)


def booked(*more):
    """Draw a transaction that books a, then b, and cancels when asked."""
    inner = (
        start("xs")
        + user("a", "b", "ask")
        + undo("not_a", "a")
        + undo("not_b", "b")
        + exclusive("g", default="g_xe")
        + end("xe")
        + end("xc", trigger=CANCEL)
        + when("g", "xc", "=cancel")
        + way("xs a b ask g xe")
        + "".join(more)
    )
    return start() + transaction("x", inner) + boundary("c", "x", CANCEL) + boundary("h", "x", error()) + LEAVES


@row("transaction, completed", "§10.3.5")
def test_a_completed_transaction_goes_on_and_undoes_nothing():
    play = Play(p=booked())
    for name in ("a", "b"):
        play.complete(name)
    play.complete("ask", cancel=False)
    assert (play.tasks, play.waits) == (["after"], [])
    assert "not_a" not in play.entered


@row("cancel end event", "§13.5.6")
@row("cancel boundary event", "§10.5.3")
def test_a_cancelled_transaction_is_undone_backwards_and_then_left_by_its_cancel_boundary():
    play = Play(p=booked())
    for name in ("a", "b"):
        play.complete(name)
    play.complete("ask", cancel=True)
    assert play.tasks == ["not_b"]
    play.complete("not_b")
    assert play.tasks == ["not_a"]
    play.complete("not_a")
    assert play.tasks == ["on_cancel"]
    assert "x" not in play.completed
    assert "after" not in play.entered


@row("transaction, cancelled", "§10.3.5")
def test_only_what_was_completed_is_undone():
    inner = start("xs") + user("a", "b", "c") + undo("not_a", "a") + undo("not_b", "b")
    inner += end("xe") + end("xc", trigger=CANCEL) + way("xs a xe", "xs b xe", "xs c xc")
    body = start() + transaction("x", inner) + boundary("c0", "x", CANCEL) + user("after", "on_cancel") + end("e", "e2")
    play = Play(p=body + way("s x after e", "c0 on_cancel e2"))
    play.complete("b")
    play.complete("c")
    assert play.tasks == ["not_b"]
    assert "a" in play.cancelled
    play.complete("not_b")
    assert play.tasks == ["on_cancel"]


def test_a_cancelled_transaction_in_which_nothing_was_completed_is_left_at_once():
    inner = start("xs") + user("a") + undo("not_a", "a") + user("c") + end("xe") + end("xc", trigger=CANCEL)
    inner += way("xs a xe", "xs c xc")
    body = start() + transaction("x", inner) + boundary("c0", "x", CANCEL) + user("after", "on_cancel") + end("e", "e2")
    play = Play(p=body + way("s x after e", "c0 on_cancel e2"))
    play.complete("c")
    assert play.tasks == ["on_cancel"]


@row("transaction, left by a hazard", "§10.3.5")
def test_an_error_leaves_the_transaction_without_undoing_anything():
    inner = start("xs") + user("a") + undo("not_a", "a") + service("sv") + end("xe") + way("xs a sv xe")
    body = start() + transaction("x", inner) + boundary("c", "x", CANCEL) + boundary("h", "x", error()) + LEAVES
    play = Play(operate=refuses, p=body)
    play.complete("a")
    assert play.tasks == ["on_error"]
    assert not {"not_a", "on_cancel"} & set(play.entered)


def test_a_cancel_undoes_the_sub_processes_that_were_completed_inside():
    deep = sub("deep", start("ds") + user("d1", "d2") + undo("not_d1", "d1") + undo("not_d2", "d2") + end("de"))
    deep = deep.replace("</subProcess>", way("ds d1 d2 de") + "</subProcess>")
    inner = start("xs") + deep + user("b") + undo("not_b", "b") + end("xc", trigger=CANCEL) + way("xs deep b xc")
    body = start() + transaction("x", inner) + boundary("c", "x", CANCEL) + user("on_cancel") + end("e2")
    play = Play(p=body + way("s x", "c on_cancel e2"))
    for name in ("d1", "d2", "b"):
        play.complete(name)
    for name in ("not_b", "not_d2", "not_d1"):
        assert play.tasks == [name]
        play.complete(name)
    assert play.tasks == ["on_cancel"]


def test_a_transaction_may_be_interrupted_like_any_sub_process():
    inner = start("xs") + user("a", "b") + undo("not_a", "a") + end("xe") + way("xs a b xe")
    body = start() + transaction("x", inner) + boundary("m", "x", message("stop")) + user("after", "on_stop")
    play = Play(p=body + end("e", "e2") + way("s x after e", "m on_stop e2"))
    play.complete("a")
    play.come("m")
    assert play.tasks == ["on_stop"]
    assert "not_a" not in play.entered


def test_a_cancelled_transaction_beside_another_branch_leaves_that_branch_alone():
    inner = start("xs") + user("a") + undo("not_a", "a") + end("xc", trigger=CANCEL) + way("xs a xc")
    body = start() + parallel("f") + transaction("x", inner) + boundary("c", "x", CANCEL) + user("z", "on_cancel")
    play = Play(p=body + end("e", "e2") + way("s f x", "f z e", "c on_cancel e2"))
    play.complete("a")
    assert play.tasks == ["not_a", "z"]
    play.complete("not_a")
    assert play.tasks == ["on_cancel", "z"]


def test_a_transaction_within_a_transaction_is_cancelled_alone():
    inner = transaction("y", start("ys") + user("b") + undo("not_b", "b") + end("yc", trigger=CANCEL) + way("ys b yc"))
    outer = start("xs") + user("a") + undo("not_a", "a") + inner + boundary("cy", "y", CANCEL) + user("u") + end("xe")
    outer += way("xs a y", "cy u xe")
    body = start() + transaction("x", outer) + boundary("c", "x", CANCEL) + user("after", "on_cancel") + end("e", "e2")
    play = Play(p=body + way("s x after e", "c on_cancel e2"))
    play.complete("a")
    play.complete("b")
    assert play.tasks == ["not_b"]
    play.complete("not_b")
    assert play.tasks == ["u"]
    play.complete("u")
    assert play.tasks == ["after"]
    assert "not_a" not in play.entered
