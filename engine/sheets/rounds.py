"""All units of a round: the results published each year, and what another indicator set would have made of them.

The county-level monitoring of Zhejiang has published three results since 2001 (省统计局、省科技厅): 综合实力, the size
of what a unit has; 水平, how far it is by ratios and standards; 变化情况, how far it came since the year before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.domain import divisions, scoring, sheets
from engine.domain.indicators import IndicatorSet, Kind, Level
from engine.domain.sheets import About, Frozen, Sheet
from engine.errors import NotFound, StepFailed
from engine.identity import Actor
from engine.sheets import provenance, recording
from engine.sheets.provenance import Known
from engine.sheets.reading import sees_all
from engine.sheets.recording import Place
from engine.tables import Division, Round, RoundState, ScoreSheet, Title

RATIOS = frozenset({"%", "百分点", "‰"})
LEAST, SPAN = Decimal(60), Decimal(40)
PUBLISHED = "the round is published; its results never change"

Ranked = list[dict[str, Any]]


@dataclass(frozen=True)
class Unit:
    """A unit of a round: its name, whose standards it is held to, and the case it lives under."""

    unit: str
    name: str
    level: str
    case_id: str


def monitoring_results(session: Session, place: Place, round_id: str, year: int) -> dict[str, Ranked]:
    """Score every unit with figures of `year` in the round; return the three published results, best first.

    Each of `strength`, `level` and `change` has {unit, unit_name, level, score, rank}, ranked among cities and among
    counties apart. `level` is the total by the set of the round, kept as a score sheet of each unit; `change` the
    points it gained on the year before, left out where a unit has no figures of that year; `strength` the amounts that
    the set asks for, each 60 + 40 × (x − least) ÷ (most − least) among its peers (功效系数法), weighed as the
    indicators that use it. Raise StepFailed when the round is unknown or published.
    """
    found = _round(session, round_id)
    if found.state is RoundState.PUBLISHED:
        raise StepFailed(round=round_id, reason=PUBLISHED)
    frozen = Frozen(found.indicator_set, found.set_rows)
    chosen = sheets.read_set(frozen.plain())
    years = provenance.years(chosen, year)
    known = provenance.read(session, None, years | {one - 1 for one in years})
    units = _units(session, known.units(year), date(year, 12, 31), year)
    made = _composed(known, (chosen, frozen, round_id), units, year)
    recording.keep(session, place, made.values(), recording.current(session, ScoreSheet.round == round_id))
    had = [unit for unit in units if unit.unit in known.units(year - 1)]
    before = _composed(known, (chosen, frozen, round_id), had, year - 1)
    totals = {unit: Decimal(sheet["total"]) for unit, sheet in made.items()}
    gained = {unit: totals[unit] - Decimal(sheet["total"]) for unit, sheet in before.items()}
    return {
        "strength": _ranked(units, _strengths(known, chosen, units, year)),
        "level": _ranked(units, totals),
        "change": _ranked(units, gained),
    }


def rescore_round(session: Session, place: Place, round_id: str, frozen: Frozen) -> dict[str, Any]:
    """Try a past round under another set; nothing is kept and nothing moves.

    Return `units`, those who cross first, then the widest moves: {unit, case_id, before, after, crossed, grade,
    gates_met, why}. `crossed` tells whether the grade or the gates would be others (`grade` and `gates_met` hold both
    as {before, after}); `why` names the indicators that move the total, and by how many points. A unit that the other
    set cannot score is told with `after` null and the reason. Raise StepFailed, NotFound, ModelRefused.
    """
    _round(session, round_id)
    standing = recording.current(session, ScoreSheet.round == round_id)
    chosen = sheets.read_set(frozen.plain())
    years = {one for row in standing for one in provenance.years(chosen, row.sheet["year"])}
    known = provenance.read(session, {row.unit for row in standing}, years)
    told = [_tried(row, frozen, known.inputs(chosen, row.unit, row.sheet["year"]), place) for row in standing]
    return {"round": round_id, "set": frozen.code, "units": sorted(told, key=_width)}


def programme_of(session: Session, actor: Actor, round_id: str) -> str:
    """Return whose round this is, to those who see every unit; others, and for no such round: NotFound."""
    found = session.get(Round, round_id)
    if found is None or not sees_all(actor):
        raise NotFound(round=round_id)
    return found.programme


def _round(session: Session, round_id: str) -> Round:
    found = session.get(Round, round_id)
    if found is None:
        raise StepFailed(round=round_id, reason="there is no such round")
    return found


def _units(session: Session, units: Sequence[str], on: date, year: int) -> list[Unit]:
    """Return the units with the name and level of the day; two statements however many there are."""
    rows = session.execute(
        select(Division.unit, Division.name, Division.level).where(
            Division.unit.in_(units),
            Division.valid_from <= on,
            or_(Division.valid_to.is_(None), Division.valid_to > on),
        )
    )
    cases = {
        row.unit: row.case_id
        for row in session.execute(
            select(Title.unit, Title.case_id)
            .where(Title.unit.in_(units), Title.case_id.is_not(None), Title.granted_on <= on)
            .order_by(Title.granted_on)
        )
    }
    return [
        Unit(row.unit, row.name, divisions.Level(row.level).tier, cases.get(row.unit) or f"{row.unit}-{year}")
        for row in sorted(rows)
    ]


def _composed(known: Known, by: tuple[IndicatorSet, Frozen, str], units: Sequence[Unit], year: int) -> dict[str, Sheet]:
    """Return the sheet of each unit; a set that compares gets the figures of the unit's peers as well."""
    chosen, frozen, round_id = by
    own = {unit.unit: known.inputs(chosen, unit.unit, year) for unit in units}
    compares = any(one.compares for one in chosen.indicators)
    made = {}
    for unit in units:
        peers = [one.unit for one in units if one.level == unit.level and one.unit != unit.unit] if compares else []
        inputs = [*own[unit.unit], *(one for peer in peers for one in own[peer] if one["year"] == year)]
        about = About(unit.unit, year, unit.level, unit.case_id, round_id)
        made[unit.unit] = sheets.compose(about, frozen, inputs, {})
    return made


