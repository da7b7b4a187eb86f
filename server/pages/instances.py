"""Cases: the list, and one case with its live diagram and its history."""

from typing import Any
from uuid import UUID

from flask import g, render_template, request
from flask_babel import gettext, lazy_gettext

from engine import events
from engine import instances as cases
from engine.db import transaction
from server.auth import signed_in
from server.pages import labels
from server.pages.moments import day, stamp
from server.pages.sentences import lines
from server.pages.shell import pages, sessions

LIMIT = 50
STATES = {
    "running": (lazy_gettext("Running"), "blue"),
    "finished": (lazy_gettext("Finished"), "green"),
    "suspended": (lazy_gettext("Paused"), "yellow"),
    "cancelled": (lazy_gettext("Ended early"), "gray"),
    "terminated": (lazy_gettext("Ended at once"), "gray"),
}


@pages.get("/instances")
@signed_in
def instances() -> str:
    """Show the cases I may see, newest first."""
    with transaction(sessions()) as session:
        page = cases.listing(session, g.actor, request.args.get("cursor"), LIMIT)
        names = labels.read(session)
    return render_template("instances/list.html", rows=[_brief(row, names) for row in page.rows], more=page.next)


@pages.get("/instances/<uuid:case>")
@signed_in
def instance(case: UUID) -> str:
    """Show a case: its facts, its open tasks, its diagram and what has happened."""
    skip = max(request.args.get("skip", 0, int), 0)
    with transaction(sessions()) as session:
        view = cases.show(session, g.actor, case)
        drawn = cases.diagrams(session, g.actor, case)
        happened = events.timeline(session, case)[::-1][skip:]
        names = labels.read(session)
    return render_template(
        "instances/instance.html",
        case={**_brief(view.row, names), "number": view.number, "starter": view.started_by},
        tasks=[_waiting(row) for row in view.open_tasks],
        incidents=[{"name": names.element(row["element"]), "at": stamp(row["raised_at"])} for row in view.incidents],
        diagram=_diagram(view.row.process, drawn),
        history=lines(happened[:LIMIT], names),
        more=skip + LIMIT if len(happened) > LIMIT else None,
    )


def _brief(row: cases.InstanceRow, names: labels.Labels) -> dict[str, Any]:
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "title": row.title,
        "process": names.process(row.process),
        "milestone": names.milestone(row.milestone),
        "state": {"label": label, "tone": tone},
        "started": stamp(row.started_at),
        "ended": stamp(row.ended_at),
    }


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "with": row["person"] or gettext("nobody yet"),
        "due": day(row["due_at"]),
        "provisional": row["provisional"],
    }


def _diagram(first: str, drawn: list[cases.Diagram]) -> dict[str, Any]:
    return {
        "first": first,
        "processes": [
            {"id": one.process, "name": one.name, "xml": one.xml, "done": one.done, "current": one.current}
            for one in drawn
        ],
        "texts": {"open": gettext("Open")},
    }
