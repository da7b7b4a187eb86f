"""The civil calendar in the database: seeded from the published notices, corrected by new ones."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import chinese_calendar
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock
from engine.db import after_commit
from engine.domain.workdays import SATURDAY, Calendar
from engine.settings import ROOT
from engine.tables import CalendarDay

NOTICES = ROOT / "config" / "calendar"
FIRST_YEAR = 2004
BASIS = "chinesecalendar 1.11.0"
KEPT = timedelta(seconds=60)


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

    A file of the folder is a CSV of the columns day, workday (1 or 0) and basis (the number of the notice).
    """
    last_year = max(chinese_calendar.holidays).year
    if not session.scalar(select(CalendarDay.day).where(CalendarDay.day == date(last_year, 12, 31))):
        days = [day for year in range(FIRST_YEAR, last_year + 1) for day in _days_of(year)]
        _add(session, [{"day": day, "workday": chinese_calendar.is_workday(day), "basis": BASIS} for day in days])
    for file in sorted(notices.glob("*.csv")):
        for basis, named in _notices_of(file).items():
            import_notice(session, named, basis)


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


def _notices_of(file: Path) -> dict[str, dict[date, bool]]:
    notices: dict[str, dict[date, bool]] = defaultdict(dict)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            notices[row["basis"]][date.fromisoformat(row["day"])] = row["workday"] == "1"
    return notices


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
