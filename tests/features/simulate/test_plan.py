"""The plan speaks for people, services and other systems."""

import pytest

from tests.support.shapes import (
    boundary,
    catch,
    end,
    error,
    exclusive,
    many,
    mapped,
    message,
    node,
    parallel,
    receive,
    send,
    service,
    signal,
    start,
    sub,
    throw,
    user,
    way,
    when,
)

LINE = start() + user("a") + end("e") + way("s a e")
WAITS = start() + receive("hear", correlation="=case", result="said") + end("e") + way("s hear e")
LOOP = (
    start()
    + exclusive("m")
    + user("a")
    + exclusive("g", default="g_e")
    + end("e")
    + way("s m a g e")
    + when("g", "m", "=again")
)


def test_a_task_that_is_not_named_is_done_at_once_with_nothing(rehearse):
    played = rehearse(p=LINE)
    assert played.state == ("completed", 0)
    assert played.when("a") == ["2024-02-29T09:00:00+08:00"]
    assert played.data == {}


def test_a_manual_task_waits_for_its_turn_like_a_user_task(rehearse):
    played = rehearse({"tasks": {"a": [{"after": "P1D"}]}}, p=LINE.replace("userTask", "manualTask"))
    assert played.when("a") == ["2024-03-01T09:00:00+08:00"]


def test_a_task_is_done_after_its_time_counted_from_when_it_was_entered(rehearse):
    body = start() + user("a", "b") + end("e") + way("s a b e")
    played = rehearse({"tasks": {"a": [{"after": "P1M"}], "b": [{"after": "PT36H", "data": {"x": 1}}]}}, p=body)
    assert played.when("a") == ["2024-03-29T09:00:00+08:00"]
    assert played.when("b", "entered") == ["2024-03-29T09:00:00+08:00"]
    assert played.when("b") == ["2024-03-30T21:00:00+08:00"]
    assert played.data == {"x": 1}


def test_the_items_of_a_task_are_used_in_order_and_the_last_one_again_and_again(rehearse):
    turns = [{"data": {"again": True}}, {"data": {"again": True}, "after": "P2D"}, {"data": {"again": False}}]
    played = rehearse({"tasks": {"a": turns}}, p=LOOP)
    assert played.when("a") == ["2024-02-29T09:00:00+08:00"] + ["2024-03-02T09:00:00+08:00"] * 2
    endless = rehearse({"tasks": {"a": [{"after": "P1Y", "data": {"again": True}}]}}, until="P10Y", p=LOOP)
    assert len(endless.when("a")) == 10
    assert endless.state == ("waiting", 4)


def test_the_answers_go_under_the_result_of_the_task(rehearse):
    body = start() + user("a", result="said") + end("e") + way("s a e")
    assert rehearse({"tasks": {"a": [{"data": {"x": 1}}]}}, p=body).data == {"said": {"x": 1}}


def test_a_task_that_is_never_done_stays_open(rehearse):
    played = rehearse({"tasks": {"a": [{"never": True}]}}, p=LINE)
    assert played.state == ("waiting", 4)
    assert played.told["waiting"] == [{"element": "a", "kind": "task", "instance": "1"}]


def test_a_task_that_is_done_after_the_calendar_ends_stays_open(rehearse):
    played = rehearse({"start": "9990-01-01", "tasks": {"a": [{"after": "P100Y"}]}}, until="P1Y", p=LINE)
    assert played.waiting == [("a", "task")]


def test_every_instance_of_a_multi_instance_takes_the_next_item(rehearse):
    marker = many("=[1, 2]", outputCollection="all", outputElement="=vote")
    body = start() + user("a", inner=marker) + end("e") + way("s a e")
    turns = [{"data": {"vote": "yes"}, "after": "P1D"}, {"data": {"vote": "no"}, "after": "P2D"}]
    played = rehearse({"tasks": {"a": turns}}, p=body)
    assert played.data["all"] == ["yes", "no"]
    assert {one["instance"] for one in played.told["trace"]} == {"1"}