def _strengths(known: Known, chosen: IndicatorSet, units: Sequence[Unit], year: int) -> dict[str, Decimal]:
    weights = _amounts(chosen)
    values = {
        unit.unit: {one["code"]: one["value"] for one in known.inputs(chosen, unit.unit, year) if one["year"] == year}
        for unit in units
    }
    found = {}
    for unit in units:
        peers = [values[one.unit] for one in units if one.level == unit.level]
        parts = [weight * _between(code, values[unit.unit], peers) for code, weight in weights.items()]
        found[unit.unit] = scoring.half_up(sum(parts, Decimal()) / (sum(weights.values()) or 1))
    return found


def _amounts(chosen: IndicatorSet) -> dict[str, Decimal]:
    """Return what each amount weighs: an indicator's weight falls in equal parts to the amounts it is reckoned from."""
    weights: dict[str, Decimal] = {}
    for one in (one for one in chosen.indicators if one.kind is not Kind.QUAL and one.formula):
        amounts = [raw.code for raw in one.raw if raw.unit not in RATIOS]
        for code in amounts:
            weights[code] = weights.get(code, Decimal()) + one.weight / len(amounts)
    return weights


def _between(code: str, own: Mapping[str, Any], peers: Sequence[Mapping[str, Any]]) -> Decimal:
    known = [one[code] for one in peers if one.get(code) is not None]
    value = own.get(code)
    if value is None:
        return Decimal()
    least, most = min(known), max(known)
    return LEAST + SPAN if most == least else LEAST + SPAN * (value - least) / (most - least)


def _ranked(units: Iterable[Unit], scores: Mapping[str, Decimal]) -> Ranked:
    told: Ranked = []
    known = list(units)
    for level in Level:
        rows = [unit for unit in known if unit.level == level.value and unit.unit in scores]
        for unit in sorted(rows, key=lambda one: (-scores[one.unit], one.unit)):
            better = sum(1 for other in rows if scores[other.unit] > scores[unit.unit])
            score = scoring.plain(scores[unit.unit])
            place = {"unit": unit.unit, "unit_name": unit.name, "level": unit.level}
            told.append({**place, "score": score, "rank": better + 1})
    return told


def _tried(row: ScoreSheet, frozen: Frozen, more: Sequence[Mapping[str, Any]], place: Place) -> dict[str, Any]:
    about = {"unit": row.unit, "case_id": row.case_id, "before": sheets.plain_number(row.sheet["total"])}
    try:
        after = sheets.rescored(row.sheet, frozen, more)
    except StepFailed as fault:
        return {**about, "after": None, "crossed": False, "why": [], "reason": str(fault)}
    grades = {"before": row.grade or recording.grade(place, row.sheet), "after": recording.grade(place, after)}
    gates = {"before": row.gates_met, "after": after["gates_met"]}
    crossed = any(one["before"] != one["after"] for one in (grades, gates))
    told = {"after": sheets.plain_number(after["total"]), "crossed": crossed, "grade": grades, "gates_met": gates}
    return {**about, **told, "why": sheets.moved(row.sheet, after)}


def _width(told: Mapping[str, Any]) -> tuple[bool, float, str]:
    """Sort those who cross first, then by how far they move."""
    after = told["before"] if told["after"] is None else told["after"]
    return not told["crossed"], -abs(after - told["before"]), told["unit"]
