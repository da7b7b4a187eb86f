"""What happens where several elements meet: joins and interruptions, loops and scopes, handlers within handlers."""

import pytest

from tests.support.diagrams import Play
from tests.support.places import refuses
from tests.support.shapes import (
    CANCEL,
    TERMINATE,
    boundary,
    catch,
    compensation,
    end,
    error,
    escalation,
    exclusive,
    handler,
    inclusive,
    many,
    message,
    parallel,
    service,
    signal,
    start,
    sub,
    throw,
    transaction,
    undo,
    user,
    way,
    when,
)

AFTER = user("after") + end("e")
INNER = start("is") + user("u") + end("ie") + way("is u ie")


def reacts(name, trigger, inner, *, keeps=False):
    """Draw an event sub-process around a drawn inside that begins behind `name`_s."""
    return handler(name, start(f"{name}_s", trigger, isInterrupting=not keeps) + inner)


# Joins, when a token goes away instead of coming


def test_an_inclusive_join_goes_on_when_the_token_it_waits_for_is_interrupted_away():
    body = start() + inclusive("f") + user("a", "h") + sub("sp", INNER) + boundary("b", "sp", message())
    body += inclusive("j") + AFTER + end("e2")
    play = Play(p=body + way("s f a j after e", "f sp j", "b h e2"))
    play.complete("a")
    assert play.tasks == ["u"]
    play.come("b")
    assert play.tasks == ["after", "h"]


def test_an_inclusive_join_goes_on_when_the_token_it_waits_for_is_withdrawn():
    play = Play(p=start() + inclusive("f") + user("a", "b") + inclusive("j") + AFTER + way("s f a j after e", "f b j"))
    play.complete("a")
    play.withdraw("b")
    assert play.tasks == ["after"]


def test_an_inclusive_join_goes_on_when_a_scope_it_waits_for_terminates():
    inner = start("is") + user("u", "v") + end("ie") + end("it", trigger=TERMINATE) + way("is u it", "is v ie")
    body = start() + inclusive("f") + user("a") + sub("sp", inner) + inclusive("j") + AFTER
    play = Play(p=body + way("s f a j after e", "f sp j"))
    play.complete("a")
    play.complete("u")
    assert play.tasks == ["after"]
    assert play.completed.count("j") == 1


def test_an_inclusive_join_in_each_instance_looks_at_its_own_tokens():
    inner = many("=[1, 2]") + start("is") + inclusive("f") + user("a", "b", "z") + inclusive("j") + end("ie")
    play = Play(p=start() + sub("sp", inner + way("is f a j z ie", "f b j")) + AFTER + way("s sp after e"))
    play.pick("a", item=1)
    play.pick("b", item=1)
    assert play.tasks == ["a", "b", "z"]
    assert play.see("z")["item"] == 1


def test_two_flows_from_one_gateway_to_one_join_both_count():
    body = start() + parallel("f", "j") + AFTER
    play = Play(p=body + '<sequenceFlow id="twice" sourceRef="f" targetRef="j"/>' + way("s f j after e"))
    assert play.tasks == ["after"]
    assert play.completed.count("j") == 1


def test_a_join_starts_afresh_after_its_scope_was_interrupted():
    inner = start("is") + parallel("f", "j") + user("a", "b") + end("ie") + way("is f a j ie", "f b j")
    body = start() + sub("sp", inner) + boundary("m", "sp", message()) + AFTER + way("s sp after e", "m sp")
    play = Play(p=body)
    play.complete("a")
    play.come("m")
    assert play.tasks == ["a", "b"]
    play.complete("b")
    assert play.tasks == ["a"]
    play.complete("a")
    assert play.tasks == ["after"]


# Defaults and conditions


def test_a_default_flow_is_the_last_resort_wherever_it_stands_in_the_drawing():
    body = start() + exclusive("g", default="g_a") + user("a", "b") + end("e") + way("s g a e", "b e")
    assert Play(data={"n": 2}, p=body + when("g", "b", "=n > 1")).tasks == ["b"]
    assert Play(data={"n": 1}, p=body + when("g", "b", "=n > 1")).tasks == ["a"]


def test_a_task_may_lead_back_to_itself():
    play = Play(p=start() + user("a", default="a_e") + end("e") + when("a", "a", "=again") + way("s a e"))
    for _ in range(3):
        play.complete("a", again=True)
        assert play.tasks == ["a"]
    play.complete("a", again=False)
    assert play.ended


