"""Cases of the rules about the writing of a file, and about its references."""

from tests.features.lint.drawings import (
    ERROR,
    HEAD,
    MESSAGE,
    SIGNAL,
    Case,
    S,
    U,
    boundary,
    catch,
    choice,
    inside,
    one,
    sub,
    throw,
    way,
)
from tests.support.diagrams import flows

END = '<endEvent id="x">{}</endEvent>'
ESCALATES = '<escalationEventDefinition escalationRef="{}"/>'


def ending(definition: str) -> str:
    """Draw a process that ends with an event of this definition."""
    return S + END.format(definition) + flows(("s", "x"))


WRITING = [
    Case("wrong-root", "o", '<?xml version="1.0"?><o xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="o"/>'),
    *(
        Case("unsupported", "x", one(f'<{tag} id="x"/>'))
        for tag in ("complexGateway", "adHocSubProcess", "choreographyTask", "subChoreography", "callChoreography")
    ),
    Case("unsupported", "x", way() + '<dataStoreReference id="x"/>'),
    Case("unsupported", "x", way(), '<dataStore id="x"/>'),
    Case("unsupported", "x", way(), '<choreography id="x"/>'),
    Case("unsupported", "x", way(), '<globalScriptTask id="x"/>'),
    Case("unsupported", "x", way() + '<correlationSubscription id="x"/>'),
    Case("unsupported", "p", way() + "<supportedInterfaceRef>i</supportedInterfaceRef>"),
    Case("unsupported", "x", one('<task id="x" startQuantity="2"/>')),
    Case("unsupported", "x", one('<task id="x" completionQuantity="2"/>')),
    Case("unsupported", "x", one(catch(MESSAGE, parallelMultiple="true"))),
    Case("unsupported", "x", choice(("", ""), "eventBasedGateway", eventGatewayType="Parallel")),
    Case("unsupported", "x", one(sub(inside(), tag="transaction", method="##Store"))),
    Case("unsupported", "defs", way(), '<extension mustUnderstand="true"/>'),
    Case("script", "x", one('<scriptTask id="x"><script>1</script></scriptTask>')),
    Case("unknown-element", "x", one('<usertask id="x"/>')),
    Case("unknown-element", "x", one('<task id="x"><assignee>a</assignee></task>')),
    Case("misplaced-element", "x", one('<task id="x"><conditionExpression>a</conditionExpression></task>')),
    Case("misplaced-element", "x", one('<task id="x"><timerEventDefinition/></task>')),
    Case("misplaced-element", "y", one('<task id="x"><task id="y"/></task>')),
    Case("misplaced-element", "y", way(), '<task id="y"/>'),
    Case("misplaced-element", "x", one('<task id="x"><loopCardinality>3</loopCardinality></task>')),
    Case(
        "repeated-element", "s_e", way().replace("</seq", "<conditionExpression>a</conditionExpression>" * 2 + "</seq")
    ),
    Case(
        "repeated-element", "x", one('<task id="x">' + "<standardLoopCharacteristics loopMaximum='1'/>" * 2 + "</task>")
    ),
    Case("unknown-attribute", "x", one('<task id="x" role="R"/>')),
    Case("unknown-attribute", "x", one('<parallelGateway id="x" default="x_e"/>')),
    Case("unknown-attribute", "x", one('<task id="x" cancelActivity="false"/>')),
    Case("missing-attribute", "f", way() + '<sequenceFlow id="f" targetRef="e"/>'),
    Case("missing-attribute", "f", way() + '<sequenceFlow id="f" sourceRef="s"/>'),
    Case("missing-attribute", "b", one(U + '<boundaryEvent id="b"/>', "u")),
    Case("missing-attribute", "a", way() + '<association id="a" sourceRef="s"/>'),
    Case(
        "missing-attribute",
        "x",
        one('<task id="x"><extensionElements><icity:input name="a"/></extensionElements></task>'),
    ),
    Case("bad-value", "x", one('<task id="x" isForCompensation="yes"/>')),
    Case("bad-value", "x", one('<task id="x" isForCompensation="1"/>')),
    Case("bad-value", "x", one('<task id="x" startQuantity="many"/>')),
    Case("bad-value", "x", one('<exclusiveGateway id="x" gatewayDirection="Left"/>')),
    Case("bad-value", "x", one('<callActivity id="x" calledElement=" "/>')),
    Case("bad-value", "a", way() + '<association id="a" sourceRef="s" targetRef="e" associationDirection="Up"/>'),
    Case(
        "bad-value", "x_y", choice().replace("<conditionExpression>", '<conditionExpression language="javascript">', 1)
    ),
    Case("bad-value", "x_y", choice().replace("<conditionExpression>", '<conditionExpression xsi:type="tText">', 1)),
    Case(
        "bad-value", "x_y", choice().replace("<conditionExpression>", '<conditionExpression xsi:type="tExpression">', 1)
    ),
    Case("stray-text", "x", one('<task id="x">do it</task>')),
    Case("foreign-attribute", "x", one('<task id="x" xmlns:c="urn:other" c:assignee="a"/>')),
    Case(
        "foreign-extension",
        "x",
        one('<task id="x"><extensionElements><c xmlns="urn:other"/></extensionElements></task>'),
    ),
    Case("unknown-icity", "x", one('<task id="x" icity:rôle="R"/>')),
    Case("unknown-icity", "x", one('<task id="x"><extensionElements><icity:in/></extensionElements></task>')),
    Case("idle-attribute", "x", one('<serviceTask id="x" icity:operator="op" implementation="urn:a"/>')),
    Case("idle-attribute", "b", one(U + boundary('<compensateEventDefinition activityRef="u"/>'), "u")),
    Case("idle-icity", "x", one('<task id="x" icity:operator="op"/>')),
    Case("missing-target-namespace", "defs", HEAD.replace('targetNamespace="tests"', "") + "</definitions>"),
    Case(
        "expression-language",
        "defs",
        HEAD.replace("<definitions", '<definitions expressionLanguage="urn:js"') + "</definitions>",
    ),
    Case("missing-id", "p", one("<task/>") + '<sequenceFlow id="f" sourceRef="s" targetRef="e"/>'),
    Case("missing-id", "defs", f"<process>{way()}</process>"),
    Case("unnamed-part", "p", way() + '<sequenceFlow sourceRef="s" targetRef="e"/>'),
    Case("bad-id", "1x", one('<task id="1x"/>', "1x")),
    Case("bad-id", "a b", one('<task id="a b"/>', "a b")),
    Case("bad-id", "defs", f'<process id="p">{way()}</process><process id="">{way()}</process>'),
    Case("duplicate-id", "x", one('<task id="x"/><task id="x"/>')),
    Case("duplicate-id", "s", way() + '<textAnnotation id="s"><text>a</text></textAnnotation>'),
    Case("duplicate-diagram-id", "s", way(), '<di:BPMNDiagram><di:BPMNPlane id="s" bpmnElement="p"/></di:BPMNDiagram>'),
    Case("reserved-id", "Start", one('<task id="Start"/>', "Start")),
    Case("text-too-long", "x", one(f'<task id="x" name="{"n" * 501}"/>')),
    Case("text-too-long", "x" * 201, one(f'<task id="{"x" * 201}"/>', "x" * 201)),
    Case("text-too-long", "x", one(f'<task id="x"><documentation>{"n" * 20_001}</documentation></task>')),
]

