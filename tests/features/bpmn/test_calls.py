"""Call activities and global tasks (§10.3.6, §10.3.7, §13.3.4)."""

import pytest

from tests.support.diagrams import Play
from tests.support.places import refuses
from tests.support.rows import row
from tests.support.shapes import (
    TERMINATE,
    boundary,
    call,
    catch,
    end,
    error,
    escalation,
    exclusive,
    many,
    mapped,
    message,
    parallel,
    service,
    signal,
    start,
    task,
    throw,
    timer,
    user,
    way,
    when,
)

CALLED = start("qs") + user("u", result="answer") + end("qe") + way("qs u qe")
AFTER = user("after") + end("e")


def calling(*inner):
    return start() + "".join(inner) + AFTER + way("s x after e")


def caught(*inner):
    return calling(*inner) + user("h") + end("e2") + way("b h e2")


def test_without_declared_inputs_and_outputs_everything_is_copied_in_and_out():
    play = Play(data={"n": 1}, p=calling(call("x")), q=CALLED)
    assert play.see("u") == {"n": 1}
    play.complete("u", v=2)
    assert play.see("after") == {"n": 1, "answer": {"v": 2}}


@row("call activity", "§13.3.4")
def test_what_is_declared_is_all_that_is_handed_in_and_out():
    body = calling(call("x", "q", mapped({"m": "=n + 1"}, {"got": "=answer.v"})))
    play = Play(data={"n": 1, "secret": 2}, p=body, q=CALLED)
    assert play.see("u") == {"m": 2}
    play.complete("u", v=3)
    assert play.see("after") == {"n": 1, "secret": 2, "got": 3}


def test_with_inputs_alone_nothing_comes_back():
    play = Play(data={"n": 1}, p=calling(call("x", "q", mapped({"m": "=n"}))), q=CALLED)
    play.complete("u", v=3)
    assert play.see("after") == {"n": 1}


def test_a_called_process_writes_nothing_outside_before_it_ends():
    body = start() + parallel("f") + call("x") + user("c", "after") + end("e") + way("s f x after e", "f c e")
    called = start("qs") + user("u", "v") + end("qe") + way("qs u v qe")
    play = Play(data={"n": 1}, p=body, q=called)
    play.complete("u", n=2)
    assert (play.see("v")["n"], play.see("c")["n"]) == (2, 1)
    play.complete("v")
    assert play.see("after")["n"] == 2


def test_calls_within_calls_return_one_after_the_other():
    play = Play(
        p=calling(call("x", "q")),
        q=start("qs") + call("y", "r") + user("qa") + end("qe") + way("qs y qa qe"),
        r=start("rs") + user("ra") + end("re") + way("rs ra re"),
    )
    assert play.tasks == ["ra"]
    play.complete("ra")
    assert play.tasks == ["qa"]
    play.complete("qa")
    assert play.tasks == ["after"]
    assert play.completed.index("y") < play.completed.index("x")


def test_two_calls_of_one_process_keep_apart():
    body = start() + call("x", "q", mapped({"n": "=1"}, {"gx": "=answer.v"}))
    body += call("y", "q", mapped({"n": "=2"}, {"gy": "=answer.v"})) + parallel("j") + AFTER
    play = Play(p=body + way("s x j after e", "s y j"), q=CALLED)
    assert sorted(seen["n"] for seen in play.seen("u")) == [1, 2]
    for n in (2, 1):
        play.pick("u", {"v": n * 10}, n=n)
    assert play.see("after") == {"gx": 10, "gy": 20}


def test_a_called_process_completes_when_its_last_token_is_gone():
    called = start("qs") + user("u", "v") + end("qe") + way("qs u qe", "qs v qe")
    play = Play(p=calling(call("x")), q=called)
    play.complete("v")
    assert (play.tasks, "x" in play.completed) == (["u"], False)
    play.complete("u")
    assert play.tasks == ["after"]


def test_a_call_in_a_loop_begins_anew_in_every_pass():
    body = start() + exclusive("m") + call("x") + exclusive("g", default="g_after") + AFTER
    play = Play(p=body + when("g", "m", "=answer.again") + way("s m x g after e"), q=CALLED)
    for _ in range(4):
        play.complete("u", again=True)
        assert play.tasks == ["u"]
    play.complete("u", again=False)
    assert play.tasks == ["after"]


def test_a_call_for_each_item_hands_each_its_own():
    inner = mapped({"n": "=item"}, {"v": "=answer.v"})
    loop = many("=[1, 2, 3]", outputCollection="all", outputElement="=v")
    play = Play(p=calling(call("x", "q", inner + loop)), q=CALLED)
    for n in (3, 1, 2):
        play.pick("u", {"v": n * 10}, n=n)
    assert play.see("after") == {"all": [10, 20, 30]}


