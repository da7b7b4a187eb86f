"""How far a figure lies from where it would be expected, told by medians (中位数) and their deviations (MAD)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from engine.domain.plausibility.asking import Background, Number, Values

# Makes the median absolute deviation an estimate of the standard deviation of a normal distribution.
NORMAL = 1.4826
NARROWEST = 0.03
# Where too few peers are known, figures of a county are taken to move by about a tenth a year.
FEW_PEERS, USUAL = 8, 0.1
COUNTED = frozenset({"家", "件", "项", "人", "人年", "个"})
SCALE = "population"


@dataclass(frozen=True)
class Spread:
    """The middle of many values and how far they usually lie from it."""

    middle: float
    width: float


def spread(values: Iterable[float], narrowest: float = NARROWEST) -> Spread | None:
    """Return the spread of `values`; none of too few."""
    known = list(values)
    if len(known) < FEW_PEERS:
        return None
    middle = median(known)
    return Spread(middle, max(median(abs(one - middle) for one in known) * NORMAL, narrowest))


def positive(values: Values, code: str) -> float | None:
    """Return a figure above zero; none where there is no such."""
    value = values.get(code)
    return float(value) if value is not None and value > 0 else None


def growth(background: Background, code: str) -> Spread:
    """Return by how much the peers' figure moved on the year before, as logarithms."""
    pairs = ((positive(now, code), positive(before, code)) for now, before in background.peers)
    return spread(math.log(now / before) for now, before in pairs if now and before) or Spread(0, USUAL)


def size(background: Background, code: str) -> Spread | None:
    """Return the peers' figure by head, as logarithms; none of too few."""
    pairs = ((positive(now, code), positive(now, SCALE)) for now, _ in background.peers)
    return spread(math.log(value / heads) for value, heads in pairs if value and heads)


def rates(background: Background, code: str) -> Spread | None:
    """Return the peers' figure as it is, for figures that are per cent; none of too few."""
    return spread((float(value) for now, _ in background.peers if (value := now.get(code)) is not None), 2)


def noise(unit: str, *values: float) -> float:
    """Return what chance alone does to a count, as a share of it: few patents double easily, many do not."""
    return sum(1 / value for value in values if value) if unit in COUNTED else 0


def significant(value: Number) -> str:
    """Return the digits of a number without sign, point and zeros around them."""
    return f"{abs(value):f}".replace(".", "").strip("0") if value else ""
