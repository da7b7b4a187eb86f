"""Units: cities, counties and districts, and where each stands in the programme."""

import marshmallow as ma
from flask import g

from engine import clock, units
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("units", __name__, description="Cities, counties and districts")


class UnitSchema(ma.Schema):
    """A unit and its standing today."""

    code = ma.fields.String()
    name = ma.fields.String()
    level = ma.fields.String()
    parent = ma.fields.String(allow_none=True)
    parent_name = ma.fields.String(allow_none=True)
    fictional = ma.fields.Boolean()
    instance = ma.fields.UUID(allow_none=True, metadata={"description": "Null where the person may not open it"})
    milestone = ma.fields.String(allow_none=True)
    next_reassessment = ma.fields.AwareDateTime(format="iso", allow_none=True)


@api.get("/units")
@auth.signed_in
@api.response(200, UnitSchema(many=True))
def listing() -> list[units.UnitRow]:
    """List the units in force today, by code."""
    return units.listing(g.session, g.actor, clock.today())
