"""Notices of a person: the bell in the frame of every page, live where there is room, and the list behind it."""

from itertools import groupby
from typing import Any

from flask import Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse

from engine import sign_ins
from engine.db import transaction
from engine.notices import desk, rules
from engine.notices.desk import NoticeRow
from engine.notices.rules import TRIAL
from server import auth, live
from server.auth import signed_in
from server.live import Exchange
from server.pages.moments import day, stamp
from server.pages.shell import pages, sessions
from server.pages.words import pick

UNREAD = "unread"
TABS = ((None, _("All")), (UNREAD, _("Unread")))
FULL = 503


@pages.get("/notices", endpoint="notices")
@signed_in
def listing() -> str:
    """List what I was told, by day, the latest first; all, or what I have not read."""
    only = UNREAD if request.args.get("only") == UNREAD else None
    with transaction(sessions()) as session:
        found = desk.listing(session, g.actor, only, request.args.get("cursor"))
    days = groupby(found.rows, lambda one: day(one.at))
    return render_template(
        "notices/list.html",
        days=[{"on": on, "rows": [_row(one) for one in some]} for on, some in days],
        more=url_for("pages.notices", only=only, cursor=found.next) if found.next else "",
        tabs=[
            {"href": url_for("pages.notices", only=key), "label": text, "current": key == only} for key, text in TABS
        ],
        only=only,
    )


@pages.get("/notices/<int:notice>")
@signed_in
def open_notice(notice: int) -> AnyResponse:
    """Mark a notice of mine as read and lead to what it tells of."""
    with transaction(sessions()) as session:
        link = desk.follow(session, g.actor, notice)
    return redirect(link, 303)


@pages.post("/notices/read")
@signed_in
def read_notices() -> AnyResponse:
    """Mark the notices that the form names as read, or all of mine when it names none."""
    with transaction(sessions()) as session:
        desk.read(session, g.actor, request.form.getlist("notice", type=int) or None)
    only = UNREAD if request.form.get("only") == UNREAD else None
    return redirect(url_for("pages.notices", only=only), 303)


@pages.get("/notices/unread")
@signed_in
def unread_notices() -> Response:
    """Return how many notices I have not read, for a bell that is not live."""
    return jsonify(unread=bell())


@pages.get("/notices/stream")
@signed_in
def notice_stream() -> Response:
    """Tell my browser how many notices I have not read, now and whenever that changes; 503 without room."""
    exchange: Exchange = current_app.extensions["live"]
    line = exchange.join(g.actor.id)
    if line is None:
        return Response(status=FULL, headers={"Retry-After": str(live.LATER)})
    factory, actor, secret, limits = sessions(), g.actor, auth.secret(), auth.limits()

    def look() -> int | None:
        with transaction(factory) as session:
            return desk.unread(session, actor) if sign_ins.lives(session, secret, limits) else None

    told = live.stream(line, look, live.presence(request.environ))
    reply = Response(told, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    reply.call_on_close(lambda: exchange.leave(line))
    return reply


@pages.app_context_processor
def furnish() -> dict[str, Any]:
    """Give every page what counts my unread notices; asked by the frame alone, so that parts of pages cost nothing."""
    return {"bell": bell, "most_unread": desk.MOST_COUNTED}


def bell() -> int:
    """Return how many notices the person has not read."""
    with transaction(sessions()) as session:
        return desk.unread(session, g.actor)


def purpose(key: str) -> str:
    """Return what a notice is for, in the language of the page."""
    if key == TRIAL:
        return str(_("A notice to try"))
    known = rules.load().purposes.get(key)
    return pick(known.name) if known else key


def _row(one: NoticeRow) -> dict[str, Any]:
    return {
        "id": one.id,
        "subject": one.subject,
        "body": [line for line in one.body.splitlines() if line and not line.startswith(g.actor.name)],
        "purpose": purpose(one.purpose),
        "urgent": one.urgent and one.purpose != TRIAL,
        "at": stamp(one.at).partition(" ")[2],
        "fresh": one.read_at is None,
        "open": url_for("pages.open_notice", notice=one.id),
    }
