"""Forms with many figures as a table: pasted from a spreadsheet, and asked about while they are typed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from engine import worksheets
from engine.db import transaction
from engine.worksheets import Cell
from server.auth import signed_in
from server.pages.shell import pages, sessions
from server.pages.words import language, pick


@pages.get("/tasks/<uuid:task_id>/figures")
@signed_in
def task_figures(task_id: UUID) -> Response:
    """Give what the script that shows the figures of a form as a table must know; nothing where a form has few."""
    with transaction(sessions()) as session:
        sheet = worksheets.of_task(session, g.actor, task_id)
    if sheet is None:
        return Response(status=204)
    return jsonify(
        {
            "url": url_for("pages.check_figures", task_id=task_id),
            "year": sheet.year,
            "groups": [pick(name) for name in sheet.groups],
            "cells": [_cell(cell) for cell in sheet.cells],
            "texts": _texts(sheet.year),
        }
    )


@pages.post("/tasks/<uuid:task_id>/figures")
@signed_in
def check_figures(task_id: UUID) -> Response:
    """Tell what is strange about the answers in the body; nothing is saved."""
    typed = request.get_json()
    if not isinstance(typed, dict):
        raise BadRequest
    with transaction(sessions()) as session:
        remarks = worksheets.check(session, g.actor, task_id, typed)
    return jsonify(
        {
            "questions": {path: [pick(one) for one in asked] for path, asked in remarks.questions.items()},
            "faults": {path: pick(fault) for path, fault in remarks.faults.items()},
        }
    )


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "path": cell.path,
        "code": cell.code,
        "name": pick(cell.name),
        "names": list(_names(cell.name)),
        "measure": cell.measure,
        "note": cell.used_for if language() == "zh" else "",
        "group": cell.group,
        "places": cell.places,
        "before": _plain(cell.before),
    }


def _names(name: Mapping[str, str]) -> dict[str, None]:
    """Return the names by which a spreadsheet may call a figure, in either language."""
    return dict.fromkeys(one for one in name.values() if one)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _texts(year: int | None) -> dict[str, str]:
    this, last = (str(year), str(year - 1)) if year else (str(_("This year")), str(_("Last year")))
    return {
        "title": _("Figures"),
        "table": _("As a table"),
        "fields": _("One by one"),
        "hint": _(
            "Paste a block from a spreadsheet into the table: it shows what goes where before anything is filled in."
        ),
        "name": _("Figure"),
        "measure": _("Unit of measure"),
        "before": last,
        "now": this,
        "growth": _("Change"),
        "filled": _("%(done)s of %(all)s filled in", done="{done}", all="{all}"),
        "asked": _("%(count)s questions", count="{count}"),
        "question": _("Please check:"),
        "fault": _("Not accepted:"),
        "no_number": _("This is not a number."),
        "copy": _("Copy the table"),
        "copied": _("Copied; paste it into a spreadsheet."),
        "undo": _("Undo"),
        "applied": _("%(count)s figures filled in.", count="{count}"),
        "undone": _("Undone."),
        "preview": _("What goes where"),
        "explain": _("Nothing is filled in yet. Rows without a place are left out."),
        "found": _("In the spreadsheet"),
        "goes": _("Goes to"),
        "old": _("There now"),
        "new": _("Will be"),
        "column": _("Take the figures from"),
        "column_name": _("column %(number)s: %(head)s", number="{number}", head="{head}"),
        "ordered": _("The block has no names; it is filled in by order, from the row where the cursor stands."),
        "nowhere": _("no such figure in this table"),
        "no_value": _("no number; left as it is"),
        "converted": _("from %(from)s to %(to)s", **{"from": "{from}", "to": "{to}"}),
        "twice": _("named twice; the last one counts"),
        "same": _("as it is"),
        "apply": _("Fill in %(count)s figures", count="{count}"),
        "cancel": _("Cancel"),
        "nothing": _("There is no figure in what was pasted."),
        "offline": _("The figures could not be checked: no connection."),
        "keys": _("Enter or ↓: next row. ↑: row above. Ctrl+Z: undo. Ctrl+V: paste."),
    }
