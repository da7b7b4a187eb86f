"""The index of a deployment's diagrams, made in one walk: what has an id, the scopes, their flow nodes and flows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn.elements import B
from engine.bpmn.gate import BPMN

TASKS = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "scriptTask",
    }
)
SUBS = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | SUBS | {"callActivity"}
SPLITS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway", "eventBasedGateway"},
)
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
NODES = ACTIVITIES | SPLITS | EVENTS
CALLABLES = frozenset(
    {"process", "globalTask", "globalUserTask", "globalManualTask", "globalBusinessRuleTask", "globalScriptTask"}
)
DEFINITION = "EventDefinition"


@dataclass(eq=False, slots=True)
class Flow:
    """A sequence flow; source and target are flow nodes of the same file, if there are such."""

    xml: etree._Element
    id: str
    scope: "Scope"
    source: "Node | None" = None
    target: "Node | None" = None

    @property
    def condition(self) -> etree._Element | None:
        """Return the condition's element."""
        return self.xml.find(f"{B}conditionExpression")


@dataclass(eq=False, slots=True)
class Node:
    """A flow node; `events` are its event definitions as (kind, element), references followed."""

    xml: etree._Element
    id: str
    tag: str
    scope: "Scope"
    events: list[tuple[str, etree._Element]] = field(default_factory=list)
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    boundaries: list["Node"] = field(default_factory=list)
    host: "Node | None" = None
    inner: "Scope | None" = None

    @property
    def kinds(self) -> list[str]:
        """Return what the event is about; `none` when nothing is said."""
        return [kind for kind, _ in self.events] or ["none"]

    def is_(self, attribute: str) -> bool:
        """Tell whether a truth-valued attribute is set."""
        return self.xml.get(attribute) in {"true", "1"}

    @property
    def triggered(self) -> bool:
        """Tell whether this is an event sub-process."""
        return self.tag in SUBS and self.is_("triggeredByEvent")

    @property
    def compensates(self) -> bool:
        """Tell whether this is a compensation activity, which stands outside the normal flow."""
        return self.tag in ACTIVITIES and self.is_("isForCompensation")

    def link(self) -> str | None:
        """Return the name of a link event."""
        return next((xml.get("name") or "" for kind, xml in self.events if kind == "link"), None)


@dataclass(eq=False, slots=True)
class Scope:
    """A process, or a sub-process as the place that holds flow nodes."""

    xml: etree._Element
    id: str
    file: "File"
    parent: "Scope | None" = None
    node: Node | None = None
    depth: int = 0
    nodes: list[Node] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    @property
    def process(self) -> "Scope":
        """Return the process that this scope belongs to."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def above(self) -> Iterator["Scope"]:
        """Walk from this scope outwards to its process."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


@dataclass(eq=False, slots=True)
class Association:
    """An association, from and to whatever has these ids."""

    xml: etree._Element
    source: str
    target: str


