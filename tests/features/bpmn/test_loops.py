"""Standard loops (§10.3.8, §13.3.6)."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import boundary, call, end, message, repeat, service, start, sub, user, way

AFTER = user("after") + end("e")
INNER = start("is") + user("u") + end("ie") + way("is u ie")


def around(*inner):
    return start() + "".join(inner) + AFTER + way("s x after e")


def rounds(play, task, **answers):
    """Complete the task until it is gone; tell how often."""
    count = 0
    while task in play.tasks:
        play.complete(task, **answers)
        count += 1
    return count


@row("standard loop", "§13.3.6")
def test_it_is_done_again_while_its_condition_holds():
    play = Play(p=around(user("x", inner=repeat("=again"))))
    for _ in range(4):
        play.complete("x", again=True)
        assert play.tasks == ["x"]
    play.complete("x", again=False)
    assert play.tasks == ["after"]


@row("standard loop, tested before", "§13.3.6")
def test_tested_before_it_may_not_be_done_at_all():
    play = Play(data={"again": False}, p=around(sub("x", repeat("=again", testBefore=True) + INNER)))
    assert play.tasks == ["after"]
    assert not play.completed.count("u")


def test_tested_before_it_is_done_while_its_condition_holds():
    play = Play(data={"again": True}, p=around(user("x", inner=repeat("=again", testBefore=True))))
    play.complete("x", again=True)
    assert play.tasks == ["x"]
    play.complete("x", again=False)
    assert play.tasks == ["after"]


def test_tested_after_it_is_done_at_least_once():
    play = Play(data={"again": False}, p=around(user("x", inner=repeat("=again"))))
    assert play.tasks == ["x"]
    play.complete("x")
    assert play.tasks == ["after"]


@row("standard loop with a maximum", "§13.3.6")
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("condition", ["=true", ""])
def test_a_maximum_bounds_it(before, condition):
    play = Play(p=around(user("x", inner=repeat(condition, testBefore=before, loopMaximum=3))))
    assert rounds(play, "x") == 3
    assert play.tasks == ["after"]


def test_the_loop_counter_counts_from_one():
    play = Play(p=around(sub("x", repeat("=loopCounter &lt; 3") + INNER)))
    found = []
    while play.tasks != ["after"]:
        found.append(play.see("u")["loopCounter"])
        play.complete("u")
    assert found == [1, 2, 3]


def test_a_sub_process_is_done_again_as_a_whole():
    inner = start("is") + user("a", "b") + end("ie") + way("is a ie", "is b ie")
    play = Play(p=around(sub("x", repeat(loopMaximum=3) + inner)))
    for _ in range(3):
        assert play.tasks == ["a", "b"]
        play.complete("b")
        play.complete("a")
    assert play.tasks == ["after"]


def test_a_call_is_done_again_as_a_whole():
    play = Play(p=around(call("x", "q", repeat(loopMaximum=3))), q=INNER)
    assert rounds(play, "u") == 3
    assert play.tasks == ["after"]


def test_what_a_pass_writes_the_next_one_sees():
    play = Play(operate=lambda _name, given: given["n"] + 1, data={"n": 0}, p=around(counting("=n &lt; 5")))
    assert play.see("after")["n"] == 5


def counting(condition):
    inputs = '<extensionElements><icity:input name="n" value="=n"/></extensionElements>'
    return service("x", inputs + repeat(condition), result="n")


@row("standard loop without end", "§13.3.6")
def test_a_loop_without_people_and_without_end_is_an_incident():
    play = Play(operate=lambda _name, given: given["n"] + 1, data={"n": 0}, p=around(counting("=true")))
    assert (play.tasks, play.failures) == ([], ["x"])


def test_a_loop_is_interrupted_as_a_whole():
    body = around(user("x", inner=repeat())) + boundary("b", "x", message()) + user("h") + end("e2") + way("b h e2")
    play = Play(p=body)
    play.complete("x")
    play.complete("x")
    assert (play.tasks, play.waits) == (["x"], ["b"])
    play.come("b")
    assert (play.tasks, play.waits) == (["h"], [])


def test_a_boundary_that_does_not_interrupt_stays_for_the_whole_loop():
    event = boundary("b", "x", message(), interrupting=False) + user("h") + end("e2") + way("b h e2")
    play = Play(p=around(user("x", inner=repeat(loopMaximum=3))) + event)
    for _ in range(3):
        play.come("b")
        play.complete("x")
    assert (play.tasks, play.waits) == (["after", "h", "h", "h"], [])


def test_loops_within_loops():
    inner = start("is") + user("u", inner=repeat(loopMaximum=2)) + end("ie") + way("is u ie")
    play = Play(p=around(sub("x", repeat(loopMaximum=3) + inner)))
    assert rounds(play, "u") == 6
    assert play.tasks == ["after"]
