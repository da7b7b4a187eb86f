"""Substitutes (代理): whom I let stand in for me, and for whom I stand in."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import clock, substitutions
from engine.db import transaction
from engine.errors import SubstitutionRefused
from engine.substitutions import Appointment, SubstitutionRow
from server import problems
from server.auth import signed_in
from server.pages import labels
from server.pages.dialogs import person
from server.pages.settings import done, frame
from server.pages.shell import pages, sessions
from server.pages.words import language

REFUSED = 422
STATES = {
    "in force": (_("in force"), "green"),
    "coming": (_("coming"), "blue"),
    "over": (_("over"), "gray"),
    "ended": (_("ended early"), "gray"),
}


@pages.get("/settings/substitutes")
@signed_in
def substitutes() -> str:
    """Show who stands in for me, for whom I stand in, and let me appoint somebody."""
    return _page()


@pages.post("/settings/substitutes")
@signed_in
def appoint_substitute() -> Response | tuple[str, int]:
    """Let a colleague stand in for me."""
    try:
        wanted = _wanted()
        with transaction(sessions()) as session:
            substitutions.appoint(session, g.actor, wanted)
    except ValueError:
        return _page(gettext("Choose a colleague and both days.")), REFUSED
    except SubstitutionRefused as refused:
        return _page(problems.sentence(refused, language())), REFUSED
    return done("pages.substitutes", "appointed")


@pages.post("/settings/substitutes/<uuid:substitution>/end")
@signed_in
def end_substitute(substitution: UUID) -> Response:
    """End a substitution before its last day."""
    with transaction(sessions()) as session:
        substitutions.end(session, g.actor, substitution)
    return done("pages.substitutes", "ended")


def _wanted() -> Appointment:
    """Read what the form says; raise ValueError where a colleague or a day is missing or none."""
    form = request.form
    return Appointment(
        substitute=UUID(form.get("substitute", "")),
        since=date.fromisoformat(form.get("since", "")),
        until=date.fromisoformat(form.get("until", "")),
        reason=form.get("reason", ""),
        roles=form.getlist("role"),
    )


def _page(refused: str = "") -> str:
    with transaction(sessions()) as session:
        people = substitutions.candidates(session, g.actor)
        found = substitutions.listing(session, g.actor)
    mine = [_row(row) for row in found if row.person == g.actor.id]
    theirs = [_row(row) for row in found if row.person != g.actor.id]
    return render_template(
        "settings/substitutes.html",
        **frame("pages.substitutes"),
        refused=refused,
        people=[person(one) for one in people],
        roles=[{"key": role, "name": labels.role(role)} for role in sorted({role for _, role in g.actor.held})],
        typed=request.form,
        chosen=request.form.getlist("role"),
        today=clock.today().isoformat(),
        mine=mine,
        theirs=theirs,
    )


def _row(row: SubstitutionRow) -> dict[str, Any]:
    label, tone = STATES[row.state]
    return {
        "who": row.substitute_name if row.person == g.actor.id else row.person_name,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "roles": gettext(", ").join(map(labels.role, row.roles)) or gettext("all roles"),
        "reason": row.reason,
        "state": {"label": label, "tone": tone},
        "end": url_for("pages.end_substitute", substitution=row.id) if row.state in {"in force", "coming"} else None,
    }
