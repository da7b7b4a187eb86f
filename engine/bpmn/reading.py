"""Reads flow nodes from the XML of a diagram."""

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.elements import EVENTS, B, Element, Event, I, Loop, Timing, Transfer, local, plain

DEFINITION = "EventDefinition"
MESSAGING = frozenset({"sendTask", "receiveTask"})
KINDS = {"compensate": "compensation"}
Names = Mapping[str, str | None]


def read(node: etree._Element, process: str, names: Names) -> Element:
    """Return the flow node that `node` draws; `names` tells what root elements are called (see `elements.named`)."""
    return Element(
        id=node.get("id", ""),
        name=str(node.get("name") or node.get("id", "")),
        kind=local(node),
        process=process,
        form=node.get(f"{I}form"),
        role=node.get(f"{I}role"),
        organisation=node.get(f"{I}organisation"),
        assignee=node.get(f"{I}assignee"),
        performer_of=node.get(f"{I}performerOf"),
        deadline=node.get(f"{I}deadline"),
        result=node.get(f"{I}result"),
        operator=node.get(f"{I}operator"),
        decision=node.get(f"{I}decision"),
        milestone=node.get(f"{I}milestone"),
        title=node.get(f"{I}title"),
        remind=tuple((node.get(f"{I}remind") or "").split()),
        remind_roles=tuple((node.get(f"{I}remindRoles") or "").split()),
        stops=tuple((node.get(f"{I}stops") or "").split()),
        actions=tuple(node.get(f"{I}actions", "").split()) if f"{I}actions" in node.attrib else None,
        opinion=tuple((node.get(f"{I}opinion") or "").split()),
        correlation=node.get(f"{I}correlation"),
        definition=_event(node, names),
        loop=_loop(node, names),
        called=plain(node.get("calledElement")),
        inputs=_mappings(node, "input"),
        outputs=_mappings(node, "output"),
        reads=tuple(_transfers(node, "dataInputAssociation", names)),
        writes=tuple(_transfers(node, "dataOutputAssociation", names)),
        takes=process_data(node, "dataInput"),
        gives=process_data(node, "dataOutput"),
        interrupting="false" not in (node.get("cancelActivity"), node.get("isInterrupting")),
        attached=plain(node.get("attachedToRef")),
        triggered=node.get("triggeredByEvent") == "true",
        compensating=node.get("isForCompensation") == "true",
        instantiating=node.get("instantiate") == "true",
    )


def definitions(node: etree._Element) -> list[etree._Element]:
    """Return the event definitions of an event, its own and those it refers to."""
    own = [child for child in node.iterchildren(f"{B}*") if local(child).endswith(DEFINITION)]
    wanted = [plain(child.text) for child in node.iterchildren(f"{B}eventDefinitionRef")]
    if wanted:
        root = node.getroottree().getroot()
        declared = {one.get("id"): one for one in root.iterchildren(f"{B}*") if local(one).endswith(DEFINITION)}
        own += [declared[name] for name in wanted if name in declared]
    return own


def process_data(process: etree._Element, direction: str) -> tuple[str, ...] | None:
    """Return the names of the dataInput or dataOutput that something declares; None when it declares no data at all."""
    found = process.find(f"{B}ioSpecification")
    return None if found is None else tuple(variable(one) for one in found.iterchildren(f"{B}{direction}"))


def variable(node: etree._Element) -> str:
    """Return the variable that a data item stands for: its name, or its id when it has none."""
    return str(node.get("name") or node.get("id", ""))


def _event(node: etree._Element, names: Names) -> Event:
    if local(node) in MESSAGING:
        reference = plain(node.get("messageRef"))
        return Event("message", name=names.get(reference) if reference else None)
    if local(node) not in EVENTS:
        return Event()
    found = definitions(node)
    return _definition(found[0], node, names) if found else Event()


