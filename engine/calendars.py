"""The civil calendar in the database: seeded from the published notices, corrected by new ones.

A notice is kept with its number and the version of the calendar it made. Deadlines follow it twice (engine.deadlines):
at once, and again when no process can still hold the calendar of before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import chinese_calendar
from sqlalchemy import ColumnElement, Engine, and_, bindparam, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.db import after_commit
from engine.domain import holidays
from engine.domain.deadlines import Span
from engine.domain.holidays import Arrangement
from engine.domain.workdays import SATURDAY, Calendar
from engine.errors import NotFound, OperationRefused
from engine.settings import ROOT
from engine.tables import CalendarDay, CalendarNotice

NOTICES = ROOT / "config" / "calendar"
FIRST_YEAR = 2004
BASIS = "chinesecalendar 1.11.0"
KEPT = timedelta(seconds=60)
SURELY_FORGOTTEN = 2 * KEPT

_ONE_AT_A_TIME = text("LOCK TABLE calendar_notice IN SHARE ROW EXCLUSIVE MODE")


@dataclass
class _Kept:
    calendars: "WeakKeyDictionary[Engine, tuple[datetime, Calendar]]" = field(default_factory=WeakKeyDictionary)


_kept = _Kept()


def load(session: Session) -> Calendar:
    """Return the calendar as it stood at most 60 seconds ago."""
    engine = session.get_bind().engine
    moment = clock.now()
    found = _kept.calendars.get(engine)
    # A clock that was moved back must not keep a calendar for years.
    if found is None or not timedelta() <= moment - found[0] < KEPT:
        found = (moment, _read(session))
        _kept.calendars[engine] = found
    return found[1]


def seed(session: Session, notices: Path = NOTICES) -> None:
    """Add the published days that are not yet known, then the notices in the folder; repeating changes nothing.

    A file of the folder is a notice as `engine.domain.holidays` reads it; raise WorkbookRefused for one with faults.
    """
    last_year = max(chinese_calendar.holidays).year
    if not session.scalar(select(CalendarDay.day).where(CalendarDay.day == date(last_year, 12, 31))):
        days = [day for year in range(FIRST_YEAR, last_year + 1) for day in _days_of(year)]
        _add(session, [{"day": day, "workday": chinese_calendar.is_workday(day), "basis": BASIS} for day in days])
    for file in sorted((*notices.glob("*.csv"), *notices.glob("*.xlsx"))):
        load_notice(session, holidays.read(file.read_bytes()), file.name)


def load_notice(session: Session, notice: Arrangement, by: str) -> bool:
    """Set the days of a notice and remember it by its number; False when it was loaded before.

    `by` is a login or the name of a file. Raise OperationRefused when another notice has this number.
    """
    session.execute(_ONE_AT_A_TIME)
    said = {day.isoformat(): worked for day, worked in notice.days.items()}
    before = session.get(CalendarNotice, notice.number)
    if before is not None:
        if (before.issued_on, before.days) != (notice.issued_on, said):
            zh = f"{notice.number}已登记，内容不同；更正请用新的文号。"
            en = f"{notice.number} was loaded with other days; a correction has a number of its own."
            raise OperationRefused(why={"zh": zh, "en": en})
        return False
    import_notice(session, notice.days, notice.number)
    version, now = _read(session).version, clock.now()
    facts = {"number": notice.number, "issued_on": notice.issued_on, "days": said, "version": version}
    session.add(CalendarNotice(**facts, loaded_at=now, loaded_by=by))
    session.flush()
    events.append(session, "calendar.loaded", data={"number": notice.number, "version": version, "by": by})
    return True


def notices(session: Session) -> list[CalendarNotice]:
    """List the notices that were loaded, the latest first; those the package holds have no rows of their own."""
    return list(session.scalars(select(CalendarNotice).order_by(CalendarNotice.loaded_at.desc())))


def touched(session: Session, number: str) -> Span:
    """Return the first and the last day that a notice may have changed: of every year it names; raise NotFound."""
    notice = session.get(CalendarNotice, number)
    if notice is None:
        raise NotFound(notice=number)
    days = {date.fromisoformat(day): worked for day, worked in notice.days.items()}
    return Arrangement(number, notice.issued_on, days).touched


def pending() -> ColumnElement[bool]:
    """Return the condition "the deadlines have not finally followed a notice at :now"; see `unsettled`."""
    return exists().where(_is_unsettled(bindparam("now", type_=CalendarNotice.loaded_at.type)))


def unsettled(session: Session) -> list[str]:
    """List the notices that deadlines must follow once more, the oldest first.

    A process keeps its calendar for a minute: what it opened meanwhile was reckoned by the one of before.
    """
    query = select(CalendarNotice.number).where(_is_unsettled(clock.now()))
    return list(session.scalars(query.order_by(CalendarNotice.loaded_at)))


def settle(session: Session, number: str) -> None:
    """Remember that every deadline has followed a notice."""
    notice = session.get(CalendarNotice, number)
    if notice is not None:
        notice.settled_at = clock.now()
        session.flush()


def import_notice(session: Session, days: Mapping[date, bool], basis: str) -> None:
    """Set the days that a notice of the State Council names; `basis` is its number.

    A year it touches is published with it: days it does not name follow the week unless they were known before.
    """
    if not days:
        return
    statement = insert(CalendarDay)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[CalendarDay.day],
            set_={"workday": statement.excluded.workday, "basis": statement.excluded.basis},
        ),
        [{"day": day, "workday": workday, "basis": basis} for day, workday in days.items()],
    )
    others = [day for year in sorted({day.year for day in days}) for day in _days_of(year)]
    _add(session, [{"day": day, "workday": day.weekday() < SATURDAY, "basis": basis} for day in others])


def _is_unsettled(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(CalendarNotice.settled_at.is_(None), CalendarNotice.loaded_at <= now - SURELY_FORGOTTEN)


def _add(session: Session, rows: list[dict[str, object]]) -> None:
    session.execute(insert(CalendarDay).on_conflict_do_nothing(), rows)
    engine = session.get_bind().engine
    _forget(engine)
    after_commit(session, lambda: _forget(engine))


def _forget(engine: Engine) -> None:
    _kept.calendars.pop(engine, None)


def _read(session: Session) -> Calendar:
    by_week = func.extract("isodow", CalendarDay.day) <= SATURDAY
    exceptions = session.execute(
        select(CalendarDay.day, CalendarDay.workday).where(CalendarDay.workday != by_week)
    ).all()
    known_until = session.scalar(select(func.max(CalendarDay.day)))
    return Calendar({row.day: row.workday for row in exceptions}, known_until or date.min)


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]
