"""What may be done with a task beside answering it: a dialog for each action, and what it led to in one sentence."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine import inbox
from engine.db import transaction
from engine.errors import NotFound
from engine.inbox import TaskRow
from server.auth import signed_in
from server.pages.deeds import DEEDS, seen
from server.pages.dialogs import DIALOGS
from server.pages.shell import pages, sessions
from server.pages.tasks import told_who_was_faster


@pages.get("/tasks/<uuid:task_id>/actions/<key>")
@signed_in
def action_dialog(task_id: UUID, key: str) -> str:
    """Show the dialog of an action; raise NotFound for an action there is not and a task the person may not see."""
    if key not in DIALOGS:
        raise NotFound(action=key)
    dialog = DIALOGS[key]
    with transaction(sessions()) as session:
        about = dialog.read(session, seen(session, task_id)) if dialog.read is not None else {}
    return render_template(
        f"tasks/actions/{dialog.template}.html",
        key=key,
        url=url_for("pages.act", task_id=task_id, key=key),
        about_what={name: request.args[name] for name in ("of", "position") if name in request.args},
        title=dialog.title,
        lead=dialog.lead,
        asked=dialog.asked,
        hint=dialog.hint,
        must=dialog.must,
        submit=dialog.submit,
        grave=dialog.grave,
        **about,
    )


@pages.post("/tasks/<uuid:task_id>/<key>")
@signed_in
def act(task_id: UUID, key: str) -> Response:
    """Do what the dialog asked for; reply with what happened and where the task is now."""
    if key not in DEEDS:
        raise NotFound(action=key)
    with told_who_was_faster(task_id), transaction(sessions()) as session:
        told = DEEDS[key](session, task_id, request.form)
        session.expire_all()
        after = inbox.found(session, g.actor, task_id)
    return jsonify(_reply(told, after))


def _reply(told: Mapping[str, Any], after: TaskRow | None) -> dict[str, Any]:
    """Return the sentence, where the task is now, and whether it is still for the person to work on."""
    anew = _anew(told, after)
    return {"told": told["text"], "where": _where(after), "stays": told["stays"], "again": anew}


def _anew(told: Mapping[str, Any], after: TaskRow | None) -> str | None:
    """Return the page that shows the task as it is now: the one that opened again, else the same one."""
    if "task" in told:
        return url_for("pages.task", task_id=told["task"])
    return url_for("pages.task", task_id=after.id) if after is not None and told["anew"] else None


def _where(after: TaskRow | None) -> str:
    if after is None or after.state != "open":
        return ""
    if after.assignee is None:
        return str(_("The task now waits for somebody to claim it."))
    if after.assignee == g.actor.id:
        return str(_("The task is with you."))
    return str(_("The task is now with %(who)s.", who=after.assignee_name or ""))
