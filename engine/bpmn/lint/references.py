"""Rules about names: what refers to something refers to what is there, and is of the kind that is meant."""

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.elements import I
from engine.bpmn.gate import BPMN
from engine.bpmn.lint.drawing import ACTIVITIES, DEFINITION, NODES, File, Node, Plan, local, plain
from engine.bpmn.lint.findings import Fault, error, fault, lenient, warning

RULES = {
    "dangling-reference": error(
        "8.3.1",
        "{name} 所指的“{reference}”不存在；请改为已有元素的标识。",
        "{name} refers to {reference!r}, which is not there; give the id of something in the file.",
    ),
    "wrong-reference": error(
        "8.3.1",
        "{name} 指向 {found}“{reference}”，应指向 {wanted}。",
        "{name} refers to {reference!r}, a {found}; it must refer to {wanted}.",
    ),
    "missing-message": error(
        "10.5.5",
        "找不到消息“{reference}”；请在文件中声明它。",
        "There is no message {reference!r}; declare it in the file.",
    ),
    "missing-signal": error(
        "10.5.5",
        "找不到信号“{reference}”；请在文件中声明它。",
        "There is no signal {reference!r}; declare it in the file.",
    ),
    "missing-error": error(
        "10.5.5",
        "找不到错误“{reference}”；请在文件中声明它。",
        "There is no error {reference!r}; declare it in the file.",
    ),
    "missing-escalation": error(
        "10.5.5",
        "找不到升级“{reference}”；请在文件中声明它。",
        "There is no escalation {reference!r}; declare it in the file.",
    ),
    "unnamed-message": lenient(
        "10.5.5", "没有写明消息；请用 messageRef 指定。", "It names no message; say which with messageRef."
    ),
    "unnamed-signal": error(
        "10.5.5", "没有写明信号；请用 signalRef 指定。", "It names no signal; say which with signalRef."
    ),
    "unnamed-error": error(
        "10.5.5",
        "抛出错误却没有写明是哪一个；请用 errorRef 指定。",
        "It throws an error but not which; say so with errorRef.",
    ),
    "unnamed-escalation": error(
        "10.5.5",
        "抛出升级却没有写明是哪一个；请用 escalationRef 指定。",
        "It throws an escalation but not which; say so with escalationRef.",
    ),
    "missing-code": error(
        "10.5.5",
        "抛出的“{reference}”没有代码，无人能按代码捕获；请补上 {name}。",
        "What it throws, {reference!r}, has no code that could be caught; add {name}.",
    ),
    "nameless": warning(
        "8.4.11",
        "{tag} 没有名称，其标识将作为名称；请补上 name。",
        "The {tag} has no name; its id will serve as one. Add a name.",
    ),
    "duplicate-name": warning(
        "8.4.11",
        "名称“{name}”的 {tag} 声明了两次，视为同一个。",
        "A {tag} named {name!r} is declared twice; both count as one.",
    ),
    "unnamed-operator": lenient(
        "10.3.3",
        "没有写明由哪个操作完成；请补上 icity:operator。",
        "It does not say which operator does it; add icity:operator.",
    ),
    "missing-operator": lenient(
        "10.3.3",
        "没有操作“{reference}”；请改用已登记的操作。",
        "There is no operator {reference!r}; use one of the registry.",
    ),
    "unnamed-decision": lenient(
        "10.3.3",
        "没有写明依据哪张决策表；请补上 icity:decision。",
        "It does not say which decision it takes; add icity:decision.",
    ),
    "missing-decision": error(
        "10.3.3",
        "找不到决策“{reference}”；请补上含有它的 .dmn 文件。",
        "There is no decision {reference!r}; add the .dmn file that holds it.",
    ),
    "unnamed-process": error(
        "10.3.6",
        "没有写明调用哪个流程；请补上 calledElement。",
        "It does not say which process it calls; add calledElement.",
    ),
    "missing-process": error(
        "10.3.6",
        "找不到流程“{reference}”；请补上画有它的文件。",
        "There is no process {reference!r}; add the file that draws it.",
    ),
    "duplicate-process": error(
        "8.3.1",
        "流程“{id}”在文件 {file} 中也有；请改名或删除一个。",
        "The process {id!r} is drawn in {file} too; rename or remove one.",
    ),
    "import": error(
        "8.2.2",
        "引入的文件 {location} 不在此；请一并提供。",
        "The imported file {location} is not among the files; give it as well.",
    ),
    "idle-import": warning(
        "8.2.2",
        "引入的 {location} 不会被读取。",
        "The import of {location} is not read.",
    ),
}

