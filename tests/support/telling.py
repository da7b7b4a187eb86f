"""What happened, held against the catalogue of events that other systems are promised."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine.db import Sessions, transaction
from engine.tables import Event
from webhooks import catalogue

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


def misfits(sessions: Sessions) -> list[str]:
    """Return a line for every kind of event whose data is not as the catalogue writes it."""
    with transaction(sessions) as session:
        rows = session.execute(select(Event.kind, Event.data).distinct()).all()
    return sorted({f"{kind}: {fault}" for kind, data in rows for fault in _faults(kind, data)})


def _faults(kind: str, data: dict[str, Any]) -> list[str]:
    promised = catalogue.entries()[kind].schema["properties"]["data"]
    fields, required = promised["properties"], set(promised["required"]) - catalogue.PLACE.keys()
    lacking = [f"lacks {name}" for name in required - data.keys()]
    unknown = [f"has {name}" for name in data.keys() - fields.keys()]
    known = data.keys() & fields.keys()
    return [*lacking, *unknown, *(f"{name} is {data[name]!r}" for name in known if not _fits(data[name], fields[name]))]


def _fits(value: object, field: Mapping[str, Any]) -> bool:
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return any(isinstance(value, KINDS[kind]) for kind in kinds)
