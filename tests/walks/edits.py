"""What an owner may do to a diagram between two versions: rename, insert, delete, wrap, unwrap, change what is said.

Every edit changes a file in place and tells whether it found something to change; what it makes is a diagram that runs.
"""

from collections.abc import Callable, Collection
from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

from engine.bpmn.gate import BPMN, ICITY

B, I = f"{{{BPMN}}}", f"{{{ICITY}}}"  # noqa: E741 - as engine.bpmn.elements calls it
REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", "activityRef", "calledElement")
GATES = {"parallelGateway": "inclusiveGateway", "inclusiveGateway": "parallelGateway"}
Drawing = Any
NEAR = 0.7


class Pen:
    """Chooses what to change in a file, and draws."""

    def __init__(self, root: Drawing, chance: Random, near: Collection[str] = ()) -> None:
        self.root, self.chance, self.near = root, chance, near
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"new{self.chance.randrange(10**6)}_{self.count}"

    def some(self, *tags: str) -> list[Drawing]:
        return list(self.root.iter(*(B + tag for tag in tags)))

    def one(self, found: list[Drawing]) -> Drawing | None:
        """Choose one; mostly one at which, or beside which, the instance stands."""
        places = ("id", "sourceRef", "targetRef", "attachedToRef")
        near = [one for one in found if any(one.get(place) in self.near for place in places)]
        if near and self.chance.random() < NEAR:
            return self.chance.choice(near)
        return self.chance.choice(found) if found else None

    def draw(self, around: Drawing, tag: str, **attributes: str) -> Drawing:
        return etree.SubElement(around, B + tag, attributes)

    def flow(self, around: Drawing, source: str, target: str) -> Drawing:
        return self.draw(around, "sequenceFlow", id=self.name(), sourceRef=source, targetRef=target)


def named(root: Drawing) -> None:
    """Give every node a name, by which it is found again when its id changes."""
    for one in root.iter(etree.Element):
        if one.get("id") and one.tag.removeprefix(B) not in {"process", "definitions", "sequenceFlow"}:
            one.set("name", one.get("name") or f"The {one.get('id')}")


def called(root: Drawing, chance: Random) -> None:
    """Let some sub-processes be processes of their own that are called."""
    for one in list(root.iter(B + "subProcess")):
        if one.get("triggeredByEvent") or chance.random() < 0.5:
            continue
        process = etree.SubElement(root, B + "process", id=f"q{one.get('id')}", name=f"q{one.get('id')}")
        for child in list(one):
            if child.tag not in {B + "multiInstanceLoopCharacteristics", B + "standardLoopCharacteristics"}:
                process.append(child)
        one.tag = B + "callActivity"
        one.set("calledElement", process.get("id"))


def rename_id(pen: Pen) -> bool:
    one = pen.one([node for node in pen.root.iter(etree.Element) if _node(node)])
    old, new = one.get("id"), pen.name()
    one.set("id", new)
    process = next(around for around in one.iterancestors() if around.tag == B + "process")
    for other in process.iter(etree.Element):
        for attribute in REFERENCES:
            if other.get(attribute) == old:
                other.set(attribute, new)
    return True


def rename_flow(pen: Pen) -> bool:
    one = pen.one(pen.some("sequenceFlow"))
    old = one.get("id")
    one.set("id", pen.name())
    for other in pen.root.iter(etree.Element):
        if other.get("default") == old:
            other.set("default", one.get("id"))
    return True


def rename(pen: Pen) -> bool:
    one = pen.one([node for node in pen.root.iter(etree.Element) if _node(node)])
    one.set("name", pen.name())
    return True


def insert_step(pen: Pen) -> bool:
    one = pen.one([flow for flow in pen.some("sequenceFlow") if _source(flow).tag != B + "eventBasedGateway"])
    step = pen.draw(one.getparent(), "userTask", id=pen.name(), name=pen.name())
    pen.flow(one.getparent(), step.get("id"), one.get("targetRef"))
    one.set("targetRef", step.get("id"))
    return True


def insert_branch(pen: Pen) -> bool:
    split = pen.one([one for one in pen.some("parallelGateway") if len(_out(one)) > 1])
    joins = (
        [one for one in split.getparent() if one.tag == B + "parallelGateway" and len(_in(one)) > 1]
        if split is not None
        else []
    )
    join = pen.one([one for one in joins if one is not split])
    if join is None:
        return False
    step = pen.draw(split.getparent(), "userTask", id=pen.name(), name=pen.name())
    pen.flow(split.getparent(), split.get("id"), step.get("id"))
    pen.flow(split.getparent(), step.get("id"), join.get("id"))
    return True


