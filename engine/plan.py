"""The plan of a year: which unit is measured again on which day, and whether each is sure to be.

A programme says in `[repetition]` of its programme.toml what comes again, for holders of which titles, by which timer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from engine import clock, divisions, processes, readers
from engine.domain import durations
from engine.domain.workdays import civil_day
from engine.errors import NotFound
from engine.identity import Actor
from engine.invariants import Broken, Rule
from engine.processes import Programme, Repetition
from engine.tables import STANDING, Deployment, Division, History, Instance, Timer, Title

FIRST, LAST = 2000, 2200
UNARMED = Rule(
    "repetition-missing",
    "{detail}持有称号，却没有到期测评：没有在办的全周期流程，或其中没有计时。",
    "{detail} holds a title, and nothing will wake its next measurement.",
)
DOUBLED = Rule(
    "repetition-doubled",
    "{detail}的到期测评不止一次在计时。",
    "More than one next measurement is set for {detail}.",
)
LATE = Rule(
    "repetition-late",
    "{detail}的到期测评早已开始，迟迟没有办结。",
    "The measurement of {detail} began long ago and has not ended.",
)


class Standing(StrEnum):
    """How sure the next measurement of a unit is."""

    ARMED = "armed"  # exactly one timer waits for it
    UNDER_WAY = "under way"  # the timer has fired, and the measurement is being worked on
    PROJECTED = "projected"  # a later one, reckoned from the day of the title
    MISSING = "missing"  # nothing will wake it
    DOUBLED = "doubled"  # more than one timer waits
    LATE = "late"  # it has been worked on for longer than the programme allows


ALARMS = {Standing.MISSING: UNARMED, Standing.DOUBLED: DOUBLED, Standing.LATE: LATE}


@dataclass(frozen=True)
class Due:
    """A unit and the civil day of its measurement; None where no day is known. `parent` is its city's name."""

    unit: str
    name: str
    parent: str | None
    day: date | None
    standing: Standing
    titles: tuple[str, ...]
    granted_on: date
    instance: UUID | None


@dataclass(frozen=True)
class Plan:
    """The measurements of a year by day; `holders` counts the units with a title, `alarms` those that are not sure."""

    programme: str
    year: int
    needs: dict[str, str]
    rows: list[Due]
    alarms: list[Due]
    holders: int


@dataclass(frozen=True)
class _Life:
    instance: UUID
    due_at: tuple[datetime, ...]
    begun_at: datetime | None


def programmes(session: Session) -> list[Programme]:
    """Return the newest version of every programme in which something comes again."""
    names = session.scalars(select(Deployment.programme).distinct().order_by(Deployment.programme))
    return [found for found in (processes.latest(session, name) for name in names) if found.repetition is not None]


def of_year(session: Session, actor: Actor, programme: str | None, year: int) -> Plan:
    """Return who is measured in `year`, of the units that the actor may read of; raise NotFound for no such plan."""
    found = next((one for one in programmes(session) if programme in {None, one.id}), None)
    if found is None or found.repetition is None or not FIRST <= year <= LAST:
        raise NotFound(programme=programme, year=year)
    unit: Any = Title.unit
    today = _dues(session, found, _holders(found).where(readers.may_read(actor, unit)))
    rows = [one for due in today for one in _in_year(due, found.repetition, year)]
    alarms = [one for one in today if one.standing in ALARMS]
    needs = dict(found.repetition.needs)
    return Plan(
        found.id, year, needs, sorted(rows, key=lambda one: (one.day or date.max, one.unit)), alarms, len(today)
    )


def alarms(session: Session) -> Iterable[Broken]:
    """Yield every holder of a title whose next measurement is not armed exactly once, as the watch keeps it."""
    for programme in programmes(session):
        for one in _dues(session, programme, _holders(programme)):
            if one.standing in ALARMS:
                yield ALARMS[one.standing].broken(f"{programme.id}/{one.unit}", one.instance, one.name)


