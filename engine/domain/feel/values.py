"""The values an expression reckons with, how they are compared, and how they leave as text or JSON."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Final

from engine.clock import CIVIL
from engine.domain.feel import limits
from engine.errors import ExpressionFailed

DECIMAL: Final = Context(
    prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[InvalidOperation, DivisionByZero, Overflow]
)
MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = 86_400


class Duration:
    """A length of time, in one of FEEL's two kinds."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths(Duration):
    """A number of calendar months; `str()` gives ISO 8601."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        parts = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (parts or "0M")


@dataclass(frozen=True, slots=True, order=True)
class DaysTime(Duration):
    """An exact span; `str()` gives ISO 8601."""

    span: timedelta

    def __str__(self) -> str:
        span = abs(self.span)
        minutes, seconds = divmod(span.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        fraction = f".{span.microseconds:06}".rstrip("0") if span.microseconds else ""
        clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        clock += f"{seconds}{fraction}S" if seconds or fraction else ""
        text = (f"{span.days}D" if span.days else "") + ("T" + clock if clock else "")
        return ("-" if self.span < timedelta() else "") + "P" + (text or "T0S")


@dataclass(frozen=True, slots=True)
class Range:
    """All values from `start` to `end`."""

    start: Any
    end: Any
    start_included: bool
    end_included: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A function as a value; `invoke` takes the arguments in order, `types` are those the parameters declare."""

    parameters: tuple[str, ...]
    invoke: Callable[[list[Any]], Any]
    types: tuple[Any, ...] = ()


_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    float: "number",
    str: "string",
    datetime: "date and time",
    date: "date",
    time: "time",
    YearsMonths: "years and months duration",
    DaysTime: "days and time duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
}


def kind(value: Any) -> str:
    """Return the FEEL type of `value`; "foreign" for what no expression can use."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    return next((_KINDS[base] for base in type(value).__mro__ if base in _KINDS), "foreign")


def number(value: Any) -> int | Decimal | None:
    """Return `value` as an exact number, None when it is none; a float stands for what it prints as."""
    if type(value) is int:
        return value
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, float):
        exact = Decimal(repr(float(value)))
        return exact if exact.is_finite() else None
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def tidy(value: Decimal) -> int | Decimal:
    """Return a whole number as int, which is faster, and any other as it is."""
    if abs(value) <= limits.NUMBER and value == value.to_integral_value():
        return int(value)
    return value


def bounded(value: int | Decimal) -> int | Decimal:
    """Return `value`, whole numbers as int; raise ExpressionFailed beyond 10^18."""
    if not -limits.NUMBER <= value <= limits.NUMBER:
        raise ExpressionFailed(reason="a number is beyond 10^18")
    return tidy(value) if isinstance(value, Decimal) else value


def instant(value: datetime) -> datetime:
    """Return `value` with a zone; without one it is civil time (Asia/Shanghai)."""
    return value if value.tzinfo is not None else value.replace(tzinfo=CIVIL)


def _second_of_day(value: time) -> Decimal:
    offset = value.utcoffset()
    shift = 8 * 3600 if offset is None else offset.total_seconds()
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return seconds + Decimal(value.microsecond) / 1_000_000 - Decimal(shift)


_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "number": number,
    "string": str,
    "date": lambda value: value,
    "date and time": instant,
    "time": _second_of_day,
    "years and months duration": lambda value: value.months,
    "days and time duration": lambda value: value.span,
}


def comparable(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Return both as values Python orders rightly, None when FEEL gives them no order."""
    found = kind(left)
    if found not in _KEYS or kind(right) != found:
        return None
    key = _KEYS[found]
    pair = key(left), key(right)
    return None if pair[0] is None or pair[1] is None else pair


def place(value: Any) -> tuple[str, Any] | None:
    """Return the kind of a value and where it lies among its kind; None for what has no place, such as lists."""
    found = kind(value)
    if found in ("null", "boolean"):
        return found, value
    key = _KEYS[found](value) if found in _KEYS else None
    return None if key is None else (found, key)


def less(left: Any, right: Any) -> bool | None:
    """Tell whether `left` < `right`; None when they have no order."""
    if type(left) is int and type(right) is int:
        return left < right
    pair = comparable(left, right)
    return None if pair is None else bool(pair[0] < pair[1])


def less_or_equal(left: Any, right: Any) -> bool | None:
    """Tell whether `left` ≤ `right`; None when they have no order."""
    if type(left) is int and type(right) is int:
        return left <= right
    pair = comparable(left, right)
    return None if pair is None else bool(pair[0] <= pair[1])


def equal(meter: limits.Meter, left: Any, right: Any) -> bool | None:
    """Tell whether two values are the same; None when their kinds differ. Null equals null only."""
    same = type(left) is type(right)
    if same and (type(left) is int or type(left) is str):
        return bool(left == right)
    if left is None or right is None:
        return left is right
    if kind(left) != kind(right):
        return None
    return canonical(meter, left) == canonical(meter, right)


def canonical(meter: limits.Meter, value: Any) -> Hashable:
    """Return a hashable stand-in that is equal exactly when the values are."""
    meter.spend(1)
    found = kind(value)
    if found in _KEYS:
        return found, _KEYS[found](value)
    if found == "list":
        return found, tuple([canonical(meter, item) for item in value])
    if found == "context":
        return found, frozenset([(key, canonical(meter, item)) for key, item in value.items()])
    if found == "range":
        ends = canonical(meter, value.start), canonical(meter, value.end)
        return found, ends, value.start_included, value.end_included
    return found, value if found in ("null", "boolean") else id(value)


def within(span: Range, value: Any) -> bool | None:
    """Tell whether `value` lies in `span`; None when it cannot be compared with an end."""
    above = (less_or_equal if span.start_included else less)(span.start, value)
    below = (less_or_equal if span.end_included else less)(value, span.end)
    if above is False or below is False:
        return False
    return None if above is None or below is None else True


def digits(value: int | Decimal) -> str:
    """Return a number as plain digits, without exponent and trailing zeros."""
    if isinstance(value, int):
        return str(value)
    text = format(DECIMAL.plus(value), "f") if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text
