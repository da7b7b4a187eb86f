"""Incidents: steps that failed and wait for somebody to try them again."""

from typing import Any

import marshmallow as ma
from flask import g

from engine import incidents
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("incidents", __name__, description="Steps that failed and stand still")
KEEPERS = tuple(sorted(incidents.KEEPERS))


class OpenIncidentSchema(ma.Schema):
    """An open incident."""

    id = ma.fields.Integer()
    instance = ma.fields.UUID()
    title = ma.fields.String(metadata={"description": "Of the instance"})
    element = ma.fields.String()
    reason = ma.fields.String()
    raised_at = ma.fields.AwareDateTime(format="iso")


class RetriedSchema(ma.Schema):
    """Whether trying again helped."""

    state = ma.fields.String(metadata={"description": "resolved, or open when it failed again"})


@api.get("/incidents")
@auth.needs(*KEEPERS)
@api.response(200, OpenIncidentSchema(many=True))
def listing() -> list[incidents.IncidentRow]:
    """List the open incidents, the oldest first."""
    return incidents.open_ones(g.session, g.actor)


@api.post("/incidents/<int:incident>/retry")
@auth.needs(*KEEPERS)
@api.response(200, RetriedSchema)
def retry(incident: int) -> dict[str, Any]:
    """Try the failed step again."""
    return {"state": "resolved" if incidents.retry(g.session, g.actor, incident) else "open"}


@api.post("/incidents/<int:incident>/resolve")
@auth.needs(*KEEPERS)
@api.response(204)
def resolve(incident: int) -> None:
    """Declare an incident settled without another try."""
    incidents.resolve(g.session, g.actor, incident)
