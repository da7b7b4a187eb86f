"""The programme as its owners drew it: everything named exists, everything drawn is joined up and can be read."""

import csv
import json
import re
import tomllib
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from lxml import etree

from engine import processes

ROOT = Path(__file__).parents[2]
PROGRAMME = ROOT / "workflows" / "innovative-city"
NS = {
    "b": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "d": "http://www.omg.org/spec/DD/20100524/DI",
    "i": "urn:icity:bpmn:1",
    "t": "https://www.omg.org/spec/DMN/20191111/MODEL/",
}
B = f"{{{NS['b']}}}"
I = f"{{{NS['i']}}}"  # noqa: E741 - the prefix of the diagrams
HAN = re.compile(r"[\u4e00-\u9fff]")

DIAGRAMS = {path.stem: etree.parse(path).getroot() for path in sorted(PROGRAMME.glob("*.bpmn"))}
TABLES = {path.stem: etree.parse(path).getroot() for path in sorted(PROGRAMME.glob("*.dmn"))}
REQUIRED = f"{{{NS['t']}}}requiredDecision"
DECISIONS = {node.get("id"): node for table in TABLES.values() for node in table.iter(f"{{{NS['t']}}}decision")}
FORMS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((PROGRAMME / "forms").glob("*.form"))}
ABOUT = tomllib.loads((PROGRAMME / "programme.toml").read_text("utf-8"))
ROLES = tomllib.loads((ROOT / "config" / "roles.toml").read_text("utf-8"))
ORGANISATIONS = tomllib.loads((ROOT / "config" / "organisations.toml").read_text("utf-8"))["organisations"]

every_diagram = pytest.mark.parametrize("diagram", DIAGRAMS.values(), ids=list(DIAGRAMS))
every_table = pytest.mark.parametrize("name", TABLES)
every_form = pytest.mark.parametrize("name", FORMS)


def all_of(tag):
    return [node for diagram in DIAGRAMS.values() for node in diagram.iter(f"{B}{tag}")]


def attributes(name):
    return [
        node.get(f"{I}{name}")
        for diagram in DIAGRAMS.values()
        for node in diagram.iter(etree.Element)
        if node.get(f"{I}{name}")
    ]


def nodes(diagram):
    """Return the flow nodes by id: whatever a sequence flow may join."""
    return {
        node.get("id"): node
        for node in diagram.iter(etree.Element)
        if etree.QName(node).localname.endswith(("Task", "Event", "Gateway", "Activity", "subProcess"))
        or etree.QName(node).localname in {"task", "subProcess"}
        if etree.QName(node).namespace == NS["b"]
    }


def flows(diagram):
    return {flow.get("id"): flow for flow in diagram.iter(f"{B}sequenceFlow")}


def rows_of(table, output):
    column = [one.get("name") for one in table.iterfind(".//t:output", NS)].index(output)
    cells = [rule.findall("t:outputEntry/t:text", NS)[column].text for rule in table.iterfind(".//t:rule", NS)]
    return [cell.strip('"') for cell in cells]


def first_cells(table):
    return [rule.findtext("t:inputEntry/t:text", namespaces=NS).strip('"') for rule in table.iterfind(".//t:rule", NS)]


def components(form):
    def walk(container, prefix=""):
        for component in container["components"]:
            yield prefix, component
            if "components" in component:
                yield from walk(component, prefix + component.get("path", "") + ".")

    return list(walk(form))


# --- what is named exists ---


def test_the_lifecycle_is_one_of_the_processes():
    assert ABOUT["id"] == PROGRAMME.name
    assert ABOUT["lifecycle"] in DIAGRAMS
    assert ABOUT["name"].keys() == {"zh", "en"}


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_file_is_named_for_its_one_process_and_says_what_it_is_for(name):
    (process,) = DIAGRAMS[name].iter(f"{B}process")
    assert process.get("id") == name
    assert process.get("isExecutable") == "true"
    assert HAN.search(process.get("name"))
    assert HAN.search(process.findtext("b:documentation", namespaces=NS))


