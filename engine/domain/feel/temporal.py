"""Dates, times and durations: read from ISO 8601, written to it, and asked for their parts."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from engine.domain.feel.values import DECIMAL, DaysTime, YearsMonths, kind, tidy

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(
    r"(\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}(?::\d{2})?|@[\w/+-]{1,60})?", re.ASCII
)
_DURATION: Final = re.compile(
    r"(-)?P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=.)(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12})(?:\.(\d{1,9}))?S)?)?",
    re.ASCII,
)
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def read(text: str) -> Any:
    """Return the date, date and time, time or duration that `text` is, None for anything else."""
    if text.startswith(("P", "-P")):
        return read_duration(text)
    return read_date(text) or (read_date_time(text) if "T" in text else read_time(text))


def read_date(text: str) -> date | None:
    """Return the date of a text such as 2026-08-31, None when there is none such."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Return the time of a text such as 09:30:00+08:00, None when there is none such."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        clock = time.fromisoformat(found[1]).replace(microsecond=int((found[2] or "0")[:6].ljust(6, "0")))
        return clock.replace(tzinfo=_zone(found[3]))
    except (ValueError, OSError, LookupError):
        return None


def read_date_time(text: str) -> datetime | None:
    """Return the date and time of a text such as 2026-08-31T09:30:00@Asia/Shanghai; a bare date is its midnight."""
    day, _, clock = text.partition("T")
    found, moment = read_date(day), read_time(clock) if clock else time()
    return None if found is None or moment is None else datetime.combine(found, moment)


def _zone(text: str | None) -> Any:
    if not text:
        return None
    if text == "Z":
        return UTC
    if text.startswith("@"):
        if text[1:] not in _zones():  # looking for a file on the disk takes too long to be asked for again and again
            raise LookupError(text)
        return ZoneInfo(text[1:])
    hours, minutes, *seconds = (int(part) for part in text[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
    return timezone(-offset if text[0] == "-" else offset)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def read_duration(text: str) -> YearsMonths | DaysTime | None:
    """Return the duration of a text such as P2Y or P3DT4H; FEEL does not mix months with days."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    sign = -1 if found[1] else 1
    years, months, *rest = (int(part or 0) for part in found.groups()[1:8])
    if found[2] or found[3]:
        return None if any(found.groups()[3:]) else YearsMonths(sign * (years * 12 + months))
    weeks, days, hours, minutes, seconds = rest
    fraction = int((found[9] or "0")[:6].ljust(6, "0"))
    try:
        span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=fraction)
    except OverflowError:
        return None
    return DaysTime(sign * span)


def write(value: date | datetime | time) -> str:
    """Return the ISO 8601 text of a date, a time, or both; a named zone follows an @."""
    if not isinstance(value, datetime | time):
        return value.isoformat()
    text = value.replace(tzinfo=None).isoformat()
    text = text.rstrip("0") if value.microsecond else text
    if isinstance(value.tzinfo, ZoneInfo):
        return f"{text}@{value.tzinfo.key}"
    if value.tzinfo is None:
        return text
    return text + ("Z" if value.tzinfo is UTC else value.isoformat()[len(value.replace(tzinfo=None).isoformat()) :])


def _second(value: Any) -> Any:
    return tidy(DECIMAL.add(Decimal(value.second), Decimal(value.microsecond).scaleb(-6)))


def _offset(value: Any) -> DaysTime | None:
    offset = value.utcoffset()
    return None if offset is None else DaysTime(offset)


def _zone_name(value: Any) -> str | None:
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


def _parts(span: timedelta, size: int, wrap: int) -> int:
    whole = int(abs(span).total_seconds()) // size % wrap
    return -whole if span < timedelta() else whole


_CALENDAR: Final[dict[str, Callable[[Any], Any]]] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: value.isoweekday(),
}
_CLOCK: Final[dict[str, Callable[[Any], Any]]] = {
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": _second,
    "time offset": _offset,
    "timezone": _zone_name,
}
_PROPERTIES: Final[dict[str, dict[str, Callable[[Any], Any]]]] = {
    "date": _CALENDAR,
    "date and time": _CALENDAR | _CLOCK,
    "time": _CLOCK,
    "years and months duration": {
        "years": lambda value: int(value.months / 12),
        "months": lambda value: abs(value.months) % 12 * (-1 if value.months < 0 else 1),
    },
    "days and time duration": {
        "days": lambda value: _parts(value.span, 86_400, 10**12),
        "hours": lambda value: _parts(value.span, 3_600, 24),
        "minutes": lambda value: _parts(value.span, 60, 60),
        "seconds": lambda value: _parts(value.span, 1, 60),
    },
    "range": {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}


def part(value: Any, name: str) -> Any:
    """Return a part of a date, a time, a duration or a range by its FEEL name, None when it has none such."""
    found = _PROPERTIES.get(kind(value), {}).get(name)
    return None if found is None else found(value)


def weekday(value: date) -> str:
    """Return the English name of the day, as DMN asks."""
    return _WEEKDAYS[value.weekday()]
