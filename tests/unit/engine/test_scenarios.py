"""Scenarios on every edit: how each goes, what they pass, what differs in words, and which faults they notice."""

import json

import pytest
from lxml import etree

from engine import mutants, scenarios
from engine.errors import RehearsalRefused
from tests.support.diagrams import drawn
from tests.support.played import BODY, PATH, SCENARIO, files


def test_a_scenario_goes_as_expected_and_paints_what_it_passes():
    shown = scenarios.examine(files())
    assert [(one.process, one.name, one.ok, one.told["zh"]) for one in shown.results] == [
        ("p", "approved", True, "与预期一致")
    ]
    painted = shown.painted["p"]
    assert (painted["a"], painted["yes"], painted["refused"], painted["no"]) == (1, 1, 0, 0)
    assert shown.shares["p"] == (9, 11)
    assert shown.coverage == pytest.approx(9 / 11)
    assert shown.ok
    assert scenarios.missing(files(), 0.8) is None
    assert "81.8%" in scenarios.missing(files(), 0.9)["zh"]


def test_what_differs_is_told_in_words():
    other = {
        **SCENARIO,
        "expect": {
            "state": "waiting",
            "completed": ["e", "a"],
            "never": ["wait"],
            "waiting": ["a"],
            "kept": ["news"],
            "data": {"a": {"result": "reject"}},
            "dates": {"e": [], "refused": ["2026-10-01"]},
            "documents": [{"kind": "notice", "says": ["同意"]}],
        },
    }
    (result,) = scenarios.examine(files(other=other)).results
    assert (result.ok, result.told) == (False, {"zh": "9 处与预期不同", "en": "9 differ from expected"})
    told = "\n".join(one["zh"] for one in result.differences)
    for said in ("应仍在等待，结果全部办结", "“a”，但没有到达", "不应经过“等一个月”", "应为 a，结果为 无", "news"):
        assert said in told
    for said in ("没有写明“同意”的公文", "任何一天都不", "2026-11-01", '数据“a.result”应为 "reject"，结果为 "approve"'):
        assert said in told
    assert scenarios.missing(files(other=other), 0.0)["en"].startswith("1 scenarios differ")
    failing = files(BODY.replace("=a.result", "=1 / 0 + a.result"))
    (result,) = scenarios.examine(failing).results
    assert not result.ok


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"more": 1}, "没有“more”这一项"),
        ({"title": {"zh": "只有中文"}}, "标题须有中文"),
        ({"process": 3}, "缺少流程"),
        ({"process": "q"}, "没有流程“q”"),
        ({"data": []}, "“data”应为一个对象"),
        ({"with": "p"}, "“with”应为"),
        ({"until": 3}, "“until”应为"),
        ({"expect": {"wonders": 1}}, "不能预期“wonders”"),
        ({"plan": {"tasks": {"wait": [{}]}}}, "计划提到的“wait”"),
        ({"plan": {"start": "soon"}}, "应为 ISO 8601"),
    ],
)
def test_a_scenario_that_cannot_be_played_says_why(changed, said):
    (result,) = scenarios.examine(files(odd={**SCENARIO, **changed})).results
    assert not result.ok
    assert said in result.differences[0]["zh"]


def test_files_that_are_no_scenarios_say_so():
    results = scenarios.examine({**files(), "scenarios/p/a.json": b"{", "scenarios/p/b.json": b"[]"}).results
    assert [one.ok for one in results] == [False, True, False]
    moved = {**files(), "scenarios/other/approved.json": json.dumps(SCENARIO).encode()}
    assert "scenarios/p/" in scenarios.examine(moved).results[0].differences[0]["zh"]


def test_a_process_that_answers_at_once_stands_in_and_the_file_is_played_without_it():
    call = (
        '<startEvent id="s2"/><callActivity id="c" calledElement="p"/><endEvent id="e2"/>'
        '<sequenceFlow id="f1" sourceRef="s2" targetRef="c"/><sequenceFlow id="f2" sourceRef="c" targetRef="e2"/>'
    )
    whole = files()
    both = (
        whole["p.bpmn"]
        .decode()
        .replace("</definitions>", f'<process id="q" isExecutable="true">{call}</process></definitions>')
    )
    told = {
        "title": {"zh": "代答", "en": "Instead"},
        "process": "q",
        "instead": {"p": {"seen": 1}},
        "expect": {"completed": ["c", "e2"], "never": ["a"]},
    }
    whole |= {"p.bpmn": both.encode(), "scenarios/q/instead.json": json.dumps(told).encode()}
    shown = scenarios.examine(whole)
    assert [(one.path, one.differences) for one in shown.results] == [(PATH, []), ("scenarios/q/instead.json", [])]
    assert shown.shares["q"] == (5, 5)


def test_only_what_an_edit_touches_is_played_again(monkeypatch):
    scenarios.examine(files())
    played = []
    monkeypatch.setattr(scenarios, "play", lambda one, _: played.append(one.path) or (None, []))
    scenarios.examine({**files(), "templates/x.toml": b"", "scenarios/p/b.json": b"{"})
    assert played == []
    scenarios.examine(files(BODY + "<!-- moved -->"))
    assert played == [PATH]


def test_files_that_cannot_run_are_not_played():
    broken = files(BODY.replace('calledElement="p"', "").replace('targetRef="refused"', 'targetRef="nowhere"'))
    shown = scenarios.examine(broken)
    assert (shown.results, shown.coverage, shown.ok) == ([], 0.0, False)
    assert shown.findings
    assert scenarios.missing(broken, 0.0)
    with pytest.raises(RehearsalRefused):
        mutants.score(broken, "p")


def test_mutants_are_caught_or_told():
    whole = files()
    assert mutants.known(whole, "p") is None
    score = mutants.score(whole, "p")
    assert mutants.known(whole, "p") is score is mutants.score(whole, "p")
    assert 0 < score.caught < score.tried <= score.possible
    assert 0 < score.share < 1
    assert not score.late
    assert any("“refused”" in one.told["zh"] for one in score.survivors)
    with pytest.raises(RehearsalRefused):
        mutants.score(whole, "q")
    late = mutants.score(files(BODY + "<!-- late -->"), "p", -1.0)
    assert (late.tried, late.share, late.late) == (0, None, True)


def test_deadlines_and_defaults_are_among_the_faults():
    body = BODY.replace('<userTask id="a"', '<userTask id="a" icity:deadline="T1"', 1)
    assert "icity:deadline" in body
    found = list(mutants._mutants(_process(BODY)))
    told = [one.told["zh"] for one in found]
    assert any("取反" in one for one in told)
    assert any("默认走向" in one for one in told)
    assert any("由 P1M 改成 P45D" in one for one in told)
    two = body.replace("<endEvent", '<userTask id="b" icity:deadline="T2"/><endEvent', 1)
    assert any("由 T1 换成 T2" in one.told["en"] or "T2" in one.told["zh"] for one in mutants._mutants(_process(two)))


def _process(body):
    return next(etree.fromstring(drawn("p", body)).iter("{*}process"))
