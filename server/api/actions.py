"""Actions: what a task offers the person, and why not where the moment forbids it."""

from uuid import UUID

import marshmallow as ma
from flask import g

from engine import actions
from engine.bpmn.elements import ACTIONS
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("actions", __name__, description="What a task offers")


class ActionSchema(ma.Schema):
    """Something that a task offers."""

    key = ma.fields.String(metadata={"description": " ".join(ACTIONS)})
    opinion = ma.fields.Boolean(metadata={"description": "A written opinion must come with it"})
    why = ma.fields.Dict(allow_none=True, metadata={"description": "Why it cannot be done now, in zh and en"})


@api.get("/tasks/<uuid:id>/actions")
@auth.signed_in
@api.response(200, ActionSchema(many=True))
def allowed(id: UUID) -> list[actions.Action]:  # noqa: A002 - the name in the address
    """List what the diagram lets people do with a task; what the moment forbids says why."""
    return actions.allowed(g.session, g.actor, id)
