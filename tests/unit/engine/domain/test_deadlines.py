"""Deadlines that stand still: stops are reckoned by days, in any order, each day once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import CIVIL
from engine.domain import deadlines
from engine.domain.deadlines import Term
from engine.domain.workdays import Calendar
from engine.errors import CalendarUnknown

FREE = [date(2025, 1, 28) + timedelta(n) for n in range(8)] + [date(2025, 10, 1) + timedelta(n) for n in range(8)]
WORKED = [date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27), date(2025, 9, 28), date(2025, 10, 11)]
CALENDAR = Calendar({**dict.fromkeys(FREE, False), **dict.fromkeys(WORKED, True)}, date(2025, 12, 31))
START = datetime(2025, 3, 3, 10, tzinfo=CIVIL)  # a Monday


def at(month, day, hour=15):
    return datetime(2025, month, day, hour, tzinfo=CIVIL)


def last_day(term):
    end = deadlines.reckon(CALENDAR, term).due.astimezone(CIVIL)
    assert (end.hour, end.minute, end.second) == (23, 59, 59)
    return end.date()


moments = st.datetimes(datetime(2025, 1, 1), datetime(2025, 11, 30)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis draws naive ones
spans = st.tuples(moments, st.integers(0, 40)).map(lambda drawn: (drawn[0], drawn[0] + timedelta(drawn[1], 3600)))
stops = st.lists(spans, max_size=6)
terms = st.builds(Term, st.just("KEY"), st.integers(0, 60), st.sampled_from(["wd", "cal"]), moments)


def held(term, some):
    return Term(term.key, term.days, term.unit, term.start, tuple(some))


@pytest.mark.parametrize(
    ("days", "unit", "some", "last"),
    [
        (5, "wd", [], (3, 10)),
        (5, "wd", [(at(3, 5), at(3, 10))], (3, 13)),  # the 6th, 7th and 10th stand still
        (5, "wd", [(at(3, 5), at(3, 5, 18))], (3, 10)),  # begun and ended on one day: no day is lost
        (5, "wd", [(at(3, 7), at(3, 9))], (3, 10)),  # a weekend
        (5, "wd", [(at(3, 10, 23), at(3, 12, 0))], (3, 10)),  # begun on the last day, which still counts
        (5, "wd", [(at(3, 4), at(3, 5)), (at(3, 6), at(3, 7))], (3, 12)),
        (5, "wd", [(at(3, 4), at(3, 6)), (at(3, 5), at(3, 7))], (3, 13)),  # 5, 6 and 7 once each
        (7, "cal", [(at(3, 5), at(3, 8))], (3, 13)),
        (5, "cal", [(at(3, 4), at(3, 5))], (3, 10)),  # the 9th is a Sunday and rolls
        (5, "cal", [(at(3, 8, 1), at(3, 12))], (3, 13)),  # free on the 8th and still until the 12th
        (0, "wd", [(at(3, 4), at(3, 9))], (3, 3)),
        (5, "wd", [(at(3, 5), at(9, 30))], (10, 11)),  # 4 and 5 March, 9, 10 and 11 October
    ],
)
def test_days_that_stood_still_are_added(days, unit, some, last):
    assert last_day(Term("KEY", days, unit, START, tuple(some))) == date(2025, *last)


def test_a_clock_that_stands_still_has_no_end():
    running = Term("KEY", 5, "wd", START)
    still = deadlines.stopped(running, at(3, 5))
    assert still.stopped
    assert deadlines.reckon(CALENDAR, still) is None
    assert deadlines.stopped(still, at(3, 6)) == still
    going = deadlines.resumed(still, at(3, 10))
    assert not going.stopped
    assert last_day(going) == date(2025, 3, 13)
    assert deadlines.read(going.plain()) == going
    assert deadlines.read(still.plain()) == still


def test_a_clock_moved_back_ends_a_stop_where_it_began():
    assert deadlines.resumed(deadlines.stopped(Term("K", 1, "wd", START), at(3, 5)), at(3, 4)).stops == (
        (at(3, 5), at(3, 5)),
    )


@given(terms)
def test_without_stops_it_is_what_the_calendar_says(term):
    count = CALENDAR.add_workdays if term.unit == "wd" else CALENDAR.add_days
    assert deadlines.reckon(CALENDAR, term) == count(term.start, term.days)


@given(terms, moments)
def test_a_stop_within_a_day_changes_nothing(term, moment):
    same_day = deadlines.reckon(CALENDAR, held(term, [(moment, moment)]))
    assert same_day == deadlines.reckon(CALENDAR, term)


@given(terms, stops, st.randoms(use_true_random=False))
def test_the_order_of_stops_does_not_matter(term, some, chance):
    mixed = list(some)
    chance.shuffle(mixed)
    assert deadlines.reckon(CALENDAR, held(term, some)) == deadlines.reckon(CALENDAR, held(term, mixed))


@given(terms, stops)
def test_stops_that_overlap_count_once(term, some):
    once = deadlines.reckon(CALENDAR, held(term, some))
    assert once == deadlines.reckon(CALENDAR, held(term, [*some, *some]))
    cut = [part for begun, end in some for part in _cut(begun, end)]
    assert once == deadlines.reckon(CALENDAR, held(term, cut))


@given(terms, stops, spans)
def test_more_stops_end_no_sooner(term, some, another):
    assert (
        deadlines.reckon(CALENDAR, held(term, some)).due <= deadlines.reckon(CALENDAR, held(term, [*some, another])).due
    )


@given(terms, stops)
def test_more_days_end_no_sooner(term, some):
    longer = Term(term.key, term.days + 1, term.unit, term.start, tuple(some))
    assert deadlines.reckon(CALENDAR, held(term, some)).due <= deadlines.reckon(CALENDAR, longer).due


@given(terms.filter(lambda term: term.days > 0), stops)
def test_it_ends_on_a_day_that_counts_after_as_many_as_it_has(term, some):
    first, last = term.start.astimezone(CIVIL).date(), last_day(held(term, some))
    days = [first + timedelta(n) for n in range(1, (last - first).days + 1)]
    counting = [day for day in days if not any(_stands_still(day, stop) for stop in some)]
    worked = [day for day in counting if CALENDAR.is_workday(day)]
    assert worked[-1] == last
    if term.unit == "wd":
        assert len(worked) == term.days
    else:
        assert len([day for day in counting if day <= last]) >= term.days


def test_a_span_is_crossed_from_its_start_to_its_end():
    term, due = Term("KEY", 5, "wd", START), at(3, 10, 23)
    for span, found in (((3, 1, 3, 2), False), ((3, 3, 3, 3), True), ((3, 10, 4, 1), True), ((3, 11, 4, 1), False)):
        touched = date(2025, *span[:2]), date(2025, *span[2:])
        assert deadlines.crosses(term, due, touched) is found


AFTER = Calendar({**CALENDAR.days, date(2025, 3, 8): True, date(2025, 3, 9): True}, date(2025, 12, 31))
BEFORE = Calendar({**CALENDAR.days, date(2025, 3, 6): False, date(2025, 3, 7): False}, date(2025, 12, 31))


@pytest.mark.parametrize(
    ("calendar", "now", "kept"),
    [
        (BEFORE, at(3, 5), (3, 12)),  # two days became free
        (AFTER, at(3, 5), (3, 8)),  # a weekend came to be worked
        (AFTER, at(3, 9), (3, 9)),  # it would have ended yesterday: today then
        (BEFORE, at(3, 11), (3, 12)),  # late by the old reckoning, in time by the new one
        (BEFORE, at(3, 20), (3, 12)),
        (AFTER, at(3, 20), (3, 10)),  # late as before, not later
    ],
)
def test_nobody_becomes_late_by_a_notice(calendar, now, kept):
    term = Term("KEY", 5, "wd", START)
    due = deadlines.reckon(CALENDAR, term).due
    assert due == CALENDAR.end_of(date(2025, 3, 10)).due
    end = deadlines.moved(calendar, term, due, now)
    assert end.due.astimezone(CIVIL).date() == date(2025, *kept)
    assert deadlines.moved(calendar, term, end.due, now) == end  # once more changes nothing


def test_what_would_have_ended_in_the_past_never_moves_later_either():
    term = Term("KEY", 5, "wd", START)
    due = CALENDAR.end_of(date(2025, 3, 10)).due
    free_today = Calendar({**AFTER.days, date(2025, 3, 10): False}, date(2025, 12, 31))
    assert deadlines.moved(free_today, term, due, at(3, 10)).due == due
    assert deadlines.moved(CALENDAR, deadlines.stopped(term, at(3, 4)), due, at(3, 10)) is None


@pytest.mark.parametrize(
    ("first", "days", "workdays", "last"),
    [
        ((2016, 3, 8), 7, 5, (2016, 3, 14)),  # as printed: 8 to 14 March
        ((2016, 3, 8), 7, 0, (2016, 3, 14)),
        ((2025, 3, 10), 7, 5, (2025, 3, 16)),  # a Sunday is printed as it is
        ((2025, 9, 29), 7, 5, (2025, 10, 11)),  # five working days: 29, 30, 9, 10 and the Saturday
        ((2025, 1, 24), 7, 5, (2025, 2, 6)),
        ((2025, 3, 8), 1, 0, (2025, 3, 8)),
        ((2025, 3, 8), 1, 1, (2025, 3, 10)),
    ],
)
def test_a_public_notice_counts_its_first_day(first, days, workdays, last):
    period = deadlines.notice_period(CALENDAR, date(*first), days, workdays)
    assert (period.first, period.last) == (date(*first), date(*last))
    assert period.ends == datetime(*last, 23, 59, 59, tzinfo=CIVIL)
    assert not period.provisional


@pytest.mark.parametrize("days", [0, -3, 10_002])
def test_a_public_notice_has_a_length(days):
    with pytest.raises(CalendarUnknown):
        deadlines.notice_period(CALENDAR, date(2025, 3, 3), days)


@pytest.mark.parametrize("days", [-1, 10_001])
def test_a_term_with_stops_has_a_length(days):
    with pytest.raises(CalendarUnknown):
        deadlines.reckon(CALENDAR, Term("KEY", days, "wd", START, ((at(3, 4), at(3, 6)),)))


def test_stops_of_all_time_are_passed_at_once():
    ever = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
    with pytest.raises(CalendarUnknown):
        deadlines.reckon(CALENDAR, Term("KEY", 5, "wd", START, (ever,)))


def _cut(begun, end):
    middle = begun + (end - begun) / 2
    return [(begun, middle), (middle, end)]


def _stands_still(day, stop):
    begun, end = (moment.astimezone(CIVIL).date() for moment in stop)
    return begun < day <= end
