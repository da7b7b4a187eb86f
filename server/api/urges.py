"""Urges: asking whoever has a task to hurry."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import urges
from engine.urges import UrgeRow
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("urges", __name__, description="Requests to hurry with a task, once a working day")


class UrgingSchema(ma.Schema):
    """What to tell whoever has the task."""

    note = ma.fields.String(load_default="", validate=ma.validate.Length(max=urges.LONGEST_NOTE))


class UrgeSchema(ma.Schema):
    """Somebody's request to hurry."""

    id = ma.fields.UUID()
    task = ma.fields.UUID()
    sender_name = ma.fields.String()
    note = ma.fields.String()
    at = ma.fields.AwareDateTime(format="iso")
    seen_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


@api.post("/tasks/<uuid:id>/urge")
@auth.signed_in
@api.arguments(UrgingSchema)
@api.response(204)
def urge(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Ask whoever has a task to hurry; 409 when somebody has done so on this working day."""
    urges.urge(g.session, g.actor, id, body["note"])


@api.get("/tasks/<uuid:id>/urges")
@auth.signed_in
@api.response(200, UrgeSchema(many=True))
def of_task(id: UUID) -> list[UrgeRow]:  # noqa: A002 - the name in the address
    """List who asked to hurry with a task, the latest first."""
    return urges.of_task(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/urges/seen")
@auth.signed_in
@api.response(204)
def seen(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Note that whoever has the task has seen the requests to hurry."""
    urges.seen(g.session, g.actor, id)
