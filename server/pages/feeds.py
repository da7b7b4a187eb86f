"""The calendar feed: made, renewed and revoked by its person; read by a calendar program at its secret address."""

from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

import icalendar
from flask import g, redirect, url_for
from flask_babel import force_locale, gettext
from werkzeug.wrappers import Response

from engine import agenda, clock, feeds
from engine.agenda import Entry
from engine.db import transaction
from server.auth import public, signed_in
from server.pages import calendar, labels
from server.pages.labels import Labels
from server.pages.shell import pages, sessions, settings

BEHIND, AHEAD = timedelta(days=90), timedelta(days=700)
MEDIA_TYPE = "text/calendar; charset=utf-8"
EVERY = timedelta(hours=4)  # how often a program should ask again


@pages.post("/calendar/feed")
@signed_in
def make_feed() -> str:
    """Make an address for my calendar, in place of the one of before, and show it once."""
    with transaction(sessions()) as session:
        secret = feeds.renew(session, g.actor)
    return calendar.page(secret)


@pages.post("/calendar/feed/end")
@signed_in
def end_feed() -> Response:
    """End the address of my calendar."""
    with transaction(sessions()) as session:
        feeds.revoke(session, g.actor)
    return redirect(url_for("pages.calendar"), 303)


@pages.get("/feeds/<secret>.ics")
@public
def feed(secret: str) -> Response:
    """Give the agenda of whoever owns the address, in their language, as iCalendar (RFC 5545)."""
    today = clock.today()
    with transaction(sessions()) as session:
        g.actor = feeds.reader(session, secret)
        found = agenda.between(session, g.actor, today - BEHIND, today + AHEAD)
        names = labels.read(session)
    with force_locale(g.actor.language):
        content = _written(found, names)
    return Response(content, content_type=MEDIA_TYPE, headers={"Content-Disposition": 'inline; filename="icity.ics"'})


def begun(name: str) -> icalendar.Calendar:
    """Return an empty calendar of that name, in Asia/Shanghai."""
    written = icalendar.Calendar()
    written.add("prodid", "-//icity//calendar//ZH")
    written.add("version", "2.0")
    written.add("method", "PUBLISH")
    written.add("x-wr-calname", name)
    written.add("x-wr-timezone", str(clock.CIVIL))
    return written


def as_file(written: icalendar.Calendar, name: str) -> Response:
    """Return a calendar as a file to keep."""
    kept = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(bytes(written.to_ical()), content_type=MEDIA_TYPE, headers=kept)


def home() -> SplitResult:
    """Return the parts of the address under which this installation is reached."""
    return urlsplit(settings().public_url)


def _written(found: list[Entry], names: Labels) -> bytes:
    written = begun(gettext("Innovative City Desk"))
    written.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    written.add("x-published-ttl", EVERY)
    for entry in found:
        written.add_component(_event(entry, names))
    written.add_missing_timezones()
    return bytes(written.to_ical())


def _event(entry: Entry, names: Labels) -> icalendar.Event:
    """Return an entry as an event: whole days where it is one, else an instant in Asia/Shanghai."""
    event = icalendar.Event()
    here = home()
    text = calendar.words(entry, names)
    event.add("uid", f"{entry.key}@{here.hostname}")
    event.add("dtstamp", clock.now())
    event.add("summary", gettext("(provisional) %(text)s", text=text) if entry.provisional else text)
    event.add("categories", [str(calendar.KINDS[entry.kind][0])])
    event.add("transp", "TRANSPARENT")
    if entry.at is None:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.until + timedelta(days=1))
    else:
        event.add("dtstart", entry.at.astimezone(clock.CIVIL))
        event.add("dtend", entry.at.astimezone(clock.CIVIL))
    told = [line for line in (entry.number, _late_words(entry)) if line]
    if told:
        event.add("description", "\n".join(told))
    if address := calendar.address_of(entry):
        event.add("url", f"{here.scheme}://{here.netloc}{address}")
    return event


def _late_words(entry: Entry) -> str:
    return gettext("The calendar of that year is not published yet; the date may move.") if entry.provisional else ""
