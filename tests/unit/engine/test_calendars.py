"""The calendar in the database is seeded once, corrected by notices, and kept for a minute."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine import calendars, clock
from engine.tables import CalendarDay


@pytest.fixture
def seeded(session):
    calendars.seed(session)
    return session


def worked(session, year):
    calendar = calendars.load(session)
    return sum(calendar.is_workday(date(year, 1, 1) + timedelta(n)) for n in range(365 + (year % 4 == 0)))


@pytest.mark.parametrize(("year", "days"), [(2012, 249), (2013, 250), (2024, 251), (2025, 248), (2026, 248)])
def test_published_years_have_their_working_days(seeded, year, days):
    assert worked(seeded, year) == days


def test_seed_twice_changes_nothing(seeded):
    count = seeded.scalar(select(func.count()).select_from(CalendarDay))
    calendars.seed(seeded)
    assert seeded.scalar(select(func.count()).select_from(CalendarDay)) == count >= 8401


def test_day_past_the_published_years_is_provisional(seeded):
    calendar = calendars.load(seeded)
    assert calendar.known_until == date(calendar.known_until.year, 12, 31)
    assert calendar.provisional(calendar.known_until + timedelta(1))


def test_notice_publishes_its_year_at_once(seeded):
    assert calendars.load(seeded).is_workday(date(2040, 10, 1))
    calendars.import_notice(seeded, {date(2040, 10, 1): False, date(2040, 10, 6): True}, "国办发明电〔2039〕1号")
    calendar = calendars.load(seeded)
    assert not calendar.is_workday(date(2040, 10, 1))
    assert calendar.is_workday(date(2040, 10, 6))
    assert calendar.known_until == date(2040, 12, 31)
    assert seeded.get(CalendarDay, date(2040, 3, 3)).basis == "国办发明电〔2039〕1号"


def test_notice_corrects_a_known_day_and_leaves_the_others(seeded):
    calendars.import_notice(seeded, {date(2020, 2, 3): True}, "更正")
    assert calendars.load(seeded).is_workday(date(2020, 2, 3))
    assert seeded.get(CalendarDay, date(2020, 2, 4)).basis == calendars.BASIS
    calendars.seed(seeded)
    assert seeded.get(CalendarDay, date(2020, 2, 3)).workday


def test_empty_notice_changes_nothing(seeded):
    before = calendars.load(seeded)
    calendars.import_notice(seeded, {}, "无")
    assert calendars.load(seeded) is before


def test_notices_of_the_folder_are_read(session, tmp_path):
    (tmp_path / "2041.csv").write_text(
        "day,workday,basis\n2041-05-01,0,甲\n2041-05-04,1,甲\n2041-10-01,0,乙\n", encoding="utf-8"
    )
    for _ in range(2):
        calendars.seed(session, tmp_path)
    calendar = calendars.load(session)
    assert [calendar.is_workday(date(2041, *day)) for day in ((5, 1), (5, 4), (10, 1))] == [False, True, False]


def test_calendar_is_kept_for_a_minute(seeded):
    clock.travel(datetime(2026, 3, 2, 1, tzinfo=UTC))
    first = calendars.load(seeded)
    clock.travel(datetime(2026, 3, 2, 1, 0, 50, tzinfo=UTC))
    assert calendars.load(seeded) is first
    clock.travel(datetime(2026, 3, 2, 1, 1, 1, tzinfo=UTC))
    second = calendars.load(seeded)
    assert second is not first
    clock.travel(datetime(2020, 1, 1, tzinfo=UTC))
    assert calendars.load(seeded) is not second
