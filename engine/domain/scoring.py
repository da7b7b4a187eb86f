"""Scores of a unit by an indicator set.

The index of an indicator is value ÷ standard × 100 with a cap, the method of the national monitoring of scientific and
technical progress (科技进步统计监测); points are index × weight ÷ 100. Every printed figure is rounded half up to two
places and sums are taken of the rounded figures, so that a clerk who adds up a printed table gets the printed total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.domain.indicators import FULL_WEIGHT, Indicator, IndicatorSet, Kind, Level
from engine.errors import StepFailed

Number = int | float | Decimal
Values = Mapping[str, Number | None]
ExpertScores = Mapping[str, Sequence[Number]]

CENT = Decimal("0.01")
ZERO = Decimal()
TRIM_FROM = 5
LARGEST = Decimal(10) ** 18
FULL_INDEX = Decimal(100)


@dataclass(frozen=True)
class IndicatorScore:
    """What one indicator is worth; a missing value counts nothing and is marked."""

    code: str
    name: str
    unit: str
    value: Decimal | None
    standard: Decimal | None
    index: Decimal
    weight: Decimal
    points: Decimal
    gate: bool | None

    @property
    def missing(self) -> bool:
        """Return whether there was no value to score."""
        return self.value is None


@dataclass(frozen=True)
class GroupScore:
    """The points of a group and its index, points ÷ weight × 100."""

    code: str
    name: str
    weight: Decimal
    points: Decimal
    index: Decimal


@dataclass(frozen=True)
class Score:
    """The whole score of one unit."""

    indicator_set: str
    level: Level
    total: Decimal
    gates_met: bool
    groups: tuple[GroupScore, ...]
    indicators: tuple[IndicatorScore, ...]

    def plain(self) -> dict[str, Any]:
        """Return the score as JSON-plain data; `total` and `gates_met` are what decisions ask for."""
        return {
            "set": self.indicator_set,
            "level": self.level.value,
            "total": _plain(self.total),
            "gates_met": self.gates_met,
            "gates": [{"code": one.code, "met": one.gate} for one in self.indicators if one.gate is not None],
            "missing": [one.code for one in self.indicators if one.missing],
            "groups": [_plain_fields(group) for group in self.groups],
            "indicators": [{**_plain_fields(one), "missing": one.missing} for one in self.indicators],
        }


def score(indicators: IndicatorSet, level: Level, values: Values, expert_scores: ExpertScores) -> Score:
    """Score a unit from its raw figures and the experts' scores (0 to 100, by code of indicator).

    Raise StepFailed for a set that ranks: a place among all units cannot be told from one of them.
    """
    if any(indicator.kind == Kind.RANK for indicator in indicators.indicators):
        raise StepFailed(indicator_set=indicators.code, reason="a set that ranks needs the figures of all units")
    worth = [_standard_score(one, level, _value(one, values, expert_scores)) for one in indicators.indicators]
    return _gathered(indicators, level, worth)


def rank(
    indicators: IndicatorSet, level: Level, units: Mapping[str, Values], expert_scores: Mapping[str, ExpertScores]
) -> dict[str, Score]:
    """Score every unit, ranking indicators by place: the best of N gets 100, each place down 100 ÷ N less.

    Units with equal values share the better place; a missing value has no place and no points.
    """
    found = {
        unit: [_value(one, values, expert_scores.get(unit, {})) for one in indicators.indicators]
        for unit, values in units.items()
    }
    columns = list(zip(*found.values(), strict=True))
    return {
        unit: _gathered(
            indicators,
            level,
            [
                _rank_score(one, values[place], columns[place])
                if one.kind == Kind.RANK
                else _standard_score(one, level, values[place])
                for place, one in enumerate(indicators.indicators)
            ],
        )
        for unit, values in found.items()
    }


def expert_mean(scores: Sequence[Number]) -> Decimal | None:
    """Return the mean to two places, without one highest and one lowest when there are five scores or more."""
    exact = sorted(_exact(one) for one in scores)
    kept = exact[1:-1] if len(exact) >= TRIM_FROM else exact
    return half_up(sum(kept, ZERO) / len(kept)) if kept else None


def half_up(number: Decimal) -> Decimal:
    """Round half up to two places, away from zero."""
    return number.quantize(CENT, ROUND_HALF_UP)


def _value(indicator: Indicator, values: Values, expert_scores: ExpertScores) -> Decimal | None:
    if indicator.kind == Kind.QUAL and indicator.code in expert_scores:
        return expert_mean(expert_scores[indicator.code])
    if indicator.formula is None:
        return None
    known = {raw.code: values.get(raw.code) for raw in indicator.raw}
    result = indicator.formula.evaluate({code: None if one is None else _exact(one) for code, one in known.items()})
    if result is None:
        return None
    if isinstance(result, bool) or not isinstance(result, int | float | Decimal):
        raise StepFailed(indicator=indicator.code, reason="the formula gives no number")
    return _exact(result)


def _standard_score(indicator: Indicator, level: Level, value: Decimal | None) -> IndicatorScore:
    standard = indicator.standards[level]
    return _worth(indicator, value, standard, _index(indicator, standard, value))


def _index(indicator: Indicator, standard: Decimal, value: Decimal | None) -> Decimal:
    if value is None:
        return ZERO
    if indicator.negative:
        index = indicator.cap if value <= 0 else standard / value * FULL_INDEX
    else:
        index = value / standard * FULL_INDEX
    return half_up(min(max(index, ZERO), indicator.cap))


def _rank_score(indicator: Indicator, value: Decimal | None, all_values: Sequence[Decimal | None]) -> IndicatorScore:
    if value is None:
        return _worth(indicator, None, None, ZERO)
    known = [one for one in all_values if one is not None]
    better = sum(1 for one in known if (one < value if indicator.negative else one > value))
    return _worth(indicator, value, None, half_up(FULL_INDEX * (len(all_values) - better) / len(all_values)))


def _worth(indicator: Indicator, value: Decimal | None, standard: Decimal | None, index: Decimal) -> IndicatorScore:
    return IndicatorScore(
        code=indicator.code,
        name=indicator.name,
        unit=indicator.unit,
        value=None if value is None else half_up(value),
        standard=standard,
        index=index,
        weight=indicator.weight,
        points=half_up(index * indicator.weight / FULL_INDEX),
        gate=_gate(indicator, value),
    )


def _gate(indicator: Indicator, value: Decimal | None) -> bool | None:
    if indicator.gate is None:
        return None
    return value is not None and indicator.gate.evaluate({"value": value, "?": value}) is True


def _gathered(indicators: IndicatorSet, level: Level, worth: Sequence[IndicatorScore]) -> Score:
    groups = []
    for code, name in indicators.groups.items():
        members = {one.code for one in indicators.members(code)}
        points = sum((one.points for one in worth if one.code in members), ZERO)
        weight = sum((one.weight for one in worth if one.code in members), ZERO)
        groups.append(GroupScore(code, name, weight, points, half_up(points / weight * FULL_WEIGHT)))
    total = half_up(sum((group.points for group in groups), ZERO))
    gates_met = all(one.gate is not False for one in worth)
    return Score(indicators.code, level, total, gates_met, tuple(groups), tuple(worth))


def _exact(number: Number) -> Decimal:
    exact = number if isinstance(number, Decimal) else Decimal(str(number))
    if not exact.is_finite() or abs(exact) > LARGEST:
        raise StepFailed(reason="a figure is not finite or too large")
    return exact


def _plain_fields(row: IndicatorScore | GroupScore) -> dict[str, Any]:
    return {name: _plain(value) if isinstance(value, Decimal) else value for name, value in vars(row).items()}


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
