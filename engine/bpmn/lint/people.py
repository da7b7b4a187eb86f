"""Rules about people: who does a step, on which form, who is reminded, and what they may do besides answering it."""

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.elements import ACTIONS, I
from engine.bpmn.gate import BPMN
from engine.bpmn.lint.drawing import ACTIVITIES, File, Plan
from engine.bpmn.lint.findings import Fault, error, fault, lenient, warning

RULES = {
    "unnamed-role": lenient(
        "10.3.1",
        "没有写明由谁办理；请补上 icity:role 或 icity:assignee。",
        "It does not say who does it; add icity:role or icity:assignee.",
    ),
    "missing-role": error(
        "10.3.1",
        "没有角色“{reference}”；请改用 config/roles.toml 中的角色。",
        "There is no role {reference!r}; use one of config/roles.toml.",
    ),
    "missing-form": lenient(
        "10.3.4",
        "找不到表单“{reference}”；请补上 forms/{reference}.form。",
        "There is no form {reference!r}; add forms/{reference}.form.",
    ),
    "missing-step": error(
        "10.3.4",
        "icity:performerOf 所指的“{reference}”不是本流程中由人办理的环节；请另选一个环节。",
        "icity:performerOf names {reference!r}, which is no step that a person does in this process; choose another.",
    ),
    "missing-action": error(
        "10.3.4",
        "没有“{reference}”这一操作；icity:{name} 可写：{wanted}。",
        "There is no action {reference!r}; icity:{name} takes: {wanted}.",
    ),
    "seat-of-one": warning(
        "10.3.4",
        "这里只有一人办理，不能加签席位；请删去 seat，或改为多实例（会签）。",
        "One person does this alone, so no seat can be added; leave out seat, or make it a multi-instance.",
    ),
    "opinion-of-nothing": warning(
        "10.3.4",
        "icity:opinion 写了“{reference}”，但 icity:actions 不允许它；请补上或删去。",
        "icity:opinion names {reference!r}, which icity:actions does not allow; add it there or leave it out.",
    ),
    "performer": lenient(
        "10.3.1",
        "{tag} 不起作用；请用 icity:role 或 icity:assignee 写明由谁办理。",
        "{tag} has no effect; say who does it with icity:role or icity:assignee.",
    ),
}

_HUMAN = frozenset({"userTask", "globalUserTask"})
_RESOURCES = ("resourceRole", "performer", "humanPerformer", "potentialOwner")


def check(plan: Plan, file: File) -> Iterator[Fault]:
    """Check what a file says of the people who do its steps."""
    for xml, tag, space in file.everything:
        if space == BPMN:
            yield from _named(plan, xml)
            yield from _done_by(xml, tag)
            yield from _familiar(file, xml)
            yield from _allowed(xml, tag)


def _named(plan: Plan, xml: etree._Element) -> Iterator[Fault]:
    """Check the names of roles and forms."""
    form, role = (xml.get(f"{I}{name}") for name in ("form", "role"))
    if form is not None and form not in plan.known["forms"]:
        yield fault(xml, "missing-form", reference=form)
    for one in (*([] if role is None else [role]), *(xml.get(f"{I}remindRoles") or "").split()):
        if one not in plan.known["roles"]:
            yield fault(xml, "missing-role", reference=one)


def _done_by(xml: etree._Element, tag: str) -> Iterator[Fault]:
    """Check that a step says who does it, and in the engine's words."""
    if tag in _HUMAN and not (xml.get(f"{I}role") or xml.get(f"{I}assignee")):
        yield fault(xml, "unnamed-role")
    if tag in _RESOURCES:
        yield fault(xml, "performer", tag=tag)


def _familiar(file: File, xml: etree._Element) -> Iterator[Fault]:
    """Check that a task for whoever did another step names such a step of its own process."""
    reference = xml.get(f"{I}performerOf")
    if reference is None:
        return
    other = next((one for one, _ in file.of("userTask", "manualTask") if one.get("id") == reference), None)
    if other is None or _process(other) is not _process(xml):
        yield fault(xml, "missing-step", reference=reference)


def _process(xml: etree._Element) -> etree._Element | None:
    return next(xml.iterancestors(f"{{{BPMN}}}process"), None)


def _allowed(xml: etree._Element, tag: str) -> Iterator[Fault]:
    """Check what people may do with a task besides answering it."""
    allowed, opinion = (xml.get(f"{I}{name}") for name in ("actions", "opinion"))
    for name, told in (("actions", allowed), ("opinion", opinion)):
        for one in (told or "").split():
            if one not in ACTIONS:
                yield fault(xml, "missing-action", reference=one, name=name, wanted=" ".join(ACTIONS))
    if "seat" in (allowed or "").split() and tag in ACTIVITIES and not _several(xml):
        yield fault(xml, "seat-of-one")
    for one in (opinion or "").split():
        if allowed is not None and one in ACTIONS and one not in {"complete", *allowed.split()}:
            yield fault(xml, "opinion-of-nothing", reference=one)


def _several(xml: etree._Element) -> bool:
    """Tell whether an activity, or a sub-process around it, is a multi-instance."""
    around = (xml, *xml.iterancestors(f"{{{BPMN}}}subProcess"))
    return any(one.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics") is not None for one in around)
