"""From reported figures to the score of a unit.

Points are index × weight ÷ 100. Every printed figure is rounded half up to two places and sums are taken of the
rounded figures, so that a clerk who adds up a printed table gets the printed total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.indicators import FULL_WEIGHT, Indicator, IndicatorSet, Kind, Level, Method, Missing
from engine.domain.scoring import methods
from engine.domain.scoring.figures import (
    HUNDRED,
    ZERO,
    ExpertScores,
    Number,
    Reported,
    Values,
    exact,
    expert_mean,
    half_up,
)
from engine.domain.scoring.methods import Measured
from engine.domain.scoring.result import Bridged, GroupScore, IndicatorScore, Score
from engine.errors import StepFailed

HALF_INDEX = Decimal(50)


def score(indicators: IndicatorSet, level: Level, values: Values, expert_scores: ExpertScores) -> Score:
    """Score a unit from its raw figures and the experts' scores alone; raise StepFailed as `assess` does."""
    return assess(indicators, level, Reported(values, expert_scores))


def rank(
    indicators: IndicatorSet, level: Level, units: Mapping[str, Values], expert_scores: Mapping[str, ExpertScores]
) -> dict[str, Score]:
    """Score every unit, ranking indicators by place: the best of N gets 100, each place down 100 ÷ N less.

    Units with equal values share the better place; a missing value has no place and no points.
    """
    given = {unit: Reported(values, expert_scores.get(unit, {})) for unit, values in units.items()}
    return assess_all(indicators, level, given)


def assess(indicators: IndicatorSet, level: Level, reported: Reported) -> Score:
    """Score a unit from what it reported, this year and before.

    Raise StepFailed for a set that compares units, for an empty set, and when a figure is missing that blocks.
    """
    if any(indicator.compares for indicator in indicators.indicators):
        raise StepFailed(indicator_set=indicators.code, reason="a set that ranks needs the figures of all units")
    return assess_all(indicators, level, {"": reported})[""]


def assess_all(indicators: IndicatorSet, level: Level, units: Mapping[str, Reported]) -> dict[str, Score]:
    """Score units that are compared with each other; raise StepFailed for an empty set or a figure that blocks."""
    if not indicators.indicators:
        raise StepFailed(indicator_set=indicators.code, reason="the set has no indicators yet; import them first")
    found = {unit: _measured(indicators, reported) for unit, reported in units.items()}
    columns = [[one.values[place].value for one in found.values()] for place in range(len(indicators.indicators))]
    return {unit: _scored(indicators, level, one, columns) for unit, one in found.items()}


@dataclass(frozen=True)
class _Measurement:
    """The values of a unit, indicator by indicator, and what became of figures under another definition."""

    values: tuple[Measured, ...]
    bridged: tuple[Bridged, ...]
    foreign: tuple[str, ...]


@dataclass(frozen=True)
class _Known:
    """The figures of one year under the definitions of the set; those that were bridged, those that could not be."""

    values: Values
    expert_scores: ExpertScores
    bridged: tuple[Bridged, ...]
    foreign: tuple[str, ...]


@dataclass(frozen=True)
class _Indexed:
    """The index of an indicator and what was done where it could not be reckoned."""

    index: Decimal
    treated: Missing | None


def _measured(indicators: IndicatorSet, reported: Reported) -> _Measurement:
    now = _bridged(indicators, reported)
    values = []
    for one in indicators.indicators:
        value, base, carried = _value(one, now), None, False
        if one.method in methods.AGAINST_EARLIER:
            of = reported.of(one.base_year) if one.method is Method.BASE_INDEX else reported.last
            base = None if of is None else _value(one, _bridged(indicators, of))
        if value is None and one.missing is Missing.LAST_YEAR and reported.last is not None:
            value = _value(one, _bridged(indicators, reported.last))
            carried = value is not None
        values.append(Measured(value, base, carried))
    return _Measurement(tuple(values), now.bridged, now.foreign)


def _value(indicator: Indicator, known: _Known) -> Decimal | None:
    if indicator.kind == Kind.QUAL and indicator.code in known.expert_scores:
        return expert_mean(known.expert_scores[indicator.code])
    if indicator.formula is None:
        return None
    result = indicator.formula.evaluate({raw.code: known.values.get(raw.code) for raw in indicator.raw})
    return None if result is None else _number(result, indicator.code, "the formula gives no number")


