"""What the engine cannot run is refused by name, before anything reads the file and before anything runs."""

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
        ('<adHocSubProcess id="x"/>', "x unsupported"),
        ('<choreographyTask id="x" initiatingParticipantRef="a"/>', "x unsupported"),
        ('<userTask id="x" icity:role="R" startQuantity="2"/>', "x unsupported"),
        ('<userTask id="x" icity:role="R" completionQuantity="3"/>', "x unsupported"),
        ('<task id="x"/><dataStoreReference id="y"/>', "y unsupported"),
        ('<userTask id="x"/>', "x unnamed-role"),
        ('<userTask id="x" icity:role="nobody"/>', "x missing-role"),
        ('<userTask id="x" icity:role="R" icity:form="none"/>', "x missing-form"),
        ('<serviceTask id="x"/>', "x unnamed-operator"),
        ('<serviceTask id="x" icity:operator="rm"/>', "x missing-operator"),
        ('<businessRuleTask id="x"/>', "x unnamed-decision"),
        ('<businessRuleTask id="x" icity:decision="none"/>', "x missing-decision"),
        ('<callActivity id="x"/>', "x unnamed-process"),
        ('<callActivity id="x" calledElement="none"/>', "x missing-process"),
        ('<userTask id="x" icity:role="R" icity:organisation="=1 +"/>', "x feel"),
    ],
)
def test_it_is_refused_with_its_id(middle, rule):
    assert rule in findings(around(middle))


@pytest.mark.parametrize(
    "middle",
    [
        '<userTask id="x" icity:role="R" icity:form="f"/>',
        '<inclusiveGateway id="x"/>',
        '<transaction id="x"><startEvent id="i"/><endEvent id="o"/>' + flows(("i", "o")) + "</transaction>",
        '<intermediateCatchEvent id="x"><signalEventDefinition signalRef="alarm"/></intermediateCatchEvent>',
        '<intermediateThrowEvent id="x"><escalationEventDefinition escalationRef="L1"/></intermediateThrowEvent>',
    ],
)
def test_a_sound_diagram_has_no_findings(middle):
    assert set(findings(around(middle))) <= {"x pointless-gateway"}


@pytest.mark.parametrize("text", ["P1", "2Y", "P99999999999Y", "PT0S1", "每两年", "-P1D", "P201Y", "P1Y2X"])
def test_an_impossible_duration_is_refused(text):
    event = f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>"
    body = around(f'<intermediateCatchEvent id="x">{event}</intermediateCatchEvent>')
    assert "x timer" in findings(body)


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
