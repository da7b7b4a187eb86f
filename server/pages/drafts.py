"""Drafts of the form of a task: saved by themselves while somebody types, shown to nobody else."""

from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, request, url_for
from flask_babel import gettext as _
from marshmallow import ValidationError, fields
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from engine import drafts
from engine.db import transaction
from engine.identity import Actor
from engine.tasks import TaskView
from server.auth import signed_in
from server.pages.moments import stamp
from server.pages.shell import pages, sessions

_SEEN = fields.AwareDateTime(allow_none=True)


def furnish(session: Session, actor: Actor, view: TaskView) -> dict[str, Any] | None:
    """Return what the script that saves drafts must know, with the draft there is; None where nothing can be typed.

    `answers` are to be put over the values that the form starts from; `told` is the first line of its state.
    """
    row = view.row
    if row.state != "open" or view.form is None or actor.capacity(row.role, row.organisation, row.assignee) is None:
        return None
    found = drafts.load(session, actor, row.id)
    saved = stamp(found.saved_at) if found else ""
    return {
        "url": url_for("pages.save_draft", task_id=row.id),
        "drop": url_for("pages.drop_draft", task_id=row.id),
        "person": str(actor.id),
        "task": str(row.id),
        "answers": found.answers if found else {},
        "saved_at": found.saved_at.isoformat() if found else None,
        "told": _("Going on from your draft of %(when)s.", when=saved) if found else "",
        "texts": _texts(),
    }


@pages.post("/tasks/<uuid:task_id>/draft")
@signed_in
def save_draft(task_id: UUID) -> Response:
    """Keep what was typed: `answers`, and `seen`, the `saved_at` of the draft that they go on from."""
    body = request.get_json()
    if not isinstance(body, dict) or not isinstance(body.get("answers"), dict):
        raise BadRequest
    try:
        seen = _SEEN.deserialize(body.get("seen"))
    except ValidationError as fault:
        raise BadRequest from fault
    with transaction(sessions()) as session:
        kept = drafts.save(session, g.actor, task_id, body["answers"], seen)
    return jsonify({"saved_at": kept.saved_at.isoformat()})


@pages.post("/tasks/<uuid:task_id>/draft/drop")
@signed_in
def drop_draft(task_id: UUID) -> Response:
    """Throw the draft away and begin anew with what the task started from."""
    with transaction(sessions()) as session:
        drafts.drop(session, g.actor, task_id)
    return Response(status=204)


def _texts() -> dict[str, str]:
    return {
        "unsaved": _("Not saved yet"),
        "saving": _("Saving…"),
        "saved": _("Saved as a draft at %(when)s", when="{when}"),
        "offline": _("No connection. What you type is kept on this computer and sent when the connection is back."),
        "local": _("The server does not answer. What you type is kept on this computer."),
        "away": _("Your sign-in has ended. What you typed is kept on this computer; sign in again to go on."),
        "closed": _("This task is no longer open; the draft was not saved."),
        "refused": _("The draft was not saved: %(why)s", why="{why}"),
        "full": _("This computer has no room to keep a copy. Do not close the page before the connection is back."),
        "restored": _("What you had typed on this computer at %(when)s was put back.", when="{when}"),
        "conflict": _("There are two drafts of this task"),
        "explain": _(
            "This task was also filled in elsewhere. Choose which draft to go on with; the other one is lost."
        ),
        "here": _("Typed on this page"),
        "there": _("Saved elsewhere"),
        "take_here": _("Go on with this page’s"),
        "take_there": _("Go on with the other one"),
        "differ": _("They differ in: %(fields)s", fields="{fields}"),
        "sign_in": _("Sign in"),
    }
