"""Functions on dates and times (DMN 1.3 chapter 10.3.4.8, with those of DMN 1.4)."""

from calendar import monthrange
from datetime import date, datetime
from typing import Final

from engine.clock import CIVIL, now, today
from engine.domain.feel import limits, temporal
from engine.domain.feel.builtins.registry import Signature, signature

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _now(_meter: limits.Meter) -> datetime:
    return now().astimezone(CIVIL)


def _today(_meter: limits.Meter) -> date:
    return today()


def _day_of_year(_meter: limits.Meter, day: date) -> int:
    return day.timetuple().tm_yday


def _day_of_week(_meter: limits.Meter, day: date) -> str:
    return temporal.weekday(day)


def _month_of_year(_meter: limits.Meter, day: date) -> str:
    return _MONTHS[day.month - 1]


def _week_of_year(_meter: limits.Meter, day: date) -> int:
    return day.isocalendar().week


def _last_day_of_month(_meter: limits.Meter, day: date) -> int:
    return monthrange(day.year, day.month)[1]


SIGNATURES: Final[list[Signature]] = [
    signature("now", _now),
    signature("today", _today),
    signature("day of year", _day_of_year, "date: day"),
    signature("day of week", _day_of_week, "date: day"),
    signature("month of year", _month_of_year, "date: day"),
    signature("week of year", _week_of_year, "date: day"),
    signature("last day of month", _last_day_of_month, "date: day"),
]
