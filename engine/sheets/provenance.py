"""Where figures came from: the register's rows of a unit become the inputs of its score sheet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from engine.domain import canonical
from engine.domain.indicators import IndicatorSet, Method
from engine.tables import Figure, Person

# Whose word counts first where several are on record: the agency's, the statisticians', the applicant's.
TRUSTED = ("verified", "monitoring", "declared")
PAST = 1  # years before the year itself that methods and missing-value policies look at

Row = Mapping[str, Any]
Records = dict[tuple[str, int, str], dict[str, Row]]


@dataclass(frozen=True)
class Known:
    """The newest version of every figure on record, by unit, year and code, then by origin."""

    records: Records

    def units(self, year: int) -> list[str]:
        """Return the units with any figure of `year`."""
        return sorted({unit for unit, when, _ in self.records if when == year})

    def inputs(self, chosen: IndicatorSet, unit: str, year: int) -> list[dict[str, Any]]:
        """Return the figures of a unit and of the years before it that the set asks for, the most trusted of each."""
        codes = {raw.code for raw in chosen.raw_inputs()}
        found = [
            (key, next(of[origin] for origin in TRUSTED if origin in of))
            for key, of in self.records.items()
            if key[0] == unit and key[2] in codes and key[1] in years(chosen, year)
        ]
        return [_told(key, row, self.declared(key)) for key, row in found]

    def given(self, chosen: IndicatorSet, unit: str, year: int, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the inputs of a unit whose figures of `year` are `values`, each with the record that bears it out."""
        before = [one for one in self.inputs(chosen, unit, year) if one["year"] != year]
        now = [self._borne_out((unit, year, raw.code), values.get(raw.code)) for raw in chosen.raw_inputs()]
        return [*before, *now]

    def declared(self, key: tuple[str, int, str]) -> Decimal | None:
        """Return what the applicant declared, none where that is not on record."""
        row = self.records.get(key, {}).get("declared")
        return row["value"] if row else None

    def _borne_out(self, key: tuple[str, int, str], value: Any) -> dict[str, Any]:
        exact = None if value is None else canonical.number(value)
        of = self.records.get(key, {})
        row = next((of[origin] for origin in TRUSTED if origin in of and of[origin]["value"] == exact), None)
        if row is not None:
            return _told(key, row, self.declared(key))
        unit, year, code = key
        return {"unit": unit, "year": year, "code": code, "value": exact, "declared": self.declared(key)}


def years(chosen: IndicatorSet, year: int) -> set[int]:
    """Return the years whose figures a set looks at when it scores `year`."""
    bases = {one.base_year for one in chosen.indicators if one.method is Method.BASE_INDEX and one.base_year}
    return {year, year - PAST, *bases}


def read(session: Session, units: Iterable[str] | None, wanted: set[int]) -> Known:
    """Return the last version of each figure of `units`, or of all units, in the years `wanted`; one statement."""
    query = _figures().where(Figure.year.in_(sorted(wanted)))
    if units is not None:
        query = query.where(Figure.unit.in_(sorted(units)))
    records: Records = {}
    for row in session.execute(query).mappings():
        records.setdefault((row["unit"], row["year"], row["code"]), {})[row["origin"]] = dict(row)
    return Known(records)


def _figures() -> Select[Any]:
    enterer, confirmer = aliased(Person), aliased(Person)
    return (
        select(
            Figure.unit, Figure.year, Figure.code, Figure.version, Figure.value, Figure.definition, Figure.origin,
            Figure.source, Figure.evidence, Figure.entered_at, Figure.confirmed_at,
        )
        .add_columns(enterer.name.label("entered_by"), confirmer.name.label("confirmed_by"))
        .outerjoin(enterer, enterer.id == Figure.entered_by)
        .outerjoin(confirmer, confirmer.id == Figure.confirmed_by)
        .order_by(Figure.version)
    )  # fmt: skip


def _told(key: tuple[str, int, str], row: Row, declared: Decimal | None) -> dict[str, Any]:
    unit, year, code = key
    moments = {name: row[name].isoformat() if row[name] else None for name in ("entered_at", "confirmed_at")}
    return {**row, **moments, "unit": unit, "year": year, "code": code, "declared": declared}
