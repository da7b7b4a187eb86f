"""Functions that make one kind of value from another (DMN 1.3 chapter 10.3.4.1)."""

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from engine.clock import CIVIL
from engine.domain.feel import limits, output, temporal
from engine.domain.feel.builtins.registry import Signature, signature
from engine.domain.feel.values import DECIMAL, DaysTime, YearsMonths, bounded

_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_LONGEST_NUMBER: Final = 100


def _string(meter: limits.Meter, value: Any) -> str | None:
    return output.text(meter, value)


def _number(_meter: limits.Meter, text: str) -> int | Decimal | None:
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    return bounded(DECIMAL.create_decimal(text))


def _same_number(_meter: limits.Meter, value: int | Decimal) -> int | Decimal:
    return value


def _grouped_number(meter: limits.Meter, text: str, grouping: Any, point: Any) -> int | Decimal | None:
    if grouping not in (" ", ",", ".", None) or point not in (".", ",", None) or (grouping and grouping == point):
        return None
    text = text.replace(grouping, "") if grouping else text
    return _number(meter, text.replace(point, ".") if point else text)


def _date(_meter: limits.Meter, text: str) -> date | None:
    return temporal.read_date(text)


def _date_of(_meter: limits.Meter, moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _date_from_parts(_meter: limits.Meter, year: Any, month: Any, day: Any) -> date:
    return date(_whole(year), _whole(month), _whole(day))


def _date_and_time(_meter: limits.Meter, text: str) -> datetime | None:
    return temporal.read_date_time(text)


def _same_moment(_meter: limits.Meter, moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _joined(meter: limits.Meter, day: date, clock: time) -> datetime:
    return datetime.combine(_date_of(meter, day), clock)


def _moment_from_parts(meter: limits.Meter, *parts: Any) -> datetime:
    year, month, day, hour, minute, second, *zone = parts
    offset = zone[0] if zone else None
    if isinstance(offset, str):
        clock = temporal.read_time(f"00:00:00@{offset}")
        if clock is None:
            raise InvalidOperation
        joined = _time_from_parts(meter, hour, minute, second).replace(tzinfo=clock.tzinfo)
    else:
        joined = _time_from_parts(meter, hour, minute, second, offset)
    return datetime.combine(_date_from_parts(meter, year, month, day), joined)


def _time(_meter: limits.Meter, text: str) -> time | None:
    return temporal.read_time(text)


def _time_of(_meter: limits.Meter, moment: Any) -> time:
    if isinstance(moment, time):
        return moment
    return moment.timetz() if isinstance(moment, datetime) else time(tzinfo=timezone(timedelta()))


def _time_from_parts(_meter: limits.Meter, hour: Any, minute: Any, second: Any, offset: DaysTime | None = None) -> time:
    whole = int(second)
    zone = None if offset is None else timezone(offset.span)
    return time(_whole(hour), _whole(minute), whole, int((second - whole) * 1_000_000), zone)


def _whole(value: int | Decimal) -> int:
    if not isinstance(value, int):
        raise InvalidOperation
    return value


def _duration(_meter: limits.Meter, text: str) -> YearsMonths | DaysTime | None:
    return temporal.read_duration(text)


def _same_duration(_meter: limits.Meter, value: Any) -> Any:
    return value


def _months_between(_meter: limits.Meter, start: date, end: date) -> YearsMonths:
    first, last = _civil(start), _civil(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    rest_first, rest_last = (first.day, first.time()), (last.day, last.time())
    if months > 0 and rest_last < rest_first:
        months -= 1
    elif months < 0 and rest_last > rest_first:
        months += 1
    return YearsMonths(months)


def _civil(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value if value.tzinfo is None else value.astimezone(CIVIL).replace(tzinfo=None)


_PARTS: Final = tuple(f"{part}: number" for part in ("year", "month", "day", "hour", "minute", "second"))

SIGNATURES: Final[list[Signature]] = [
    signature("string", _string, "from: any"),
    signature("number", _number, "from: string"),
    signature("number", _same_number, "from: number"),
    signature("number", _grouped_number, "from: string", "grouping separator: any", "decimal separator: any"),
    signature("date", _date, "from: string"),
    signature("date", _date_of, "from: day"),
    signature("date", _date_from_parts, "year: number", "month: number", "day: number"),
    signature("date and time", _date_and_time, "from: string"),
    signature("date and time", _same_moment, "from: day"),
    signature("date and time", _joined, "date: day", "time: time"),
    signature("date and time", _moment_from_parts, *_PARTS, "offset?: span"),
    signature("date and time", _moment_from_parts, *_PARTS, "timezone: string"),
    signature("time", _time, "from: string"),
    signature("time", _time_of, "from: moment"),
    signature("time", _time_from_parts, "hour: number", "minute: number", "second: number", "offset?: span"),
    signature("duration", _duration, "from: string"),
    signature("duration", _same_duration, "from: duration"),
    signature("years and months duration", _months_between, "from: day", "to: day"),
]
