"""What a diagram says about each of its elements, as plain values."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from engine.bpmn.gate import BPMN, ICITY

B = f"{{{BPMN}}}"
I = f"{{{ICITY}}}"  # noqa: E741 - the icity prefix, as B is the bpmn one

HUMAN = frozenset({"userTask", "manualTask", "globalUserTask", "globalManualTask"})
SUB_PROCESSES = frozenset({"subProcess", "transaction"})
GLOBAL_TASKS = frozenset({"globalTask", "globalUserTask", "globalManualTask", "globalBusinessRuleTask"})
ACTIVITIES = (
    HUMAN
    | SUB_PROCESSES
    | GLOBAL_TASKS
    | {"task", "serviceTask", "sendTask", "receiveTask", "businessRuleTask", "callActivity"}
)
EVENTS = frozenset({"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"})
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
NODES = ACTIVITIES | EVENTS | GATEWAYS
NAMED = ("message", "signal")
ACTIONS = (
    "complete",
    "return",
    "transfer",
    "delegate",
    "sign",
    "withdraw",
    "urge",
    "copy",
    "seat",
    "cancel",
    "terminate",
)
DATA = ("dataObject", "dataInput", "dataOutput", "property")


@dataclass(frozen=True)
class Timing:
    """When a timer falls due: kind is date, duration or cycle; text is ISO 8601 or FEEL."""

    kind: str
    text: str
    anchor: str | None
    deadline: str | None


@dataclass(frozen=True)
class Event:
    """What an event waits for or throws; `kind` is the definition's tag without its ending, or "none"."""

    kind: str = "none"
    name: str | None = None
    code: str | None = None
    timing: Timing | None = None
    condition: str | None = None
    activity: str | None = None
    waits: bool = True


@dataclass(frozen=True)
class Transfer:
    """A data association: `source` names a variable, `expression` is FEEL; the value goes to `target`."""

    target: str
    source: str | None = None
    expression: str | None = None


@dataclass(frozen=True)
class Loop:
    """How often an activity runs: kind is parallel, sequential (multi-instance) or standard."""

    collection: str
    variable: str
    output: str | None
    output_element: str | None
    completion: str | None
    kind: str = "parallel"
    cardinality: str | None = None
    source: str | None = None
    output_item: str | None = None
    condition: str | None = None
    maximum: int | None = None
    before: bool = False
    behaviour: str = "All"
    thrown: tuple[tuple[str | None, Event], ...] = ()


@dataclass(frozen=True)
class Element:
    """A flow node: its kind is the BPMN tag; every expression is FEEL source."""

    id: str
    name: str
    kind: str
    process: str
    form: str | None = None
    role: str | None = None
    organisation: str | None = None
    assignee: str | None = None
    performer_of: str | None = None
    deadline: str | None = None
    result: str | None = None
    operator: str | None = None
    decision: str | None = None
    milestone: str | None = None
    title: str | None = None
    remind: tuple[str, ...] = ()
    remind_roles: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    actions: tuple[str, ...] | None = None
    opinion: tuple[str, ...] = ()
    correlation: str | None = None
    definition: Event = Event()
    loop: Loop | None = None
    called: str | None = None
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    reads: tuple[Transfer, ...] = ()
    writes: tuple[Transfer, ...] = ()
    takes: tuple[str, ...] | None = None
    gives: tuple[str, ...] | None = None
    interrupting: bool = True
    attached: str | None = None
    triggered: bool = False
    compensating: bool = False
    instantiating: bool = False

    @property
    def event(self) -> str:
        """Return what kind of event it waits for or throws."""
        return self.definition.kind

    @property
    def message(self) -> str | None:
        """Return the name of the message it takes or sends."""
        return self.definition.name if self.event == "message" else None

    @property
    def signal(self) -> str | None:
        """Return the name of the signal it takes or sends."""
        return self.definition.name if self.event == "signal" else None

    @property
    def timing(self) -> Timing | None:
        """Return when it falls due."""
        return self.definition.timing

    @property
    def condition(self) -> str | None:
        """Return the condition it waits for."""
        return self.definition.condition


def local(node: etree._Element) -> str:
    """Return the tag without its namespace."""
    return etree.QName(node).localname


def plain(reference: str | None) -> str | None:
    """Return a reference without the prefix of its namespace."""
    return reference.strip().rpartition(":")[2] if reference else None


def named(root: etree._Element) -> dict[str, str | None]:
    """Return what a file's messages, signals and data are called and the codes of errors and escalations, by id."""
    found: dict[str, str | None] = {}
    for node in root.iter(*(f"{B}{tag}" for tag in (*NAMED, *DATA))):
        found[node.get("id", "")] = node.get("name") or node.get("id", "")
    for node in root.iter(f"{B}error", f"{B}escalation"):
        found[node.get("id", "")] = node.get("errorCode") or node.get("escalationCode") or None
    for node in root.iter(f"{B}dataObjectReference"):
        found[node.get("id", "")] = found.get(plain(node.get("dataObjectRef")) or "", node.get("name"))
    return found


def expressions(element: Element) -> list[tuple[str, str]]:
    """Return (place, FEEL source) of every expression the element carries, but those of its flows."""
    places = [
        ("organisation", element.organisation),
        ("assignee", element.assignee),
        ("correlation", element.correlation),
        ("condition", element.condition),
        *((f"input {name}", source) for name, source in element.inputs),
        *((f"output {name}", source) for name, source in element.outputs),
        *((f"data {one.target}", one.expression) for one in (*element.reads, *element.writes)),
        *(_loop_expressions(element.loop) if element.loop else ()),
    ]
    if element.timing:
        places.append(("anchor", element.timing.anchor))
        places.append(("timer", element.timing.text if element.timing.text.startswith("=") else None))
    return [(place, source) for place, source in places if source]


def _loop_expressions(loop: Loop) -> Iterator[tuple[str, str | None]]:
    yield "collection", loop.collection
    yield "loopCardinality", loop.cardinality
    yield "outputElement", loop.output_element
    yield "completionCondition", loop.completion
    yield "loopCondition", loop.condition
    for condition, _ in loop.thrown:
        yield "behaviour", condition


def sent(element: Element, definition: Event) -> Element:
    """Return the element as if it threw another event; a multi-instance's behaviour does that."""
    return replace(element, definition=definition)