REFERENCES = [
    Case("dangling-reference", "x", choice(default="nowhere")),
    Case("dangling-reference", "x", one('<task id="x"><incoming>nowhere</incoming></task>')),
    Case("dangling-reference", "b", one(U + boundary(MESSAGE, "nobody"), "u")),
    Case(
        "dangling-reference",
        "l",
        '<laneSet id="ls"><lane id="l"><flowNodeRef>no</flowNodeRef></lane></laneSet>' + way(),
    ),
    Case("dangling-reference", "x", one(throw('<compensateEventDefinition activityRef="no"/>'))),
    Case("dangling-reference", "x", one(catch("<eventDefinitionRef>no</eventDefinitionRef>"))),
    Case(
        "dangling-reference",
        "pa",
        way(),
        '<collaboration id="c"><participant id="pa" processRef="no"/></collaboration>',
    ),
    Case("dangling-reference", "m3", way(), '<message id="m3" name="3" itemRef="no"/>'),
    Case("dangling-reference", "x", one('<serviceTask id="x" operationRef="no" icity:operator="op"/>')),
    Case("dangling-reference", "gr", way() + '<group id="gr" categoryValueRef="no"/>'),
    Case("wrong-reference", "x", one(catch('<messageEventDefinition messageRef="g"/>'))),
    Case("wrong-reference", "x", one(catch('<signalEventDefinition signalRef="m"/>'))),
    Case("wrong-reference", "b", one(U + boundary('<errorEventDefinition errorRef="m"/>'), "u")),
    Case("wrong-reference", "b", one(U + boundary(MESSAGE, "s"), "u")),
    Case("wrong-reference", "x", one(catch("<eventDefinitionRef>m</eventDefinitionRef>"))),
    Case("wrong-reference", "x", choice(default="y")),
    Case("wrong-reference", "pa", way(), '<collaboration id="c"><participant id="pa" processRef="m"/></collaboration>'),
    Case("missing-message", "x", one(catch('<messageEventDefinition messageRef="no"/>'))),
    Case("missing-message", "x", one('<receiveTask id="x" messageRef="no"/>')),
    Case("missing-signal", "x", one(throw('<signalEventDefinition signalRef="no"/>'))),
    Case("missing-error", "x", ending('<errorEventDefinition errorRef="no"/>')),
    Case("missing-escalation", "x", one(throw(ESCALATES.format("no")))),
    Case("unnamed-message", "x", one(catch("<messageEventDefinition/>"))),
    Case("unnamed-message", "x", one('<sendTask id="x"/>')),
    Case("unnamed-message", "x", one('<receiveTask id="x"/>')),
    Case("unnamed-signal", "x", one(catch("<signalEventDefinition/>"))),
    Case("unnamed-error", "x", ending("<errorEventDefinition/>")),
    Case("unnamed-escalation", "x", one(throw("<escalationEventDefinition/>"))),
    Case("missing-code", "x", ending('<errorEventDefinition errorRef="E0"/>')),
    Case("missing-code", "x", one(throw(ESCALATES.format("L0")))),
    Case("nameless", "m3", way(), '<message id="m3"/>'),
    Case("duplicate-name", "m3", way(), '<message id="m3" name="M"/>'),
    Case("unnamed-role", "x", one('<userTask id="x"/>')),
    Case("missing-role", "x", one('<userTask id="x" icity:role="nobody"/>')),
    Case(
        "missing-role",
        "x",
        one(
            catch(
                "<timerEventDefinition><timeDuration>P1Y</timeDuration></timerEventDefinition>",
                icity_remind="P1D",
                icity_remindRoles="R nobody",
            )
        ),
    ),
    Case("missing-step", "x", one('<userTask id="x" icity:role="R" icity:performerOf="s"/>')),
    Case("missing-form", "x", one('<userTask id="x" icity:role="R" icity:form="none"/>')),
    Case("missing-action", "x", one('<userTask id="x" icity:role="R" icity:actions="return dance"/>')),
    Case("missing-action", "x", one('<userTask id="x" icity:role="R" icity:opinion="dance"/>')),
    Case("seat-of-one", "x", one('<userTask id="x" icity:role="R" icity:actions="seat"/>')),
    Case("opinion-of-nothing", "x", one('<userTask id="x" icity:role="R" icity:actions="" icity:opinion="copy"/>')),
    Case("unnamed-operator", "x", one('<serviceTask id="x"/>')),
    Case("missing-operator", "x", one('<serviceTask id="x" icity:operator="rm"/>')),
    Case("unnamed-decision", "x", one('<businessRuleTask id="x"/>')),
    Case("missing-decision", "x", one('<businessRuleTask id="x" icity:decision="none"/>')),
    Case("unnamed-process", "x", one('<callActivity id="x"/>')),
    Case("missing-process", "x", one('<callActivity id="x" calledElement="none"/>')),
    Case(
        "import",
        "defs",
        way(),
        '<import importType="http://www.omg.org/spec/BPMN/20100524/MODEL" location="no.bpmn" namespace="n"/>',
    ),
    Case(
        "idle-import",
        "defs",
        way(),
        '<import importType="http://www.w3.org/2001/XMLSchema" location="a.xsd" namespace="n"/>',
    ),
    Case(
        "performer",
        "x",
        one('<userTask id="x" icity:role="R"><potentialOwner><resourceRef>r</resourceRef></potentialOwner></userTask>'),
        '<resource id="r" name="r"/>',
    ),
    Case("event-kind", "x", ending(SIGNAL.replace("signal", "timer").replace(' timerRef="g"', ""))),
    Case("not-interrupting", "b", one(U + boundary(ERROR, cancelActivity="false"), "u")),
]
