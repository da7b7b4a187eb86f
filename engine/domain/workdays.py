"""The civil calendar: which days are worked, and when a period of working or calendar days ends.

A period starts the day after it is set, ends at 23:59:59 Asia/Shanghai of its last day, and a last day that is free
rolls forward (民法典 art. 201-203; 行政许可法 art. 82: the days of procedures are working days).
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate

from engine.clock import CIVIL
from engine.errors import CalendarUnknown

DAY = timedelta(days=1)
DAY_ENDS = time(23, 59, 59)
DAY_STARTS = time(9)
LONGEST_PERIOD = 10_000
SATURDAY = 5


@dataclass(frozen=True)
class Deadline:
    """The instant at which a period ends; provisional while the arrangement of its days is unpublished."""

    due: datetime
    provisional: bool


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days whose kind is known, up to the last published one; any other day follows the week."""

    days: Mapping[date, bool]
    known_until: date

    def is_workday(self, day: date) -> bool:
        """Return whether `day` is worked, counting holidays and the working days moved to a weekend (调休)."""
        return self.days.get(day, day.weekday() < SATURDAY)

    def provisional(self, day: date) -> bool:
        """Return whether the arrangement of the year of `day` is still unpublished."""
        return day > self.known_until

    @cached_property
    def version(self) -> str:
        """Return the SHA-256 of all that the calendar knows: the same digest reckons every deadline the same."""
        days, _ = self._exceptions
        lines = [f"{day.isoformat()} {self.days[day]:d}\n" for day in days]
        return hashlib.sha256("".join([f"known until {self.known_until.isoformat()}\n", *lines]).encode()).hexdigest()

    def add_workdays(self, start: date | datetime, n: int) -> Deadline:
        """Return when `n` working days counted from the day after `start` end; raise CalendarUnknown past 10,000.

        No days at all end on the day of `start`, or on the next working day.
        """
        last = civil_day(start)
        check_length(last, n)
        for _ in range(n):
            last = self._roll(shifted(last, 1))
        return self._deadline(last)

    def add_days(self, start: date | datetime, n: int) -> Deadline:
        """Return when `n` calendar days counted from the day after `start` end; a free last day rolls forward."""
        day = civil_day(start)
        check_length(day, n)
        return self._deadline(shifted(day, n))

    def workdays_between(self, a: date | datetime, b: date | datetime) -> int:
        """Return the working days after `a` up to and including `b`; negative when `b` comes first."""
        return self._count(civil_day(b)) - self._count(civil_day(a))

    def before(self, deadline: date | datetime, n: int) -> datetime:
        """Return 09:00 Asia/Shanghai, in UTC, of the day `n` working days before the day of `deadline`."""
        day = civil_day(deadline)
        check_length(day, n)
        for _ in range(n):
            day = shifted(day, -1)
            while not self.is_workday(day):
                day = shifted(day, -1)
        return datetime.combine(day, DAY_STARTS, tzinfo=CIVIL).astimezone(UTC)

    def end_of(self, day: date) -> Deadline:
        """Return 23:59:59 Asia/Shanghai, in UTC, of a day, whether it is worked or not."""
        return Deadline(datetime.combine(day, DAY_ENDS, tzinfo=CIVIL).astimezone(UTC), self.provisional(day))

    def _roll(self, day: date) -> date:
        while not self.is_workday(day):
            day = shifted(day, 1)
        return day

    def _deadline(self, day: date) -> Deadline:
        return self.end_of(self._roll(day))

    def _count(self, day: date) -> int:
        # 1 January of the year 1 was a Monday, so whole weeks and a remainder give the working days by the week alone.
        weeks, rest = divmod(day.toordinal(), 7)
        days, surplus = self._exceptions
        return weeks * SATURDAY + min(rest, SATURDAY) + surplus[bisect_right(days, day)]

    @cached_property
    def _exceptions(self) -> tuple[list[date], list[int]]:
        days = sorted(day for day, worked in self.days.items() if worked != (day.weekday() < SATURDAY))
        return days, list(accumulate((1 if self.days[day] else -1 for day in days), initial=0))


def civil_day(moment: date | datetime) -> date:
    """Return the day of a moment as Asia/Shanghai counts it; a date is that day."""
    return moment.astimezone(CIVIL).date() if isinstance(moment, datetime) else moment


def shifted(day: date, n: int) -> date:
    """Return the day `n` days later, or earlier when negative; raise CalendarUnknown past the years 1 to 9999."""
    try:
        return day + DAY * n
    except OverflowError:
        raise CalendarUnknown(day=str(day), days=n) from None


def check_length(day: date, n: int) -> None:
    """Raise CalendarUnknown for a period of less than 0 or more than 10,000 days."""
    if not 0 <= n <= LONGEST_PERIOD:
        raise CalendarUnknown(day=str(day), days=n)
