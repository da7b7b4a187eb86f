"""Rules about activities: sub-processes and compensation."""

from collections.abc import Iterator

from engine.bpmn.lint.drawing import ACTIVITIES, SUBS, Association, File, Node, Plan, Scope, plain
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "event-subprocess-flow": error(
        "10.3.5",
        "事件子流程不能有流入或流出；它由开始事件触发。",
        "An event sub-process has no flows in or out; its start event triggers it.",
    ),
    "event-subprocess-start": error(
        "10.3.5",
        "事件子流程须有且只有一个开始事件；现有 {count} 个。",
        "An event sub-process has exactly one start event; this one has {count}.",
    ),
    "event-subprocess-loop": error(
        "10.3.5", "事件子流程不能是循环或多实例。", "An event sub-process cannot be a loop or multi-instance."
    ),
    "event-transaction": error(
        "10.3.5", "事务不能由事件触发；请用事件子流程。", "A transaction cannot be triggered; use an event sub-process."
    ),
    "several-starts": error(
        "13.3.4",
        "子流程只能有一个开始事件；现有 {count} 个。",
        "A sub-process has one start event; this one has {count}.",
    ),
    "nested-too-deep": error(
        "10.3.5",
        "子流程嵌套超过 {limit} 层；请改用调用活动。",
        "Sub-processes are nested more than {limit} deep; use call activities.",
    ),
    "compensation-flow": error(
        "10.7",
        "补偿活动不在正常流程中，不能有流入或流出；请用关联连接。",
        "A compensation activity stands outside the flow; remove the flows and connect it by an association.",
    ),
    "compensation-orphan": error(
        "10.7",
        "补偿活动没有与任何补偿边界事件关联；请画一条关联。",
        "No compensation boundary event is associated with this compensation activity; draw an association.",
    ),
    "compensation-outgoing": error(
        "10.7",
        "补偿边界事件不能有流出；请用关联指向补偿活动。",
        "A compensation boundary event has no flow out; draw an association to a compensation activity.",
    ),
    "compensation-handler": error(
        "10.7",
        "补偿边界事件须关联一个 isForCompensation=true 的活动；现有 {count} 个。",
        "A compensation boundary event is associated with one activity that has isForCompensation=true; "
        "this one with {count}.",
    ),
    "compensation-scope": error(
        "10.7",
        "补偿活动“{handler}”不在同一流程或子流程中；请移到一起。",
        "The compensation activity {handler!r} is in another scope; bring it here.",
    ),
    "compensation-shared": error(
        "10.7",
        "补偿活动“{handler}”与几个边界事件关联；请各画一个。",
        "Several boundary events are associated with the compensation activity {handler!r}; draw one for each.",
    ),
    "compensate-unknown": error(
        "10.7",
        "“{activity}”没有补偿边界事件，无法补偿。",
        "{activity!r} has no compensation boundary event, so it cannot be compensated.",
    ),
    "compensate-nothing": warning(
        "10.7",
        "此处没有任何可补偿的活动；这个事件不起作用。",
        "Nothing here can be compensated; the event does nothing.",
    ),
    "compensate-unreachable": error(
        "10.7",
        "“{activity}”不在此范围内，无法从这里补偿。",
        "{activity!r} is not in this scope and cannot be compensated from here.",
    ),
}

DEEPEST = 20


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check every activity of a file."""
    yield from _compensation(file)
    for node in file.all_nodes():
        if node.tag in SUBS and node.inner is not None:
            yield from _sub(node, node.inner)


def _sub(node: Node, inner: Scope) -> Iterator[Fault]:
    starts = sum(one.tag == "startEvent" for one in inner.nodes)
    if inner.depth == DEEPEST + 1:
        yield fault(node.xml, "nested-too-deep", limit=DEEPEST)
    if not node.triggered:
        if starts > 1:
            yield fault(node.xml, "several-starts", count=starts)
        return
    if node.tag == "transaction":
        yield fault(node.xml, "event-transaction")
    if node.incoming or node.outgoing:
        yield fault(node.xml, "event-subprocess-flow")
    if starts != 1:
        yield fault(node.xml, "event-subprocess-start", count=starts)
    if any(str(child.tag).endswith("LoopCharacteristics") for child in node.xml):
        yield fault(node.xml, "event-subprocess-loop")


def _compensation(file: File) -> Iterator[Fault]:
    by_end: dict[str, list[Association]] = {}
    for one in file.associations:
        by_end.setdefault(one.source, []).append(one)
    handled: dict[str, str] = {}
    compensable: set[str] = set()
    for node in file.all_nodes():
        if node.tag == "boundaryEvent" and "compensate" in node.kinds:
            yield from _handler(file, node, by_end.get(node.id, []), handled)
            compensable.add(node.host.id if node.host is not None else "")
    for node in file.all_nodes():
        if node.compensates:
            yield from _compensating(node, handled)
    compensable |= {scope.node.id for scope in file.scopes if scope.node is not None and _undoes(scope)}
    marked = [scope for scope in file.scopes if _undoes(scope) or any(one.id in compensable for one in scope.nodes)]
    fertile = {above for scope in marked for above in scope.above()}
    for node in file.all_nodes():
        if node.tag in {"endEvent", "intermediateThrowEvent"}:
            yield from _thrown(node, compensable, fertile)


def _compensating(node: Node, handled: dict[str, str]) -> Iterator[Fault]:
    if node.incoming or node.outgoing:
        yield fault(node.xml, "compensation-flow")
    if node.id not in handled:
        yield fault(node.xml, "compensation-orphan")


def _handler(file: File, node: Node, drawn: list[Association], handled: dict[str, str]) -> Iterator[Fault]:
    if node.outgoing:
        yield fault(node.xml, "compensation-outgoing")
    near = [one for one in drawn if one.xml.getparent() is node.scope.xml]
    found = [file.nodes[one.target] for one in near if one.target in file.nodes]
    handlers = [one for one in found if one.compensates]
    if len(handlers) != 1:
        yield fault(node.xml, "compensation-handler", count=len(handlers))
    for one in handlers:
        if one.scope is not node.scope:
            yield fault(node.xml, "compensation-scope", handler=one.id)
        if handled.setdefault(one.id, node.id) != node.id:
            yield fault(node.xml, "compensation-shared", handler=one.id)


def _thrown(node: Node, compensable: set[str], fertile: set[Scope]) -> Iterator[Fault]:
    """Check what a compensation event wants undone; `fertile` scopes hold something that can be."""
    for kind, xml in node.events:
        if kind != "compensate":
            continue
        reference = plain(xml.get("activityRef"))
        around = set(node.scope.above()) if _handles(node.scope) else {node.scope}
        target = node.scope.file.nodes.get(reference)
        if reference and target is not None and target.tag in ACTIVITIES:
            if target.scope not in around:
                yield fault(node.xml, "compensate-unreachable", activity=reference)
            elif reference not in compensable and target.inner not in fertile:
                yield fault(node.xml, "compensate-unknown", activity=reference)
        elif not reference and not around & fertile:
            yield fault(node.xml, "compensate-nothing")


def _undoes(scope: Scope) -> bool:
    """Tell whether an event sub-process of this scope is triggered by compensation."""
    inner = [node.inner for node in scope.nodes if node.triggered and node.inner is not None]
    return any("compensate" in start.kinds for one in inner for start in one.nodes if start.tag == "startEvent")


def _handles(scope: Scope) -> bool:
    """Tell whether a scope is part of an event sub-process, which may compensate what is around it."""
    return any(one.node is not None and one.node.triggered for one in scope.above())