_DEFINITIONS = frozenset(
    f"{kind}{DEFINITION}"
    for kind in (
        "message",
        "timer",
        "signal",
        "error",
        "escalation",
        "conditional",
        "compensate",
        "link",
        "terminate",
        "cancel",
    )
)
_TALKERS = frozenset({"conversation", "subConversation", "callConversation", "participant"})
REFERENCES: Mapping[str, frozenset[str]] = {
    name: frozenset(tags)
    for name, tags in {
        "messageRef": {"message"},
        "inMessageRef": {"message"},
        "outMessageRef": {"message"},
        "signalRef": {"signal"},
        "errorRef": {"error"},
        "escalationRef": {"escalation"},
        "operationRef": {"operation"},
        "itemSubjectRef": {"itemDefinition"},
        "itemRef": {"itemDefinition"},
        "dataObjectRef": {"dataObject"},
        "categoryValueRef": {"categoryValue"},
        "processRef": {"process"},
        "supports": {"process"},
        "attachedToRef": ACTIVITIES,
        "activityRef": ACTIVITIES,
        "default": {"sequenceFlow"},
        "incoming": {"sequenceFlow"},
        "outgoing": {"sequenceFlow"},
        "definitionalCollaborationRef": {"collaboration"},
        "calledCollaborationRef": {"collaboration"},
        "oneBehaviorEventRef": _DEFINITIONS,
        "noneBehaviorEventRef": _DEFINITIONS,
        "eventDefinitionRef": _DEFINITIONS,
        "interfaceRef": {"interface"},
        "endPointRef": {"endPoint"},
        "participantRef": {"participant"},
        "innerParticipantRef": {"participant"},
        "outerParticipantRef": {"participant"},
        "messageFlowRef": {"messageFlow"},
        "innerMessageFlowRef": {"messageFlow"},
        "outerMessageFlowRef": {"messageFlow"},
        "innerConversationNodeRef": _TALKERS,
        "outerConversationNodeRef": _TALKERS,
        "flowNodeRef": NODES,
        "dataInputRefs": {"dataInput"},
        "optionalInputRefs": {"dataInput"},
        "whileExecutingInputRefs": {"dataInput"},
        "dataOutputRefs": {"dataOutput"},
        "optionalOutputRefs": {"dataOutput"},
        "whileExecutingOutputRefs": {"dataOutput"},
        "outputSetRefs": {"outputSet"},
        "inputSetRefs": {"inputSet"},
        "resourceRef": {"resource"},
        "parameterRef": {"resourceParameter"},
        "partitionElementRef": frozenset(),
    }.items()
}
_SPOKEN = {
    "message": "missing-message",
    "signal": "missing-signal",
    "error": "missing-error",
    "escalation": "missing-escalation",
}
_NEEDS = {
    "serviceTask": ("operator", "unnamed-operator"),
    "businessRuleTask": ("decision", "unnamed-decision"),
    "globalBusinessRuleTask": ("decision", "unnamed-decision"),
}
_NAMED = (("operator", "operators"), ("decision", "decisions"))
_THROWN = {
    "error": ("errorRef", "errorCode", "unnamed-error"),
    "escalation": ("escalationRef", "escalationCode", "unnamed-escalation"),
}


def check(plan: Plan, file: File) -> Iterator[Fault]:
    """Check every reference of a file."""
    yield from _imports(plan, file)
    yield from _declared(file)
    yield from _drawn_twice(plan, file)
    for xml, tag, space in file.everything:
        if space == BPMN:
            yield from _references(plan, file, xml, tag)
            yield from _own_names(plan, xml)
            yield from _unsaid(xml, tag)
    for node in file.all_nodes():
        yield from _events(plan, file, node)
        yield from _called(plan, node)


