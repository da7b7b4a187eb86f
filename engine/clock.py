"""The only clock of the house, movable for rehearsals, tests and the demonstration."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CIVIL = ZoneInfo("Asia/Shanghai")

_offset = timedelta()


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC) + _offset


def today() -> date:
    """Return the civil date in Asia/Shanghai."""
    return now().astimezone(CIVIL).date()


def travel(moment: datetime) -> None:
    """Move the clock so that it now reads `moment` (an aware datetime) and runs on from there."""
    global _offset
    _offset = moment - datetime.now(UTC)


def come_home() -> None:
    """Let the clock read the real time again."""
    global _offset
    _offset = timedelta()
