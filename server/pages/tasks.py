"""One task: why it came to me, its form, what I may do with it and what has happened."""

from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from engine import events, inbox, tasks
from engine.db import transaction
from server.auth import signed_in
from server.pages import labels
from server.pages.moments import due, stamp
from server.pages.sentences import lines
from server.pages.shell import pages, sessions
from server.pages.words import pick

RECENT = 10


@pages.get("/tasks/<uuid:task_id>")
@signed_in
def task(task_id: UUID) -> str:
    """Show a task with its form: writable when it is mine and open, else to read."""
    with transaction(sessions()) as session:
        view = tasks.show(session, g.actor, task_id)
        happened = events.timeline(session, view.row.instance)
        names = labels.read(session)
    row = view.row
    standing = _standing(row)
    return render_template(
        "tasks/task.html",
        task=row,
        process=names.process(row.process),
        standing=standing,
        due=due(row),
        since=stamp(row.created_at),
        form=_form(view, writable=standing["act"] == "complete"),
        reason=_reason(row),
        history=lines(reversed(happened[-RECENT:]), names),
    )


@pages.post("/tasks/<uuid:task_id>/claim")
@signed_in
def claim_task(task_id: UUID) -> Response:
    """Make the task mine and open it."""
    with transaction(sessions()) as session:
        tasks.claim(session, g.actor, task_id)
    return _go(url_for("pages.task", task_id=task_id))


@pages.post("/tasks/<uuid:task_id>/release")
@signed_in
def release_task(task_id: UUID) -> Response:
    """Give the task back to everyone who may do it."""
    with transaction(sessions()) as session:
        tasks.release(session, g.actor, task_id)
    return _go(url_for("pages.inbox", list="claimable"))


@pages.post("/tasks/<uuid:task_id>/complete")
@signed_in
def complete_task(task_id: UUID) -> Response:
    """Complete the task with the answers in the body; reply with the names of the next tasks."""
    answers = request.get_json()
    if not isinstance(answers, dict):
        raise BadRequest
    with transaction(sessions()) as session:
        done = tasks.complete(session, g.actor, task_id, answers)
    return jsonify({"next": done.next, "redirect": url_for("pages.inbox")})


def _go(address: str) -> Response:
    """Send htmx to `address`."""
    return Response(status=204, headers={"HX-Redirect": address})


def _standing(row: inbox.TaskRow) -> dict[str, Any]:
    if row.state == "completed":
        told = _("Completed by %(who)s on %(when)s.", who=row.assignee_name or "", when=stamp(row.ended_at))
        return {"label": _("Completed"), "tone": "green", "told": told, "act": None}
    if row.state == "cancelled":
        told = _("The process no longer needs this task; nothing is to be done.")
        return {"label": _("Withdrawn"), "tone": "gray", "told": told, "act": None}
    return _open_standing(row)


def _open_standing(row: inbox.TaskRow) -> dict[str, Any]:
    if row.assignee is None:
        told = _("Nobody has taken this task yet. Claim it to fill in the form.")
        return {"label": _("To claim"), "tone": "amber", "told": told, "act": "claim"}
    if row.assignee == g.actor.id:
        return {"label": _("With you"), "tone": "blue", "told": "", "act": "complete"}
    told = _("%(who)s has claimed this task.", who=row.assignee_name or "")
    return {"label": _("Claimed"), "tone": "gray", "told": told, "act": None}


def _form(view: tasks.TaskView, *, writable: bool) -> dict[str, Any]:
    open_still = view.row.state == "open"
    schema = view.form if open_still or view.form is None else _answers_only(view.form)
    return {
        "schema": schema,
        "values": {**view.facts, **view.data},
        "readonly": not writable,
        "url": url_for("pages.complete_task", task_id=view.row.id),
    }


def _answers_only(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` without its texts: a closed task keeps its answers, not the facts that its texts spoke of."""
    kept = [_answers_only(one) for one in schema.get("components", []) if one["type"] != "text"]
    return {**schema, "components": kept} if kept else schema


def _reason(row: inbox.TaskRow) -> str:
    if row.role is None:
        return str(_("This step was given to you by name."))
    role = labels.role(row.role)
    where = pick(row.organisation_name)
    if where:
        told = _("This step is for the role “%(role)s” in %(where)s, which you hold.", role=role, where=where)
        return str(told)
    return str(_("This step is for everyone who holds the role “%(role)s”.", role=role))