@every_diagram
def test_ids_are_unique(diagram):
    counted = Counter(node.get("id") for node in diagram.iter(etree.Element) if node.get("id"))
    assert [own for own, times in counted.items() if times > 1] == []


@every_diagram
def test_every_user_task_has_a_form_a_role_and_its_words(diagram):
    for task in diagram.iter(f"{B}userTask"):
        assert task.get(f"{I}form") in FORMS, task.get("id")
        assert task.get(f"{I}role") in ROLES, task.get("id")
        assert HAN.search(task.findtext("b:documentation", default="", namespaces=NS)), task.get("id")


def test_every_form_is_used():
    assert set(attributes("form")) == FORMS.keys()


def test_every_decision_exists_and_is_used():
    asked_by_operators = {"deadline", "document", "retention"}
    required = {node.get("href").lstrip("#") for table in TABLES.values() for node in table.iter(REQUIRED)}
    assert {*attributes("decision"), *asked_by_operators} | required == DECISIONS.keys()


def test_every_deadline_has_a_row_and_every_row_is_used():
    keys = first_cells(TABLES["deadline"])
    assert len(keys) == len(set(keys))
    assert {*attributes("deadline"), *looked_up()} == set(keys)
    allowed = TABLES["deadline"].findtext(f".//{{{NS['t']}}}inputValues/{{{NS['t']}}}text")
    assert allowed.split(", ") == [f'"{key}"' for key in keys]
    assert {key for keys in attributes("stops") for key in keys.split()} <= set(keys)
    assert set(rows_of(TABLES["deadline"], "unit")) <= {"wd", "cal"}
    assert all(int(days) > 0 for days in rows_of(TABLES["deadline"], "days"))


def looked_up():
    """Return the rows of deadlines that a diagram reads for itself."""
    given = [one for diagram in DIAGRAMS.values() for one in diagram.iter(f"{I}input")]
    return {one.get("value").strip('="') for one in given if one.get("name") == "task_key"}


def test_what_silence_means_is_drawn_where_the_table_says_so():
    lapsing = {
        key
        for key, effect in zip(first_cells(TABLES["deadline"]), rows_of(TABLES["deadline"], "lapse"), strict=True)
        if effect != "none"
    }
    at_the_border = {event.get(f"{I}deadline") for event in all_of("boundaryEvent")} - {None}
    waited_for = {event.get(f"{I}deadline") for event in all_of("intermediateCatchEvent")} - {None}
    assert at_the_border <= lapsing
    assert lapsing - at_the_border - waited_for - looked_up() == set()


def test_every_milestone_is_told_in_both_languages_and_reached_somewhere():
    assert set(attributes("milestone")) == ABOUT["milestones"].keys()
    assert all(text["zh"] and text["en"] for text in ABOUT["milestones"].values())


def test_every_department_asked_is_an_organisation_with_a_reviewer():
    departments = rows_of(TABLES["reviewers"], "department")
    assert len(departments) == 7
    for department in departments:
        roles = {role for person in ORGANISATIONS[department]["people"] for role in person["roles"]}
        assert "DEPT_REV" in roles, department


def test_a_called_process_exists_and_everybody_hands_it_the_same():
    handed = {}
    for call in all_of("callActivity"):
        called = call.get("calledElement")
        assert called in DIAGRAMS
        names = frozenset(one.get("name") for one in call.iterfind("b:extensionElements/i:input", NS))
        assert handed.setdefault(called, names) == names, called
        assert call.findall("b:extensionElements/i:output", NS), call.get("id")


def test_messages_are_told_apart():
    kinds = (
        "receiveTask",
        "sendTask",
        "boundaryEvent",
        "intermediateThrowEvent",
        "intermediateCatchEvent",
        "startEvent",
    )
    talking = [
        node
        for node in (node for kind in kinds for node in all_of(kind))
        if node.get("messageRef") or node.find("b:messageEventDefinition", NS) is not None
    ]
    beginning = {node for node in talking if node.getparent().tag == f"{B}process" and node.tag == f"{B}startEvent"}
    assert [node.get("id") for node in talking if node not in beginning and not node.get(f"{I}correlation")] == []


