"""Rules about events: which kinds may stand where, boundary events, links, and who catches what."""

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.elements import B
from engine.bpmn.lint.drawing import ACTIVITIES, DEFINITION, File, Node, Plan, Scope, children, local, plain, text
from engine.bpmn.lint.drawing import EVENTS as TAGS
from engine.bpmn.lint.findings import Fault, error, fault, warning

RULES = {
    "event-kind": error(
        "10.5.1",
        "{tag} 不能是 {kind} 类型；可以是：{allowed}。",
        "A {tag} cannot be of the kind {kind}; it can be: {allowed}.",
    ),
    "catch-nothing": error(
        "10.5.4",
        "没有写明等待什么；请补上一个事件定义。",
        "It does not say what it waits for; add an event definition.",
    ),
    "several-definitions": error(
        "10.5.1",
        "引擎不支持多重事件；请为每个定义各画一个事件。",
        "The engine does not run multiple events; draw an event for each definition.",
    ),
    "definition-scope": error(
        "10.5.5",
        "被引用的事件定义“{reference}”须直接放在 definitions 下；请移到那里。",
        "The event definition {reference!r} that is referred to must stand at the root of the file; move it there.",
    ),
    "start-in-subprocess": error(
        "10.5.2",
        "子流程中的开始事件不能有触发条件；请改为普通开始事件，或用事件子流程。",
        "A start event inside a sub-process may have no trigger; make it a plain one, or draw an event sub-process.",
    ),
    "triggered-start": error(
        "10.5.2",
        "事件子流程的开始事件须写明由什么触发；请补上事件定义。",
        "The start event of an event sub-process must say what triggers it; add an event definition.",
    ),
    "not-interrupting": error(
        "10.5.4",
        "{kind} 总是中断；请删除 {name}=false。",
        "The kind {kind} always interrupts; remove {name}=false.",
    ),
    "interrupting-idle": warning(
        "10.5.2",
        "isInterrupting 只对事件子流程起作用；请删除。",
        "isInterrupting means something in event sub-processes only; remove it.",
    ),
    "boundary-host": error(
        "10.5.4",
        "边界事件须附着在同一范围内的活动上；“{reference}”不是。",
        "A boundary event is attached to an activity of its own scope; {reference!r} is none.",
    ),
    "boundary-outgoing": error(
        "10.5.4",
        "边界事件没有流出；请画出它发生后怎么办。",
        "Nothing flows out of the boundary event; draw what happens then.",
    ),
    "boundary-event-subprocess": error(
        "10.5.4",
        "事件子流程上不能有边界事件；请移到里面的活动上。",
        "An event sub-process may have no boundary events; move it to an activity inside.",
    ),
    "same-catch": error(
        "10.5.6",
        "“{other}”已在此捕获同样的 {kind}；两者只能留一个。",
        "{other!r} catches the same {kind} here already; keep one of the two.",
    ),
    "same-message": warning(
        "10.5.6",
        "“{other}”在此等待同一个消息；到达时只有一个会收到。",
        "{other!r} waits for the same message here; only one of them will get it.",
    ),
    "cancel-host": error(
        "10.5.4",
        "取消边界事件只能附着在事务上。",
        "A cancel boundary event is attached to a transaction only.",
    ),
    "cancel-end": error(
        "10.5.3",
        "取消结束事件只能在事务中使用。",
        "A cancel end event may be used inside a transaction only.",
    ),
    "cancel-uncaught": warning(
        "10.5.4",
        "所在事务没有取消边界事件，取消后流程不再继续；请补上。",
        "Its transaction has no cancel boundary event, so nothing follows a cancellation; add one.",
    ),
    "cancel-never": warning(
        "10.5.4",
        "所附事务中没有取消结束事件，它永远不会发生。",
        "Its transaction holds no cancel end event, so it never happens.",
    ),
    "condition-missing": error(
        "10.5.5",
        "条件事件没有写条件；请补上。",
        "The conditional event has no condition; add one.",
    ),
    "link-name": error("10.5.5", "链接事件没有名称；请补上 name。", "The link event has no name; add one."),
    "link-target": error(
        "10.5.5",
        "没有名为“{name}”的链接捕获事件；请在同一范围内画一个。",
        "No link event catches {name!r}; draw one in the same scope.",
    ),
    "link-source": error(
        "10.5.5",
        "没有名为“{name}”的链接抛出事件通向这里；请画一个或删除。",
        "No link event throws {name!r}; draw one in the same scope or remove this.",
    ),
    "link-scope": error(
        "10.5.5",
        "链接“{name}”的两端不在同一流程或子流程中；请移到一起。",
        "The ends of the link {name!r} are in different scopes; bring them together.",
    ),
    "link-several": error(
        "10.5.5",
        "有几个链接捕获事件名为“{name}”；只能留一个。",
        "Several link events catch {name!r}; keep one.",
    ),
    "link-flow": error(
        "10.5.4",
        "链接{zh}；请删除这条顺序流。",
        "A link that {en}; remove that flow.",
    ),
    "link-pair": error(
        "10.5.5",
        "{name} 所指的“{reference}”不是与之对应的链接。",
        "{name} refers to {reference!r}, which is not the other end of this link.",
    ),
    "event-data": error(
        "10.4.1",
        "事件有 {count} 个数据项，却有 {wanted} 个定义；须一一对应。",
        "The event has {count} data items for {wanted} definitions; there must be one for each.",
    ),
}

