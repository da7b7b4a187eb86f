"""Incidents: what failed and waits for somebody to try it again or to settle it."""

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
    name = ma.fields.String(metadata={"description": "Of the element"})
    kind = ma.fields.String(metadata={"description": "step, timer, signal or assignment"})
    reason = ma.fields.String(metadata={"description": "As the engine recorded it"})
    cause = ma.fields.Dict(metadata={"description": "In plain words, in zh and en"})
    raised_at = ma.fields.AwareDateTime(format="iso")


class RetriedSchema(ma.Schema):
    """Whether trying again helped."""

    state = ma.fields.String(metadata={"description": "resolved, or open when it failed again"})


class SettlementSchema(ma.Schema):
    """What a failed step counts as having given, and why it is not tried again."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 1_000))
    data = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)


@api.get("/incidents")
@auth.needs(*KEEPERS)
@api.response(200, OpenIncidentSchema(many=True))
def listing() -> list[incidents.IncidentRow]:
    """List the open incidents with their causes, the oldest first."""
    return incidents.open_ones(g.session, g.actor)


@api.post("/incidents/<int:incident>/retry")
@auth.needs(*KEEPERS)
@api.response(200, RetriedSchema)
def retry(incident: int) -> dict[str, Any]:
    """Try what failed again."""
    return {"state": "resolved" if incidents.retry(g.session, g.actor, incident) else "open"}


@api.post("/incidents/<int:incident>/settle")
@auth.needs(*KEEPERS)
@api.arguments(SettlementSchema)
@api.response(204)
def settle(body: dict[str, Any], incident: int) -> None:
    """Let a failed step count as done, with data, without another try."""
    incidents.settle(g.session, g.actor, incident, incidents.Settlement(**body))
