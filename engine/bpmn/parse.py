"""From XML that passed the gate to specifications that are parsed once and shared by all instances."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.bpmn import activities, nodes, reading, throwing
from engine.bpmn.elements import GLOBAL_TASKS, NODES, SUB_PROCESSES, B, Element, local, named, plain
from engine.bpmn.gate import refused
from engine.bpmn.nodes import Flow, Inclusive, Node

KINDS: dict[str, type[Node]] = {
    "startEvent": nodes.Start,
    "endEvent": throwing.Throw,
    "intermediateThrowEvent": throwing.Throw,
    "intermediateCatchEvent": nodes.Catch,
    "boundaryEvent": nodes.Boundary,
    "exclusiveGateway": nodes.Exclusive,
    "parallelGateway": nodes.Parallel,
    "inclusiveGateway": nodes.Inclusive,
    "eventBasedGateway": nodes.EventGateway,
    "task": activities.Work,
    "serviceTask": activities.Work,
    "businessRuleTask": activities.Work,
    "sendTask": activities.Send,
    "receiveTask": activities.Receive,
    "userTask": activities.Human,
    "manualTask": activities.Human,
    "subProcess": activities.SubProcess,
    "transaction": activities.SubProcess,
    "callActivity": activities.Call,
    "globalTask": activities.Work,
    "globalBusinessRuleTask": activities.Work,
    "globalUserTask": activities.Human,
    "globalManualTask": activities.Human,
}


class ProcessSpec(BpmnProcessSpec):
    """A process or sub-process: where it begins, what watches it, and every specification of the deployment."""

    def __init__(self, name: str, around: dict[str, BpmnProcessSpec]) -> None:
        super().__init__(name)
        self.task_specs.clear()  # the library's own beginning and end, whose names a diagram may want
        self.around = around
        self.begins: list[Node] = []
        self.handlers: list[activities.EventSubProcess] = []
        self.inclusive: list[Inclusive] = []
        self.owns: tuple[str, ...] = ()
        self.takes: tuple[str, ...] | None = None
        self.gives: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Model:
    """The processes of one deployment: shared specifications and what the diagrams say of each element.

    `starts` tells, for each process, the elements by which an instance of it can begin.
    """

    specs: Mapping[str, BpmnProcessSpec]
    elements: Mapping[str, Mapping[str, Element]]
    names: Mapping[str, str]
    starts: Mapping[str, list[Element]]
    conditional: bool
    stopping: bool

    def element(self, process: str, name: str) -> Element:
        """Return an element of a process or of one of its sub-processes."""
        return self.elements[process][name]


def model(roots: Mapping[str, etree._Element]) -> Model:
    """Return the model of several BPMN files, keyed by file name; raise ModelRefused naming the element."""
    specs: dict[str, BpmnProcessSpec] = {}
    names: dict[str, str] = {}
    for file, root in roots.items():
        declared = named(root)
        for process in root.iterchildren(f"{B}process", *(f"{B}{tag}" for tag in sorted(GLOBAL_TASKS))):
            names[process.get("id", "")] = str(process.get("name") or process.get("id", ""))
            for spec in _sound(file, process, declared, specs):
                if spec.name in specs:
                    zh, en = f"标识“{spec.name}”重复。", f"The id {spec.name!r} is used twice."
                    raise refused(file, "duplicate-id", zh, en, spec.name)
                specs[spec.name] = spec
    found = {name: {one.element.id: one.element for one in spec.task_specs.values()} for name, spec in specs.items()}
    starts = {name: list(_starts(specs[name])) for name in names}
    conditional = any(one.event == "conditional" for some in found.values() for one in some.values())
    stopping = any(one.stops for some in found.values() for one in some.values())
    return Model(specs, found, names, starts, conditional, stopping)


def _sound(
    file: str, process: etree._Element, declared: reading.Names, specs: dict[str, BpmnProcessSpec]
) -> list[ProcessSpec]:
    try:
        return list(_drawn(process, declared, specs))
    except KeyError as fault:
        zh, en = f"无法执行：找不到 {fault}。", f"Cannot be run: there is no {fault}."
        raise refused(file, "parse", zh, en, process.get("id", "")) from fault


def _drawn(
    process: etree._Element, declared: reading.Names, around: dict[str, BpmnProcessSpec]
) -> Iterator[ProcessSpec]:
    """Yield the specification of a process and of every sub-process in it."""
    spec = ProcessSpec(process.get("id", ""), around)
    spec.owns = tuple(reading.variable(one) for one in process.iterchildren(f"{B}dataObject", f"{B}property"))
    spec.takes = reading.process_data(process, "dataInput")
    spec.gives = reading.process_data(process, "dataOutput")
    drawn = [process] if local(process) in GLOBAL_TASKS else [one for one in process if _is_node(one)]
    for node in drawn:
        _add(spec, reading.read(node, spec.name, declared))
        if local(node) in SUB_PROCESSES:
            yield from _drawn(node, declared, around)
    _connect(spec, process)
    _link(spec)
    for gateway in spec.inclusive:
        gateway.reach = _reach(spec, gateway)
    spec.begins = list(_begins(spec, process))
    yield spec


def _is_node(node: etree._Element) -> bool:
    return isinstance(node.tag, str) and local(node) in NODES


def _add(spec: ProcessSpec, element: Element) -> None:
    kind = activities.EventSubProcess if element.triggered else KINDS[element.kind]
    node = kind(spec, element)
    if isinstance(node, activities.EventSubProcess):
        spec.handlers.append(node)
    if isinstance(node, Inclusive):
        spec.inclusive.append(node)


def _connect(spec: ProcessSpec, process: etree._Element) -> None:
    """Draw the flows, the defaults, the boundary events and the compensation handlers."""
    for one in process.iterchildren(f"{B}sequenceFlow"):
        condition = (one.findtext(f"{B}conditionExpression") or "").strip() or None
        flow = Flow(one.get("id", ""), plain(one.get("sourceRef")) or "", plain(one.get("targetRef")) or "", condition)
        source, target = spec.task_specs[flow.source], spec.task_specs[flow.target]
        source.connect(target)
        source.outgoing.append(flow)
        target.incoming.append(flow)
    for one in process.iterchildren(f"{B}*"):
        if one.get("default") and one.get("id") in spec.task_specs:
            spec.task_specs[one.get("id")].default = plain(one.get("default"))
    for node in list(spec.task_specs.values()):
        if node.element.attached:
            host = spec.task_specs[node.element.attached]
            host.boundaries.append(node)
            if node.element.event == "compensation":
                host.handler = _associated(spec, process, node.element.id)


def _associated(spec: ProcessSpec, process: etree._Element, boundary: str) -> str | None:
    """Return the handler that an association joins to a compensation event; it may be joined to notes as well."""
    for one in process.iterchildren(f"{B}association"):
        ends = {plain(one.get("sourceRef")), plain(one.get("targetRef"))}
        handlers = [name for name in ends - {boundary} if name in spec.task_specs]
        if boundary in ends and handlers:
            return handlers[0]
    return None


def _link(spec: ProcessSpec) -> None:
    """Draw a flow from every throwing link event to the catching one of the same name."""
    links = [node for node in spec.task_specs.values() if node.element.event == "link"]
    catches = {node.element.definition.name: node for node in links if isinstance(node, nodes.Catch)}
    for node in links:
        catch = catches.get(node.element.definition.name)
        if isinstance(node, throwing.Throw) and catch is not None:
            flow = Flow(f"{node.name} {catch.name}", node.name, catch.name)
            node.outgoing.append(flow)
            catch.incoming.append(flow)


def _reach(spec: ProcessSpec, gateway: Inclusive) -> dict[str, frozenset[str]]:
    """Return, for each node, the gateway's incoming flows that a token there can still come by, not through it."""
    reach: dict[str, set[str]] = {}
    for flow in gateway.incoming:
        waiting = [flow.source]
        while waiting:
            name = waiting.pop()
            if name == gateway.name or flow.id in reach.setdefault(name, set()):
                continue
            reach[name].add(flow.id)
            node = spec.task_specs[name]
            waiting += [one.source for one in node.incoming]
            waiting += [node.element.attached] if node.element.attached else []
    return {name: frozenset(flows) for name, flows in reach.items()}


def _begins(spec: ProcessSpec, process: etree._Element) -> Iterator[Node]:
    """Yield where tokens are put when the scope opens; without start events, every node that nothing leads to (§13.2).

    The one start event of an event sub-process is where its handling begins.
    """
    starts = [node for node in spec.task_specs.values() if isinstance(node, nodes.Start)]
    if starts:
        triggered = process.get("triggeredByEvent") == "true"
        yield from (node for node in starts if triggered or node.element.event == "none")
        return
    for node in spec.task_specs.values():
        element = node.element
        led_to = node.incoming or element.attached or element.triggered or element.event == "link"
        if not (led_to or element.compensating or element.instantiating):
            yield node


def _starts(spec: Any) -> Iterator[Element]:
    for node in spec.task_specs.values():
        element = node.element
        if element.kind == "startEvent" or (element.kind == "receiveTask" and element.instantiating):
            yield element
        elif element.kind == "eventBasedGateway" and element.instantiating:
            yield from (spec.task_specs[flow.target].element for flow in node.outgoing)
