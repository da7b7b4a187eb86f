"""Rules about sequence flows: where they begin and end, what they ask, and which of them is the default."""

from collections.abc import Iterator

from engine.bpmn.lint.drawing import ACTIVITIES, File, Flow, Node, Plan, children, local, plain, text
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "flow-end": error(
        "8.4.13",
        "{name} 所指的“{reference}”不是流程元素；顺序流只能连接活动、网关和事件。",
        "{name} refers to {reference!r}, which is no activity, gateway or event of this file; connect it to one.",
    ),
    "flow-crosses-pool": error(
        "8.4.13",
        "顺序流从一个流程连到另一个流程；请改用消息流。",
        "The flow leads from one process into another; use a message flow.",
    ),
    "flow-crosses-border": error(
        "8.4.13",
        "顺序流穿过子流程的边界；请连接到子流程本身。",
        "The flow crosses the border of a sub-process; connect it to the sub-process itself.",
    ),
    "flow-misplaced": error(
        "8.4.13",
        "顺序流不在其两端所在的流程或子流程中；请移到那里。",
        "The flow is not drawn where its two ends are; move it there.",
    ),
    "start-incoming": error("10.5.2", "开始事件不能有流入。", "Nothing may flow into a start event."),
    "end-outgoing": error("10.5.3", "结束事件不能有流出。", "Nothing may flow out of an end event."),
    "boundary-incoming": error("10.5.4", "边界事件不能有流入。", "Nothing may flow into a boundary event."),
    "self-flow": warning(
        "8.4.13",
        "顺序流回到自己；请确认这是想要的循环。",
        "The flow leads back to where it comes from; be sure that this loop is meant.",
    ),
    "duplicate-flow": warning(
        "8.4.13",
        "“{source}”到“{target}”已有一条同样的顺序流；后面的环节会执行两次。",
        "The same flow from {source!r} to {target!r} is there already; what follows will be done twice.",
    ),
    "flow-list": warning(
        "8.4.7",
        "{name} 列表与顺序流不一致：缺少“{reference}”。",
        "The list {name} does not agree with the flows: it lacks {reference!r}.",
    ),
    "flow-list-wrong": error(
        "8.4.7",
        "{name} 列出了“{reference}”，但这条顺序流并不连接此元素。",
        "The list {name} holds {reference!r}, but that flow is not connected here; remove it or connect the flow.",
    ),
    "is-immediate": error(
        "8.4.13",
        "可执行流程中的顺序流不能写 isImmediate=false；请删除。",
        "In an executable process isImmediate must not be false; remove it.",
    ),
    "condition": error(
        "8.4.13",
        "{tag} 的流出不能带条件；请用排他或包容网关。",
        "A flow out of a {tag} may not have a condition; use an exclusive or inclusive gateway.",
    ),
    "empty-condition": error("8.4.13", "条件是空的；请写上或删除。", "The condition is empty; write one or remove it."),
    "no-condition": error(
        "10.6.2",
        "此流出既无条件也不是默认流；请补上条件或设为默认流。",
        "The flow has no condition and is not the default; add a condition or make it the default.",
    ),
    "lonely-condition": error(
        "8.4.13",
        "活动唯一的流出不能带条件；请删除条件，或画出另一条流出。",
        "The only way out of an activity may not have a condition; remove it, or draw another way.",
    ),
    "no-default": warning(
        "10.6.2",
        "每条流出都有条件而没有默认流；全部不成立时流程会停住。请设默认流。",
        "Every way out has a condition and none is the default; if all fail, the process stops. Set a default flow.",
    ),
    "default-flow": error(
        "8.4.13",
        "默认流“{flow}”不是此元素的流出；请改为它自己的一条流出。",
        "The default flow {flow!r} does not leave this element; name one of its own ways out.",
    ),
    "default-condition": warning(
        "10.6.2",
        "默认流的条件不起作用；请删除条件。",
        "The condition of the default flow is ignored; remove it.",
    ),
    "same-condition": warning(
        "10.6.2",
        "“{other}”有同样的条件，此流出永远不会被选中。",
        "{other!r} has the same condition; this flow is never taken.",
    ),
}

