"""Hit policies: which of the rules that match give the answer (DMN 1.3 chapter 8.2.8)."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final

from engine.domain.feel import builtins, limits
from engine.domain.feel.values import canonical
from engine.errors import DecisionFailed


class HitPolicy(Enum):
    """Which of the rules that match give the answer (DMN 1.3 chapter 8.2.8); the value is the letter owners see."""

    UNIQUE = "U"
    ANY = "A"
    PRIORITY = "P"
    FIRST = "F"
    RULE_ORDER = "R"
    OUTPUT_ORDER = "O"
    COLLECT = "C"
    COLLECT_SUM = "C+"
    COLLECT_MIN = "C<"
    COLLECT_MAX = "C>"
    COLLECT_COUNT = "C#"


LISTS: Final = frozenset({HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER, HitPolicy.COLLECT})
RANKED: Final = frozenset({HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER})
AGGREGATES: Final = {
    HitPolicy.COLLECT_SUM: "sum",
    HitPolicy.COLLECT_MIN: "min",
    HitPolicy.COLLECT_MAX: "max",
    HitPolicy.COLLECT_COUNT: "count",
}

Answer = tuple[Any, ...]


def several(policy: HitPolicy, rules: Sequence[int]) -> None:
    """Raise DecisionFailed when so many rules (numbered from 1) may not match together."""
    if policy is HitPolicy.UNIQUE and len(rules) > 1:
        raise DecisionFailed(reason="several rules of a UNIQUE table match", rules=list(rules))


def agree(meter: limits.Meter, answers: Sequence[Answer]) -> None:
    """Raise DecisionFailed when the answers of an ANY table differ."""
    first = canonical(meter, list(answers[0]))
    if any(canonical(meter, list(answer)) != first for answer in answers[1:]):
        raise DecisionFailed(reason="rules of an ANY table match with different answers")


def ranked(answers: list[Answer], rank: Callable[[Answer], list[int]]) -> list[Answer]:
    """Return the answers, the one of the highest priority first."""
    return sorted(answers, key=rank)


def aggregated(meter: limits.Meter, policy: HitPolicy, values: list[Any]) -> Any:
    """Return the sum, the least, the greatest or the count of the answers; raise DecisionFailed when there is none."""
    takers = builtins.accepting(AGGREGATES[policy], 1, ())
    found = builtins.invoke(meter, takers, [values])
    if found is None:
        raise DecisionFailed(reason=f"{policy.name} cannot reckon with these answers")
    return found
