"""What an owner changes of the joint audit: one department more, a deadline, a step, and a reminder on an open task."""

from collections.abc import Mapping

DEPARTMENT = """<rule id="reviewers_rule_8">
        <inputEntry id="reviewers_rule_8_input_1">
          <text>-</text>
        </inputEntry>
        <outputEntry id="reviewers_rule_8_output_1">
          <text>"prov-government"</text>
        </outputEntry>
        <outputEntry id="reviewers_rule_8_output_2">
          <text>"省政府办公厅"</text>
        </outputEntry>
        <annotationEntry>
          <text></text>
        </annotationEntry>
      </rule>
    </decisionTable>"""
STEP = """<bpmn:userTask id="office_check" name="处室复核" icity:role="DEPT_REV" icity:organisation="=seat.department"/>
        <bpmn:boundaryEvent id="bell" name="三天提醒" attachedToRef="T24_department_opinion" cancelActivity="false">
          <bpmn:timerEventDefinition id="bell_timer">
            <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P3D</bpmn:timeDuration>
          </bpmn:timerEventDefinition>
        </bpmn:boundaryEvent>
        <bpmn:endEvent id="rung" name="已提醒"/>
        <bpmn:sequenceFlow id="flow_bell__rung" sourceRef="bell" targetRef="rung"/>
        <bpmn:sequenceFlow id="flow_office_check" sourceRef="office_check" targetRef="extension_gateway"/>
        <bpmn:sequenceFlow id="flow_T24_department_opinion__extension_gateway" sourceRef="T24_department_opinion" """
FLOW = '<bpmn:sequenceFlow id="flow_T24_department_opinion__extension_gateway" sourceRef="T24_department_opinion" '
INCOMING = "<bpmn:incoming>flow_T24_department_opinion__extension_gateway</bpmn:incoming>"
SEVEN = """<outputEntry id="deadline_rule_T24_output_1">
          <text>7</text>"""


def changed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that are changed, by their paths."""
    texts = {path: files[path].decode() for path in ("reviewers.dmn", "deadline.dmn", "joint_review.bpmn")}
    review = _once(texts["joint_review.bpmn"], INCOMING, "<bpmn:incoming>flow_office_check</bpmn:incoming>")
    review = _once(review, FLOW + 'targetRef="extension_gateway"/>', STEP + 'targetRef="office_check"/>')
    return {
        "reviewers.dmn": _once(texts["reviewers.dmn"], "</decisionTable>", DEPARTMENT).encode(),
        "deadline.dmn": _once(texts["deadline.dmn"], SEVEN, SEVEN.replace("7<", "10<")).encode(),
        "joint_review.bpmn": review.encode(),
    }


def _once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(old)
    return text.replace(old, new)