def test_a_terminate_end_in_a_called_process_ends_the_call_and_the_caller_goes_on():
    called = start("qs") + user("u", "v") + end("qe") + end("qt", trigger=TERMINATE) + way("qs u qt", "qs v qe")
    body = start() + parallel("f") + call("x") + user("c") + AFTER + way("s f x after e", "f c e")
    play = Play(p=body, q=called)
    play.complete("u")
    assert play.tasks == ["after", "c"]
    assert "v" in play.cancelled


@row("errors that cross a call", "§10.5.1")
def test_an_error_end_of_a_called_process_is_caught_at_the_call():
    called = start("qs") + user("u", "v") + end("qe", trigger=error("E1")) + end("qf") + way("qs u qe", "qs v qf")
    play = Play(p=caught(call("x"), boundary("b", "x", error("E1"))), q=called)
    play.complete("u")
    assert play.tasks == ["h"]
    assert {"v", "x"} <= set(play.cancelled)


def test_a_service_that_fails_in_a_called_process_is_caught_at_the_call():
    called = start("qs") + service("sv") + end("qe") + way("qs sv qe")
    play = Play(operate=refuses, p=caught(call("x"), boundary("b", "x", error())), q=called)
    assert (play.tasks, play.failures) == (["h"], [])


def test_an_error_crosses_several_calls_to_the_innermost_that_catches_it():
    middle = start("qs") + call("y", "r") + boundary("b2", "y", error("E2")) + user("wrong") + end("qe", "qe2")
    play = Play(
        p=caught(call("x"), boundary("b", "x", error("E1"))),
        q=middle + way("qs y qe", "b2 wrong qe2"),
        r=start("rs") + end("re", trigger=error("E1")) + way("rs re"),
    )
    assert play.tasks == ["h"]


def test_an_error_that_nobody_catches_stands_still_where_it_was_raised():
    called = start("qs") + end("qe", trigger=error("E1")) + way("qs qe")
    play = Play(p=calling(call("x")), q=called)
    assert (play.failures, play.tasks, play.ended) == (["qe"], [], False)


@row("escalations that cross a call", "§10.5.1")
@pytest.mark.parametrize(("interrupting", "open_"), [(True, ["h"]), (False, ["h", "u"])])
def test_an_escalation_of_a_called_process_is_caught_at_the_call(interrupting, open_):
    called = start("qs") + throw("up", escalation("L1")) + user("u") + end("qe") + way("qs up u qe")
    body = caught(call("x"), boundary("b", "x", escalation("L1"), interrupting=interrupting))
    play = Play(p=body, q=called)
    assert play.tasks == open_


@pytest.mark.parametrize("trigger", [message(), timer(), signal()])
def test_a_boundary_event_interrupts_everything_in_the_called_process(trigger):
    inner = start("rs") + user("w") + catch("m", message("stop")) + end("re") + way("rs w re", "rs m re")
    called = start("qs") + user("u") + call("y", "r") + end("qe") + way("qs u qe", "qs y qe")
    play = Play(p=caught(call("x"), boundary("b", "x", trigger)), q=called, r=inner)
    assert (play.tasks, play.waits) == (["u", "w"], ["b", "m"])
    play.come("b")
    assert (play.tasks, play.waits) == (["h"], [])
    assert {"u", "w"} <= set(play.cancelled)


def test_a_signal_reaches_into_called_processes():
    called = start("qs") + catch("g", signal(), result="got") + user("u") + end("qe") + way("qs g u qe")
    play = Play(p=calling(call("x")), q=called)
    assert play.signal("Alarm", {"n": 1})
    assert play.see("u")["got"] == {"n": 1}


def test_a_called_process_without_people_returns_at_once():
    play = Play(p=calling(call("x")), q=start("qs") + task("t") + end("qe") + way("qs t qe"))
    assert play.tasks == ["after"]


def test_a_process_that_calls_itself_ends_when_its_data_says_so():
    body = start() + exclusive("g", default="g_a") + call("x", "p", mapped({"n": "=n - 1"})) + user("a") + end("e")
    play = Play(data={"n": 3}, p=body + when("g", "x", "=n > 0") + way("s g a e", "x e"))
    assert play.see("a") == {"n": 0}
    play.complete("a")
    assert play.ended
    assert play.completed.count("x") == 3


@row("global user task", "§10.3.7")
def test_a_global_user_task_is_done_by_people_like_a_user_task():
    roots = '<globalUserTask id="g" name="g" icity:role="R" icity:result="answer"/>'
    play = Play(roots=roots, p=calling(call("x", "g", mapped(outputs={"got": "=answer.v"}))))
    (element,) = play.execution.rest().tasks.values()
    assert (element.kind, element.role) == ("globalUserTask", "R")
    play.complete(element.id, v=4)
    assert play.see("after") == {"got": 4}


@row("global business rule task", "§10.3.7")
def test_a_global_business_rule_task_decides_for_its_caller():
    roots = '<globalBusinessRuleTask id="g" name="g" icity:decision="deadline" icity:result="r"/>'
    play = Play(roots=roots, p=calling(call("x", "g", mapped(outputs={"days": "=r.days"}))))
    assert play.see("after") == {"days": 5}