def test_conditions_are_asked_with_the_data_of_their_scope():
    inner = many("=[1, 2]") + start("is") + exclusive("g", default="g_b") + user("a", "b") + end("ie")
    play = Play(
        p=start()
        + sub("sp", inner + when("g", "a", "=item = 1") + way("is g b ie", "a ie"))
        + AFTER
        + way("s sp after e")
    )
    assert play.tasks == ["a", "b"]
    assert (play.see("a")["item"], play.see("b")["item"]) == (1, 2)


# Signals that meet


def test_one_signal_at_an_inner_and_an_outer_boundary_leaves_by_the_outer_one():
    inner = start("is") + user("u", "v") + boundary("b1", "u", signal()) + end("ie") + way("is u ie", "b1 v ie")
    body = start() + sub("sp", inner) + boundary("b2", "sp", signal()) + user("h") + AFTER + end("e2")
    play = Play(p=body + way("s sp after e", "b2 h e2"))
    assert play.signal("Alarm")
    assert (play.tasks, play.waits) == (["h"], [])


def test_a_handler_that_throws_its_own_signal_is_stopped_by_its_budget():
    event = reacts("h", signal(), throw("up", signal()) + end("he") + way("h_s up he"), keeps=True)
    play = Play(p=start() + user("a") + end("e") + way("s a e") + event)
    play.signal("Alarm")
    assert play.failures
    play.reload()
    assert play.tasks == ["a"]


def test_a_signal_thrown_behind_a_signal_finds_those_that_wait_by_then():
    body = (
        start() + user("a") + catch("g1", signal()) + throw("up", signal("calm")) + catch("g2", signal("calm")) + AFTER
    )
    play = Play(p=body + way("s a e", "s g1 up e", "s g2 after e"))
    assert play.signal("Alarm")
    assert play.tasks == ["a", "after"]


# Errors that meet


def test_an_error_deep_inside_reaches_the_event_sub_process_of_an_outer_scope():
    deep = sub("deep", start("ds") + end("de", trigger=error("E1")) + way("ds de"))
    inner = start("is") + deep + user("v") + end("ie") + way("is deep ie", "is v ie")
    inner += reacts("h", error("E1"), user("u") + end("he") + way("h_s u he"))
    play = Play(p=start() + sub("sp", inner) + AFTER + way("s sp after e"))
    assert play.tasks == ["u"]
    play.complete("u")
    assert play.tasks == ["after"]


def test_an_error_of_a_handler_that_does_not_interrupt_leaves_by_the_boundary_of_the_scope():
    inner = INNER + reacts("h", message(), user("v") + end("he", trigger=error("E1")) + way("h_s v he"), keeps=True)
    body = start() + sub("sp", inner) + boundary("b", "sp", error("E1")) + user("z") + AFTER + end("e2")
    play = Play(p=body + way("s sp after e", "b z e2"))
    play.come("h_s")
    play.complete("v")
    assert play.tasks == ["z"]
    assert "u" in play.cancelled


def test_an_error_of_a_handler_may_be_handled_by_another_handler_of_the_same_scope():
    inner = INNER + reacts("h", message(), user("v") + end("he", trigger=error("E1")) + way("h_s v he"), keeps=True)
    inner += reacts("k", error("E1"), user("w") + end("ke") + way("k_s w ke"))
    play = Play(p=start() + sub("sp", inner) + AFTER + way("s sp after e"))
    play.come("h_s")
    play.complete("v")
    assert play.tasks == ["w"]
    play.complete("w")
    assert play.tasks == ["after"]


def test_an_escalation_of_a_handler_is_caught_at_the_boundary_of_its_scope():
    inner = INNER + reacts("h", message(), throw("up", escalation("L1")) + user("v") + end("he") + way("h_s up v he"))
    body = start() + sub("sp", inner) + boundary("b", "sp", escalation("L1"), interrupting=False) + user("z") + AFTER
    play = Play(p=body + way("s sp after e", "b z e"))
    play.come("h_s")
    assert play.tasks == ["v", "z"]


def test_every_instance_may_escalate_without_interrupting():
    inner = many() + start("is") + throw("up", escalation("L1")) + user("u") + end("ie") + way("is up u ie")
    body = start() + sub("sp", inner) + boundary("b", "sp", escalation("L1"), interrupting=False) + user("z") + AFTER
    play = Play(p=body + way("s sp after e", "b z e"))
    assert play.tasks == ["u", "u", "u", "z", "z", "z"]


