"""Trying a decision, a form and a set of a draft gives what the engine would give in earnest, and keeps nothing."""

from pathlib import Path

import orjson
import pytest

from engine import trials
from engine.errors import ModelRefused

ROOT = Path("workflows/innovative-city")
SPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
DMN = f'<definitions xmlns="{SPACE}" id="f" name="f" namespace="n">{{body}}</definitions>'


def tried(path, **given):
    return {one.id: one for one in trials.decide(path, (ROOT / path).read_bytes(), given)}


def test_a_decision_says_what_it_reads_which_rules_fire_and_what_comes_out():
    told = tried("reviewers.dmn", reviewers={"round": "pilot"})["reviewers"]
    assert [(one.name, one.label, one.kind) for one in told.asks] == [("round", "环节", "string")]
    assert told.outputs == {"department": "机构编号", "name": "名称"}
    assert len(told.fired) == len(told.answer) > 3
    assert told.fault is None
    untried = tried("reviewers.dmn")["reviewers"]
    assert (untried.fired, untried.answer) == ([], None)
    eligible = tried("eligibility.dmn", eligibility={"titles": '["science_strong"]', "level": "county"})["eligibility"]
    assert eligible.answer["result"] == "eligible"
    assert [one.name for one in eligible.asks] == ["titles", "level", "barred", "window"]
    day = tried("case_opening.dmn", case_opening={"round_id": "", "day": "2013-05-01", "closes_on": "2013-06-01"})
    assert [one.name for one in day["case_opening"].asks] == ["round_id", "day", "closes_on"]


def test_what_cannot_be_decided_is_told_where_it_fails():
    table = (
        '<decision id="d" name="甲"><decisionTable id="t" hitPolicy="UNIQUE">'
        '<input id="i" label="数"><inputExpression id="e" typeRef="number"><text>case.count</text></inputExpression>'
        "</input>"
        '<output id="o" name="out" typeRef="string"/>'
        '<rule id="r1"><inputEntry id="c1"><text>&gt; 1</text></inputEntry>'
        '<outputEntry id="x1"><text>"a"</text></outputEntry></rule>'
        '<rule id="r2"><inputEntry id="c2"><text>&gt; 2</text></inputEntry>'
        '<outputEntry id="x2"><text>"b"</text></outputEntry></rule></decisionTable></decision>'
    )
    (found,) = trials.decide("x.dmn", DMN.format(body=table).encode(), {"d": {"case.count": "3"}})
    assert found.fault is not None
    assert found.fault["zh"] == "这张表对这些数据没有唯一答案"
    (found,) = trials.decide("x.dmn", DMN.format(body=table).encode(), {"d": {"case.count": "2"}})
    assert (found.answer, found.fired) == ("a", ["r1"])
    (odd,) = trials.decide("x.dmn", DMN.format(body=table).encode(), {"d": {"case.count": "not a number"}})
    assert odd.answer is None
    broken = table.replace('<text>"a"</text>', "<text>1 / 0 + nothing(</text>")
    assert trials.decide("x.dmn", DMN.format(body=broken).encode(), {}) == []  # lint tells why
    hostile = table.replace('<text>"a"</text>', '<text>string join(for i in 1..10000000 return "x")</text>')
    (spent,) = trials.decide("x.dmn", DMN.format(body=hostile).encode(), {"d": {"case.count": "2"}})
    assert spent.fault is not None
    assert "第 1 条规则" in spent.fault["zh"]
    assert spent.fault["en"].startswith("rule 1")
    with pytest.raises(ModelRefused):
        trials.decide("x.dmn", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", {})


def test_what_a_decision_needs_is_asked_for_once():
    body = (
        '<inputData id="in" name="money"><variable name="money" typeRef="number"/></inputData>'
        '<decision id="low" name="low"><variable name="low"/>'
        '<informationRequirement><requiredInput href="#in"/></informationRequirement>'
        "<literalExpression><text>money &lt; 5</text></literalExpression></decision>"
        '<decision id="top" name="top"><variable name="top"/>'
        '<informationRequirement><requiredDecision href="#low"/></informationRequirement>'
        "<literalExpression><text>not(low)</text></literalExpression></decision>"
    )
    found = {one.id: one for one in trials.decide("x.dmn", DMN.format(body=body).encode(), {"top": {"money": "7"}})}
    assert [(one.name, one.kind) for one in found["top"].asks] == [("money", "number")]
    assert found["top"].answer is True


def test_a_form_takes_and_refuses_what_it_would_in_earnest():
    content = (ROOT / "forms/T01_team.form").read_bytes()
    filled = trials.fill(content, {}, {"leader": "王某", "contact": "李某", "phone": "+8657100000000"})
    assert filled.faults["departments"]["zh"]
    whole = {"leader": "王某", "contact": "李某", "phone": "+8657100000000", "departments": ["science"], "x": 1}
    assert "x" not in trials.fill(content, {}, whole).taken
    for bad in (b"{", b"[]", b'{"type": "default", "components": [{"type": "strange"}]}'):
        with pytest.raises(ModelRefused):
            trials.fill(bad, {}, {})


def test_a_form_names_the_facts_it_uses_and_those_who_see_it():
    assert trials.mentioned((ROOT / "forms/T01_team.form").read_bytes()) == ["unit_name", "round_id", "data_year"]
    form = {
        "components": [
            {"type": "textfield", "key": "own", "readonly": "=locked", "conditional": {"hide": "=own = other.part"}},
            {"type": "group", "components": [{"type": "text", "text": "{{#if cases}}{{ own }}", "readonly": "=(("}]},
            7,
        ]
    }
    assert trials.mentioned(orjson.dumps(form)) == ["locked", "other", "cases"]
    assert trials.mentioned(b"{") == trials.mentioned(b"[]") == []
    files = {path.name: path.read_bytes() for path in ROOT.glob("*.bpmn")} | {"broken.bpmn": b"<"}
    assert [(seat.task, seat.role) for seat in trials.audience(files, "T12_qualification")] == [
        ("资格核验", "PRV_OFFICER")
    ]
