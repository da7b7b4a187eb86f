"""What the engine cannot run right is refused by name."""

import pytest

from engine.bpmn import gate
from engine.errors import ModelRefused
from tests.support.diagrams import findings, flows


def around(middle, element="x"):
    return f'<startEvent id="s"/>{middle}<endEvent id="e"/>' + flows(("s", element), (element, "e"))


@pytest.mark.parametrize(
    ("middle", "rule"),
    [
        ('<scriptTask id="x"><script>import os</script></scriptTask>', "x script"),
        ('<complexGateway id="x"/>', "x unsupported"),
        ('<inclusiveGateway id="x"/>', "x unsupported"),
        ('<adHocSubProcess id="x"/>', "x unsupported"),
        ('<transaction id="x"/>', "x unsupported"),
        ('<subProcess id="x" triggeredByEvent="true"/>', "x unsupported"),
        ('<intermediateThrowEvent id="x"><linkEventDefinition/></intermediateThrowEvent>', "x unsupported"),
        ('<intermediateThrowEvent id="x"><compensateEventDefinition/></intermediateThrowEvent>', "x unsupported"),
        ('<intermediateCatchEvent id="x"><signalEventDefinition/></intermediateCatchEvent>', "x unsupported"),
        ('<userTask id="x" icity:role="R" startQuantity="2"/>', "x unsupported"),
        ('<userTask id="x" icity:role="R" isForCompensation="true"/>', "x unsupported"),
        ('<receiveTask id="x" messageRef="answer" instantiate="true"/>', "x unsupported"),
        ('<subProcess id="x"><endEvent id="e1"/></subProcess>', "x start"),
        ('<userTask id="x"/>', "x missing-role"),
        ('<userTask id="x" icity:role="nobody"/>', "x missing-role"),
        ('<userTask id="x" icity:role="R" icity:form="none"/>', "x missing-form"),
        ('<serviceTask id="x"/>', "x missing-operator"),
        ('<serviceTask id="x" icity:operator="rm"/>', "x missing-operator"),
        ('<businessRuleTask id="x" icity:decision="none"/>', "x missing-decision"),
        ('<callActivity id="x" calledElement="none"/>', "x missing-process"),
        ('<userTask id="x" icity:role="R" icity:organisation="=1 +"/>', "x feel"),
    ],
)
def test_it_is_refused_with_its_id(middle, rule):
    assert rule in findings(around(middle))


def test_a_sound_diagram_has_no_findings():
    assert findings(around('<userTask id="x" icity:role="R" icity:form="f"/>')) == []


@pytest.mark.parametrize("text", ["P1", "2Y", "P99999999999Y", "PT0S1", "每两年"])
def test_an_impossible_duration_is_refused(text):
    event = f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>"
    body = around(f'<intermediateCatchEvent id="x">{event}</intermediateCatchEvent>')
    assert "x timer" in findings(body)


def test_two_flows_out_of_a_task_are_refused():
    body = '<startEvent id="s"/><userTask id="x" icity:role="R"/><endEvent id="e"/><endEvent id="e2"/>'
    assert "x split" in findings(body + flows(("s", "x"), ("x", "e"), ("x", "e2")))


def test_a_condition_where_nobody_asks_it_is_refused():
    body = '<startEvent id="s"/><userTask id="x" icity:role="R"/><endEvent id="e"/>'
    assert "x_e condition" in findings(body + flows(("s", "x"), ("x", "e", "=true")))


def test_a_choice_without_condition_or_default_is_refused():
    body = '<startEvent id="s"/><exclusiveGateway id="x"/><endEvent id="e"/><endEvent id="e2"/>'
    assert "x_e2 condition" in findings(body + flows(("s", "x"), ("x", "e", "=true"), ("x", "e2")))


def test_a_message_that_would_not_interrupt_is_refused():
    body = around(
        '<userTask id="x" icity:role="R"/><boundaryEvent id="b" attachedToRef="x" cancelActivity="false">'
        '<messageEventDefinition messageRef="answer"/></boundaryEvent><endEvent id="e2"/>'
    )
    assert "b unsupported" in findings(body + flows(("b", "e2")))


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE d [<!ENTITY a "b">]><definitions/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d><definitions/>'.encode("utf-16"),
        b"<definitions",
        b"<a>" * 100 + b"</a>" * 100,
        b'<definitions xmlns="http://evil.example/"/>',
        b" " * 2_000_001,
    ],
)
def test_the_gate_refuses_before_anything_reads_the_file(content):
    with pytest.raises(ModelRefused):
        gate.parse_xml(content, "bad.bpmn")
