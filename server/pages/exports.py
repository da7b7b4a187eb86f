"""Lists of work taken away as spreadsheets, as they were searched, filtered and sorted."""

from typing import Any

from flask import g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine import clock, filters
from engine.db import transaction
from server.auth import signed_in
from server.pages import labels, tables
from server.pages.inbox import LISTS, named, rows
from server.pages.shell import pages, sessions

MOST = 5_000


@pages.get("/tasks/export")
@signed_in
def export_inbox() -> Response:
    """Return a list as XLSX, at most 5,000 rows of it; a last row says when there are more."""
    chosen = named()
    shown = LISTS[chosen]
    wanted = filters.read(request.args)
    with transaction(sessions()) as session:
        page = shown.find(session, g.actor, None, MOST, wanted)
        told = rows(session, shown, page, labels.read(session))
    columns = _columns(chosen, shown)
    cells = [[tell(row) for _head, tell in columns] for row in told]
    if page.next:
        cells.append([_("There is more than %(most)d rows; narrow the list to take the rest.", most=MOST)])
    name = f"{shown.title} {clock.today().isoformat()}"
    table = tables.Table(name, [head for head, _tell in columns], cells)
    return tables.answer(table, tables.Form.XLSX)


def _columns(chosen: str, shown: Any) -> list[tuple[str, Any]]:
    """Return each column as its head and what tells its cell of a row."""
    when = (str(shown.when), lambda row: row["ended"] if chosen == "done" else row["since"])
    unit = (_("City or county"), lambda row: row["unit"])
    if shown.rows == "cases":
        return [
            (_("Case"), lambda row: row["title"]),
            unit,
            (_("Process"), lambda row: row["process"]),
            (_("Stage reached"), lambda row: row["milestone"]),
            (_("State"), lambda row: str(row["state"]["label"])),
            (_("Waiting now"), lambda row: "\n".join(map(_waits, row["waiting"]))),
            when,
        ]
    if shown.rows == "copies":
        return [
            (_("Case"), lambda row: row["title"]),
            unit,
            (_("Copied by"), lambda row: row["sender"]),
            (_("Note"), lambda row: row["note"]),
            when,
        ]
    return [
        (_("Task"), lambda row: row["name"]),
        (_("Case"), lambda row: row["title"]),
        unit,
        (_("For"), lambda row: row["whom"]),
        when,
        *(_deadline() if chosen != "done" else []),
    ]


def _deadline() -> list[tuple[str, Any]]:
    return [
        (_("Due"), lambda row: row["due"]["on"] if row["due"] else ""),
        (_("Time left"), lambda row: row["due"]["text"] if row["due"] else ""),
        (_("Provisional"), lambda row: _("provisional") if row["due"] and row["due"]["provisional"] else ""),
        (_("Priority"), lambda row: str(row["urgency"]["label"])),
    ]


def _waits(one: dict[str, Any]) -> str:
    return str(_("%(step)s: %(who)s, since %(day)s", step=one["name"], who=one["with"], day=one["since"]))
