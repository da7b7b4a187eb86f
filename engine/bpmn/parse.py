"""From XML that passed the gate to specifications that are parsed once and shared by all instances."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventBasedGatewayParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    ReceiveTaskParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.task_parsers import GatewayParser, SubWorkflowParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, SimpleBpmnTask
from SpiffWorkflow.bpmn.specs.defaults import (
    EndEvent,
    ExclusiveGateway,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    ManualTask,
    ReceiveTask,
    SendTask,
    StartEvent,
    SubWorkflowTask,
    UserTask,
)

from engine.bpmn import elements, specs
from engine.bpmn.elements import Element
from engine.bpmn.gate import refused


@dataclass(frozen=True)
class Model:
    """The processes of one deployment: shared specifications and what the diagrams say of each element."""

    specs: Mapping[str, BpmnProcessSpec]
    elements: Mapping[str, Mapping[str, Element]]
    names: Mapping[str, str]

    def element(self, process: str, name: str) -> Element:
        """Return an element of a process or of one of its sub-processes."""
        return self.elements[process][name]


def model(roots: Mapping[str, etree._Element]) -> Model:
    """Return the model of several BPMN files, keyed by file name; raise ModelRefused naming the element."""
    parser = _Parser()
    try:
        for file, root in roots.items():
            parser.add_bpmn_xml(root, filename=file)
        found = {name: _wired(parser.get_spec(name)) for name in list(parser.process_parsers)}
        found |= {name: _wired(parser.get_spec(name)) for name in parser.process_parsers if name not in found}
    except ValidationException as fault:
        raise refused(
            str(fault.file_name or ""), "parse", f"无法执行：{fault}", f"Cannot be run: {fault}", str(fault.tag or "")
        ) from fault
    names = {name: one.node.get("name") or name for name, one in parser.process_parsers.items()}
    return Model(found, parser.elements, names)


class _Process(ProcessParser):
    def create_spec(self) -> BpmnProcessSpec:
        spec = super().create_spec()
        del spec.task_specs[spec.end.name], spec.task_specs["End"]
        spec.end = specs.MergingEnd(spec, f"{spec.name}.EndJoin")
        spec.end.connect(SimpleBpmnTask(spec, "End"))
        return spec

    def parse_node(self, node: etree._Element) -> Any:
        element = self.parser.read(node, self.bpmn_id)
        spec = super().parse_node(node)
        for name in (element.id, f"{element.id} [child]"):
            if name in self.spec.task_specs:
                self.spec.task_specs[name].element = element
        return spec


class _TaskParser(TaskParser):
    """Reads multi-instance in the house's vocabulary."""

    def _add_multiinstance_task(self, loop_characteristics: etree._Element) -> None:
        loop = elements.read(self.node, "", {}).loop
        original = self.spec.task_specs.pop(self.task.name)
        if loop is None:
            raise ValidationException("multi-instance without a collection", node=self.node, file_name=self.filename)
        kind = specs.SequentialLoop if loop.sequential else specs.ParallelLoop
        self.task: Any = kind(self.spec, original.name, task_spec="", bpmn_name=original.bpmn_name)
        self.task.loop = loop
        self._copy_task_attrs(original, loop_characteristics)

    def _add_boundary_event(self, children: list[etree._Element]) -> Any:
        split = BoundaryEventSplit(self.spec, f"{self.bpmn_id}.BoundaryEventSplit")
        join = specs.BoundaryJoin(self.spec, f"{self.bpmn_id}.BoundaryEventJoin", split_task=split.name, cancel=True)
        split.connect(self.task)
        self.task.connect(join)
        for event in children:
            child = self.process_parser.parse_node(event)
            split.connect(child)
            child.connect(join)
        return split


class _Call(_TaskParser):
    def create_task(self) -> Any:
        called = self.node.get("calledElement")
        return self.spec_class(self.spec, self.bpmn_id, subworkflow_spec=called, **self.bpmn_attributes)


class _Sub(_TaskParser, SubWorkflowParser):
    pass


