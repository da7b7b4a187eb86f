"""Instances: start one, look at it and at its history."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g, url_for

from engine import instances
from engine.pages import Page
from server import auth
from server.api.lists import PageQuery, page_of
from server.api.openapi import Blueprint

api = Blueprint("instances", __name__, description="Running and ended processes")


class ApplicationSchema(ma.Schema):
    """What is to be started."""

    programme = ma.fields.String(required=True)
    process = ma.fields.String(required=True)
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    subject = ma.fields.String(load_default=None, allow_none=True, metadata={"description": "Code of the division"})
    organisation = ma.fields.String(load_default=None, allow_none=True)
    data = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)


class StartedSchema(ma.Schema):
    """A fresh instance."""

    id = ma.fields.UUID()


class InstanceSchema(ma.Schema):
    """An instance as a list shows it."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    subject = ma.fields.String(allow_none=True)
    programme = ma.fields.String()
    process = ma.fields.String()
    milestone = ma.fields.String(allow_none=True)
    state = ma.fields.String(metadata={"description": "running, suspended, finished, cancelled or terminated"})
    started_at = ma.fields.AwareDateTime(format="iso")
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class OpenTaskSchema(ma.Schema):
    """A task an instance waits for."""

    id = ma.fields.UUID()
    element = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String(allow_none=True)
    due_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    provisional = ma.fields.Boolean()
    person = ma.fields.String(allow_none=True, metadata={"description": "Who has claimed it"})


class IncidentSchema(ma.Schema):
    """A step that failed and waits for a retry."""

    id = ma.fields.Integer()
    element = ma.fields.String()
    reason = ma.fields.String()
    raised_at = ma.fields.AwareDateTime(format="iso")


class InstanceViewSchema(InstanceSchema):
    """An instance with what is open in it."""

    version = ma.fields.Integer(metadata={"description": "Version of the programme it runs on"})
    milestone_name = ma.fields.Dict(allow_none=True)
    started_by = ma.fields.String(allow_none=True)
    open_tasks = ma.fields.List(ma.fields.Nested(OpenTaskSchema))
    incidents = ma.fields.List(ma.fields.Nested(IncidentSchema))


class StepSchema(ma.Schema):
    """A finished step."""

    step = ma.fields.Integer()
    at = ma.fields.AwareDateTime(format="iso")
    process = ma.fields.String()
    element = ma.fields.String()
    name = ma.fields.String()
    outcome = ma.fields.String()
    person = ma.fields.String(allow_none=True)
    changes = ma.fields.Dict(allow_none=True)


@api.post("/instances")
@auth.signed_in
@api.arguments(ApplicationSchema)
@api.response(201, StartedSchema)
def start(wanted: dict[str, Any]) -> tuple[dict[str, UUID], int, dict[str, str]]:
    """Start an instance on the newest version of its programme."""
    started = instances.start(g.session, g.actor, instances.Application(**wanted))
    return {"id": started}, 201, {"Location": url_for("instances.show", id=started)}


@api.get("/instances")
@auth.signed_in
@api.arguments(PageQuery, location="query")
@api.response(200, page_of(InstanceSchema))
def listing(page: dict[str, Any]) -> Page[instances.InstanceRow]:
    """List the instances the person may see, the newest first."""
    return instances.listing(g.session, g.actor, page["cursor"], page["limit"])


@api.get("/instances/<uuid:id>")
@auth.signed_in
@api.response(200, InstanceViewSchema)
def show(id: UUID) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Return an instance with what is open in it."""
    view = instances.show(g.session, g.actor, id)
    return {**vars(view.row), **vars(view), "version": view.number}


@api.get("/instances/<uuid:id>/history")
@auth.signed_in
@api.arguments(PageQuery, location="query")
@api.response(200, page_of(StepSchema))
def history(page: dict[str, Any], id: UUID) -> Page[instances.HistoryRow]:  # noqa: A002 - the name in the address
    """List what finished in an instance, the newest first."""
    return instances.history(g.session, g.actor, id, page["cursor"], page["limit"])
