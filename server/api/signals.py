"""Signals: told once, to every instance that waits for them; and the conditions that start instances."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import signals, starts
from engine.runtime import OPERATORS
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("signals", __name__, description="What is told to everybody who waits for it")
KEEPERS = tuple(sorted(OPERATORS))


class SignalSchema(ma.Schema):
    """A signal; the same id of the same sender counts once."""

    id = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    payload = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)


class BroadcastSchema(ma.Schema):
    """What became of a signal."""

    id = ma.fields.UUID()
    duplicate = ma.fields.Boolean()
    waiting = ma.fields.Integer(metadata={"description": "How many it is on its way to"})


class CaseSchema(ma.Schema):
    """The data that start conditions are asked about, and what the instances they start are called."""

    programme = ma.fields.String(required=True)
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    subject = ma.fields.String(load_default=None, allow_none=True, metadata={"description": "Code of the division"})
    organisation = ma.fields.String(load_default=None, allow_none=True)
    data = ma.fields.Dict(keys=ma.fields.String(), load_default=dict)


class StartedOnesSchema(ma.Schema):
    """The instances that began."""

    ids = ma.fields.List(ma.fields.UUID())


@api.post("/signals")
@auth.needs(*KEEPERS)
@api.arguments(SignalSchema)
@api.response(202, BroadcastSchema)
def broadcast(told: dict[str, Any]) -> signals.SignalView:
    """Tell a signal to all that wait for it now; each takes it soon after, in a transaction of its own."""
    sent = signals.Broadcast(f"api:{g.actor.login}", told["id"], told["name"], told["payload"])
    return signals.broadcast(g.session, g.actor, sent)


@api.post("/starts")
@auth.needs(*KEEPERS)
@api.arguments(CaseSchema)
@api.response(200, StartedOnesSchema)
def evaluate(case: dict[str, Any]) -> dict[str, list[UUID]]:
    """Start an instance by every conditional start event that the data fulfil."""
    return {"ids": starts.evaluate(g.session, g.actor, starts.Case(**case))}