def test_the_two_years_are_counted_from_the_grant_and_announced():
    (timer,) = (event for event in DIAGRAMS["lifecycle"].iter(f"{B}intermediateCatchEvent") if event.get(f"{I}anchor"))
    assert timer.findtext("b:timerEventDefinition/b:timeDuration", namespaces=NS) == "P2Y"
    assert timer.get(f"{I}anchor") == "=grant.granted_on"
    assert timer.get(f"{I}remind") == "P6M P3M P1M"


# --- what is drawn is joined up ---


@every_diagram
def test_flows_join_elements_of_one_scope_and_both_ends_know_it(diagram):
    known = nodes(diagram)
    for own, flow in flows(diagram).items():
        source, target = known[flow.get("sourceRef")], known[flow.get("targetRef")]
        assert source.getparent() is target.getparent() is flow.getparent(), own
        assert own in [one.text for one in source.iterfind("b:outgoing", NS)], own
        assert own in [one.text for one in target.iterfind("b:incoming", NS)], own


@every_diagram
def test_every_element_is_reached_and_leads_on(diagram):
    leading, reached = Counter(), Counter()
    for flow in flows(diagram).values():
        leading[flow.get("sourceRef")] += 1
        reached[flow.get("targetRef")] += 1
    for own, node in nodes(diagram).items():
        kind = etree.QName(node).localname
        if node.get("triggeredByEvent") == "true":
            assert (reached[own], leading[own]) == (0, 0), own
            continue
        assert reached[own] or kind in {"startEvent", "boundaryEvent"}, own
        assert leading[own] or kind == "endEvent", own
        assert leading[own] <= 1 or kind.endswith("Gateway"), own
        assert reached[own] <= 1 or kind.endswith(("Gateway", "Task", "Activity", "ubProcess")), own


@every_diagram
def test_a_choice_has_a_question_a_default_and_a_condition_for_every_other_way(diagram):
    for gateway in diagram.iter(f"{B}exclusiveGateway"):
        ways = [flow for flow in flows(diagram).values() if flow.get("sourceRef") == gateway.get("id")]
        if len(ways) < 2:
            continue
        assert gateway.get("name", "").endswith("？"), gateway.get("id")
        unconditional = [flow.get("id") for flow in ways if flow.find("b:conditionExpression", NS) is None]
        assert unconditional == [gateway.get("default")], gateway.get("id")


@every_diagram
def test_people_can_read_every_name(diagram):
    for own, node in nodes(diagram).items():
        kind = etree.QName(node).localname
        if kind.endswith("Gateway"):
            continue
        if kind in {"startEvent", "endEvent"} and node.getparent().tag == f"{B}subProcess" and not node.get("name"):
            continue
        assert HAN.search(node.get("name", "")), own
        assert len(node.get("name")) <= 14, own


# --- what is drawn can be read as a picture ---


def shapes(diagram):
    found = {}
    for shape in diagram.iter(f"{{{NS['di']}}}BPMNShape"):
        bounds = shape.find("dc:Bounds", NS)
        found[shape.get("bpmnElement")] = tuple(float(bounds.get(side)) for side in ("x", "y", "width", "height"))
    return found


def labels(diagram):
    return {
        label.getparent().get("bpmnElement"): tuple(
            float(label.find("dc:Bounds", NS).get(side)) for side in ("x", "y", "width", "height")
        )
        for label in diagram.iter(f"{{{NS['di']}}}BPMNLabel")
    }


def lines(diagram):
    return {
        edge.get("bpmnElement"): [(float(p.get("x")), float(p.get("y"))) for p in edge.iterfind("d:waypoint", NS)]
        for edge in diagram.iter(f"{{{NS['di']}}}BPMNEdge")
    }


def overlap(one, other):
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah


def on_border(point, box):
    (px, py), (x, y, width, height) = point, box
    inside = x - 1 <= px <= x + width + 1 and y - 1 <= py <= y + height + 1
    return inside and min(abs(px - x), abs(px - x - width), abs(py - y), abs(py - y - height)) <= 1


