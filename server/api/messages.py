"""Messages: what another system, or a person on its behalf, tells a waiting instance or starts a new one by."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import messages
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("messages", __name__, description="Messages to waiting instances")


class MessageSchema(ma.Schema):
    """A message; the same id of the same sender counts once."""

    id = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    correlation = ma.fields.String(load_default="", validate=ma.validate.Length(max=500))
    payload = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)


class ReceivedSchema(ma.Schema):
    """What became of a message."""

    id = ma.fields.UUID()
    state = ma.fields.String(metadata={"description": "waiting, delivered or parked"})
    duplicate = ma.fields.Boolean()
    instance = ma.fields.UUID(allow_none=True)


@api.post("/messages")
@auth.needs("PRV_OFFICER", "PRV_LEAD", "AGENCY_MGR", "SYS_ADMIN")
@api.arguments(MessageSchema)
@api.response(202, ReceivedSchema)
def receive(told: dict[str, Any]) -> messages.MessageView:
    """Take a message in; whoever waits for it gets it now, or as soon as they wait.

    What diagrams tell each other is refused; an agency answers only the cases it works on.
    """
    facts = (told["id"], told["name"], told["correlation"], told["payload"])
    return messages.tell(g.session, g.actor, messages.Arrival(f"api:{g.actor.login}", *facts))


@api.post("/messages/<uuid:message>/replay")
@auth.needs(*sorted(messages.REPLAYERS))
@api.response(202, ReceivedSchema)
def replay(message: UUID) -> messages.MessageView:
    """Let a parked message wait again; whoever waits for it gets it now."""
    return messages.replay(g.session, g.actor, message)
