"""Handovers: giving a task to a colleague for good, or lending it to one who prepares it."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import handovers
from engine.colleagues import Colleague
from engine.handovers import DelegationRow, Handing
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("handovers", __name__, description="Tasks given to a colleague, or lent to be prepared")
LONGEST = 1_000


class ColleagueSchema(ma.Schema):
    """Somebody to turn to."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    organisation_name = ma.fields.Dict()
    roles = ma.fields.List(ma.fields.String())
    barred = ma.fields.Dict(allow_none=True, metadata={"description": "Why they may not be chosen, in zh and en"})


class HandingSchema(ma.Schema):
    """To whom a task is given, and why."""

    to = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class PreparedSchema(ma.Schema):
    """What somebody who prepared a task has to say."""

    opinion = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class TakingSchema(ma.Schema):
    """Why a task is taken back."""

    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=LONGEST))


class DelegationSchema(ma.Schema):
    """A task that was lent to be prepared."""

    id = ma.fields.UUID()
    owner = ma.fields.UUID()
    owner_name = ma.fields.String()
    delegate = ma.fields.UUID()
    delegate_name = ma.fields.String()
    reason = ma.fields.String()
    state = ma.fields.String(metadata={"description": "open, returned or taken_back"})
    asked_at = ma.fields.AwareDateTime(format="iso")
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    opinion = ma.fields.String(allow_none=True)


@api.get("/tasks/<uuid:id>/colleagues")
@auth.signed_in
@api.response(200, ColleagueSchema(many=True))
def colleagues(id: UUID) -> list[Colleague]:  # noqa: A002 - the name in the address
    """List to whom a task may be transferred."""
    return handovers.colleagues(g.session, g.actor, id)


@api.get("/tasks/<uuid:id>/delegates")
@auth.signed_in
@api.response(200, ColleagueSchema(many=True))
def delegates(id: UUID) -> list[Colleague]:  # noqa: A002 - the name in the address
    """List who may prepare a task for its owner."""
    return handovers.delegates(g.session, g.actor, id)


@api.get("/tasks/<uuid:id>/delegations")
@auth.signed_in
@api.response(200, DelegationSchema(many=True))
def delegations(id: UUID) -> list[DelegationRow]:  # noqa: A002 - the name in the address
    """List to whom a task was lent, the latest first."""
    return handovers.of_task(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/transfer")
@auth.signed_in
@api.arguments(HandingSchema)
@api.response(204)
def transfer(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Give a task for good to a colleague who holds its role; 409 when an earlier step of the case excludes them."""
    handovers.transfer(g.session, g.actor, id, Handing(**body))


@api.post("/tasks/<uuid:id>/delegate")
@auth.signed_in
@api.arguments(HandingSchema)
@api.response(204)
def delegate(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Let a colleague prepare a task; it comes back."""
    handovers.delegate(g.session, g.actor, id, Handing(**body))


@api.post("/tasks/<uuid:id>/hand-back")
@auth.signed_in
@api.arguments(PreparedSchema)
@api.response(204)
def hand_back(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Give a task that one prepared back to its owner, with an opinion."""
    handovers.hand_back(g.session, g.actor, id, body["opinion"])


@api.post("/tasks/<uuid:id>/take-back")
@auth.signed_in
@api.arguments(TakingSchema)
@api.response(204)
def take_back(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take a task back from whoever prepares it."""
    handovers.take_back(g.session, g.actor, id, body["reason"])
