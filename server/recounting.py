"""Deadlines follow the calendar: a notice is loaded, then each instance it may touch, in a transaction of its own.

What is killed half way is taken up by the hands (`server.worker`), which also look once more when no process can still
hold the calendar of before.
"""

import time
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from engine import calendars, deadlines
from engine.db import Sessions, transaction
from engine.domain import holidays
from engine.errors import Busy

NOBODY = UUID(int=0)

_log = structlog.get_logger("icity.recounting")


@dataclass(frozen=True)
class Loaded:
    """A notice that was loaded: what it made of the calendar, and whether every deadline has followed it by now."""

    number: str
    issued_on: date
    days_off: int
    workdays: int
    version: str
    new: bool
    moved: int
    complete: bool


def load(sessions: Sessions, content: bytes, by: str, seconds: float | None = None) -> Loaded:
    """Load the notice in a CSV or XLSX file and let the deadlines follow, for at most `seconds`.

    Raise WorkbookRefused naming every fault, OperationRefused when another notice has its number.
    """
    notice = holidays.read(content)
    with transaction(sessions) as session:
        new = calendars.load_notice(session, notice, by)
    moved, complete = follow(sessions, notice.number, seconds)
    with transaction(sessions) as session:
        version = calendars.load(session).version
    worked = sum(notice.days.values())
    return Loaded(notice.number, notice.issued_on, len(notice.days) - worked, worked, version, new, moved, complete)


def follow(sessions: Sessions, number: str, seconds: float | None = None) -> tuple[int, bool]:
    """Reckon the open deadlines anew that a notice may have moved; return how many moved, and whether all were seen.

    Raise NotFound when there is no such notice.
    """
    until = None if seconds is None else time.monotonic() + seconds
    with transaction(sessions) as session:
        span = calendars.touched(session, number)
    moved, complete, last = 0, True, NOBODY
    while True:
        with transaction(sessions) as session:
            some = deadlines.crossing(session, span, last)
        for last in some:
            if until is not None and time.monotonic() > until:
                return moved, False
            found = _recount(sessions, last, number)
            moved, complete = moved + (found or 0), complete and found is not None
        if not some:
            return moved, complete


def settle(sessions: Sessions) -> int:
    """Let the deadlines follow, for good, every notice that is old enough; return how many moved."""
    with transaction(sessions) as session:
        numbers = calendars.unsettled(session)
    total = 0
    for number in numbers:
        moved, complete = follow(sessions, number)
        total += moved
        if complete:
            with transaction(sessions) as session:
                calendars.settle(session, number)
    return total


def _recount(sessions: Sessions, instance: UUID, number: str) -> int | None:
    """Return how many deadlines of an instance moved; None when somebody holds it, so that it must be seen again."""
    try:
        with transaction(sessions) as session:
            return deadlines.recount(session, instance, number)
    except (Busy, OperationalError):
        return None
    except Exception:  # noqa: BLE001 - one damaged instance must not keep the others from the calendar
        _log.exception("recount.failed", instance=instance, notice=number)
        return 0
