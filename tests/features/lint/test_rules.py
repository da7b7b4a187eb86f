"""Every rule has drawings that break it, and each is told at its element, in both languages."""

import pytest

from engine.bpmn import gate, lint
from engine.bpmn.lint import RULES, Severity, Strictness
from tests.features.lint import flowing, happening, holding, writing
from tests.features.lint.drawings import HEAD, Case, file, found, one, told, way
from tests.support.diagrams import NAMES

CASES = [
    *writing.WRITING,
    *writing.REFERENCES,
    *flowing.FLOWS,
    *flowing.GATEWAYS,
    *flowing.WAYS,
    *happening.EVENTS,
    *happening.ACTIVITIES,
    *happening.LOOPS,
    *happening.CALLS,
    *holding.EXPRESSIONS,
    *holding.DATA,
    *holding.POOLS,
]
SEVERAL_FILES = {"duplicate-process"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.element[:20]}")
def test_it_is_told_at_its_element(case: Case) -> None:
    findings = [one for one in found(file(case)) if one["rule"] == case.rule]
    assert case.element in [one["element"] for one in findings], told(file(case))
    for finding in findings:
        assert finding.keys() == {"file", "element", "name", "rule", "severity", "text"}
        assert all(finding["text"][language].strip() for language in ("zh", "en"))


def test_every_rule_is_broken_by_a_case() -> None:
    assert RULES.keys() - {case.rule for case in CASES} == SEVERAL_FILES


def test_there_are_as_many_broken_drawings_as_were_asked_for() -> None:
    errors = [case for case in CASES if RULES[case.rule].severity is Severity.ERROR]
    assert len(errors) >= 280


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.element[:20]}")
def test_loose_files_are_told_the_same_or_milder(case: Case) -> None:
    strict = {(one["rule"], one["element"]): one["severity"] for one in found(file(case))}
    loose = {(one["rule"], one["element"]): one["severity"] for one in found(file(case), Strictness.FILES)}
    assert strict.keys() == loose.keys()
    assert all(severity in {strict[key], "warning"} for key, severity in loose.items())


def test_a_process_drawn_in_two_files_is_told() -> None:
    content = f'{HEAD}<process id="p">{way()}</process></definitions>'.encode()
    roots = {name: gate.parse_xml(content, name) for name in ("a.bpmn", "b.bpmn")}
    (finding,) = lint.lint(roots, NAMES)
    assert (finding["file"], finding["rule"], finding["element"]) == ("b.bpmn", "duplicate-process", "p")


def test_what_loose_files_leave_to_later_is_only_a_warning() -> None:
    body = way("u", "v", "w", "x", middle="".join(
        f'<{tag} id="{name}"/>'
        for tag, name in (("userTask", "u"), ("serviceTask", "v"), ("businessRuleTask", "w"), ("receiveTask", "x"))
    ))  # fmt: skip
    findings = found(file(Case("", "", body)), Strictness.FILES)
    assert {one["rule"] for one in findings} == {
        "unnamed-role",
        "unnamed-operator",
        "unnamed-decision",
        "unnamed-message",
    }
    assert {one["severity"] for one in findings} == {"warning"}


@pytest.mark.parametrize("name", ["role", "decision"])
def test_what_nobody_has_is_an_error_in_loose_files_too(name: str) -> None:
    tag = {"role": "userTask", "decision": "businessRuleTask"}[name]
    findings = found(file(Case("", "", one(f'<{tag} id="x" icity:{name}="no"/>'))), Strictness.FILES)
    assert ("error", f"missing-{name}") in {(finding["severity"], finding["rule"]) for finding in findings}
