"""Forecast: who is next and by when, as the engine itself finds it on a copy."""

from uuid import UUID

import marshmallow as ma
from flask import g

from engine import forecast
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("forecast", __name__, description="What comes after a task")


class UpcomingSchema(ma.Schema):
    """What comes after a task, and under which condition."""

    kind = ma.fields.String(metadata={"description": "task, wait, join or end"})
    element = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String(allow_none=True)
    organisation_name = ma.fields.Dict(allow_none=True)
    people = ma.fields.List(ma.fields.String(), metadata={"description": "Who may take it; some of them"})
    due_at = ma.fields.AwareDateTime(format="iso", allow_none=True, metadata={"description": "If it opened now"})
    provisional = ma.fields.Boolean(metadata={"description": "Holidays up to due_at are not published yet"})
    condition = ma.fields.Dict(allow_none=True, metadata={"description": "Which answers lead there, in zh and en"})


@api.get("/tasks/<uuid:id>/upcoming")
@auth.signed_in
@api.response(200, UpcomingSchema(many=True))
def upcoming(id: UUID) -> list[forecast.Upcoming]:  # noqa: A002 - the name in the address
    """Return what comes after a task, by its draft and the choices of its form; nothing is written."""
    return forecast.upcoming(g.session, g.actor, id)
