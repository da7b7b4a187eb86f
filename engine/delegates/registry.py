"""What an operator is: a named function behind service tasks, with the schema of its parameters and its title.

A `Delegate` only reckons with plain values. A `Ledger` reads or writes the registers, in the transaction of the move
that its task belongs to; a rehearsal, which has no database, keeps what it would have written in a plain memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from engine.clock import CIVIL
from engine.domain import indicators
from engine.domain.decisions import Decision
from engine.domain.documents import Template
from engine.domain.workdays import Calendar

LARGEST_FIGURE = 10**15
MOST_ITEMS = 1000
MOST_EXPERTS = 100
LONGEST_TEXT = 4000

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Grounds:
    """What an operator may know besides its parameters: indicator sets, calendar, instant, and whose move it is.

    `decisions` and `templates` (of documents, by kind) are those of the version of the programme.
    `session` is none in a rehearsal; `memory` then stands for the registers.
    """

    indicators: list[dict[str, str]]
    calendar: Calendar
    now: datetime
    programme: str = ""
    session: Session | None = None
    instance: UUID | None = None
    actor: UUID | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """Return the civil date of the move in Asia/Shanghai."""
        return self.now.astimezone(CIVIL).date()

    @property
    def today(self) -> str:
        """Return the civil date of the move in Asia/Shanghai, as ISO 8601."""
        return self.day.isoformat()


@dataclass(frozen=True)
class Delegate:
    """A pure function."""

    name: str
    function: Callable[[Given, Grounds], Any]
    parameters: ma.Schema
    title: Mapping[str, str]

    def answer(self, given: Given, grounds: Grounds) -> Any:
        """Return what the function makes of its parameters."""
        return self.function(given, grounds)


@dataclass(frozen=True)
class Ledger:
    """A function on the registers: `enter` on the database, `rehearse` on the memory of a rehearsal."""

    name: str
    enter: Callable[[Session, Given, Grounds], Any]
    rehearse: Callable[[dict[str, Any], Given, Grounds], Any]
    parameters: ma.Schema
    title: Mapping[str, str]

    def answer(self, given: Given, grounds: Grounds) -> Any:
        """Return what the registers say; what fails leaves nothing behind, and the move goes on to tell of it."""
        if grounds.session is None:
            return self.rehearse(grounds.memory, given, grounds)
        with grounds.session.begin_nested():
            return self.enter(grounds.session, given, grounds)


def schema(**parameters: fields.Field[Any]) -> ma.Schema:
    """Return the schema of an operator's parameters; what it does not name is refused."""
    return ma.Schema.from_dict(dict(parameters))(unknown=ma.RAISE)


def text(longest: int = 64) -> fields.String:
    """Return a text that must be given."""
    return fields.String(required=True, validate=validate.Length(1, longest))


def maybe_text(longest: int = LONGEST_TEXT) -> fields.String:
    """Return a text that may be left out or null."""
    return fields.String(load_default=None, allow_none=True, validate=validate.Length(max=longest))


def one_of(*choices: str) -> fields.String:
    """Return a word out of a few."""
    return fields.String(required=True, validate=validate.OneOf(choices))


def whole(least: int, most: int) -> fields.Integer:
    """Return a whole number that must be given."""
    return fields.Integer(required=True, strict=True, validate=validate.Range(least, most))


def maybe_year() -> fields.Integer:
    """Return a year that may be left out; the year of the move is meant then."""
    return fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1949, 2999))


def maybe_date() -> fields.Date:
    """Return a civil date that may be left out; the day of the move is meant then."""
    return fields.Date(load_default=None, allow_none=True)


def texts() -> fields.List[Any]:
    """Return a list of texts; none when left out."""
    one = fields.String(required=True, validate=validate.Length(1, LONGEST_TEXT))
    return fields.List(one, load_default=list, validate=validate.Length(max=MOST_ITEMS))


def items() -> fields.List[Any]:
    """Return a list of contexts that must be given; an item may be null."""
    return fields.List(fields.Dict(allow_none=True), required=True, validate=validate.Length(max=MOST_ITEMS))


def facts() -> fields.Dict:
    """Return a context; empty when left out."""
    return fields.Dict(keys=fields.String(), load_default=dict, validate=validate.Length(max=MOST_ITEMS))


def level() -> fields.String:
    """Return the level of the standards a unit is held to."""
    return one_of(*(one.value for one in indicators.Level))


def figures() -> fields.Dict:
    """Return figures by code; one may be null."""
    figure = fields.Float(allow_nan=False, allow_none=True, validate=validate.Range(-LARGEST_FIGURE, LARGEST_FIGURE))
    return fields.Dict(keys=fields.String(), values=figure, required=True, validate=validate.Length(max=MOST_ITEMS))


def experts() -> fields.Dict:
    """Return the experts' scores by code of indicator, 0 to 100 each; none when left out."""
    score = fields.Float(required=True, allow_nan=False, validate=validate.Range(0, 100))
    scores = fields.List(score, validate=validate.Length(max=MOST_EXPERTS))
    return fields.Dict(keys=fields.String(), values=scores, load_default=None, allow_none=True)


def by_unit(values: fields.Dict, **more: Any) -> fields.Dict:
    """Return contexts by unit."""
    return fields.Dict(keys=fields.String(), values=values, validate=validate.Length(max=MOST_ITEMS), **more)
