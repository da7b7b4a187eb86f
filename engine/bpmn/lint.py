"""The linter: what the engine cannot run right is refused here, by name, before anything runs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from engine.bpmn import elements, reading
from engine.bpmn.elements import ACTIVITIES, B, Element, local
from engine.bpmn.gate import BPMN
from engine.domain import durations, feel
from engine.errors import ExpressionRefused

Finding = dict[str, Any]

EVENTS: Mapping[str, frozenset[str]] = {
    "startEvent": frozenset({"none"}),
    "endEvent": frozenset({"none", "message", "error", "terminate"}),
    "intermediateCatchEvent": frozenset({"timer", "message"}),
    "intermediateThrowEvent": frozenset({"none", "message"}),
    "boundaryEvent": frozenset({"timer", "message", "error"}),
}
HARMLESS = {
    "startQuantity": "1",
    "completionQuantity": "1",
    "isForCompensation": "false",
    "behavior": "All",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "parallelMultiple": "false",
}
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "eventBasedGateway"})
NODES = ACTIVITIES | GATEWAYS | EVENTS.keys()
STRUCTURE = frozenset(
    {
        "definitions",
        "process",
        "collaboration",
        "participant",
        "messageFlow",
        "laneSet",
        "lane",
        "flowNodeRef",
        "sequenceFlow",
        "incoming",
        "outgoing",
        "conditionExpression",
        "documentation",
        "extensionElements",
        "message",
        "error",
        "timerEventDefinition",
        "messageEventDefinition",
        "errorEventDefinition",
        "terminateEventDefinition",
        "timeDate",
        "timeDuration",
        "timeCycle",
        "multiInstanceLoopCharacteristics",
        "completionCondition",
        "textAnnotation",
        "text",
        "association",
        "group",
        "category",
        "categoryValue",
    }
)


def lint(roots: Mapping[str, etree._Element], known: Mapping[str, frozenset[str]]) -> list[Finding]:
    """Return every finding in several BPMN files; `known` holds the names of forms, decisions, operators and roles."""
    processes = frozenset(p.get("id", "") for root in roots.values() for p in root.iter(f"{B}process"))
    found: list[Finding] = []
    for file, root in roots.items():
        names = elements.named(root)
        for node in root.iter(etree.Element):
            if etree.QName(node).namespace == BPMN:
                found += [_found(file, node, *fault) for fault in (*_vocabulary(node), *_attributes(node))]
        for node in _flow_nodes(root):
            element = reading.read(node, "", names)
            faults = [*_structure(node), *_references(element, known, processes), *_timing(element), *_feel(element)]
            found += [_found(file, node, *fault) for fault in faults]
        found += [
            _found(file, flow, *fault)
            for flow in root.iter(f"{B}sequenceFlow")
            for fault in (*_condition(flow), *_flow(flow))
        ]
        found += [_found(file, node, *fault) for node, fault in _ids(root)]
    return found


Fault = tuple[str, str, str]


def _found(file: str, node: etree._Element, rule: str, zh: str, en: str) -> Finding:
    return {
        "file": file,
        "element": node.get("id", ""),
        "name": node.get("name") or local(node),
        "rule": rule,
        "severity": "error",
        "text": {"zh": zh, "en": en},
    }


def _flow_nodes(root: etree._Element) -> Iterator[etree._Element]:
    return (node for node in root.iter(*(f"{B}{tag}" for tag in sorted(NODES))))


def _vocabulary(node: etree._Element) -> Iterator[Fault]:
    tag = local(node)
    if tag == "scriptTask":
        yield "script", "不允许脚本任务；请改用服务任务。", "Script tasks are refused; use a service task."
    elif tag not in NODES | STRUCTURE:
        yield "unsupported", f"引擎不支持 {tag}。", f"The engine does not run {tag}."
    elif tag == "subProcess" and node.get("triggeredByEvent") == "true":
        yield "unsupported", "引擎不支持事件子流程。", "The engine does not run event sub-processes."
    elif tag in EVENTS:
        yield from _event(node, tag)


def _event(node: etree._Element, tag: str) -> Iterator[Fault]:
    kinds = [local(c).removesuffix("EventDefinition") for c in node if local(c).endswith("EventDefinition")] or ["none"]
    if len(kinds) > 1:
        yield "unsupported", "引擎不支持多重事件。", "The engine does not run multiple events."
    for kind in kinds:
        if kind not in EVENTS[tag]:
            yield "unsupported", f"引擎不支持 {kind} 类型的 {tag}。", f"The engine does not run a {kind} {tag}."
    if tag == "boundaryEvent" and node.get("cancelActivity") == "false" and kinds != ["timer"]:
        yield (
            "unsupported",
            "只有定时器边界事件可以不中断活动。",
            "Only a timer at a boundary may leave its activity alone.",
        )


def _attributes(node: etree._Element) -> Iterator[Fault]:
    """Refuse what an attribute asks for and the engine would pass over."""
    for name, harmless in HARMLESS.items():
        value = node.get(name, harmless)
        if value != harmless:
            yield "unsupported", f"引擎不支持 {name}={value}。", f"The engine does not run {name}={value}."
    if local(node) in {"process", "subProcess"} and len(node.findall(f"{B}startEvent")) != 1:
        yield "start", "流程须有且只有一个开始事件。", "A process has exactly one start event."


def _flow(flow: etree._Element) -> Iterator[Fault]:
    """Refuse a condition where nobody would ask it, and a way out that nobody could choose."""
    parent = flow.getparent()
    source = next(
        (one for one in (parent if parent is not None else ()) if one.get("id") == flow.get("sourceRef")), None
    )
    asked = flow.find(f"{B}conditionExpression") is not None
    if source is None:
        yield "flow", "顺序流的来源不在同一流程。", "The flow comes from outside its process."
        return
    choice = local(source) == "exclusiveGateway"
    ways = sum(one.get("sourceRef") == source.get("id") for one in parent.iterfind(f"{B}sequenceFlow"))  # type: ignore[union-attr]
    default = source.get("default") == flow.get("id")
    if asked and not choice:
        yield (
            "condition",
            "只有排他网关的流出可以带条件。",
            "Only flows out of an exclusive gateway may have a condition.",
        )
    if choice and ways > 1 and not asked and not default:
        yield "condition", "此流出既无条件也不是默认流。", "The flow has no condition and is not the default."


def _structure(node: etree._Element) -> Iterator[Fault]:
    tag, parent = local(node), node.getparent()
    own = node.get("id", "")
    flows = [] if parent is None else list(parent.iterfind(f"{B}sequenceFlow"))
    ways_in = sum(flow.get("targetRef") == own for flow in flows)
    ways_out = sum(flow.get("sourceRef") == own for flow in flows)
    if tag not in {"startEvent", "boundaryEvent"} and not ways_in:
        yield "unreachable", "没有流入的顺序流。", "Nothing flows in."
    if tag in {"startEvent", "boundaryEvent"} and ways_in:
        yield "incoming", "此元素不能有流入的顺序流。", "Nothing may flow into it."
    if tag == "endEvent" and ways_out:
        yield "outgoing", "结束事件不能有流出的顺序流。", "Nothing may flow out of an end event."
    if tag != "endEvent" and not ways_out:
        yield "dead-end", "没有流出的顺序流。", "Nothing flows out."
    if tag not in GATEWAYS and ways_out > 1:
        yield "split", "只有网关可以有多个流出。", "Only gateways may have several flows out."
    if tag == "eventBasedGateway":
        yield from _events_behind(node, flows)


def _events_behind(node: etree._Element, flows: list[etree._Element]) -> Iterator[Fault]:
    parent = node.getparent()
    targets = {flow.get("targetRef") for flow in flows if flow.get("sourceRef") == node.get("id")}
    behind = [one for one in (parent if parent is not None else ()) if one.get("id") in targets]
    if any(local(one) not in {"intermediateCatchEvent", "receiveTask"} for one in behind):
        yield "event-gateway", "事件网关之后只能是捕获事件。", "Only catching events may follow an event-based gateway."
    if sum(one.find(f"{B}timerEventDefinition") is not None for one in behind) > 1:
        yield "event-gateway", "事件网关之后最多一个定时器。", "At most one timer may follow an event-based gateway."


def _references(element: Element, known: Mapping[str, frozenset[str]], processes: frozenset[str]) -> Iterator[Fault]:
    wanted = (
        ("form", element.form if element.human else None, "表单", known["forms"]),
        ("decision", element.decision, "决策表", known["decisions"]),
        ("operator", element.operator, "操作", known["operators"]),
        ("role", element.role, "角色", known["roles"]),
        ("process", element.called, "流程", processes),
    )
    for kind, name, zh, names in wanted:
        if name and name not in names:
            yield f"missing-{kind}", f"找不到{zh}“{name}”。", f"There is no {kind} named {name!r}."
    needed = {
        "userTask": ("role", element.role or element.assignee),
        "serviceTask": ("operator", element.operator),
        "businessRuleTask": ("decision", element.decision),
        "callActivity": ("process", element.called),
        "sendTask": ("message", element.message),
        "receiveTask": ("message", element.message),
    }
    kind, value = needed.get(element.kind, ("", "present"))
    if not value:
        yield f"missing-{kind}", f"没有写明 {kind}。", f"It names no {kind}."
    if element.loop and not element.loop.collection:
        yield "missing-collection", "多实例没有写明集合。", "The multi-instance names no collection."


def _timing(element: Element) -> Iterator[Fault]:
    timing = element.timing
    if timing is None or timing.deadline or timing.text.startswith("="):
        return
    read = {"date": durations.parse_moment, "duration": durations.parse, "cycle": durations.parse_cycle}[timing.kind]
    try:
        read(timing.text)
    except ExpressionRefused as fault:
        yield "timer", f"时间写法不正确：{timing.text}", f"Not ISO 8601: {timing.text} ({fault})"


def _feel(element: Element) -> Iterator[Fault]:
    for place, source in elements.expressions(element):
        yield from _compiles(place, source)


def _condition(flow: etree._Element) -> Iterator[Fault]:
    condition = (flow.findtext(f"{B}conditionExpression") or "").strip()
    if condition:
        yield from _compiles("condition", condition)


def _compiles(place: str, source: str) -> Iterator[Fault]:
    try:
        feel.compile(source)
    except ExpressionRefused as fault:
        yield "feel", f"{place} 的表达式不正确：{source}", f"{place}: {source!r} is not FEEL ({fault})"


def _ids(root: etree._Element) -> Iterable[tuple[etree._Element, Fault]]:
    seen: set[str] = set()
    for node in root.iter(etree.Element):
        own = node.get("id")
        if own is None or etree.QName(node).namespace != BPMN:
            continue
        if own in seen:
            yield node, ("duplicate-id", f"标识“{own}”重复。", f"The id {own!r} is used twice.")
        if own in {"Start", "End", "Root"}:
            yield node, ("reserved-id", f"标识“{own}”是保留字。", f"The id {own!r} is reserved.")
        seen.add(own)
