"""Rules about data: data objects, the inputs and outputs of activities, and what is copied between them."""

from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from engine.bpmn.elements import B
from engine.bpmn.lint.drawing import ACTIVITIES, SUBS, File, Node, Plan, Scope, children, local, plain, text
from engine.bpmn.lint.findings import Fault, error, fault, lenient, warning

RULES = {
    "data-object-reference": error(
        "10.4.1",
        "数据对象引用没有写明 dataObjectRef；请补上。",
        "The data object reference does not say which object; add dataObjectRef.",
    ),
    "data-source": error(
        "10.4.1",
        "数据关联的来源“{reference}”不是数据项；请改为数据对象、输入或输出。",
        "The source {reference!r} of the data association is no item of data; name a data object, input or output.",
    ),
    "data-target": error(
        "10.4.1",
        "数据关联的目标“{reference}”不是数据项；请改为数据对象、输入或输出。",
        "The target {reference!r} of the data association is no item of data; name a data object, input or output.",
    ),
    "data-ends": error(
        "10.4.1",
        "数据关联缺少 {name}；请补上。",
        "The data association lacks {name}; add it.",
    ),
    "data-idle": warning(
        "10.4.2",
        "数据关联没有写明传递什么，不起作用。",
        "The data association does not say what it hands over; it has no effect.",
    ),
    "data-sources": error(
        "10.4.1",
        "没有 transformation 时只能有一个来源；现有 {count} 个。",
        "Without a transformation there can be one source; there are {count}.",
    ),
    "data-scope": error(
        "10.4.1",
        "“{reference}”属于另一个流程或子流程，这里看不到。",
        "{reference!r} belongs to another process or sub-process and cannot be seen here.",
    ),
    "data-direction": error(
        "10.4.1",
        "{zh}",
        "{en}",
    ),
    "data-type": error(
        "10.4.1",
        "“{source}”与“{target}”的类型不同；请补上 transformation。",
        "{source!r} and {target!r} are of different types; add a transformation.",
    ),
    "data-collection": error(
        "10.4.1",
        "isCollection 与所引用的类型“{reference}”不一致。",
        "isCollection does not agree with the type {reference!r} it refers to.",
    ),
    "data-goal": error(
        "10.4.1",
        "赋值的目标“{goal}”不是变量名，也不是数据项的标识；请改正。",
        "The goal {goal!r} of the assignment names neither a variable nor an item of data; mend it.",
    ),
    "data-assignment": error(
        "10.4.1",
        "赋值缺少 {name}；请补上。",
        "The assignment lacks {name}; add it.",
    ),
    "io-sets": warning(
        "10.4.1",
        "ioSpecification 缺少 {name}；请补上。",
        "The ioSpecification lacks an {name}; add one.",
    ),
    "io-item": warning(
        "10.4.1",
        "{tag}“{id}”不在任何 {name} 中；请列入一个。",
        "The {tag} {id!r} is in no {name}; list it in one.",
    ),
    "io-list": error(
        "10.4.1",
        "“{reference}”列在 {name} 中，却不在 {other} 中。",
        "{reference!r} is listed as {name} but not as {other}.",
    ),
    "io-pair": error(
        "10.4.1",
        "{name} 所指的“{reference}”没有反过来指向这里。",
        "{name} refers to {reference!r}, which does not refer back.",
    ),
    "io-foreign": error(
        "10.4.1",
        "“{reference}”是另一个活动的数据；这里只能列自己的。",
        "{reference!r} belongs to another activity; list only its own.",
    ),
    "subprocess-io": error(
        "10.4.1",
        "子流程不能有 ioSpecification；请用 icity:input，或把数据放进数据对象。",
        "A sub-process has no ioSpecification; use icity:input, or data objects.",
    ),
    "operation-sets": error(
        "10.3.3",
        "{name} 最多一个 {tag}；现有 {count} 个。",
        "With {name} there is one {tag} at most; there are {count}.",
    ),
    "loop-data": lenient(
        "10.3.8",
        "{name} 所指的“{reference}”不是此处可见的数据项；请改为数据对象或输入。",
        "{name} refers to {reference!r}, no item of data seen here; name a data object or an input.",
    ),
}

ITEMS = frozenset(
    {"dataObject", "dataObjectReference", "dataInput", "dataOutput", "inputDataItem", "outputDataItem", "property"}
    | {"dataStore", "dataStoreReference"}
)
_SETS = (
    ("inputSet", "dataInput", "dataInputRefs", ("optionalInputRefs", "whileExecutingInputRefs"), "outputSetRefs"),
    ("outputSet", "dataOutput", "dataOutputRefs", ("optionalOutputRefs", "whileExecutingOutputRefs"), "inputSetRefs"),
)


