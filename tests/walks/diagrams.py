"""What a generated diagram is: nodes and flows in nested scopes, written as BPMN XML.

The token game (`model.py`) reads these records, the engine reads the XML; nothing else connects the two.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

VARIABLES = ("p", "q", "r")
SIGNALS = ("S", "T")
CODES = ("E1", "E2")
ACTIVITIES = frozenset({"user", "task", "receive", "sub", "handler"})

Condition = tuple[str, bool]
"""A variable and the value it must have."""


@dataclass(frozen=True)
class Event:
    """What an event is about: its kind, its name (message, signal, code; how often a timer comes) or condition."""

    kind: str = "none"
    name: str = ""
    condition: Condition | None = None
    interrupting: bool = True


@dataclass(frozen=True)
class Loop:
    """How often an activity runs: once for each item, or as long as a condition holds."""

    kind: str
    count: int = 0
    enough: int = 0
    condition: Condition | None = None
    before: bool = False


@dataclass(frozen=True)
class Flow:
    id: str
    source: str
    target: str
    condition: Condition | None = None
    default: bool = False


@dataclass
class Node:
    """A flow node; boundary events hang on their activity, an event sub-process has the event of its start."""

    id: str
    kind: str
    event: Event = field(default_factory=Event)
    loop: Loop | None = None
    body: "Scope | None" = None
    boundaries: list["Node"] = field(default_factory=list)


@dataclass
class Scope:
    """A process or sub-process: its nodes (boundary events among them), its flows, its event sub-processes."""

    start: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    handlers: list[Node] = field(default_factory=list)

    @cached_property
    def outgoing(self) -> dict[str, list[Flow]]:
        return {name: [flow for flow in self.flows.values() if flow.source == name] for name in self.nodes}

    @cached_property
    def incoming(self) -> dict[str, list[Flow]]:
        return {name: [flow for flow in self.flows.values() if flow.target == name] for name in self.nodes}


@dataclass(repr=False)
class Diagram:
    root: Scope
    data: dict[str, bool]

    def __repr__(self) -> str:
        """Name it shortly; whoever wants to see it prints its XML."""
        return f"a diagram of {len(list(everything(self.root)))} nodes"

    def xml(self) -> bytes:
        """Return the file that draws it."""
        return "\n".join(["<definitions " + HEAD, *ROOTS, *_process(self.root), "</definitions>"]).encode()


HEAD = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:icity="urn:icity:bpmn:1" id="d" targetNamespace="walks">'
)
ROOTS = (
    '<message id="M" name="M"/>',
    *(f'<signal id="{name}" name="{name}"/>' for name in SIGNALS),
    *(f'<error id="error{code}" errorCode="{code}"/>' for code in CODES),
    *(f'<escalation id="escalation{code}" escalationCode="{code}"/>' for code in CODES),
)
TAGS = {
    "user": "userTask",
    "task": "task",
    "receive": "receiveTask",
    "sub": "subProcess",
    "handler": "subProcess",
    "xor": "exclusiveGateway",
    "and": "parallelGateway",
    "or": "inclusiveGateway",
    "events": "eventBasedGateway",
    "start": "startEvent",
    "end": "endEvent",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "boundary": "boundaryEvent",
}
KEY = ' icity:correlation="=&quot;k&quot;"'


def everything(scope: Scope) -> Iterator[Node]:
    """Give every node of a scope and of all inside it, event sub-processes too."""
    for node in (*scope.nodes.values(), *scope.handlers):
        yield node
        if node.body:
            yield from everything(node.body)


def _process(root: Scope) -> Iterator[str]:
    yield '<process id="w" name="w" isExecutable="true">'
    yield from _inside(root, " ")
    yield "</process>"


def _inside(scope: Scope, indent: str, event: Event | None = None) -> Iterator[str]:
    for node in scope.nodes.values():
        if node.kind == "boundary":
            continue
        yield from _node(scope, node, indent, event)
        for boundary in node.boundaries:
            yield indent + _event(boundary, f' attachedToRef="{node.id}"', "cancelActivity")
    for handler in scope.handlers:
        yield f'{indent}<subProcess id="{handler.id}" triggeredByEvent="true">'
        assert handler.body
        yield from _inside(handler.body, indent + " ", handler.event)
        yield indent + "</subProcess>"
    yield from (indent + _flow(flow) for flow in scope.flows.values())


def _node(scope: Scope, node: Node, indent: str, event: Event | None) -> Iterator[str]:
    if node.kind == "start":
        yield indent + _event(Node(node.id, "start", event or Event()), "", "isInterrupting")
    elif node.kind in ("end", "catch", "throw"):
        yield indent + _event(node, "", "")
    else:
        extra = "".join(f' default="{flow.id}"' for flow in scope.outgoing[node.id] if flow.default)
        extra += {"user": ' icity:role="R"', "receive": ' messageRef="M"' + KEY}.get(node.kind, "")
        inside = [*_loop(node), *(_inside(node.body, indent + " ") if node.body else ())]
        yield from _element(TAGS[node.kind], f' id="{node.id}"{extra}', inside, indent)


def _element(tag: str, attributes: str, inside: Iterable[str], indent: str) -> Iterator[str]:
    lines = list(inside)
    yield f"{indent}<{tag}{attributes}{'' if lines else '/'}>"
    if lines:
        yield from lines
        yield f"{indent}</{tag}>"


def _loop(node: Node) -> Iterator[str]:
    loop = node.loop
    if loop is None:
        return
    if loop.kind == "standard":
        assert loop.condition
        most = f' loopMaximum="{loop.count}"' if loop.count else ""
        yield (
            f'<standardLoopCharacteristics testBefore="{str(loop.before).lower()}"{most}>'
            f"<loopCondition>{feel(loop.condition)}</loopCondition></standardLoopCharacteristics>"
        )
        return
    items = ",".join(str(item) for item in range(1, loop.count + 1))
    until = f"<completionCondition>=nrOfCompletedInstances &gt;= {loop.enough}</completionCondition>"
    yield (
        f'<multiInstanceLoopCharacteristics isSequential="{str(loop.kind == "sequential").lower()}"'
        f' icity:collection="=[{items}]" icity:elementVariable="{item(node)}">{until if loop.enough else ""}'
        "</multiInstanceLoopCharacteristics>"
    )


def item(node: Node) -> str:
    """Return the name of the variable that holds the item of a multi-instance."""
    return f"item_{node.id}"


def _event(node: Node, extra: str, flag: str) -> str:
    event = node.event
    if flag and not event.interrupting:
        extra += f' {flag}="false"'
    if event.kind == "message":
        extra += KEY
    tag = TAGS[node.kind]
    return f'<{tag} id="{node.id}"{extra}>{_definition(event)}</{tag}>'


def _definition(event: Event) -> str:
    kind, name = event.kind, event.name
    if kind == "none":
        return ""
    inside = attributes = ""
    if kind == "timer":
        inside = f"<timeCycle>R{name}/P1D</timeCycle>" if name else "<timeDuration>P1D</timeDuration>"
    elif event.condition:
        inside = f"<condition>{feel(event.condition)}</condition>"
    elif name:
        attributes = f' {kind}Ref="{name if kind in ("message", "signal") else kind + name}"'
    return f"<{kind}EventDefinition{attributes}>{inside}</{kind}EventDefinition>"


def _flow(flow: Flow) -> str:
    asked = f"<conditionExpression>{feel(flow.condition)}</conditionExpression>" if flow.condition else ""
    return f'<sequenceFlow id="{flow.id}" sourceRef="{flow.source}" targetRef="{flow.target}">{asked}</sequenceFlow>'


def feel(condition: Condition) -> str:
    """Return the condition in the language of the diagrams."""
    name, wanted = condition
    return f"={name}" if wanted else f"=not({name})"
