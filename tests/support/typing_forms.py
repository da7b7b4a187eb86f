"""Filling a form-js form in as a person does: every field through the widget that the page shows for it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from engine.domain import feel

PLAIN = {"textfield", "textarea", "number"}
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn, 20))))"


def fill(page: Page, schema: dict[str, Any], answers: dict[str, Any], data: dict[str, Any]) -> None:
    """Give the answers to the fields that can be seen, in the order of the form, which began with `data`."""
    _fill(page, _with_options(schema["components"], data), answers, "")


def _with_options(components: list[dict[str, Any]], data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the components, each that takes its options from the data with them."""
    return [{**one, **_options(one, data)} for one in components]


def _options(one: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    if "components" in one:
        return {"components": _with_options(one["components"], data)}
    source = one.get("valuesExpression") or (f"={one['valuesKey']}" if "valuesKey" in one else None)
    if source is None:
        return {}
    found = feel.to_json(feel.compile(source.removeprefix("=")).evaluate(data)) or []
    return {"values": [option if isinstance(option, dict) else {"value": option, "label": option} for option in found]}


def _fill(page: Page, components: list[dict[str, Any]], answers: dict[str, Any], row: str) -> None:
    for one in components:
        if one["type"] == "group":
            inside = answers.get(one["path"], {}) if one.get("path") else answers
            _fill(page, one["components"], inside or {}, row)
        elif one["type"] == "dynamiclist":
            _rows(page, one, answers.get(one["path"]) or [])
        elif answers.get(one.get("key")) is not None:
            _answer(page, one, answers[one["key"]], row)


def _rows(page: Page, component: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    box = page.locator(f'[data-id="{component["id"]}"], #{component["id"]}').first
    for number, row in enumerate(rows):
        if number >= component.get("defaultRepetitions", 1):
            box.get_by_role("button", name="新增一行").click()
        _fill(page, component["components"], row, f"_{number}")


def _answer(page: Page, component: dict[str, Any], value: Any, row: str) -> None:
    """Give one answer; what the form hides, computes or locks is left alone."""
    kind, name = component["type"], f"{component['id']}{row}"
    if kind in PLAIN:
        _type(page.locator(f'[id$="-{name}"]'), str(value))
    elif kind == "checkbox":
        _tick(page.locator(f'[id$="-{name}"]'), wanted=bool(value))
    elif kind in {"radio", "checklist"}:
        wanted = value if isinstance(value, list) else [value]
        for number, option in enumerate(component.get("values", [])):
            if option["value"] in wanted:
                _tick(page.locator(f'[id$="-{name}-{number}"]'), wanted=True)
    elif kind == "select":
        _choose(page, component, name, value)
    elif kind == "datetime":
        _date(page.locator(f'[id$="-{name}-date"], [id$="-{name}"] input').first, str(value))


def _type(field: Locator, text: str) -> None:
    if _usable(field):
        field.fill(text)
        field.blur()  # form-js keeps what is typed when the field is left
        expect(field).to_have_value(text)


def _tick(box: Locator, *, wanted: bool) -> None:
    if _usable(box) and box.is_checked() != wanted:
        box.click()
        expect(box).to_be_checked(checked=wanted)
        box.page.evaluate(DRAWN)  # the next field is touched when the form has drawn what this one changed


def _date(field: Locator, text: str) -> None:
    if _usable(field):
        field.fill(text.replace("-", "/"))
        field.press("Enter")
        field.press("Escape")


def _choose(page: Page, component: dict[str, Any], name: str, value: Any) -> None:
    field = page.locator(f'[id$="-{name}-search"], [id$="-{name}"]').first
    if not _usable(field):
        return
    labels = {option["value"]: option["label"] for option in component.get("values", [])}
    field.click()
    option = page.locator(".fjs-dropdownlist-item", has_text=labels.get(value, str(value))).first
    expect(option).to_be_visible()
    option.click()
    page.evaluate(DRAWN)


def _usable(field: Locator) -> bool:
    return field.count() == 1 and field.is_visible() and field.is_editable()
