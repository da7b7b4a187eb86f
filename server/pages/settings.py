"""Settings of a person: the language, the size of lists; and their sign-ins everywhere."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import preferences, sign_ins
from engine.db import transaction
from engine.sign_ins import SignInRow
from server import auth
from server.auth import signed_in
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.words import COOKIE

SECTIONS = (
    ("pages.settings", _("Desk")),
    ("pages.notice_settings", _("Notices")),
    ("pages.substitutes", _("Substitutes")),
    ("pages.security", _("Password and second factor")),
    ("pages.my_sign_ins", _("Sign-ins")),
)
SAID = {
    "kept": _("Your settings were kept."),
    "tried": _("A notice to try is on its way to you, over every channel with an address."),
    "tried-here": _("A notice to try stands in your list; you gave no address for any other channel."),
    "password": _("Your password was changed. Every other sign-in of yours has ended."),
    "factor-off": _("The second factor is off. From now on the password alone signs you in."),
    "appointed": _("The substitute was appointed."),
    "ended": _("The substitution was ended."),
    "sign-in-ended": _("That sign-in was ended."),
    "others-ended": _("All other sign-ins were ended."),
}
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@pages.get("/settings")
@signed_in
def settings() -> str:
    """Show how my desk is set."""
    with transaction(sessions()) as session:
        chosen = preferences.read(session, g.actor)
    return render_template(
        "settings/desk.html",
        **frame("pages.settings"),
        spoken=g.actor.language,
        rows=chosen.rows,
        sizes=preferences.SIZES,
    )


@pages.post("/settings")
@signed_in
def keep_settings() -> Response:
    """Keep how my desk is set; the language counts at once."""
    rows = request.form.get("rows", default=0, type=int)
    with transaction(sessions()) as session:
        preferences.choose(session, g.actor, {"rows": rows})
        preferences.speak(session, g.actor, request.form.get("language", ""))
    reply = done("pages.settings", "kept")
    reply.delete_cookie(COOKIE)
    return reply


@pages.get("/settings/sign-ins")
@signed_in
def my_sign_ins() -> str:
    """Show where I am signed in."""
    with transaction(sessions()) as session:
        found = sign_ins.listing(session, g.actor, auth.secret())
    rows = [_row(row) for row in found]
    return render_template("settings/sign_ins.html", **frame("pages.my_sign_ins"), rows=rows, others=len(rows) > 1)


@pages.post("/settings/sign-ins/<sign_in>/end")
@signed_in
def end_sign_in(sign_in: str) -> Response:
    """End one sign-in of mine."""
    with transaction(sessions()) as session:
        sign_ins.end(session, g.actor, sign_in)
    return done("pages.my_sign_ins", "sign-in-ended")


@pages.post("/settings/sign-ins/end-others")
@signed_in
def end_other_sign_ins() -> Response:
    """End every sign-in of mine but this one."""
    with transaction(sessions()) as session:
        sign_ins.end_others(session, g.actor, auth.secret())
    return done("pages.my_sign_ins", "others-ended")


def frame(endpoint: str) -> dict[str, Any]:
    """Return what every page of settings shows: its sections, and what was just done."""
    sections = [{"href": url_for(one), "label": label, "current": one == endpoint} for one, label in SECTIONS]
    return {"sections": sections, "said": SAID.get(request.args.get("said", ""), "")}


def done(endpoint: str, said: str) -> Response:
    """Go back to a page of settings and say there what was done."""
    return redirect(url_for(endpoint, said=said), 303)


def _row(row: SignInRow) -> dict[str, Any]:
    return {
        "device": _device(row),
        "whole": row.device or "",
        "address": row.address or "",
        "since": stamp(row.started_at),
        "seen": stamp(row.seen_at),
        "ends": stamp(row.ends_at),
        "here": row.here,
        "end": url_for("pages.end_sign_in", sign_in=row.id),
    }


def _device(row: SignInRow) -> str:
    """Return a device in words a person knows again."""
    said = row.device or ""
    if row.kind == "api":
        return str(gettext("A program: %(name)s", name=said.split("/")[0]) if said else gettext("A program"))
    parts = [next((name for mark, name in known if mark in said), "") for known in (BROWSERS, SYSTEMS)]
    return str(gettext(" on ").join(part for part in parts if part) or gettext("A browser"))
