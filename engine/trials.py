"""Trying parts of a draft: what a decision answers to typed values and which rules fire, what a form takes of answers.

The same code decides that decides in earnest; nothing is kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import forms
from engine.bpmn.gate import ICITY, parse_xml
from engine.domain import decisions, feel
from engine.domain.decisions import Decision, xml
from engine.domain.decisions.table import Input
from engine.errors import AnswersRefused, DecisionFailed, ExpressionFailed, ExpressionRefused, ModelRefused
from engine.tables import Organisation

LONGEST = 2000
MOST_OPTIONS = 60
PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
CONSTANT = re.compile(r'"([^"\\]{1,60})"')
PLACED = re.compile(r"\{\{\s*(?:#\w+\s+)?([^\W\d][\w.]*)\s*\}\}")
FORM, ROLE = f"{{{ICITY}}}form", f"{{{ICITY}}}role"

Text = dict[str, str]


@dataclass(frozen=True)
class Asked:
    """A value that a decision reads: the name it goes by, what people call it, its type, values its rules compare."""

    name: str
    label: str
    kind: str
    options: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tried:
    """A decision with what it reads and what its outputs are called; after a trial its answer, or the fault."""

    id: str
    name: str
    asks: list[Asked]
    outputs: dict[str, str]
    answer: Any = None
    fired: list[str] = field(default_factory=list)
    fault: Text | None = None


@dataclass(frozen=True)
class Filled:
    """What the server takes of answers to a form, and what it refuses by the path of the field."""

    taken: dict[str, Any]
    faults: dict[str, Text]


@dataclass(frozen=True)
class Seat:
    """A task at which a form is filled in, and the role that does it; none where nobody is named."""

    task: str
    role: str | None


def audience(files: Mapping[str, bytes], form: str) -> list[Seat]:
    """Return the tasks of all diagrams at which a form is filled in; diagrams that cannot be read have none."""
    found: dict[Seat, None] = {}
    for path in sorted(one for one in files if one.endswith(".bpmn")):
        try:
            root = parse_xml(files[path], path)
        except ModelRefused:
            continue
        tasks = (one for one in root.iter() if one.get(FORM) == form)
        found |= {Seat(one.get("name") or "", one.get(ROLE)): None for one in tasks}
    return list(found)


def organisations(session: Session) -> list[tuple[str, Text]]:
    """Return the codes of organisations that a cell may name, each with its name, by name."""
    rows = session.execute(select(Organisation.id, Organisation.name)).all()
    return sorted(((row.id, dict(row.name)) for row in rows), key=lambda one: (one[1].get("zh", ""), one[0]))


def decide(path: str, content: bytes, given: Mapping[str, Mapping[str, str]]) -> list[Tried]:
    """Return every decision of a DMN file that can be understood, tried where `given` has values for its id.

    Values are typed: a text where the column has texts, otherwise FEEL; an empty one is null. Raise ModelRefused for
    a file that is no DMN.
    """
    root = parse_xml(content, path)
    found = decisions.read(root).decisions.values()
    known = [(one, Tried(one.id, one.name, _asks(one), _outputs(root, one.id))) for one in found]
    return [_tried(one, told, given[one.id]) if one.id in given else told for one, told in known]


def fill(content: bytes, data: Mapping[str, Any], answers: Any) -> Filled:
    """Return what a form takes of answers and refuses; raise ModelRefused for a form that may not be deployed."""
    try:
        schema = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise ModelRefused(findings=[]) from fault
    findings = forms.check(schema)
    if findings:
        raise ModelRefused(findings=findings)
    try:
        return Filled(forms.validate(schema, answers, data), {})
    except AnswersRefused as refused:
        return Filled({}, dict(refused.facts["fields"]))


def mentioned(content: bytes) -> list[str]:
    """Return the names of facts that a form shows or asks about, but not of its own fields; none of a broken form."""
    try:
        schema = orjson.loads(content)
    except orjson.JSONDecodeError:
        return []
    own: set[str] = set()
    named: dict[str, None] = {}
    for component in _components(schema if isinstance(schema, dict) else {}):
        own.add(str(component.get("key") or component.get("path") or ""))
        named |= dict.fromkeys(_named(component))
    roots = {name.partition(".")[0] for name in own}
    return [name for name in named if name not in own and name.partition(".")[0] not in roots]


def _components(container: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [container]
    while waiting:
        inner = waiting.pop(0).get("components")
        known = [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []
        yield from known
        waiting += known


def _named(component: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names in what a component shows and in its conditions."""
    for part in ("text", "content", "label", "description"):
        yield from PLACED.findall(str(component.get(part, "")))
    conditional = component.get("conditional")
    sources = [component.get(part) for part in ("readonly", "valuesExpression", "expression")]
    sources.append(conditional.get("hide") if isinstance(conditional, dict) else None)
    for source in (one for one in sources if isinstance(one, str) and one.startswith("=")):
        try:
            yield from sorted(feel.compile(source).names - {"this", "parent", "i"})
        except ExpressionRefused:
            continue  # lint tells it