_DIRECTIONS = {
    "dataInputAssociation": ("targetRef", "dataInput", "dataOutput"),
    "dataOutputAssociation": ("sourceRef", "dataOutput", "dataInput"),
}
_TOLD = {
    "dataInputAssociation": {
        "zh": "输入关联的目标不能是输出；请改为输入。",
        "en": "An input association cannot lead to an output; name an input.",
    },
    "dataOutputAssociation": {
        "zh": "输出关联的来源不能是输入；请改为输出。",
        "en": "An output association cannot come from an input; name an output.",
    },
}


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check the data of a file."""
    for xml, tag in file.of(*_CHECKS):
        yield from _CHECKS[tag](file, xml)
    for node in file.all_nodes():
        if node.tag in ACTIVITIES:
            yield from _activity(file, node)


def _reference(file: File, xml: etree._Element) -> Iterator[Fault]:
    reference = plain(xml.get("dataObjectRef"))
    if not reference:
        yield fault(xml, "data-object-reference")
        return
    found = _item(file, reference)
    if found is not None and not _seen(file, found, xml):
        yield fault(xml, "data-scope", reference=reference)


def _assignment(file: File, xml: etree._Element) -> Iterator[Fault]:
    goal = text(xml.find(f"{B}to")).removeprefix("=").strip()
    if goal and not goal.isidentifier() and _item(file, goal) is None:
        yield fault(xml, "data-goal", goal=goal)
    for name in ("from", "to"):
        if not text(xml.find(f"{B}{name}")):
            yield fault(xml, "data-assignment", name=name)


def _item(file: File, reference: str) -> etree._Element | None:
    found = file.items.get(plain(reference))
    return found if found is not None and local(found) in ITEMS else None


def _association(file: File, xml: etree._Element) -> Iterator[Fault]:
    sources, targets = children(xml, "sourceRef"), children(xml, "targetRef")
    assigned = bool(children(xml, "assignment")) or bool(children(xml, "transformation"))
    if not sources and not assigned:
        yield fault(xml, "data-idle")
    if not targets:
        yield fault(xml, "data-ends", name="targetRef")
    if len(sources) > 1 and not assigned:
        yield fault(xml, "data-sources", count=len(sources))
    for end in sources + targets:
        yield from _end(file, xml, end)
    yield from _direction(file, xml)
    if len(sources) == len(targets) == 1 and not assigned:
        yield from _types(file, xml, text(sources[0]), text(targets[0]))


def _end(file: File, xml: etree._Element, end: etree._Element) -> Iterator[Fault]:
    found = _item(file, text(end))
    if found is None:
        yield fault(xml, "data-source" if local(end) == "sourceRef" else "data-target", reference=text(end))
    elif not _seen(file, found, xml):
        yield fault(xml, "data-scope", reference=text(end))


def _seen(file: File, found: etree._Element, xml: etree._Element) -> bool:
    """Tell whether an item of data is in a scope around the association."""
    home, here = file.home(found), file.home(xml)
    holder = xml.getparent()
    if here is None and holder is not None:
        here = file.home(holder)
    return home is None or here is None or home in set(here.above()) | _within(file, holder)


def _within(file: File, holder: etree._Element | None) -> set[Scope]:
    node = None if holder is None else file.nodes.get(holder.get("id") or "")
    return {node.inner} if node is not None and node.inner is not None else set()


def _direction(file: File, xml: etree._Element) -> Iterator[Fault]:
    """Check that an activity fills inputs of its own and hands on outputs of its own."""
    tag, own = local(xml), xml.getparent()
    name, wanted, other = _DIRECTIONS[tag]
    for end in children(xml, name):
        found = _item(file, text(end))
        if found is None or local(found) not in {wanted, other} or own is None:
            continue
        if local(found) == wanted and _owner(found) is not own and tag == "dataInputAssociation":
            yield fault(xml, "io-foreign", reference=text(end))
        elif local(found) == other and (tag == "dataInputAssociation" or _owner(found) is own):
            yield fault(xml, "data-direction", **_TOLD[tag])


def _owner(item: etree._Element) -> etree._Element | None:
    holder = item.getparent()
    return holder.getparent() if holder is not None and local(holder) == "ioSpecification" else holder


def _types(file: File, xml: etree._Element, source: str, target: str) -> Iterator[Fault]:
    one, other = _type(file, source), _type(file, target)
    if one and other and one != other:
        yield fault(xml, "data-type", source=source, target=target)


def _type(file: File, reference: str) -> str:
    """Return the type of an item of data as its definition says it; empty when it does not."""
    found = _item(file, reference)
    if found is not None and found.get("dataObjectRef"):
        behind = file.items.get(plain(found.get("dataObjectRef")))
        found = behind if behind is not None else found
    definition = None if found is None else file.items.get(plain(found.get("itemSubjectRef")))
    return "" if definition is None else definition.get("structureRef") or ""


def _collection(file: File, xml: etree._Element) -> Iterator[Fault]:
    reference = plain(xml.get("itemSubjectRef"))
    definition = file.items.get(reference)
    if definition is None or local(definition) != "itemDefinition":
        return
    if xml.get("isCollection", "false") != definition.get("isCollection", "false"):
        yield fault(xml, "data-collection", reference=reference)


def _specification(file: File, xml: etree._Element) -> Iterator[Fault]:
    holder = xml.getparent()
    if holder is not None and local(holder) in SUBS:
        yield fault(holder, "subprocess-io")
    for name, item, listed, others, pairs in _SETS:
        sets = children(xml, name)
        if not sets:
            yield fault(xml, "io-sets", name=name)
        said = {text(child) for one in sets for child in children(one, listed)}
        items = {one.get("id") or "" for one in children(xml, item)}
        for own in sorted(items - said) if sets else ():
            yield fault(xml, "io-item", tag=item, id=own, name=name)
        for reference in sorted(said - items):
            if _item(file, reference) is not None:
                yield fault(xml, "io-foreign", reference=reference)
        for one in sets:
            yield from _set(file, one, (listed, others, pairs))


def _set(file: File, xml: etree._Element, names: tuple[str, tuple[str, ...], str]) -> Iterator[Fault]:
    listed, others, pairs = names
    said = {text(child) for child in children(xml, listed)}
    for other in others:
        for child in children(xml, other):
            if text(child) not in said:
                yield fault(xml, "io-list", reference=text(child), name=other, other=listed)
    back = "inputSetRefs" if pairs == "outputSetRefs" else "outputSetRefs"
    for child in children(xml, pairs):
        found = file.items.get(plain(child.text))
        if found is not None and (xml.get("id") or "") not in {text(one) for one in children(found, back)}:
            yield fault(xml, "io-pair", name=pairs, reference=text(child))


def _activity(file: File, node: Node) -> Iterator[Fault]:
    for loop in children(node.xml, "multiInstanceLoopCharacteristics"):
        for name in ("loopDataInputRef", "loopDataOutputRef"):
            reference = text(loop.find(f"{B}{name}"))
            if reference and _item(file, reference) is None:
                yield fault(loop, "loop-data", name=name, reference=reference)
    specification = node.xml.find(f"{B}ioSpecification")
    if specification is None:
        return
    yield from _carried(file, node, specification)
    limits = {
        "serviceTask": ("operationRef", ("inputSet", "outputSet")),
        "sendTask": ("messageRef", ("inputSet", "dataInput")),
        "receiveTask": ("messageRef", ("outputSet", "dataOutput")),
    }
    name, tags = limits.get(node.tag, ("", ()))
    for tag in tags if name and node.xml.get(name) else ():
        count = len(children(specification, tag))
        if count > 1:
            yield fault(node.xml, "operation-sets", name=name, tag=tag, count=count)


def _carried(file: File, node: Node, specification: etree._Element) -> Iterator[Fault]:
    """Check that what a task sends or receives is of the type of its message."""
    tag = {"sendTask": "dataInput", "receiveTask": "dataOutput"}.get(node.tag)
    message = file.items.get(plain(node.xml.get("messageRef")))
    if tag is None or message is None:
        return
    definition = file.items.get(plain(message.get("itemRef")))
    wanted = "" if definition is None else definition.get("structureRef") or ""
    for item in children(specification, tag):
        kind = _type(file, item.get("id") or "")
        if wanted and kind and kind != wanted:
            yield fault(node.xml, "data-type", source=item.get("id"), target=message.get("id"))


_CHECKS: Mapping[str, Callable[[File, etree._Element], Iterator[Fault]]] = {
    "dataObject": _collection,
    "dataInput": _collection,
    "dataOutput": _collection,
    "dataObjectReference": _reference,
    "dataInputAssociation": _association,
    "dataOutputAssociation": _association,
    "assignment": _assignment,
    "ioSpecification": _specification,
}
