"""The reference names every rule, as the linter tells it."""

import re
from collections.abc import Iterator

import pytest

from engine.bpmn import lint
from engine.bpmn.lint import Severity
from engine.settings import ROOT

PAGE = ROOT / "docs" / "reference" / "lint.md"
PLACEHOLDER = re.compile(r"\{\w+(!r)?\}")


def rows() -> Iterator[tuple[str, str]]:
    """Yield each rule with its line of the reference."""
    for name, rule in lint.RULES.items():
        severity = f"{rule.severity}, {rule.loose} in loose files" if rule.loose else str(rule.severity)
        zh, en = (PLACEHOLDER.sub("…", text).replace("|", "\\|") for text in (rule.zh, rule.en))
        yield name, f"| `{name}` | {severity} | {rule.paragraph} | {en} | {zh} |"


@pytest.mark.parametrize(("name", "row"), list(rows()), ids=[name for name, _ in rows()])
def test_every_rule_stands_in_the_reference_as_it_is_told(name: str, row: str) -> None:
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_reference_names_no_rule_there_is_not() -> None:
    named = re.findall(r"^\| `([a-z][a-z0-9-]+)` \| (?:error|warning)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(lint.RULES)


def test_severities_are_errors_and_warnings() -> None:
    assert {rule.severity for rule in lint.RULES.values()} == set(Severity)
