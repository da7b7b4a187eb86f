"""The calendar: rounds, my deadlines, notices and next measurements by month, with holidays and moved working days."""

from calendar import Calendar as Weeks
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound

from engine import agenda, calendars, clock, feeds
from engine.agenda import Entry, Kind
from engine.db import transaction
from engine.domain.workdays import Calendar
from server.auth import signed_in
from server.pages import labels
from server.pages.labels import Labels
from server.pages.moments import day, stamp
from server.pages.shell import pages, sessions, settings
from server.pages.terms import round_name

VIEWS = {"month": lazy_gettext("Month"), "list": lazy_gettext("List")}
KINDS = {
    Kind.TASK: (lazy_gettext("My deadline"), "red"),
    Kind.FREE: (lazy_gettext("To claim"), "amber"),
    Kind.ROUND: (lazy_gettext("Round"), "blue"),
    Kind.NOTICE: (lazy_gettext("Notice to all"), "gray"),
    Kind.DATE: (lazy_gettext("Due date"), "green"),
}
ROUND_TURNS = {
    "opened": lazy_gettext("%(round)s opens"),
    "closed": lazy_gettext("%(round)s: the results are in"),
    "published": lazy_gettext("%(round)s: the results are published"),
}
NOTICE_TURNS = {"begins": lazy_gettext("%(title)s (begins)"), "ends": lazy_gettext("%(title)s (ends)")}
WEEKDAYS = (
    lazy_gettext("Mon"),
    lazy_gettext("Tue"),
    lazy_gettext("Wed"),
    lazy_gettext("Thu"),
    lazy_gettext("Fri"),
    lazy_gettext("Sat"),
    lazy_gettext("Sun"),
)
MOST_A_DAY = 4
FIRST_YEAR, LAST_YEAR = 2000, 2100
SATURDAY = 5


@pages.get("/calendar")
@signed_in
def calendar() -> str:
    """Show a month of my agenda, as a month or as a list, and the address at which programs read it."""
    return page(None)


def page(secret: str | None) -> str:
    """Show the calendar; with the secret of an address that was just made, that address once."""
    month = _month(request.args.get("month", ""))
    view = request.args.get("view", "month")
    weeks = Weeks().monthdatescalendar(month.year, month.month)
    with transaction(sessions()) as session:
        known = calendars.load(session)
        found = agenda.between(session, g.actor, weeks[0][0], weeks[-1][-1])
        names = labels.read(session)
        made = feeds.made_at(session, g.actor)
    by_day = _by_day(found, names)
    return render_template(
        "board/calendar.html",
        month=month.strftime("%Y-%m"),
        heading=_("%(month)s/%(year)s", month=month.month, year=month.year),
        before=(month - relativedelta(months=1)).strftime("%Y-%m"),
        after=(month + relativedelta(months=1)).strftime("%Y-%m"),
        today=clock.today().strftime("%Y-%m"),
        view=view if view in VIEWS else "month",
        views=[{"key": key, "label": label} for key, label in VIEWS.items()],
        kinds=[{"label": label, "tone": tone} for label, tone in KINDS.values()],
        weekdays=WEEKDAYS,
        weeks=[[_day(one, month, known, by_day.get(one, [])) for one in week] for week in weeks],
        days=[_day(one, month, known, lines) for one, lines in _listed(found, month, names)],
        unpublished=known.provisional(weeks[-1][-1]),
        feed={"made": stamp(made), "address": _address(secret) if secret else None},
    )


def words(entry: Entry, names: Labels) -> str:
    """Return what a calendar calls an entry."""
    if entry.kind is Kind.ROUND:
        return str(ROUND_TURNS[entry.what]) % {"round": round_name(entry.title)}
    if entry.kind is Kind.NOTICE:
        return str(NOTICE_TURNS[entry.what]) % {"title": entry.title} if entry.what else entry.title
    if entry.kind is Kind.DATE:
        return f"{_('Due (%(what)s)', what=names.element(entry.element))} · {entry.title}"
    return f"{names.element(entry.element) or entry.name} · {entry.title}"


def address_of(entry: Entry) -> str | None:
    """Return the page of what an entry is about, None when it has none."""
    if entry.task is not None:
        return url_for("pages.task", task_id=entry.task)
    if entry.unit is not None:
        return url_for("pages.life", unit=entry.unit)
    return url_for("pages.rankings", round=entry.title) if entry.kind is Kind.ROUND and entry.what != "opened" else None


def _month(wanted: str) -> date:
    """Return the first day of the wanted month, of this one without a wish; raise NotFound for one out of the world."""
    if not wanted:
        return clock.today().replace(day=1)
    try:
        month = date.fromisoformat(f"{wanted}-01")
    except ValueError as fault:
        raise NotFound from fault
    if not FIRST_YEAR <= month.year <= LAST_YEAR:
        raise NotFound
    return month


def _by_day(found: Iterable[Entry], names: Labels) -> dict[date, list[dict[str, Any]]]:
    """Return the entries in words by each day that they touch."""
    told: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for entry in found:
        line = _line(entry, names)
        for number in range((entry.until - entry.day).days + 1):
            told[entry.day + timedelta(days=number)].append(line)
    return told


def _listed(found: Iterable[Entry], month: date, names: Labels) -> list[tuple[date, list[dict[str, Any]]]]:
    """Return the entries of the month in words by day; one that lasts stands on its first day alone."""
    told: dict[date, list[dict[str, Any]]] = defaultdict(list)
    last = month + relativedelta(day=31)
    for entry in found:
        if entry.day <= last and entry.until >= month:
            told[max(entry.day, month)].append(_line(entry, names))
    return sorted(told.items())


def _line(entry: Entry, names: Labels) -> dict[str, Any]:
    label, tone = KINDS[entry.kind]
    until = day(entry.until) if entry.until != entry.day else ""
    return {
        "text": words(entry, names),
        "kind": label,
        "tone": tone,
        "href": address_of(entry),
        "at": stamp(entry.at)[-5:],
        "until": until,
        "number": entry.number or "",
        "provisional": entry.provisional,
    }


def _day(one: date, month: date, known: Calendar, lines: list[dict[str, Any]]) -> dict[str, Any]:
    worked, weekend = known.is_workday(one), one.weekday() >= SATURDAY
    mark = {(False, False): "off", (True, True): "on"}.get((worked, weekend), "")
    return {
        "date": one.isoformat(),
        "number": one.day,
        "weekday": WEEKDAYS[one.weekday()],
        "outside": one.month != month.month,
        "today": one == clock.today(),
        "worked": worked,
        "mark": mark,
        "lines": lines,
        "first": lines[:MOST_A_DAY],
        "more": max(len(lines) - MOST_A_DAY, 0),
    }


def _address(secret: str) -> str:
    return settings().public_url.rstrip("/") + url_for("pages.feed", secret=secret)
