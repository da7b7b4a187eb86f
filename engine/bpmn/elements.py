"""What a diagram says about each of its elements, read from XML into plain values."""

from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn.gate import BPMN, ICITY

B = f"{{{BPMN}}}"
I = f"{{{ICITY}}}"  # noqa: E741 - the icity prefix, as B is the bpmn one

ACTIVITIES = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "subProcess",
        "callActivity",
    }
)
HUMAN = frozenset({"userTask", "manualTask"})


@dataclass(frozen=True)
class Loop:
    """Multi-instance: which list is walked, under which name, and what is collected."""

    collection: str
    variable: str
    output: str | None
    output_element: str | None
    completion: str | None
    sequential: bool


@dataclass(frozen=True)
class Timing:
    """When a timer falls due: kind is date, duration or cycle; text is ISO 8601 or FEEL."""

    kind: str
    text: str
    anchor: str | None
    deadline: str | None


@dataclass(frozen=True)
class Element:
    """A flow node: its kind is the BPMN tag; every expression is FEEL source."""

    id: str
    name: str
    kind: str
    process: str
    form: str | None = None
    role: str | None = None
    organisation: str | None = None
    assignee: str | None = None
    deadline: str | None = None
    result: str | None = None
    operator: str | None = None
    decision: str | None = None
    milestone: str | None = None
    remind: tuple[str, ...] = ()
    remind_roles: tuple[str, ...] = ()
    message: str | None = None
    correlation: str | None = None
    timing: Timing | None = None
    loop: Loop | None = None
    called: str | None = None
    inputs: tuple[tuple[str, str], ...] = field(default=())
    outputs: tuple[tuple[str, str], ...] = field(default=())

    @property
    def human(self) -> bool:
        """Tell whether people do this."""
        return self.kind in HUMAN


def local(node: etree._Element) -> str:
    """Return the tag without its namespace."""
    return etree.QName(node).localname


def read(node: etree._Element, process: str, messages: dict[str, str]) -> Element:
    """Return the element that `node` draws; `messages` maps the ids of bpmn:message to their names."""
    return Element(
        id=node.get("id", ""),
        name=str(node.get("name") or node.get("id", "")),
        kind=local(node),
        process=process,
        form=node.get(f"{I}form"),
        role=node.get(f"{I}role"),
        organisation=node.get(f"{I}organisation"),
        assignee=node.get(f"{I}assignee"),
        deadline=node.get(f"{I}deadline"),
        result=node.get(f"{I}result"),
        operator=node.get(f"{I}operator"),
        decision=node.get(f"{I}decision"),
        milestone=node.get(f"{I}milestone"),
        remind=tuple((node.get(f"{I}remind") or "").split()),
        remind_roles=tuple((node.get(f"{I}remindRoles") or "").split()),
        message=_message(node, messages),
        correlation=node.get(f"{I}correlation"),
        timing=_timing(node),
        loop=_loop(node),
        called=node.get("calledElement"),
        inputs=_mappings(node, "input"),
        outputs=_mappings(node, "output"),
    )


def message_names(root: etree._Element) -> dict[str, str]:
    """Return the names of the messages that a file declares, by id."""
    return {node.get("id", ""): str(node.get("name") or node.get("id", "")) for node in root.iter(f"{B}message")}


def expressions(element: Element) -> list[tuple[str, str]]:
    """Return (place, FEEL source) of every expression the element carries, but those of its flows."""
    found = [
        (place, source)
        for place, source in (
            ("organisation", element.organisation),
            ("assignee", element.assignee),
            ("correlation", element.correlation),
        )
        if source
    ]
    found += [(f"input {name}", source) for name, source in element.inputs]
    found += [(f"output {name}", source) for name, source in element.outputs]
    if element.loop:
        loop = element.loop
        places = (
            ("collection", loop.collection),
            ("outputElement", loop.output_element),
            ("completionCondition", loop.completion),
        )
        found += [(place, source) for place, source in places if source]
    if element.timing:
        found += [("anchor", element.timing.anchor)] if element.timing.anchor else []
        found += [("timer", element.timing.text)] if element.timing.text.startswith("=") else []
    return found


def _message(node: etree._Element, messages: dict[str, str]) -> str | None:
    definition = node.find(f"{B}messageEventDefinition")
    reference = (definition if definition is not None else node).get("messageRef")
    return messages.get(reference) if reference else None


def _timing(node: etree._Element) -> Timing | None:
    definition = node.find(f"{B}timerEventDefinition")
    if definition is None:
        return None
    for tag, kind in (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle")):
        text = (definition.findtext(f"{B}{tag}") or "").strip()
        if text:
            return Timing(kind, text, node.get(f"{I}anchor"), node.get(f"{I}deadline"))
    return Timing("duration", "", node.get(f"{I}anchor"), node.get(f"{I}deadline"))


def _loop(node: etree._Element) -> Loop | None:
    found = node.find(f"{B}multiInstanceLoopCharacteristics")
    if found is None:
        return None
    return Loop(
        collection=found.get(f"{I}collection") or "",
        variable=found.get(f"{I}elementVariable") or "item",
        output=found.get(f"{I}outputCollection"),
        output_element=found.get(f"{I}outputElement"),
        completion=found.findtext(f"{B}completionCondition"),
        sequential=found.get("isSequential") == "true",
    )


def _mappings(node: etree._Element, tag: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (item.get("name", ""), item.get("value", "")) for item in node.iterfind(f"{B}extensionElements/{I}{tag}")
    )
