"""Rules about pools, lanes, message flows and artifacts, and about the drawing itself."""

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.elements import B
from engine.bpmn.lint.drawing import ACTIVITIES, EVENTS, File, Node, Plan, Scope, local, plain, text
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "participant-twice": warning(
        "9.3",
        "流程“{reference}”属于几个泳池。",
        "The process {reference!r} belongs to several pools.",
    ),
    "participant-multiplicity": error(
        "9.3",
        "参与者个数不可能：最少 {minimum}，最多 {maximum}。",
        "The participant comes at least {minimum} and at most {maximum} times, which cannot be.",
    ),
    "message-flow-end": error(
        "9.4",
        "{name} 所指的“{reference}”不能收发消息；请连到泳池、活动或消息事件。",
        "{name} refers to {reference!r}, which {reason}; connect a pool, an activity or a message event.",
    ),
    "message-flow-pool": error(
        "9.4",
        "消息流的两端在同一个泳池中；请改用顺序流。",
        "Both ends of the message flow are in one pool; use a sequence flow.",
    ),
    "lane-twice": error(
        "10.8",
        "“{reference}”在同一组的几个泳道中；请只留一个。",
        "{reference!r} is in several lanes of one set; keep it in one.",
    ),
    "lane-foreign": error(
        "10.8",
        "“{reference}”属于另一个流程，不能放在此泳道中。",
        "{reference!r} belongs to another process and cannot be in this lane.",
    ),
    "association-end": error(
        "8.4.1",
        "{name} 所指的“{reference}”不存在；请重新连接或删除。",
        "{name} refers to {reference!r}, which is not there; connect it again or remove it.",
    ),
    "diagram-reference": warning(
        "12.2",
        "图形所画的“{reference}”不存在；请删除这个图形。",
        "The shape or edge draws {reference!r}, which is not there; remove it.",
    ),
    "diagram-twice": warning(
        "12.2",
        "“{reference}”在一张图上画了两次。",
        "{reference!r} is drawn twice on one plane.",
    ),
    "diagram-kind": warning(
        "12.2",
        "“{reference}”应画成{zh}。",
        "{reference!r} should be drawn as {en}.",
    ),
    "diagram-edge": warning(
        "12.2",
        "连线少于两个点，画不出来。",
        "The edge has fewer than two points and cannot be drawn.",
    ),
}

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_EDGES = frozenset({"sequenceFlow", "messageFlow", "association", "dataInputAssociation", "dataOutputAssociation"})


def check(plan: Plan, file: File) -> Iterator[Fault]:
    """Check the pools, lanes and artifacts of a file, and its drawing."""
    yield from _participants(plan, file)
    for xml, _ in file.of("messageFlow"):
        yield from _message_flow(plan, file, xml)
    for xml, _ in file.of("laneSet", "childLaneSet"):
        yield from _lanes(file, xml)
    for xml, _ in file.of("association"):
        for name in ("sourceRef", "targetRef"):
            reference = xml.get(name) or ""
            if reference and plan.find(file, reference) is None:
                yield fault(xml, "association-end", name=name, reference=reference)
    yield from _diagram(file)


def _participants(plan: Plan, file: File) -> Iterator[Fault]:
    seen: set[str] = set()
    for xml, _ in file.of("participant"):
        reference = plain(xml.get("processRef"))
        if reference and reference in seen:
            yield fault(xml, "participant-twice", reference=reference)
        seen.add(reference)
        for count in xml.iterchildren(f"{B}participantMultiplicity"):
            yield from _multiplicity(count)


def _multiplicity(xml: etree._Element) -> Iterator[Fault]:
    minimum, maximum = xml.get("minimum", "0"), xml.get("maximum", "1")
    if not (_whole(minimum) and _whole(maximum)):
        return  # told as a bad value
    least, most = int(minimum), int(maximum)
    unsaid = xml.get("maximum") is None
    if least < 0 or (not unsaid and most < max(1, least)):
        yield fault(xml, "participant-multiplicity", minimum=least, maximum=most)


def _whole(value: str) -> bool:
    return value.removeprefix("-").isdecimal() and len(value) < 10  # noqa: PLR2004 - longer ones are told elsewhere


def _message_flow(plan: Plan, file: File, xml: etree._Element) -> Iterator[Fault]:
    ends: list[Scope | str | None] = []
    for name in ("sourceRef", "targetRef"):
        reference = plain(xml.get(name))
        found = file.items.get(reference)
        reason = "is not there" if found is None else _cannot(file, found, name)
        if reference and reason:
            yield fault(xml, "message-flow-end", name=name, reference=reference, reason=reason)
        ends.append(_pool(plan, file, reference))
    if ends[0] is not None and ends[0] == ends[1]:
        yield fault(xml, "message-flow-pool")


def _cannot(file: File, found: etree._Element, name: str) -> str:
    """Return why something can be no source or target of messages; empty when it can."""
    tag, node = local(found), file.nodes.get(found.get("id") or "")
    if tag in {"participant", "conversation", "subConversation", "callConversation"}:
        return ""
    if node is None:
        return f"is a {tag}"
    if tag in ACTIVITIES:
        return ""
    return _event(node, name) if tag in EVENTS else f"is a {tag}"


def _event(node: Node, name: str) -> str:
    if "message" not in node.kinds:
        return "is no message event"
    throws = node.tag in {"endEvent", "intermediateThrowEvent"}
    if name == "sourceRef" and not throws:
        return "only receives messages"
    return "only sends messages" if name == "targetRef" and throws else ""


def _pool(plan: Plan, file: File, reference: str) -> Scope | str | None:
    """Return what a message flow comes from or goes to: a process, or a pool without one."""
    node = file.nodes.get(reference)
    if node is not None:
        return node.scope.process
    found = file.items.get(reference)
    if found is None or local(found) != "participant":
        return None
    return plan.processes.get(plain(found.get("processRef"))) or reference


def _lanes(file: File, xml: etree._Element) -> Iterator[Fault]:
    home = file.home(xml)
    seen: set[str] = set()
    for lane in xml.iterchildren(f"{B}lane"):
        own: set[str] = set()
        for child in lane.iterchildren(f"{B}flowNodeRef"):
            reference = plain(text(child))
            node = file.nodes.get(reference)
            if reference in seen:
                yield fault(lane, "lane-twice", reference=reference)
            if node is not None and home is not None and node.scope.process is not home.process:
                yield fault(lane, "lane-foreign", reference=reference)
            own.add(reference)
        seen |= own


def _diagram(file: File) -> Iterator[Fault]:
    drawn: set[tuple[etree._Element | None, str]] = set()
    for xml, tag, space in file.everything:
        if space != DI or tag not in {"BPMNShape", "BPMNEdge", "BPMNPlane"}:
            continue
        reference = plain(xml.get("bpmnElement"))
        if tag == "BPMNEdge" and sum(local(child) == "waypoint" for child in xml) < 2:  # noqa: PLR2004 - a line
            yield fault(xml, "diagram-edge")
        if not reference:
            continue
        found = file.items.get(reference)
        if found is None:
            yield fault(xml, "diagram-reference", reference=reference)
        elif tag != "BPMNPlane" and (tag == "BPMNEdge") != (local(found) in _EDGES):
            edge = local(found) in _EDGES
            told = {"zh": "连线" if edge else "图形", "en": "an edge" if edge else "a shape"}
            yield fault(xml, "diagram-kind", reference=reference, **told)
        key = (xml.getparent(), reference)
        if key in drawn and tag != "BPMNPlane":
            yield fault(xml, "diagram-twice", reference=reference)
        drawn.add(key)
