"""What each kind of task does and leaves (§13.3.3)."""

from tests.support.diagrams import Play
from tests.support.places import refuses
from tests.support.rows import row
from tests.support.shapes import (
    boundary,
    end,
    error,
    mapped,
    message,
    node,
    parallel,
    receive,
    rule,
    send,
    service,
    start,
    task,
    throw,
    user,
    way,
)


def around(*inner, name="x"):
    return start() + "".join(inner) + user("after") + end("e") + way(f"s {name} after e")


@row("user task", "§13.3.3")
def test_a_user_task_keeps_its_answers_under_its_result():
    play = Play(data={"unit": "U1"}, p=around(user("x", result="r")))
    assert play.see("x") == {"unit": "U1"}
    play.complete("x", opinion="agree")
    assert play.see("after") == {"unit": "U1", "r": {"opinion": "agree"}}


def test_a_user_task_without_result_gives_its_answers_to_the_process():
    play = Play(p=around(user("x")))
    play.complete("x", opinion="agree")
    assert play.see("after") == {"opinion": "agree"}


@row("manual task", "§13.3.3")
def test_a_manual_task_is_done_by_people():
    play = Play(p=around(node("manualTask", "x", result="r")))
    assert play.tasks == ["x"]
    play.complete("x", seen=True)
    assert play.see("after") == {"r": {"seen": True}}


@row("abstract task", "§13.3.3")
def test_an_abstract_task_lets_the_token_pass_and_changes_nothing():
    play = Play(data={"n": 1}, p=around(task("x")))
    assert (play.see("after"), play.completed) == ({"n": 1}, ["s", "x"])


@row("service task", "§13.3.3")
def test_a_service_task_is_given_its_inputs_and_leaves_its_result():
    given = []
    body = around(service("x", mapped({"a": "=n + 1", "b": '="k"'}), result="r"))
    play = Play(data={"n": 1}, operate=lambda name, inputs: given.append((name, inputs)) or 42, p=body)
    assert given == [("op", {"a": 2, "b": "k"})]
    assert play.see("after") == {"n": 1, "r": 42}


def test_a_service_task_without_result_changes_nothing():
    play = Play(data={"n": 1}, operate=lambda _name, _inputs: 42, p=around(service("x")))
    assert play.see("after") == {"n": 1}


@row("business rule task", "§13.3.3")
def test_a_business_rule_task_leaves_what_was_decided():
    play = Play(p=around(rule("x", result="r")))
    assert play.see("after") == {"r": {"days": 5, "unit": "wd"}}


@row("send task", "§13.3.3")
def test_a_send_task_sends_its_message_and_goes_on():
    play = Play(data={"case": "K1", "n": 2}, p=around(send("x", "answer", mapped({"n": "=n"}), correlation="=case")))
    (thrown,) = play.thrown
    assert (thrown.kind, thrown.element, thrown.name) == ("message", "x", "answer")
    assert (thrown.correlation, thrown.payload) == ("K1", {"n": 2})
    assert play.tasks == ["after"]


@row("receive task", "§13.3.3")
def test_a_receive_task_waits_for_its_message_under_its_correlation():
    play = Play(data={"case": "K1"}, p=around(receive("x", correlation="=case", result="got")))
    (wait,) = play.execution.rest().waits.values()
    assert (wait.element, wait.message, wait.correlation, play.tasks) == ("x", "answer", "K1", [])
    play.come("x", {"n": 3})
    assert play.see("after") == {"case": "K1", "got": {"n": 3}}


@row("message intermediate throw event", "§10.5.3")
def test_a_message_thrown_in_the_flow_is_sent_once():
    play = Play(data={"case": "K1"}, p=around(throw("x", message("stop"), mapped({"n": "=1"}), correlation="=case")))
    assert [(one.name, one.correlation, one.payload) for one in play.thrown] == [("stop", "K1", {"n": 1})]


@row("service task that fails", "§13.3.3")
def test_a_service_that_gives_an_error_interrupts_the_task():
    body = around(service("x", result="r") + boundary("b", "x", error("E1")) + user("h") + end("e2") + way("b h e2"))
    play = Play(operate=refuses, p=body)
    assert (play.tasks, play.failures) == (["h"], [])
    assert "x" in play.cancelled
    assert "r" not in play.data


@row("business rule task that fails", "§13.3.3")
def test_a_decision_that_fails_is_an_incident_and_other_branches_go_on():
    body = (
        start()
        + parallel("f")
        + node("businessRuleTask", "x", decision="unknown", result="r")
        + user("a")
        + end("e")
        + way("s f x e", "f a e")
    )
    play = Play(p=body)
    assert (play.failures, play.tasks) == (["x"], ["a"])


def test_a_correlation_that_is_null_is_an_incident():
    play = Play(p=around(receive("x", correlation="=case")))
    assert (play.failures, play.waits) == (["x"], [])


def test_a_task_is_entered_before_it_completes_and_in_the_order_of_the_flow():
    play = Play(p=around(user("x")))
    assert play.trace[-1] == ("entered", "x")
    play.complete("x")
    assert play.trace[-2:] == [("completed", "x"), ("entered", "after")]
    play.complete("after")
    assert play.completed == ["s", "x", "after", "e"]
