"""The plan of a year: who is measured again in which month, what they need for it, and whether each is sure to be."""

from itertools import groupby
from typing import Any

import icalendar
from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from engine import clock, plan, readers
from engine.db import transaction
from engine.plan import Due, Plan, Standing
from server.auth import signed_in
from server.pages import feeds, tables
from server.pages.moments import day
from server.pages.sentences import TITLES
from server.pages.shell import pages, sessions, settings
from server.pages.tables import Table
from server.pages.words import pick

STANDINGS = {
    Standing.ARMED: (lazy_gettext("set"), "green"),
    Standing.UNDER_WAY: (lazy_gettext("being measured"), "blue"),
    Standing.PROJECTED: (lazy_gettext("expected"), "gray"),
    Standing.MISSING: (lazy_gettext("nothing is set"), "red"),
    Standing.DOUBLED: (lazy_gettext("set more than once"), "red"),
    Standing.LATE: (lazy_gettext("not ended in time"), "red"),
}
ALARMS = {
    Standing.MISSING: lazy_gettext(
        "It holds a title, and no case will wake its next measurement. Start or repair its case."
    ),
    Standing.DOUBLED: lazy_gettext("Two timers wait for it. End the case that should not be."),
    Standing.LATE: lazy_gettext(
        "Its measurement has gone on for longer than the programme allows. See where it waits."
    ),
}


@pages.get("/plan")
@pages.get("/plan/<int:year>")
@signed_in
def plan_of_year(year: int | None = None) -> str:
    """Show who is measured in a year, by month, and whether every holder of a title is sure to be measured again."""
    year = year or clock.today().year
    with transaction(sessions()) as session:
        programmes = plan.programmes(session)
        wanted = request.args.get("programme") or None
        found = plan.of_year(session, g.actor, wanted, year) if programmes else None
    return render_template(
        "board/plan.html",
        year=year,
        this_year=clock.today().year,
        whole=readers.is_provincial(g.actor),
        programmes=[{"key": one.id, "name": pick(one.name)} for one in programmes],
        plan=_words(found) if found else None,
    )


@pages.get("/plan/<int:year>.<form>")
@signed_in
def plan_table(year: int, form: str) -> Response:
    """Give the plan of a year as a table to keep, or as iCalendar (RFC 5545)."""
    with transaction(sessions()) as session:
        found = plan.of_year(session, g.actor, request.args.get("programme") or None, year)
    if form == "ics":
        return feeds.as_file(_calendar(found), f"plan-{year}.ics")
    head = [_("Day"), _("Unit"), _("City"), _("Titles"), _("Since"), _("Standing")]
    rows = [
        [day(one.day), one.name, one.parent, _titles(one), day(one.granted_on), str(STANDINGS[one.standing][0])]
        for one in found.rows
    ]
    return tables.answer(Table(_("Plan of %(year)s", year=year), head, rows), tables.chosen(form))


def _words(found: Plan) -> dict[str, Any]:
    dated = groupby(found.rows, key=lambda one: one.day.month if one.day else 0)
    return {
        "programme": found.programme,
        "needs": pick(found.needs),
        "count": len(found.rows),
        "holders": found.holders,
        "months": [{"month": month, "rows": [_row(one) for one in rows]} for month, rows in dated],
        "alarms": [{**_row(one), "why": ALARMS[one.standing]} for one in found.alarms],
    }


def _row(one: Due) -> dict[str, Any]:
    label, tone = STANDINGS[one.standing]
    return {
        "href": url_for("pages.life", unit=one.unit),
        "name": one.name,
        "parent": one.parent,
        "day": day(one.day) if one.day else "—",
        "titles": _titles(one),
        "since": day(one.granted_on),
        "label": label,
        "tone": tone,
    }


def _titles(one: Due) -> str:
    return str(_(", ")).join(str(TITLES.get(kind, kind)) for kind in one.titles)


def _calendar(found: Plan) -> icalendar.Calendar:
    written = feeds.begun(_("Plan of %(year)s", year=found.year))
    for one in found.rows:
        if one.day is not None:
            event = icalendar.Event()
            event.add("uid", f"plan-{found.programme}-{one.unit}-{one.day}@{feeds.home().hostname}")
            event.add("dtstamp", clock.now())
            event.add("summary", _("%(unit)s is measured again", unit=one.name))
            event.add("description", pick(found.needs))
            event.add("dtstart", one.day)
            event.add("transp", "TRANSPARENT")
            event.add("url", f"{settings().public_url.rstrip('/')}{url_for('pages.life', unit=one.unit)}")
            written.add_component(event)
    return written
