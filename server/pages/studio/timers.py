"""Trying a timer: the next dates at which it would fall due, by the calendar that the engine itself reckons with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine import calendars, clock, picklists, revisions
from engine.db import transaction
from engine.domain import durations, timings
from engine.domain.timings import KINDS, Asked
from engine.domain.workdays import Calendar, Deadline
from engine.errors import CalendarUnknown, ExpressionRefused
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.studio.frame import as_program, on_bench

DAY = 10  # characters of a day in ISO 8601


@pages.get("/studio/timers")
@on_bench
@as_program
def timer_dates() -> dict[str, Any]:
    """Return {dates: [{at, text, provisional}], why} for ?kind=&text=&anchor=&from=, or &deadline=&revision=.

    What only a running case can tell, an expression, gives no dates but says so.
    """
    asked = request.args
    try:
        with transaction(sessions()) as session:
            found = _dates(session, calendars.load(session), asked)
    except (ExpressionRefused, CalendarUnknown):
        return {"dates": [], "why": gettext("This is no date or length of time that can be reckoned.")}
    if found is None:
        return {"dates": [], "why": gettext("Only a running case can tell.")}
    return {"dates": [_told(one) for one in found], "why": ""}


def _dates(session: Session, calendar: Calendar, asked: MultiDict[str, str]) -> list[Deadline] | None:
    start = durations.parse_moment(asked["from"]) if asked.get("from") else clock.now()
    if key := asked.get("deadline"):
        return _term(session, calendar, (key, asked.get("revision", "")), start)
    text, anchor, kind = asked.get("text", ""), asked.get("anchor", ""), asked.get("kind", KINDS[1])
    if text.startswith("="):
        return None
    if anchor.startswith("="):
        anchor = start.astimezone(clock.CIVIL).isoformat()[:DAY]  # shown as if the anchor were the day it is tried from
    return timings.upcoming(calendar, Asked(kind, text, start, anchor))


def _term(session: Session, calendar: Calendar, row: tuple[str, str], start: datetime) -> list[Deadline] | None:
    key, revision = row
    try:
        found = picklists.term(revisions.files(session, g.actor, UUID(revision)), key)
    except ValueError:
        return None
    ends = timings.ends(calendar, *found, start) if found else None
    return None if ends is None else [ends]


def _told(one: Deadline) -> dict[str, Any]:
    return {"at": one.due.isoformat(), "text": stamp(one.due), "provisional": one.provisional}
