"""Diagrams compared: steps and flows that are new, gone, moved or otherwise set; what is only drawn elsewhere apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from lxml import etree

from engine import identity
from engine.bpmn.gate import BPMN, ICITY, parse_xml
from engine.differences import naming
from engine.differences.changes import PLAIN, Change, Thing, Words, added, changed, layout, moved, removed

FILE: Final = "x.bpmn"
FLOW: Final = "sequenceFlow"
SKIPPED: Final = frozenset({"incoming", "outgoing", "BPMNDiagram", "laneSet"})
UNTOLD: Final = frozenset({"id", "type", "sourceRef", "targetRef"})
POINTING: Final = frozenset(
    {"attachedToRef", "default", "messageRef", "signalRef", "errorRef", "escalationRef", "activityRef", "flowNodeRef"}
    | {"processRef", "dataObjectRef", "performerOf"}
)


@dataclass(frozen=True)
class Element:
    """An element of a diagram: its kind, what holds it, what it carries; `ends` are those of a flow."""

    id: str
    kind: str
    holder: str
    parts: Mapping[str, str]
    ends: tuple[str, str] | None = None


@dataclass(frozen=True)
class Drawing:
    """What a file of diagrams says: its elements in order, and where each is drawn."""

    elements: Mapping[str, Element] = field(default_factory=dict)
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def before(self) -> Mapping[str, frozenset[str]]:
        """Return the elements that lead straight to each element."""
        return self._linked(1, 0)

    @cached_property
    def behind(self) -> Mapping[str, frozenset[str]]:
        """Return the elements that each element leads straight to."""
        return self._linked(0, 1)

    def _linked(self, own: int, other: int) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for one in self.elements.values():
            if one.kind == FLOW and one.ends is not None:
                found[one.ends[own]] = found.get(one.ends[own], frozenset()) | {one.ends[other]}
        return found

    def called(self, element: str) -> Words:
        """Return what people call an element; one without a name by its kind."""
        one = self.elements.get(element)
        if one is None:
            return f"“{element}”", f"“{element}”"
        zh, en = naming.KINDS.get(one.kind, (one.kind, one.kind))
        if one.ends is not None:
            first, last = (self.called(end) for end in one.ends)
            named = f"“{one.parts['name']}”" if one.parts.get("name") else ""
            return f"{zh}{named}（{first[0]} → {last[0]}）", f"{en} {named}({first[1]} → {last[1]})"
        name = one.parts.get("name") or one.parts.get("text", "")[:30]
        return (f"{zh}“{name}”", f"{en} “{name}”") if name else (f"未命名的{zh}", f"{en} without a name")

    def thing(self, element: str) -> Thing:
        """Return an element as a change speaks of it."""
        return Thing(element, *self.called(element))


def compare(before: bytes, after: bytes) -> list[Change]:
    """Return what changed in a BPMN file; raise ModelRefused where one cannot be read."""
    old, new = read(before), read(after)
    found = [*_elements(old, new), *_gone(old, new)]
    shifted = sum(1 for key, place in new.places.items() if key in old.places and old.places[key] != place)
    if shifted and found:
        found.append(layout((f"另有 {shifted} 个图形只调整了位置", f"{shifted} more shapes are only drawn elsewhere")))
    elif before != after and not found:
        found.append(layout(("只调整了图形位置或书写格式", "only positions or the way it is written changed")))
    return found


def read(content: bytes) -> Drawing:
    """Return what a BPMN file says; raise ModelRefused where it cannot be read."""
    if not content:
        return Drawing()
    root = parse_xml(content, FILE)
    elements: dict[str, Element] = {}
    for child in root:
        _walk(child, "", elements)
    return Drawing(elements, _places(root))


def _walk(xml: Any, holder: str, elements: dict[str, Element]) -> None:
    kind = _local(xml)
    if kind == "laneSet":
        for child in xml:
            _walk(child, holder, elements)
    if kind not in naming.KINDS or not xml.get("id"):
        return
    parts: dict[str, str] = {}
    _attributes(xml, parts)
    inner = [child for child in xml if isinstance(child.tag, str) and _local(child) not in SKIPPED - {"laneSet"}]
    for child in inner:
        if _local(child) in naming.KINDS or _local(child) == "laneSet":
            _walk(child, xml.get("id"), elements)
        else:
            _fold(child, parts)
    ends = (xml.get("sourceRef"), xml.get("targetRef"))
    known = ends if all(ends) else None
    elements[xml.get("id")] = Element(xml.get("id"), kind, holder, parts, known)


def _fold(xml: Any, parts: dict[str, str]) -> None:
    """Let an element carry what stands in it and has no life of its own."""
    kind = _local(xml)
    if kind in naming.EVENTS or kind in naming.REPEATS:
        _put(parts, "event" if kind in naming.EVENTS else "repeats", kind)
    if etree.QName(xml).namespace == ICITY and xml.get("name") is not None:
        _put(parts, f"{kind}:{xml.get('name')}", xml.get("value") or (xml.text or "").strip())
        return
    _attributes(xml, parts)
    if xml.text and xml.text.strip():
        _put(parts, kind, xml.text.strip())
    for child in xml:
        if isinstance(child.tag, str):
            _fold(child, parts)


def _attributes(xml: Any, parts: dict[str, str]) -> None:
    for name, value in xml.attrib.items():
        local = etree.QName(name).localname
        if local not in UNTOLD and value:
            _put(parts, local, value)


def _put(parts: dict[str, str], key: str, value: str) -> None:
    parts[key] = f"{parts[key]}；{value}" if key in parts else value


def _places(root: Any) -> dict[str, tuple[str, ...]]:
    """Return where each element is drawn: the numbers of its bounds or of its corners."""
    found: dict[str, tuple[str, ...]] = {}
    for shape in root.iter():
        element = shape.get("bpmnElement") if isinstance(shape.tag, str) else None
        if element and _local(shape) != "BPMNPlane":
            found[element] = tuple(
                number for one in shape for number in one.attrib.values() if _local(one) in ("Bounds", "waypoint")
            )
    return found


def _local(xml: Any) -> str:
    name = etree.QName(xml) if isinstance(xml.tag, str) else None
    if name is None:
        return ""
    return name.localname if name.namespace in (BPMN, ICITY) or "DD" in (name.namespace or "") else f"?{name.localname}"


def _elements(old: Drawing, new: Drawing) -> Iterator[Change]:
    """Tell what is new and what is otherwise, in the order of the new diagram."""
    for key, one in new.elements.items():
        was = old.elements.get(key)
        if was is None:
            yield added(new.thing(key), where=_inside(new, one))
            continue
        yield from _moved(old, new, key)
        thing = new.thing(key)
        if was.kind != one.kind:
            yield changed(thing, "kind", naming.PARTS["kind"], (was.kind, one.kind), naming.KINDS)
        for part in {**was.parts, **one.parts}:
            values = (was.parts.get(part, ""), one.parts.get(part, ""))
            if values[0] != values[1]:
                yield changed(thing, part, naming.part(part), values, _words(part, values, (old, new)))


def _inside(new: Drawing, one: Element) -> Words:
    holder = new.elements.get(one.holder)
    if holder is None or holder.kind == "process" or one.ends is not None:
        return "", ""
    zh, en = new.called(one.holder)
    return f"，位于{zh}中", f", in {en}"


def _gone(old: Drawing, new: Drawing) -> Iterator[Change]:
    for key in old.elements:
        if key not in new.elements:
            yield removed(old.thing(key))


def _moved(old: Drawing, new: Drawing, key: str) -> Iterator[Change]:
    """Tell a flow that joins others now, and a step that stands elsewhere; steps put between are no move."""
    was, one = old.elements[key], new.elements[key]
    if was.ends != one.ends and was.ends is not None and one.ends is not None:
        (first, last), (start, end) = was.ends, one.ends
        told = [old.called(first), old.called(last), new.called(start), new.called(end)]
        zh = f"改为从{told[2][0]}到{told[3][0]}（原从{told[0][0]}到{told[1][0]}）"
        en = f"now from {told[2][1]} to {told[3][1]} (was from {told[0][1]} to {told[1][1]})"
        yield moved(
            Thing(key, *naming.KINDS.get(one.kind, ("连线", "flow"))),
            (" → ".join(was.ends), " → ".join(one.ends)),
            (zh, en),
        )
    elif was.holder != one.holder:
        held = (old.called(was.holder), new.called(one.holder))
        zh, en = f"由{held[0][0]}移到{held[1][0]}", f"from {held[0][1]} to {held[1][1]}"
        yield moved(new.thing(key), (was.holder, one.holder), (zh, en))
    elif one.ends is None:
        yield from _elsewhere(old, new, key)


def _elsewhere(old: Drawing, new: Drawing, key: str) -> Iterator[Change]:
    """Tell a step of which both what comes before and what comes behind is another than it was."""
    kept = old.elements.keys() & new.elements.keys()
    before = [_near(drawing.before, key, kept) for drawing in (old, new)]
    behind = [_near(drawing.behind, key, kept) for drawing in (old, new)]
    if not all(before) or before[0] == before[1] or behind[0] == behind[1]:
        return
    was, now = (_list(drawing, ends) for drawing, ends in zip((old, new), before, strict=True))
    zh = f"在流程中的位置改变：原在{was[0]}之后，现在{now[0]}之后"
    yield moved(new.thing(key), (was[0], now[0]), (zh, f"stands elsewhere: was behind {was[1]}, is behind {now[1]}"))


def _near(links: Mapping[str, frozenset[str]], key: str, kept: Any) -> frozenset[str]:
    """Return the nearest elements along the links that both diagrams have."""
    found: set[str] = set()
    seen, waiting = {key}, [key]
    while waiting:
        for other in links.get(waiting.pop(), frozenset()) - seen:
            seen.add(other)
            if other in kept:
                found.add(other)
            else:
                waiting.append(other)
    return frozenset(found)


def _list(drawing: Drawing, ends: frozenset[str]) -> Words:
    named = [drawing.called(end) for end in sorted(ends)]
    return "、".join(zh for zh, _ in named), ", ".join(en for _, en in named)


def _words(part: str, values: tuple[str, str], drawings: tuple[Drawing, Drawing]) -> Mapping[str, Words]:
    """Return what people call the values of a part: elements and roles by their names, true by yes."""
    if part in POINTING:
        return {value: drawing.called(value) for value, drawing in zip(values, drawings, strict=True)}
    if part in ("role", "remindRoles"):
        return {key: (role.name["zh"], role.name["en"]) for key, role in identity.roles().items()}
    if part == "timeDuration":
        return {value: naming.duration(value) for value in values if value}
    return naming.VALUES.get(part, PLAIN)