def _holders(programme: Programme) -> Select[Any]:
    kinds = programme.repetition.titles if programme.repetition else frozenset()
    held = Title.programme == programme.id, Title.kind.in_(kinds), Title.ended_on.is_(None)
    names = func.array_agg(Title.kind.distinct()).label("titles")
    columns: list[Any] = [Title.unit, func.min(Title.granted_on).label("granted_on"), names]
    return select(*columns).where(*held).group_by(Title.unit)


def _dues(session: Session, programme: Programme, holders: Select[Any]) -> list[Due]:
    """Return how the next measurement of each holder stands today, in four queries."""
    repetition = programme.repetition
    if repetition is None:
        return []
    held = session.execute(holders).all()
    names = _names(session, [row.unit for row in held])
    lives = _lives(session, programme.id, repetition)
    return [_due(row, lives.get(row.unit, []), repetition, names.get(row.unit, (row.unit, None))) for row in held]


def _due(held: Any, lives: Sequence[_Life], repetition: Repetition, name: tuple[str, str | None]) -> Due:
    armed = [(moment, life) for life in lives for moment in life.due_at]
    working = next((life for life in lives if life.begun_at is not None), None)
    standing, day, life = Standing.MISSING, None, next(iter(lives), None)
    if armed:
        standing = Standing.ARMED if len(armed) == 1 else Standing.DOUBLED
        day, life = civil_day(armed[0][0]), armed[0][1]
    elif working is not None and working.begun_at is not None:
        last = durations.after(working.begun_at, repetition.longest)
        standing = Standing.UNDER_WAY if clock.now() <= last else Standing.LATE
        day, life = civil_day(working.begun_at), working
    about = (held.unit, *name, day, standing, tuple(sorted(held.titles)), held.granted_on)
    return Due(*about, life.instance if life else None)


def _in_year(due: Due, repetition: Repetition, year: int) -> Iterable[Due]:
    """Yield the measurement of `due` if it lies in the year, else the one reckoned from its title for a later year."""
    if due.day is not None and due.day.year == year:
        yield due
    elif due.day is not None and year > due.day.year:
        times, moment = durations.next_after(due.granted_on, repetition.every, _before(year))
        day = civil_day(moment)
        if times and day.year == year:
            plain = (due.unit, due.name, due.parent, day, Standing.PROJECTED, due.titles, due.granted_on)
            yield Due(*plain, due.instance)


def _before(year: int) -> datetime:
    return datetime(year - 1, 12, 31, 23, 59, 59, tzinfo=clock.CIVIL)


def _lives(session: Session, programme: str, repetition: Repetition) -> dict[str, list[_Life]]:
    """Return the lives that go on, by unit: when each wakes, or since when its measurement has been under way."""
    fired = select(History.instance, func.max(History.at).label("at")).where(
        History.element == repetition.element, History.outcome == "fired"
    )
    begun = fired.group_by(History.instance).subquery()
    moments = func.array_remove(func.array_agg(Timer.due_at), None).label("due_at")
    query = (
        select(Instance.subject, Instance.id, moments, func.max(begun.c.at).label("begun_at"))
        .outerjoin(Timer, (Timer.instance == Instance.id) & (Timer.element == repetition.element))
        .outerjoin(begun, begun.c.instance == Instance.id)
        .where(Instance.programme == programme, Instance.process == repetition.process)
        .where(Instance.state.in_(STANDING), Instance.subject.is_not(None))
        .group_by(Instance.subject, Instance.id, Instance.started_at)
        .order_by(Instance.started_at, Instance.id)
    )
    found: dict[str, list[_Life]] = {}
    for row in session.execute(query):
        found.setdefault(row.subject, []).append(_Life(row.id, tuple(sorted(row.due_at)), row.begun_at))
    return found


def _names(session: Session, units: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Return what each unit is called today, and its city."""
    today = clock.today()
    city = aliased(Division)
    query = (
        select(Division.unit, Division.name, city.name.label("parent"))
        .outerjoin(city, (city.code == Division.parent) & divisions.in_force(city, today) & (city.level == "city"))
        .where(Division.unit.in_(units), divisions.in_force(Division, today))
    )
    return {row.unit: (row.name, row.parent) for row in session.execute(query)}
