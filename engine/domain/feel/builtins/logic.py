"""Functions on truth and on any value (DMN 1.3 chapter 10.3.4.2 and 10.3.4.6)."""

from typing import Any, Final

from engine.domain.feel import limits
from engine.domain.feel.builtins.registry import Signature, signature
from engine.domain.feel.values import comparable, kind


def _not(_meter: limits.Meter, negand: Any) -> bool | None:
    return not negand if isinstance(negand, bool) else None


def _is(_meter: limits.Meter, first: Any, second: Any) -> bool:
    if kind(first) != kind(second) or kind(first) == "foreign":
        return False
    if hasattr(first, "tzinfo") and getattr(first, "tzinfo", None) != getattr(second, "tzinfo", None):
        return False
    pair = comparable(first, second)
    return bool(first == second) if pair is None else bool(pair[0] == pair[1])


def _is_defined(_meter: limits.Meter, value: Any) -> bool:
    return value is not None


def _get_or_else(_meter: limits.Meter, value: Any, default: Any) -> Any:
    return default if value is None else value


SIGNATURES: Final[list[Signature]] = [
    signature("not", _not, "negand: any"),
    signature("is", _is, "value1: any", "value2: any"),
    signature("is defined", _is_defined, "value: any"),
    signature("get or else", _get_or_else, "value: any", "default: any"),
]
