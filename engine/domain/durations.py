"""Durations, cycles and moments of ISO 8601, reckoned on the civil calendar of Asia/Shanghai."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

import isodate
from dateutil.relativedelta import relativedelta

from engine.clock import CIVIL
from engine.errors import ExpressionRefused

Duration: TypeAlias = isodate.Duration

LONGEST_TEXT = 64
LONGEST = timedelta(days=146_097) / 2  # 200 mean years
SHORTEST_PERIOD = timedelta(minutes=1)  # of what repeats without end
SHORTEST_COUNTED = timedelta(seconds=1)
MOST_REPETITIONS = 10_000
MEAN_MONTH = timedelta(days=146_097) / 4800  # the Gregorian calendar repeats after 400 years

_DURATION = re.compile(
    r"P(?=[0-9T])(?:[0-9]{1,6}W|(?:[0-9]{1,6}Y)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}D)?"
    r"(?:T(?=[0-9])(?:[0-9]{1,7}H)?(?:[0-9]{1,8}M)?(?:[0-9]{1,10}(?:\.[0-9]{1,6})?S)?)?)"
)
_CYCLE = re.compile(r"R(?P<count>[0-9]{1,6})?(?:/(?P<start>[0-9][^/]*))?/(?P<period>P[^/]*)")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


@dataclass(frozen=True)
class Cycle:
    """A repetition: how often (None: for ever), from when (None: from its start), every how long."""

    repetitions: int | None
    start: datetime | None
    period: Duration

    def occurrence(self, anchor: datetime, n: int) -> datetime | None:
        """Return the n-th firing (from 1) in UTC, or None when the cycle has ended by then.

        A cycle with a start of its own fires first at that start; any other one period after `anchor`.
        """
        if self.repetitions is not None and n > self.repetitions:
            return None
        return nth(anchor, self.period, n) if self.start is None else nth(self.start, self.period, n - 1)


def parse(text: str) -> Duration:
    """Return the duration written as `P2Y`, `P1M10D`, `PT36H` or `P2W`; raise ExpressionRefused for any other text.

    Negative durations, fractions but of seconds, and more than 200 years are refused.
    """
    if len(text) > LONGEST_TEXT or not _DURATION.fullmatch(text):
        raise ExpressionRefused(source=text[:LONGEST_TEXT], expected="ISO 8601 duration such as P2Y or PT36H")
    duration = isodate.parse_duration(text, as_timedelta_if_possible=False)
    if _length(duration) > LONGEST:
        raise ExpressionRefused(source=text, expected="at most 200 years")
    return duration


def parse_cycle(text: str) -> Cycle:
    """Return the cycle written as `R3/P1M`, `R/P2Y` or `R/2026-01-01/P2Y`; raise ExpressionRefused otherwise.

    Refused are a period under a minute, or with a count under a second, and a count of nothing or of more than 10,000.
    """
    match = _CYCLE.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if match is None:
        raise ExpressionRefused(source=text[:LONGEST_TEXT], expected="ISO 8601 repetition such as R3/P1M")
    count, start = match["count"], match["start"]
    if count is not None and not 1 <= int(count) <= MOST_REPETITIONS:
        raise ExpressionRefused(source=text, expected=f"1 to {MOST_REPETITIONS} repetitions")
    period = parse(match["period"])
    _check_period(period, SHORTEST_COUNTED if count else SHORTEST_PERIOD)
    return Cycle(int(count) if count else None, parse_moment(start) if start else None, period)


def parse_moment(text: str) -> datetime:
    """Return the instant in UTC written as an ISO 8601 date or date and time.

    A text without offset is civil time; a date is its first moment. Raise ExpressionRefused otherwise.
    """
    if len(text) > LONGEST_TEXT or not _MOMENT.fullmatch(text):
        raise ExpressionRefused(source=text[:LONGEST_TEXT], expected="ISO 8601 date or date and time")
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=CIVIL)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ExpressionRefused(source=text, expected="a day of the calendar") from None


def after(start: datetime, duration: Duration, times: int = 1) -> datetime:
    """Return the instant in UTC that lies `times` durations after the aware `start`.

    Years and months are added first and clamped to the end of the month, then days and time, all in civil time.
    Raise ExpressionRefused past the year 9999.
    """
    try:
        months = relativedelta(months=(int(duration.years) * 12 + int(duration.months)) * times)
        local: datetime = start.astimezone(CIVIL).replace(tzinfo=None) + months + duration.tdelta * times
        return local.replace(tzinfo=CIVIL).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ExpressionRefused(source=str(duration), expected="a moment before the year 10000") from None


def nth(anchor: date | datetime, period: Duration, n: int) -> datetime:
    """Return anchor + n × period in UTC; a date is its first moment in Asia/Shanghai.

    Each occurrence is reckoned from the anchor, so 29 February comes back every four years and nothing drifts.
    """
    return after(_instant(anchor), period, n)


def next_after(anchor: date | datetime, period: Duration, moment: datetime) -> tuple[int, datetime]:
    """Return the first n ≥ 1 and its instant in UTC with anchor + n × period later than `moment`.

    Raise ExpressionRefused when the period is shorter than a second.
    """
    _check_period(period, SHORTEST_COUNTED)
    start = _instant(anchor)
    n = max(1, (moment - start) // _length(period) - 3)  # a month is at most three days off its mean
    while (due := nth(start, period, n)) <= moment:
        n += 1
    return n, due


def _instant(anchor: date | datetime) -> datetime:
    if isinstance(anchor, datetime):
        return anchor
    return datetime.combine(anchor, time(), tzinfo=CIVIL)


def _length(duration: Duration) -> timedelta:
    length: timedelta = (int(duration.years) * 12 + int(duration.months)) * MEAN_MONTH + duration.tdelta
    return length


def _check_period(period: Duration, shortest: timedelta) -> None:
    if _length(period) < shortest:
        raise ExpressionRefused(source=str(period), expected=f"a period of at least {shortest.total_seconds():g} s")
