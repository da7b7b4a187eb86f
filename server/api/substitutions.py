"""Substitutions: who stands in for a person who is away."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import substitutions
from engine.colleagues import Colleague
from engine.substitutions import Appointment, SubstitutionRow
from server import auth
from server.api.handovers import LONGEST, ColleagueSchema
from server.api.openapi import Blueprint

api = Blueprint("substitutions", __name__, description="Who stands in for whom, and until when")


class AppointmentSchema(ma.Schema):
    """Who is to stand in for the person, on which days and with which roles."""

    substitute = ma.fields.UUID(required=True)
    since = ma.fields.Date(required=True)
    until = ma.fields.Date(required=True, metadata={"description": "The last day"})
    roles = ma.fields.List(
        ma.fields.String(), load_default=list, metadata={"description": "None: all the person's own roles"}
    )
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class SubstitutionSchema(ma.Schema):
    """Who stands in for whom."""

    id = ma.fields.UUID()
    person = ma.fields.UUID()
    person_name = ma.fields.String()
    substitute = ma.fields.UUID()
    substitute_name = ma.fields.String()
    roles = ma.fields.List(ma.fields.String())
    since = ma.fields.Date()
    until = ma.fields.Date()
    reason = ma.fields.String()
    made_at = ma.fields.AwareDateTime(format="iso")
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    state = ma.fields.String(metadata={"description": "coming, in force, over or ended"})


class AppointedSchema(ma.Schema):
    """The id of a substitution."""

    id = ma.fields.UUID()


@api.get("/substitutions")
@auth.signed_in
@api.response(200, SubstitutionSchema(many=True))
def listing() -> list[SubstitutionRow]:
    """List the substitutions that the person made or was appointed by, the latest first."""
    return substitutions.listing(g.session, g.actor)


@api.get("/substitutions/candidates")
@auth.signed_in
@api.response(200, ColleagueSchema(many=True))
def candidates() -> list[Colleague]:
    """List who may stand in for the person."""
    return substitutions.candidates(g.session, g.actor)


@api.post("/substitutions")
@auth.signed_in
@api.arguments(AppointmentSchema)
@api.response(201, AppointedSchema)
def appoint(body: dict[str, Any]) -> dict[str, UUID]:
    """Let a colleague stand in for the person for some days."""
    return {"id": substitutions.appoint(g.session, g.actor, Appointment(**body))}


@api.post("/substitutions/<uuid:id>/end")
@auth.signed_in
@api.response(204)
def end(id: UUID) -> None:  # noqa: A002 - the name in the address
    """End a substitution before its last day."""
    substitutions.end(g.session, g.actor, id)
