"""What an indicator set is made of: inputs, indicators, groups, and since when and by what document it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.domain import feel

FULL_WEIGHT = Decimal(100)


class Kind(StrEnum):
    """What an indicator judges by; the guidance asks for both, most of them quantities (五(四))."""

    QUANT = "quant"  # figures
    QUAL = "qual"  # what experts think
    RANK = "rank"  # figures, by their place among all units


class Method(StrEnum):
    """How the index of an indicator is reckoned from its value x."""

    STANDARD = "standard"  # x ÷ standard × 100 up to the cap: 科技进步统计监测
    TARGET = "target"  # x ÷ target × 100, above it a bonus of so many points at most: 武进区 2010 考核
    BASE_INDEX = "base_index"  # x ÷ x of the base year × 100: 余杭科技创新指数
    RANK = "rank"  # the best of N gets 100, each place down 100 ÷ N less
    MIN_MAX = "min_max"  # 60 + 40 × (x − low) ÷ (high − low): 功效系数法
    EXPERTS = "experts"  # the mean of the experts' scores without the extremes
    CHANGE = "change"  # x ÷ x of the year before × 100: 变化情况


class Missing(StrEnum):
    """What becomes of an indicator without a value."""

    ZERO = "zero"  # it counts nothing
    HALF = "half"  # it counts half
    EXCLUDE = "exclude"  # it is left out, and the others weigh more
    LAST_YEAR = "last_year"  # the figures of the year before are taken
    BLOCK = "block"  # the unit cannot be scored


class Level(StrEnum):
    """Which standard a unit is held to."""

    CITY = "city"  # 设区市
    COUNTY = "county"  # 县（市、区）


class Tie(StrEnum):
    """How one input is bound to another, for the checks of submitted figures."""

    PART = "part of"  # never more than the other
    SHARE = "share of"  # so too, and all shares together are never more than the other
    LAST_YEAR = "last year of"  # what the other was in the year before
    GROWTH = "growth of"  # by how many per cent the other grew on the year before


@dataclass(frozen=True)
class RawInput:
    """A figure that a unit reports; several indicators may use it.

    `definition` is the version of its statistical definition (口径) that the set counts by, `bridges` turn a value
    under another definition into one under this: FEEL expressions over `value`, by that other definition. `range`
    holds what is possible at all, as unary tests.
    """

    code: str
    name: str
    unit: str
    definition: str = ""
    bridges: Mapping[str, feel.Expression] = field(default_factory=dict, compare=False)
    ties: tuple[tuple[Tie, str], ...] = ()
    range: feel.Expression | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Indicator:
    """One indicator of a set; a formula in FEEL gives its value from the raw inputs."""

    code: str
    name: str
    group: str
    unit: str
    negative: bool
    kind: Kind
    weight: Decimal
    standards: Mapping[Level, Decimal]
    cap: Decimal
    gate: feel.Expression | None
    formula: feel.Expression | None
    raw: tuple[RawInput, ...]
    owner: str
    basis: str
    method: Method = Method.STANDARD
    missing: Missing = Missing.ZERO
    low: Decimal | None = None
    high: Decimal | None = None
    bonus: Decimal = Decimal()
    base_year: int | None = None

    @property
    def compares(self) -> bool:
        """Return whether its index needs the values of all units."""
        return self.method is Method.RANK or (self.method is Method.MIN_MAX and self.low is None)


@dataclass(frozen=True)
class About:
    """What a set says of itself: title, series and version, the days it holds (the last one exclusive), its basis."""

    title: str = ""
    series: str = ""
    version: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    basis: str = ""

    def holds(self, on: date) -> bool:
        """Return whether the set is in force on the day `on`."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True)
class IndicatorSet:
    """A complete indicator system: its groups in order and their indicators in order; an empty one awaits import."""

    code: str
    groups: Mapping[str, str]
    indicators: tuple[Indicator, ...]
    about: About = About()

    def members(self, group: str) -> list[Indicator]:
        """Return the indicators of `group` in order."""
        return [indicator for indicator in self.indicators if indicator.group == group]

    def raw_inputs(self) -> list[RawInput]:
        """Return every figure a unit reports, once each, in the order of the indicators."""
        found = {raw.code: raw for indicator in self.indicators if indicator.formula for raw in indicator.raw}
        return list(found.values())
