"""Picking a page out of long lists by an index: what narrows a list, what sorts it, and where the next page begins."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy import String as Word
from sqlalchemy.orm import Session, aliased

from engine import calendars, clock, pages
from engine.errors import NotFound
from engine.filters import Due, Sort, Wanted
from engine.tables import Division, Instance, OfficialDocument, Subscription

MOST = 1_000  # lists are counted so far and no further
MOST_WORDS = 5  # of a search
SHORTEST_ID = 8  # characters of an id that somebody may search for
EVERYTHING = Wanted()
_ABOUT = aliased(Instance, name="about_case")
_OF_CASE, _OF_TASK = ("programme", "process"), ("element", "organisation")
_LETTERS_OF_IDS = set("0123456789abcdef-")

_Segment = Callable[
    ["Fields"], tuple[Any, Any]
]  # the key that it is sorted by, and what it lets in; either may be None


@dataclass(frozen=True)
class Fields:
    """The columns of a list that filters and sorts speak of; `case` is the instance, what a list has not is None."""

    id: Any
    when: Any
    due: Any
    name: Any
    case: Any
    element: Any = None
    organisation: Any = None
    urged: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class Base:
    """Rows of one kind that a list is made of; with `seats`, `query` speaks of one seat and is asked for each."""

    kind: str
    query: Select[Any]
    fields: Fields
    seats: FromClause | None = None


@dataclass(frozen=True)
class Picked:
    """A row of a list: which kind, which id, and its place among the others."""

    kind: str
    id: UUID
    segment: int
    key: Any


@dataclass(frozen=True)
class _Order:
    """What is sorted by, segment after segment, and which way."""

    sort: Sort
    segments: tuple["_Segment", ...]
    descending: bool

    @property
    def name(self) -> str:
        return f"{self.sort.value}{'-' if self.descending else ''}"

    @property
    def kind(self) -> Any:
        """The type of its key: a moment or a text."""
        return Text() if self.sort in {Sort.UNIT, Sort.NAME} else DateTime(timezone=True)

    def toward(self, column: Any) -> Any:
        return column.desc() if self.descending else column.asc()

    def beyond(self, here: Any, there: Any) -> Any:
        return here < there if self.descending else here > there


def pick(session: Session, bases: Sequence[Base], wanted: Wanted, cursor: str | None, limit: int) -> pages.Page[Picked]:
    """Return a page of what `bases` hold as `wanted` narrows and sorts it; raise NotFound for a foreign cursor."""
    order = _order(wanted)
    after = _place(order, pages.position(cursor))
    fits = _narrowing(session, wanted)
    parts = [part for base in bases for part in _parts(_joined(base, order, fits), order, after, limit + 1)]
    every = union_all(*parts).subquery()
    place = (order.toward(every.c.key), order.toward(every.c.id))
    query = select(every).order_by(every.c.segment, *place).limit(limit + 1)
    rows = [Picked(row.kind, row.id, row.segment, row.key) for row in session.execute(query)]
    return pages.page(rows, limit, lambda row: ([order.name], row.segment, _plain(row.key), row.id))


def count(bases: Sequence[Base]) -> Any:
    """Return the number of rows in `bases`, as far as MOST, as a part of a query."""
    parts = [_one(base, base.query.with_only_columns(literal_column("1").label("one")), MOST) for base in bases]
    every = union_all(*parts).limit(MOST).subquery()
    return select(func.count()).select_from(every).scalar_subquery()


def _joined(base: Base, order: _Order, fits: Callable[[Fields], list[Any]]) -> Base:
    narrowed = base.query.where(*fits(base.fields))
    if order.sort is Sort.UNIT:
        narrowed = narrowed.join(_ABOUT, _ABOUT.id == base.fields.case)
    return replace(base, query=narrowed)


def _parts(base: Base, order: _Order, after: Any, most: int) -> Iterator[Any]:
    for number, segment in enumerate(order.segments):
        if after is not None and number < after[0]:
            continue
        key, only = segment(base.fields)
        part = base.query if only is None else base.query.where(only)
        if after is not None and number == after[0]:
            part = part.where(_following(order, after, key, base.fields))
        shown: tuple[Any, ...] = (
            literal(base.kind, Word).label("kind"),
            base.fields.id.label("id"),
            literal_column(str(number)).label("segment"),
            (cast(null(), order.kind) if key is None else key).label("key"),
        )
        yield _one(base, part.with_only_columns(*shown).order_by(*_by(base, order)), most)


def _by(base: Base, order: _Order) -> list[Any]:
    """Return what a part is sorted by: all that its index is sorted by, though some of it is the same everywhere."""
    fields = base.fields
    columns = {Sort.UNIT: _ABOUT.subject, Sort.NAME: fields.name, Sort.WHEN: fields.when}
    seat = [] if base.seats is None else [fields.organisation]
    return [order.toward(one) for one in (*seat, columns.get(order.sort, fields.due), fields.id)]


def _one(base: Base, part: Select[Any], limit: int) -> Any:
    if base.seats is None:
        return select(part.limit(limit).subquery())
    found = part.limit(limit).lateral()
    return select(found).select_from(base.seats.join(found, true()))


def _following(order: _Order, after: Any, key: Any, fields: Fields) -> Any:
    _, value, last = after
    if value is None or key is None:
        return order.beyond(fields.id, last)
    return order.beyond(tuple_(key, fields.id), tuple_(literal(value, order.kind), literal(last)))


def _order(wanted: Wanted) -> _Order:
    sort = wanted.sort or Sort.DUE
    segments = _SEGMENTS[sort]
    if sort is Sort.PRIORITY and wanted.descending:
        segments = segments[::-1]
    return _Order(sort, segments, wanted.descending)


def _dated(fields: Fields) -> tuple[Any, Any]:
    return fields.due, fields.due.is_not(None)


def _undated(fields: Fields) -> tuple[Any, Any]:
    return None, fields.due.is_(None)


def _pressed(among: _Segment) -> _Segment:
    return lambda fields: _both(among(fields), fields.urged)


def _calm(among: _Segment) -> _Segment:
    return lambda fields: _both(among(fields), None if fields.urged is None else not_(fields.urged))


def _both(segment: tuple[Any, Any], further: Any) -> tuple[Any, Any]:
    key, only = segment
    return key, only if further is None else only & further


_SEGMENTS: dict[Sort, tuple[_Segment, ...]] = {
    Sort.DUE: (_dated, _undated),
    Sort.WHEN: (lambda fields: (fields.when, None),),
    Sort.NAME: (lambda fields: (fields.name, None),),
    Sort.UNIT: (
        lambda _: (_ABOUT.subject, _ABOUT.subject.is_not(None)),
        lambda _: (None, _ABOUT.subject.is_(None)),
    ),
    Sort.PRIORITY: (_pressed(_dated), _pressed(_undated), _calm(_dated), _calm(_undated)),
}


def _narrowing(session: Session, wanted: Wanted) -> Callable[[Fields], list[Any]]:
    """Return what gives the conditions of a list; the cases that fit are found once, whatever the list is made of."""
    words = [
        (word, _cases(*_says(word)).cte(f"says_{number}"))
        for number, word in enumerate(wanted.text.split()[:MOST_WORDS])
    ]
    about = [getattr(Instance, name) == getattr(wanted, name) for name in _OF_CASE if getattr(wanted, name)]
    cases = _cases(and_(*about)).cte("about") if about else None
    due = _due(session, wanted)

    def fits(fields: Fields) -> list[Any]:
        asked = [(getattr(fields, name), getattr(wanted, name)) for name in _OF_TASK if getattr(wanted, name)]
        parts = [column == value for column, value in asked if column is not None]
        parts += [or_(_has(fields.name, word), fields.case.in_(select(said.c.id))) for word, said in words]
        parts += [fields.case.in_(select(cases.c.id))] if cases is not None else []
        if wanted.since is not None:
            parts.append(fields.when >= datetime.combine(wanted.since, time(), tzinfo=clock.CIVIL).astimezone(UTC))
        return [*parts, *(condition(fields.due) for condition in due)]

    return fits


def _due(session: Session, wanted: Wanted) -> list[Callable[[Any], Any]]:
    if wanted.due is None:
        return []
    now = clock.now()
    if wanted.due is Due.NONE:
        return [lambda due: due.is_(None)]
    if wanted.due is Due.OVERDUE:
        return [lambda due: due < now]
    last = calendars.load(session).add_workdays(now, wanted.days).due
    return [lambda due: due >= now, lambda due: due <= last]


def _cases(*conditions: Any) -> Select[Any]:
    return select(Instance.id).where(or_(*conditions))


def _says(word: str) -> Iterator[Any]:
    """Yield the conditions by which a case has `word` in its title, its unit or its number."""
    yield _has(Instance.title, word)
    yield Instance.subject.in_(select(Division.unit).where(_has(Division.name, word)))
    if any(letter.isdigit() for letter in word):
        yield Instance.subject == word
        yield Instance.id.in_(select(Subscription.instance).where(_has(Subscription.correlation, word)))
        yield Instance.id.in_(select(OfficialDocument.instance).where(_has(OfficialDocument.number, word)))
    if len(word) >= SHORTEST_ID and set(word.lower()) <= _LETTERS_OF_IDS:
        yield cast(Instance.id, Text).startswith(word.lower(), autoescape=True)


def _has(column: Any, word: str) -> Any:
    same_in_capitals = word.lower() == word.upper()
    return column.contains(word, autoescape=True) if same_in_capitals else column.icontains(word, autoescape=True)


def _place(order: _Order, given: tuple[Any, ...] | None) -> tuple[int, Any, UUID] | None:
    """Return the segment, the key and the id after which a page begins."""
    if given is None:
        return None
    name, segment, key, last = given if len(given) == 4 else (None,) * 4  # noqa: PLR2004 - as `pick` wrote it
    if name != [order.name] or not isinstance(segment, int) or not isinstance(last, UUID):
        raise NotFound(cursor=given)
    value = key[0] if isinstance(key, list) and len(key) == 1 else key
    if not isinstance(value, (str if isinstance(order.kind, Text) else datetime) | None):
        raise NotFound(cursor=given)
    return segment, value, last


def _plain(key: Any) -> Any:
    return [key] if isinstance(key, str) else key
