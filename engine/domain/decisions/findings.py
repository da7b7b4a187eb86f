"""What is wrong with a decision, told where it is and in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a decision; `severity` is error or warning, `element` the id of what it is found in."""

    rule: str
    severity: str
    text_zh: str
    text_en: str
    element: str


def told(facts: Mapping[str, Any], element: str) -> Finding:
    """Return a refusal with the facts decision, expected and, where known, rule, column, source, position."""
    place_zh, place_en = f"“{facts.get('decision') or ''}”", str(facts.get("decision") or "the file")
    if facts.get("rule"):
        place_zh, place_en = f"{place_zh}第 {facts['rule']} 条规则", f"{place_en}, rule {facts['rule']}"
    if facts.get("column"):
        place_zh, place_en = f"{place_zh}“{facts['column']}”一栏", f"{place_en}, column {facts['column']}"
    fault_zh = fault_en = ""
    if facts.get("source"):
        fault_zh, fault_en = f"无法理解“{facts['source']}”，", f"cannot understand {facts['source']!r}, "
    if "position" in facts:
        fault_zh += f"第 {facts['position'] + 1} 个字符处"
        fault_en += f"at character {facts['position'] + 1} "
    return Finding(
        "decision",
        "error",
        f"决策{place_zh}：{fault_zh}应为：{facts['expected']}",
        f"Decision {place_en}: {fault_en}expected {facts['expected']}",
        element,
    )


@dataclass(slots=True)
class Fault:
    """What is refused: the facts of the refusal, and the id of the element it is found in."""

    facts: dict[str, Any]
    element: str

    def told(self) -> Finding:
        """Return it as a finding."""
        return told(self.facts, self.element)
