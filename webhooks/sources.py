"""Sources: which systems may send us events, what their events hold and which message they become."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain import feel
from engine.errors import ExpressionRefused, MessageRefused, SettingsRefused
from engine.settings import ROOT
from webhooks.tables import SourceRow

FILE = ROOT / "config" / "sources.toml"
LONGEST_TEXT = 4_000
MOST_FAULTS = 20
STANDARD, SM3 = "standard", "hmac-sm3"
SCHEMES = (STANDARD, SM3)
KEPT = 256  # sources that were compiled lately


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a body holds; `path` goes by dots, `*` is every key of a context and `[]` every item of a list."""

    path: str
    type: str
    required: bool = True
    max: int = LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class Source:
    """A system that sends us events, and the message that each becomes."""

    key: str
    name: Mapping[str, str]
    message: str
    correlation: feel.Expression
    payload: feel.Expression
    max_bytes: int
    fields: tuple[Field, ...]
    scheme: str = STANDARD
    active: bool = True


@dataclass(frozen=True)
class Facts:
    """A source as it is written down, before its expressions are compiled."""

    name: Mapping[str, str]
    message: str
    correlation: str
    payload: str
    max_bytes: int
    fields: tuple[Mapping[str, Any], ...]
    scheme: str = STANDARD
    active: bool = True


@cache
def load(path: Path = FILE) -> Mapping[str, Source]:
    """Return every source by its key; raise SettingsRefused when the file has faults."""
    return MappingProxyType({key: _source(key, table) for key, table in _tables(path).items()})


def written(session: Session) -> dict[str, Facts]:
    """Return every source by its key as it is written: in pages, else in the file."""
    kept = {row.key: _facts(row) for row in session.scalars(select(SourceRow).order_by(SourceRow.key))}
    return {key: _filed(source) for key, source in _tables(FILE).items()} | kept


def find(session: Session, key: str) -> Source | None:
    """Return a source ready to use, as pages keep it, else as the file tells it; None where neither knows it."""
    row = session.get(SourceRow, key, populate_existing=True)
    if row is None:
        return load().get(key)
    return compiled(key, orjson.dumps(_plain(_facts(row)), option=orjson.OPT_SORT_KEYS))


@lru_cache(KEPT)
def compiled(key: str, plain: bytes) -> Source:
    """Return the source that `plain` (JSON) describes; raise SettingsRefused naming what is wrong with it."""
    return _source(key, orjson.loads(plain))


def ready(key: str, facts: Facts) -> Source:
    """Return the source that the facts describe; raise SettingsRefused naming what is wrong with it."""
    return _source(key, _plain(facts))


def check(source: Source, body: Any) -> dict[str, Any]:
    """Return `body` if it holds what the source promises; raise MessageRefused naming every fault."""
    if not isinstance(body, dict):
        raise MessageRefused(reason="the body is not an object")
    faults = [fault for field in source.fields for fault in _faults(field, body)]
    if faults:
        raise MessageRefused(reason="; ".join(faults[:MOST_FAULTS]), fields=faults[:MOST_FAULTS])
    return body


def _tables(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _facts(row: SourceRow) -> Facts:
    return Facts(
        row.name, row.message, row.correlation, row.payload, row.max_bytes, tuple(row.fields), row.scheme, row.active
    )


def _filed(table: Mapping[str, Any]) -> Facts:
    return Facts(**{**table, "fields": tuple(table["fields"])})


def _plain(facts: Facts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in Facts.__dataclass_fields__}


def _source(key: str, table: Mapping[str, Any]) -> Source:
    try:
        fields = tuple(Field(**field) for field in table["fields"])
        unknown = {field.type for field in fields} - TYPES.keys()
        if unknown:
            raise SettingsRefused(faults=[f"{FILE.name}: {key}: unknown type {', '.join(sorted(unknown))}"])
        return Source(
            key=key,
            name=table["name"],
            message=table["message"],
            correlation=feel.compile(table["correlation"]),
            payload=feel.compile(table["payload"]),
            max_bytes=table["max_bytes"],
            fields=fields,
            scheme=_scheme(table.get("scheme", STANDARD)),
            active=table.get("active", True),
        )
    except (KeyError, TypeError, ExpressionRefused) as fault:
        raise SettingsRefused(faults=[f"{FILE.name}: {key}: {fault}"]) from fault


def _scheme(named: str) -> str:
    if named not in SCHEMES:
        raise KeyError(f"unknown scheme {named}")
    return named


def _faults(field: Field, body: dict[str, Any]) -> Iterator[str]:
    for where, found in _found(body, field.path.replace("[]", ".[]").split("."), ""):
        if found is None:
            if field.required:
                yield f"{where}: missing"
        elif not TYPES[field.type](found):
            yield f"{where}: not of type {field.type}"
        elif isinstance(found, str) and len(found) > field.max:
            yield f"{where}: longer than {field.max} characters"


def _found(value: Any, path: list[str], where: str) -> Iterator[tuple[str, Any]]:
    """Walk to everything that `path` names; what is not there at its last step is None."""
    if not path:
        yield where, value
        return
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(value, dict):
        for key, inner in value.items():
            yield from _found(inner, rest, f"{where}.{key}")
    elif step == "[]" and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _found(inner, rest, f"{where}[{index}]")
    elif isinstance(value, dict) and step not in {"*", "[]"}:
        yield from _found(value.get(step), rest, f"{where}.{step}".lstrip("."))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_url(value: Any) -> bool:
    try:
        return isinstance(value, str) and urlsplit(value).scheme in {"http", "https"} and bool(urlsplit(value).hostname)
    except ValueError:
        return False


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str) and bool(value),
    "number": _is_number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "url": _is_url,
    "context": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}
