"""Forms compared field by field: label, kind, conditions, limits and choices, in the words of the form editor."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from engine.differences.changes import Change, Thing, Words, changed
from engine.differences.tables import Grid, Table, overlay, told
from engine.errors import ModelRefused

DEEPEST: Final = 12
TYPES: Mapping[str, Words] = {
    "textfield": ("单行文本", "text field"), "textarea": ("多行文本", "text area"), "number": ("数字", "number"),
    "checkbox": ("勾选框", "checkbox"), "checklist": ("多选", "checkbox group"), "radio": ("单选", "radio group"),
    "select": ("下拉选择", "select"), "taglist": ("标签多选", "tag list"), "datetime": ("日期时间", "date and time"),
    "expression": ("计算项", "expression"), "filepicker": ("附件", "file picker"), "group": ("分组", "group"),
    "dynamiclist": ("多行列表", "dynamic list"), "table": ("表格", "table"), "text": ("文字", "text"),
    "html": ("网页文字", "HTML"), "image": ("图片", "image"), "iframe": ("嵌入页", "iframe"),
    "spacer": ("空白", "spacer"), "separator": ("分隔线", "separator"), "button": ("按钮", "button"),
    "documentPreview": ("文件预览", "document preview"),
}  # fmt: skip
COLUMNS: Mapping[str, Words] = {
    "label": ("名称", "label"), "type": ("类型", "type"), "key": ("字段", "key"), "path": ("路径", "path"),
    "description": ("说明", "description"), "text": ("文字", "text"), "content": ("内容", "content"),
    "validate.required": ("必填", "required"), "conditional.hide": ("隐藏条件", "hidden when"),
    "readonly": ("只读", "read-only"), "disabled": ("停用", "disabled"), "values": ("选项", "choices"),
    "valuesKey": ("选项来自字段", "choices from field"),
    "valuesExpression": ("选项来自表达式", "choices from expression"),
    "defaultValue": ("默认值", "default"), "validate.min": ("最小值", "minimum"), "validate.max": ("最大值", "maximum"),
    "validate.minLength": ("最短长度", "shortest"), "validate.maxLength": ("最长长度", "longest"),
    "validate.pattern": ("格式", "pattern"),
    "validate.patternErrorMessage": ("格式不符时的提示", "told when it does not fit"),
    "validate.validationType": ("格式类型", "kind of check"), "decimalDigits": ("小数位数", "decimal digits"),
    "increment": ("步长", "increment"), "expression": ("计算式", "expression"),
    "computeOn": ("计算时机", "computed on"),
    "properties.en": ("英文名称", "English label"), "properties.en_fault": ("英文提示", "English message"),
    "subtype": ("日期类型", "kind of date"), "dateLabel": ("日期名称", "date label"),
    "timeLabel": ("时间名称", "time label"),
    "multiple": ("可多个", "several"), "accept": ("文件类型", "file types"), "isRepeating": ("可重复", "repeats"),
    "appearance.prefixAdorner": ("前缀", "prefix"), "appearance.suffixAdorner": ("后缀", "suffix"),
    "layout.columns": ("宽度", "width"),
}  # fmt: skip
SILENT: Final = frozenset({"id", "components", "layout.row"})  # people see the order of the fields
CHOICES: Final = "values"
ABOUT: Final = ("id", "schemaVersion")
Rows = Mapping[str, Mapping[str, str]]


def compare(before: bytes, after: bytes) -> list[Change]:
    """Return what changed in a form; raise ModelRefused where one is no JSON object."""
    old, new = _schema(before), _schema(after)
    whole = Thing("", "表单", "form")
    names: dict[str, Words] = {"id": ("标识", "id"), "schemaVersion": ("格式版本", "schema version")}
    found = [
        changed(whole, key, names[key], (_text(old.get(key)), _text(new.get(key))))
        for key in ABOUT
        if _text(old.get(key)) != _text(new.get(key))
    ]
    for change in told(_grid(old, new), _caller(_rows(new)), _caller(_rows(old))):
        found += _choices(change, old, new) if change.part == CHOICES else [change]
    return found


def grids(before: bytes, after: bytes) -> list[Grid]:
    """Return the fields of both laid over each other, with the columns that somebody filled in; raise ModelRefused."""
    return [_grid(_schema(before), _schema(after))]


def _choices(change: Change, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Tell the choices of a field one by one where each has a value; where only their order changed, that."""
    before, after = (_options(schema, change.element) for schema in (old, new))
    thing = _caller(_rows(new))(change.element)
    found = [
        changed(
            thing, CHOICES, (f"选项（{value}）", f"choice ({value})"), (before.get(value, ""), after.get(value, ""))
        )
        for value in {**before, **after}
        if before.get(value) != after.get(value)
    ]
    return found or [change]


def _options(schema: dict[str, Any], field: str) -> dict[str, str]:
    component = next((one for key, one in _components(schema, "", 0) if key == field), {})
    options = [one for one in component.get(CHOICES) or [] if isinstance(one, dict)]
    return {str(one.get("value", "")): str(one.get("label") or one.get("value", "")) for one in options}


def _schema(content: bytes) -> dict[str, Any]:
    try:
        schema = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError as fault:
        raise ModelRefused(findings=[]) from fault
    if not isinstance(schema, dict):
        raise ModelRefused(findings=[])
    return schema


def _grid(old: dict[str, Any], new: dict[str, Any]) -> Grid:
    before, after = _rows(old), _rows(new)
    used = {key for rows in (before, after) for row in rows.values() for key in row}
    columns = {key: words for key, words in COLUMNS.items() if key in used}
    columns |= {key: (key, key) for key in sorted(used - COLUMNS.keys())}
    return overlay(("字段", "Fields"), Table(columns, before), Table(columns, after, {"type": TYPES}))


def _rows(schema: Mapping[str, Any]) -> Rows:
    found: dict[str, Mapping[str, str]] = {}
    for key, component in _components(schema, "", 0):
        unique = key
        while unique in found:  # a key given twice is a finding of the check; here both are told
            unique += "′"
        found[unique] = dict(_attributes(component, ""))
    return found


def _components(container: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    components = container.get("components")
    if not isinstance(components, list) or depth > DEEPEST:
        return
    for component in (one for one in components if isinstance(one, dict)):
        name = str(component.get("key") or component.get("path") or component.get("id") or component.get("type"))
        yield prefix + name, component
        inner = f"{prefix}{component['path']}." if component.get("path") else prefix
        yield from _components(component, inner, depth + 1)


def _attributes(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        key = f"{prefix}{name}"
        if key in SILENT:
            continue
        if isinstance(inner, dict):
            yield from _attributes(inner, f"{key}.")
        elif _text(inner):
            yield key, _text(inner)


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "✓"
    if isinstance(value, list):
        return "；".join(map(_option, value))
    return str(value) if isinstance(value, str | int | float) else orjson.dumps(value).decode()


def _option(one: Any) -> str:
    if isinstance(one, dict) and "value" in one:
        return f"{one.get('label', one['value'])}（{one['value']}）"
    return _text(one)


def _caller(rows: Rows) -> Callable[[str], Thing]:
    def call(key: str) -> Thing:
        row = rows[key]
        name = row.get("label") or row.get("text", "")[:30] or key.rpartition(".")[2]
        zh, en = TYPES.get(row.get("type", ""), ("字段", "field"))
        return Thing(key, f"{zh}“{name}”", f"{en} “{name}”")

    return call
