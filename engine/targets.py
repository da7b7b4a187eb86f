"""How far the province is on its way to the targets of the guidance, on any day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import divisions, titles
from engine.domain import targets
from engine.domain.divisions import Level
from engine.domain.targets import INSTITUTES, Standing, Target
from engine.domain.titles import Kind
from engine.tables import Division, Figure, Title

MONITORING = "monitoring"


def progress(session: Session, on: date) -> list[Target]:
    """Return the targets as they stand on the day `on`, in two queries.

    Where fictional units are registered the installation is a demonstration, and they alone are counted.
    """
    rows = _standings(session, on)
    return of(session, [standing for fictional, standing in rows if fictional] or [one for _, one in rows], on)


def of(session: Session, units: Sequence[Standing], on: date) -> list[Target]:
    """Return the targets of `units` as they stand on the day `on`, in one query."""
    return targets.reckon(units, _figures(session, on))


def _standings(session: Session, on: date) -> list[tuple[bool, Standing]]:
    kinds = func.array_agg(Title.kind).filter(Title.kind.is_not(None))
    query = (
        select(Division.unit, Division.level, Division.parent, Division.fictional, kinds)
        .outerjoin(Title, (Title.unit == Division.unit) & titles.held(Title, on))
        .where(divisions.in_force(Division, on), Division.level != Level.PROVINCE.value)
        .group_by(Division.unit, Division.level, Division.parent, Division.fictional)
        .order_by(Division.unit)
    )
    return [
        (fictional, Standing(unit, Level(level).tier, parent, frozenset(map(Kind, held or ()))))
        for unit, level, parent, fictional, held in session.execute(query)
    ]


def _figures(session: Session, on: date) -> dict[str, dict[str, Decimal]]:
    """Return the newest monitoring values of each unit that are of the year of `on` or before, by code and unit."""
    query = (
        select(Figure.code, Figure.unit, Figure.value)
        .where(Figure.code.in_(list(INSTITUTES)), Figure.origin == MONITORING, Figure.year <= on.year)
        .order_by(Figure.year, Figure.version)
    )
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for code, unit, value in session.execute(query):
        if value is not None:
            found[code][unit] = value
    return found
