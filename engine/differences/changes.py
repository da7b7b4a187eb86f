"""What a difference is: one change at one element, said in both languages, and all changes of one file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LONGEST: Final = 160
Words = tuple[str, str]  # in Chinese, in English
PLAIN: Final[Mapping[str, Words]] = {}


class What(StrEnum):
    """What became of an element; a sign and a word stand beside each, because not everybody sees its colour."""

    ADDED = "added"  # there was none before
    REMOVED = "removed"  # there is none now
    CHANGED = "changed"  # it says something else
    MOVED = "moved"  # it stands elsewhere in the flow or in the order
    LAYOUT = "layout"  # only its place on the drawing changed


class Kind(StrEnum):
    """What a file of a programme is."""

    DIAGRAM = "diagram"  # *.bpmn
    DECISION = "decision"  # *.dmn
    FORM = "form"  # *.form
    SET = "set"  # indicators.csv
    SCENARIO = "scenario"  # scenarios/**/*.json
    TEMPLATE = "template"  # templates/*.toml
    TEXT = "text"  # anything else


@dataclass(frozen=True)
class Change:
    """One change; `element` is the id, key or code it is at, `part` the attribute, column or line of it, if any."""

    element: str
    what: What
    before: str
    after: str
    zh: str
    en: str
    part: str = ""


@dataclass(frozen=True)
class FileDifference:
    """A file that differs, what became of it as a whole, and its changes in the order of the file."""

    path: str
    kind: Kind
    changes: list[Change] = field(default_factory=list)
    what: What = What.CHANGED


@dataclass(frozen=True)
class Thing:
    """What a change is about: its id, key or code, and what people call it."""

    element: str
    zh: str
    en: str


def added(thing: Thing, after: str = "", where: Words = ("", "")) -> Change:
    """Say that a thing is new; `where` tells in which place, with the space or comma before it."""
    return Change(thing.element, What.ADDED, "", after, f"新增{thing.zh}{where[0]}", f"New: {thing.en}{where[1]}")


def removed(thing: Thing, before: str = "") -> Change:
    """Say that a thing is gone."""
    return Change(thing.element, What.REMOVED, before, "", f"删除{thing.zh}", f"Removed: {thing.en}")


def changed(
    thing: Thing, part: str, named: Words, values: tuple[str, str], words: Mapping[str, Words] = PLAIN
) -> Change:
    """Say that something of a thing is given, given up or another; `values` are what it was and what it is now.

    `words` are what people call some of the values.
    """
    before, after = (words.get(value, (cut(value), cut(value))) for value in values)
    if not values[0]:
        zh, en = f"设为“{after[0]}”", f"set to “{after[1]}”"
    elif not values[1]:
        zh, en = f"取消（原为“{before[0]}”）", f"taken away (was “{before[1]}”)"
    else:
        zh, en = f"由“{before[0]}”改为“{after[0]}”", f"“{before[1]}” → “{after[1]}”"
    told = (f"{thing.zh}：{named[0]}{zh}", f"{thing.en}: {named[1]} {en}")
    return Change(thing.element, What.CHANGED, values[0], values[1], *told, part)


def moved(thing: Thing, values: tuple[str, str], told: Words) -> Change:
    """Say that a thing stands elsewhere; `told` says what about it."""
    return Change(thing.element, What.MOVED, *values, f"{thing.zh}：{told[0]}", f"{thing.en}: {told[1]}")


def layout(told: Words) -> Change:
    """Say that only places on the drawing changed."""
    return Change("", What.LAYOUT, "", "", *told)


def cut(text: str) -> str:
    """Return a text on one line, as long as a sentence bears."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
