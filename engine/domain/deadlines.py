"""Deadlines that can stand still: a term of days, the times that do not count, and the day on which it ends.

A term starts the day after it is set (民法典 art. 201), and so does a stop: the day on which it begins still counts;
the day on which it ends stands still with those between. While 补正, an objection or an appeal runs, the time is not
the reviewing side's (行政许可法 art. 45: 所需时间不计算在期限内). Every function is pure; moments are aware datetimes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.domain.workdays import Calendar, Deadline, check_length, civil_day, shifted

WORKING = "wd"

Stop = tuple[datetime, datetime | None]
Span = tuple[date, date]


@dataclass(frozen=True)
class Term:
    """`days` working ("wd") or calendar ("cal") days from `start`, less its stops; a stop without an end still lasts.

    `key` is the row of the decision `deadline` that it came from.
    """

    key: str
    days: int
    unit: str
    start: datetime
    stops: tuple[Stop, ...] = ()

    @property
    def stopped(self) -> bool:
        """Tell whether the clock stands still now."""
        return any(end is None for _, end in self.stops)

    def plain(self) -> dict[str, Any]:
        """Return the term as JSON keeps it."""
        stops = [[begun.isoformat(), end.isoformat() if end else None] for begun, end in self.stops]
        return {"key": self.key, "days": self.days, "unit": self.unit, "start": self.start.isoformat(), "stops": stops}


@dataclass(frozen=True)
class NoticePeriod:
    """The first and the last day of a public notice (公示), the instant it ends, and whether that is provisional."""

    first: date
    last: date
    ends: datetime
    provisional: bool


def read(kept: Mapping[str, Any]) -> Term:
    """Return a term from what `Term.plain` gave."""
    stops = tuple((datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in kept["stops"])
    return Term(kept["key"], kept["days"], kept["unit"], datetime.fromisoformat(kept["start"]), stops)


def reckon(calendar: Calendar, term: Term) -> Deadline | None:
    """Return when a term ends, None while its clock stands still; raise CalendarUnknown past 10,000 days.

    Without stops it is what the calendar says. Days covered by several stops stand still once; a last day that is free
    or stands still rolls forward to the next that is neither.
    """
    if term.stopped:
        return None
    if not term.stops:
        count = calendar.add_workdays if term.unit == WORKING else calendar.add_days
        return count(term.start, term.days)
    day = civil_day(term.start)
    check_length(day, term.days)
    still = _Still(term.stops)
    for _ in range(term.days):
        day = shifted(day, 1)
        day = _counted(calendar, still, day) if term.unit == WORKING else still.past(day)
    return calendar.end_of(_counted(calendar, still, day))


def stopped(term: Term, moment: datetime) -> Term:
    """Return the term with its clock standing still from a moment on."""
    return term if term.stopped else _with(term, (*term.stops, (moment, None)))


def resumed(term: Term, moment: datetime) -> Term:
    """Return the term with its clock going on from a moment on."""
    return _with(term, tuple((begun, end or max(moment, begun)) for begun, end in term.stops))


def unstopped(term: Term) -> Term:
    """Return the term without the stop that still lasts."""
    return _with(term, tuple(stop for stop in term.stops if stop[1] is not None))


def crosses(term: Term, due: datetime, touched: Span) -> bool:
    """Tell whether days of a span, its first and last day included, lie between the start and the end of a term."""
    return civil_day(term.start) <= touched[1] and civil_day(due) >= touched[0]


def moved(calendar: Calendar, term: Term, due: datetime, now: datetime) -> Deadline | None:
    """Return the end of a term by a calendar that has changed since it was reckoned to be `due`.

    What would now have ended in the past ends with today instead, or with the next working day: nobody may be late by
    a notice. What was late already is never later to have been late. None while the clock stands still.
    """
    end = reckon(calendar, term)
    if end is None or end.due >= now:
        return end
    kept = max(due, end.due) if due < now else min(due, calendar.add_workdays(now, 0).due)
    return Deadline(kept, calendar.provisional(civil_day(kept)))


def notice_period(calendar: Calendar, first_day: date | datetime, days: int, workdays: int = 0) -> NoticePeriod:
    """Return a public notice of at least `days` calendar days, the first included, and at least `workdays` worked ones.

    8 to 14 March are 7 days. This is another way to count than that of a term: the day of posting counts, and a free
    last day does not roll, for the last day is printed. Raise CalendarUnknown for no day at all or more than 10,000.
    Source: 浙江省科技厅公示 (7 days as printed); programme defaults: 7 calendar days and at least 5 working days.
    """
    first = civil_day(first_day)
    check_length(first, days - 1)
    last = shifted(first, days - 1)
    missing = workdays - calendar.workdays_between(shifted(first, -1), last)
    if missing > 0:
        last = civil_day(calendar.add_workdays(last, missing).due)
    end = calendar.end_of(last)
    return NoticePeriod(first, last, end.due, end.provisional)


class _Still:
    """The days on which a clock stands still, merged into spans that do not touch."""

    def __init__(self, stops: Iterable[Stop]) -> None:
        self.firsts: list[date] = []
        self.lasts: list[date] = []
        for first, last in sorted(_spans(stops)):
            if self.lasts and first <= self.lasts[-1]:
                self.lasts[-1] = max(self.lasts[-1], last)
            else:
                self.firsts.append(first)
                self.lasts.append(last)

    def past(self, day: date) -> date:
        """Return the day itself, or the first one after the stops that cover it."""
        at = bisect_right(self.firsts, day) - 1
        while 0 <= at < len(self.firsts) and self.firsts[at] <= day <= self.lasts[at]:
            day, at = shifted(self.lasts[at], 1), at + 1
        return day


def _spans(stops: Iterable[Stop]) -> Iterable[Span]:
    for begun, end in stops:
        first, last = civil_day(begun), civil_day(end or begun)
        if first < last:
            yield shifted(first, 1), last


def _counted(calendar: Calendar, still: _Still, day: date) -> date:
    """Return the first day from `day` on that is worked and does not stand still."""
    while True:
        later = still.past(day)
        while not calendar.is_workday(later):
            later = shifted(later, 1)
        if later == day:
            return day
        day = later


def _with(term: Term, stops: tuple[Stop, ...]) -> Term:
    return Term(term.key, term.days, term.unit, term.start, stops)
