"""What the assessment of responsibility is told of every unit, gathered from the registers in four queries."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session, aliased

from engine import clock, divisions
from engine import titles as register
from engine.domain import responsibility, titles
from engine.domain.divisions import Level
from engine.domain.responsibility import REVENUE, SCIENCE, Line, Measured
from engine.domain.titles import Title
from engine.errors import NotAllowed
from engine.identity import Actor
from engine.tables import Division, Round, RoundResult, RoundState, ScoreSheet

READERS = ("PRV_", "GOV_")
STATISTICS = "STAT_PRV"
LAST_TWO = 2
INPUT = "$.inputs[*] ? (@.unit == $.unit && @.year == $.year && @.code == $code).value"


def workbook(session: Session, actor: Actor, year: int) -> bytes:
    """Return the workbook for `year`, as of its last day or of today; raise NotAllowed for all but the province."""
    if not any(role.startswith(READERS) or role == STATISTICS for role in actor.roles):
        raise NotAllowed
    return responsibility.workbook(year, lines(session, min(date(year, 12, 31), clock.today())))


def lines(session: Session, on: date) -> list[Line]:
    """Return what is told of the units in force on the day `on`, by code, in four queries.

    Where fictional units are registered the installation is a demonstration, and they alone are told of.
    """
    known = _Gathered(on, _titles(session, on), _measured(session, on), _results(session, on))
    found = [(row.fictional, known.line(row)) for row in session.execute(_units(on))]
    return [line for fictional, line in found if fictional] or [line for _, line in found]


def _units(on: date) -> Any:
    return divisions.standing(on).where(Division.level != Level.PROVINCE.value).order_by(Division.code)


def _titles(session: Session, on: date) -> dict[str, list[Title]]:
    """Return what every unit held by the day `on`, whether it still does or not, oldest first."""
    found = defaultdict(list)
    for title in register.known(session, on):
        found[title.unit].append(title)
    return found


def _measured(session: Session, on: date) -> dict[str, Measured]:
    """Return the last score of every unit by the day `on`; a sheet that was superseded does not count."""
    rows = defaultdict(list)
    for row in session.execute(_sheets(on)):
        rows[row.unit].append(row)
    return {unit: _score(*own) for unit, own in rows.items()}


def _score(last: Any, before: Any = None) -> Measured:
    fiscal = responsibility.fiscal_rule({SCIENCE: _number(last.science), REVENUE: _number(last.revenue)})
    change = None if before is None else last.total - before.total
    return Measured(last.round, last.total, last.grade, last.gates_met, fiscal, change)


def _sheets(on: date) -> Any:
    later = aliased(ScoreSheet)
    place = func.row_number().over(partition_by=ScoreSheet.unit, order_by=ScoreSheet.made_at.desc())
    ranked = (
        select(ScoreSheet, place.label("place"))
        .where(ScoreSheet.made_at < _end_of(on))
        .where(~select(later.id).where(later.supersedes == ScoreSheet.id, later.made_at < _end_of(on)).exists())
        .subquery()
    )
    columns = (ranked.c[name] for name in ("unit", "round", "total", "grade", "gates_met"))
    return (
        select(*columns, _input(ranked.c.sheet, SCIENCE, "science"), _input(ranked.c.sheet, REVENUE, "revenue"))
        .where(ranked.c.place <= LAST_TWO)
        .order_by(ranked.c.unit, ranked.c.place)
    )


def _input(sheet: Any, code: str, name: str) -> Any:
    """Choose the value of a raw input in a sheet, of the sheet's own unit and year."""
    chosen = func.jsonb_path_query_first(sheet, cast(INPUT, JSONPATH), func.jsonb_build_object("code", code))
    return func.jsonb_extract_path_text(func.jsonb_build_object("value", chosen), "value").label(name)


def _results(session: Session, on: date) -> dict[str, Any]:
    """Return the last result of every unit that was published by the day `on`."""
    query = (
        select(RoundResult.unit, RoundResult.round, RoundResult.outcome, RoundResult.practice)
        .join(Round, Round.id == RoundResult.round)
        .where(Round.state == RoundState.PUBLISHED, Round.published_on <= on)
        .order_by(Round.year, Round.published_on)
    )
    return {row.unit: row for row in session.execute(query)}


@dataclass(frozen=True)
class _Gathered:
    """What the registers know by one day, by unit."""

    on: date
    titles: Mapping[str, list[Title]]
    measured: Mapping[str, Measured]
    results: Mapping[str, Any]

    def line(self, row: Any) -> Line:
        known = self.titles.get(row.unit, [])
        result = self.results.get(row.unit)
        told = {name: getattr(result, name) for name in ("round", "outcome", "practice")} if result else {}
        return Line(
            row.code, row.name, Level(row.level), row.parent_name, titles.standing(known, self.on),
            tuple(title for title in known if title.held(self.on)), self.measured.get(row.unit), **told,
        )  # fmt: skip


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.CIVIL)