def delete_step(pen: Pen) -> bool:
    def fits(one: Drawing) -> bool:
        ways = _out(one)
        alone = len(ways) == 1 and not _attached(one) and bool(_in(one))
        return alone and ways[0].get("targetRef") != one.get("id") and not _behind_events(one)

    one = pen.one(
        [
            node
            for node in pen.some("userTask", "task", "receiveTask", "intermediateCatchEvent", "subProcess")
            if not node.get("triggeredByEvent") and fits(node)
        ]
    )
    if one is None:
        return False
    (way,) = _out(one)
    for flow in _in(one):
        flow.set("targetRef", way.get("targetRef"))
    one.getparent().remove(way)
    one.getparent().remove(one)
    return True


def delete_boundary(pen: Pen) -> bool:
    one = pen.one(pen.some("boundaryEvent"))
    if one is None:
        return False
    for flow in _out(one):
        flow.getparent().remove(flow)
    one.getparent().remove(one)
    return True


def insert_boundary(pen: Pen) -> bool:
    host = pen.one(pen.some("userTask", "receiveTask", "callActivity"))
    if host is None:
        return False
    event = pen.draw(host.getparent(), "boundaryEvent", id=pen.name(), name=pen.name(), attachedToRef=host.get("id"))
    event.set("cancelActivity", pen.chance.choice(("true", "false")))
    kind = pen.chance.choice(("timer", "conditional"))
    definition = pen.draw(event, f"{kind}EventDefinition")
    pen.draw(definition, "timeDuration" if kind == "timer" else "condition").text = "P2D" if kind == "timer" else "=p"
    end = pen.draw(host.getparent(), "endEvent", id=pen.name())
    pen.flow(host.getparent(), event.get("id"), end.get("id"))
    return True


def move_flow(pen: Pen) -> bool:
    """Lead a flow elsewhere, over a new step of a person, so that no circle runs by itself."""
    one = pen.one([flow for flow in pen.some("sequenceFlow") if _source(flow).tag != B + "eventBasedGateway"])
    others = [node for node in one.getparent() if _node(node) and _in(node) and not _behind_events(node)]
    target = pen.one(others)
    if target is None:
        return False
    step = pen.draw(one.getparent(), "userTask", id=pen.name(), name=pen.name())
    one.set("targetRef", step.get("id"))
    pen.flow(one.getparent(), step.get("id"), target.get("id"))
    return True


def change_deadline(pen: Pen) -> bool:
    one = pen.one(pen.some("timeDuration"))
    if one is not None:
        one.text = "P9D"
    return one is not None


def change_form(pen: Pen) -> bool:
    one = pen.one(pen.some("userTask"))
    if one is not None:
        one.set(I + "form", pen.name())
    return one is not None


def wrap(pen: Pen) -> bool:
    one = pen.one([task for task in pen.some("userTask") if not _attached(task)])
    if one is None:
        return False
    around, name = one.getparent(), pen.name()
    sub = pen.draw(around, "subProcess", id=name, name=name)
    for flow in _in(one):
        flow.set("targetRef", name)
    for flow in _out(one):
        flow.set("sourceRef", name)
    if one.get("default"):
        sub.set("default", one.attrib.pop("default"))
    sub.append(one)
    for tag, ends in (("startEvent", ("", one)), ("endEvent", (one, ""))):
        event = pen.draw(sub, tag, id=pen.name())
        pen.flow(sub, *(end.get("id") if end != "" else event.get("id") for end in ends))
    return True


def unwrap(pen: Pen) -> bool:
    def fits(one: Drawing) -> bool:
        plain = not one.findall(B + "multiInstanceLoopCharacteristics") and not one.findall(
            B + "standardLoopCharacteristics"
        )
        inner = not any(child.get("triggeredByEvent") for child in one)
        ends = all(not len(end) for end in one.iterchildren(B + "endEvent"))
        begins = [flow for start in one.iterchildren(B + "startEvent") for flow in _out(start)]
        return (
            plain
            and inner
            and ends
            and len(begins) == 1
            and len(_out(one)) == 1
            and not _attached(one)
            and not _triggered(one)
        )

    one = pen.one([sub for sub in pen.some("subProcess") if not sub.get("triggeredByEvent") and fits(sub)])
    if one is None:
        return False
    (start,), (way,), around = list(one.iterchildren(B + "startEvent")), _out(one), one.getparent()
    (first,) = _out(start)
    for flow in _in(one):
        flow.set("targetRef", first.get("targetRef"))
    for end in list(one.iterchildren(B + "endEvent")):
        for flow in _in(end):
            flow.set("targetRef", way.get("targetRef"))
        one.remove(end)
    one.remove(start)
    one.remove(first)
    around.remove(way)
    for child in list(one):
        around.append(child)
    around.remove(one)
    return True


