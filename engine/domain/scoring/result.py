"""What a score looks like: indicator by indicator, group by group, with what was done about gaps and definitions."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engine.domain.indicators import Level, Method, Missing
from engine.domain.scoring.figures import growth, half_up, plain


@dataclass(frozen=True)
class IndicatorScore:
    """What one indicator is worth; `treated` says what was done where there was no value to score.

    `weight` is what it weighs here: nothing when it is left out, more than the set says when others are.
    """

    code: str
    name: str
    unit: str
    value: Decimal | None
    standard: Decimal | None
    index: Decimal
    weight: Decimal
    points: Decimal
    gate: bool | None
    method: Method = Method.STANDARD
    base: Decimal | None = None
    treated: Missing | None = None

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
class Bridged:
    """A figure that was reported under another definition than the set counts by, and turned into one under this."""

    code: str
    reported: str
    counted: str
    before: Decimal
    after: Decimal

    def plain(self) -> dict[str, Any]:
        """Return it as JSON-plain data."""
        values = {"before": plain(self.before), "after": plain(self.after)}
        return {"code": self.code, "from": self.reported, "to": self.counted, **values}


@dataclass(frozen=True)
class Score:
    """The whole score of one unit.

    `foreign` names figures reported under another definition, from which no bridge leads: counted as they are.
    """

    indicator_set: str
    level: Level
    total: Decimal
    gates_met: bool
    groups: tuple[GroupScore, ...]
    indicators: tuple[IndicatorScore, ...]
    bridged: tuple[Bridged, ...] = ()
    foreign: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the score as JSON-plain data; `total` and `gates_met` are what decisions ask for."""
        return {
            "set": self.indicator_set,
            "level": self.level.value,
            "total": plain(self.total),
            "gates_met": self.gates_met,
            "gates": [{"code": one.code, "met": one.gate} for one in self.indicators if one.gate is not None],
            "missing": [one.code for one in self.indicators if one.missing],
            "groups": [_plain_fields(group) for group in self.groups],
            "indicators": [{**_plain_fields(one), "missing": one.missing} for one in self.indicators],
            "bridged": [one.plain() for one in self.bridged],
            "foreign": list(self.foreign),
        }


def change(now: Score, before: Score) -> dict[str, Any]:
    """Return by how much total, groups and indicators moved since the score `before`: the published 变化情况.

    Points of the total, index points of groups and indicators; those that only one of the two sets has are left out.
    """
    return {
        "total": plain(half_up(now.total - before.total)),
        "growth": None if (rate := growth(now.total, before.total)) is None else plain(rate),
        "groups": _moved(now.groups, before.groups),
        "indicators": _moved(now.indicators, before.indicators),
    }


def _moved(
    now: tuple[GroupScore, ...] | tuple[IndicatorScore, ...],
    before: tuple[GroupScore, ...] | tuple[IndicatorScore, ...],
) -> list[dict[str, Any]]:
    old = {one.code: one.index for one in before}
    return [
        {"code": one.code, "name": one.name, "change": plain(half_up(one.index - old[one.code]))}
        for one in now
        if one.code in old
    ]


def _plain_fields(row: IndicatorScore | GroupScore) -> dict[str, Any]:
    return {name: _plain(value) for name, value in vars(row).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value.value if isinstance(value, StrEnum) else value
