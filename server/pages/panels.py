"""What stands around the form of a task: each panel is a page of its own, fetched when the task is open or in view."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from engine import actions, documents, drafts, events, forecast, inbox, independence, opinions, seats, signs, tasks
from engine import instances as cases
from engine.db import transaction
from engine.errors import NotFound
from engine.inbox import TaskRow
from server.auth import signed_in
from server.pages import answers, comparison, labels, seatings, standings
from server.pages.moments import day, stamp
from server.pages.sentences import lines
from server.pages.shell import pages, sessions
from server.pages.words import pick

RECENT = 12
Panel = Callable[[Session, TaskRow], dict[str, Any]]


@pages.get("/tasks/<uuid:task_id>/panels/<panel>")
@signed_in
def task_panel(task_id: UUID, panel: str) -> str:
    """Show one panel of a task; raise NotFound for a task the person may not see and a panel there is not."""
    if panel not in PANELS:
        raise NotFound(panel=panel)
    title, read = PANELS[panel]
    with transaction(sessions()) as session:
        row = inbox.found(session, g.actor, task_id)
        if row is None:
            raise NotFound(task=task_id)
        told = read(session, row)
    return render_template(f"tasks/panels/{panel}.html", panel=panel, title=title, task=row, **told)


def _history(session: Session, row: TaskRow) -> dict[str, Any]:
    happened = events.timeline(session, row.instance)
    names = labels.read(session)
    return {"history": lines(reversed(happened[-RECENT:]), names), "more": len(happened) > RECENT}


def _facts(session: Session, row: TaskRow) -> dict[str, Any]:
    view = cases.show(session, g.actor, row.instance)
    names = labels.read(session)
    return {
        "process": names.process(view.row.process),
        "milestone": names.milestone(view.row.milestone),
        "started": stamp(view.row.started_at),
        "starter": view.started_by,
        "number": view.number,
        "others": [_waiting(one) for one in view.open_tasks if one["id"] != row.id],
    }


def _opinions(session: Session, row: TaskRow) -> dict[str, Any]:
    names = labels.read(session)
    given = [one for one in opinions.given(session, g.actor, row.instance) if one.task != row.id]
    told = [
        {
            "name": names.element(one.element),
            "who": one.who,
            "at": stamp(one.at),
            "lines": answers.told(one.form, one.answers),
        }
        for one in given
    ]
    return {"told": [one for one in told if one["lines"]]}


def _comparison(session: Session, row: TaskRow) -> dict[str, Any]:
    """Compare what the form says now, a draft of the person included, with what it said last time."""
    view = tasks.show(session, g.actor, row.id)
    draft = drafts.load(session, g.actor, row.id) if row.state == "open" else None
    now = {**view.data, **(draft.answers if draft is not None else {})}
    return {"comparison": comparison.furnish(session, g.actor, view, now)}


def _documents(session: Session, row: TaskRow) -> dict[str, Any]:
    found = documents.about(session, g.actor, row.instance, row.subject)
    return {"rows": [{"title": one.title, "number": one.number, "on": day(one.issued_on)} for one in found]}


def _diagram(session: Session, row: TaskRow) -> dict[str, Any]:
    drawn = cases.diagrams(session, g.actor, row.instance)
    here = next((one.process for one in drawn if row.element in {*one.current, *one.done}), row.process)
    told = [
        {"id": one.process, "name": one.name, "xml": one.xml, "done": one.done, "current": one.current} for one in drawn
    ]
    return {"diagram": {"first": here, "processes": told, "texts": {"open": gettext("Open")}}}


def _waiting(one: dict[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "with": one["person"] or gettext("nobody yet"), "due": day(one["due_at"])}


def _signs(session: Session, row: TaskRow) -> dict[str, Any]:
    owner = row.state == "open" and g.actor.capacity(row.role, row.organisation, row.assignee) is not None
    return {"signs": standings.sign_lines(signs.of_task(session, g.actor, row.id), owner=owner)}


def _upcoming(session: Session, row: TaskRow) -> dict[str, Any]:
    names = labels.read(session)
    return {"rows": [_next(one, names) for one in forecast.upcoming(session, g.actor, row.id)]}


def _next(one: forecast.Upcoming, names: labels.Labels) -> dict[str, Any]:
    where = [pick(one.organisation_name), labels.role(one.role)]
    return {
        "kind": one.kind,
        "name": names.element(one.element),
        "whom": gettext(" · ").join(part for part in where if part),
        "people": gettext(", ").join(one.people),
        "due": day(one.due_at),
        "provisional": one.provisional,
        "condition": pick(one.condition),
    }


def _seats(session: Session, row: TaskRow) -> dict[str, Any]:
    """Tell who answers together; what others of a sealed step answered stays sealed."""
    found = seats.matrix(session, g.actor, row.id)
    if found is None:
        return {"seats": [], "rule": ""}
    hidden = independence.sealed(row.element, g.actor.roles)
    may = any(one.key == "seat" and one.why is None for one in actions.allowed(session, g.actor, row.id))
    told = [seatings.line(one, row, hidden=hidden, may=may) for one in found.seats]
    return {"seats": told, "rule": pick(found.rule), "given": found.given, "needed": found.needed}


PANELS: dict[str, tuple[object, Panel]] = {
    "history": (_("What has happened"), _history),
    "facts": (_("The case"), _facts),
    "opinions": (_("What was answered before"), _opinions),
    "documents": (_("Documents"), _documents),
    "upcoming": (_("Who is next"), _upcoming),
    "seats": (_("Answered together"), _seats),
    "comparison": (_("Compared with last time"), _comparison),
    "signs": (_("Added signs"), _signs),
    "diagram": (_("Where it stands"), _diagram),
}
