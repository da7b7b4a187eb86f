"""The shapes of BPMN in a few words, so that a test can draw its diagram in a few lines."""

from xml.sax.saxutils import quoteattr

ICITY = frozenset(
    {"role", "result", "operator", "decision", "milestone", "anchor", "correlation", "collection"}
    | {"elementVariable", "outputCollection", "outputElement", "deadline", "stops"}
)
TERMINATE = "<terminateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"


def node(kind: str, name: str, inner: str = "", **attributes: object) -> str:
    """Return one element; names of the engine's own attributes get their prefix."""
    told = {"id": name, **attributes}
    text = "".join(f" {'icity:' * (key in ICITY)}{key}={quoteattr(_text(value))}" for key, value in told.items())
    return f"<{kind}{text}>{inner}</{kind}>"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def mapped(inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> str:
    """Return the declared inputs and outputs of an element."""
    items = [("input", name, value) for name, value in (inputs or {}).items()]
    items += [("output", name, value) for name, value in (outputs or {}).items()]
    text = "".join(f"<icity:{kind} name={quoteattr(name)} value={quoteattr(value)}/>" for kind, name, value in items)
    return f"<extensionElements>{text}</extensionElements>"


# Activities


def user(*names: str, inner: str = "", **attributes: object) -> str:
    return "".join(node("userTask", name, inner, **attributes) for name in names)


def task(*names: str) -> str:
    return "".join(node("task", name) for name in names)


def service(name: str, inner: str = "", *, operator: str = "op", **attributes: object) -> str:
    return node("serviceTask", name, inner, operator=operator, **attributes)


def send(name: str, ref: str = "answer", inner: str = "", **attributes: object) -> str:
    return node("sendTask", name, inner, messageRef=ref, **attributes)


def receive(name: str, ref: str = "answer", inner: str = "", **attributes: object) -> str:
    return node("receiveTask", name, inner, messageRef=ref, **attributes)


def rule(name: str, inner: str = "", **attributes: object) -> str:
    return node("businessRuleTask", name, inner, decision="deadline", **attributes)


def call(name: str, called: str = "q", inner: str = "", **attributes: object) -> str:
    return node("callActivity", name, inner, calledElement=called, **attributes)


def sub(name: str, inner: str, **attributes: object) -> str:
    return node("subProcess", name, inner, **attributes)


def transaction(name: str, inner: str) -> str:
    return node("transaction", name, inner)


def handler(name: str, inner: str) -> str:
    """Return an event sub-process."""
    return node("subProcess", name, inner, triggeredByEvent=True)


def many(collection: str = "=[1, 2, 3]", inner: str = "", *, sequential: bool = False, **attributes: object) -> str:
    """Return a multi-instance marker over a collection; each instance sees its item as `item`."""
    told = {"isSequential": sequential, "collection": collection, "elementVariable": "item", **attributes}
    text = "".join(f" {'icity:' * (key in ICITY)}{key}={quoteattr(_text(value))}" for key, value in told.items())
    return f"<multiInstanceLoopCharacteristics{text}>{inner}</multiInstanceLoopCharacteristics>"


def repeat(condition: str = "=true", **attributes: object) -> str:
    """Return a standard loop marker."""
    text = "".join(f" {key}={quoteattr(_text(value))}" for key, value in attributes.items())
    inner = f"<loopCondition>{condition}</loopCondition>" if condition else ""
    return f"<standardLoopCharacteristics{text}>{inner}</standardLoopCharacteristics>"


# Gateways


def exclusive(name: str, **attributes: object) -> str:
    return node("exclusiveGateway", name, **attributes)


def parallel(*names: str) -> str:
    return "".join(node("parallelGateway", name) for name in names)


def inclusive(name: str, **attributes: object) -> str:
    return node("inclusiveGateway", name, **attributes)


def choice(name: str, **attributes: object) -> str:
    """Return an event-based gateway."""
    return node("eventBasedGateway", name, **attributes)


# Events


def start(name: str = "s", trigger: str = "", **attributes: object) -> str:
    return node("startEvent", name, trigger, **attributes)


def end(*names: str, trigger: str = "", inner: str = "", **attributes: object) -> str:
    return "".join(node("endEvent", name, inner + trigger, **attributes) for name in names)


def catch(name: str, trigger: str, **attributes: object) -> str:
    return node("intermediateCatchEvent", name, trigger, **attributes)


def throw(name: str, trigger: str = "", inner: str = "", **attributes: object) -> str:
    return node("intermediateThrowEvent", name, inner + trigger, **attributes)


def boundary(name: str, on: str, trigger: str, *, interrupting: bool = True, **attributes: object) -> str:
    told = {} if interrupting else {"cancelActivity": False}
    return node("boundaryEvent", name, trigger, attachedToRef=on, **told, **attributes)


def undo(name: str, of: str, kind: str = "userTask", **attributes: object) -> str:
    """Return the compensation of an activity: the boundary event `name`_event, the handler, their association."""
    event = f"{name}_event"
    return (
        boundary(event, of, compensation())
        + node(kind, name, isForCompensation=True, **attributes)
        + f'<association id="{event}_{name}" sourceRef="{event}" targetRef="{name}" associationDirection="One"/>'
    )


# What triggers an event


def timer(text: str = "P1D", kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


def message(ref: str = "answer") -> str:
    return f'<messageEventDefinition messageRef="{ref}"/>'


def signal(ref: str = "alarm") -> str:
    return f'<signalEventDefinition signalRef="{ref}"/>'


def condition(text: str = "=go") -> str:
    return f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>"


def error(ref: str | None = None) -> str:
    return f'<errorEventDefinition errorRef="{ref}"/>' if ref else "<errorEventDefinition/>"


def escalation(ref: str | None = None) -> str:
    return f'<escalationEventDefinition escalationRef="{ref}"/>' if ref else "<escalationEventDefinition/>"


def link(name: str) -> str:
    return f'<linkEventDefinition name="{name}"/>'


def compensation(of: str | None = None, *, wait: bool = True) -> str:
    told = f' activityRef="{of}"' if of else ""
    told += "" if wait else ' waitForCompletion="false"'
    return f"<compensateEventDefinition{told}/>"


# Ways


def way(*words: str) -> str:
    """Return the sequence flows along each line of ids: `way("s a e", "s b e")`."""
    pairs = [pair for line in words for pair in zip(line.split(), line.split()[1:], strict=False)]
    return "".join(
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'
        for source, target in dict.fromkeys(pairs)
    )


def when(source: str, target: str, text: str) -> str:
    """Return a sequence flow with a condition."""
    flow = f'id="{source}_{target}" sourceRef="{source}" targetRef="{target}"'
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<sequenceFlow {flow}><conditionExpression>{escaped}</conditionExpression></sequenceFlow>"
