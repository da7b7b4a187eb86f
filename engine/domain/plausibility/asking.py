"""What is asked, about which figures, and what they are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Number = int | float | Decimal
Values = Mapping[str, Number | None]


@dataclass(frozen=True)
class Submission:
    """The figures that a unit submits for a year, and the digests of the evidence behind each."""

    unit: str
    year: int
    values: Values
    evidence: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Use:
    """A figure that a piece of evidence supports already."""

    unit: str
    year: int
    code: str


@dataclass(frozen=True)
class Background:
    """What a submission is compared with: the same unit a year before, the peers in both years, evidence in use.

    Peers are other units of the same tier, each as its figures of the year and of the year before.
    """

    before: Values = field(default_factory=dict)
    peers: Sequence[tuple[Values, Values]] = ()
    uses: Mapping[str, Sequence[Use]] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question about the figure `code`, in both languages, with the numbers it is about."""

    code: str
    rule: str
    zh: str
    en: str

    def plain(self) -> dict[str, Any]:
        """Return the question as JSON-plain data."""
        return {"code": self.code, "rule": self.rule, "zh": self.zh, "en": self.en}


def shown(number: Number) -> str:
    """Return a number as it is printed: no exponent, no zeros at its end."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
