"""The operators + - * / ** over numbers, texts, dates and durations (DMN 1.3 chapter 10.3.2.15)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, Overflow
from typing import Any, Final

from engine.clock import CIVIL
from engine.domain.feel import limits
from engine.domain.feel.values import (
    DECIMAL,
    MICROSECOND,
    DaysTime,
    YearsMonths,
    bounded,
    comparable,
    instant,
    kind,
    number,
)
from engine.errors import ExpressionFailed

_MONTHS: Final = "years and months duration"
_SPAN: Final = "days and time duration"
_MOMENT: Final = "date and time"


def plus(left: Any, right: Any) -> Any:
    """Return the sum of numbers, the joined texts, or the moment moved by a duration; None for other pairs."""
    if type(left) is int and type(right) is int:
        return bounded(left + right)
    return _apply(_PLUS, left, right)


def minus(left: Any, right: Any) -> Any:
    """Return the difference; of two dates or moments it is a duration in days and time."""
    if type(left) is int and type(right) is int:
        return bounded(left - right)
    return _apply(_MINUS, left, right)


def times(left: Any, right: Any) -> Any:
    """Return the product of two numbers or of a number and a duration."""
    if type(left) is int and type(right) is int:
        return bounded(left * right)
    return _apply(_TIMES, left, right)


def over(left: Any, right: Any) -> Any:
    """Return the quotient of numbers, or of a duration by a number or by its like; by zero is None."""
    return _apply(_OVER, left, right)


def power(left: Any, right: Any) -> Any:
    """Return `left` raised to `right`, None when that is no number."""
    return _apply(_POWER, left, right)


def negative(value: Any) -> Any:
    """Return a number or a duration with its sign turned, None for anything else."""
    found = kind(value)
    if found == "number":
        exact = number(value)
        return exact if exact is None else DECIMAL.minus(exact) if isinstance(exact, Decimal) else -exact
    if found == _MONTHS:
        return YearsMonths(-value.months)
    return DaysTime(-value.span) if found == _SPAN else None


def move_months(day: date, months: int) -> date:
    """Return `day`, a date or a date and time, moved by calendar months; the month's last day where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=min(last, day.day))
        except ValueError:
            continue
    raise OverflowError


def _apply(table: dict[tuple[str, str], Callable[[Any, Any], Any]], left: Any, right: Any) -> Any:
    work = table.get((kind(left), kind(right)))
    try:
        return None if work is None else work(left, right)
    except (ArithmeticError, ValueError):
        return None


def _numbers(work: Callable[[Any, Any], Decimal]) -> Callable[[Any, Any], Any]:
    def both(left: Any, right: Any) -> Any:
        first, second = number(left), number(right)
        if first is None or second is None:
            return None
        try:
            return bounded(work(first, second))
        except Overflow:
            raise ExpressionFailed(reason="a number is beyond 10^18") from None

    return both


def _move_span(moment: datetime, duration: DaysTime) -> datetime:
    if moment.tzinfo is None:
        return moment + duration.span
    return (moment.astimezone(UTC) + duration.span).astimezone(moment.tzinfo)


def _move_date(day: date, duration: DaysTime) -> date:
    return (datetime.combine(day, time()) + duration.span).date()


def _turn_clock(clock: time, duration: DaysTime) -> time:
    return (datetime.combine(_LEAP_YEAR, clock) + timedelta(microseconds=_micro(duration) % _DAY)).timetz()


def _micro(duration: DaysTime) -> int:
    return duration.span // MICROSECOND


def _between(left: date, right: date) -> DaysTime:
    return DaysTime(_as_moment(left) - _as_moment(right))


def _as_moment(value: date) -> datetime:
    return instant(value if isinstance(value, datetime) else datetime.combine(value, time(), CIVIL))


def _between_clocks(left: time, right: time) -> DaysTime:
    pair = comparable(left, right)
    return DaysTime(timedelta(microseconds=int((pair[0] - pair[1]) * 1_000_000))) if pair else DaysTime(timedelta())


def _scale_months(duration: YearsMonths, factor: Any) -> YearsMonths | None:
    exact = number(factor)
    return None if exact is None else YearsMonths(_whole(DECIMAL.multiply(duration.months, exact), _MOST_MONTHS))


