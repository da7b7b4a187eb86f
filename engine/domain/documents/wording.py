"""Texts with blanks: `{…}` holds a FEEL expression over the facts of a document and is filled in as officials write."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.domain import feel
from engine.errors import DocumentRefused, ExpressionFailed, ExpressionRefused

NOTHING = "—"
_BLANK = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what no XML can hold
_DIGITS = "零一二三四五六七八九"
_TEN, _HUNDRED = 10, 100
_MOST_PLACES = 6
LONGEST = 100_000

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Blank:
    """An expression, and how the owner wrote it."""

    source: str
    expression: feel.Expression


@dataclass(frozen=True)
class Wording:
    """Texts and blanks, one after the other."""

    parts: tuple[str | Blank, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names its blanks read; those inside a filter may be of its items and are left out."""
        return frozenset().union(*(names(blank.expression) for blank in self._blanks()))

    @property
    def calls(self) -> frozenset[str]:
        """The functions its blanks call which FEEL does not define."""
        return frozenset().union(*(blank.expression.calls for blank in self._blanks()))

    def said(self, facts: Facts, nothing: str | None = None) -> str:
        """Return the text with every blank filled in; raise DocumentRefused where a fact is missing or all is too long.

        With `nothing` given, that stands for what is missing.
        """
        told, length = [], 0
        for part in self.parts:
            told.append(part if isinstance(part, str) else _filled(part, facts, nothing))
            length += len(told[-1])
            if length > LONGEST:
                raise DocumentRefused(why=f"a paragraph of more than {LONGEST} letters")
        return "".join(told)

    def _blanks(self) -> Iterable[Blank]:
        return (part for part in self.parts if isinstance(part, Blank))


def worded(text: str) -> Wording:
    """Return the wording of `text`; raise ExpressionRefused where a blank cannot be read or a brace has no partner."""
    pieces = _BLANK.split(text)
    for piece in pieces[::2]:
        if lone := _BRACE.search(piece):
            raise ExpressionRefused(source=piece[:64], position=lone.start(), expected="{…}")
    blanks = (Blank(source, feel.compile(source)) for source in pieces[1::2])
    parts = [part for text, blank in zip(pieces[::2], [*blanks, None], strict=True) for part in (text, blank)]
    return Wording(tuple(part for part in parts if part))


def names(expression: feel.Expression) -> frozenset[str]:
    """Return the names of facts that an expression reads, as far as they can be told without data."""
    return frozenset() if "[" in expression.source else expression.names


def value(expression: feel.Expression, facts: Facts) -> Any:
    """Return the value of an expression over the facts; raise DocumentRefused."""
    try:
        return expression.evaluate(facts, FUNCTIONS)
    except ExpressionFailed as fault:
        raise DocumentRefused(why=f"{{{expression.source}}}: {fault.facts.get('reason', '')}") from fault


def spoken(found: Any) -> str:
    """Return a value as a document says it: ISO days in Arabic numerals with 年月日, lists joined by 、."""
    if isinstance(found, list):
        return "、".join(map(spoken, found))
    if isinstance(found, bool):
        return "是" if found else "否"
    if isinstance(found, date):
        return long_date(found)
    if isinstance(found, str):
        return _said_day(found) or _CONTROL.sub("", found)
    if isinstance(found, int | float | Decimal):
        return f"{Decimal(str(found)):f}"
    raise DocumentRefused(why=f"{str(found)[:40]}: not a text, a number or a day")


def long_date(day: date) -> str:
    """Return a day as GB/T 9704-2012 §7.3.5.4 writes it: Arabic numerals, no leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"


def fixed(number: Any, places: Any) -> str | None:
    """Return a number with so many places, rounded half up; nothing for nothing."""
    if number is None:
        return None
    step = Decimal(1).scaleb(-min(int(places), _MOST_PLACES))
    return f"{Decimal(str(number)).quantize(step, ROUND_HALF_UP):f}"


def signed(number: Any, places: Any) -> str | None:
    """Return a number with so many places and its sign, as changes are told."""
    told = fixed(number, places)
    return told if told is None or told.startswith("-") or not Decimal(told) else f"+{told}"


def numeral(number: Any) -> str:
    """Return a whole number from 1 to 99 in Chinese numerals, as the first level of a text is counted."""
    tens, ones = divmod(int(number), _TEN)
    if not 0 < int(number) < _HUNDRED:
        raise ExpressionFailed(reason="numeral counts from 1 to 99")
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {"fixed": fixed, "signed": signed, "numeral": numeral}


def _said_day(text: str) -> str | None:
    """Return an ISO day as a document writes it; none for any other text, also one that no calendar has."""
    try:
        return long_date(date.fromisoformat(text)) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _filled(blank: Blank, facts: Facts, nothing: str | None) -> str:
    found = value(blank.expression, facts)
    if found is not None:
        return spoken(found)
    if nothing is None:
        raise DocumentRefused(why=f"{{{blank.source}}}: nothing to fill in")
    return nothing
