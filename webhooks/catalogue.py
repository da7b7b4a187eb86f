"""The catalogue: every kind of event that other systems may be told of, what it holds, and an example."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.events import Kind

FILE = Path(__file__).with_name("catalogue.json")  # of each kind: its Chinese, its fields ("?": not always), an example
EVENTS = Path(__file__).resolve().parent.parent / "engine" / "events.py"
MEMBER = re.compile(r'^    [A-Z_]+ = "(?P<kind>[a-z_.]+)"  # (?P<meaning>.+)$', re.MULTILINE)
DRAFT = "https://json-schema.org/draft/2020-12/schema"
PLACE = {
    "instance": "the case, or null",
    "task": "the task or token, or null",
    "element": "where in the diagram, or null",
    "actor": "the person, or null",
}


@dataclass(frozen=True)
class Entry:
    """A kind of event: what it says in both languages, the JSON Schema of its CloudEvent, and one as an example."""

    kind: str
    name: Mapping[str, str]
    schema: Mapping[str, Any]
    example: Mapping[str, Any]


@cache
def entries() -> Mapping[str, Entry]:
    """Return every kind of event by its text, in the order in which engine/events.py declares them."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    meanings = {found["kind"]: found["meaning"] for found in MEMBER.finditer(EVENTS.read_text(encoding="utf-8"))}
    return {kind.value: _entry(kind.value, meanings[kind.value], kept.get(kind.value, {})) for kind in Kind}


def unwritten() -> list[str]:
    """Return the kinds that have no Chinese yet."""
    return [kind for kind, entry in entries().items() if entry.name["zh"] == kind]


def _entry(kind: str, meaning: str, kept: Mapping[str, Any]) -> Entry:
    fields: Mapping[str, str] = kept.get("fields", {})
    data = {
        "type": "object",
        "properties": {**{name: _type(text) for name, text in fields.items()}, **_place()},
        "required": sorted([*PLACE, *(name for name, text in fields.items() if not text.endswith("?"))]),
    }
    schema = {
        "$schema": DRAFT,
        "title": f"icity.{kind}",
        "description": meaning,
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "the number of the event, the same in every delivery"},
            "source": {"type": "string", "format": "uri"},
            "type": {"const": f"icity.{kind}"},
            "time": {"type": "string", "format": "date-time"},
            "subject": {"type": "string", "description": "the case, if the event is about one"},
            "datacontenttype": {"const": "application/json"},
            "data": data,
        },
        "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
    }
    return Entry(kind, {"zh": kept.get("zh") or kind, "en": meaning}, schema, _example(kind, kept.get("example", {})))


def _example(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "4711",
        "source": "https://icity.example",
        "type": f"icity.{kind}",
        "time": "2026-03-01T01:30:00+00:00",
        "datacontenttype": "application/json",
        "data": {**data, **dict.fromkeys(PLACE)},
    }


def _type(text: str) -> dict[str, Any]:
    kinds = text.removesuffix(" ?").split(" | ")
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


def _place() -> dict[str, Any]:
    return {name: {"type": ["string", "null"], "description": meaning} for name, meaning in PLACE.items()}
