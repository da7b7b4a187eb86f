"""Rankings: how a round ranked its units, cities and counties apart, and what changed since the round before.

Ranks count every unit of the tier in the province, whoever reads of how many of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from engine import boards, readers
from engine.boards import Province, RoundRow
from engine.domain.indicators import Level
from engine.errors import NotFound
from engine.identity import Actor
from engine.tables import RoundState, ScoreSheet

OUT = (RoundState.CLOSED, RoundState.PUBLISHED)


@dataclass(frozen=True)
class Score:
    """What a round gave a unit: the total, and the index 0-100 of each group by its code."""

    sheet: UUID
    unit: str
    total: Decimal
    grade: str | None
    gates_met: bool
    indices: Mapping[str, Decimal]
    groups: Mapping[str, str]


@dataclass(frozen=True)
class Rank:
    """A unit's place among `of` of its tier; `before` and `rank_before` are None where it was not in the last round."""

    unit: str
    name: str
    tier: str
    rank: int
    of: int
    score: Score
    rank_before: int | None
    before: Score | None

    @property
    def climbed(self) -> int | None:
        """Return by how many places the unit rose, negative when it fell."""
        return None if self.rank_before is None else self.rank_before - self.rank

    @property
    def gained(self) -> Decimal | None:
        """Return how many points the unit gained, negative when it lost some."""
        return None if self.before is None else self.score.total - self.before.total


@dataclass(frozen=True)
class Ranking:
    """A round's units, the best first, cities before counties.

    `groups` names the groups of its set, `medians` are the median index of each by tier, over all its units.
    """

    round: RoundRow
    before: RoundRow | None
    province: Province | None
    provinces: list[Province]
    rows: list[Rank]
    groups: Mapping[str, str]
    medians: Mapping[str, Mapping[str, Decimal]]


def rounds(session: Session, actor: Actor) -> list[RoundRow]:
    """Return the rounds with scores that the actor may look into, the latest first, in one query.

    Whoever does not read of all units looks into a round once its results are in.
    """
    provincial = readers.is_provincial(actor)
    return [one for one in boards.rounds(session, actor) if one.scored and (provincial or one.state in OUT)]


def ranking(session: Session, actor: Actor, round_id: str, province: str | None = None) -> Ranking:
    """Return how a round ranked the units of a province beside the last round of its kind; in four queries.

    Without a wish it is the province with most of its units. Raise NotFound.
    """
    known = rounds(session, actor)
    this = next((one for one in known if one.id == round_id), None)
    if this is None:
        raise NotFound(round=round_id)
    before = next((one for one in known if one.kind == this.kind and one.year < this.year), None)
    scores = _scores(session, [one.id for one in (this, before) if one is not None])
    units = {one.unit: one for one in boards.on_day(session, actor, this.opened_on)}
    chosen, provinces = boards.choice(session, list(units.values()), scores[this.id], province)
    there = {unit: one for unit, one in units.items() if chosen is not None and one.province == chosen.code}
    now = {unit: score for unit, score in scores[this.id].items() if unit in there}
    earlier = {unit: score for unit, score in scores[before.id].items() if unit in there} if before else {}
    tiers = {tier.value: [unit for unit in now if there[unit].tier == tier.value] for tier in Level}
    places = {tier: _places({unit: now[unit] for unit in own}) for tier, own in tiers.items()}
    past = {
        tier.value: _places({unit: score for unit, score in earlier.items() if there[unit].tier == tier.value})
        for tier in Level
    }
    rows = [
        Rank(
            unit, there[unit].name, tier, places[tier][unit], len(own), now[unit],
            past[tier].get(unit), earlier.get(unit),
        )
        for tier, own in tiers.items()
        for unit in own
        if there[unit].readable
    ]  # fmt: skip
    return Ranking(
        round=this,
        before=before,
        province=chosen,
        provinces=provinces,
        rows=sorted(rows, key=lambda row: (row.tier, row.rank, row.unit)),
        groups={code: name for one in now.values() for code, name in one.groups.items()},
        medians={tier: _medians(now[unit] for unit in own) for tier, own in tiers.items()},
    )


def _scores(session: Session, wanted: Iterable[str]) -> dict[str, dict[str, Score]]:
    """Return the standing scores of rounds by round and unit, the last one of a unit; one query."""
    later = aliased(ScoreSheet)
    query = (
        select(ScoreSheet.round, ScoreSheet.id, ScoreSheet.unit, ScoreSheet.total, ScoreSheet.grade)
        .add_columns(ScoreSheet.gates_met, func.coalesce(ScoreSheet.sheet["groups"], []).label("groups"))
        .where(ScoreSheet.round.in_(list(wanted)), ~exists().where(later.supersedes == ScoreSheet.id))
        .order_by(ScoreSheet.made_at, ScoreSheet.id)
    )
    found: dict[str, dict[str, Score]] = defaultdict(dict)
    for row in session.execute(query):
        found[row.round][row.unit] = _score(row)
    return found


def _score(row: Any) -> Score:
    return Score(
        sheet=row.id,
        unit=row.unit,
        total=row.total,
        grade=row.grade,
        gates_met=row.gates_met,
        indices={one["code"]: Decimal(one["index"]) for one in row.groups if one.get("index") is not None},
        groups={one["code"]: one["name"] for one in row.groups},
    )


def _places(scores: Mapping[str, Score]) -> dict[str, int]:
    """Rank units by their totals; equals share a place, and the next one counts them."""
    return {unit: 1 + sum(other.total > one.total for other in scores.values()) for unit, one in scores.items()}


def _medians(scores: Iterable[Score]) -> dict[str, Decimal]:
    values: dict[str, list[Decimal]] = defaultdict(list)
    for score in scores:
        for code, index in score.indices.items():
            values[code].append(index)
    return {code: median(own) for code, own in values.items()}