def _bridged(indicators: IndicatorSet, reported: Reported) -> _Known:
    known = {code: None if value is None else exact(value) for code, value in reported.values.items()}
    bridged, foreign = [], []
    for raw in indicators.raw_inputs() if reported.definitions else ():
        told, value = reported.definitions.get(raw.code, ""), known.get(raw.code)
        if value is None or not told or not raw.definition or told == raw.definition:
            continue
        if told not in raw.bridges:
            foreign.append(raw.code)
            continue
        after = _number(raw.bridges[told].evaluate({"value": value}), raw.code, "the bridge gives no number")
        bridged.append(Bridged(raw.code, told, raw.definition, value, after))
        known[raw.code] = after
    return _Known(known, reported.expert_scores, tuple(bridged), tuple(foreign))


def _number(result: object, code: str, reason: str) -> Decimal:
    if isinstance(result, bool) or not isinstance(result, Number):
        raise StepFailed(indicator=code, reason=reason)
    return exact(result)


def _scored(
    indicators: IndicatorSet, level: Level, found: _Measurement, columns: Sequence[Sequence[Decimal | None]]
) -> Score:
    rows = list(zip(indicators.indicators, found.values, columns, strict=True))
    indexed = [_treated(one, measured, methods.index(one, level, measured, column)) for one, measured, column in rows]
    _refuse_blocked(indicators, indexed)
    weights = _weights(indicators, indexed)
    worth = [
        _worth(one, level, measured, (index, weight))
        for (one, measured, _), index, weight in zip(rows, indexed, weights, strict=True)
    ]
    return _gathered(indicators, level, worth, found)


def _treated(indicator: Indicator, measured: Measured, index: Decimal | None) -> _Indexed:
    if index is not None:
        return _Indexed(index, Missing.LAST_YEAR if measured.carried else None)
    treated = Missing.ZERO if indicator.missing is Missing.LAST_YEAR else indicator.missing
    return _Indexed(HALF_INDEX if treated is Missing.HALF else ZERO, treated)


def _refuse_blocked(indicators: IndicatorSet, indexed: Sequence[_Indexed]) -> None:
    pairs = zip(indicators.indicators, indexed, strict=True)
    blocked = [one.code for one, index in pairs if index.treated is Missing.BLOCK]
    if blocked:
        raise StepFailed(indicators=blocked, reason="figures are missing without which the unit cannot be scored")


def _weights(indicators: IndicatorSet, indexed: Sequence[_Indexed]) -> list[Decimal]:
    """Return what each indicator weighs: those that are left out nothing, the rest in proportion, 100 together."""
    kept = [index.treated is not Missing.EXCLUDE for index in indexed]
    weights = [one.weight if keep else ZERO for one, keep in zip(indicators.indicators, kept, strict=True)]
    total = sum(weights, ZERO)
    if all(kept) or not total:
        return weights
    wider = [half_up(weight * FULL_WEIGHT / total) for weight in weights]
    # What rounding leaves over falls to the heaviest, where it shows least.
    wider[wider.index(max(wider))] += FULL_WEIGHT - sum(wider, ZERO)
    return wider


def _worth(indicator: Indicator, level: Level, measured: Measured, found: tuple[_Indexed, Decimal]) -> IndicatorScore:
    indexed, weight = found
    points = half_up(indexed.index * weight / HUNDRED)
    return IndicatorScore(
        code=indicator.code,
        name=indicator.name,
        unit=indicator.unit,
        value=None if measured.value is None else half_up(measured.value),
        standard=indicator.standards[level] if indicator.method in methods.BY_STANDARD else None,
        index=indexed.index,
        weight=weight,
        points=points,
        gate=_gate(indicator, measured.value),
        method=indicator.method,
        base=None if measured.base is None else half_up(measured.base),
        treated=indexed.treated,
    )


def _gate(indicator: Indicator, value: Decimal | None) -> bool | None:
    if indicator.gate is None:
        return None
    return value is not None and indicator.gate.evaluate({"value": value, "?": value}) is True


def _gathered(indicators: IndicatorSet, level: Level, worth: Sequence[IndicatorScore], found: _Measurement) -> Score:
    groups = []
    for code, name in indicators.groups.items():
        members = {one.code for one in indicators.members(code)}
        points = sum((one.points for one in worth if one.code in members), ZERO)
        weight = sum((one.weight for one in worth if one.code in members), ZERO)
        groups.append(GroupScore(code, name, weight, points, half_up(points / weight * HUNDRED) if weight else ZERO))
    total = half_up(sum((group.points for group in groups), ZERO))
    gates_met = all(one.gate is not False for one in worth)
    return Score(indicators.code, level, total, gates_met, tuple(groups), tuple(worth), found.bridged, found.foreign)