def test_an_error_in_a_loop_is_caught_in_the_pass_in_which_it_happens():
    inner = start("is") + user("u", result="r") + exclusive("g", default="g_ie") + end("ie")
    inner += end("bad", trigger=error("E1")) + when("g", "bad", "=r.bad") + way("is u g ie")
    play = Play(p=start() + sub("sp", inner) + boundary("b", "sp", error("E1")) + user("z") + way("s sp sp", "b z sp"))
    for bad in (False, True, False, True, True):
        play.complete("u", bad=bad)
        if bad:
            play.complete("z")
        assert play.tasks == ["u"]


def test_a_business_error_of_one_of_two_services_withdraws_the_other_branch():
    inner = start("is") + parallel("f") + user("u") + service("sv") + end("ie") + way("is f u ie", "f sv ie")
    body = start() + sub("sp", inner) + boundary("b", "sp", error("E1")) + user("z") + AFTER + end("e2")
    play = Play(operate=refuses, p=body + way("s sp after e", "b z e2"))
    assert play.tasks == ["z"]


# Terminate


@pytest.mark.parametrize("keeps", [True, False])
def test_a_terminate_end_in_an_event_sub_process_ends_only_that(keeps):
    inside = user("v", "w") + end("he") + end("ht", trigger=TERMINATE) + way("h_s v ht", "h_s w he")
    play = Play(
        p=start() + sub("sp", INNER + reacts("h", message(), inside, keeps=keeps)) + AFTER + way("s sp after e")
    )
    play.come("h_s")
    play.complete("v")
    assert play.tasks == (["u"] if keeps else ["after"])
    assert "w" in play.cancelled


# Compensation where it meets other things


@pytest.mark.parametrize("sequential", [True, False])
def test_a_task_in_multi_instance_is_undone_once_for_each_instance(sequential):
    body = start() + user("a", inner=many(sequential=sequential)) + undo("not_a", "a") + throw("t", compensation())
    play = Play(p=body + AFTER + way("s a t after e"))
    for _ in range(3):
        play.complete("a")
    count = 0
    while "not_a" in play.tasks:
        play.complete("not_a")
        count += 1
    assert (count, play.tasks) == (3, ["after"])


def test_an_interruption_also_takes_the_handlers_that_are_at_work():
    inner = start("is") + user("a") + undo("not_a", "a") + throw("t", compensation()) + end("ie") + way("is a t ie")
    body = start() + sub("sp", inner) + boundary("m", "sp", message()) + user("z") + AFTER + end("e2")
    play = Play(p=body + way("s sp after e", "m z e2"))
    play.complete("a")
    assert play.tasks == ["not_a"]
    play.come("m")
    assert play.tasks == ["z"]
    assert "not_a" in play.cancelled


def test_a_handler_that_fails_is_an_incident_and_goes_on_when_it_is_settled():
    def operate(name, _given):
        if name == "undo":
            raise ValueError("closed")

    body = start() + service("a") + undo("not_a", "a", "serviceTask", operator="undo") + throw("t", compensation())
    play = Play(operate=operate, p=body + AFTER + way("s a t after e"))
    assert (play.tasks, play.failures) == ([], ["not_a"])
    play.settle("not_a")
    assert play.tasks == ["after"]


def test_a_completed_transaction_is_undone_when_the_one_around_it_is_cancelled():
    inner = transaction("y", start("ys") + user("b") + undo("not_b", "b") + end("ye") + way("ys b ye"))
    outer = start("xs") + inner + user("c") + end("xc", trigger=CANCEL) + way("xs y c xc")
    body = (
        start() + transaction("x", outer) + boundary("cx", "x", CANCEL) + user("z") + end("e2") + way("s x", "cx z e2")
    )
    play = Play(p=body)
    play.complete("b")
    play.complete("c")
    assert play.tasks == ["not_b"]
    play.complete("not_b")
    assert play.tasks == ["z"]


def test_what_was_done_behind_a_boundary_event_is_undone_as_well():
    body = start() + user("x", "a") + boundary("m", "x", message(), interrupting=False) + undo("not_x", "x")
    body += undo("not_a", "a") + throw("t", compensation()) + AFTER + end("e2")
    play = Play(p=body + way("s x t after e", "m a e2"))
    play.come("m")
    play.complete("a")
    play.complete("x")
    play.complete("not_x")
    play.complete("not_a")
    assert play.tasks == ["after"]
