"""Agencies: who may measure a unit for the province, in what order they are offered, and what their work was worth.

浙政发〔2012〕17号 三（二）: 经第三方机构…进行测评. The guidance names no agency and no rule of choosing one; rotation,
load and a yearly mark are ours.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.tables import AgencyMark, Organisation, ScoreSheet

KIND = "agency"


@dataclass(frozen=True)
class Wanted:
    """For what an agency is sought: a unit and a round, or none of them; `declared` cannot take it on."""

    programme: str
    on: date
    unit: str | None = None
    round: str | None = None
    declared: Collection[str] = ()


def pool(session: Session, wanted: Wanted) -> list[dict[str, Any]]:
    """List the agencies, the best choice first: whoever measured the unit last comes last, then the less loaded first.

    Each is {agency, name, load, last_round, conflict}. `load` counts the units measured in the round, or in the year
    of the day when no round is meant; `conflict` is told of those that declared one or are given no work for now.
    """
    sheets = ScoreSheet.programme == wanted.programme, ScoreSheet.agency.is_not(None)
    busy = (
        ScoreSheet.round == wanted.round if wanted.round else func.extract("year", ScoreSheet.made_at) == wanted.on.year
    )
    loads = select(ScoreSheet.agency, func.count(ScoreSheet.unit.distinct()).label("units")).where(*sheets, busy)
    load = {row.agency: row.units for row in session.execute(loads.group_by(ScoreSheet.agency))}
    earlier = select(ScoreSheet.agency, ScoreSheet.round).where(*sheets, ScoreSheet.unit == wanted.unit)
    measured = list(session.execute(earlier.order_by(ScoreSheet.made_at)))
    last = {row.agency: row.round for row in measured}
    rank = {row.agency: place for place, row in enumerate(measured, 1)}
    barred = set(session.scalars(_barred(wanted)))
    agencies = session.execute(select(Organisation.id, Organisation.name).where(Organisation.kind == KIND))
    found = [
        {
            "agency": agency,
            "name": name["zh"],
            "load": load.get(agency, 0),
            "last_round": last.get(agency),
            "conflict": agency in barred or agency in wanted.declared,
        }
        for agency, name in agencies
    ]
    return sorted(found, key=lambda one: (one["conflict"], rank.get(one["agency"], 0), one["load"], one["agency"]))


def mark(session: Session, given: AgencyMark) -> None:
    """Keep what an agency's work was worth, and until when it is given no more."""
    session.add(given)
    session.flush()


def _barred(wanted: Wanted) -> Any:
    current = AgencyMark.barred_until > wanted.on
    return select(AgencyMark.agency).where(AgencyMark.programme == wanted.programme, current)
