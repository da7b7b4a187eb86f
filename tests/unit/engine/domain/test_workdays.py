"""Working days of the civil calendar: a period starts the next day and ends with its last day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.clock import CIVIL
from engine.domain.workdays import Calendar
from engine.errors import CalendarUnknown

# Spring Festival and National Day of 2025 as the State Council arranged them.
HOLIDAYS = [
    *(date(2025, 1, 28) + timedelta(n) for n in range(8)),
    *(date(2025, 10, 1) + timedelta(n) for n in range(8)),
]
MOVED = [date(2025, 1, 26), date(2025, 2, 8), date(2025, 9, 28), date(2025, 10, 11)]
CALENDAR = Calendar({**dict.fromkeys(HOLIDAYS, False), **dict.fromkeys(MOVED, True)}, date(2025, 12, 31))


def end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=CIVIL).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        (date(2025, 3, 3), 1, date(2025, 3, 4)),
        (date(2025, 3, 3), 5, date(2025, 3, 10)),
        (date(2025, 3, 8), 1, date(2025, 3, 10)),
        (date(2025, 1, 24), 1, date(2025, 1, 26)),  # a Sunday that is worked
        (date(2025, 1, 27), 1, date(2025, 2, 5)),  # over the Spring Festival
        (date(2025, 1, 27), 4, date(2025, 2, 8)),  # ends on a Saturday that is worked
        (date(2025, 9, 30), 3, date(2025, 10, 11)),
        (date(2025, 3, 3), 0, date(2025, 3, 3)),
        (date(2025, 3, 8), 0, date(2025, 3, 10)),
    ],
)
def test_working_days_count_from_the_next_day(start, n, last):
    assert CALENDAR.add_workdays(start, n).due == end_of(last)


@pytest.mark.parametrize(
    ("start", "n", "last"),
    [
        (date(2025, 3, 3), 7, date(2025, 3, 10)),
        (date(2025, 3, 3), 5, date(2025, 3, 10)),  # a Saturday rolls to Monday
        (date(2025, 9, 24), 10, date(2025, 10, 9)),  # inside the holiday
        (date(2025, 3, 3), 0, date(2025, 3, 3)),
    ],
)
def test_calendar_days_end_on_a_working_day(start, n, last):
    assert CALENDAR.add_days(start, n).due == end_of(last)


def test_half_past_midnight_in_shanghai_is_that_day_already():
    start = datetime(2025, 3, 3, 16, 30, tzinfo=UTC)
    assert CALENDAR.add_workdays(start, 1).due == end_of(date(2025, 3, 5))


def test_deadline_past_the_published_year_is_provisional():
    known, unknown = CALENDAR.add_workdays(date(2025, 12, 30), 1), CALENDAR.add_workdays(date(2025, 12, 30), 2)
    assert (known.provisional, unknown.provisional) == (False, True)
    assert unknown.due == end_of(date(2026, 1, 1))  # by the week alone, until the holiday is published
    assert CALENDAR.provisional(date(2026, 1, 1))


def test_days_left_are_counted_to_the_due_day():
    assert CALENDAR.workdays_between(date(2025, 3, 3), date(2025, 3, 3)) == 0
    assert CALENDAR.workdays_between(date(2025, 3, 3), date(2025, 3, 4)) == 1
    assert CALENDAR.workdays_between(date(2025, 3, 7), date(2025, 3, 10)) == 1
    assert CALENDAR.workdays_between(date(2025, 3, 10), date(2025, 3, 7)) == -1
    assert CALENDAR.workdays_between(date(2025, 1, 27), date(2025, 2, 5)) == 1


def test_days_left_agree_with_counting_day_by_day():
    for first in (date(2024, 12, 30), date(2025, 1, 25), date(2025, 9, 27)):
        for span in range(60):
            days = [first + timedelta(n) for n in range(1, span + 1)]
            assert CALENDAR.workdays_between(first, first + timedelta(span)) == sum(map(CALENDAR.is_workday, days))


def test_reminder_comes_at_nine_some_working_days_before():
    due = CALENDAR.add_workdays(date(2025, 1, 27), 2).due
    assert CALENDAR.before(due, 1) == datetime(2025, 2, 5, 9, tzinfo=CIVIL)
    assert CALENDAR.before(due, 3) == datetime(2025, 1, 26, 9, tzinfo=CIVIL)
    assert CALENDAR.before(due, 0) == datetime(2025, 2, 6, 9, tzinfo=CIVIL)


@pytest.mark.parametrize("n", [-1, 10_001])
def test_period_without_end_is_refused(n):
    for reckon in (CALENDAR.add_workdays, CALENDAR.add_days, CALENDAR.before):
        with pytest.raises(CalendarUnknown):
            reckon(date(2025, 3, 3), n)


def test_period_past_the_last_day_is_refused():
    for reckon in (CALENDAR.add_workdays, CALENDAR.add_days):
        with pytest.raises(CalendarUnknown):
            reckon(date(9999, 12, 30), 5)
