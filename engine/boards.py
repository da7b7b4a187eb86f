"""Boards: where every unit of a province stands today, what is late, how far its targets and its rounds are.

The province reads of every unit, others of their own (engine.readers). Nothing here opens an instance.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from engine import clock, readers, targets, titles
from engine.divisions import in_force
from engine.domain.divisions import Level
from engine.domain.targets import Standing, Target
from engine.domain.titles import Kind
from engine.errors import NotFound
from engine.identity import Actor
from engine.readers import Reader
from engine.tables import (
    STANDING,
    Division,
    Instance,
    Reminder,
    Round,
    RoundResult,
    RoundState,
    ScoreSheet,
    Task,
    TaskState,
    Timer,
)

MOST_LATE = 500
RECENT_ROUNDS = 60
RECTIFYING = "rectifying"  # the milestone at which a unit puts right what was found


class Place(StrEnum):
    """Where a unit stands, as a board paints it; the first that fits."""

    RECTIFYING = "rectifying"  # holds a title and puts right what was found
    RECOGNISED = "recognised"  # holds the title
    PILOT = "pilot"  # holds the pilot title
    APPLYING = "applying"  # has a case and no title of the programme yet
    ELIGIBLE = "eligible"  # strong in science and technology: may apply
    NONE = "none"  # takes no part


@dataclass(frozen=True)
class Province:
    """A province of the register; a fictional one belongs to the demonstration."""

    code: str
    name: str
    fictional: bool


@dataclass(frozen=True)
class UnitOnDay:
    """A division in force on a day, under which province it lies, and whether the reader may read of it."""

    unit: str
    code: str
    name: str
    tier: str
    level: str
    parent: str | None
    parent_name: str | None
    province: str
    fictional: bool
    readable: bool


@dataclass(frozen=True)
class Tile:
    """A unit on a board: `titles` are the days they were granted, `case` is its living case, `late` counts its tasks.

    `next_at` is when its case wakes next for something people are told of beforehand, `next_element` what that is.
    """

    unit: str
    code: str
    name: str
    level: str
    tier: str
    parent: str | None
    parent_name: str | None
    place: Place
    titles: Mapping[str, date]
    milestone: str | None
    case: UUID | None
    next_at: datetime | None
    next_element: str | None
    late: int


@dataclass(frozen=True)
class Late:
    """A case with open tasks past their deadline; `name` and `due_at` are of the one that is late the longest."""

    case: UUID
    title: str
    unit: str | None
    tasks: int
    name: str
    due_at: datetime


@dataclass(frozen=True)
class Board:
    """A province on a day; `targets` are told to those who read of all its units, and empty for others."""

    province: Province | None
    provinces: list[Province]
    tiles: list[Tile]
    late: list[Late]
    targets: list[Target]
    on: date


@dataclass(frozen=True)
class RoundRow:
    """A round: how far it is, how many units were scored and have a result, and what is open in its own case.

    Who does not read of all units is not told of `instance`, `steps`, `next_due`, `provisional` and `late`.
    """

    id: str
    kind: str
    year: int
    state: RoundState
    opened_on: date
    closed_on: date | None
    published_on: date | None
    document_no: str | None
    indicator_set: str
    scored: int
    results: int
    instance: UUID | None
    steps: list[str]
    next_due: datetime | None
    provisional: bool
    late: int


def board(session: Session, actor: Actor, on: date, province: str | None = None) -> Board:
    """Return the board of the province with the code `province`, else of the one where most cases live.

    Five queries, six with targets. Raise NotFound for a province of which the actor may read no unit.
    """
    units = on_day(session, actor, on)
    lives = _lives(session)
    chosen, provinces = choice(session, units, lives, province)
    held: dict[str, dict[str, date]] = defaultdict(dict)
    for holder in titles.holders(session, on):
        held[holder.unit][holder.kind] = holder.granted_on
    late = _late(session, actor)
    count: dict[str | None, int] = defaultdict(int)
    for one in late:
        count[one.unit] += one.tasks
    shown = [one for one in units if one.readable and chosen is not None and one.province == chosen.code]
    tiles = [_tile(one, held[one.unit], lives.get(one.unit), count[one.unit]) for one in shown]
    here = {tile.unit for tile in tiles} | {None}
    return Board(
        province=chosen,
        provinces=provinces,
        tiles=tiles,
        late=[one for one in late if one.unit in here],
        targets=_targets(session, tiles, on) if readers.is_provincial(actor) else [],
        on=on,
    )


def on_day(session: Session, reader: Reader, on: date) -> list[UnitOnDay]:
    """Return every city, county and district in force on the day `on`, by code, in one query."""
    above = aliased(Division)
    query = (
        select(
            Division.unit,
            Division.code,
            Division.name,
            Division.level,
            Division.parent,
            Division.fictional,
            above.name.label("parent_name"),
            func.coalesce(above.parent, Division.parent, "").label("province"),
            readers.may_read(reader, Division.unit).label("readable"),
        )
        .outerjoin(above, and_(above.code == Division.parent, in_force(above, on), above.level == Level.CITY.value))
        .where(in_force(Division, on), Division.level != Level.PROVINCE.value)
        .order_by(Division.code)
    )
    rows = session.execute(query).mappings()
    return [UnitOnDay(**row, tier=Level(row["level"]).tier) for row in rows]


def choice(
    session: Session, units: Sequence[UnitOnDay], weighed: Iterable[str | None], wanted: str | None
) -> tuple[Province | None, list[Province]]:
    """Return the province to show and all that a reader of `units` may choose from, in one query.

    Without a wish it is the one with most of the units `weighed`. Raise NotFound when it is none of theirs.
    """
    readable = {one.unit: one.province for one in units if one.readable}
    query = select(Division.code, Division.name, Division.fictional).where(Division.level == Level.PROVINCE.value)
    known = [Province(*row) for row in session.execute(query.distinct().order_by(Division.code))]
    provinces = [one for one in known if one.code in set(readable.values())]
    if wanted is not None:
        found = next((one for one in provinces if one.code == wanted), None)
        if found is None:
            raise NotFound(province=wanted)
        return found, provinces
    weight: dict[str, int] = defaultdict(int)
    for unit in weighed:
        weight[readable.get(unit or "", "")] += 1
    return max(provinces, key=lambda one: weight[one.code], default=None), provinces


def rounds(session: Session, reader: Reader) -> list[RoundRow]:
    """Return the rounds, the latest first, in one query."""
    rows = [RoundRow(**row) for row in session.execute(_rounds()).mappings()]
    return rows if readers.is_provincial(reader) else [_outside(row) for row in rows]


def _tile(one: UnitOnDay, held: Mapping[str, date], life: Any, late: int) -> Tile:
    return Tile(
        unit=one.unit,
        code=one.code,
        name=one.name,
        level=one.level,
        tier=one.tier,
        parent=one.parent,
        parent_name=one.parent_name,
        place=_place(held, life),
        titles=held,
        milestone=life.milestone if life else None,
        case=life.id if life else None,
        next_at=life.next_at if life else None,
        next_element=life.next_element if life else None,
        late=late,
    )


def _place(held: Mapping[str, date], life: Any) -> Place:
    if life is not None and life.milestone == RECTIFYING:
        return Place.RECTIFYING
    if Kind.RECOGNISED in held:
        return Place.RECOGNISED
    if Kind.PILOT in held:
        return Place.PILOT
    if life is not None:
        return Place.APPLYING
    return Place.ELIGIBLE if Kind.SCIENCE_STRONG in held else Place.NONE


def _lives(session: Session) -> dict[str, Any]:
    """Return the living case of each unit: one that has reached a milestone first, then the oldest; one query."""
    told = exists().where(Reminder.task == Timer.task, Reminder.element == Timer.element, Reminder.kind.startswith("P"))
    by_due = Timer.due_at, Timer.id
    upcoming = (
        select(
            Timer.instance,
            func.min(Timer.due_at).label("next_at"),
            func.array_agg(aggregate_order_by(Timer.element, *by_due))[1].label("next_element"),
        )
        .where(told)  # the timers that people are told of beforehand
        .group_by(Timer.instance)
        .subquery()
    )
    query = (
        select(Instance.subject, Instance.id, Instance.milestone, upcoming.c.next_at, upcoming.c.next_element)
        .outerjoin(upcoming, upcoming.c.instance == Instance.id)
        .where(Instance.state.in_(STANDING), Instance.subject.is_not(None))
        .order_by(Instance.milestone.is_not(None), Instance.started_at.desc(), Instance.id)
    )
    return {row.subject: row for row in session.execute(query)}


def _late(session: Session, actor: Actor) -> list[Late]:
    """Return the cases with open tasks past their deadline, the longest late first; one query, at most MOST_LATE."""
    by_due = Task.due_at, Task.id
    subject: Any = Instance.subject
    query = (
        select(
            Instance.id,
            Instance.title,
            Instance.subject,
            func.count(),
            func.array_agg(aggregate_order_by(Task.name, *by_due))[1],
            func.min(Task.due_at).label("due_at"),
        )
        .join(Task, Task.instance == Instance.id)
        .where(Task.state == TaskState.OPEN, Task.due_at < clock.now(), readers.may_read(actor, subject))
        .group_by(Instance.id)
        .order_by("due_at", Instance.id)
        .limit(MOST_LATE)
    )
    return [Late(*row) for row in session.execute(query)]


def _targets(session: Session, tiles: Sequence[Tile], on: date) -> list[Target]:
    counted = [
        Standing(tile.unit, tile.tier, tile.parent, frozenset(Kind(kind) for kind in tile.titles)) for tile in tiles
    ]
    return targets.of(session, counted, on)


def _rounds() -> Select[Any]:
    """Choose the latest rounds, each with what is open in its own case."""
    scored = select(func.count(ScoreSheet.unit.distinct())).where(ScoreSheet.round == Round.id)
    results = select(func.count()).where(RoundResult.round == Round.id)
    named = func.array_agg(Task.name.distinct()).filter(Task.id.is_not(None))
    first = func.array_agg(aggregate_order_by(Task.provisional, Task.due_at, Task.id)).filter(Task.due_at.is_not(None))
    return (
        select(
            *(getattr(Round, name) for name in ("id", "kind", "year", "state", "opened_on", "closed_on")),
            *(getattr(Round, name) for name in ("published_on", "document_no", "indicator_set", "instance")),
            scored.correlate(Round).scalar_subquery().label("scored"),
            results.correlate(Round).scalar_subquery().label("results"),
            func.coalesce(named, []).label("steps"),
            func.min(Task.due_at).label("next_due"),
            func.coalesce(first[1], False).label("provisional"),
            func.count(Task.id).filter(Task.due_at < clock.now()).label("late"),
        )
        .outerjoin(Task, and_(Task.instance == Round.instance, Task.state == TaskState.OPEN))
        .group_by(Round.id)
        .order_by(Round.opened_on.desc(), Round.kind)
        .limit(RECENT_ROUNDS)
    )


def _outside(row: RoundRow) -> RoundRow:
    return replace(row, instance=None, steps=[], next_due=None, provisional=False, late=0)
