"""Comparing two sets of answers to one form, as lines of text: what is new, what is gone, what was changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum


class Change(StrEnum):
    """What became of an answer; a sign stands beside each word, because not everybody sees its colour."""

    ADDED = "added"  # there was none before
    REMOVED = "removed"  # there is none now
    CHANGED = "changed"  # it reads otherwise
    SAME = "same"  # it reads as before


@dataclass(frozen=True)
class Line:
    """One answer as it reads: its path in the form, its question, its text."""

    path: str
    label: str
    text: str


@dataclass(frozen=True)
class Compared:
    """One question with its answer before and now; `difference` where both are numbers that differ."""

    path: str
    label: str
    before: str
    now: str
    change: Change
    difference: Decimal | None


def compare(before: Iterable[Line], now: Iterable[Line], order: Sequence[str]) -> list[Compared]:
    """Return every question that has an answer in either, in the order of the form's paths.

    The rows of a list have the path of the list and their number; they follow each other where the list stands.
    """
    old, new = ({line.path: line for line in lines} for lines in (before, now))
    places = {path: place for place, path in enumerate(order)}
    paths = sorted(old.keys() | new.keys(), key=lambda path: _place(path, places))
    return [_compared(path, old.get(path), new.get(path)) for path in paths]


def _place(path: str, places: dict[str, int]) -> tuple[int, int, str]:
    if path in places:
        return places[path], 0, path
    above, _, number = path.rpartition(".")
    return places.get(above, len(places)), int(number) if number.isdecimal() else 0, path


def _compared(path: str, old: Line | None, new: Line | None) -> Compared:
    before, now = (line.text if line else "" for line in (old, new))
    known = new or old
    label = known.label if known else path
    return Compared(path, label, before, now, _change(before, now), _difference(before, now))


def _change(before: str, now: str) -> Change:
    if before == now:
        return Change.SAME
    if not before:
        return Change.ADDED
    return Change.CHANGED if now else Change.REMOVED


def _difference(before: str, now: str) -> Decimal | None:
    try:
        off = Decimal(now) - Decimal(before)
    except InvalidOperation:
        return None
    return off if off.is_finite() and off else None
