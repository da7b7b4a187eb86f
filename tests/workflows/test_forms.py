"""Every form of every programme, filled in wrongly, not at all, with malice and without end."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine import forms
from engine.errors import AnswersRefused

ROOT = Path(__file__).parents[2]
FORMS = sorted((ROOT / "workflows").glob("*/forms/*.form"))
HAN = re.compile(r"[\u4e00-\u9fff]")
SHOWN = {"text", "html", "separator", "spacer", "table", "button", "image", "expression", "documentPreview"}
TEXTS = {"textfield", "textarea"}
CHOICES = {"radio", "select"}

WRONG: dict[str, list[Any]] = {
    "textfield": [7, {"a": 1}, ["x"], True],
    "textarea": [7, {"a": 1}, ["x"], True],
    "number": ["much", {"a": 1}, [1], True, "NaN", "1e999"],
    "checkbox": ["maybe", 3, ["x"]],
    "radio": ["no such choice", 5, {"a": 1}],
    "select": ["no such choice", 5, {"a": 1}],
    "checklist": ["plan", ["no such choice"], [1, [2]], {"a": 1}],
    "taglist": ["plan", ["no such choice"], {"a": 1}],
    "datetime": ["yesterday", "2026-02-30", "0000-00-00", 20260302, {"a": 1}],
    "dynamiclist": ["rows", {"a": 1}, [1, 2], [["x"]]],
    "filepicker": [7, {"a": 1}],
}
HOSTILE = ["\x00", "a\x00b", "\x1b[31m", "\ud800"]
HARMLESS = ["<script>alert(1)</script>", "'; DROP TABLE task; --", "{{7*7}}", "=1+1", "../../etc/passwd", "\u202eabc"]
HUGE = "长" * 1_000_000


@dataclass(frozen=True)
class Field:
    """A component that takes an answer, and the path its faults are named by."""

    component: dict[str, Any]
    path: tuple[str, ...]

    @property
    def kind(self) -> str:
        return str(self.component["type"])

    def put(self, answers: dict[str, Any], value: Any) -> dict[str, Any]:
        """Return the answers with this field's own replaced."""
        changed = copy.deepcopy(answers)
        place = changed
        for name in self.path[:-1]:
            place = place.setdefault(name, {})
        place[self.path[-1]] = value
        return changed


def fields(components: list[dict[str, Any]], prefix: tuple[str, ...] = ()) -> Iterator[Field]:
    """Yield the fields of a form, those of groups included; rows of lists are tried in a test of their own."""
    for component in components:
        kind = component["type"]
        if kind == "group":
            path = tuple(component["path"].split(".")) if component.get("path") else ()
            yield from fields(component["components"], prefix + path)
        elif kind not in SHOWN:
            name = component["path"] if kind == "dynamiclist" else component["key"]
            yield Field(component, (*prefix, *name.split(".")))


def states(known: list[Field]) -> Iterator[dict[str, Any]]:
    """Yield nothing at all, then every single choice: each may show what was hidden."""
    yield {}
    for field in known:
        if field.kind in CHOICES:
            for option in field.component.get("values", []):
                yield field.put({}, option["value"])
        if field.kind == "checkbox":
            yield field.put({}, True)


def faults(schema: dict[str, Any], answers: Any) -> dict[str, dict[str, str]]:
    """Return the faults that are found, and check that each can be read and that nothing entered was touched."""
    before = copy.deepcopy(answers)
    try:
        forms.validate(schema, answers, {})
        found: dict[str, dict[str, str]] = {}
    except AnswersRefused as refused:
        found = refused.facts["fields"]
    assert answers == before
    for told in found.values():
        assert HAN.search(told["zh"]), told
        assert told["en"]
        assert not HAN.search(told["en"]), told
    return found


def is_named(field: Field, found: dict[str, Any]) -> bool:
    """Tell whether a fault names the field, or a row of it."""
    path = ".".join(field.path)
    return any(name == path or name.startswith(f"{path}.") for name in found)


def shown(schema: dict[str, Any], field: Field, state: dict[str, Any]) -> bool:
    """Tell whether the field is asked for in this state: only then may a required one be missed."""
    return is_named(field, faults(schema, state))


every_form = pytest.mark.parametrize(
    "schema",
    [json.loads(path.read_text("utf-8")) for path in FORMS],
    ids=[f"{path.parts[-3]}-{path.stem}" for path in FORMS],
)


@every_form
def test_what_is_missing_is_named(schema):
    known = list(fields(schema["components"]))
    names = {".".join(field.path) for field in known}
    required = [field for field in known if field.component.get("validate", {}).get("required")]
    missed = [faults(schema, state) for state in states(known)]
    for found in missed:
        assert {name for name in found if name not in names and name.split(".")[0] not in names} == set()
    for field in required:
        if "conditional" not in field.component:
            assert is_named(field, missed[0]), field.path


@every_form
def test_what_is_no_answer_at_all_is_refused(schema):
    for answers in (None, [], "x", 7, [{}]):
        assert faults(schema, answers)


@every_form
def test_a_wrong_answer_is_named_with_its_field(schema):
    known = list(fields(schema["components"]))
    for field in known:
        for state in states(known):
            if not (field.component.get("validate", {}).get("required") and shown(schema, field, state)):
                continue
            for wrong in WRONG[field.kind]:
                assert is_named(field, faults(schema, field.put(state, wrong))), (field.path, wrong)
            break


@every_form
def test_malice_is_refused_or_kept_as_the_text_it_is(schema):
    known = list(fields(schema["components"]))
    for field in known:
        if field.kind not in TEXTS:
            continue
        for state in states(known):
            if not shown(schema, field, state):
                continue
            for bad in [*HOSTILE, HUGE]:
                assert is_named(field, faults(schema, field.put(state, bad))), (field.path, bad[:10])
            for text in HARMLESS:
                found = faults(schema, field.put(state, text))
                limits = {"pattern", "minLength", "maxLength", "validationType"} & field.component["validate"].keys()
                assert limits or not is_named(field, found), (field.path, text)
            break


@every_form
@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_an_endless_answer_is_refused_quickly_and_whole(schema):
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": deep}
    wide = {f"k{n}": n for n in range(20_000)}
    for answers in ({"nowhere": deep}, wide):
        assert faults(schema, answers) == faults(schema, {})
    for field in fields(schema["components"]):
        if field.kind == "dynamiclist":
            assert is_named(field, faults(schema, field.put({}, [{}] * 5000))) or "conditional" in field.component


@every_form
def test_a_wrong_cell_is_named_with_its_row(schema):
    for field in fields(schema["components"]):
        if field.kind != "dynamiclist" or "conditional" in field.component:
            continue
        for cell in fields(field.component["components"]):
            if not cell.component.get("validate", {}).get("required"):
                continue
            found = faults(schema, field.put({}, [cell.put({}, WRONG[cell.kind][1])]))
            assert ".".join((*field.path, "0", *cell.path)) in found or "conditional" in cell.component
