"""Score sheets: how a case was scored, each point walked back, and what another set would have made of a round."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import processes, sheets
from engine.domain.sheets import Frozen
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("sheets", __name__, description="Score sheets and what-if")


class SheetRowSchema(ma.Schema):
    """A score sheet as a list shows it."""

    id = ma.fields.UUID()
    case_id = ma.fields.String()
    round = ma.fields.String(allow_none=True)
    unit = ma.fields.String()
    level = ma.fields.String()
    agency = ma.fields.String(allow_none=True)
    indicator_set = ma.fields.String()
    set_digest = ma.fields.String(metadata={"description": "SHA-256 of the frozen rows"})
    total = ma.fields.Decimal(as_string=True)
    gates_met = ma.fields.Boolean()
    grade = ma.fields.String(allow_none=True)
    digest = ma.fields.String(metadata={"description": "SHA-256 of the canonical JSON of `sheet`"})
    made_at = ma.fields.AwareDateTime(format="iso")
    supersedes = ma.fields.UUID(allow_none=True)
    reason = ma.fields.String(allow_none=True, metadata={"description": "Why it supersedes another"})
    superseded_by = ma.fields.UUID(allow_none=True, metadata={"description": "Null while it stands"})


class LineSchema(ma.Schema):
    """A step behind a point, in both languages."""

    zh = ma.fields.String()
    en = ma.fields.String()


class SheetSchema(SheetRowSchema):
    """A score sheet with everything it says."""

    sheet = ma.fields.Dict(metadata={"description": "Inputs with provenance, frozen set, every intermediate value"})
    walk = ma.fields.List(ma.fields.Nested(LineSchema))


class WalkQuery(ma.Schema):
    """Which point is to be explained."""

    path = ma.fields.String(
        load_default="total",
        validate=ma.validate.Length(1, 100),
        metadata={"description": "total, groups/A, indicators/A1, gates/A3 or inputs/gdp"},
    )


class WhatIfSchema(ma.Schema):
    """Under which indicator set of the newest version of the programme a round is tried."""

    set = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))


class TriedSchema(ma.Schema):
    """What another set would make of each unit: before, after, crossed, grade, gates_met and why."""

    round = ma.fields.String()
    set = ma.fields.String()
    units = ma.fields.List(ma.fields.Dict())


@api.get("/cases/<case_id>/sheets")
@auth.signed_in
@api.response(200, SheetRowSchema(many=True))
def listing(case_id: str) -> list[sheets.SheetRow]:
    """List the score sheets of a case, the newest first; superseded ones stay."""
    return sheets.of_case(g.session, g.actor, case_id)


@api.get("/sheets/<uuid:id>")
@auth.signed_in
@api.arguments(WalkQuery, location="query")
@api.response(200, SheetSchema)
def show(query: dict[str, Any], id: UUID) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Return a score sheet, and one of its points walked back to figures, files and people."""
    view = sheets.show(g.session, g.actor, id, query["path"])
    return {**vars(view.row), "sheet": view.sheet, "walk": view.walk}


@api.post("/rounds/<round_id>/what-if")
@auth.signed_in
@api.arguments(WhatIfSchema)
@api.response(200, TriedSchema)
def what_if(wanted: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Try a round under another indicator set; nothing is kept and nothing moves."""
    programme = processes.latest(g.session, sheets.programme_of(g.session, g.actor, round_id))
    place = sheets.Place(programme.id, programme.decisions.get("grade"))
    return sheets.rescore_round(g.session, place, round_id, Frozen(wanted["set"], programme.indicators))
