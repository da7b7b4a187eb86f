"""Data objects, data inputs and outputs, and the associations between them (§10.4)."""

import pytest

from tests.support.diagrams import Play
from tests.support.rows import row
from tests.support.shapes import (
    call,
    catch,
    end,
    many,
    mapped,
    message,
    node,
    service,
    start,
    sub,
    throw,
    user,
    way,
)

OBJECT = '<dataObject id="o1" name="amount"/><dataObjectReference id="ref" name="Betrag" dataObjectRef="o1"/>'
OTHER = '<dataObject id="o2" name="total"/><dataObjectReference id="ref2" dataObjectRef="o2"/>'


def specification(inputs=(), outputs=()):
    """Draw the inputs and outputs of an activity; each is (id, name)."""
    told = "".join(f'<dataInput id="{one}" name="{name}"/>' for one, name in inputs)
    told += "".join(f'<dataOutput id="{one}" name="{name}"/>' for one, name in outputs)
    told += f"<inputSet>{''.join(f'<dataInputRefs>{one}</dataInputRefs>' for one, _ in inputs)}</inputSet>"
    told += f"<outputSet>{''.join(f'<dataOutputRefs>{one}</dataOutputRefs>' for one, _ in outputs)}</outputSet>"
    return f"<ioSpecification>{told}</ioSpecification>"


def reads(source, target, inner="", name="in"):
    ends = f"<sourceRef>{source}</sourceRef><targetRef>{target}</targetRef>"
    return f'<dataInputAssociation id="{name}_{source}">{ends}{inner}</dataInputAssociation>'


def writes(source, target, inner="", name="out"):
    ends = f"<sourceRef>{source}</sourceRef><targetRef>{target}</targetRef>"
    return f'<dataOutputAssociation id="{name}_{target}">{ends}{inner}</dataOutputAssociation>'


def around(*inner):
    return OBJECT + OTHER + start() + "".join(inner) + user("after") + end("e") + way("s x after e")


@row("data object", "§10.4.1")
def test_a_data_object_is_a_variable_of_its_name():
    play = Play(data={"amount": 7}, p=around(user("x")))
    assert play.see("x")["amount"] == 7
    play.complete("x", amount=8)
    assert play.see("after")["amount"] == 8


@row("data input with its association", "§10.4.2")
def test_a_data_input_is_filled_when_the_activity_begins():
    told = specification(inputs=[("x_in", "n")]) + reads("ref", "x_in")
    play = Play(data={"amount": 7}, p=around(user("x", inner=told)))
    assert play.see("x")["n"] == 7


@row("data output with its association", "§10.4.2")
def test_a_data_output_is_handed_on_when_the_activity_completes():
    told = specification(outputs=[("x_out", "answer")]) + writes("x_out", "ref2")
    play = Play(p=around(user("x", inner=told)))
    play.complete("x", answer=9)
    assert play.see("after")["total"] == 9


def test_what_an_activity_puts_into_its_outputs_stays_with_it():
    told = specification(inputs=[("x_in", "n")], outputs=[("x_out", "answer")]) + reads("ref", "x_in")
    play = Play(data={"amount": 7}, p=around(user("x", inner=told + writes("x_out", "ref2"))))
    play.complete("x", answer=9)
    seen = play.see("after")
    assert (seen["amount"], seen["total"], "n" in seen) == (7, 9, False)


@pytest.mark.parametrize(("source", "target"), [("x_in", "x_out"), ("n", "r")])
def test_a_name_falls_back_to_the_id(source, target):
    names = (source, "") if source == "x_in" else ("x_in", "n")
    given = f'<dataInput id="x_in" name="{names[1]}"/>' if names[1] else '<dataInput id="x_in"/>'
    got = '<dataOutput id="x_out" name="r"/>' if target == "r" else '<dataOutput id="x_out"/>'
    told = f"<ioSpecification>{given}{got}<inputSet/><outputSet/></ioSpecification>"
    play = Play(data={"amount": 7}, p=around(user("x", inner=told + reads("ref", "x_in") + writes("x_out", "ref2"))))
    assert play.see("x")[source] == 7
    play.complete("x", **{target: 9})
    assert play.see("after")["total"] == 9


