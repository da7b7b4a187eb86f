"""One task: why it came to me, its form, what I may do with it and what stands around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from engine import drafts, events, inbox, tasks
from engine.db import transaction
from engine.errors import IcityError, TaskClaimed, TaskClosed
from server.auth import signed_in
from server.pages import origins
from server.pages.moments import due, stamp
from server.pages.shell import pages, sessions
from server.pages.words import language


@pages.get("/tasks/<uuid:task_id>")
@signed_in
def task(task_id: UUID) -> str:
    """Show a task with its form: writable when it is mine and open, else to read."""
    with transaction(sessions()) as session:
        view = tasks.show(session, g.actor, task_id)
        happened = events.of_task(session, view.row.instance, task_id)
        draft = drafts.load(session, g.actor, task_id) if view.row.state == "open" else None
    row = view.row
    standing = _standing(row, happened)
    return render_template(
        "tasks/task.html",
        task=row,
        standing=standing,
        due=due(row),
        since=stamp(row.created_at),
        ended=stamp(row.ended_at),
        form=_form(view, draft, writable=standing["act"] == "complete"),
        reasons=origins.reasons(row, happened),
        opinion={"asked": False},
        panels=[],
        bar={"direct": [], "more": [], "release": standing["act"] == "complete"} if standing["act"] else None,
    )


@pages.post("/tasks/<uuid:task_id>/claim")
@signed_in
def claim_task(task_id: UUID) -> Response:
    """Make the task mine and open it."""
    with told_who_was_faster(task_id), transaction(sessions()) as session:
        tasks.claim(session, g.actor, task_id)
    return _go(url_for("pages.task", task_id=task_id))


@pages.post("/tasks/<uuid:task_id>/release")
@signed_in
def release_task(task_id: UUID) -> Response:
    """Give the task back to everyone who may do it."""
    with told_who_was_faster(task_id), transaction(sessions()) as session:
        tasks.release(session, g.actor, task_id)
    return _go(url_for("pages.inbox", list="claimable"))


@pages.post("/tasks/<uuid:task_id>/complete")
@signed_in
def complete_task(task_id: UUID) -> Response:
    """Complete the task with the answers in the body; reply with the names of the next tasks."""
    answers = request.get_json()
    if not isinstance(answers, dict):
        raise BadRequest
    with told_who_was_faster(task_id), transaction(sessions()) as session:
        done = tasks.complete(session, g.actor, task_id, answers)
    return jsonify({"told": _("Done. What comes next:"), "next": done.next, "redirect": url_for("pages.inbox")})


@contextmanager
def told_who_was_faster(task_id: UUID) -> Iterator[None]:
    """Let the refusal of a task that somebody else took or finished say who it was, and when."""
    try:
        yield
    except (TaskClosed, TaskClaimed) as refused:
        raise _named(refused, task_id) from refused


def _named(refused: IcityError, task_id: UUID) -> IcityError:
    with transaction(sessions()) as session:
        row = inbox.found(session, g.actor, task_id)
        happened = events.of_task(session, row.instance, task_id) if row is not None else []
    told = _standing(row, happened)["told"] if row is not None else ""
    return type(refused)(**{**refused.facts, "why": {language(): str(told)}}) if told else refused


def _go(address: str) -> Response:
    """Send htmx to `address`."""
    return Response(status=204, headers={"HX-Redirect": address})


def _standing(row: inbox.TaskRow, happened: list[events.EventRow]) -> dict[str, Any]:
    if row.state == "completed":
        told = _("Completed by %(who)s on %(when)s.", who=_finisher(row, happened), when=stamp(row.ended_at))
        return {"label": _("Completed"), "tone": "green", "told": told, "act": None}
    if row.state == "cancelled":
        told = _("The process no longer needs this task; nothing is to be done.")
        return {"label": _("Withdrawn"), "tone": "gray", "told": told, "act": None}
    return _open_standing(row)


def _finisher(row: inbox.TaskRow, happened: list[events.EventRow]) -> str:
    names = [one.actor_name for one in happened if one.kind == events.Kind.TASK_COMPLETED]
    return next((name for name in reversed(names) if name), row.assignee_name or "")


def _open_standing(row: inbox.TaskRow) -> dict[str, Any]:
    if row.assignee is None:
        told = _("Nobody has taken this task yet. Claim it to fill in the form.")
        return {"label": _("To claim"), "tone": "amber", "told": told, "act": "claim"}
    if row.assignee == g.actor.id:
        return {"label": _("With you"), "tone": "blue", "told": "", "act": "complete"}
    told = _("%(who)s has claimed this task.", who=row.assignee_name or "")
    return {"label": _("Claimed"), "tone": "gray", "told": told, "act": None}


def _form(view: tasks.TaskView, draft: drafts.Draft | None, *, writable: bool) -> dict[str, Any]:
    open_still = view.row.state == "open"
    kept = draft if writable else None
    schema = view.form if open_still or view.form is None else _answers_only(view.form)
    return {
        "id": view.row.id,
        "person": g.actor.id,
        "schema": schema,
        "values": {**view.facts, **view.data, **(kept.answers if kept else {})},
        "facts": view.facts,
        "draft": _kept(kept),
        "readonly": not writable,
        "url": url_for("pages.complete_task", task_id=view.row.id),
        "draftUrl": f"/tasks/{view.row.id}/draft",
    }


def _kept(draft: drafts.Draft | None) -> dict[str, Any] | None:
    if draft is None:
        return None
    told = _("Saved for now %(when)s", when=stamp(draft.saved_at))
    return {"answers": draft.answers, "at": draft.saved_at.isoformat(), "told": told}


def _answers_only(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` without its texts: a closed task keeps its answers, not the facts that its texts spoke of."""
    kept = [_answers_only(one) for one in schema.get("components", []) if one["type"] != "text"]
    return {**schema, "components": kept} if kept else schema