def _definition(found: etree._Element, node: etree._Element, names: Names) -> Event:
    kind = local(found).removesuffix(DEFINITION)
    kind = KINDS.get(kind, kind)
    reference = plain(found.get(f"{kind}Ref"))
    name = names.get(reference) if reference else None
    return Event(
        kind,
        name=found.get("name") if kind == "link" else name,
        code=name if kind in {"error", "escalation"} else None,
        timing=_timing(found, node) if kind == "timer" else None,
        condition=(found.findtext(f"{B}condition") or "").strip() or None,
        activity=plain(found.get("activityRef")),
        waits=found.get("waitForCompletion") != "false",
    )


def _timing(definition: etree._Element, node: etree._Element) -> Timing:
    for tag, kind in (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle")):
        text = (definition.findtext(f"{B}{tag}") or "").strip()
        if text:
            return Timing(kind, text, node.get(f"{I}anchor"), node.get(f"{I}deadline"))
    return Timing("duration", "", node.get(f"{I}anchor"), node.get(f"{I}deadline"))


def _loop(node: etree._Element, names: Names) -> Loop | None:
    standard = node.find(f"{B}standardLoopCharacteristics")
    if standard is not None:
        return _standard(standard)
    found = node.find(f"{B}multiInstanceLoopCharacteristics")
    if found is None:
        return None
    item, output = found.find(f"{B}inputDataItem"), found.find(f"{B}outputDataItem")
    return Loop(
        collection=found.get(f"{I}collection") or "",
        variable=found.get(f"{I}elementVariable") or (variable(item) if item is not None else "item"),
        output=found.get(f"{I}outputCollection") or _data(found, "loopDataOutputRef", names),
        output_element=found.get(f"{I}outputElement"),
        completion=found.findtext(f"{B}completionCondition"),
        kind="sequential" if found.get("isSequential") == "true" else "parallel",
        cardinality=(found.findtext(f"{B}loopCardinality") or "").strip() or None,
        source=_data(found, "loopDataInputRef", names),
        output_item=variable(output) if output is not None else None,
        behaviour=found.get("behavior") or "All",
        thrown=tuple(_behaviour(found, names)),
    )


def _standard(found: etree._Element) -> Loop:
    most = found.get("loopMaximum")
    return Loop(
        collection="",
        variable="item",
        output=None,
        output_element=None,
        completion=None,
        kind="standard",
        condition=(found.findtext(f"{B}loopCondition") or "").strip() or None,
        maximum=int(most) if most and most.isdecimal() else None,
        before=found.get("testBefore") == "true",
    )


def _behaviour(found: etree._Element, names: Names) -> Iterator[tuple[str | None, Event]]:
    """Yield (condition, event) of what the multi-instance throws when instances complete (BPMN 2.0.2 table 10.30)."""
    reference = plain(found.get("noneBehaviorEventRef") or found.get("oneBehaviorEventRef"))
    root = found.getroottree().getroot()
    for one in root.iterchildren(f"{B}*"):
        if reference and one.get("id") == reference and local(one).endswith(DEFINITION):
            yield None, _definition(one, found, names)
    for one in found.iterchildren(f"{B}complexBehaviorDefinition"):
        event = one.find(f"{B}event")
        thrown = definitions(event) if event is not None else []
        if thrown:
            yield one.findtext(f"{B}condition"), _definition(thrown[0], one, names)


def _transfers(node: etree._Element, tag: str, names: Names) -> Iterator[Transfer]:
    for one in node.iterchildren(f"{B}{tag}"):
        source, target = _data(one, "sourceRef", names), _data(one, "targetRef", names)
        assignments = list(one.iterchildren(f"{B}assignment"))
        for assignment in assignments:
            goal = (assignment.findtext(f"{B}to") or "").strip().removeprefix("=").strip()
            yield Transfer(names.get(goal, goal) or target or "", expression=assignment.findtext(f"{B}from"))
        transformation = one.findtext(f"{B}transformation")
        if not assignments and (source or transformation):
            yield Transfer(target or "", source=source, expression=transformation)


def _data(node: etree._Element, tag: str, names: Names) -> str | None:
    """Return the variable behind a reference to a data object, data input or data output."""
    reference = plain(node.findtext(f"{B}{tag}"))
    return names.get(reference, reference) if reference else None


def _mappings(node: etree._Element, tag: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (item.get("name", ""), item.get("value", "")) for item in node.iterfind(f"{B}extensionElements/{I}{tag}")
    )
