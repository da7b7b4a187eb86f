"""Seats: who answers one task together, and adding a seat or taking one away."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import seats
from engine.errors import NotFound
from engine.seats import Seating
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("seats", __name__, description="Those who answer one task together")
LONGEST = 1_000


def _reason() -> ma.fields.String:
    return ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class CircleSeatSchema(ma.Schema):
    """One of those who answer together."""

    task = ma.fields.UUID(allow_none=True)
    position = ma.fields.Integer(allow_none=True, metadata={"description": "In a row, of one whose turn has not come"})
    who = ma.fields.String(allow_none=True)
    organisation = ma.fields.String(allow_none=True)
    organisation_name = ma.fields.Dict(allow_none=True)
    state = ma.fields.String(metadata={"description": "waiting, open or given"})
    outcome = ma.fields.String(allow_none=True, metadata={"description": "What was chosen, in words"})
    at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class MatrixSchema(ma.Schema):
    """Who answers together and by which rule."""

    rule = ma.fields.Dict(metadata={"description": "In words, zh and en"})
    seats = ma.fields.List(ma.fields.Nested(CircleSeatSchema))
    needed = ma.fields.Integer(allow_none=True, metadata={"description": "None: more than the number decides"})
    given = ma.fields.Integer()


class SeatingSchema(ma.Schema):
    """Who is asked to answer as well: an organisation, a person of it, or an item of the diagram's collection."""

    organisation = ma.fields.String(load_default=None, allow_none=True)
    person = ma.fields.UUID(load_default=None, allow_none=True)
    item = ma.fields.Raw(load_default=None, allow_none=True)
    reason = _reason()


class UnseatingSchema(ma.Schema):
    """Which seat is taken away: the task's own, or the one at a position in the row."""

    position = ma.fields.Integer(load_default=None, allow_none=True, strict=True, validate=ma.validate.Range(1))
    reason = _reason()


@api.get("/tasks/<uuid:id>/seats")
@auth.signed_in
@api.response(200, MatrixSchema)
def matrix(id: UUID) -> seats.Matrix:  # noqa: A002 - the name in the address
    """Return who answers together with a task; 404 when it is done alone."""
    found = seats.matrix(g.session, g.actor, id)
    if found is None:
        raise NotFound(task=id)
    return found


@api.post("/tasks/<uuid:id>/seats")
@auth.signed_in
@api.arguments(SeatingSchema)
@api.response(204)
def add(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Ask one more to answer."""
    seats.add(g.session, g.actor, id, Seating(**body))


@api.post("/tasks/<uuid:id>/seats/remove")
@auth.signed_in
@api.arguments(UnseatingSchema)
@api.response(204)
def remove(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take away a seat that has not answered; what is left may be enough."""
    if body["position"] is None:
        seats.remove(g.session, g.actor, id, body["reason"])
    else:
        seats.strike(g.session, g.actor, id, body["position"], body["reason"])