def change_loop(pen: Pen) -> bool:
    one = pen.one(pen.some("userTask", "subProcess", "callActivity"))
    if one is None or one.get("triggeredByEvent"):
        return False
    found = [child for child in one if child.tag.endswith("LoopCharacteristics")]
    multi = [child for child in found if child.tag == B + "multiInstanceLoopCharacteristics"]
    if multi and pen.chance.random() < 0.7:
        multi[0].set("isSequential", "false" if multi[0].get("isSequential") == "true" else "true")
        return True
    for child in found:
        one.remove(child)
    if not found:
        loop = etree.Element(
            B + "multiInstanceLoopCharacteristics", {I + "collection": "=[1,2]", I + "elementVariable": "one"}
        )
        one.insert(0, loop)
    return True


def change_kind(pen: Pen) -> bool:
    one = pen.one(pen.some("userTask", *GATES))
    if one is None:
        return False
    tag = one.tag.removeprefix(B)
    if tag in GATES:
        if any(flow.find(B + "conditionExpression") is not None for flow in _out(one)):
            return False
        one.tag = B + GATES[tag]
    elif any(child.tag.endswith("LoopCharacteristics") for child in one) or pen.chance.random() < 0.4:
        one.tag = B + "manualTask"
    else:
        one.tag = B + "receiveTask"
        one.set("messageRef", "M")
        one.set(I + "correlation", '="k"')
        one.attrib.pop(I + "role", None)
    return True


def change_called(pen: Pen) -> bool:
    one = pen.one(pen.some("callActivity"))
    if one is None:
        return False
    process = next(child for child in pen.root if child.get("id") == one.get("calledElement"))
    other = deepcopy(process)
    pen.root.append(other)
    inner = Pen(other, pen.chance)
    other.set("id", pen.name())
    one.set("calledElement", other.get("id"))
    for node in other.iter(B + "subProcess"):  # their ids are those of scopes, which a deployment has once
        old = node.get("id")
        node.set("id", pen.name())
        for child in node.getparent().iter(etree.Element):
            for attribute in REFERENCES:
                if child.get(attribute) == old:
                    child.set(attribute, node.get("id"))
    return pen.chance.random() < 0.5 or insert_step(inner)


EDITS: tuple[Callable[[Pen], bool], ...] = (
    rename_id,
    rename_flow,
    rename,
    insert_step,
    insert_branch,
    delete_step,
    delete_step,
    delete_boundary,
    insert_boundary,
    move_flow,
    change_deadline,
    change_form,
    wrap,
    unwrap,
    change_loop,
    change_kind,
    change_called,
)


def _node(one: Drawing) -> bool:
    tag = one.tag.removeprefix(B)
    return tag.endswith(("Task", "task", "Gateway", "Event", "subProcess", "callActivity"))


def _in(one: Drawing) -> list[Drawing]:
    return [flow for flow in one.getparent().iterchildren(B + "sequenceFlow") if flow.get("targetRef") == one.get("id")]


def _out(one: Drawing) -> list[Drawing]:
    return [flow for flow in one.getparent().iterchildren(B + "sequenceFlow") if flow.get("sourceRef") == one.get("id")]


def _source(flow: Drawing) -> Drawing:
    return next(one for one in flow.getparent() if one.get("id") == flow.get("sourceRef"))


def _attached(one: Drawing) -> list[Drawing]:
    return [
        event
        for event in one.getparent().iterchildren(B + "boundaryEvent")
        if event.get("attachedToRef") == one.get("id")
    ]


def _behind_events(one: Drawing) -> bool:
    return any(_source(flow).tag == B + "eventBasedGateway" for flow in _in(one))


def _triggered(one: Drawing) -> bool:
    return any(child.get("triggeredByEvent") for child in one)