def test_the_scopes_of_an_instance_are_numbered_as_they_open(rehearse):
    inner = many("=[1, 2]", sequential=True) + start("ws") + user("a") + end("we") + way("ws a we")
    played = rehearse(p=start() + sub("work", inner) + end("e") + way("s work e"))
    assert [one.get("scope") for one in played.told["trace"] if one["element"] == "a"] == [1, 1, 2, 2]
    assert [one.get("scope") for one in played.told["trace"] if one["element"] == "e"] == [None, None]


def test_the_answers_of_one_turn_are_not_shared_with_the_next(rehearse):
    turns = [{"data": {"list": [1], "again": True}}]
    body = LOOP.replace("<userTask", "<userTask", 1)
    played = rehearse({"tasks": {"a": [*turns, {"data": {"again": False}}]}}, p=body)
    assert played.data == {"list": [1], "again": False}


def test_a_service_that_the_plan_names_answers_by_the_plan(rehearse):
    body = start() + service("ask", result="answer", operator="civil date") + end("e") + way("s ask e")
    assert rehearse({"services": {"ask": [{"data": {"x": 1}}]}}, p=body).data == {"answer": {"x": 1}}


def test_the_answer_of_a_service_without_a_result_goes_among_the_variables(rehearse):
    body = start() + node("serviceTask", "ask") + end("e") + way("s ask e")
    assert rehearse({"services": {"ask": [{"data": {"x": 1}}]}}, p=body).data == {"x": 1}


def test_a_service_that_nobody_names_runs_its_operator_on_the_moved_clock(rehearse):
    body = start() + service("day", operator="civil date", result="day") + end("e") + way("s day e")
    assert rehearse(p=body).data == {"day": "2024-02-29"}


def test_a_service_without_operator_that_nobody_names_passes_with_nothing(rehearse):
    body = start() + node("serviceTask", "ask") + end("e") + way("s ask e")
    played = rehearse(p=body)
    assert (played.state, played.data) == (("completed", 0), {})


def test_an_error_of_a_service_is_a_bpmn_error(rehearse):
    body = (
        start()
        + node("serviceTask", "ask")
        + boundary("wrong", "ask", error("E1"))
        + end("e", "caught")
        + way("s ask e", "wrong caught")
    )
    played = rehearse({"services": {"ask": [{"error": "C1"}]}}, p=body)
    assert (played.state, played.completed[-1]) == (("completed", 0), "caught")
    again = rehearse({"services": {"ask": [{"error": "C1"}, {"data": {}}]}}, p=body.replace("wrong_caught", "x"))
    assert again.state == ("completed", 0)


def test_a_message_is_handed_over_at_its_moment(rehearse):
    body = start() + receive("hear", result="said") + end("e") + way("s hear e")
    played = rehearse({"messages": [{"at": "P10D", "name": "answer", "payload": {"x": 1}}]}, p=body)
    assert played.when("hear") == ["2024-03-10T09:00:00+08:00"]
    assert played.data == {"said": {"x": 1}}


def test_a_moment_may_be_a_date_and_time(rehearse):
    body = start() + receive("hear") + end("e") + way("s hear e")
    played = rehearse({"messages": [{"at": "2024-03-01T10:00:00+08:00", "name": "answer"}]}, p=body)
    assert played.when("hear") == ["2024-03-01T10:00:00+08:00"]


def test_a_message_that_nobody_waits_for_is_kept_for_the_first_who_does(rehearse):
    body = start() + user("a") + receive("hear", result="said") + end("e") + way("s a hear e")
    plan = {"tasks": {"a": [{"after": "P5D"}]}, "messages": [{"at": "P1D", "name": "answer", "payload": {"x": 1}}]}
    played = rehearse(plan, p=body)
    assert played.when("hear") == ["2024-03-05T09:00:00+08:00"]
    assert played.data == {"said": {"x": 1}}


def test_a_message_that_nobody_ever_waits_for_is_told(rehearse):
    played = rehearse({"messages": [{"at": "P1D", "name": "answer", "payload": {"x": 1}}]}, p=LINE)
    assert played.state == ("completed", 0)
    assert played.told["kept"] == [{"name": "answer", "at": "2024-03-01T09:00:00+08:00", "payload": {"x": 1}}]


