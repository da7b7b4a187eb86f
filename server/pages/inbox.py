"""The inbox: what I must do, what I may take, what I have done."""

from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import lazy_gettext as _

from engine import inbox as lists
from engine import reminders
from engine.db import transaction
from server.auth import signed_in
from server.pages import labels
from server.pages.moments import day, due, stamp
from server.pages.shell import pages, sessions
from server.pages.words import pick

LIMIT = 50
LISTS = {
    "mine": (lists.mine, _("To do"), _("Nothing to do"), _("What you claim, and what is given to you, appears here.")),
    "claimable": (
        lists.claimable,
        _("To claim"),
        _("Nothing to claim"),
        _("Work for your roles that nobody has taken yet appears here."),
    ),
    "done": (lists.done, _("Done"), _("Nothing done yet"), _("What you complete stays here for reference.")),
}
REMINDERS = {
    "before": _("the deadline is near"),
    "due": _("the deadline has come"),
    "overdue": _("the deadline has passed"),
    "moved": _("the deadline was moved"),
}


@pages.get("/")
@pages.get("/tasks")
@signed_in
def inbox() -> str:
    """Show one of the three lists with the counts of all and the reminders."""
    chosen = request.args.get("list", "mine")
    chosen = chosen if chosen in LISTS else "mine"
    find, title, empty, hint = LISTS[chosen]
    with transaction(sessions()) as session:
        page = find(session, g.actor, request.args.get("cursor"), LIMIT)
        counts = lists.counts(session, g.actor)
        told = reminders.shown(session, g.actor)
        names = labels.read(session)
    return render_template(
        "tasks/inbox.html",
        chosen=chosen,
        title=title,
        empty={"title": empty, "hint": hint},
        tabs=[{"key": key, "label": entry[1], "count": _told(counts[key])} for key, entry in LISTS.items()],
        rows=[line(row) for row in page.rows],
        more=page.next,
        reminders=[_reminder(row, names) for row in told],
    )


def _told(count: int) -> str:
    """Return a count as a tab shows it; long lists are not counted to their end."""
    return f"{count - 1}+" if count >= lists.MOST else str(count)


def line(row: lists.TaskRow) -> dict[str, Any]:
    """Return a task row as the list shows it."""
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title,
        "whom": pick(row.organisation_name) or labels.role(row.role),
        "since": stamp(row.created_at),
        "ended": stamp(row.ended_at),
        "due": due(row),
    }


def _reminder(row: reminders.ReminderRow, names: labels.Labels) -> dict[str, Any]:
    of_task = row.kind in REMINDERS
    return {
        "href": url_for("pages.task", task_id=row.task) if of_task else url_for("pages.instance", case=row.instance),
        "name": names.element(row.element),
        "title": row.title,
        "due": day(row.due_at),
        "why": REMINDERS.get(row.kind, _("a date is coming up")),
        "late": row.kind == "overdue",
    }