# What each event may be about (BPMN 2.0.2, tables 10.84 to 10.93).
EVENTS: Mapping[str, frozenset[str]] = {
    "startEvent": frozenset({"none", "message", "timer", "signal", "conditional"}),
    "endEvent": frozenset({"none", "message", "signal", "error", "escalation", "compensate", "cancel", "terminate"}),
    "intermediateCatchEvent": frozenset({"message", "timer", "signal", "conditional", "link"}),
    "intermediateThrowEvent": frozenset({"none", "message", "signal", "escalation", "compensate", "link"}),
    "boundaryEvent": frozenset(
        {"message", "timer", "signal", "conditional", "error", "escalation", "compensate", "cancel"}
    ),
}
TRIGGERS = frozenset({"message", "timer", "signal", "conditional", "error", "escalation", "compensate"})
_CODES = {"error": ("errorRef", "errorCode"), "escalation": ("escalationRef", "escalationCode")}


def check(plan: Plan, file: File) -> Iterator[Fault]:
    """Check every event of a file."""
    links: dict[str, list[Node]] = {}
    cancels = (node for node in file.all_nodes() if node.tag == "endEvent" and "cancel" in node.kinds)
    cancelled = {_transaction(node) for node in cancels}
    for node in file.all_nodes():
        if node.tag in TAGS:
            yield from _kinds(node)
            yield from _definitions(node)
            yield from _data(node)
        if node.tag == "boundaryEvent":
            yield from _boundary(node, cancelled)
        if node.tag == "endEvent" and "cancel" in node.kinds:
            yield from _cancel(node)
        if node.link() is not None:
            links.setdefault(node.link() or "", []).append(node)
        yield from _caught(plan, file, node.boundaries)
    for events in (found for scope in file.scopes for found in _starts(scope)):
        yield from _caught(plan, file, events)
    for name, ends in links.items():
        yield from _links(file, name, ends)


def _kinds(node: Node) -> Iterator[Fault]:
    allowed = EVENTS[node.tag]
    inside = node.tag == "startEvent" and node.scope.node is not None
    if inside:
        yield from _inner_start(node)
        return
    if node.tag == "startEvent" and node.xml.get("isInterrupting") is not None:
        yield fault(node.xml, "interrupting-idle")
    for kind in node.kinds:
        if kind == "none" and kind not in allowed:
            yield fault(node.xml, "catch-nothing")
        elif kind not in allowed and kind != "unknown":
            yield fault(node.xml, "event-kind", tag=node.tag, kind=kind, allowed=", ".join(sorted(allowed)))


def _inner_start(node: Node) -> Iterator[Fault]:
    """Check a start event inside a sub-process: with a trigger in an event sub-process, and only there."""
    triggered = node.scope.node is not None and node.scope.node.triggered
    if not triggered and node.events:
        yield fault(node.xml, "start-in-subprocess")
    elif triggered and not node.events:
        yield fault(node.xml, "triggered-start")
    for kind, _ in node.events if triggered else []:
        if kind not in TRIGGERS | {"unknown"}:
            told = ", ".join(sorted(TRIGGERS))
            yield fault(node.xml, "event-kind", tag="startEvent", kind=kind, allowed=told)
    if triggered:
        yield from _interrupts(node, "isInterrupting", {"error", "compensate"})


def _interrupts(node: Node, name: str, kinds: set[str]) -> Iterator[Fault]:
    for kind in kinds & set(node.kinds):
        if node.xml.get(name) in {"false", "0"}:
            yield fault(node.xml, "not-interrupting", kind=kind, name=name)


def _definitions(node: Node) -> Iterator[Fault]:
    if len(node.events) > 1:
        yield fault(node.xml, "several-definitions")
    for kind, xml in node.events:
        holder = xml.getparent()
        if holder is not None and holder is not node.xml and local(holder) != "definitions":
            yield fault(node.xml, "definition-scope", reference=xml.get("id"))
        if kind == "compensate" and node.tag in {"boundaryEvent", "startEvent"} and xml.get("activityRef"):
            yield fault(node.xml, "idle-attribute", name="activityRef")
        if kind == "conditional" and not text(xml.find(f"{B}condition")):
            yield fault(node.xml, "condition-missing")


