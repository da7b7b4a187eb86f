"""Golden tables of past years: what the State Council printed, and deadlines that were counted by hand on it.

The arrangements are typed from the notices (部分节假日安排的通知), not from the package that seeds them.
"""

from datetime import date, datetime, timedelta

import chinese_calendar
import pytest

from engine.clock import CIVIL
from engine.domain.workdays import Calendar

FIRST, LAST = 2004, 2026
DAYS = [date(FIRST, 1, 1) + timedelta(n) for n in range((date(LAST + 1, 1, 1) - date(FIRST, 1, 1)).days)]
CALENDAR = Calendar({day: chinese_calendar.is_workday(day) for day in DAYS}, date(LAST, 12, 31))


def workdays(year):
    return sum(CALENDAR.is_workday(day) for day in DAYS if day.year == year)


@pytest.mark.parametrize(("year", "days"), [(2012, 249), (2013, 250), (2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(year, days):
    assert workdays(year) == days
    assert CALENDAR.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)) == days


# (year, first and last day off, weekend days worked): 春节 and 国庆 as printed.
PRINTED = [
    (2012, (1, 22), (1, 28), [(1, 21), (1, 29)]),
    (2012, (9, 30), (10, 7), [(9, 29)]),
    (2013, (2, 9), (2, 15), [(2, 16), (2, 17)]),
    (2013, (10, 1), (10, 7), [(9, 29), (10, 12)]),
    (2014, (1, 31), (2, 6), [(1, 26), (2, 8)]),
    (2014, (10, 1), (10, 7), [(9, 28), (10, 11)]),
    (2015, (2, 18), (2, 24), [(2, 15), (2, 28)]),
    (2015, (10, 1), (10, 7), [(10, 10)]),
    (2016, (2, 7), (2, 13), [(2, 6), (2, 14)]),
    (2016, (10, 1), (10, 7), [(10, 8), (10, 9)]),
    (2017, (1, 27), (2, 2), [(1, 22), (2, 4)]),
    (2017, (10, 1), (10, 8), [(9, 30)]),
    (2018, (2, 15), (2, 21), [(2, 11), (2, 24)]),
    (2018, (10, 1), (10, 7), [(9, 29), (9, 30)]),
    (2019, (2, 4), (2, 10), [(2, 2), (2, 3)]),
    (2019, (10, 1), (10, 7), [(9, 29), (10, 12)]),
    (2020, (1, 24), (2, 2), [(1, 19)]),  # lengthened to 2 February
    (2020, (10, 1), (10, 8), [(9, 27), (10, 10)]),
    (2021, (2, 11), (2, 17), [(2, 7), (2, 20)]),
    (2021, (10, 1), (10, 7), [(9, 26), (10, 9)]),
    (2022, (1, 31), (2, 6), [(1, 29), (1, 30)]),
    (2022, (10, 1), (10, 7), [(10, 8), (10, 9)]),
    (2023, (1, 21), (1, 27), [(1, 28), (1, 29)]),
    (2023, (9, 29), (10, 6), [(10, 7), (10, 8)]),
    (2024, (2, 10), (2, 17), [(2, 4), (2, 18)]),
    (2024, (10, 1), (10, 7), [(9, 29), (10, 12)]),
    (2025, (1, 28), (2, 4), [(1, 26), (2, 8)]),
    (2025, (5, 1), (5, 5), [(4, 27)]),
    (2025, (10, 1), (10, 8), [(9, 28), (10, 11)]),
    (2026, (2, 15), (2, 23), [(2, 14), (2, 28)]),
    (2026, (10, 1), (10, 7), [(9, 20), (10, 10)]),
]


@pytest.mark.parametrize(("year", "first", "last", "worked"), PRINTED)
def test_holidays_are_as_they_were_printed(year, first, last, worked):
    day = date(year, *first)
    while day <= date(year, *last):
        assert not CALENDAR.is_workday(day)
        day += timedelta(1)
    assert all(CALENDAR.is_workday(date(year, *one)) for one in worked)


def test_every_moved_working_day_of_2025():
    moved = [day for day in DAYS if day.year == 2025 and day.weekday() > 4 and CALENDAR.is_workday(day)]
    assert moved == [date(2025, *day) for day in ((1, 26), (2, 8), (4, 27), (9, 28), (10, 11))]


# (start, working days, last day), counted by hand with the notice beside.
COUNTED = [
    ("2012-01-20", 1, "2012-01-21"),  # Friday; the Saturday is worked
    ("2012-01-20", 2, "2012-01-29"),  # over 春节 to a worked Sunday
    ("2012-09-28", 2, "2012-10-08"),  # the 29th, then Monday the 8th
    ("2013-02-07", 3, "2013-02-17"),  # 8, 16, 17
    ("2013-02-08", 7, "2013-02-22"),  # 16, 17, 18–22
    ("2013-09-27", 10, "2013-10-16"),  # 29, 30, 8–12, 14–16
    ("2014-01-30", 1, "2014-02-07"),
    ("2014-01-24", 6, "2014-02-07"),  # 26–30, 7: the eve was worked that year
    ("2014-09-30", 4, "2014-10-11"),  # 8, 9, 10, 11
    ("2015-02-14", 3, "2015-02-17"),  # the worked Sunday 15, 16, 17
    ("2015-02-17", 4, "2015-02-28"),  # 25, 26, 27, the worked Saturday
    ("2016-02-05", 2, "2016-02-14"),
    ("2016-09-30", 2, "2016-10-09"),
    ("2017-01-20", 6, "2017-02-03"),  # 22–26, 3
    ("2017-09-29", 2, "2017-10-09"),  # the worked Saturday 30, Monday 9
    ("2018-02-14", 3, "2018-02-24"),  # 22, 23, 24
    ("2018-09-28", 7, "2018-10-12"),  # 29, 30, 8–12
    ("2019-02-01", 2, "2019-02-03"),
    ("2019-02-01", 5, "2019-02-13"),  # 2, 3, 11, 12, 13
    ("2020-01-23", 1, "2020-02-03"),  # the lengthened holiday
    ("2020-09-25", 5, "2020-10-09"),  # 27–30, 9
    ("2021-02-10", 3, "2021-02-20"),  # 18, 19, 20
    ("2021-09-24", 6, "2021-10-08"),  # 26–30, 8
    ("2022-01-28", 3, "2022-02-07"),  # 29, 30, 7
    ("2022-09-30", 2, "2022-10-09"),
    ("2023-01-20", 2, "2023-01-29"),
    ("2023-09-28", 3, "2023-10-09"),  # 7, 8, 9
    ("2024-02-09", 5, "2024-02-22"),  # 18–22
    ("2024-09-30", 5, "2024-10-12"),  # 8–12
    ("2025-01-24", 3, "2025-02-05"),  # 26, 27, 5
    ("2025-01-27", 4, "2025-02-08"),
    ("2025-04-25", 4, "2025-04-30"),  # 27, 28, 29, 30
    ("2025-09-26", 5, "2025-10-10"),  # 28, 29, 30, 9, 10
    ("2025-09-30", 3, "2025-10-11"),
    ("2026-02-13", 2, "2026-02-24"),  # 14, 24
    ("2026-02-14", 5, "2026-02-28"),  # 24–28
    ("2026-09-18", 1, "2026-09-20"),
    ("2026-09-30", 3, "2026-10-10"),  # 8, 9, 10
]


@pytest.mark.parametrize(("start", "n", "last"), COUNTED)
def test_deadlines_counted_by_hand(start, n, last):
    due = CALENDAR.add_workdays(date.fromisoformat(start), n).due.astimezone(CIVIL)
    assert due == datetime.combine(date.fromisoformat(last), datetime.max.time(), CIVIL).replace(microsecond=0)


# (start, calendar days, last day): a free last day rolls forward.
CALENDAR_DAYS = [
    ("2012-02-24", 5, "2012-02-29"),  # a leap day
    ("2016-02-22", 7, "2016-02-29"),
    ("2016-02-28", 2, "2016-03-01"),
    ("2024-02-29", 1, "2024-03-01"),
    ("2024-02-28", 366, "2025-02-28"),
    ("2023-02-27", 366, "2024-02-28"),
    ("2012-09-15", 15, "2012-10-08"),  # 30 September is free until the 7th
    ("2019-01-25", 10, "2019-02-11"),
    ("2025-01-21", 7, "2025-02-05"),
    ("2025-01-21", 5, "2025-01-26"),  # a Sunday, but worked
    ("2025-03-03", 5, "2025-03-10"),  # a Saturday
    ("2025-12-27", 5, "2026-01-04"),  # 1 to 3 January are free, Sunday the 4th is worked
]


@pytest.mark.parametrize(("start", "n", "last"), CALENDAR_DAYS)
def test_calendar_days_end_on_a_working_day(start, n, last):
    due = CALENDAR.add_days(date.fromisoformat(start), n).due
    assert due.astimezone(CIVIL).date() == date.fromisoformat(last)


def test_a_period_begins_the_day_after_whatever_the_hour():
    for hour in (0, 12, 23):
        start = datetime(2025, 9, 26, hour, 59, 59, tzinfo=CIVIL)
        assert CALENDAR.add_workdays(start, 1).due.astimezone(CIVIL).date() == date(2025, 9, 28)


def test_the_version_is_that_of_all_days_and_of_nothing_else():
    plain = Calendar({}, date(2026, 12, 31))
    spelt_out = Calendar({day: day.weekday() < 5 for day in DAYS}, date(2026, 12, 31))
    assert plain.version == spelt_out.version
    assert len({plain.version, CALENDAR.version, Calendar({}, date(2027, 12, 31)).version}) == 3
    assert Calendar({date(2026, 3, 2): False}, date(2026, 12, 31)).version != plain.version