def may_cover(diagram, one, other):
    known = nodes(diagram)
    first, second = known[one], known[other]
    hosts = {first.get("attachedToRef"), second.get("attachedToRef")}
    return bool({one, other} & hosts) or first in second.iterancestors() or second in first.iterancestors()


@every_diagram
def test_every_element_is_drawn_and_nothing_lies_on_another(diagram):
    drawn, known = shapes(diagram), nodes(diagram)
    assert known.keys() == drawn.keys()
    covering = [
        pair
        for pair in combinations(known, 2)
        if overlap(drawn[pair[0]], drawn[pair[1]]) and not may_cover(diagram, *pair)
    ]
    assert covering == []


@every_diagram
def test_lines_are_square_and_touch_what_they_join(diagram):
    drawn, routes = shapes(diagram), lines(diagram)
    assert routes.keys() == flows(diagram).keys()
    for own, flow in flows(diagram).items():
        points = routes[own]
        assert on_border(points[0], drawn[flow.get("sourceRef")]), own
        assert on_border(points[-1], drawn[flow.get("targetRef")]), own
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points)), own


@every_diagram
def test_no_line_runs_through_an_element_or_a_label(diagram):
    solid = shapes(diagram)
    for own, flow in flows(diagram).items():
        ends = {flow.get("sourceRef"), flow.get("targetRef"), *(frame.get("id") for frame in flow.iterancestors())}
        for a, b in pairwise(lines(diagram)[own]):
            line = (min(a[0], b[0]) + 1, min(a[1], b[1]) + 1, abs(a[0] - b[0]) - 2, abs(a[1] - b[1]) - 2)
            crossed = [other for other, box in solid.items() if other not in ends and overlap(line, box)]
            assert [one for one in crossed if nodes(diagram)[one].get("attachedToRef") not in ends] == [], own
            assert [one for one, box in labels(diagram).items() if overlap(line, box)] == [], own


@every_diagram
def test_labels_lie_free(diagram):
    texts = labels(diagram)
    assert [pair for pair in combinations(texts, 2) if overlap(texts[pair[0]], texts[pair[1]])] == []


# --- forms and tables ---


@every_form
def test_a_form_is_chinese_first_with_english_beside(name):
    form = FORMS[name]
    assert (form["id"], form["type"], form["schemaVersion"]) == (name, "default", 19)
    for _, component in components(form):
        if component["type"] != "text":
            assert HAN.search(component["label"]), component["id"]
            assert component["properties"]["en"].isascii(), component["id"]


@every_form
def test_fields_are_told_apart(name):
    inside = components(FORMS[name])
    places = [prefix + component["key"] for prefix, component in inside if "key" in component]
    assert len(places) == len(set(places))
    own = [component["id"] for _, component in inside]
    assert len(own) == len(set(own))


def test_the_indicator_form_asks_for_every_raw_input_of_the_set_and_for_nothing_else():
    with (PROGRAMME / "indicators.csv").open(encoding="utf-8-sig") as file:
        wanted = {
            name
            for row in csv.DictReader(file)
            if row["set"] == "ZJ-DEMO-2012" and row["kind"] == "quant"
            for name in row["raw_inputs"].split(";")
        }
    asked = {one["key"] for prefix, one in components(FORMS["T04_indicators"]) if prefix == "values."}
    assert asked == wanted


@every_table
def test_a_table_is_named_for_its_decision_and_every_rule_is_whole(name):
    decisions_of = list(TABLES[name].iter(f"{{{NS['t']}}}decision"))
    assert name in [decision.get("id") for decision in decisions_of]
    for decision in decisions_of:
        assert HAN.search(decision.get("name"))
        width = (len(decision.findall(".//t:input", NS)), len(decision.findall(".//t:output", NS)))
        for rule in decision.iterfind(".//t:rule", NS):
            cells = (len(rule.findall("t:inputEntry", NS)), len(rule.findall("t:outputEntry", NS)))
            assert cells == width


def test_the_engine_takes_the_programme():
    assert processes.lint(PROGRAMME) == []