def _tried(decision: Decision, known: Tried, typed: Mapping[str, str]) -> Tried:
    context: dict[str, Any] = {}
    for one in known.asks:
        _put(context, one.name.split("."), _value(typed.get(one.name, ""), one.kind))
    try:
        told = decision.explain(context)
    except DecisionFailed as failure:
        return replace(known, fault=_fault(failure.facts))
    fired = [rule["element"] for made in told["decisions"] for table in made["tables"] for rule in table["rules"]]
    return replace(known, answer=told["value"], fired=fired)


def _outputs(root: Any, decision: str) -> dict[str, str]:
    """Return what people call the outputs of a decision's table, by name."""
    return {
        output.get("name") or "": output.get("label") or output.get("name") or ""
        for element in xml.children(root, "decision")
        if element.get("id") == decision
        for table in xml.children(element, "decisionTable")
        for output in xml.children(table, "output")
    }


def _asks(decision: Decision) -> list[Asked]:
    """Return what a decision and those it needs read, each name once, the columns of its tables first."""
    made = {name for need in decision.needs for name in need.names}
    found: dict[str, Asked] = {}
    for each in (decision, *decision.needs):
        for table in each.tables:
            for place, column in enumerate(table.inputs):
                cells = [rule.inputs[place] for rule in table.rules]
                options = [value for cell in cells if cell is not None for value in CONSTANT.findall(cell.source)]
                found |= {one.name: one for one in _of_column(column, options) if one.name not in found}
        for datum in each.data:
            kind = datum.type.kind if datum.type else "Any"
            found.setdefault(datum.names[0], Asked(datum.names[0], datum.names[0], kind))
    return [one for one in found.values() if one.name.partition(".")[0] not in made]


def _of_column(column: Input, options: list[str]) -> Iterator[Asked]:
    """Yield what a column reads: the value itself where it is a plain name, else every name in its expression."""
    source = column.expression.source.strip()
    kind = column.type.kind if column.type else "Any"
    if PATH.fullmatch(source):
        yield Asked(source, column.label, kind, list(dict.fromkeys(options))[:MOST_OPTIONS])
    else:
        for name in sorted(column.expression.names):
            yield Asked(name, name, "Any")


def _put(context: dict[str, Any], path: list[str], value: Any) -> None:
    *outer, last = path
    for name in outer:
        inner = context.get(name)
        context[name] = inner if isinstance(inner, dict) else {}
        context = context[name]
    context[last] = value


def _value(typed: str, kind: str) -> Any:
    text = typed.strip()[:LONGEST]
    if not text:
        return None
    if kind == "string" and not text.startswith('"'):
        return text
    try:
        return feel.to_json(feel.compile(text).evaluate({}))
    except (ExpressionRefused, ExpressionFailed):
        return text  # a day, or a word that somebody typed without its quotes


def _fault(facts: Mapping[str, Any]) -> Text:
    place_zh = f"第 {facts['rule']} 条规则" if facts.get("rule") else ""
    place_en = f"rule {facts['rule']}" if facts.get("rule") else ""
    if facts.get("column"):
        place_zh, place_en = f"{place_zh}“{facts['column']}”一栏", f"{place_en} column {facts['column']}".strip()
    zh = f"{place_zh}无法用这些数据求值" if place_zh else "这张表对这些数据没有唯一答案"
    reason = str(facts.get("reason") or "the values do not fit")
    return {"zh": zh, "en": f"{place_en}: {reason}" if place_en else reason}
