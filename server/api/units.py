"""Units: cities, counties and districts on a day, where each stands, and how far the province has come with them."""

import io
from datetime import date
from typing import Any

import marshmallow as ma
from flask import Response, g, send_file

from engine import clock, messages, responsibility, targets, titles, units
from engine.domain.divisions import Change, Happening, Level, Period
from engine.domain.targets import Target
from server import auth
from server.api.openapi import Blueprint
from server.api.workbooks import XLSX

api = Blueprint("units", __name__, description="Cities, counties and districts")
MOST_UNITS = 100
FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2999, 12, 31)
REGISTER = "register"  # who says so, of messages about changed divisions
UNIT_EVENT = "unit.event"
PROVINCE = ("PRV_INTAKE", "PRV_OFFICER", "PRV_LEAD", "STAT_PRV", "GOV_OFFICE", "GOV_LEAD")


class DayQuery(ma.Schema):
    """The civil day in Asia/Shanghai that is asked about."""

    on = ma.fields.Date(load_default=None, metadata={"description": "Today when left out"})


class YearQuery(ma.Schema):
    """The year that is assessed."""

    year = ma.fields.Integer(required=True, validate=ma.validate.Range(2012, 2100))


class HappeningSchema(ma.Schema):
    """What became of divisions by one act."""

    effective_on = ma.fields.Date()
    kind = ma.fields.String()
    document_no = ma.fields.String()
    from_units = ma.fields.List(ma.fields.String())
    to_units = ma.fields.List(ma.fields.String())
    note = ma.fields.String()
    basis = ma.fields.String(metadata={"description": "Which day of the act was taken"})
    code_effective_on = ma.fields.Date(allow_none=True)
    inaugurated_on = ma.fields.Date(allow_none=True)


class PeriodSchema(ma.Schema):
    """A unit under the name and code that an act gives it, from the day of the act."""

    unit = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))
    code = ma.fields.String(required=True, validate=ma.validate.Regexp(r"[0-9]{6}\Z"))
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 60))
    level = ma.fields.Enum(Level, by_value=True, required=True)
    parent = ma.fields.String(required=True, validate=ma.validate.Regexp(r"[0-9]{6}\Z"))


class ActSchema(ma.Schema):
    """What became of divisions by one act, and what it begins."""

    effective_on = ma.fields.Date(required=True, validate=ma.validate.Range(FIRST_DAY, LAST_DAY))
    kind = ma.fields.Enum(Change, by_value=True, required=True)
    document_no = ma.fields.String(load_default="", validate=ma.validate.Length(max=200))
    from_units = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(1, MOST_UNITS))
    to_units = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(1, MOST_UNITS))
    note = ma.fields.String(load_default="", validate=ma.validate.Length(max=4000))
    basis = ma.fields.String(load_default="", validate=ma.validate.Length(max=200))
    code_effective_on = ma.fields.Date(load_default=None, allow_none=True)
    inaugurated_on = ma.fields.Date(load_default=None, allow_none=True)
    begun = ma.fields.List(
        ma.fields.Nested(PeriodSchema), load_default=list, validate=ma.validate.Length(max=MOST_UNITS)
    )


class EnteredSchema(ma.Schema):
    """Under which number an act was entered: the `event_id` of the message unit.event."""

    id = ma.fields.Integer()


class HolderSchema(ma.Schema):
    """A title that a unit holds on the day."""

    unit = ma.fields.String()
    kind = ma.fields.String()
    granted_on = ma.fields.Date()
    document_no = ma.fields.String()
    case_id = ma.fields.String(allow_none=True)


class LineageSchema(ma.Schema):
    """Where a unit comes from, what it lived through, and what others came of it."""

    before = ma.fields.List(ma.fields.Nested(HappeningSchema))
    own = ma.fields.List(ma.fields.Nested(HappeningSchema))
    after = ma.fields.List(ma.fields.Nested(HappeningSchema))


class UnitSchema(ma.Schema):
    """A unit on the day, and its standing today."""

    unit = ma.fields.String(metadata={"description": "Who it is, through every new name and code"})
    code = ma.fields.String(metadata={"description": "The code of the day"})
    name = ma.fields.String()
    level = ma.fields.String()
    parent = ma.fields.String(allow_none=True)
    parent_name = ma.fields.String(allow_none=True)
    fictional = ma.fields.Boolean()
    instance = ma.fields.UUID(allow_none=True, metadata={"description": "Null where the person may not open it"})
    milestone = ma.fields.String(allow_none=True)
    next_reassessment = ma.fields.AwareDateTime(format="iso", allow_none=True)
    titles = ma.fields.List(ma.fields.String(), metadata={"description": "Kinds of title held on the day"})
    code_in_use = ma.fields.String(allow_none=True, metadata={"description": "The code that statistics use on the day"})
    lineage = ma.fields.Nested(LineageSchema, metadata={"description": "Up to the day, oldest first"})


class TargetSchema(ma.Schema):
    """A target of the guidance, and how much of it is reached."""

    key = ma.fields.String()
    name = ma.fields.String(metadata={"description": "In Chinese"})
    english = ma.fields.String()
    wanted = ma.fields.Integer()
    reached = ma.fields.Integer()
    met = ma.fields.Boolean()
    basis = ma.fields.String(metadata={"description": "The paragraph, and how it was read"})


@api.get("/units")
@auth.signed_in
@api.arguments(DayQuery, location="query")
@api.response(200, UnitSchema(many=True))
def listing(query: dict[str, date | None]) -> list[units.UnitRow]:
    """List the units in force on a day, by code, with what they came from."""
    return units.listing(g.session, g.actor, query["on"] or clock.today())


@api.get("/titles")
@auth.signed_in
@api.arguments(DayQuery, location="query")
@api.response(200, HolderSchema(many=True))
def holders(query: dict[str, date | None]) -> list[titles.Holder]:
    """List who holds which title on a day, by unit."""
    return titles.holders(g.session, query["on"] or clock.today())


@api.post("/division-events")
@auth.needs(*sorted(units.REGISTRARS))
@api.arguments(ActSchema)
@api.response(201, EnteredSchema)
def enter(given: dict[str, Any]) -> dict[str, int]:
    """Enter what became of divisions, where it fits the register; the message unit.event starts what follows."""
    begun = [Period(**period, since=given["effective_on"]) for period in given.pop("begun")]
    act = Happening(**{**given, "from_units": tuple(given["from_units"]), "to_units": tuple(given["to_units"])})
    event = units.enter(g.session, g.actor, act, begun)
    known = {"event_id": event}
    messages.receive(g.session, g.actor, REGISTER, f"{UNIT_EVENT}/{event}", UNIT_EVENT, str(event), known)
    return {"id": event}


@api.get("/targets")
@auth.signed_in
@api.arguments(DayQuery, location="query")
@api.response(200, TargetSchema(many=True))
def progress(query: dict[str, date | None]) -> list[Target]:
    """Tell how far the targets of the guidance are reached on a day."""
    return targets.progress(g.session, query["on"] or clock.today())


@api.get("/responsibility.xlsx")
@auth.needs(*PROVINCE)
@api.arguments(YearQuery, location="query")
def assessment(query: dict[str, Any]) -> Response:
    """Give the workbook for 党政领导科技进步目标责任制考核 of a year."""
    content = responsibility.workbook(g.session, g.actor, query["year"])
    return send_file(
        io.BytesIO(content), XLSX, as_attachment=True, download_name=f"responsibility-{query['year']}.xlsx"
    )
