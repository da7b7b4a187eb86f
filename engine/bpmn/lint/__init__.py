"""The linter: every element of a diagram runs as BPMN 2.0.2 says, or is refused here by name before anything runs."""

from collections.abc import Mapping
from types import ModuleType

from lxml import etree

from engine.bpmn.lint import (
    activities,
    calls,
    data,
    events,
    expressions,
    flows,
    gateways,
    loops,
    markup,
    people,
    pools,
    reach,
    references,
)
from engine.bpmn.lint.drawing import SPLITS, draw
from engine.bpmn.lint.events import EVENTS
from engine.bpmn.lint.findings import Finding, Rule, Severity, Strictness, told

__all__ = ["EVENTS", "GATEWAYS", "RULES", "Finding", "Rule", "Severity", "Strictness", "lint"]

GATEWAYS = SPLITS - {"complexGateway"}
CHAPTERS: tuple[ModuleType, ...] = (
    markup,
    references,
    people,
    flows,
    reach,
    gateways,
    events,
    activities,
    loops,
    calls,
    expressions,
    data,
    pools,
)
RULES: Mapping[str, Rule] = {name: rule for chapter in CHAPTERS for name, rule in chapter.RULES.items()}


def lint(
    roots: Mapping[str, etree._Element],
    known: Mapping[str, frozenset[str]],
    strictness: Strictness = Strictness.PROGRAMME,
) -> list[Finding]:
    """Return every finding in several diagram files that are one deployment, none of them twice.

    `known` holds the names of forms, decisions, operators and roles. What `strictness` leaves open is a warning.
    """
    plan = draw(roots, known)
    found: dict[tuple[str, ...], Finding] = {}
    for file in plan.files:
        for chapter in CHAPTERS if file.readable else (markup,):
            for fault in chapter.check(plan, file):
                finding = told(file.name, fault, RULES[fault.rule], strictness)
                found.setdefault((file.name, finding["element"], fault.rule, finding["text"]["en"]), finding)
    return list(found.values())
