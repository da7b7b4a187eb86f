"""From a DMN file to decisions: every expression is compiled here, and every fault says where it stands."""

from collections.abc import Mapping
from typing import Any, Final

from engine.domain.decisions import xml
from engine.domain.decisions.checking import check
from engine.domain.decisions.definitions import Definitions
from engine.domain.decisions.findings import Fault, Finding
from engine.domain.decisions.graph import Decision
from engine.domain.decisions.requirements import Reading, Requirements
from engine.errors import ExpressionRefused

MOST_PARTS: Final = 500


def parse(root: Any) -> dict[str, Decision]:
    """Return the decisions of a DMN 1.1 to 1.3 file by id; `root` is the lxml element from the gate.

    Raise ExpressionRefused with the facts decision, expected and, where known, rule (from 1), column and source.
    """
    found = read(root)
    if found.faults:
        raise ExpressionRefused(**found.faults[0].facts)
    return found.decisions


def gather(roots: Mapping[str, Any]) -> tuple[dict[str, Decision], list[tuple[str, Finding]]]:
    """Return the decisions of several files by id, and all that is wrong or doubtful in them, each with its file.

    Whoever deploys a programme refuses it when one of the findings is an error.
    """
    decisions: dict[str, Decision] = {}
    findings: list[tuple[str, Finding]] = []
    for file, root in roots.items():
        found = read(root)
        told = [*[fault.told() for fault in found.faults], *found.findings]
        told += dict.fromkeys(fault for decision in found.decisions.values() for fault in check(decision))
        told += [_twice(decision) for decision in found.decisions if decision in decisions]
        findings += [(file, fault) for fault in told]
        decisions |= found.decisions
    return decisions, findings


def _twice(decision: str) -> Finding:
    zh, en = f"决策“{decision}”在另一个文件里已经定义", f"another file defines the decision {decision!r} too"
    return Finding("decision", "error", zh, en, decision)


def read(root: Any) -> Reading:
    """Return the decisions of a file with every fault it has; a decision with a fault is not among them."""
    reading = Reading()
    definitions = Definitions(root)
    try:
        definitions.all()
    except ExpressionRefused as fault:
        reading.faults.append(Fault({"decision": "", "expected": "a type", **fault.facts}, root.get("id") or ""))
        return reading
    elements = [(element, xml.local(element)) for element in root if xml.local(element)]
    if not any(name == "decision" for _, name in elements):
        expected = "a decision in a DMN 1.1, 1.2 or 1.3 file"
        reading.faults.append(Fault({"decision": "", "expected": expected}, root.get("id") or ""))
    elif len(elements) > MOST_PARTS:
        expected = f"≤ {MOST_PARTS} decisions, data, types and business knowledge models"
        reading.faults.append(Fault({"decision": "", "expected": expected}, root.get("id") or ""))
    else:
        Requirements(definitions, reading).connect(elements)
    return reading
