"""What a diagram may name: the forms, decisions, processes, deadlines and milestones of a draft's files.

Files that cannot be read offer nothing; what is wrong with them is told by their findings.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from lxml import etree

from engine import trials
from engine.bpmn.elements import GLOBAL_TASKS, B, I, plain
from engine.bpmn.gate import BPMN, parse_xml
from engine.domain import decisions
from engine.errors import DecisionFailed, IcityError, ModelRefused

DEADLINE = "deadline"
ABOUT = "programme.toml"
UNITS = {"wd": {"zh": "个工作日", "en": " working days"}, "cal": {"zh": "个自然日", "en": " calendar days"}}

Text = Mapping[str, str]


@dataclass(frozen=True)
class Pick:
    """Something a diagram may name: its id, what it is called, the file it stands in, and what it takes and gives."""

    id: str
    name: Text
    file: str | None = None
    inputs: tuple["Pick", ...] = ()
    outputs: tuple["Pick", ...] = ()


@dataclass(frozen=True)
class Picklists:
    """Everything that a file of a draft may name; the inputs of a form are its fields."""

    forms: list[Pick] = field(default_factory=list)
    decisions: list[Pick] = field(default_factory=list)
    processes: list[Pick] = field(default_factory=list)
    deadlines: list[Pick] = field(default_factory=list)
    milestones: list[Pick] = field(default_factory=list)


def gather(files: Mapping[str, bytes]) -> Picklists:
    """Return what the diagrams among `files` may name, each list in the order of the names."""
    tables = {path: content for path, content in files.items() if path.endswith(".dmn")}
    return Picklists(
        forms=_sorted(_form(path, content) for path, content in files.items() if path.endswith(".form")),
        decisions=_sorted(one for path, content in tables.items() for one in _decisions(path, content)),
        processes=_processes({path: content for path, content in files.items() if path.endswith(".bpmn")}),
        deadlines=[one for path, content in tables.items() for one in _deadlines(path, content)],
        milestones=list(_milestones(files.get(ABOUT, b""))),
    )


def term(files: Mapping[str, bytes], key: str) -> tuple[int, str] | None:
    """Return the days and the unit ("wd" or "cal") of a row of the decision `deadline`; None when there is none."""
    for path in (one for one in files if one.endswith(".dmn")):
        root = _root(path, files[path])
        found = None if root is None else decisions.read(root).decisions.get(DEADLINE)
        if found is not None:
            try:
                row = found.evaluate({"task_key": key})
                return int(row["days"]), str(row["unit"])
            except (DecisionFailed, TypeError, KeyError, ValueError):
                return None
    return None


def _sorted(found: Iterable[Pick | None]) -> list[Pick]:
    return sorted((one for one in found if one is not None), key=lambda one: one.id)


def _both(text: str) -> Text:
    return {"zh": text, "en": text}


@lru_cache(maxsize=512)
def _form(path: str, content: bytes) -> Pick | None:
    key = path.rpartition("/")[2].removesuffix(".form")
    try:
        schema = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    components = schema.get("components") if isinstance(schema, dict) else None
    fields = tuple(_fields(components, "")) if isinstance(components, list) else ()
    return Pick(key, _both(_heading(components) or key), path, inputs=fields)


def _heading(components: Any) -> str:
    """Return the heading that a form begins with; owners know it by that."""
    first = components[0] if isinstance(components, list) and components else None
    text = first.get("text") if isinstance(first, dict) else None
    line = text.partition("\n")[0] if isinstance(text, str) else ""
    return line.lstrip("#").strip() if line.startswith("#") and "{{" not in line else ""


def _fields(components: list[Any], prefix: str) -> Iterator[Pick]:
    for one in (some for some in components if isinstance(some, dict)):
        below, path = one.get("components"), str(one.get("path") or "")
        if one.get("type") == "group" and isinstance(below, list):
            yield from _fields(below, prefix + (f"{path}." if path else ""))
        elif key := one.get("key") or (path if one.get("type") == "dynamiclist" else None):
            label = str(one.get("label") or key)
            english = (one.get("properties") or {}).get("en")
            yield Pick(f"{prefix}{key}", {"zh": label, "en": str(english or label)})


@lru_cache(maxsize=256)
def _decisions(path: str, content: bytes) -> tuple[Pick, ...]:
    try:
        found = trials.decide(path, content, {})
    except IcityError:
        return ()
    return tuple(
        Pick(one.id, _both(one.name), path, inputs=tuple(Pick(ask.name, _both(ask.label)) for ask in one.asks))
        for one in found
    )


@lru_cache(maxsize=64)
def _deadlines(path: str, content: bytes) -> tuple[Pick, ...]:
    """Return the rows of the decision `deadline` in a file, each with its days, its unit and its note."""
    root = _root(path, content)
    nodes = [] if root is None else [one for one in root.iter("{*}decision") if one.get("id") == DEADLINE]
    rows = (rule for node in nodes for rule in node.iter("{*}rule"))
    return tuple(pick for rule in rows for pick in _row(rule))


def _row(rule: etree._Element) -> Iterator[Pick]:
    keys, outputs, notes = (
        [(one.findtext("{*}text") or "").strip() for one in rule.iterfind(f"{{*}}{tag}")]
        for tag in ("inputEntry", "outputEntry", "annotationEntry")
    )
    days, unit = (*outputs, "", "")[:2]
    words = UNITS.get(unit.strip('"'), _both(""))
    note = notes[0] if notes and notes[0] else ""
    for key in (one.strip().strip('"') for one in (keys or [""])[0].split(",")):
        if key and key != "-":
            yield Pick(key, {tongue: " ".join((f"{days}{words[tongue]}", note)).strip() for tongue in words})


def _milestones(content: bytes) -> Iterator[Pick]:
    try:
        told = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return
    named = told.get("milestones")
    for key, name in named.items() if isinstance(named, dict) else ():
        yield Pick(key, name if isinstance(name, dict) else _both(str(name)), ABOUT)


@dataclass(frozen=True)
class _Drawn:
    """What a diagram offers to be called, and which names its calls give to others and take from them."""

    offered: tuple[tuple[str, str], ...]
    calls: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


@lru_cache(maxsize=256)
def _drawn(path: str, content: bytes) -> _Drawn:
    root = _root(path, content)
    if root is None or etree.QName(root).namespace != BPMN:
        return _Drawn((), ())
    tags = [f"{B}{tag}" for tag in ("process", *sorted(GLOBAL_TASKS))]
    offered = ((one.get("id", ""), str(one.get("name") or one.get("id", ""))) for one in root.iter(*tags))
    calls = (
        (plain(one.get("calledElement")) or "", _named(one, "input"), _named(one, "output"))
        for one in root.iter(f"{B}callActivity")
    )
    return _Drawn(tuple(offered), tuple(calls))


def _named(call: etree._Element, tag: str) -> tuple[str, ...]:
    return tuple(one.get("name", "") for one in call.iterfind(f"{B}extensionElements/{I}{tag}"))


def _processes(diagrams: Mapping[str, bytes]) -> list[Pick]:
    """Return what may be called, with the names that other calls give to it and take from it."""
    drawn = {path: _drawn(path, content) for path, content in diagrams.items()}
    given: dict[str, dict[str, None]] = {}
    taken: dict[str, dict[str, None]] = {}
    for called, inputs, outputs in (call for one in drawn.values() for call in one.calls):
        given.setdefault(called, {}).update(dict.fromkeys(inputs))
        taken.setdefault(called, {}).update(dict.fromkeys(outputs))
    return _sorted(
        Pick(key, _both(name), path, inputs=_picks(given.get(key)), outputs=_picks(taken.get(key)))
        for path, one in drawn.items()
        for key, name in one.offered
    )


def _picks(names: Iterable[str] | None) -> tuple[Pick, ...]:
    return tuple(Pick(name, _both(name)) for name in names or ())


def _root(path: str, content: bytes) -> etree._Element | None:
    try:
        return parse_xml(content, path)
    except ModelRefused:
        return None