CHOICES = frozenset({"exclusiveGateway", "inclusiveGateway"})


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check every sequence flow of a file, and what each flow node says of its flows."""
    listed = any(children(node.xml, "incoming") or children(node.xml, "outgoing") for node in file.all_nodes())
    for flow in file.all_flows():
        yield from _ends(file, flow)
        yield from _immediate(flow)
        yield from _asked(flow)
    for node in file.all_nodes():
        yield from _default(file, node)
        yield from _choice(node)
        yield from _twice(node)
        for name, flows in (("incoming", node.incoming), ("outgoing", node.outgoing)):
            yield from _listed(file, node, name, flows if listed else [])


def _ends(file: File, flow: Flow) -> Iterator[Fault]:
    for name, node in (("sourceRef", flow.source), ("targetRef", flow.target)):
        reference = flow.xml.get(name)
        if reference is not None and node is None:
            yield fault(flow.xml, "flow-end", name=name, reference=reference)
    source, target = flow.source, flow.target
    if target is not None and target.tag == "startEvent":
        yield fault(flow.xml, "start-incoming")
    if target is not None and target.tag == "boundaryEvent":
        yield fault(flow.xml, "boundary-incoming")
    if source is not None and source.tag == "endEvent":
        yield fault(flow.xml, "end-outgoing")
    if source is not None and target is not None:
        yield from _borders(flow, source, target)


def _borders(flow: Flow, source: Node, target: Node) -> Iterator[Fault]:
    if source is target:
        yield fault(flow.xml, "self-flow")
    if source.scope.process is not target.scope.process:
        yield fault(flow.xml, "flow-crosses-pool")
    elif source.scope is not target.scope:
        yield fault(flow.xml, "flow-crosses-border")
    elif flow.scope is not source.scope:
        yield fault(flow.xml, "flow-misplaced")


def _immediate(flow: Flow) -> Iterator[Fault]:
    if flow.xml.get("isImmediate") == "false" and flow.scope.process.xml.get("isExecutable") != "false":
        yield fault(flow.xml, "is-immediate")


def _asked(flow: Flow) -> Iterator[Fault]:
    condition, source = flow.condition, flow.source
    if condition is None or source is None:
        return
    if not text(condition):
        yield fault(flow.xml, "empty-condition")
    if source.tag not in CHOICES | ACTIVITIES | {"complexGateway"}:
        yield fault(flow.xml, "condition", tag=source.tag)
    elif len(source.outgoing) == 1 and source.tag in ACTIVITIES:
        yield fault(flow.xml, "lonely-condition")


def _default(file: File, node: Node) -> Iterator[Fault]:
    default = node.xml.get("default")
    if default is None or node.tag not in CHOICES | ACTIVITIES:
        return
    found = file.flows.get(plain(default))
    if found is not None and found.source is not node:
        yield fault(node.xml, "default-flow", flow=default)
    elif found is not None and found.condition is not None:
        yield fault(found.xml, "default-condition")


def _choice(node: Node) -> Iterator[Fault]:
    """Check the ways out of a choice: each is asked or the default, and one is left when all fail."""
    if node.tag not in CHOICES | ACTIVITIES or (len(node.outgoing) == 1 and node.tag in ACTIVITIES):
        return
    default = plain(node.xml.get("default"))
    free = [flow for flow in node.outgoing if flow.condition is None and not (flow.id and flow.id == default)]
    if node.tag == "exclusiveGateway" and len(node.outgoing) > 1:
        for flow in free:
            yield fault(flow.xml, "no-condition")
        yield from _alike(node)
    asked = any(flow.condition is not None for flow in node.outgoing)
    if asked and not free and not any(flow.id and flow.id == default for flow in node.outgoing):
        yield fault(node.xml, "no-default")


def _alike(node: Node) -> Iterator[Fault]:
    seen: dict[str, Flow] = {}
    for flow in node.outgoing:
        condition = text(flow.condition).removeprefix("=").strip()
        if condition and condition in seen:
            yield fault(flow.xml, "same-condition", other=seen[condition].id)
        seen.setdefault(condition, flow)


def _twice(node: Node) -> Iterator[Fault]:
    seen: set[tuple[int, str]] = set()
    for flow in node.outgoing:
        if flow.target is None:
            continue
        key = (id(flow.target), text(flow.condition))
        if key in seen and node.tag != "exclusiveGateway":
            yield fault(flow.xml, "duplicate-flow", source=node.id, target=flow.target.id)
        seen.add(key)


def _listed(file: File, node: Node, name: str, flows: list[Flow]) -> Iterator[Fault]:
    """Hold the list a node keeps of its flows against the flows; a list names no flow of another node."""
    said = {plain(child.text): None for child in children(node.xml, name)}
    own = {flow.id for flow in (node.incoming if name == "incoming" else node.outgoing)}
    for reference in said:
        found = file.items.get(reference)
        if found is not None and local(found) == "sequenceFlow" and reference not in own:
            yield fault(node.xml, "flow-list-wrong", name=name, reference=reference)
    for flow in flows:
        if flow.id and flow.id not in said:
            yield fault(node.xml, "flow-list", name=name, reference=flow.id)