def _drawn_twice(plan: Plan, file: File) -> Iterator[Fault]:
    for xml, _ in file.of("process"):
        first, _ = plan.callables.get(xml.get("id") or "", (file, xml))
        if first is not file:
            yield fault(xml, "duplicate-process", id=xml.get("id"), file=first.name)


def _references(plan: Plan, file: File, xml: etree._Element, tag: str) -> Iterator[Fault]:
    for name, value in xml.attrib.items():
        if name in REFERENCES:
            yield from _refers(plan, file, xml, str(name), str(value))
    if tag in REFERENCES and len(xml) == 0:
        yield from _refers(plan, file, xml, tag, xml.text or "")


def _refers(plan: Plan, file: File, xml: etree._Element, name: str, value: str) -> Iterator[Fault]:
    """Check one reference; an empty one is told where its element is checked."""
    wanted, reference = REFERENCES[name], value.strip()
    if not reference:
        return
    found = plan.find(file, reference)
    if found is None and name == "processRef" and plain(reference) in plan.callables:
        return
    if found is None:
        kind = next(iter(wanted)) if len(wanted) == 1 else ""
        yield fault(xml, _SPOKEN.get(kind, "dangling-reference"), name=name, reference=reference)
    elif wanted and local(found) not in wanted:
        told = ", ".join(sorted(wanted)[:3])
        yield fault(xml, "wrong-reference", name=name, reference=reference, found=local(found), wanted=told)


def _imports(plan: Plan, file: File) -> Iterator[Fault]:
    names = {other.name.rpartition("/")[2] for other in plan.files}
    for xml, _ in file.of("import"):
        location = xml.get("location") or ""
        if xml.get("importType") != BPMN:
            yield fault(xml, "idle-import", location=location)
        elif location.rpartition("/")[2] not in names:
            yield fault(xml, "import", location=location)


def _declared(file: File) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for xml, tag in file.of("message", "signal"):
        name = (xml.get("name") or "").strip()
        if not name:
            yield fault(xml, "nameless", tag=tag)
        elif (tag, name) in seen:
            yield fault(xml, "duplicate-name", tag=tag, name=name)
        seen.add((tag, name))


def _own_names(plan: Plan, xml: etree._Element) -> Iterator[Fault]:
    """Check the names of operators and decisions."""
    for name, names in _NAMED:
        value = xml.get(f"{I}{name}")
        if value is not None and value not in plan.known[names]:
            yield fault(xml, f"missing-{name}", reference=value)


def _unsaid(xml: etree._Element, tag: str) -> Iterator[Fault]:
    """Check that an element names what it needs."""
    if tag in _NEEDS and not xml.get(f"{I}{_NEEDS[tag][0]}"):
        yield fault(xml, _NEEDS[tag][1])
    if tag in {"sendTask", "receiveTask"} and not xml.get("messageRef"):
        yield fault(xml, "unnamed-message")


def _events(plan: Plan, file: File, node: Node) -> Iterator[Fault]:
    throws = node.tag in {"endEvent", "intermediateThrowEvent"}
    for kind, xml in node.events:
        at = xml if local(xml).endswith(DEFINITION) and xml.getparent() is node.xml else node.xml
        if kind in {"message", "signal"} and not xml.get(f"{kind}Ref"):
            yield fault(at, f"unnamed-{kind}")
        elif kind in _THROWN and throws:
            yield from _thrown(plan, file, at, (kind, xml))


def _thrown(plan: Plan, file: File, at: etree._Element, event: tuple[str, etree._Element]) -> Iterator[Fault]:
    kind, xml = event
    reference, code, rule = _THROWN[kind]
    value = xml.get(reference) or ""
    declared = plan.find(file, value) if value else None
    if not value:
        yield fault(at, rule)
    elif declared is not None and local(declared) == kind and not (declared.get(code) or "").strip():
        yield fault(at, "missing-code", reference=value, name=code)


def _called(plan: Plan, node: Node) -> Iterator[Fault]:
    if node.tag != "callActivity":
        return
    called = plain(node.xml.get("calledElement"))
    if not called:
        yield fault(node.xml, "unnamed-process")
    elif called not in plan.callables:
        yield fault(node.xml, "missing-process", reference=called)
