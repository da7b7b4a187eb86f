"""Cases of the rules about events, sub-processes, compensation, loops and calls."""

from tests.features.lint.drawings import (
    CANCEL,
    ERROR,
    MESSAGE,
    SIGNAL,
    TIMER,
    UNDO,
    Case,
    E,
    S,
    U,
    boundary,
    catch,
    inside,
    one,
    sub,
    throw,
    way,
)
from tests.support.diagrams import flows

EVENT_SUB = {"triggeredByEvent": "true"}
LINK = '<linkEventDefinition name="{}"/>'
STRAY = '<task id="h" isForCompensation="true"/>'
TO_H = '<association id="to_h" sourceRef="b" targetRef="h"/>'
BACK = f'<boundaryEvent id="b" attachedToRef="u">{UNDO}</boundaryEvent>'


def start(definition: str) -> str:
    """Draw a process that starts with an event of this definition."""
    return f'<startEvent id="x">{definition}</startEvent>' + E + flows(("x", "e"))


def ending(definition: str) -> str:
    """Draw a process that ends with an event of this definition."""
    return S + f'<endEvent id="x">{definition}</endEvent>' + flows(("s", "x"))


def watching(definition: str, name: str = "w", **attributes: str) -> str:
    """Draw an event sub-process."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    inner = inside(name, definition).replace(f'id="{name}s"', f'id="{name}s"{written}')
    return sub(inner, name, **EVENT_SUB)


def linked(*catches: str) -> str:
    """Draw a throwing link `t` and these catching ones."""
    throws = throw(LINK.format("L"), "t")
    ends = "".join(catch(LINK.format("L"), name) + flows((name, "e")) for name in catches)
    return S + throws + E + ends + flows(("s", "t"))


def again(marker: str) -> str:
    """Draw a task that is done more than once."""
    return one(f'<task id="x">{marker}</task>')


def many(inner: str = "", **attributes: str) -> str:
    """Draw a multi-instance."""
    written = "".join(f' {key.replace("icity_", "icity:")}="{value}"' for key, value in attributes.items())
    return f"<multiInstanceLoopCharacteristics{written}>{inner}</multiInstanceLoopCharacteristics>"


def calls(*pairs: tuple[str, str], then: str = "") -> str:
    """Draw processes that each do nothing but call another."""
    drawn = (
        f'<process id="{own}"><startEvent id="{own}s"/><callActivity id="{own}c" calledElement="{called}">{then}'
        f'</callActivity><endEvent id="{own}e"/>' + flows((f"{own}s", f"{own}c"), (f"{own}c", f"{own}e")) + "</process>"
        for own, called in pairs
    )
    return "".join(drawn)


DEFINITIONS = ("error", "escalation", "compensate", "cancel", "terminate", "link", "timer", "conditional")


def kind(name: str) -> str:
    """Draw an event definition of a kind."""
    return f"<{name}EventDefinition/>"


EVENTS = [
    *(Case("event-kind", "x", start(kind(name))) for name in DEFINITIONS[:6]),
    *(Case("event-kind", "x", ending(kind(name))) for name in ("timer", "conditional", "link")),
    *(Case("event-kind", "x", one(catch(kind(name)))) for name in DEFINITIONS[:5]),
    *(
        Case("event-kind", "x", one(throw(kind(name))))
        for name in ("timer", "conditional", "error", "cancel", "terminate")
    ),
    *(Case("event-kind", "b", one(U + boundary(kind(name)), "u")) for name in ("terminate", "link")),
    *(Case("event-kind", "ws", way() + watching(kind(name))) for name in ("terminate", "link", "cancel")),
    Case("catch-nothing", "x", one(catch(""))),
    Case("catch-nothing", "b", one(U + boundary(""), "u")),
    Case("several-definitions", "x", ending(MESSAGE + SIGNAL)),
    Case("several-definitions", "x", one(catch(MESSAGE + TIMER))),
    Case(
        "definition-scope",
        "x",
        one(catch("<eventDefinitionRef>d</eventDefinitionRef>")) + catch(MESSAGE.replace("/>", ' id="d"/>'), "y"),
    ),
    Case("start-in-subprocess", "is", one(sub(inside(definition=MESSAGE)))),
    Case("start-in-subprocess", "is", one(sub(inside(definition=TIMER), tag="transaction"))),
    Case("triggered-start", "ws", way() + watching("")),
    Case("not-interrupting", "ws", way() + watching(ERROR, isInterrupting="false")),
    Case(
        "not-interrupting", "b", one(sub(inside(), "u", "transaction") + boundary(CANCEL, cancelActivity="false"), "u")
    ),
    Case("interrupting-idle", "x", start(MESSAGE).replace("<startEvent", '<startEvent isInterrupting="false"')),
    Case("boundary-host", "b", one(U + boundary(MESSAGE, "e"), "u")),
    Case("boundary-host", "b", one(sub(inside(middle=U + flows(("is", "u"), ("u", "ie")))) + boundary(MESSAGE))),
    Case("boundary-outgoing", "b", one(U + f'<boundaryEvent id="b" attachedToRef="u">{MESSAGE}</boundaryEvent>', "u")),
    Case("boundary-event-subprocess", "b", way() + watching(MESSAGE) + boundary(TIMER, "w")),
    Case("same-catch", "b2", one(U + boundary(ERROR) + boundary(ERROR, name="b2"), "u")),
    Case("same-catch", "b2", one(U + boundary(kind("error")) + boundary(kind("error"), name="b2"), "u")),
    Case("same-catch", "b2", one(U + boundary(kind("escalation")) + boundary(kind("escalation"), name="b2"), "u")),
    Case("same-catch", "vs", way() + watching(ERROR) + watching(ERROR, "v")),
    Case("same-message", "b2", one(U + boundary(MESSAGE) + boundary(MESSAGE, name="b2"), "u")),
    Case(
        "same-message",
        "y",
        start(MESSAGE) + start(MESSAGE).replace('"x"', '"y"').replace('"e"', '"e2"').replace("x_e", "y_e"),
    ),
    Case("cancel-host", "b", one(U + boundary(CANCEL), "u")),
    Case("cancel-host", "b", one(sub(inside(), "u") + boundary(CANCEL), "u")),
    Case("cancel-end", "x", ending(CANCEL)),
    Case("cancel-end", "ie", one(sub(inside().replace('id="ie"/>', f'id="ie">{CANCEL}</endEvent>')))),
    Case(
        "cancel-uncaught",
        "ie",
        one(sub(inside().replace('id="ie"/>', f'id="ie">{CANCEL}</endEvent>'), tag="transaction")),
    ),
    Case("cancel-never", "b", one(sub(inside(), "u", "transaction") + boundary(CANCEL), "u")),
    Case("condition-missing", "x", one(catch(kind("conditional")))),
    Case(
        "condition-missing",
        "x",
        one(catch("<conditionalEventDefinition><condition> </condition></conditionalEventDefinition>")),
    ),
    Case("link-name", "t", S + throw(LINK.format(""), "t") + E + flows(("s", "t"))),
    Case("link-target", "t", linked()),
    Case("link-source", "x", way() + catch(LINK.format("L")) + flows(("x", "e"))),
    Case(
        "link-scope",
        "t",
        S
        + throw(LINK.format("L"), "t")
        + sub(inside(middle=catch(LINK.format("L"), "y") + flows(("y", "ie"))))
        + E
        + flows(("s", "t"), ("s", "x"), ("x", "e")),
    ),
    Case("link-several", "z", linked("y", "z")),
    Case("link-flow", "t", linked("y") + flows(("t", "e"))),
    Case("link-flow", "y", linked("y") + flows(("s", "y"))),
    Case("link-pair", "t", linked("y").replace('name="L"/>', 'name="L"><target>s</target></linkEventDefinition>', 1)),
    Case("event-data", "x", one(catch('<dataOutput id="a"/><dataOutput id="b"/>' + MESSAGE))),
]

ACTIVITIES = [
    Case("event-subprocess-flow", "w", way() + watching(MESSAGE) + flows(("s", "w"))),
    Case("event-subprocess-flow", "w", way() + watching(MESSAGE) + flows(("w", "e"))),
    Case("event-subprocess-start", "w", way() + sub('<endEvent id="we"/>', "w", **EVENT_SUB)),
    Case(
        "event-subprocess-start", "w", way() + sub(inside(definition=MESSAGE) + inside("j", SIGNAL), "w", **EVENT_SUB)
    ),
    Case(
        "event-subprocess-loop",
        "w",
        way()
        + watching(MESSAGE).replace("<startEvent", many("<loopCardinality>2</loopCardinality>") + "<startEvent", 1),
    ),
    Case("event-transaction", "w", way() + sub(inside(definition=MESSAGE), "w", "transaction", **EVENT_SUB)),
    Case("several-starts", "x", one(sub(inside() + inside("j")))),
    Case(
        "nested-too-deep",
        "n0",
        one("".join(f'<subProcess id="n{n}">' for n in range(20, -1, -1)) + inside() + "</subProcess>" * 21, "n20"),
    ),
    Case("compensation-flow", "h", one(U + STRAY + BACK + TO_H, "u") + flows(("h", "e"))),
    Case("compensation-orphan", "h", one(U + STRAY, "u")),
    Case("compensation-outgoing", "b", one(U + STRAY + boundary(UNDO) + TO_H, "u")),
    Case("compensation-handler", "b", one(U + BACK, "u")),
    Case("compensation-handler", "b", one(U + BACK + '<association id="a" sourceRef="b" targetRef="u"/>', "u")),
    Case(
        "compensation-handler",
        "b",
        one(
            U
            + STRAY
            + BACK
            + '<task id="k" isForCompensation="true"/><association id="a" sourceRef="b" targetRef="k"/>'
            + TO_H,
            "u",
        ),
    ),
    Case(
        "compensation-scope", "b", one(U + BACK + TO_H + sub(inside(middle=STRAY)), "u") + flows(("s", "x"), ("x", "e"))
    ),
    Case(
        "compensation-shared",
        "c",
        way(
            "u",
            "v",
            middle=U
            + '<task id="v"/>'
            + STRAY
            + BACK
            + TO_H
            + BACK.replace('"b"', '"c"').replace('"u"', '"v"')
            + '<association id="a" sourceRef="c" targetRef="h"/>',
        ),
    ),
    Case("compensate-unknown", "x", way("u", "x", middle=U + throw('<compensateEventDefinition activityRef="u"/>'))),
    Case("compensate-nothing", "x", one(throw(UNDO))),
    Case(
        "compensate-unreachable",
        "x",
        one(
            throw('<compensateEventDefinition activityRef="u"/>')
            + sub(inside(middle=U + flows(("is", "u"), ("u", "ie"))), "y")
        )
        + flows(("s", "y"), ("y", "e")),
    ),
]

LOOPS = [
    Case(
        "two-loops",
        "x",
        again(many("<loopCardinality>2</loopCardinality>") + '<standardLoopCharacteristics loopMaximum="2"/>'),
    ),
    Case("endless-loop", "x", again("<standardLoopCharacteristics/>")),
    Case("loop-maximum", "x", again('<standardLoopCharacteristics loopMaximum="0"/>')),
    Case("loop-maximum", "x", again('<standardLoopCharacteristics loopMaximum="-3"/>')),
    Case("loop-count", "x", again(many())),
    Case("loop-both", "x", again(many("<loopCardinality>2</loopCardinality>", icity_collection="=a"))),
    Case("loop-output", "x", again(many(icity_collection="=a", icity_outputElement="=b"))),
    Case("loop-output", "x", again(many('<loopCardinality>2</loopCardinality><inputDataItem id="i"/>'))),
    Case("loop-output", "x", again(many('<outputDataItem id="i"/>', icity_collection="=a"))),
    Case("loop-behavior", "x", again(many(icity_collection="=a", behavior="One"))),
    Case("loop-behavior", "x", again(many(icity_collection="=a", behavior="None"))),
    Case("loop-behavior", "x", again(many(icity_collection="=a", behavior="Complex"))),
    Case(
        "loop-behavior",
        "x",
        again(
            many(
                "<complexBehaviorDefinition><condition>a</condition></complexBehaviorDefinition>",
                icity_collection="=a",
                behavior="Complex",
            )
        ),
    ),
    Case("loop-behavior-idle", "x", again(many(icity_collection="=a", oneBehaviorEventRef="shared"))),
]

CALLS = [
    Case("call-cycle", "pc", calls(("p", "p"))),
    Case("call-cycle", "qc", calls(("p", "q"), ("q", "p"))),
    Case("call-cycle", "rc", calls(("p", "q"), ("q", "r"), ("r", "p"))),
    Case("recursion", "pc", calls(("p", "p"), then=many(icity_collection="=a"))),
    Case(
        "recursion",
        "c",
        f'<process id="p">{S}<exclusiveGateway id="x" default="x_e"/><callActivity id="c" calledElement="p"/>{E}'
        + flows(("s", "x"), ("x", "c", "=a"), ("x", "e"), ("c", "e"))
        + "</process>",
    ),
    Case("called-start", "pc", calls(("p", "q")) + f'<process id="q">{start(MESSAGE)}</process>'),
    Case(
        "call-data",
        "pc",
        calls(("p", "q"), then='<ioSpecification><dataInput id="a"/><inputSet/><outputSet/></ioSpecification>')
        + f'<process id="q"><ioSpecification><inputSet/><outputSet/></ioSpecification>{way()}</process>',
    ),
]
