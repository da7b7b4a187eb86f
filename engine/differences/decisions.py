"""Decisions compared: the table as a whole, its columns, its rules cell by cell; other logic by its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.bpmn.gate import parse_xml
from engine.differences.changes import PLAIN, Change, Thing, Words, added, changed, layout, removed
from engine.differences.tables import Grid, Table, overlay, told
from engine.domain.decisions import xml

FILE: Final = "x.dmn"
POLICIES: Mapping[str, Words] = {
    "UNIQUE": ("唯一（只能有一条成立）", "unique"), "FIRST": ("首个成立", "first"),
    "PRIORITY": ("按结果优先", "priority"), "ANY": ("任一（结果须相同）", "any"), "COLLECT": ("全部收集", "collect"),
    "RULE ORDER": ("按规则次序", "rule order"), "OUTPUT ORDER": ("按结果次序", "output order"),
}  # fmt: skip
TYPES: Mapping[str, Words] = {
    "string": ("文字", "text"), "boolean": ("是否", "yes or no"), "number": ("数字", "number"),
    "integer": ("整数", "integer"), "long": ("整数", "integer"), "double": ("数字", "number"), "date": ("日期", "date"),
    "time": ("时间", "time"), "dateTime": ("日期时间", "date and time"), "Any": ("任意", "anything"),
}  # fmt: skip
PARTS: Mapping[str, Words] = {
    "name": ("名称", "name"), "description": ("说明", "description"), "requires": ("依据", "requires"),
    "policy": ("命中策略", "hit policy"), "aggregation": ("汇总方式", "aggregation"), "logic": ("内容", "content"),
    "label": ("列名", "label"), "expression": ("表达式", "expression"), "type": ("类型", "type"),
    "allowed": ("允许的取值", "allowed values"), "default": ("默认结果", "default"),
}  # fmt: skip
VALUES: Mapping[str, Mapping[str, Words]] = {"policy": POLICIES, "type": TYPES}
KINDS: Mapping[str, Words] = {
    "decision": ("决策", "decision"), "inputData": ("输入数据", "input data"), "itemDefinition": ("数据类型", "type"),
    "businessKnowledgeModel": ("业务知识", "business knowledge"), "knowledgeSource": ("依据来源", "knowledge source"),
}  # fmt: skip
INPUT: Words = ("条件列", "condition")
OUTPUT: Words = ("结果列", "result")
NOTE: Words = ("批注列", "annotation")


@dataclass(frozen=True)
class _Decision:
    """What is compared of one element of the file; a decision that is a table has columns and rules."""

    kind: str
    name: str
    says: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kinds: Mapping[str, Words] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def called(self, element: str) -> Thing:
        """Return it as people call it."""
        zh, en = KINDS[self.kind]
        return Thing(element, f"{zh}“{self.name}”", f"{en} “{self.name}”")

    def table(self) -> Table:
        """Return its rules with the labels of their columns."""
        return Table({key: (one["label"], one["label"]) for key, one in self.columns.items()}, self.rules)


def compare(before: bytes, after: bytes) -> list[Change]:
    """Return what changed in a DMN file; raise ModelRefused where one cannot be read."""
    old, new = _read(before), _read(after)
    found = [change for key in {**old, **new} for change in _compared(key, old.get(key), new.get(key))]
    if not found and before != after and before and after:
        return [layout(("只调整了图形位置或书写格式", "only positions or the way it is written changed"))]
    return found


def grids(before: bytes, after: bytes) -> list[Grid]:
    """Return every decision table that differs, both versions laid over each other; raise ModelRefused."""
    old, new = _read(before), _read(after)
    return [
        _laid(old.get(key, _EMPTY), new.get(key, _EMPTY))
        for key in {**old, **new}
        if old.get(key) != new.get(key) and (old.get(key, _EMPTY).columns or new.get(key, _EMPTY).columns)
    ]


_EMPTY: Final = _Decision("decision", "", {})


def _compared(key: str, old: _Decision | None, new: _Decision | None) -> Iterator[Change]:
    if old is None or new is None:
        known = old or new or _EMPTY
        yield added(known.called(key)) if old is None else removed(known.called(key))
        return
    thing = new.called(key)
    yield from _parts(thing, old.says, new.says)
    for column in {**old.columns, **new.columns}:
        yield from _column(new, old, column)
    yield from told(_laid(old, new), lambda rule: _rule(thing, new, rule), lambda rule: _rule(thing, old, rule))


def _laid(old: _Decision, new: _Decision) -> Grid:
    """Lay two tables over each other; rules that another tool numbered anew are known by what they say."""
    name = new.name or old.name
    before, after = old.table(), new.table()
    if before.rows and after.rows and not before.rows.keys() & after.rows.keys():
        before, after = _by_content(before), _by_content(after)
    return overlay((f"决策“{name}”", f"Decision “{name}”"), before, after)


def _by_content(table: Table) -> Table:
    rows: dict[str, Mapping[str, str]] = {}
    for row in table.rows.values():
        key = "|".join(row.values())
        while key in rows:
            key += "′"
        rows[key] = row
    return Table(table.columns, rows)


def _rule(thing: Thing, decision: _Decision, rule: str) -> Thing:
    place = list(decision.rules).index(rule) + 1 if rule in decision.rules else 0
    if not place:
        return Thing(thing.element, f"{thing.zh}的规则", f"{thing.en}, a rule")
    return Thing(rule, f"{thing.zh}第 {place} 条规则", f"{thing.en}, rule {place}")


def _column(new: _Decision, old: _Decision, column: str) -> Iterator[Change]:
    zh, en = (new.kinds if column in new.columns else old.kinds)[column]
    label = (new.columns.get(column) or old.columns[column])["label"]
    thing = Thing(column, f"决策“{new.name}”的{zh}“{label}”", f"decision “{new.name}”, {en} “{label}”")
    if column not in old.columns:
        yield added(thing)
    elif column not in new.columns:
        yield removed(thing)
    else:
        yield from _parts(thing, old.columns[column], new.columns[column])


def _parts(thing: Thing, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for part in {**old, **new}:
        values = (old.get(part, ""), new.get(part, ""))
        if values[0] != values[1]:
            yield changed(thing, part, PARTS[part], values, VALUES.get(part, PLAIN))


def _read(content: bytes) -> dict[str, _Decision]:
    root = parse_xml(content, FILE) if content else []
    found = {}
    for place, element in enumerate(root):
        kind = xml.local(element)
        if kind in KINDS:
            found[element.get("id") or element.get("name") or f"{kind}-{place}"] = _decision(element, kind)
    return found


def _decision(element: Any, kind: str) -> _Decision:
    name = element.get("name") or element.get("id") or ""
    said = xml.child(element, "description")
    says = {"name": name, "description": "" if said is None else (said.text or "").strip()}
    says["requires"] = "、".join(sorted(filter(None, (xml.pointed(one) for one in _requirements(element)))))
    table = xml.child(element, "decisionTable")
    if table is None:
        return _Decision(kind, name, {**says, "logic": _content(element)})
    says |= {"policy": table.get("hitPolicy") or "UNIQUE", "aggregation": table.get("aggregation") or ""}
    inputs, outputs = xml.children(table, "input"), xml.children(table, "output")
    notes = xml.children(table, "annotation")
    columns = {_key(one, "input", at): _input(one, at) for at, one in enumerate(inputs)}
    columns |= {_key(one, "output", at): _output(one, at) for at, one in enumerate(outputs)}
    columns |= {_key(one, "annotation", at): {"label": one.get("name") or "—"} for at, one in enumerate(notes)}
    kinds = dict(zip(columns, [INPUT] * len(inputs) + [OUTPUT] * len(outputs) + [NOTE] * len(notes), strict=False))
    rules = {_key(one, "rule", at): _cells(one, list(columns)) for at, one in enumerate(xml.children(table, "rule"))}
    return _Decision(kind, name, says, columns, kinds, rules)


def _requirements(element: Any) -> Iterator[Any]:
    for name in ("informationRequirement", "knowledgeRequirement", "authorityRequirement"):
        for one in xml.children(element, name):
            yield from one


def _key(element: Any, kind: str, place: int) -> str:
    return element.get("id") or f"{kind}-{place}"


def _input(element: Any, place: int) -> dict[str, str]:
    asked = xml.child(element, "inputExpression")
    source = xml.text(asked)
    return {
        "label": element.get("label") or source or str(place + 1),
        "expression": source,
        "type": "" if asked is None else asked.get("typeRef") or "",
        "allowed": xml.text(xml.child(element, "inputValues")),
    }


def _output(element: Any, place: int) -> dict[str, str]:
    return {
        "label": element.get("label") or element.get("name") or str(place + 1),
        "name": element.get("name") or "",
        "type": element.get("typeRef") or "",
        "allowed": xml.text(xml.child(element, "outputValues")),
        "default": xml.text(xml.child(element, "defaultOutputEntry")),
    }


def _cells(rule: Any, columns: list[str]) -> dict[str, str]:
    """Return the texts of a rule by column; a dash lets anything pass, as an empty condition does."""
    conditions = [("" if (said := xml.text(one)) == "-" else said) for one in xml.children(rule, "inputEntry")]
    others = [xml.text(one) for name in ("outputEntry", "annotationEntry") for one in xml.children(rule, name)]
    return dict(zip(columns, [*conditions, *others], strict=False))


def _content(element: Any) -> str:
    """Return the texts of logic that is no table, each with what it is called, so that any change of it shows."""
    said = []
    for one in element.iter():
        if isinstance(one.tag, str) and xml.local(one) not in ("decision", "description"):
            said += [str(one.get(name)) for name in ("name", "typeRef", "isCollection") if one.get(name)]
            said += [one.text.strip()] if one.text and one.text.strip() else []
    return " ".join(said)
