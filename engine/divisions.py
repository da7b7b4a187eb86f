"""The register of divisions: what a unit is on a day, who acts for it, what became of it, and whom that concerns."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from engine import events
from engine.domain.divisions import (
    Change,
    Happening,
    Level,
    Period,
    Register,
    amended,
    read_happenings,
    read_periods,
)
from engine.errors import DivisionsRefused, NotFound
from engine.settings import ROOT
from engine.tables import STANDING, Division, DivisionEvent, Instance, Organisation, Subscription, Title

FOLDER = ROOT / "config"
DIVISIONS, ACTS = FOLDER / "divisions.csv", FOLDER / "division_events.csv"
FICTIONAL = FOLDER / "divisions_demo.csv"
LIVE_ON = "unit.changed"  # the message that every living case listens to for changes of its unit
GOVERNMENT, SCIENCE, STATISTICS = "government", "science", "statistics"  # kinds of organisation that act for a unit


@dataclass(frozen=True)
class UnitRecord:
    """A unit as it is on one day, and the organisations that act for it; None where there is none."""

    unit: str
    unit_code: str
    unit_name: str
    level: str
    tier: str
    parent: str | None
    parent_name: str | None
    government: str | None
    applicant: str | None
    statistics: str | None
    forwarder: str | None


@dataclass(frozen=True)
class Life:
    """A unit that a happening concerns: its case in hand and the titles it holds."""

    unit: str
    unit_name: str
    case_id: str | None
    titles: list[str]


def records(session: Session, units: Sequence[str], on: date) -> dict[str, UnitRecord]:
    """Return what each of `units` is on the day `on`, in one query; those that are not in force are left out.

    A unit that was renamed is still served by the organisations under its old code; files of a district go through
    the science bureau of its city (programme chapter 3.3).
    """
    rows = session.execute(acting(on).where(Division.unit.in_(units)))
    return {row.unit: _record(row) for row in rows}


def name_of(session: Session, unit: str) -> str | None:
    """Return what a unit is called, or was called last; None where it is not on record."""
    return _last_names(session, [unit]).get(unit)


def happening(session: Session, event: int) -> Happening:
    """Return the happening numbered `event`; raise NotFound."""
    row = session.get(DivisionEvent, event)
    if row is None:
        raise NotFound(division_event=event)
    return _happening(row)


def happenings(session: Session) -> list[Happening]:
    """Return everything that became of divisions, oldest first."""
    rows = session.scalars(select(DivisionEvent).order_by(DivisionEvent.effective_on, DivisionEvent.id))
    return [_happening(row) for row in rows]


def register(session: Session) -> Register:
    """Return the whole register, every period and happening of it, in two queries."""
    periods = session.execute(select(*_PERIOD).order_by(Division.code, Division.valid_from))
    return Register([Period(*row[:3], Level(row[3]), *row[4:]) for row in periods], happenings(session))


def lives(session: Session, programme: str, units: Sequence[str]) -> list[Life]:
    """Return those of `units` with a living case or an open title, in two queries, by unit."""
    found = session.execute(
        select(Instance.subject, Subscription.correlation)
        .join(Instance, Instance.id == Subscription.instance)
        .where(Subscription.name == LIVE_ON, Instance.subject.in_(units), Instance.programme == programme)
        .where(Instance.state.in_(STANDING))
        .order_by(Subscription.id)
    )
    cases: dict[str, str | None] = {subject or "": case_id for subject, case_id in found}
    held = defaultdict(list)
    for title in session.scalars(select(Title).where(Title.unit.in_(units), Title.ended_on.is_(None))):
        held[title.unit].append(title.kind)
        cases.setdefault(title.unit, title.case_id)
        cases[title.unit] = cases[title.unit] or title.case_id
    names = _last_names(session, list(cases))
    return [Life(unit, names.get(unit, unit), cases[unit], sorted(held[unit])) for unit in sorted(cases)]


def enter(session: Session, actor: UUID | None, act: Happening, begun: Sequence[Period]) -> int:
    """Enter `act` and the periods `begun` by it; return its number. Raises DivisionsRefused with what does not fit."""
    session.execute(_LOCK)
    before = register(session)
    after = amended(before, act, begun)
    if faults := after.faults():
        raise DivisionsRefused(findings=[{"rule": f.rule, "unit": f.unit, "on": f.on.isoformat()} for f in faults])
    over = {period.unit for period in set(before.periods) - set(after.periods)}
    standing = update(Division).where(Division.unit.in_(over), Division.valid_to.is_(None))
    session.execute(standing.values(valid_to=act.effective_on))
    _begin(session, act, begun)
    number = session.scalars(insert(DivisionEvent).values(**_act_row(act)).returning(DivisionEvent.id)).one()
    told = {"event": number, "kind": act.kind.value, "units": [*act.from_units, *act.to_units], "note": act.note}
    events.append(session, events.Kind.DIVISION_CHANGED, actor=actor, data=told)
    return number


def seed(session: Session, files: Sequence[Path], acts: Sequence[Path]) -> None:
    """Bring the divisions of `files` and the happenings of `acts` into the register; repeating changes nothing.

    Rows of FICTIONAL are marked so. An end that was entered since stays, where the file knows of none.
    """
    rows = [_row(period, fictional=file == FICTIONAL) for file in files for period in read_periods(_lines(file))]
    statement = insert(Division)
    names = [column.name for column in Division.__table__.columns if not column.primary_key]
    given = {name: statement.excluded[name] for name in names}
    given["valid_to"] = func.coalesce(statement.excluded.valid_to, Division.valid_to)
    session.execute(
        statement.on_conflict_do_update(index_elements=[Division.code, Division.valid_from], set_=given), rows
    )
    for file in acts:
        happenings = [_act_row(act) for act in read_happenings(_lines(file))]
        session.execute(insert(DivisionEvent).on_conflict_do_nothing(), happenings)


@cache
def published() -> Register:
    """Return the register as the files tell it, the fictional units with it: what a rehearsal knows of units."""
    periods = [period for file in (DIVISIONS, FICTIONAL) for period in read_periods(_lines(file))]
    return Register(periods, read_happenings(_lines(ACTS)))


def acting(on: date) -> Select[Any]:
    """Return the query for every division in force on the day `on` and the organisations that act for it."""
    return standing(on).add_columns(
        _acting(GOVERNMENT).label("government"),
        _acting(SCIENCE).label("applicant"),
        _acting(STATISTICS).label("statistics"),
        case((Division.level == Level.DISTRICT.value, _above())).label("forwarder"),
    )


def standing(on: date) -> Select[Any]:
    """Return the query for every division in force on the day `on`, with the name of the one above it on that day."""
    above = aliased(Division)
    own = ("unit", "code", "name", "level", "parent", "fictional")
    query = select(*(getattr(Division, name) for name in own), above.name.label("parent_name"))
    parent = and_(above.code == Division.parent, in_force(above, on))
    return query.outerjoin(above, parent).where(in_force(Division, on))


def in_force(division: Any, on: date) -> Any:
    """Return the condition that a row of the table of divisions is in force on the day `on`."""
    return and_(division.valid_from <= on, or_(division.valid_to.is_(None), division.valid_to > on))


_PERIOD = (
    Division.unit,
    Division.code,
    Division.name,
    Division.level,
    Division.parent,
    Division.valid_from,
    Division.valid_to,
)
_LOCK = select(func.pg_advisory_xact_lock(func.hashtext("division")))


def _acting(kind: str) -> Any:
    """Choose the organisation of `kind` that acts for the unit, under its code of the day or an earlier one."""
    borne = aliased(Division)
    codes = select(borne.code).where(borne.unit == Division.unit).correlate(Division)
    return (
        select(Organisation.id)
        .where(Organisation.kind == kind, Organisation.division.in_(codes))
        .order_by((Organisation.division == Division.code).desc(), Organisation.id)
        .limit(1)
        .correlate(Division)
        .scalar_subquery()
    )


def _above() -> Any:
    return (
        select(Organisation.id)
        .where(Organisation.kind == SCIENCE, Organisation.division == Division.parent)
        .order_by(Organisation.id)
        .limit(1)
        .correlate(Division)
        .scalar_subquery()
    )


def _record(row: Any) -> UnitRecord:
    level = Level(row.level)
    return UnitRecord(
        row.unit, row.code, row.name, level.rank, level.tier, row.parent, row.parent_name,
        row.government, row.applicant, row.statistics, row.forwarder,
    )  # fmt: skip


def _last_names(session: Session, units: Sequence[str]) -> dict[str, str]:
    query = select(Division.unit, Division.name).where(Division.unit.in_(units)).order_by(Division.valid_from)
    return {row.unit: row.name for row in session.execute(query)}


def _happening(row: DivisionEvent) -> Happening:
    return Happening(
        row.effective_on, Change(row.kind), row.document_no, tuple(row.from_units), tuple(row.to_units),
        row.note, row.basis, row.code_effective_on, row.inaugurated_on,
    )  # fmt: skip


def _row(period: Period, *, fictional: bool) -> dict[str, Any]:
    return {
        "unit": period.unit,
        "code": period.code,
        "name": period.name,
        "level": period.level.value,
        "parent": period.parent,
        "valid_from": period.since,
        "valid_to": period.until,
        "fictional": fictional,
    }


def _act_row(act: Happening) -> dict[str, Any]:
    return {**vars(act), "kind": act.kind.value, "from_units": list(act.from_units), "to_units": list(act.to_units)}


def _begin(session: Session, act: Happening, begun: Sequence[Period]) -> None:
    """Write the periods that `act` begins; what comes of fictional units is fictional."""
    if begun:
        query = select(func.coalesce(func.bool_or(Division.fictional), False))
        fictional = session.scalars(query.where(Division.unit.in_(act.from_units))).one()
        session.execute(insert(Division), [_row(period, fictional=fictional) for period in begun])


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
