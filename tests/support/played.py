"""A small programme with a choice, a deadline, a timer and a document of scenarios, for what plays and paints it."""

import json

from tests.support import programme
from tests.support.diagrams import drawn
from tests.support.shapes import end, start, user, way

ASKED = {
    "type": "default",
    "id": "asked",
    "schemaVersion": 16,
    "components": [
        {
            "type": "radio",
            "key": "result",
            "label": "结论",
            "id": "Field_result",
            "validate": {"required": True},
            "values": [{"value": "reject", "label": "不同意"}, {"value": "approve", "label": "同意"}],
        },
        {"type": "textfield", "key": "why", "label": "理由", "id": "Field_why"},
        {"type": "number", "key": "n", "label": "数量", "id": "Field_n"},
        {"type": "datetime", "subtype": "date", "key": "on", "label": "日期", "id": "Field_on", "dateLabel": "日期"},
        {"type": "group", "id": "Group_g", "components": [{"type": "textarea", "key": "more", "id": "Field_more"}]},
    ],
}
BODY = (
    start()
    + user("a", role="PRV_INTAKE", **{"icity:form": "asked", "icity:result": "a"})
    + '<exclusiveGateway id="g" default="no"/>'
    + '<intermediateCatchEvent id="wait" name="等一个月" xmlns:icity="urn:icity:bpmn:1" icity:remind="P3D">'
    + '<timerEventDefinition id="wait_t"><timeDuration>P1M</timeDuration></timerEventDefinition>'
    + "</intermediateCatchEvent>"
    + end("e")
    + end("refused")
    + way("s a g")
    + '<sequenceFlow id="yes" sourceRef="g" targetRef="wait"><conditionExpression>=a.result = "approve"'
    + '</conditionExpression></sequenceFlow><sequenceFlow id="no" sourceRef="g" targetRef="refused"/>'
    + way("wait e")
)
PLAN = {"start": "2026-09-29T09:00:00+08:00", "tasks": {"a": [{"after": "P2D", "data": {"result": "approve"}}]}}
SCENARIO = {
    "title": {"zh": "同意后等一个月", "en": "Approved, then a month"},
    "process": "p",
    "data": {"unit": "339921"},
    "plan": PLAN,
    "expect": {"completed": ["a", "wait", "e"], "dates": {"e": ["2026-11-01"]}, "data": {"a": {"result": "approve"}}},
}
PATH = "scenarios/p/approved.json"


def files(body: str = BODY, **scenarios: object) -> dict[str, bytes]:
    """Return the files of the programme `small` with one process `p`, its form and scenarios by name."""
    about = programme.ABOUT.replace('"sleep"', '"p"')
    whole = {
        "programme.toml": about.encode(),
        "p.bpmn": drawn("p", body),
        "forms/asked.form": json.dumps(ASKED).encode(),
    }
    told = scenarios or {"approved": SCENARIO}
    return whole | {f"scenarios/p/{name}.json": json.dumps(one).encode() for name, one in told.items()}
