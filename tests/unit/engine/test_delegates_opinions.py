"""The operator that weighs opinions: what a diagram gets, and what it may not ask."""

from datetime import UTC, datetime

import pytest

from engine import delegates
from engine.delegates import Grounds
from engine.domain.workdays import Calendar
from engine.errors import StepFailed

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GROUNDS = Grounds(indicators=[], calendar=Calendar({}, NOW.date()), now=NOW)
SAID = [
    {"department": "prov-finance", "name": "省财政厅", "opinion": "object", "reason": "经费不足"},
    {"department": "prov-labour", "name": "省人力社保厅", "opinion": "deemed"},
    {"department": "prov-economy", "name": "省经信厅", "opinion": "comment", "reason": "请补充"},
    {"department": "prov-education", "name": "省教育厅", "opinion": "agree"},
]


def weigh(opinions, **rule):
    asked = {"opinions": opinions, "rule": "unanimous", "deemed_consents": True, **rule}
    return delegates.run("weigh opinions", asked, GROUNDS)


def test_a_diagram_gets_the_outcome_the_counts_and_who_objected_or_was_silent():
    told = weigh(SAID)
    assert {name: told[name] for name in ("outcome", "agreed", "commented", "objected", "deemed")} == {
        "outcome": "objected",
        "agreed": 1,
        "commented": 1,
        "objected": 1,
        "deemed": 1,
    }
    assert told["objections"] == [{"department": "prov-finance", "name": "省财政厅", "reason": "经费不足"}]
    assert (told["objectors"], told["deemed_departments"]) == (["prov-finance"], ["省人力社保厅"])


def test_a_department_without_an_answer_or_a_name_is_counted_as_silent():
    told = weigh(
        [None, {"department": "prov-finance"}, {"department": "prov-labour", "deemed": True, "opinion": "agree"}]
    )
    assert (told["outcome"], told["deemed"]) == ("pass", 3)
    assert told["deemed_departments"] == ["1", "prov-finance", "prov-labour"]


def test_by_ratio_and_by_veto_an_objection_may_be_outvoted():
    assert weigh(SAID, rule="ratio", ratio=0.75)["outcome"] == "conditional"
    assert weigh(SAID, rule="ratio", ratio=0.75, deemed_consents=False)["outcome"] == "objected"
    assert weigh(SAID, rule="veto", vetoers=["prov-economy"])["outcome"] == "conditional"
    assert weigh(SAID, rule="veto", vetoers=["prov-finance"])["outcome"] == "objected"


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "majority"},
        {"rule": "ratio", "ratio": None},
        {"rule": "ratio", "ratio": 1.5},
        {"rule": "veto"},
        {"rule": "veto", "vetoers": ["prov-none"]},
        {"deemed_consents": "yes"},
    ],
)
def test_a_rule_that_cannot_be_applied_stops_the_step(rule):
    with pytest.raises(StepFailed):
        weigh(SAID, **rule)


@pytest.mark.parametrize("opinions", [[], [SAID[0], SAID[0]], [{"department": "a", "opinion": "maybe"}], "agree"])
def test_opinions_that_cannot_be_weighed_stop_the_step(opinions):
    with pytest.raises(StepFailed):
        weigh(opinions)
