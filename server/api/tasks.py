"""Tasks: what waits for the person, what they may take, and answering it."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import inbox, tasks
from engine.pages import Page
from engine.runtime import OPERATORS
from server import auth
from server.api.filters import WantedQuery, wanted
from server.api.lists import page_of
from server.api.openapi import Blueprint

api = Blueprint("tasks", __name__, description="Work that waits for people")
LISTS = {"mine": inbox.mine, "claimable": inbox.claimable, "done": inbox.done}


class TaskQuery(WantedQuery):
    """Which of the person's lists, narrowed and sorted."""

    list_ = ma.fields.String(data_key="list", load_default="mine", validate=ma.validate.OneOf(list(LISTS)))


class TaskSchema(ma.Schema):
    """A task as a list shows it."""

    id = ma.fields.UUID()
    instance = ma.fields.UUID()
    element = ma.fields.String()
    name = ma.fields.String()
    form = ma.fields.String(allow_none=True)
    role = ma.fields.String(allow_none=True)
    organisation = ma.fields.String(allow_none=True)
    organisation_name = ma.fields.Dict(allow_none=True)
    assignee = ma.fields.UUID(allow_none=True)
    assignee_name = ma.fields.String(allow_none=True)
    state = ma.fields.String(metadata={"description": "open, completed or cancelled"})
    created_at = ma.fields.AwareDateTime(format="iso")
    due_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    provisional = ma.fields.Boolean(metadata={"description": "Holidays up to due_at are not published yet"})
    stopped = ma.fields.Boolean(metadata={"description": "Its clock stands still; it has no due_at until it goes on"})
    overdue = ma.fields.Boolean()
    workdays_left = ma.fields.Integer(allow_none=True)
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    title = ma.fields.String(metadata={"description": "Of the instance"})
    subject = ma.fields.String(allow_none=True)
    programme = ma.fields.String()
    process = ma.fields.String()
    unit = ma.fields.String(allow_none=True, metadata={"description": "Name of the city or county"})
    urged = ma.fields.Boolean(metadata={"description": "Somebody asked to hurry with it"})
    priority = ma.fields.String(metadata={"description": "urged, overdue, soon or normal"})
    kind = ma.fields.String(metadata={"description": "task, or sign when an opinion on it is asked for"})
    sign = ma.fields.UUID(allow_none=True, metadata={"description": "Which sign is asked for"})
    asked_by = ma.fields.String(allow_none=True)
    asked_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    closed = ma.fields.Dict(
        allow_none=True,
        metadata={"description": "zh and en: why one may not claim it, in the list of what may be claimed"},
    )


class TaskViewSchema(ma.Schema):
    """A task with its form."""

    task = ma.fields.Nested(TaskSchema, attribute="row")
    form = ma.fields.Dict(allow_none=True, metadata={"description": "form-js schema"})
    data = ma.fields.Dict(metadata={"description": "What the form starts from"})
    facts = ma.fields.Dict(metadata={"description": "What the instance knows around it"})
    answers = ma.fields.Dict(allow_none=True, metadata={"description": "Given when it was completed"})


class AnswersSchema(ma.Schema):
    """The answers to a form."""

    answers = ma.fields.Dict(keys=ma.fields.String(), required=True)


class AssignmentSchema(ma.Schema):
    """To whom a task is given: an organisation's holders of its role, one person, or both; and why."""

    organisation = ma.fields.String(load_default=None, allow_none=True)
    assignee = ma.fields.UUID(load_default=None, allow_none=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 1_000))


class DoneSchema(ma.Schema):
    """What completing a task led to."""

    id = ma.fields.UUID()
    instance = ma.fields.UUID()
    next = ma.fields.List(ma.fields.String(), metadata={"description": "Names of the tasks that opened"})
    waits_for = ma.fields.List(ma.fields.String(), metadata={"description": "Names of those whose signs it waits for"})


@api.get("/tasks")
@auth.signed_in
@api.arguments(TaskQuery, location="query")
@api.response(200, page_of(TaskSchema))
def listing(query: dict[str, Any]) -> Page[inbox.TaskRow]:
    """List the person's open tasks, those they may claim, or those they have done."""
    return LISTS[query["list_"]](g.session, g.actor, query["cursor"], query["limit"], wanted(query))


@api.get("/tasks/<uuid:id>")
@auth.signed_in
@api.response(200, TaskViewSchema)
def show(id: UUID) -> tasks.TaskView:  # noqa: A002 - the name in the address
    """Return a task with its form and what the form starts from."""
    return tasks.show(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/claim")
@auth.signed_in
@api.response(204)
def claim(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take a task; 409 when somebody was faster."""
    tasks.claim(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/release")
@auth.signed_in
@api.response(204)
def release(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Give a claimed task back."""
    tasks.release(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/reassign")
@auth.needs(*sorted(OPERATORS))
@api.arguments(AssignmentSchema)
@api.response(204)
def reassign(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Give an open task to somebody else, claimed or not."""
    tasks.reassign(g.session, g.actor, id, tasks.Assignment(**body))


@api.post("/tasks/<uuid:id>/complete")
@auth.signed_in
@api.arguments(AnswersSchema)
@api.response(200, DoneSchema)
def complete(body: dict[str, Any], id: UUID) -> tasks.TaskDone:  # noqa: A002 - the name in the address
    """Complete a task with answers that its form accepts; 422 names each faulty field and nothing was saved."""
    return tasks.complete(g.session, g.actor, id, body["answers"])