def test_a_data_object_without_a_name_is_called_by_its_id():
    body = '<dataObject id="plain"/><dataObjectReference id="pref" dataObjectRef="plain"/>' + start()
    told = specification(outputs=[("x_out", "answer")]) + writes("x_out", "pref")
    play = Play(p=body + user("x", inner=told) + user("after") + end("e") + way("s x after e"))
    play.complete("x", answer=9)
    assert play.see("after")["plain"] == 9


@row("transformation of a data association", "§10.4.2")
def test_a_transformation_is_reckoned_on_the_way():
    told = specification(inputs=[("x_in", "n")], outputs=[("x_out", "answer")])
    told += reads("ref", "x_in", "<transformation>=amount * 2</transformation>")
    told += writes("x_out", "ref2", "<transformation>=answer + 1</transformation>")
    play = Play(data={"amount": 7}, p=around(user("x", inner=told)))
    assert play.see("x")["n"] == 14
    play.complete("x", answer=9)
    assert play.see("after")["total"] == 10


@row("assignment of a data association", "§10.4.2")
def test_an_assignment_sets_its_target():
    told = specification(inputs=[("x_in", "n")], outputs=[("x_out", "answer")])
    told += reads("ref", "x_in", "<assignment><from>=amount + 1</from><to>n</to></assignment>")
    told += writes("x_out", "ref2", "<assignment><from>=answer * 2</from><to>total</to></assignment>")
    play = Play(data={"amount": 7}, p=around(user("x", inner=told)))
    assert play.see("x")["n"] == 8
    play.complete("x", answer=9)
    assert play.see("after")["total"] == 18


CALLED = (
    specification(inputs=[("q_in", "n")], outputs=[("q_out", "answer")])
    + start("qs") + user("u") + end("qe") + way("qs u qe")
)  # fmt: skip


@row("data inputs and outputs of a called process", "§10.4.1")
def test_a_called_process_is_handed_only_the_inputs_it_declares():
    play = Play(data={"n": 7, "secret": 1}, p=around(call("x")), q=CALLED)
    assert play.see("u") == {"n": 7}
    play.complete("u", answer=9, own=3)
    seen = play.see("after")
    assert (seen["answer"], "own" in seen) == (9, False)


def test_a_call_fills_and_empties_the_inputs_and_outputs_by_its_associations():
    told = specification(inputs=[("x_in", "n")], outputs=[("x_out", "answer")])
    told += reads("ref", "x_in") + writes("x_out", "ref2")
    play = Play(data={"amount": 7}, p=around(call("x", "q", told)), q=CALLED)
    assert play.see("u") == {"n": 7}
    play.complete("u", answer=9)
    assert play.see("after")["total"] == 9


@row("collection and outputs of a multi-instance as data", "§10.3.8")
@pytest.mark.parametrize("sequential", [True, False])
def test_a_multi_instance_walks_a_data_object_and_gathers_into_another(sequential):
    told = f'isSequential="{str(sequential).lower()}"'
    loop = (
        f"<multiInstanceLoopCharacteristics {told}><loopDataInputRef>ref</loopDataInputRef>"
        '<loopDataOutputRef>ref2</loopDataOutputRef><inputDataItem id="i" name="one"/>'
        '<outputDataItem id="o" name="answer"/></multiInstanceLoopCharacteristics>'
    )
    play = Play(data={"amount": [1, 2, 3]}, p=around(user("x", inner=loop)))
    while play.tasks != ["after"]:
        one = max(seen["one"] for seen in play.seen("x"))
        play.pick("x", {"answer": one * 10}, one=one)
    assert play.see("after")["total"] == [10, 20, 30]


def test_each_instance_of_a_sub_process_has_inputs_of_its_own():
    inner = mapped({"n": "=amount + item"}) + many("=[1, 2]") + start("is") + user("u") + end("ie") + way("is u ie")
    play = Play(data={"amount": 7}, p=around(sub("x", inner)))
    assert sorted(seen["n"] for seen in play.seen("u")) == [8, 9]
    play.complete("u")
    play.complete("u")
    assert play.see("after") == {"amount": 7}


def test_variables_hold_plain_json_whatever_was_written():
    data = {"a": None, "b": [1, {"c": "中"}], "d": 1.5, "e": True, "": "empty", "with space": 1}
    play = Play(data=data, p=around(user("x")))
    assert play.see("x") == data
    play.complete("x")
    assert play.see("after") == data


