"""One task: why it came to me, its form, what I may do with it and what stands around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from engine import actions, events, inbox, rejections, signs, tasks, urges
from engine.db import transaction
from engine.errors import IcityError, TaskClaimed, TaskClosed
from server.auth import signed_in
from server.pages import answers, attachments, drafts, labels, origins, standings
from server.pages.bar import bar
from server.pages.moments import due, stamp
from server.pages.shell import pages, sessions
from server.pages.words import language

WRITING = frozenset({"complete", "prepare"})


@pages.get("/tasks/<uuid:task_id>")
@signed_in
def task(task_id: UUID) -> str:
    """Show a task with its form: writable when it is mine and open, else to read."""
    with transaction(sessions()) as session:
        view = tasks.show(session, g.actor, task_id)
        row = view.row
        happened = events.of_task(session, row.instance, task_id)
        if standings.urged(happened):
            urges.seen(session, g.actor, task_id)
        returned = rejections.of_task(session, task_id)
        stands = standings.standing(row, happened)
        signed = signs.of_task(session, g.actor, task_id) if standings.signed_on(happened) else []
        writable = stands["act"] in WRITING
        draft = drafts.furnish(session, g.actor, view) if writable else None
        form = _form(view, draft, returned, writable=writable)
        files = attachments.furnish(session, g.actor, view)
        offered = [*standings.lent_by_me(session, row, happened), *actions.allowed(session, g.actor, task_id)]
        name = labels.read(session).element(row.element)
    return render_template(
        "tasks/task.html",
        task=row,
        name=name,
        standing=stands,
        due=due(row),
        since=stamp(row.created_at),
        ended=stamp(row.ended_at),
        form=form,
        attachments=files,
        reasons=origins.reasons(row, happened, returned),
        unlocked=_unlocked(form, returned),
        sign=standings.asked_of_me(row, signed),
        panels=standings.panels(row, happened),
        bar=bar(row.id, stands["act"], offered),
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
    given = request.get_json()
    if not isinstance(given, dict):
        raise BadRequest
    with told_who_was_faster(task_id), transaction(sessions()) as session:
        done = tasks.complete(session, g.actor, task_id, given)
    return jsonify(_completed(done))


def _completed(done: tasks.TaskDone) -> dict[str, Any]:
    if done.waits_for:
        who = _(", ").join(done.waits_for)
        return {"told": _("Your answers are kept; they take effect once %(who)s agreed.", who=who)}
    return {"told": _("Done. What comes next:"), "next": done.next}


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
    told = standings.standing(row, happened)["told"] if row is not None else ""
    return type(refused)(**{**refused.facts, "why": {language(): str(told)}}) if told else refused


def _go(address: str) -> Response:
    """Send htmx to `address`."""
    return Response(status=204, headers={"HX-Redirect": address})


def _form(
    view: tasks.TaskView,
    draft: dict[str, Any] | None,
    returned: rejections.RejectionRow | None,
    *,
    writable: bool,
) -> dict[str, Any]:
    open_still = view.row.state == "open"
    schema = view.form if open_still or view.form is None else _answers_only(view.form)
    fields = returned.fields if returned is not None and writable else []
    return {
        "schema": answers.locked(schema, fields) if schema and fields else schema,
        "values": {**view.facts, **view.data, **(draft["answers"] if draft else {})},
        "draft": draft,
        "labels": {one["path"]: one["label"] for one in answers.questions(schema, view.data)},
        "readonly": not writable,
        "url": url_for("pages.complete_task", task_id=view.row.id),
        "figures": url_for("pages.task_figures", task_id=view.row.id) if writable else None,
    }


def _unlocked(form: dict[str, Any], returned: rejections.RejectionRow | None) -> list[str]:
    """Return the questions that a return asks to be changed, by their names."""
    return [form["labels"].get(path, path) for path in returned.fields] if returned is not None else []


def _answers_only(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` without its texts: a closed task keeps its answers, not the facts that its texts spoke of."""
    kept = [_answers_only(one) for one in schema.get("components", []) if one["type"] != "text"]
    return {**schema, "components": kept} if kept else schema
