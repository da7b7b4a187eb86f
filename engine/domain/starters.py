"""What a new diagram, decision, form or indicator set begins as: as little as still opens in its editor."""

import json
from collections.abc import Callable, Mapping
from xml.sax.saxutils import quoteattr

from engine.domain.indicators import COLUMNS

BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" \
xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" \
xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:icity="urn:icity:bpmn:1" \
id="definitions_{stem}" targetNamespace={space}>
  <bpmn:process id={id} name={name} isExecutable="true">
    <bpmn:startEvent id="start" name="开始">
      <bpmn:outgoing>flow_start__end</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:endEvent id="end" name="结束">
      <bpmn:incoming>flow_start__end</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:sequenceFlow id="flow_start__end" sourceRef="start" targetRef="end"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram_{stem}">
    <bpmndi:BPMNPlane id="plane_{stem}" bpmnElement={id}>
      <bpmndi:BPMNShape id="start_di" bpmnElement="start">
        <dc:Bounds x="162" y="162" width="36" height="36"/>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="end_di" bpmnElement="end">
        <dc:Bounds x="382" y="162" width="36" height="36"/>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="flow_start__end_di" bpmnElement="flow_start__end">
        <di:waypoint x="198" y="180"/>
        <di:waypoint x="382" y="180"/>
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
DMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" \
xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" \
id="definitions_{stem}" name={name} namespace={space}>
  <decision id={id} name={name}>
    <variable id="variable_{stem}" name={id}/>
    <decisionTable id="table_{stem}" hitPolicy="UNIQUE">
      <input id="{stem}_input_1" label="条件">
        <inputExpression id="{stem}_expression_1" typeRef="string">
          <text>given</text>
        </inputExpression>
      </input>
      <output id="{stem}_output_1" label="结果" name="result" typeRef="string"/>
      <rule id="{stem}_rule_1">
        <inputEntry id="{stem}_rule_1_input_1">
          <text></text>
        </inputEntry>
        <outputEntry id="{stem}_rule_1_output_1">
          <text>"result"</text>
        </outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI>
    <dmndi:DMNDiagram id="diagram_{stem}">
      <dmndi:DMNShape id="shape_{stem}" dmnElementRef={id}>
        <dc:Bounds height="80" width="180" x="160" y="100"/>
      </dmndi:DMNShape>
    </dmndi:DMNDiagram>
  </dmndi:DMNDI>
</definitions>
"""


NOTICES = """\
# 本流程包自己的提醒文字，替换系统的同名文字；没有写的仍用系统的。事由名称与系统的 config/notices.toml 一致：
# assigned 新任务、urged 催办、copied 抄送、near 期限临近、overdue 已逾期、moved 期限变动、coming 两年测评、
# finished 已办结、title_granted 获得称号、title_ended 称号终止。
# 填空：{{person}} 收件人、{{who}} 经办人、{{task}} 任务、{{case}} 事项、{{unit}} 单位、{{due}} 期限、
# {{reason}} 原因、{{needs}} 需准备的材料、{{what}} 环节名称。

[texts.assigned.zh]
subject = "待办：{{task}}"
body = "{{person}}，您好：\\n“{{case}}”有一项任务等您办理：{{task}}。{{due}}"

[texts.assigned.en]
subject = "To do: {{task}}"
body = "{{person}},\\n“{{case}}” has work for you: {{task}}. {{due}}"
"""


def begin(kind: str, name: str, programme: str) -> tuple[str, bytes]:
    """Return the path and the content of a new file of a kind; the name is its id, and what people read at first."""
    return KINDS[kind](name, programme)


def _process(name: str, programme: str) -> tuple[str, bytes]:
    return f"{name}.bpmn", _filled(BPMN, name, programme)


def _decision(name: str, programme: str) -> tuple[str, bytes]:
    return f"{name}.dmn", _filled(DMN, name, programme)


def _form(name: str, _programme: str) -> tuple[str, bytes]:
    text = {"type": "text", "id": f"{name}_text", "text": f"## {name}"}
    form = {"type": "default", "id": name, "schemaVersion": 19, "components": [text]}
    return f"forms/{name}.form", json.dumps(form, ensure_ascii=False, indent=2).encode()


def _set(_name: str, _programme: str) -> tuple[str, bytes]:
    return "indicators.csv", (",".join(COLUMNS) + "\n").encode()


def _filled(template: str, name: str, programme: str) -> bytes:
    words = {"id": quoteattr(name), "name": quoteattr(name), "space": quoteattr(f"urn:icity:programme:{programme}")}
    return template.format(stem=quoteattr(name)[1:-1], **words).encode()


def _notices(_name: str, _programme: str) -> tuple[str, bytes]:
    return "notices.toml", NOTICES.encode()


KINDS: Mapping[str, Callable[[str, str], tuple[str, bytes]]] = {
    "process": _process,
    "decision": _decision,
    "form": _form,
    "set": _set,
    "notices": _notices,
}