@pytest.mark.parametrize(
    ("key", "case", "met"),
    [
        ({"case": "K1"}, "K1", True),
        ({"case": "K2"}, "K1", False),
        ({"year": 2024, "no": 7}, 7, True),
        ({"unit": "339921", "year": 2024}, "339921/2024", True),
        ({}, "K1", False),
        (None, "K1", False),
    ],
)
def test_the_key_of_a_message_finds_the_instance_that_waits(rehearse, key, case, met):
    sent = {"at": "P1D", "name": "answer", "key": key}
    played = rehearse({"messages": [sent]}, {"case": case}, p=WAITS)
    assert (played.told["state"] == "completed") is met


def test_a_signal_reaches_every_instance_that_waits_and_is_not_kept(rehearse):
    body = (
        start()
        + parallel("f", "j")
        + catch("one", signal())
        + catch("two", signal())
        + user("a")
        + catch("late", signal())
        + end("e")
        + way("s f one j", "f two j", "f a late j e")
    )
    plan = {"tasks": {"a": [{"after": "P2D"}]}, "signals": [{"at": "P1D", "name": "alarm", "payload": {"x": 1}}]}
    played = rehearse(plan, p=body)
    assert played.waiting == [("late", "signal")]
    assert played.when("one") == played.when("two") == ["2024-03-01T09:00:00+08:00"]


def test_what_one_instance_sends_another_receives(rehearse):
    says = start() + send("tell", "order", mapped({"word": "=word"}), correlation="=case") + end("e") + way("s tell e")
    hears = start(trigger=message("order"), result="got") + user("do") + end("e2") + way("s do e2")
    played = rehearse(data={"word": "go", "case": "K1"}, p=says, q=hears.replace("order", "order"))
    assert played.state == ("completed", 0)
    assert [(one["instance"], one["process"]) for one in played.told["instances"]] == [("1", "p"), ("2", "q")]
    assert played.told["instances"][1]["data"] == {"got": {"word": "go"}}


def test_an_answer_comes_back_to_the_instance_that_asked(rehearse):
    asks = (
        start()
        + send("tell", "order", mapped({"case": "=case"}))
        + receive("hear", correlation="=case", result="said")
        + end("e")
        + way("s tell hear e")
    )
    answers = (
        start(trigger=message("order"), result="got")
        + user("do")
        + throw("reply", message(), mapped({"to": "=got.case"}), correlation="=got.case")
        + end("e2")
        + way("s do reply e2")
    )
    played = rehearse({"tasks": {"do": [{"after": "P3D"}]}}, {"case": "K7"}, p=asks, q=answers)
    assert played.when("hear") == ["2024-03-03T09:00:00+08:00"]
    assert played.data["said"] == {"to": "K7"}


def test_a_thrown_signal_starts_what_it_starts_and_wakes_who_waits(rehearse):
    throws = start() + user("a") + throw("cry", signal()) + end("e") + way("s a cry e")
    waits = start(trigger=message("order")) + catch("hear", signal()) + end("e2") + way("s hear e2")
    starts = start(trigger=signal()) + end("e3") + way("s e3")
    plan = {"tasks": {"a": [{"after": "P2D"}]}, "messages": [{"at": "P1D", "name": "order"}]}
    played = rehearse(plan, p=throws, q=waits, r=starts)
    assert played.state == ("completed", 0)
    assert [one["process"] for one in played.told["instances"]] == ["p", "q", "r"]
    assert played.when("hear") == played.when("e3") == ["2024-03-02T09:00:00+08:00"]


def test_a_message_event_sub_process_and_a_boundary_interrupt_as_in_the_service(rehearse):
    body = (
        start()
        + sub("work", start("ws") + user("a") + end("we") + way("ws a we"))
        + boundary("stop", "work", message(), result="why")
        + end("e", "stopped")
        + way("s work e", "stop stopped")
    )
    plan = {"tasks": {"a": [{"never": True}]}, "messages": [{"at": "P1Y", "name": "answer", "payload": {"x": 1}}]}
    played = rehearse(plan, p=body)
    assert played.completed[-1] == "stopped"
    assert played.when("a", "cancelled") == ["2025-02-28T09:00:00+08:00"]
    assert played.data == {"why": {"x": 1}}
