"""The index of one indicator, method by method; 100 is the mark of a unit that does what is asked of it.

科技进步统计监测 gives value ÷ standard with a cap; 武进区 2010 考核 gives points pro rata and a bonus of so many points
at most; 余杭科技创新指数 measures against a base year; 变化情况 against the year before; the places are those of the
2012 市县科技产出绩效挂钩补助; 功效系数法 is 60 + 40 × (x − low) ÷ (high − low).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.indicators import Indicator, Level, Method
from engine.domain.scoring.figures import HUNDRED, ZERO, half_up

PASSED, SPAN = Decimal(60), Decimal(40)
BY_STANDARD = frozenset({Method.STANDARD, Method.TARGET, Method.EXPERTS})
AGAINST_EARLIER = frozenset({Method.BASE_INDEX, Method.CHANGE})


@dataclass(frozen=True)
class Measured:
    """The value of an indicator, and of the year it is measured against where its method asks for one."""

    value: Decimal | None
    base: Decimal | None = None
    carried: bool = False


def index(
    indicator: Indicator, level: Level, measured: Measured, everybody: Sequence[Decimal | None]
) -> Decimal | None:
    """Return the index to two places, 0 to the cap; none when there is nothing to reckon it from.

    `everybody` holds the values of all units, this one among them, for methods that compare.
    """
    value = measured.value
    if value is None:
        return None
    if indicator.method is Method.RANK:
        return half_up(_place(indicator, value, everybody))
    ranges = indicator.method is Method.MIN_MAX
    against = reference(indicator, level, measured)
    raw = _between(indicator, value, everybody) if ranges else _ratio(indicator, value, against)
    return None if raw is None else half_up(min(max(raw, ZERO), highest(indicator)))


def reference(indicator: Indicator, level: Level, measured: Measured) -> Decimal | None:
    """Return what the value is measured against: a standard, a target, or its own value of another year."""
    if indicator.method in AGAINST_EARLIER:
        return measured.base
    return indicator.standards[level] if indicator.method in BY_STANDARD else None


def highest(indicator: Indicator) -> Decimal:
    """Return the largest index: the cap, and for targets what the bonus allows."""
    if indicator.method is Method.TARGET:
        return min(indicator.cap, HUNDRED + indicator.bonus * HUNDRED / indicator.weight)
    return indicator.cap


def _ratio(indicator: Indicator, value: Decimal, against: Decimal | None) -> Decimal | None:
    if against is None or against <= 0:
        return None
    if indicator.negative:
        return highest(indicator) if value <= 0 else against / value * HUNDRED
    return value / against * HUNDRED


def _between(indicator: Indicator, value: Decimal, everybody: Sequence[Decimal | None]) -> Decimal:
    known = sorted(one for one in everybody if one is not None) or [value]
    worst, best = (known[-1], known[0]) if indicator.negative else (known[0], known[-1])
    low = worst if indicator.low is None else indicator.low
    high = best if indicator.high is None else indicator.high
    return HUNDRED if low == high else PASSED + SPAN * (value - low) / (high - low)


def _place(indicator: Indicator, value: Decimal, everybody: Sequence[Decimal | None]) -> Decimal:
    known = [one for one in everybody if one is not None]
    better = sum(1 for one in known if (one < value if indicator.negative else one > value))
    return HUNDRED * (len(everybody) - better) / len(everybody)
