"""Forms: every answer is checked against the form-js schema that drew it, and nothing else is let in.

What the browser hides, disables or computes is decided again here; a client's word for it counts nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from engine.domain import answers as domain
from engine.domain import feel, patterns
from engine.domain.answers import CHOICES, MOMENTS, PRESENTATION, SOURCES, Component, Fault, Scope, Text
from engine.errors import AnswersRefused, ExpressionFailed, ExpressionRefused

LARGEST_SCHEMA = 256 * 1024
MOST_COMPONENTS = 500
DEEPEST = 8
MOST_ROWS = 500
NEWEST_VERSION = 19
PICKED = frozenset({"radio", "select"})

Finding = dict[str, Any]
Path = tuple[str, ...]
Condition: TypeAlias = feel.Expression | bool | None

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,7}")
_WORD = re.compile(r"[^\W\d]\w*")
_EXPRESSIONS = ("readonly", "valuesExpression", "decimalDigits", "increment", "expression")
_LIMITS = ("min", "max", "minLength", "maxLength")
_NO_ROWS = {"zh": "须为列表。", "en": "Must be a list of rows."}
_MANY_ROWS = {"zh": f"不得超过{MOST_ROWS}行。", "en": f"At most {MOST_ROWS} rows."}


def validate(schema: Mapping[str, Any], answers: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clean JSON-plain answers to the form; raise AnswersRefused naming each faulty field by its path.

    `data` is what the form started from. Unknown, hidden, disabled, read-only and computed fields are dropped;
    an empty field that may stay empty is null, an unticked box false, an empty list of choices empty.
    Rows of a dynamic list are named by their number, from 0: `measures.0.owner`.
    """
    if not isinstance(answers, dict):
        raise AnswersRefused(fields={"": {"zh": "答复格式不正确。", "en": "The answers must be an object."}})
    form = _read(orjson.dumps(schema))
    # What is read-only by an expression is decided without a word from the field itself.
    editable = _editable(form, answers, _merged(data, _editable(form, answers, None)))
    reading = _Reading()
    scope = _merged(data, editable)
    clean = reading.walk(form, editable, {**scope, "this": scope})
    if reading.faults:
        raise AnswersRefused(fields=reading.faults)
    return clean


def check(schema: Any) -> list[Finding]:
    """Return what keeps a form from being deployed, empty when nothing does; looks no further than its limits."""
    try:
        size = len(orjson.dumps(schema))
    except (TypeError, RecursionError):
        return [_finding("", "json", "表单不是合格的JSON", "is not plain JSON")]
    if size > LARGEST_SCHEMA:
        return [_finding("", "size", f"表单超过{LARGEST_SCHEMA}字节", f"is larger than {LARGEST_SCHEMA} bytes")]
    if not isinstance(schema, dict) or schema.get("type") != "default":
        return [_finding("", "type", "不是form-js表单", "is no form-js form")]
    if not isinstance(schema.get("schemaVersion", 1), int) or schema.get("schemaVersion", 1) > NEWEST_VERSION:
        return [_finding("", "version", "表单版本过新", f"schemaVersion must be at most {NEWEST_VERSION}")]
    return _Checking().result(schema)


@dataclass(frozen=True)
class _Node:
    """A component with its place and its conditions compiled; a form and a dynamic list have nodes below them."""

    component: Component
    path: Path
    hide: Condition
    locked: Condition
    below: tuple["_Node", ...] = ()

    @property
    def kind(self) -> str:
        return str(self.component["type"])


@lru_cache(maxsize=512)
def _read(content: bytes) -> tuple[_Node, ...]:
    return tuple(_nodes(orjson.loads(content).get("components", ()), ()))


