"""Filling a form-js form in as a person does: every field through the widget that the page shows for it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

PLAIN = {"textfield", "textarea", "number"}


def fill(page: Page, schema: dict[str, Any], answers: dict[str, Any]) -> None:
    """Give the answers to the fields that can be seen, in the order of the form."""
    _fill(page, schema["components"], answers, "")


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


def _tick(box: Locator, *, wanted: bool) -> None:
    if _usable(box):
        box.set_checked(wanted)


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


def _usable(field: Locator) -> bool:
    return field.count() == 1 and field.is_visible() and field.is_editable()