@dataclass(eq=False)
class File:
    """One diagram file; `items` are the first elements with each id, `homes` the scopes that hold them."""

    name: str
    root: etree._Element
    everything: list[tuple[etree._Element, str, str]] = field(default_factory=list)
    items: dict[str, etree._Element] = field(default_factory=dict)
    homes: dict[str, Scope] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    associations: list[Association] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Tell whether this is a file of BPMN at all."""
        return str(self.root.tag) == f"{B}definitions"

    def of(self, *tags: str) -> Iterator[tuple[etree._Element, str]]:
        """Walk over the BPMN elements with one of these tags."""
        wanted = frozenset(tags)
        return ((xml, tag) for xml, tag, space in self.everything if space == BPMN and tag in wanted)

    def home(self, xml: etree._Element) -> Scope | None:
        """Return the scope that holds the nearest element with an id around `xml`, itself included."""
        one: etree._Element | None = xml
        while one is not None:
            found = self.homes.get(one.get("id") or "")
            if found is not None:
                return found
            one = one.getparent()
        return None

    def all_nodes(self) -> Iterator[Node]:
        """Walk over the flow nodes of every scope."""
        return (node for scope in self.scopes for node in scope.nodes)

    def all_flows(self) -> Iterator[Flow]:
        """Walk over the sequence flows of every scope."""
        return (flow for scope in self.scopes for flow in scope.flows)


@dataclass(eq=False)
class Plan:
    """Every diagram of a deployment and what else is known to it."""

    files: list[File]
    known: Mapping[str, frozenset[str]]
    callables: dict[str, tuple[File, etree._Element]] = field(default_factory=dict)
    processes: dict[str, Scope] = field(default_factory=dict)

    def find(self, file: File, reference: str) -> etree._Element | None:
        """Return what a reference names: in its file, or by a prefix in another."""
        prefix, separator, name = reference.strip().rpartition(":")
        found = file.items.get(name)
        if found is not None or not separator or prefix not in file.root.nsmap:
            return found if not separator or prefix in file.root.nsmap else None
        return next((other.items[name] for other in self.files if name in other.items), None)


def local(xml: etree._Element) -> str:
    """Return the tag without its namespace."""
    return str(xml.tag).rpartition("}")[2]


def plain(reference: str | None) -> str:
    """Return a reference without its prefix."""
    return (reference or "").strip().rpartition(":")[2]


def children(xml: etree._Element, tag: str) -> list[etree._Element]:
    """Return the BPMN children with this tag."""
    return xml.findall(f"{B}{tag}")


def text(xml: etree._Element | None) -> str:
    """Return the text of an element without space around it; empty for none."""
    return "" if xml is None else (xml.text or "").strip()


def draw(roots: Mapping[str, etree._Element], known: Mapping[str, frozenset[str]]) -> Plan:
    """Return the index of several diagram files."""
    plan = Plan([_read(name, root) for name, root in roots.items()], known)
    for file in plan.files:
        for xml, _ in file.of(*CALLABLES):
            plan.callables.setdefault(xml.get("id") or "", (file, xml))
        for scope in file.scopes:
            if scope.parent is None:
                plan.processes.setdefault(scope.id, scope)
    for file in plan.files:
        _connect(plan, file)
    return plan


def _read(name: str, root: etree._Element) -> File:
    file = File(name, root)
    stack: list[tuple[etree._Element, Scope | None]] = [(root, None)]
    while stack:
        xml, scope = stack.pop()
        space, _, tag = str(xml.tag).rpartition("}")
        file.everything.append((xml, tag, space.removeprefix("{")))
        within = _place(file, xml, tag, scope) if space == "{" + BPMN else scope
        stack += [(child, within) for child in xml.iterchildren("*", reversed=True)]
    return file


def _place(file: File, xml: etree._Element, tag: str, scope: Scope | None) -> Scope | None:
    """File an element under its id and its scope; return the scope of what is inside it."""
    own = xml.get("id") or ""
    if own and scope is not None:
        file.homes.setdefault(own, scope)
    if own:
        file.items.setdefault(own, xml)
    if tag == "process":
        return _open(file, Scope(xml, own, file))
    if tag == "association":
        file.associations.append(Association(xml, plain(xml.get("sourceRef")), plain(xml.get("targetRef"))))
    if scope is None or xml.getparent() is not scope.xml:
        return scope
    if tag == "sequenceFlow":
        flow = Flow(xml, own, scope)
        scope.flows.append(flow)
        if own:
            file.flows.setdefault(own, flow)
    return _node(file, xml, tag, scope) if tag in NODES else scope


def _node(file: File, xml: etree._Element, tag: str, scope: Scope) -> Scope:
    node = Node(xml, xml.get("id") or "", tag, scope)
    scope.nodes.append(node)
    if node.id:
        file.nodes.setdefault(node.id, node)
    if tag not in SUBS:
        return scope
    node.inner = _open(file, Scope(xml, node.id, file, scope, node, scope.depth + 1))
    return node.inner


def _open(file: File, scope: Scope) -> Scope:
    file.scopes.append(scope)
    return scope


def _connect(plan: Plan, file: File) -> None:
    for flow in file.all_flows():
        flow.source = file.nodes.get(plain(flow.xml.get("sourceRef")))
        flow.target = file.nodes.get(plain(flow.xml.get("targetRef")))
        if flow.source is not None:
            flow.source.outgoing.append(flow)
        if flow.target is not None:
            flow.target.incoming.append(flow)
    for node in file.all_nodes():
        if node.tag in EVENTS:
            node.events = list(_events(plan, file, node.xml))
        if node.tag == "boundaryEvent":
            node.host = file.nodes.get(plain(node.xml.get("attachedToRef")))
            if node.host is not None:
                node.host.boundaries.append(node)


def _events(plan: Plan, file: File, xml: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    for child in xml.iterchildren(f"{B}*"):
        tag, found = local(child), child
        if tag == "eventDefinitionRef":
            referred = plan.find(file, child.text or "")
            tag, found = ("unknown", child) if referred is None else (local(referred), referred)
            yield (tag.removesuffix(DEFINITION) if tag.endswith(DEFINITION) else "unknown", found)
        elif tag.endswith(DEFINITION):
            yield tag.removesuffix(DEFINITION), found