def mentioned(schema: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that a form names; what it does not ask for is nobody's business at this task."""
    named = set(_WORD.findall(orjson.dumps(schema).decode()))
    return {name: value for name, value in facts.items() if name in named}


@dataclass(frozen=True)
class Choice:
    """A field with few answers that are drawn with it: its path, its label, and the label of every answer."""

    path: Path
    label: str
    options: tuple[tuple[Any, str], ...]


def choices(schema: Mapping[str, Any]) -> list[Choice]:
    """Return the fields of a form in which a person picks one of a few answers, or ticks a box, in order."""
    return list(_choices(_read(orjson.dumps(schema))))


def outcome(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> str | None:
    """Return in words what was chosen first in a form, None when nothing was to be chosen or nothing was."""
    for choice in choices(schema):
        value = _get(answers, choice.path)
        told = next((label for option, label in choice.options if option == value), None)
        if told is not None:
            return told
    return None


def holds(answers: Mapping[str, Any], path: Path) -> bool:
    """Tell whether a field is answered."""
    return _get(answers, path) is not None


def answered(answers: Mapping[str, Any], picked: Mapping[Path, Any]) -> dict[str, Any]:
    """Return answers in which the fields at some paths are answered so."""
    changed: dict[str, Any] = orjson.loads(orjson.dumps(answers))
    for path, value in picked.items():
        _put(changed, path, value)
    return changed


def _choices(nodes: tuple[_Node, ...]) -> Iterator[Choice]:
    for node in nodes:
        label = str(node.component.get("label") or node.component.get("key"))
        if node.kind == "group":
            yield from _choices(node.below)
        elif node.kind in PICKED and isinstance(node.component.get("values"), list):
            options = tuple((one["value"], str(one.get("label", one["value"]))) for one in node.component["values"])
            yield Choice(node.path, label, options)
        elif node.kind == "checkbox":
            yield Choice(node.path, label, ((True, "是"), (False, "否")))


def _nodes(components: list[Component], prefix: Path) -> Iterator[_Node]:
    for component in components:
        kind = component["type"]
        if kind in PRESENTATION:
            continue
        hide = (component.get("conditional") or {}).get("hide")
        condition = feel.compile(hide) if hide else None
        if kind == "group":
            below = tuple(_nodes(component.get("components", []), (*prefix, *_split(component.get("path")))))
            yield _Node(component, prefix, condition, locked=False, below=below)
        elif kind == "dynamiclist":
            below = tuple(_nodes(component.get("components", []), ()))
            yield _Node(component, (*prefix, *_split(component["path"])), condition, locked=False, below=below)
        else:
            yield _Node(component, (*prefix, *_split(component["key"])), condition, _lock(component))


def _lock(component: Component) -> Condition:
    readonly = component.get("readonly")
    if isinstance(readonly, str) and readonly.startswith("="):
        return feel.compile(readonly)
    return bool(component.get("disabled") or readonly)


def _split(path: str | None) -> Path:
    return tuple(path.split(".")) if path else ()


def _editable(nodes: tuple[_Node, ...], answers: Mapping[str, Any], scope: Scope | None) -> dict[str, Any]:
    """Keep only what stands where a person may write; without a scope, only where nothing could forbid it."""
    kept: dict[str, Any] = {}
    for node in nodes:
        if node.kind == "group":
            kept = _merged(kept, _editable(node.below, answers, scope))
            continue
        value = _get(answers, node.path)
        if value is None or (_is_true(node.locked, scope) if scope is not None else node.locked is not False):
            continue
        _put(kept, node.path, _editable_rows(node, value, scope) if node.kind == "dynamiclist" else value)
    return kept


def _editable_rows(node: _Node, rows: Any, scope: Scope | None) -> Any:
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, dict) for row in rows):
        return rows
    fixed = [_editable(node.below, row, None) for row in rows]
    if scope is None:
        return fixed
    return [_editable(node.below, row, {**scope, **known}) for row, known in zip(rows, fixed, strict=True)]


@dataclass
class _Reading:
    """One submission on its way to clean answers; faults gather until the end."""

    faults: dict[str, Text] = field(default_factory=dict)

    def walk(self, nodes: tuple[_Node, ...], given: Mapping[str, Any], scope: Scope, place: str = "") -> dict[str, Any]:
        """Return the clean answers to `nodes`; `place` is the path of the row they stand in."""
        clean: dict[str, Any] = {}
        for node in nodes:
            if _is_true(node.hide, scope) or _is_true(node.locked, scope):
                continue
            if node.kind == "group":
                clean = _merged(clean, self.walk(node.below, given, scope, place))
            elif node.kind == "dynamiclist":
                _put(clean, node.path, self._rows(node, _get(given, node.path), scope, place))
            else:
                _put(clean, node.path, self._answer(node, _get(given, node.path), scope, place))
        return clean

    def _answer(self, node: _Node, value: Any, scope: Scope, place: str) -> Any:
        try:
            return domain.load(node.component, value, scope)
        except Fault as fault:
            self.faults[place + ".".join(node.path)] = fault.text
            return None

    def _rows(self, node: _Node, rows: Any, scope: Scope, place: str) -> list[dict[str, Any]]:
        here = place + ".".join(node.path)
        if rows is None:
            return []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.faults[here] = _NO_ROWS
            return []
        if len(rows) > MOST_ROWS:
            self.faults[here] = _MANY_ROWS
            return []
        return [self._row(node, (number, row), scope, here) for number, row in enumerate(rows)]

    def _row(self, node: _Node, row: tuple[int, dict[str, Any]], scope: Scope, here: str) -> dict[str, Any]:
        number, given = row
        inner = {**scope, **given, "this": given, "parent": scope.get("this", scope), "i": number + 1}
        return self.walk(node.below, given, inner, f"{here}.{number}.")


def _is_true(condition: Condition, scope: Scope) -> bool:
    if condition is None or isinstance(condition, bool):
        return condition is True
    try:
        return condition.evaluate(scope) is True
    except ExpressionFailed:
        return False


def _get(tree: Any, path: Path) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _put(tree: dict[str, Any], path: Path, value: Any) -> None:
    *outer, last = path
    for name in outer:
        tree = tree.setdefault(name, {})
    tree[last] = value


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for name, value in above.items():
        own = both.get(name)
        both[name] = _merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return both


