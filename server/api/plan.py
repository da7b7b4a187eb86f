"""Plans: who is measured again in a year, on which day, and how sure that is."""

from typing import Any

import marshmallow as ma
from flask import g

from engine import plan
from engine.plan import Plan, Standing
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("plan", __name__, description="The plan of a year: who is measured again and when")


class PlanQuery(ma.Schema):
    """Which programme; without one, the first in which something comes again."""

    programme = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 80))


class PlanDueSchema(ma.Schema):
    """A unit and the civil day of its measurement."""

    unit = ma.fields.String()
    name = ma.fields.String()
    parent = ma.fields.String(allow_none=True, metadata={"description": "The name of its city"})
    day = ma.fields.Date(allow_none=True)
    standing = ma.fields.Enum(Standing, by_value=True)
    titles = ma.fields.List(ma.fields.String())
    granted_on = ma.fields.Date()
    instance = ma.fields.UUID(allow_none=True)


class PlanSchema(ma.Schema):
    """The measurements of a year by day, and every holder of a title whose next one is not armed exactly once."""

    programme = ma.fields.String()
    year = ma.fields.Integer()
    needs = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    rows = ma.fields.List(ma.fields.Nested(PlanDueSchema))
    alarms = ma.fields.List(ma.fields.Nested(PlanDueSchema))
    holders = ma.fields.Integer(metadata={"description": "Units that hold a title which is measured again"})


@api.get("/plan/<int:year>")
@auth.signed_in
@api.arguments(PlanQuery, location="query")
@api.response(200, PlanSchema)
def of_year(query: dict[str, Any], year: int) -> Plan:
    """Tell who is measured again in a year, of the units that the person may read of."""
    return plan.of_year(g.session, g.actor, query["programme"], year)
