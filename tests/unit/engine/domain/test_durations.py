"""A duration given in a diagram means the civil date an official would name."""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import CIVIL
from engine.domain import durations
from engine.errors import ExpressionRefused

ROOT = Path(__file__).parents[4]

DATES = [
    ("2024-02-29T00:00", "P2Y", 1, "2026-02-28T00:00"),
    ("2024-02-29T00:00", "P2Y", 2, "2028-02-29T00:00"),
    ("2024-02-29T00:00", "P1Y", 1, "2025-02-28T00:00"),
    ("2024-02-29T00:00", "P4Y", 1, "2028-02-29T00:00"),
    ("2096-02-29T00:00", "P4Y", 1, "2100-02-28T00:00"),
    ("2024-02-28T00:00", "P2Y", 1, "2026-02-28T00:00"),
    ("2024-01-31T00:00", "P1M", 1, "2024-02-29T00:00"),
    ("2023-01-31T00:00", "P1M", 1, "2023-02-28T00:00"),
    ("2024-01-31T00:00", "P1M", 2, "2024-03-31T00:00"),
    ("2024-01-31T00:00", "P1M", 3, "2024-04-30T00:00"),
    ("2024-08-31T00:00", "P6M", 1, "2025-02-28T00:00"),
    ("2023-08-31T00:00", "P6M", 1, "2024-02-29T00:00"),
    ("2024-08-31T00:00", "P6M", 2, "2025-08-31T00:00"),
    ("2024-12-31T00:00", "P2M", 1, "2025-02-28T00:00"),
    ("2024-10-31T00:00", "P1M", 1, "2024-11-30T00:00"),
    ("2024-05-21T00:30", "P2Y", 1, "2026-05-21T00:30"),
    ("2024-05-21T00:30", "P1M", 1, "2024-06-21T00:30"),
    ("2024-03-01T00:30", "P1D", 1, "2024-03-02T00:30"),
    ("2024-02-28T23:59", "P1D", 1, "2024-02-29T23:59"),
    ("2024-12-31T23:59", "PT1M", 1, "2025-01-01T00:00"),
    ("2024-12-31T08:00", "PT36H", 1, "2025-01-01T20:00"),
    ("2024-01-31T00:00", "P1M1D", 1, "2024-03-01T00:00"),
    ("2024-01-01T00:00", "P2W", 3, "2024-02-12T00:00"),
    ("2024-02-29T12:00", "P1Y6M", 1, "2025-08-29T12:00"),
    ("2024-06-30T00:00", "P0D", 5, "2024-06-30T00:00"),
    ("2024-01-01T00:00", "PT0.5S", 2, "2024-01-01T00:00:01"),
    ("2024-01-01T00:00", "P200Y", 1, "2224-01-01T00:00"),
]

HOSTILE = [
    "", " ", "P", "PT", "P T1H", "p2y", "2Y", "P2", "PY", "P2Y ", " P2Y", "P2Y\n", "P2Y\x00", "P-2Y", "-P2Y", "+P2Y",
    "P1.5Y", "P1,5M", "P1.5D", "PT1.5H", "P1Y2W", "P1W1D", "P1M1Y", "P1D1M", "PT1S1H", "P1H", "PT1D", "P1Y1Y", "P٢Y",
    "P２Y", "PP2Y", "P2Y/P2Y", "R/P2Y", "P201Y", "P2401M", "P73201D", "PT1756801H", "P999999Y", "P9999999999999999999Y",
    "P" + "9" * 5000 + "Y", "P1Y" * 2000, "PT" + "0" * 100_000 + "S", "P1YT", "P0003-06-04T12:30:05",
    "P00030604T123005", "PTNaNS", "PTinfS", "P1e9Y", "P0x10Y", "P1_0Y",
    "'P2Y'", "=P2Y", "__import__('os')", "P2Y;DROP TABLE timer", "两年",
]  # fmt: skip

CYCLES = [
    "R", "R/", "R3", "R0/P1M", "R-1/P1M", "R10001/P1M", "R9999999/P1M", "R/PT59S", "R/PT0S", "R/P0D", "R/PT0.000001S",
    "R3/PT0.9S",
    "R/P1M/2026-01-01", "R/2026-01-01/2027-01-01", "R/2026-13-01/P1M", "R/2026-02-30/P1M", "R//P1M", "R3/P1M/", "r/P1M",
    "R٣/P1M", "R/2026-01-01T25:00/P1M", "R/20260101/P1M", "R/P1M" * 1000, "R/" + "1" * 100_000, "R/P999999Y", "P1M",
]  # fmt: skip


def civil(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CIVIL)


@pytest.mark.parametrize(("start", "duration", "times", "expected"), DATES)
def test_duration_ends_on_the_civil_date(start, duration, times, expected):
    due = durations.after(civil(start), durations.parse(duration), times)
    assert due == civil(expected)
    assert due.tzinfo is UTC


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_duration_is_refused_at_once(text):
    started = time.thread_time()
    with pytest.raises(ExpressionRefused):
        durations.parse(text)
    assert time.thread_time() - started <= 0.05


