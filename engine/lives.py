"""The life of a unit in the programme, read from the registers: titles, rounds, figures, what was decided, what comes.

Whoever has signed in may read what was published of a unit: its names, titles and the outcome of rounds that are out.
The rest is for those of `readers.may_read`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from engine import clock, divisions, inbox
from engine.domain.divisions import Happening, Lineage, Period
from engine.errors import NotFound
from engine.events import EventRow, Kind
from engine.identity import Actor
from engine.readers import may_read
from engine.tables import (
    Bar,
    Division,
    Event,
    Evidence,
    Figure,
    Instance,
    Organisation,
    Person,
    Reminder,
    Round,
    RoundResult,
    RoundState,
    Task,
    TaskState,
    Timer,
    Title,
)

DECIDED = (Kind.DECISION_MADE, Kind.TITLE_GRANTED, Kind.TITLE_ENDED, Kind.UNIT_BARRED, Kind.MILESTONE_REACHED)
SUBJECT = cast("InstrumentedAttribute[str]", Instance.subject)  # none is nobody's, and no reader matches it
AHEAD = "P"  # reminders that run ahead of a date are named for how long before it they come
MOST = 100


@dataclass(frozen=True)
class TitleRow:
    """A title that a unit holds or held."""

    kind: str
    granted_on: date
    document_no: str
    ended_on: date | None
    end_reason: str | None
    end_document_no: str | None
    case_id: str | None


@dataclass(frozen=True)
class RoundRow:
    """What a round gave a unit; `kept_at` is when it was entered."""

    id: str
    kind: str
    year: int
    state: str
    outcome: str | None
    practice: str | None
    published_on: date | None
    document_no: str | None
    kept_at: datetime


@dataclass(frozen=True)
class BarRow:
    """Since when and why a unit may not apply for some rounds."""

    since: date
    rounds: int
    reason: str
    document_no: str | None


@dataclass(frozen=True)
class Upcoming:
    """A date that comes near in a case of the unit, or a task of it that is open, and the next reminder of it."""

    instance: UUID
    element: str
    due_at: datetime
    remind_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """An open task of the unit that the reader may see, and who has it."""

    id: UUID
    instance: UUID
    name: str
    role: str | None
    organisation_name: dict[str, str] | None
    person: str | None
    created_at: datetime
    due_at: datetime | None
    provisional: bool


@dataclass(frozen=True)
class FigureRow:
    """One version of a figure with the names of those who entered and confirmed it."""

    year: int
    code: str
    version: int
    value: Decimal | None
    definition: str
    origin: str
    source: str | None
    evidence: list[str]
    entered_by: str | None
    entered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    reason: str | None
    locked_at: datetime | None


@dataclass(frozen=True)
class CaseFigure:
    """A figure that a case put on record or corrected, as it stands now, and whose it is."""

    unit: str
    unit_name: str
    row: FigureRow


@dataclass(frozen=True)
class Life:
    """Who a unit is: its names and codes, oldest first, what it came from, and what others came of it."""

    unit: str
    periods: list[Period]
    lineage: Lineage
    names: dict[str, str]
    heirs: list[str]

    @property
    def last(self) -> Period:
        """Return its name and code of today, or the last ones it bore."""
        return self.periods[-1]


def find(session: Session, unit: str) -> Life:
    """Return who a unit is, in two queries; raise NotFound when the register never knew it."""
    register = divisions.register(session)
    periods = sorted((one for one in register.periods if one.unit == unit), key=lambda one: one.since)
    if not periods:
        raise NotFound(unit=unit)
    today = clock.today()
    begun = [one for one in periods if one.since <= today] or periods
    lineage = register.until(today).lineage(unit)
    heirs = [] if register.find(unit, today) else register.successors(unit, today)
    known = {one.unit: one.name for one in sorted(register.periods, key=lambda one: one.since)}
    return Life(unit, begun, lineage, {one: known[one] for one in _concerned(lineage, heirs) if one in known}, heirs)


def titles(session: Session, unit: str) -> list[TitleRow]:
    """Return every title that a unit holds or held, the newest first."""
    columns = [getattr(Title, name) for name in TitleRow.__dataclass_fields__]
    query = select(*columns).where(Title.unit == unit).order_by(Title.granted_on.desc(), Title.kind)
    return [TitleRow(*row) for row in session.execute(query)]


def bars(session: Session, unit: str) -> list[BarRow]:
    """Return why and since when a unit was or is kept from applying, the newest first."""
    columns = [getattr(Bar, name) for name in BarRow.__dataclass_fields__]
    return [
        BarRow(*row) for row in session.execute(select(*columns).where(Bar.unit == unit).order_by(Bar.since.desc()))
    ]


def rounds(session: Session, actor: Actor, unit: str) -> list[RoundRow]:
    """Return the rounds that gave a unit something, the newest first; those not yet published only to its readers."""
    columns = (Round.id, Round.kind, Round.year, Round.state, RoundResult.outcome, RoundResult.practice)
    query = (
        select(*columns, Round.published_on, Round.document_no, RoundResult.kept_at)
        .join(Round, Round.id == RoundResult.round)
        .where(RoundResult.unit == unit)
        .where(or_(Round.state == RoundState.PUBLISHED, may_read(actor, RoundResult.unit)))
        .order_by(Round.year.desc(), Round.opened_on.desc(), Round.id)
    )
    return [RoundRow(**{**row, "state": row["state"].value}) for row in session.execute(query).mappings()]


def upcoming(session: Session, actor: Actor, unit: str) -> list[Upcoming]:
    """Return the dates that come near in the cases of a unit and of which people are told, the soonest first."""
    told = select(Reminder.id).where(Reminder.task == Timer.task, Reminder.kind.startswith(AHEAD)).correlate(Timer)
    next_told = (
        select(func.min(Reminder.remind_at))
        .where(Reminder.task == Timer.task, Reminder.reminded_at.is_(None), Reminder.remind_at <= Timer.due_at)
        .correlate(Timer)
        .scalar_subquery()
    )
    query = (
        select(Timer.instance, Timer.element, Timer.due_at, next_told)
        .join(Instance, Instance.id == Timer.instance)
        .where(Instance.subject == unit, may_read(actor, SUBJECT), told.exists())
        .order_by(Timer.due_at, Timer.id)
        .limit(MOST)
    )
    return [Upcoming(*row) for row in session.execute(query)]


def open_tasks(session: Session, actor: Actor, unit: str) -> list[Waiting]:
    """Return the open tasks in the cases of a unit that the actor may see, the soonest due first."""
    columns = (Task.id, Task.instance, Task.name, Task.role, Organisation.name, Person.name, Task.created_at)
    query = (
        select(*columns, Task.due_at, Task.provisional)
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .outerjoin(Person, Person.id == Task.assignee)
        .where(Instance.subject == unit, Task.state == TaskState.OPEN, inbox.visible(actor))
        .order_by(Task.due_at.asc().nulls_last(), Task.id)
        .limit(MOST)
    )
    return [Waiting(*row) for row in session.execute(query)]


def decided(session: Session, actor: Actor, unit: str) -> list[EventRow]:
    """Return what was decided in the cases of a unit, the newest first: by decision tables, stages, titles.

    Sorted by the moment, which no index knows: the few events of the unit are found first, by their instances.
    """
    query = (
        select(Event.id, Event.at, Event.kind, Event.task, Event.element, Person.name, Event.data)
        .join(Instance, Instance.id == Event.instance)
        .outerjoin(Person, Person.id == Event.actor)
        .where(Event.kind.in_([kind.value for kind in DECIDED]), Instance.subject == unit, may_read(actor, SUBJECT))
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(MOST)
    )
    return [EventRow(*row) for row in session.execute(query)]


def figures(session: Session, actor: Actor, unit: str) -> list[FigureRow]:
    """Return every version of every figure of a unit that the actor may read, by code, year, origin and version."""
    query = _figures(actor).where(Figure.unit == unit)
    query = query.order_by(Figure.code, Figure.year, Figure.origin, Figure.version)
    return [FigureRow(*row) for row in session.execute(query)]


def figures_of_case(session: Session, actor: Actor, instance: UUID, limit: int) -> list[CaseFigure]:
    """Return the figures that a case put on record or corrected and that the actor may read, by unit, year and code.

    Each is the newest version of its origin; the caller has let the actor see the case.
    """
    said = (Event.instance == instance, Event.kind.in_((Kind.FIGURES_RECORDED.value, Kind.FIGURE_CORRECTED.value)))
    codes = func.coalesce(Event.data["codes"], func.jsonb_build_array(Event.data["code"]))
    told = (
        select(
            Event.data["unit"].as_string().label("unit"),
            Event.data["year"].as_integer().label("year"),
            Event.data["origin"].as_string().label("origin"),
            func.jsonb_array_elements_text(codes).label("code"),
        )
        .where(*said)
        .distinct()
        .subquery("told")
    )
    same = (told.c.unit == Figure.unit, told.c.year == Figure.year, told.c.code == Figure.code)
    whose = or_(told.c.origin.is_(None), told.c.origin == Figure.origin)
    each = (Figure.unit, Figure.year, Figure.code, Figure.origin)
    query = _figures(actor).add_columns(Figure.unit, _name_of(Figure.unit)).join(told, and_(*same, whose))
    query = query.ext(distinct_on(*each)).order_by(*each, Figure.version.desc()).limit(limit)
    return [CaseFigure(unit, name, FigureRow(*row)) for *row, unit, name in session.execute(query)]


def evidence(session: Session, actor: Actor, unit: str) -> list[Evidence]:
    """Return the files behind the figures of a unit that the actor may read, the newest first."""
    supports = select(func.unnest(Figure.evidence)).where(Figure.unit == unit, may_read(actor, Figure.unit))
    query = select(Evidence).where(Evidence.digest.in_(supports))
    return list(session.scalars(query.order_by(Evidence.kept_at.desc(), Evidence.digest).limit(MOST)))


def _figures(actor: Actor) -> Select[Any]:
    """Return the query of what a FigureRow holds, of the figures that the actor may read."""
    enterer, confirmer = aliased(Person), aliased(Person)
    columns = (Figure.year, Figure.code, Figure.version, Figure.value, Figure.definition, Figure.origin, Figure.source)
    return (
        select(*columns, Figure.evidence, enterer.name, Figure.entered_at, confirmer.name, Figure.confirmed_at)
        .add_columns(Figure.reason, Figure.locked_at)
        .outerjoin(enterer, enterer.id == Figure.entered_by)
        .outerjoin(confirmer, confirmer.id == Figure.confirmed_by)
        .where(may_read(actor, Figure.unit))
    )


def _name_of(unit: Any) -> Any:
    """Return what a unit is called, or was called last."""
    names = select(Division.name).where(Division.unit == unit).order_by(Division.valid_from.desc()).limit(1)
    return func.coalesce(names.correlate(Figure).scalar_subquery(), unit)


def _concerned(lineage: Lineage, heirs: Sequence[str]) -> set[str]:
    acts: list[Happening] = [*lineage.before, *lineage.own, *lineage.after]
    named: list[Any] = [unit for act in acts for unit in (*act.from_units, *act.to_units)]
    return {*named, *heirs}