class _Defined:
    """Gives timer and message events the house's definitions; errors, terminations and none stay the library's."""

    def get_event_definition(self, xpaths: list[str]) -> Any:
        element = self.process_parser.parser.read(self.node, "")  # type: ignore[attr-defined]
        if element.timing or element.message:
            return specs.definition(element)
        return super().get_event_definition(xpaths)  # type: ignore[misc]


class _Start(_Defined, StartEventParser):
    pass


class _End(_Defined, EndEventParser):
    pass


class _Catch(_Defined, IntermediateCatchEventParser):
    pass


class _Throw(_Defined, IntermediateThrowEventParser):
    pass


class _Boundary(_Defined, BoundaryEventParser):
    pass


class _Send(_TaskParser, SendTaskParser):
    def create_task(self) -> Any:
        return self._create_task(specs.definition(self.process_parser.parser.read(self.node, "")))


class _Receive(_TaskParser, ReceiveTaskParser):
    def create_task(self) -> Any:
        return self._create_task(specs.definition(self.process_parser.parser.read(self.node, "")))


class _Exclusive(GatewayParser):
    """Conditions by FEEL; the flow without one is the default."""

    def connect_outgoing(
        self,
        outgoing_task: Any,
        sequence_flow_node: etree._Element,
        is_default: bool,  # noqa: FBT001 - the library's signature
    ) -> None:
        condition = None if is_default else self.parse_condition(sequence_flow_node)
        if condition is None:
            self.task.connect(outgoing_task)
        else:
            self.task.connect_outgoing_if(condition.strip(), outgoing_task)


class _Parser(BpmnParser):
    PROCESS_PARSER_CLASS = _Process
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012 - the library reads it as a class attribute
        full_tag("startEvent"): (_Start, StartEvent),
        full_tag("endEvent"): (_End, EndEvent),
        full_tag("userTask"): (_TaskParser, UserTask),
        full_tag("manualTask"): (_TaskParser, ManualTask),
        full_tag("task"): (_TaskParser, specs.PlainTask),
        full_tag("serviceTask"): (_TaskParser, specs.WorkTask),
        full_tag("businessRuleTask"): (_TaskParser, specs.WorkTask),
        full_tag("subProcess"): (_Sub, SubWorkflowTask),
        full_tag("callActivity"): (_Call, specs.MappedCall),
        full_tag("parallelGateway"): (GatewayParser, specs.MergingGateway),
        full_tag("exclusiveGateway"): (_Exclusive, ExclusiveGateway),
        full_tag("eventBasedGateway"): (EventBasedGatewayParser, specs.EventChoice),
        full_tag("intermediateCatchEvent"): (_Catch, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (_Throw, IntermediateThrowEvent),
        full_tag("boundaryEvent"): (_Boundary, specs.CyclicBoundary),
        full_tag("sendTask"): (_Send, SendTask),
        full_tag("receiveTask"): (_Receive, ReceiveTask),
    }

    def __init__(self) -> None:
        super().__init__()
        self.message_names: dict[str, str] = {}
        self.elements: dict[str, dict[str, Element]] = {}

    def add_bpmn_xml(self, bpmn: etree._Element, filename: str | None = None) -> None:
        self.message_names |= elements.message_names(bpmn)
        super().add_bpmn_xml(bpmn, filename)

    def read(self, node: etree._Element, process: str) -> Element:
        element = elements.read(node, process, self.message_names)
        if process:
            self.elements.setdefault(process, {})[element.id] = element
        return element


def _wired(spec: BpmnProcessSpec) -> BpmnProcessSpec:
    """Connect each multi-instance to its instances now; the library does it at the first child, too late for a load."""
    for one in spec.task_specs.values():
        if isinstance(one, specs.CollectingLoop):
            child = spec.task_specs[one.task_spec]  # type: ignore[attr-defined]
            if not child.completed_event.is_connected(one.merge_child):  # type: ignore[attr-defined]
                child.completed_event.connect(one.merge_child)  # type: ignore[attr-defined]
    return spec