@pytest.mark.parametrize("text", CYCLES, ids=range(len(CYCLES)))
def test_hostile_cycle_is_refused_at_once(text):
    started = time.thread_time()
    with pytest.raises(ExpressionRefused):
        durations.parse_cycle(text)
    assert time.thread_time() - started <= 0.05


def test_there_are_fifty_hostile_texts():
    assert len(set(HOSTILE)) >= 50
    assert len(DATES) >= 24


def test_twenty_years_of_reassessment_do_not_drift():
    anchor, period, moment, dates = date(2024, 2, 29), durations.parse("P2Y"), civil("2024-03-01T00:00"), []
    for _ in range(10):
        _, moment = durations.next_after(anchor, period, moment)
        dates.append(moment.astimezone(CIVIL).date())
    assert dates == [date(year, 2, 29 if year % 4 == 0 else 28) for year in range(2026, 2045, 2)]


@pytest.mark.parametrize("period", ["P1M", "P2Y", "P1D", "PT1M", "P1M1D", "P7W", "P1Y1M1DT1H"])
@pytest.mark.parametrize("anchor", [date(2024, 2, 29), date(2023, 8, 31), date(2012, 5, 21)])
def test_next_occurrence_is_the_first_one_later(period, anchor):
    parsed = durations.parse(period)
    for days in (0, 1, 30, 59, 365, 366, 3650, 36500):
        moment = civil("2024-02-29T00:00") + timedelta(days=days)
        n, due = durations.next_after(anchor, parsed, moment)
        assert due == durations.nth(anchor, parsed, n) > moment
        assert n == 1 or durations.nth(anchor, parsed, n - 1) <= moment


def test_next_occurrence_after_centuries_comes_at_once():
    started = time.thread_time()
    durations.next_after(date(1, 1, 2), durations.parse("PT1M"), datetime(9000, 1, 1, tzinfo=UTC))
    assert time.thread_time() - started <= 0.05


def test_first_anniversary_comes_one_period_after_a_later_anchor():
    n, due = durations.next_after(date(2030, 1, 1), durations.parse("P2Y"), civil("2026-01-01T00:00"))
    assert (n, due) == (1, civil("2032-01-01T00:00"))


def test_period_of_no_length_has_no_next_occurrence():
    with pytest.raises(ExpressionRefused):
        durations.next_after(date(2024, 1, 1), durations.parse("PT0.5S"), civil("2026-01-01T00:00"))


def test_moment_past_the_calendar_is_refused():
    with pytest.raises(ExpressionRefused):
        durations.after(civil("2024-01-01T00:00"), durations.parse("P200Y"), 10**9)
    with pytest.raises(ExpressionRefused):
        durations.after(civil("2024-01-01T00:00"), durations.parse("P200Y"), 50)


def test_cycle_counts_its_firings_from_the_anchor():
    cycle = durations.parse_cycle("R3/P1M")
    anchor = civil("2024-01-31T00:00")
    assert [cycle.occurrence(anchor, n) for n in (1, 2, 3, 4)] == [
        civil("2024-02-29T00:00"), civil("2024-03-31T00:00"), civil("2024-04-30T00:00"), None,
    ]  # fmt: skip


def test_cycle_with_a_start_fires_first_at_that_start():
    cycle = durations.parse_cycle("R/2026-01-01/P2Y")
    assert cycle.repetitions is None
    assert cycle.start == civil("2026-01-01T00:00")
    assert cycle.occurrence(civil("2020-01-01T00:00"), 1) == civil("2026-01-01T00:00")
    assert cycle.occurrence(civil("2020-01-01T00:00"), 3) == civil("2030-01-01T00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01", "2026-01-01T00:00"),
        ("2026-01-01T00:30", "2026-01-01T00:30"),
        ("2026-01-01T00:30:15+08:00", "2026-01-01T00:30:15"),
        ("2025-12-31T16:30Z", "2026-01-01T00:30"),
    ],
)
def test_moment_without_offset_is_civil_time(text, expected):
    assert durations.parse_moment(text) == civil(expected)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-02-30", "2026-1-1", "2026-01-01T24:30", "0001-01-01", "9" * 9999]
)
def test_moment_that_is_none_is_refused(text):
    with pytest.raises(ExpressionRefused):
        durations.parse_moment(text)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_zone_of_the_machine_changes_nothing(zone):
    program = (
        "from datetime import date\nfrom engine.domain import durations as d, workdays as w\n"
        "c = w.Calendar({}, date(2026, 12, 31))\n"
        "print(d.nth(date(2024, 2, 29), d.parse('P2Y'), 1), d.parse_moment('2026-01-01T00:30'),"
        " c.add_workdays(date(2026, 3, 6), 5).due)"
    )
    # a fixed program of our own in a process of its own: TZ is read once, at its start
    output = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TZ": zone},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert output == "2026-02-27 16:00:00+00:00 2025-12-31 16:30:00+00:00 2026-03-13 15:59:59+00:00\n"
