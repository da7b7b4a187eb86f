"""The calendar in the database is seeded once, corrected by notices, and kept for a minute."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine import calendars, clock
from engine.domain.holidays import Arrangement
from engine.errors import NotFound, OperationRefused
from engine.tables import CalendarDay, CalendarNotice

HEAD = "通知文号,印发日期,节日,放假起,放假止,调休上班\n"


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
    (tmp_path / "2041.csv").write_text(f"{HEAD}甲,2040-11-01,节,2041-05-01,,2041-05-04\n", encoding="utf-8")
    (tmp_path / "2042.csv").write_text(f"{HEAD}乙,2041-11-01,节,2042-10-01,2042-10-03,\n", encoding="utf-8")
    for _ in range(2):
        calendars.seed(session, tmp_path)
    calendar = calendars.load(session)
    days = (date(2041, 5, 1), date(2041, 5, 4), date(2042, 10, 2))
    assert [calendar.is_workday(day) for day in days] == [False, True, False]
    assert {(one.number, one.loaded_by) for one in calendars.notices(session)} == {
        ("甲", "2041.csv"),
        ("乙", "2042.csv"),
    }
    assert calendars.touched(session, "乙") == (date(2042, 1, 1), date(2042, 12, 31))


def test_every_notice_makes_a_version_of_its_own(seeded):
    versions = [calendars.load(seeded).version]
    for number, day in (("甲", date(2041, 5, 1)), ("乙", date(2041, 5, 2))):
        calendars.load_notice(seeded, Arrangement(number, date(2040, 11, 1), {day: False}), "jingban")
        versions.append(calendars.load(seeded).version)
        assert seeded.get(CalendarNotice, number).version == versions[-1]
    assert len(set(versions)) == 3
    assert not calendars.load_notice(seeded, Arrangement("乙", date(2040, 11, 1), {date(2041, 5, 2): False}), "other")
    with pytest.raises(OperationRefused):
        calendars.load_notice(seeded, Arrangement("乙", date(2040, 11, 2), {date(2041, 5, 2): False}), "other")
    with pytest.raises(NotFound):
        calendars.touched(seeded, "丙")


def test_a_notice_is_settled_when_nobody_can_hold_the_old_calendar(seeded):
    calendars.load_notice(seeded, Arrangement("甲", date(2040, 11, 1), {date(2041, 5, 1): False}), "jingban")
    assert calendars.unsettled(seeded) == []
    clock.travel(clock.now() + calendars.SURELY_FORGOTTEN + timedelta(seconds=1))
    assert calendars.unsettled(seeded) == ["甲"]
    calendars.settle(seeded, "甲")
    calendars.settle(seeded, "乙")
    assert calendars.unsettled(seeded) == []


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
