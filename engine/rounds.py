"""Rounds: the units that a year gathers, the indicator set as it was when the round opened, and what came of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, extract, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from engine import clock, divisions, events
from engine import titles as register
from engine.domain import indicators, titles
from engine.domain.divisions import Level
from engine.errors import NotFound, RoundRefused
from engine.tables import Bar, Division, Round, RoundResult, RoundState, ScoreSheet, Title

DEFERRED = "deferred"
YEARS = 2  # 每两年进行一次测评, 三(二)


class Kind(StrEnum):
    """What a round is for."""

    PILOT = "pilot"  # units apply; the department decides with others who becomes a pilot, 三(二)
    BIENNIAL = "biennial"  # those whose two years are over are measured again, 三(二)
    ANNUAL = "annual"  # every pilot and recognised unit reports for the year's monitoring report, 五(四)


OVER = (RoundState.CLOSED, RoundState.PUBLISHED)
MOVES = {
    RoundState.OPEN: frozenset({RoundState.CLOSED, RoundState.PUBLISHED, RoundState.CANCELLED}),
    RoundState.CLOSED: frozenset({RoundState.PUBLISHED, RoundState.CANCELLED}),
    RoundState.PUBLISHED: frozenset[RoundState](),
    RoundState.CANCELLED: frozenset[RoundState](),
}
TOLD = {
    RoundState.CLOSED: events.Kind.ROUND_CLOSED,
    RoundState.PUBLISHED: events.Kind.ROUND_PUBLISHED,
    RoundState.CANCELLED: events.Kind.ROUND_CANCELLED,
}


@dataclass(frozen=True)
class Opening:
    """What a round is opened with; `rows` are the indicator rows of the programme, of which those of `set` freeze."""

    programme: str
    kind: Kind
    year: int
    set: str
    rows: Sequence[Mapping[str, str]]
    on: date
    instance: UUID | None = None
    actor: UUID | None = None


@dataclass(frozen=True)
class Entry:
    """A unit that a round gathers; `due_on` is its two-year day, `agency_before` who measured it last."""

    unit: str
    unit_name: str
    level: str
    tier: str
    case_id: str
    due_on: str | None
    government: str | None
    applicant: str | None
    statistics: str | None
    agency_before: str | None
    last_outcome: str | None


@dataclass(frozen=True)
class Result:
    """What a round gave a unit: its outcome, and the good practice to be made known with the circular, 五(四)."""

    unit: str
    outcome: str | None
    practice: str | None


@dataclass(frozen=True)
class Marking:
    """Where a round moves to, on which document, with which results, and who moves it."""

    state: RoundState
    document_no: str | None
    results: Sequence[Result]
    on: date
    instance: UUID | None = None
    actor: UUID | None = None


def begin(session: Session, opening: Opening) -> dict[str, Any]:
    """Open a round and freeze its indicator set; return it with the units it gathers, read in one query.

    Raises RoundRefused when there was a round of this kind in this year, NotFound and ModelRefused for its set.
    """
    frozen = indicators.of(opening.rows, opening.set)
    indicators.parse(frozen, opening.set)
    row = {
        "id": f"{opening.kind.value}-{opening.year}",
        "programme": opening.programme,
        "kind": opening.kind.value,
        "year": opening.year,
        "indicator_set": opening.set,
        "set_digest": indicators.digest(frozen),
        "set_rows": frozen,
        "state": RoundState.OPEN,
        "opened_on": opening.on,
        "instance": opening.instance,
    }
    entered = session.scalars(insert(Round).values(row).on_conflict_do_nothing().returning(Round.id)).one_or_none()
    if entered is None:
        raise RoundRefused(reason="there is a round of this kind and year", round=row["id"])
    told = {"round": entered, "set": opening.set, "digest": row["set_digest"]}
    events.append(session, events.Kind.ROUND_OPENED, instance=opening.instance, actor=opening.actor, data=told)
    return {
        **{name: row[name] for name in ("id", "kind", "year")},
        "set": opening.set,
        "opened_on": opening.on.isoformat(),
        "units": [asdict(entry) for entry in gathered(session, opening)],
    }


def state_of(session: Session, kind: Kind, year: int) -> RoundState | None:
    """Return how far the round of this kind and year is, None when it was never opened."""
    return session.scalars(select(Round.state).where(Round.id == f"{kind.value}-{year}")).one_or_none()


def gathered(session: Session, opening: Opening) -> list[Entry]:
    """Return the units that a round of this kind and year takes in, by code, in one query.

    A pilot round takes 科技强市、县 that hold neither title and are not barred, 三(一); a biennial round those whose
    two-year day falls in the year; an annual round every pilot and recognised unit.
    """
    query = _units(opening.on)
    if opening.kind is Kind.PILOT:
        query = query.where(*_eligible(opening.on))
    else:
        query = query.where(_holds(opening.on, titles.PROGRAMME))
    if opening.kind is Kind.BIENNIAL:
        passed = literal(opening.year) - func.cast(extract("year", _anchor()), Integer)
        query = query.where(passed > 0, passed % YEARS == 0)
    return [_entry(row, opening) for row in session.execute(query.order_by(Division.code))]


def mark(session: Session, round_id: str, marking: Marking) -> dict[str, Any]:
    """Move a round on and keep its results; raise NotFound, or RoundRefused when it does not move so.

    What was published never changes: a correction is a new round's business or an official document's.
    """
    row = session.get(Round, round_id, with_for_update=True)
    if row is None:
        raise NotFound(round=round_id)
    allow(row.state, marking.state)
    row.state = marking.state
    row.document_no = marking.document_no or row.document_no
    if marking.state in OVER:
        row.closed_on = row.closed_on or marking.on
    if marking.state is RoundState.PUBLISHED:
        row.published_on = marking.on
    session.flush()
    _keep(session, round_id, marking.results)
    told = {"round": round_id, "number": row.document_no, "units": len(marking.results)}
    events.append(session, TOLD[marking.state], instance=marking.instance, actor=marking.actor, data=told)
    return {"id": round_id, "state": row.state.value, "on": marking.on.isoformat()}


def settle(session: Session, round_id: str, results: Sequence[Result], on: date) -> dict[str, Any]:
    """Enter what was deferred when the round was published; raise NotFound, or RoundRefused for what was not.

    Who was left out for an objection that was still open is decided when it is over, in the same round.
    """
    row = session.get(Round, round_id, with_for_update=True)
    if row is None:
        raise NotFound(round=round_id)
    known = select(RoundResult.unit, RoundResult.outcome).where(RoundResult.round == round_id)
    kept = {row.unit: row.outcome for row in session.execute(known)}
    final = sorted(result.unit for result in results if kept.get(result.unit) != DEFERRED)
    if final:
        raise RoundRefused(reason="what was published does not change", round=round_id, units=final)
    _keep(session, round_id, results)
    return {"id": round_id, "on": on.isoformat()}


def allow(at: RoundState, to: RoundState) -> None:
    """Raise RoundRefused when no round moves from the state `at` to the state `to`."""
    if to not in MOVES[at]:
        raise RoundRefused(reason=f"a round that is {at.value} does not become {to.value}")


def barred(session: Session, units: Sequence[str]) -> dict[str, int]:
    """Return for how many more rounds each of `units` may not apply, in one query; who may is left out."""
    query = select(Bar.unit, func.max(_left())).where(Bar.unit.in_(units)).group_by(Bar.unit)
    return {unit: rounds for unit, rounds in session.execute(query) if rounds > 0}


def _keep(session: Session, round_id: str, results: Iterable[Result]) -> None:
    rows = [{"round": round_id, **asdict(result), "kept_at": clock.now()} for result in results]
    if rows:
        statement = insert(RoundResult)
        given = {name: statement.excluded[name] for name in ("outcome", "practice", "kept_at")}
        session.execute(statement.on_conflict_do_update(index_elements=["round", "unit"], set_=given), rows)


def _left() -> Any:
    """Count down a bar: a round that opened after it and is over counts, one that was called off does not."""
    passed = select(func.count()).where(
        Round.kind == Kind.PILOT.value,
        Round.programme == Bar.programme,
        Round.opened_on > Bar.since,
        Round.state.in_(OVER),
    )
    return Bar.rounds - passed.correlate(Bar).scalar_subquery()


def _units(on: date) -> Select[Any]:
    measured = (
        select(ScoreSheet.agency)
        .where(ScoreSheet.unit == Division.unit, ScoreSheet.agency.is_not(None))
        .order_by(ScoreSheet.made_at.desc())
        .limit(1)
    )
    outcome = (
        select(RoundResult.outcome)
        .join(Round, Round.id == RoundResult.round)
        .where(RoundResult.unit == Division.unit, Round.kind == Kind.BIENNIAL.value, RoundResult.outcome.is_not(None))
        .where(Round.state == RoundState.PUBLISHED)
        .order_by(Round.year.desc())
        .limit(1)
    )
    return divisions.acting(on).add_columns(
        _anchor().label("anchor"),
        _case().label("case_id"),
        measured.correlate(Division).scalar_subquery().label("agency_before"),
        outcome.correlate(Division).scalar_subquery().label("last_outcome"),
    )


def _anchor() -> Any:
    """Choose the day the two years count from: that of the pilot title, or of recognition where it is not known."""
    title = aliased(Title)
    return (
        select(title.granted_on)
        .where(title.unit == Division.unit, title.kind.in_([kind.value for kind in titles.PROGRAMME]))
        .where(_not_lost(title))
        .order_by((title.kind == titles.Kind.PILOT.value).desc(), title.granted_on.desc())
        .limit(1)
        .correlate(Division)
        .scalar_subquery()
    )


def _case() -> Any:
    title = aliased(Title)
    return (
        select(title.case_id)
        .where(title.unit == Division.unit, title.case_id.is_not(None), _not_lost(title))
        .where(title.kind.in_([kind.value for kind in titles.PROGRAMME]))
        .order_by(title.granted_on.desc())
        .limit(1)
        .correlate(Division)
        .scalar_subquery()
    )


def _not_lost(title: Any) -> ColumnElement[bool]:
    return or_(title.end_reason.is_(None), title.end_reason == titles.Ending.SUPERSEDED.value)


def _eligible(on: date) -> list[ColumnElement[bool]]:
    bars = select(Bar.id).where(Bar.unit == Division.unit, _left() > 0).correlate(Division)
    return [_holds(on, [titles.Kind.SCIENCE_STRONG]), ~_holds(on, titles.PROGRAMME), ~bars.exists()]


def _holds(on: date, kinds: Iterable[titles.Kind]) -> ColumnElement[bool]:
    title = aliased(Title)
    known = select(title.id).where(title.unit == Division.unit, title.kind.in_([kind.value for kind in kinds]))
    return known.where(register.held(title, on)).correlate(Division).exists()


def _entry(row: Any, opening: Opening) -> Entry:
    level, anchor = Level(row.level), row.anchor
    first = opening.year if opening.kind is Kind.PILOT else anchor.year
    due_on = titles.two_year_day(anchor, opening.year).isoformat() if opening.kind is Kind.BIENNIAL else None
    return Entry(
        row.unit, row.name, level.rank, level.tier, _case_id(row, opening, first), due_on,
        row.government, row.applicant, row.statistics, row.agency_before, row.last_outcome,
    )  # fmt: skip


def _case_id(row: Any, opening: Opening, first: int) -> str:
    """Return the case's id, kept for life; who applies begins a new one, named for the year of the round."""
    known = None if opening.kind is Kind.PILOT else row.case_id
    return known or f"{row.unit}-{first}"
