"""Functions on numbers (DMN 1.3 chapter 10.3.4.5)."""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any, Final

from engine.domain.feel import limits
from engine.domain.feel.arithmetic import negative
from engine.domain.feel.builtins.registry import Signature, signature
from engine.domain.feel.values import DECIMAL, bounded, kind, less

_LARGEST_SCALE: Final = 34


def rounding(mode: str) -> Any:
    """Return the function that rounds a number to a scale (digits after the point) in one of decimal's modes."""

    def work(_meter: limits.Meter, value: int | Decimal, scale: int | Decimal | None = 0) -> int | Decimal | None:
        digits = 0 if scale is None else scale
        if not isinstance(digits, int) or abs(digits) > _LARGEST_SCALE:
            return None
        if isinstance(value, int) and digits >= 0:
            return value
        exact = Decimal(value)
        if isinstance(exact.as_tuple().exponent, int) and -int(exact.as_tuple().exponent) <= digits:
            return bounded(exact)
        return bounded(exact.quantize(Decimal(1).scaleb(-digits), rounding=mode, context=DECIMAL))

    return work


def _abs(_meter: limits.Meter, value: Any) -> Any:
    if kind(value) == "number":
        return DECIMAL.abs(value) if isinstance(value, Decimal) else abs(value)
    turned = negative(value)
    return turned if less(value, turned) else value


def _modulo(_meter: limits.Meter, dividend: int | Decimal, divisor: int | Decimal) -> int | Decimal:
    quotient = DECIMAL.divide(Decimal(dividend), Decimal(divisor)).to_integral_value(ROUND_FLOOR)
    return bounded(DECIMAL.subtract(Decimal(dividend), DECIMAL.multiply(Decimal(divisor), quotient)))


def _sqrt(_meter: limits.Meter, value: int | Decimal) -> int | Decimal:
    return bounded(DECIMAL.sqrt(value))


def _log(meter: limits.Meter, value: int | Decimal) -> int | Decimal | None:
    meter.spend(limits.STEPS_PER_SERIES)
    return bounded(DECIMAL.ln(value)) if value > 0 else None


def _exp(meter: limits.Meter, value: int | Decimal) -> int | Decimal:
    meter.spend(limits.STEPS_PER_SERIES)
    return bounded(DECIMAL.exp(value))


def _odd(_meter: limits.Meter, value: int | Decimal) -> bool | None:
    return value % 2 == 1 if isinstance(value, int) else None


def _even(_meter: limits.Meter, value: int | Decimal) -> bool | None:
    return value % 2 == 0 if isinstance(value, int) else None


SIGNATURES: Final[list[Signature]] = [
    signature("decimal", rounding(ROUND_HALF_EVEN), "n: number", "scale: number"),
    signature("floor", rounding(ROUND_FLOOR), "n: number", "scale?: number"),
    signature("ceiling", rounding(ROUND_CEILING), "n: number", "scale?: number"),
    signature("round up", rounding(ROUND_UP), "n: number", "scale?: number"),
    signature("round down", rounding(ROUND_DOWN), "n: number", "scale?: number"),
    signature("round half up", rounding(ROUND_HALF_UP), "n: number", "scale?: number"),
    signature("round half down", rounding(ROUND_HALF_DOWN), "n: number", "scale?: number"),
    signature("abs", _abs, "n: number"),
    signature("abs", _abs, "n: duration"),
    signature("modulo", _modulo, "dividend: number", "divisor: number"),
    signature("sqrt", _sqrt, "number: number"),
    signature("log", _log, "number: number"),
    signature("exp", _exp, "number: number"),
    signature("odd", _odd, "number: number"),
    signature("even", _even, "number: number"),
]