def _scale_span(duration: DaysTime, factor: Any) -> DaysTime | None:
    exact = number(factor)
    return None if exact is None else _span(DECIMAL.multiply(_micro(duration), exact))


def _share_months(duration: YearsMonths, divisor: Any) -> YearsMonths | None:
    exact = number(divisor)
    return None if exact is None else YearsMonths(_whole(DECIMAL.divide(duration.months, exact), _MOST_MONTHS))


def _share_span(duration: DaysTime, divisor: Any) -> DaysTime | None:
    exact = number(divisor)
    return None if exact is None else _span(DECIMAL.divide(_micro(duration), exact))


def _span(microseconds: Decimal) -> DaysTime:
    return DaysTime(timedelta(microseconds=_whole(microseconds, 10**20)))


def _whole(value: Decimal, most: int) -> int:
    if not -most <= value <= most:
        raise OverflowError
    return int(value)


_DAY: Final = 86_400 * 10**6
_LEAP_YEAR: Final = date(2000, 2, 1)
_MOST_MONTHS: Final = 12 * 10_000

_Table = dict[tuple[str, str], Callable[[Any, Any], Any]]
_PLUS: Final[_Table] = {
    ("number", "number"): _numbers(DECIMAL.add),
    ("string", "string"): lambda left, right: limits.text(left + right),
    ("date", _MONTHS): lambda day, duration: move_months(day, duration.months),
    (_MONTHS, "date"): lambda duration, day: move_months(day, duration.months),
    (_MOMENT, _MONTHS): lambda day, duration: move_months(day, duration.months),
    (_MONTHS, _MOMENT): lambda duration, day: move_months(day, duration.months),
    ("date", _SPAN): _move_date,
    (_SPAN, "date"): lambda duration, day: _move_date(day, duration),
    (_MOMENT, _SPAN): _move_span,
    (_SPAN, _MOMENT): lambda duration, moment: _move_span(moment, duration),
    ("time", _SPAN): _turn_clock,
    (_SPAN, "time"): lambda duration, clock: _turn_clock(clock, duration),
    (_MONTHS, _MONTHS): lambda left, right: YearsMonths(left.months + right.months),
    (_SPAN, _SPAN): lambda left, right: DaysTime(left.span + right.span),
}
_MINUS: Final[_Table] = {
    ("number", "number"): _numbers(DECIMAL.subtract),
    ("date", "date"): _between,
    (_MOMENT, _MOMENT): _between,
    (_MOMENT, "date"): _between,
    ("date", _MOMENT): _between,
    ("time", "time"): _between_clocks,
    ("date", _MONTHS): lambda day, duration: move_months(day, -duration.months),
    (_MOMENT, _MONTHS): lambda day, duration: move_months(day, -duration.months),
    ("date", _SPAN): lambda day, duration: _move_date(day, DaysTime(-duration.span)),
    (_MOMENT, _SPAN): lambda moment, duration: _move_span(moment, DaysTime(-duration.span)),
    ("time", _SPAN): lambda clock, duration: _turn_clock(clock, DaysTime(-duration.span)),
    (_MONTHS, _MONTHS): lambda left, right: YearsMonths(left.months - right.months),
    (_SPAN, _SPAN): lambda left, right: DaysTime(left.span - right.span),
}
_TIMES: Final[_Table] = {
    ("number", "number"): _numbers(DECIMAL.multiply),
    (_MONTHS, "number"): _scale_months,
    ("number", _MONTHS): lambda factor, duration: _scale_months(duration, factor),
    (_SPAN, "number"): _scale_span,
    ("number", _SPAN): lambda factor, duration: _scale_span(duration, factor),
}
_OVER: Final[_Table] = {
    ("number", "number"): _numbers(DECIMAL.divide),
    (_MONTHS, "number"): _share_months,
    (_SPAN, "number"): _share_span,
    (_MONTHS, _MONTHS): lambda left, right: bounded(DECIMAL.divide(left.months, right.months)),
    (_SPAN, _SPAN): lambda left, right: bounded(DECIMAL.divide(_micro(left), _micro(right))),
}
_POWER: Final[_Table] = {("number", "number"): _numbers(DECIMAL.power)}
