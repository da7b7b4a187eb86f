"""Figures: what is on record of a unit and year, version by version, and the tables of published figures."""

from typing import Any

import marshmallow as ma
from flask import g, request

from engine import figures
from engine.domain import yearbook
from engine.figures import Hands
from engine.readers import STATISTICS
from engine.tables import Figure
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("figures", __name__, description="Figures that units report and statisticians publish")


class FiguresQuery(ma.Schema):
    """Of which unit and year."""

    unit = ma.fields.String(required=True, validate=ma.validate.Length(1, 40))
    year = ma.fields.Integer(required=True, validate=ma.validate.Range(1949, 2999))


class FigureSchema(ma.Schema):
    """One version of a figure; a correction adds a version and changes none."""

    code = ma.fields.String()
    version = ma.fields.Integer()
    value = ma.fields.Decimal(as_string=True, allow_none=True)
    definition = ma.fields.String(metadata={"description": "Version of its statistical definition, where known"})
    origin = ma.fields.String(metadata={"description": "declared, verified or monitoring"})
    source = ma.fields.String(allow_none=True)
    evidence = ma.fields.List(ma.fields.String(), metadata={"description": "Digests of the files behind it"})
    case_id = ma.fields.String(allow_none=True)
    entered_at = ma.fields.AwareDateTime(format="iso")
    confirmed_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    reason = ma.fields.String(allow_none=True)
    locked_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class PublishedSchema(ma.Schema):
    """What became of a table."""

    new = ma.fields.Integer(metadata={"description": "How many figures were not on record so"})


@api.get("/figures")
@auth.signed_in
@api.arguments(FiguresQuery, location="query")
@api.response(200, FigureSchema(many=True))
def listing(query: dict[str, Any]) -> list[Figure]:
    """List every version of the figures of a unit and year; others' units are empty."""
    return figures.listing(g.session, g.actor, query["unit"], query["year"])


@api.post("/figures/published")
@auth.needs(STATISTICS)
@api.response(200, PublishedSchema)
def publish() -> dict[str, int]:
    """Put a table of published figures on record, sent as the body in CSV or XLSX; every fault is told at its cell."""
    rows = yearbook.read(request.get_data())
    return {"new": figures.publish(g.session, Hands(actor=g.actor.id), rows)}