def test_a_sub_process_in_a_called_process_writes_that_process():
    called = start("qs") + sub("sp", start("is") + user("u") + end("ie") + way("is u ie")) + user("v") + end("qe")
    play = Play(data={"n": 1}, p=around(call("x", "q", mapped({"n": "=n"}))), q=called + way("qs sp v qe"))
    play.complete("u", n=2)
    assert play.see("v") == {"n": 2}
    play.complete("v")
    assert play.see("after") == {"n": 1}


def test_a_receive_in_a_sub_process_writes_the_process():
    inner = start("is") + node("receiveTask", "u", messageRef="answer", result="got") + end("ie") + way("is u ie")
    play = Play(p=around(sub("x", inner)))
    play.come("u", {"n": 1})
    assert play.see("after") == {"got": {"n": 1}}


def test_a_service_task_is_given_its_data_inputs_and_hands_on_its_result():
    told = specification(inputs=[("x_in", "n")], outputs=[("x_out", "r")]) + reads("ref", "x_in")
    body = around(service("x", told + writes("x_out", "ref2"), result="r"))
    given = []
    play = Play(data={"amount": 7}, operate=lambda _name, inputs: given.append(inputs) or 21, p=body)
    assert given == [{"n": 7}]
    assert play.see("after")["total"] == 21


@row("data output of a catching event", "§10.4.1")
def test_what_a_message_carries_is_handed_on_by_its_event():
    told = '<dataOutput id="x_out" name="got"/>' + writes("x_out", "ref2") + message()
    play = Play(p=around(catch("x", told, result="got")))
    play.come("x", {"n": 1})
    assert play.see("after")["total"] == {"n": 1}


@row("data input of a throwing event", "§10.4.1")
def test_what_a_message_carries_is_taken_from_the_data_of_its_event():
    told = '<dataInput id="x_in" name="n"/>' + reads("ref", "x_in") + message()
    play = Play(data={"amount": 7}, p=around(throw("x", told)))
    assert [one.payload for one in play.thrown] == [{"n": 7}]


@row("data object of a sub-process", "§10.4.1")
def test_a_data_object_of_a_sub_process_lives_and_dies_with_it():
    inner = '<dataObject id="own"/>' + start("is") + user("u", "v") + end("ie") + way("is u v ie")
    play = Play(p=around(sub("x", inner)))
    play.complete("u", own=1)
    assert play.see("v")["own"] == 1
    play.complete("v")
    assert "own" not in play.see("after")


def test_the_collected_output_of_a_multi_instance_is_handed_on_when_it_completes():
    loop = (
        "<multiInstanceLoopCharacteristics><loopDataInputRef>xs</loopDataInputRef>"
        "<loopDataOutputRef>x_out</loopDataOutputRef><inputDataItem id='item'/><outputDataItem id='score'/>"
        "</multiInstanceLoopCharacteristics>"
    )
    told = specification(outputs=[("x_out", "outs")]) + writes("x_out", "ref2") + loop
    objects = '<dataObject id="xs"/>'
    play = Play(data={"xs": ["p", "q"]}, p=objects + around(user("x", inner=told)))
    play.complete("x", score=1)
    play.complete("x", score=2)
    seen = play.see("after")
    assert seen["total"] == [1, 2]
    assert "outs" not in seen


def test_an_arrow_that_does_not_say_what_it_hands_over_changes_nothing():
    drawn = '<dataOutputAssociation id="idle"><targetRef>ref2</targetRef></dataOutputAssociation>'
    play = Play(data={"total": 1}, p=around(user("x", inner=drawn)))
    play.complete("x")
    assert play.see("after")["total"] == 1


def test_inputs_and_outputs_of_a_call_match_those_of_what_it_calls_by_their_order():
    told = specification(inputs=[("x_in", "given")], outputs=[("x_out", "told")])
    told += reads("ref", "x_in") + writes("x_out", "ref2")
    play = Play(data={"amount": 7}, p=around(call("x", "q", told)), q=CALLED)
    assert play.see("u") == {"n": 7}
    play.complete("u", answer=9)
    seen = play.see("after")
    assert seen["total"] == 9
    assert not {"told", "answer"} & seen.keys()
