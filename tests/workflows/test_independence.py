"""What config/independence.toml names is drawn: a step that was renamed must not slip out of its rule."""

import tomllib

from lxml import etree

from engine.settings import ROOT

B, ICITY = "{http://www.omg.org/spec/BPMN/20100524/MODEL}", "{urn:icity:bpmn:1}"
RULES = tomllib.loads((ROOT / "config" / "independence.toml").read_text("utf-8"))
ROLES = tomllib.loads((ROOT / "config" / "roles.toml").read_text("utf-8"))
DRAWN = [etree.parse(path).getroot() for path in sorted((ROOT / "workflows").glob("*/*.bpmn"))]
STEPS = {step.get("id"): step.get(f"{ICITY}role") for diagram in DRAWN for step in diagram.iter(f"{B}userTask")}
OTHERS = {node.get("id") for diagram in DRAWN for node in diagram.iter(f"{B}startEvent")}


def named():
    for rule in RULES["apart"]:
        yield from (*rule["first"], *rule["second"], *rule.get("since", ()))
    yield from RULES["sealed"]["steps"]


def test_every_step_that_a_rule_names_is_drawn():
    steps = {one for one in named() if not one.startswith("role:")}
    assert sorted(steps - STEPS.keys() - OTHERS) == []


def test_every_role_that_a_rule_names_does_some_step():
    roles = {one.removeprefix("role:") for one in named() if one.startswith("role:")} | {*RULES["sealed"]["readers"]}
    assert roles <= ROLES.keys()
    assert roles - set(STEPS.values()) <= set(RULES["sealed"]["readers"])


def test_no_rule_is_told_twice():
    sides = [(frozenset(rule["first"]), frozenset(rule["second"])) for rule in RULES["apart"]]
    assert len(sides) == len(set(sides))
