"""Rules of notices: which event is told to whom, for which purpose, in which words; read from config/notices.toml."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.domain import wording
from engine.domain.channels import Channel
from engine.errors import SettingsRefused
from engine.events import Kind
from engine.settings import ROOT

FILE = ROOT / "config" / "notices.toml"
DIGEST = "digest"
TRIAL = "trial"
WORDS = frozenset({"holder", "roles", "named", "starter", "unit", "city"})
ROLE = "role:"


@dataclass(frozen=True)
class Purpose:
    """What a notice is for, its name in zh and en, and where it goes unless a person chose otherwise."""

    key: str
    name: Mapping[str, str]
    channels: tuple[Channel, ...]
    urgent: bool


@dataclass(frozen=True)
class Told:
    """One rule: events of `kind` whose facts are as in `only` are told to `to`."""

    kind: str
    purpose: str
    text: str
    to: tuple[str, ...]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def fits(self, data: Mapping[str, Any]) -> bool:
        """Tell whether the facts of an event are as the rule wants them."""
        return all(str(data.get(name, "")).partition(".")[0] in values for name, values in self.only.items())


Texts = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Book:
    """All rules by kind of event, all purposes, and all texts by key and language."""

    rules: Mapping[str, tuple[Told, ...]]
    purposes: Mapping[str, Purpose]
    texts: Texts


@cache
def load(path: Path = FILE) -> Book:
    """Return what `path` says; raise SettingsRefused when it has faults."""
    return read(tomllib.loads(path.read_text(encoding="utf-8")))


def read(tables: Mapping[str, Any]) -> Book:
    """Return what `tables` say; raise SettingsRefused naming every fault."""
    purposes, texts, rules = (tables.get(key, {}) for key in ("purposes", "texts", "rules"))
    faults = [
        *_unknown(tables),
        *(f"texts.{one.place}: {one.en}" for one in wording.faults(texts)),
        *_purpose_faults(purposes),
    ]
    faults += [fault for rule in rules for fault in _rule_faults(rule, purposes, texts)]
    if faults:
        raise SettingsRefused(faults=[f"{FILE.name}: {fault}" for fault in faults])
    told: dict[str, tuple[Told, ...]] = {}
    for rule in rules:
        told[rule["event"]] = (*told.get(rule["event"], ()), _told(rule))
    return Book(MappingProxyType(told), {key: _purpose(key, one) for key, one in purposes.items()}, texts)


def _unknown(tables: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"unknown: {key}" for key in sorted(tables.keys() - {"purposes", "rules", "texts"}))


def _purpose_faults(purposes: Mapping[str, Any]) -> Iterator[str]:
    for key, one in purposes.items():
        known = {"name", "channels", "urgent"} == one.keys() and set(one["name"]) == set(wording.LANGUAGES)
        if not known or not set(one["channels"]) <= set(Channel) or not isinstance(one["urgent"], bool):
            yield f"purposes.{key}"


def _rule_faults(rule: Mapping[str, Any], purposes: Mapping[str, Any], texts: Mapping[str, Any]) -> Iterator[str]:
    if rule.get("event") not in set(Kind):
        yield f"rules: no event {rule.get('event')!r}"
    if rule.get("purpose") not in purposes or rule.get("text") not in texts:
        yield f"rules.{rule.get('event')}: purpose or text"
    yield from (f"rules: to {to!r}" for to in rule.get("to", [""]) if to not in WORDS and not to.startswith(ROLE))


def _told(rule: Mapping[str, Any]) -> Told:
    only = {key: frozenset([one] if isinstance(one, str) else one) for key, one in rule.get("only", {}).items()}
    return Told(rule["event"], rule["purpose"], rule["text"], tuple(rule["to"]), only)


def _purpose(key: str, one: Mapping[str, Any]) -> Purpose:
    return Purpose(key, one["name"], tuple(Channel(channel) for channel in one["channels"]), one["urgent"])
