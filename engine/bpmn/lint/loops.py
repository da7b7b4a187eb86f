"""Rules about activities that are done more than once."""

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.elements import B, I
from engine.bpmn.lint.drawing import ACTIVITIES, File, Node, Plan, children, text
from engine.bpmn.lint.findings import Fault, error, fault

RULES = {
    "two-loops": error(
        "10.3.8",
        "一个活动不能既是循环又是多实例；请只留一个。",
        "An activity cannot be a loop and multi-instance at once; keep one.",
    ),
    "endless-loop": error(
        "10.3.8",
        "循环既无条件也无上限，永远不会结束；请补上 loopCondition 或 loopMaximum。",
        "The loop has neither a condition nor a maximum and never ends; add loopCondition or loopMaximum.",
    ),
    "loop-maximum": error("10.3.8", "loopMaximum 须至少为 1。", "loopMaximum must be 1 or more."),
    "loop-count": error(
        "10.3.8",
        "多实例没有写明集合或个数；请补上 loopDataInputRef、icity:collection 或 loopCardinality。",
        "It does not say how many instances; add loopDataInputRef, icity:collection or loopCardinality.",
    ),
    "loop-both": error(
        "10.3.8",
        "多实例同时写了 {names}；请只留一个。",
        "The multi-instance has {names}; keep one of them.",
    ),
    "loop-output": error(
        "10.3.8",
        "{name} 须与 {other} 一同写明。",
        "{name} needs {other} beside it.",
    ),
    "loop-behavior": error(
        "10.3.8",
        "behavior={value} 须写明 {name}。",
        "behavior={value} needs {name} beside it.",
    ),
    "loop-behavior-idle": error(
        "10.3.8",
        "behavior={value} 时 {name} 不起作用；请删除。",
        "With behavior={value}, {name} has no effect; remove it.",
    ),
}

_BEHAVIORS = {
    "None": "noneBehaviorEventRef",
    "One": "oneBehaviorEventRef",
    "Complex": "complexBehaviorDefinition",
}


def check(_: Plan, file: File) -> Iterator[Fault]:
    """Check every loop of a file."""
    for node in file.all_nodes():
        if node.tag in ACTIVITIES:
            yield from _loops(node)


def _loops(node: Node) -> Iterator[Fault]:
    many, again = (
        children(node.xml, "multiInstanceLoopCharacteristics"),
        children(node.xml, "standardLoopCharacteristics"),
    )
    if many and again:
        yield fault(node.xml, "two-loops")
    for xml in again:
        yield from _standard(xml)
    for xml in many:
        yield from _multi(xml)


def _standard(xml: etree._Element) -> Iterator[Fault]:
    maximum = (xml.get("loopMaximum") or "").strip()
    if not text(xml.find(f"{B}loopCondition")) and not maximum:
        yield fault(xml, "endless-loop")
    if maximum.removeprefix("-").isdecimal() and int(maximum[:9]) < 1:
        yield fault(xml, "loop-maximum")


def _multi(xml: etree._Element) -> Iterator[Fault]:
    given = {
        "icity:collection": xml.get(f"{I}collection"),
        "loopDataInputRef": text(xml.find(f"{B}loopDataInputRef")),
        "loopCardinality": text(xml.find(f"{B}loopCardinality")),
    }
    said = [name for name, value in given.items() if value]
    if not said:
        yield fault(xml, "loop-count")
    elif len(said) > 1:
        yield fault(xml, "loop-both", names=", ".join(said))
    for name, other, present, needed in (
        (
            "icity:outputElement",
            "icity:outputCollection",
            xml.get(f"{I}outputElement"),
            xml.get(f"{I}outputCollection"),
        ),
        ("inputDataItem", "loopDataInputRef", children(xml, "inputDataItem"), said and said != ["loopCardinality"]),
        ("outputDataItem", "loopDataOutputRef", children(xml, "outputDataItem"), children(xml, "loopDataOutputRef")),
        ("loopDataOutputRef", "outputDataItem", children(xml, "loopDataOutputRef"), children(xml, "outputDataItem")),
    ):
        if present and not needed:
            yield fault(xml, "loop-output", name=name, other=other)
    yield from _behavior(xml)


def _behavior(xml: etree._Element) -> Iterator[Fault]:
    """Check that what a multi-instance throws when instances complete is there, and nothing else."""
    value = xml.get("behavior", "All")
    definitions = children(xml, "complexBehaviorDefinition")
    given = {name for name in _BEHAVIORS.values() if xml.get(name)} | (
        {_BEHAVIORS["Complex"]} if definitions else set()
    )
    wanted = {_BEHAVIORS[value]} if value in _BEHAVIORS else set()
    for name in sorted(wanted - given):
        yield fault(xml, "loop-behavior", value=value, name=name)
    for name in sorted(given - wanted):
        yield fault(xml, "loop-behavior-idle", value=value, name=name)
    for definition in definitions:
        for name in ("condition", "event"):
            if definition.find(f"{B}{name}") is None:
                yield fault(definition, "loop-behavior", value=value, name=name)
