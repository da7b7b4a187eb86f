"""What a score is reckoned from, and the arithmetic of official statistics: decimals, rounded half up to two places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from engine.errors import StepFailed

Number = int | float | Decimal
Values = Mapping[str, Number | None]
ExpertScores = Mapping[str, Sequence[Number]]

CENT = Decimal("0.01")
ZERO = Decimal()
HUNDRED = Decimal(100)
TRIM_FROM = 5
LARGEST = Decimal(10) ** 18


@dataclass(frozen=True)
class Reported:
    """What is known of a unit: its figures and the experts' scores of a year, and what it reported in earlier years.

    `definitions` says under which definition (口径) a figure was reported, where that is known; expert scores are 0
    to 100, by code of indicator.
    """

    values: Values
    expert_scores: ExpertScores = field(default_factory=dict)
    year: int | None = None
    earlier: Mapping[int, "Reported"] = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)

    def of(self, year: int | None) -> "Reported | None":
        """Return what was reported for `year`; none when that is not known."""
        return self if year is not None and year == self.year else self.earlier.get(year or 0)

    @property
    def last(self) -> "Reported | None":
        """Return what was reported for the year before."""
        return None if self.year is None else self.earlier.get(self.year - 1)


def half_up(number: Decimal) -> Decimal:
    """Round half up to two places, away from zero."""
    return number.quantize(CENT, ROUND_HALF_UP)


def expert_mean(scores: Sequence[Number]) -> Decimal | None:
    """Return the mean to two places, without one highest and one lowest when there are five scores or more."""
    known = sorted(exact(one) for one in scores)
    kept = known[1:-1] if len(known) >= TRIM_FROM else known
    return half_up(sum(kept, ZERO) / len(kept)) if kept else None


def growth(now: Number | None, before: Number | None) -> Decimal | None:
    """Return by how many per cent a figure grew, to two places; none where there is nothing to compare it with."""
    if now is None or before is None or exact(before) <= 0:
        return None
    return half_up((exact(now) - exact(before)) / exact(before) * HUNDRED)


def exact(number: Number) -> Decimal:
    """Return the number that was written, not its binary neighbour; raise StepFailed beyond reason."""
    written = number if isinstance(number, Decimal) else Decimal(str(number))
    if not written.is_finite() or abs(written) > LARGEST:
        raise StepFailed(reason="a figure is not finite or too large")
    return written


def plain(number: Decimal) -> int | float:
    """Return a number as JSON writes it."""
    return int(number) if number == number.to_integral_value() else float(number)
