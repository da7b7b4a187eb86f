"""Answers as people read them: each under its question, options by their names, in the language of the page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from server.pages.words import language

QUESTIONS = frozenset(
    {"textfield", "textarea", "number", "radio", "select", "checkbox", "checklist", "taglist", "datetime"}
)
LINE = 40  # letters
MANY = frozenset({"checklist", "taglist"})


def told(schema: Mapping[str, Any] | None, answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return [{path, label, text}] of every question that was answered, in the order of the form."""
    components = (schema or {}).get("components", ())
    return [line for line in _lines(components, answers, "") if line["text"]]


def questions(schema: Mapping[str, Any] | None, given: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """Return [{path, label}] of every question and table of the form, and of every row that was `given` in a table."""
    return list(_questions((schema or {}).get("components", ()), given, ""))


def locked(schema: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return the form in which only `fields`, paths of answers, may change; a table opens when one of its rows may."""
    return {**schema, "components": [_locked(one, fields, "") for one in schema.get("components", ())]}


def label(component: Mapping[str, Any]) -> str:
    """Return the question of a component; its English stands beside it as the property `en`."""
    english = component.get("properties", {}).get("en") if language() == "en" else None
    written = component.get("label") or component.get("dateLabel") or component.get("key") or component.get("path")
    return str(english or written or "")


def _lines(components: Any, answers: Any, prefix: str) -> Iterator[dict[str, str]]:
    for one in components:
        if one["type"] == "group":
            yield from _lines(one.get("components", ()), _below(answers, one.get("path")), _join(prefix, one))
        elif one["type"] == "dynamiclist":
            yield from _rows(one, answers, _join(prefix, one))
        elif one["type"] in QUESTIONS:
            text = _text(one, _below(answers, one["key"]))
            yield {"path": _join(prefix, one), "label": label(one), "text": text}


def _rows(table: Mapping[str, Any], answers: Any, prefix: str) -> Iterator[dict[str, str]]:
    for number, row in enumerate(_below(answers, table["path"]) or ()):
        cells = [line for line in _lines(table.get("components", ()), row, "") if line["text"]]
        joined = _("; ").join(_("%(label)s: %(text)s", label=cell["label"], text=cell["text"]) for cell in cells)
        yield {"path": f"{prefix}.{number}", "label": f"{label(table)} {number + 1}", "text": joined}


def _questions(components: Any, given: Any, prefix: str) -> Iterator[dict[str, str]]:
    for one in components:
        path = _join(prefix, one)
        if one["type"] == "group":
            yield from _questions(one.get("components", ()), _below(given, one.get("path")), path)
        elif one["type"] == "dynamiclist":
            yield {"path": path, "label": label(one)}
            yield from ({"path": row["path"], "label": _row_label(row)} for row in _rows(one, given, path))
        elif one["type"] in QUESTIONS and not one.get("readonly"):
            yield {"path": path, "label": label(one)}


def _row_label(row: Mapping[str, str]) -> str:
    return str(_("%(label)s: %(text)s", label=row["label"], text=shortened(row["text"])))


def shortened(text: str) -> str:
    """Return a text as it fits a line of a list."""
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def _locked(component: Mapping[str, Any], fields: Sequence[str], prefix: str) -> dict[str, Any]:
    path, below = _join(prefix, component), component.get("components")
    if component["type"] == "group":
        return {**component, "components": [_locked(one, fields, path) for one in below or ()]}
    if any(path == one or path.startswith(f"{one}.") or one.startswith(f"{path}.") for one in fields):
        return dict(component)
    rows = {"allowAddRemove": False, "components": [_locked(one, (), "") for one in below]} if below else {}
    return {**component, "readonly": True, **rows}


def _text(component: Mapping[str, Any], value: Any) -> str:
    if component["type"] in MANY:
        return str(_(", ")).join(_option(component, one) for one in value or ())
    if component["type"] == "checkbox":
        return str(_("yes") if value else _("no")) if value is not None else ""
    return "" if value is None else _option(component, value)


def _option(component: Mapping[str, Any], value: Any) -> str:
    options = component.get("values") or ()
    named = (one["label"] for one in options if one.get("value") == value)
    return str(next(named, value))


def _below(answers: Any, path: str | None) -> Any:
    for key in path.split(".") if path else ():
        answers = answers.get(key) if isinstance(answers, Mapping) else None
    return answers


def _join(prefix: str, component: Mapping[str, Any]) -> str:
    own = component.get("path") or component.get("key") or ""
    return ".".join(part for part in (prefix, own) if part)
