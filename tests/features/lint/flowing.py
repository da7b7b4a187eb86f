"""Cases of the rules about flows, gateways and the way through a process."""

from tests.features.lint.drawings import (
    MESSAGE,
    MESSAGE2,
    TIMER,
    Case,
    E,
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

TWO = "<process id='p'>{}</process><process id='q'><startEvent id='t'/><endEvent id='o'/>{}</process>"
ENDS = '<endEvent id="e2"/>'


def first(body: str, condition: str) -> str:
    """Write another condition on the first flow that has one."""
    return body.replace("=a<", f"{condition}<", 1)


def awaited(*ways: str, **attributes: str) -> str:
    """Draw an event-based gateway `x` before these events `y`, `z` …"""
    names = [way.partition('id="')[2].partition('"')[0] for way in ways]
    gateway = '<eventBasedGateway id="x"' + "".join(f' {key}="{value}"' for key, value in attributes.items()) + "/>"
    lines = [("s", "x"), *(("x", name) for name in names), *((name, "e") for name in names)]
    return S + gateway + "".join(ways) + E + flows(*lines)


M, T = catch(MESSAGE, "y"), catch(TIMER, "z")
RECEIVE = '<receiveTask id="y" messageRef="m"/>'

FLOWS = [
    Case("flow-end", "s_no", way() + flows(("s", "no"))),
    Case("flow-end", "no_e", way() + flows(("no", "e"))),
    Case("flow-end", "s_n", way() + '<textAnnotation id="n"/>' + flows(("s", "n"))),
    Case("flow-end", "s_o", way() + '<dataObject id="o"/>' + flows(("s", "o"))),
    Case("flow-crosses-pool", "s_o", TWO.format(way() + flows(("s", "o")), flows(("t", "o")))),
    Case("flow-crosses-border", "s_ie", one(sub(inside())) + flows(("s", "ie"))),
    Case("flow-crosses-border", "x_ie", one(sub(inside(middle=flows(("x", "ie")))))),
    Case("flow-misplaced", "is_u", one(sub(inside(middle=U + flows(("u", "ie"))))) + flows(("is", "u"))),
    Case("start-incoming", "x_s", one('<task id="x"/>') + flows(("x", "s"))),
    Case("end-outgoing", "e_x", one('<task id="x"/>') + flows(("e", "x"))),
    Case("boundary-incoming", "u_b", one(U + boundary(MESSAGE) + flows(("u", "b")), "u")),
    Case("self-flow", "x_x", one('<task id="x"/>') + flows(("x", "x"))),
    Case("duplicate-flow", "again", way() + '<sequenceFlow id="again" sourceRef="s" targetRef="e"/>'),
    Case("flow-list", "e", one('<task id="x"><incoming>s_x</incoming><outgoing>x_e</outgoing></task>')),
    Case("flow-list-wrong", "x", one('<task id="x"><incoming>x_e</incoming></task>')),
    Case("flow-list-wrong", "x", one('<task id="x"><outgoing>s_x</outgoing></task>')),
    Case("is-immediate", "s_e", way().replace("sourceRef", 'isImmediate="false" sourceRef')),
    Case("condition", "s_e", S + E + flows(("s", "e", "=a"))),
    Case("condition", "x_y", choice(("=a", ""), "parallelGateway")),
    Case("condition", "x_e", S + catch(MESSAGE) + E + flows(("s", "x"), ("x", "e", "=a"))),
    Case(
        "condition",
        "b_b_e",
        one(U + boundary(MESSAGE), "u").replace(
            'targetRef="b_e">', 'targetRef="b_e"><conditionExpression>a</conditionExpression>'
        ),
    ),
    Case(
        "condition",
        "x_y",
        awaited(M, T).replace('targetRef="y">', 'targetRef="y"><conditionExpression>a</conditionExpression>'),
    ),
    Case("empty-condition", "x_y", first(choice(), " ")),
    Case("no-condition", "x_z", choice(("=a", ""))),
    Case("no-condition", "x_y", choice(("", ""))),
    Case("lonely-condition", "u_e", S + U + E + flows(("s", "u"), ("u", "e", "=a"))),
    Case("no-default", "x", choice()),
    Case("no-default", "x", choice(tag="inclusiveGateway")),
    Case("no-default", "x", choice(tag="task")),
    Case("no-default", "x", S + '<exclusiveGateway id="x"/>' + E + flows(("s", "x"), ("x", "e", "=a"))),
    Case("default-flow", "x", choice(("=a", ""), default="s_x")),
    Case("default-flow", "x", choice(("=a", "=b"), "task", default="y_e")),
    Case("default-condition", "x_z", choice(default="x_z")),
    Case("same-condition", "x_z", choice(("=a", "a"))),
]

GATEWAYS = [
    Case("gateway-direction", "x", choice(gatewayDirection="Converging")),
    Case("gateway-direction", "x", choice(gatewayDirection="Mixed")),
    Case("gateway-direction", "x", one('<exclusiveGateway id="x" gatewayDirection="Diverging"/>')),
    Case("gateway-direction", "x", one('<parallelGateway id="x" gatewayDirection="Converging"/>')),
    Case("pointless-gateway", "x", one('<parallelGateway id="x"/>')),
    Case("event-gateway-ways", "x", awaited(M)),
    Case("event-gateway-target", "x", awaited('<task id="y"/>', T)),
    Case("event-gateway-target", "x", awaited(throw(MESSAGE, "y"), T)),
    Case(
        "event-gateway-target",
        "x",
        S + '<eventBasedGateway id="x"/>' + T + E + flows(("s", "x"), ("x", "z"), ("x", "e"), ("z", "e")),
    ),
    Case("event-gateway-shared", "y", awaited(M, T, '<receiveTask id="w" messageRef="m2"/>') + flows(("z", "y"))),
    Case("event-gateway-mixed", "x", awaited(RECEIVE, catch(MESSAGE2, "z"))),
    Case("event-gateway-boundary", "y", awaited(RECEIVE, T) + boundary(TIMER, "y")),
    Case("event-gateway-same", "x", awaited(M, catch(MESSAGE, "z"))),
    Case("instantiate-incoming", "x", one('<receiveTask id="x" messageRef="m" instantiate="true"/>')),
    Case("instantiate-incoming", "x", awaited(M, T, instantiate="true")),
    Case(
        "instantiate-nested",
        "y",
        one(sub(inside(middle=RECEIVE.replace("/>", ' instantiate="true"/>') + flows(("y", "ie"))))),
    ),
]

WAYS = [
    Case("no-process", "defs", '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="defs"/>'),
    Case("empty-process", "p", "<documentation>nothing</documentation>"),
    Case("empty-process", "x", one(sub(""))),
    Case("not-executable", "p", f'<process id="p" isExecutable="false">{way()}</process>'),
    Case("public-executable", "p", f'<process id="p" isExecutable="true" processType="Public">{way()}</process>'),
    Case("no-start", "p", U + E + flows(("u", "e"))),
    Case("no-start", "x", one(sub('<endEvent id="ie"/>'))),
    Case("no-start", "p", '<task id="x"/><task id="y"/>' + flows(("x", "y"), ("y", "x"))),
    Case("implicit-start", "p", '<task id="x"/><task id="y"/>' + flows(("x", "y"))),
    Case("no-end", "p", S + U + flows(("s", "u"))),
    Case("no-end", "p", S),
    Case("unreachable", "x", way() + '<task id="x"/>' + flows(("x", "e"))),
    Case("unreachable", "y", way() + '<task id="x"/><task id="y"/>' + flows(("x", "y"), ("y", "x"))),
    Case("unreachable", "x", way() + catch(MESSAGE) + flows(("x", "e"))),
    Case("unreachable", "e2", way() + ENDS),
    Case("unreachable", "x", one(sub(inside() + '<task id="x"/>' + flows(("x", "ie")), "sp"), "sp")),
    Case("dead-end", "x", way(middle='<task id="x"/>') + flows(("s", "x"))),
    Case("dead-end", "x", way(middle='<exclusiveGateway id="x"/>') + flows(("s", "x"))),
    Case("dead-end", "x", way(middle=throw(MESSAGE)) + flows(("s", "x"))),
    Case("dead-end", "s", S + E),
    Case("no-way-out", "u", way(middle=U + '<task id="x"/>') + flows(("s", "u"), ("u", "x"), ("x", "u"))),
    Case("endless", "x", way(middle='<task id="x"/><task id="y"/>') + flows(("s", "x"), ("x", "y"), ("y", "x"))),
    Case("endless", "s", S + '<task id="x"/>' + flows(("s", "x"), ("x", "x"))),
    Case(
        "deadlock",
        "j",
        choice(("=a", ""), default="x_z").replace('targetRef="e"', 'targetRef="j"')
        + '<parallelGateway id="j"/>'
        + flows(("j", "e")),
    ),
    Case(
        "deadlock",
        "j",
        S
        + '<exclusiveGateway id="x" default="x_j"/><task id="y"/><parallelGateway id="j"/>'
        + E
        + flows(("s", "x"), ("x", "y", "=a"), ("y", "j"), ("x", "j"), ("j", "e")),
    ),
]
