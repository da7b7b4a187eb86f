"""Trying past rounds under a set that is still a draft: every unit's score and place as it was and as it would be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain.sheets import Frozen
from engine.errors import NotFound
from engine.sheets import recording
from engine.sheets.recording import Place
from engine.sheets.rounds import rescore_round
from engine.tables import Division, Round, ScoreSheet

Places = Mapping[str, int]


@dataclass(frozen=True)
class PastRound:
    """A round of a programme that has score sheets, and the code of the set that it was scored by."""

    id: str
    indicator_set: str


@dataclass(frozen=True)
class Move:
    """A unit's score and its place among its peers before and after; without `after` the set cannot score it."""

    unit: str
    name: str
    level: str
    before: Decimal
    place: int
    after: Decimal | None
    place_after: int | None
    crossed: bool


def past_rounds(session: Session, programme: str) -> list[PastRound]:
    """List the rounds of a programme that have score sheets, the newest first."""
    scored = select(ScoreSheet.round).where(ScoreSheet.round.is_not(None))
    query = select(Round.id, Round.indicator_set).where(Round.programme == programme, Round.id.in_(scored))
    return [
        PastRound(row.id, row.indicator_set) for row in session.execute(query.order_by(Round.year.desc(), Round.id))
    ]


def moves(session: Session, place: Place, round_id: str, frozen: Frozen) -> list[Move]:
    """Return what another set would make of a round, by level and new place; nothing is kept and nothing moves.

    Raise NotFound when the round is none of the programme's, ModelRefused or StepFailed when the set cannot be used.
    """
    known = session.get(Round, round_id)
    if known is None or known.programme != place.programme:
        raise NotFound(round=round_id)
    told = rescore_round(session, place, round_id, frozen)["units"]
    sheets = recording.current(session, ScoreSheet.round == round_id)
    levels = {row.unit: str(row.sheet["level"]) for row in sheets}
    names = _names(session, sorted(levels))
    before = {one["unit"]: Decimal(str(one["before"])) for one in told}
    after = {one["unit"]: Decimal(str(one["after"])) for one in told if one["after"] is not None}
    was, now = _places(before, levels), _places(after, levels)
    crossed = {one["unit"] for one in told if one["crossed"]}
    found = [
        Move(
            unit,
            names.get(unit, unit),
            levels[unit],
            score,
            was[unit],
            after.get(unit),
            now.get(unit),
            unit in crossed,
        )
        for unit, score in before.items()
    ]
    return sorted(found, key=lambda one: (one.level, one.place_after is None, one.place_after or one.place, one.unit))


def _places(scores: Mapping[str, Decimal], levels: Mapping[str, str]) -> Places:
    """Return the place of each unit among those of its level; equal scores share a place."""
    return {
        unit: 1 + sum(1 for other, more in scores.items() if more > score and levels[other] == levels[unit])
        for unit, score in scores.items()
    }


def _names(session: Session, units: Sequence[str]) -> dict[str, str]:
    """Return the last name of each unit."""
    rows = session.execute(
        select(Division.unit, Division.name).where(Division.unit.in_(units)).order_by(Division.valid_from)
    )
    return {row.unit: row.name for row in rows}
