"""Previewing a form of a draft: who fills it in, which facts it shows, and what the server takes of sample answers."""

from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import gettext
from werkzeug.exceptions import BadRequest

from engine import revisions, trials
from engine.db import transaction
from engine.errors import ModelRefused
from server.pages import labels
from server.pages.shell import pages, sessions
from server.pages.studio.asking import text, wanted
from server.pages.studio.frame import as_program, on_bench
from server.pages.words import pick


@pages.post("/studio/revisions/<uuid:revision>/fill")
@on_bench
@as_program
def fill_form(revision: UUID) -> dict[str, Any]:
    """Return who sees a form as it is being drawn, the facts it names, and what becomes of sample answers to it."""
    told = wanted()
    data, answers = told.get("data", {}), told.get("answers")
    if not isinstance(data, dict):
        raise BadRequest
    path, content = text(told, "path"), text(told, "content").encode()
    with transaction(sessions()) as session:
        files = revisions.files(session, g.actor, revision)
    seats = trials.audience(files, PurePosixPath(path).stem)
    about = {
        "seats": [{"task": seat.task, "role": labels.role(seat.role) if seat.role else ""} for seat in seats],
        "facts": trials.mentioned(content),
    }
    try:
        filled = trials.fill(content, data, answers) if answers is not None else trials.Filled({}, {})
    except ModelRefused:
        fault = gettext("The form cannot be used yet; the list of findings says why.")
        return {**about, "taken": {}, "faults": {}, "fault": fault}
    faults = {field: pick(said) for field, said in filled.faults.items()}
    return {**about, "taken": filled.taken, "faults": faults, "fault": ""}