@dataclass
class _Checking:
    """A schema on its way through deployment; findings gather until the end."""

    findings: list[Finding] = field(default_factory=list)
    components: int = 0

    def result(self, schema: Component) -> list[Finding]:
        self._walk(schema, (), {}, 1)
        if self.components > MOST_COMPONENTS:
            zh, en = f"组件超过{MOST_COMPONENTS}个", f"has more than {MOST_COMPONENTS} components"
            return [_finding("", "components", zh, en)]
        return self.findings

    def _walk(self, container: Component, prefix: Path, taken: dict[Path, str], depth: int) -> None:
        components = container.get("components", [])
        if not isinstance(components, list) or not all(isinstance(component, dict) for component in components):
            self._note(container, "components", "组件列表有误", "components must be a list of objects")
            return
        if depth > DEEPEST:
            self._note(container, "depth", "嵌套过深", f"is nested deeper than {DEEPEST}")
            return
        for component in components:
            self.components += 1
            if self.components > MOST_COMPONENTS:
                return
            self._component(component, prefix, taken, depth)

    def _component(self, component: Component, prefix: Path, taken: dict[Path, str], depth: int) -> None:
        kind = str(component.get("type"))
        self._expressions(component)
        if kind == "group":
            inner = (*prefix, *self._path(component, "path", required=False))
            self._walk(component, inner, taken, depth + 1)
        elif kind == "dynamiclist":
            self._take(component, (*prefix, *self._path(component, "path")), taken)
            self._walk(component, (), {}, depth + 1)
        elif domain.known(kind):
            self._take(component, (*prefix, *self._path(component, "key")), taken)
            self._limits(component)
        elif kind not in PRESENTATION:
            self._note(component, "type", f"不支持的组件：{kind:.40}", f"component {kind:.40} is not supported")

    def _path(self, component: Component, name: str, *, required: bool = True) -> Path:
        path = component.get(name)
        if path in (None, "") and not required:
            return ()
        if not isinstance(path, str) or not _KEY.fullmatch(path):
            self._note(component, name, f"{name}缺失或不合规范", f"{name} is missing or no plain name")
            return ("?",)
        return _split(path)

    def _take(self, component: Component, path: Path, taken: dict[Path, str]) -> None:
        other = next((one for one in taken if one[: len(path)] == path or path[: len(one)] == one), None)
        if other is not None and "?" not in path:
            name = ".".join(path)
            self._note(component, "key", f"字段{name}与另一字段重复", f"{name} stands where another field stands")
        taken[path] = str(component.get("id", ""))

    def _expressions(self, component: Component) -> None:
        conditional, limits = component.get("conditional"), component.get("validate")
        sources = {name: component.get(name) for name in _EXPRESSIONS}
        if isinstance(conditional, dict):
            sources["conditional.hide"] = conditional.get("hide")
        if isinstance(limits, dict):
            sources |= {f"validate.{name}": limits.get(name) for name in _LIMITS}
        for name, source in sources.items():
            if isinstance(source, str) and (source.startswith("=") or name == "conditional.hide"):
                self._compile(component, name, source)

    def _compile(self, component: Component, name: str, source: str) -> None:
        try:
            feel.compile(source)
        except ExpressionRefused as refused:
            self._note(component, name, _unreadable(refused, source), f"{name} cannot be understood: {refused}")

    def _limits(self, component: Component) -> None:
        if component["type"] in CHOICES and not any(component.get(name) for name in SOURCES):
            self._note(component, "values", "缺少选项", "has no choices")
        if component["type"] == "datetime" and component.get("subtype", "date") not in MOMENTS:
            self._note(component, "subtype", "日期类型有误", "subtype must be date, time or datetime")
        limits = component.get("validate") or {}
        if not isinstance(limits, dict):
            self._note(component, "validate", "校验规则有误", "validate must be an object")
            return
        pattern = limits.get("pattern")
        if not pattern:
            return
        try:
            patterns.compiled(str(pattern))
        except ExpressionRefused as refused:
            self._note(
                component, "validate.pattern", f"正则表达式有误：{str(pattern)[:80]}", f"cannot be used: {refused}"
            )

    def _note(self, component: Component, rule: str, zh: str, en: str) -> None:
        element = component.get("key") or component.get("path") or component.get("id") or ""
        self.findings.append(_finding(str(element)[:80], rule, zh, en))


def _unreadable(refused: ExpressionRefused, source: str) -> str:
    """Return in Chinese where an expression cannot be understood."""
    place = refused.facts.get("position")
    where = f"（第 {place + 1} 个字符处）" if isinstance(place, int) else ""
    return f"表达式有误，无法理解“{source[:80]}”{where}"


def _finding(element: str, rule: str, zh: str, en: str) -> Finding:
    return {"element": element, "rule": rule, "text": {"zh": zh, "en": en}}
