"""Moments and deadlines as people read them, in civil time."""

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from engine import clock
from engine.inbox import TaskRow

SOON = 3


def stamp(moment: datetime | None) -> str:
    """Return `moment` to the minute in Asia/Shanghai."""
    return moment.astimezone(clock.CIVIL).strftime("%Y-%m-%d %H:%M") if moment else ""


def day(moment: datetime | date | None) -> str:
    """Return the civil date of `moment`."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(clock.CIVIL).date()
    return moment.isoformat() if moment else ""


def due(row: TaskRow) -> dict[str, Any] | None:
    """Return the deadline of a task row as text, tone and date; None when it has none. One may stand still."""
    if row.stopped:
        return {"text": str(_("the clock stands still")), "tone": "calm", "on": "", "provisional": False}
    if row.due_at is None:
        return None
    return {"text": _left(row), "tone": _tone(row), "on": day(row.due_at), "provisional": row.provisional}


def _left(row: TaskRow) -> str:
    left = row.workdays_left
    if row.state != "open":
        return ""
    if row.overdue:
        return _overdue(left)
    if left:
        return str(ngettext("%(num)d working day left", "%(num)d working days left", left))
    return str(_("due today") if day(row.due_at) == day(clock.now()) else _("no working day left"))


def _overdue(left: int | None) -> str:
    if not left:
        return str(_("overdue"))
    return str(ngettext("overdue by %(num)d working day", "overdue by %(num)d working days", abs(left)))


def _tone(row: TaskRow) -> str:
    if row.overdue:
        return "late"
    near = row.workdays_left is not None and row.workdays_left <= SOON
    return "soon" if near and row.state == "open" else "calm"