def _data(node: Node) -> Iterator[Fault]:
    """Check that the data of an event belong to its definitions one by one."""
    items = children(node.xml, "dataInput") + children(node.xml, "dataOutput")
    if items and len(items) != max(1, len(node.events)):
        yield fault(node.xml, "event-data", count=len(items), wanted=len(node.events))


def _boundary(node: Node, cancelled: set[Node | None]) -> Iterator[Fault]:
    host, kinds = node.host, set(node.kinds)
    reference = node.xml.get("attachedToRef") or ""
    if reference and (host is None or host.tag not in ACTIVITIES or host.scope is not node.scope):
        yield fault(node.xml, "boundary-host", reference=reference)
    if host is not None and host.triggered:
        yield fault(node.xml, "boundary-event-subprocess")
    if not node.outgoing and "compensate" not in kinds:
        yield fault(node.xml, "boundary-outgoing")
    yield from _interrupts(node, "cancelActivity", {"error", "cancel"})
    if "cancel" in kinds and host is not None:
        if host.tag != "transaction":
            yield fault(node.xml, "cancel-host")
        elif host not in cancelled:
            yield fault(node.xml, "cancel-never")


def _transaction(node: Node) -> Node | None:
    """Return the innermost transaction around a node."""
    around = (scope.node for scope in node.scope.above() if scope.node is not None)
    return next((one for one in around if one.tag == "transaction"), None)


def _cancel(node: Node) -> Iterator[Fault]:
    held = _transaction(node)
    if held is None:
        yield fault(node.xml, "cancel-end")
    elif not any("cancel" in event.kinds for event in held.boundaries):
        yield fault(node.xml, "cancel-uncaught")


def _starts(scope: Scope) -> Iterator[list[Node]]:
    """Walk over the start events that wait side by side: those of a process, those of the event sub-processes here."""
    handlers = [node.inner for node in scope.nodes if node.triggered and node.inner is not None]
    yield [node for inner in handlers for node in inner.nodes if node.tag == "startEvent"]
    if scope.parent is None:
        yield [node for node in scope.nodes if node.tag == "startEvent"]


def _caught(plan: Plan, file: File, events: list[Node]) -> Iterator[Fault]:
    """Check that no two events at one place catch the same."""
    seen: dict[tuple[str, str], Node] = {}
    for node in events:
        for kind, xml in node.events:
            key = _caught_key(plan, file, kind, xml)
            if key is None:
                continue
            if key in seen and seen[key] is not node:
                rule = "same-message" if kind == "message" else "same-catch"
                yield fault(node.xml, rule, other=seen[key].id, kind=kind)
            seen.setdefault(key, node)


def _caught_key(plan: Plan, file: File, kind: str, xml: etree._Element) -> tuple[str, str] | None:
    if kind in {"cancel", "compensate"}:
        return kind, ""
    if kind == "message":
        return (kind, plain(xml.get("messageRef"))) if xml.get("messageRef") else None
    if kind not in _CODES:
        return None
    reference, code = _CODES[kind]
    declared = plan.find(file, xml.get(reference) or "")
    return kind, "" if declared is None else (declared.get(code) or "").strip()


def _links(file: File, name: str, ends: list[Node]) -> Iterator[Fault]:
    throws = [node for node in ends if node.tag == "intermediateThrowEvent"]
    catches = [node for node in ends if node.tag == "intermediateCatchEvent"]
    for node in ends:
        yield from _link_flows(file, name, node)
    if not name:
        return
    places = {catch.scope for catch in catches}
    for node in throws:
        if not catches:
            yield fault(node.xml, "link-target", name=name)
        elif node.scope not in places:
            yield fault(node.xml, "link-scope", name=name)
    yield from _link_catches(name, throws, catches)


def _link_catches(name: str, throws: list[Node], catches: list[Node]) -> Iterator[Fault]:
    sources = {throw.scope for throw in throws}
    taken: set[Scope] = set()
    for node in catches:
        if node.scope in taken:
            yield fault(node.xml, "link-several", name=name)
        elif node.scope not in sources:
            yield fault(node.xml, "link-source", name=name)
        taken.add(node.scope)


def _link_flows(file: File, name: str, node: Node) -> Iterator[Fault]:
    if not name.strip():
        yield fault(node.xml, "link-name")
    if node.tag == "intermediateThrowEvent" and node.outgoing:
        yield fault(node.xml, "link-flow", zh="抛出事件不能有流出", en="throws has no way out")
    if node.tag == "intermediateCatchEvent" and node.incoming:
        yield fault(node.xml, "link-flow", zh="捕获事件不能有流入", en="catches has no way in")
    for kind, xml in node.events:
        for child in children(xml, "source") + children(xml, "target") if kind == "link" else []:
            found = file.items.get(plain(child.text))
            pair = found is not None and local(found) == f"link{DEFINITION}" and found.get("name") == xml.get("name")
            if not pair:
                yield fault(node.xml, "link-pair", name=local(child), reference=text(child))
