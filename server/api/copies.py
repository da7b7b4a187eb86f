"""Copies: telling colleagues of a case for information."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import copies
from engine.colleagues import Colleague
from engine.copies import CopyRow, Sending
from engine.pages import Page
from server import auth
from server.api.handovers import ColleagueSchema
from server.api.lists import PageQuery, page_of
from server.api.openapi import Blueprint

api = Blueprint("copies", __name__, description="Cases told to people for information")


class SendingSchema(ma.Schema):
    """Who is told of a case, or of one task of it, and what of it."""

    people = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, copies.MOST))
    note = ma.fields.String(load_default="", validate=ma.validate.Length(max=copies.LONGEST_NOTE))
    task = ma.fields.UUID(load_default=None, allow_none=True)


class SentSchema(ma.Schema):
    """The ids of the copies."""

    copies = ma.fields.List(ma.fields.UUID())


class CopySchema(ma.Schema):
    """A copy of a case: who was told by whom, and whether they have read it."""

    id = ma.fields.UUID()
    instance = ma.fields.UUID()
    title = ma.fields.String()
    programme = ma.fields.String()
    process = ma.fields.String()
    subject = ma.fields.String(allow_none=True)
    task = ma.fields.UUID(allow_none=True)
    task_name = ma.fields.String(allow_none=True)
    person_name = ma.fields.String()
    sender_name = ma.fields.String()
    note = ma.fields.String()
    at = ma.fields.AwareDateTime(format="iso")
    read_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


@api.get("/copies")
@auth.signed_in
@api.arguments(PageQuery, location="query")
@api.response(200, page_of(CopySchema))
def listing(page: dict[str, Any]) -> Page[CopyRow]:
    """List the cases that the person was told of, the latest first."""
    return copies.listing(g.session, g.actor, page["cursor"], page["limit"])


@api.get("/copies/candidates")
@auth.signed_in
@api.response(200, ColleagueSchema(many=True))
def candidates() -> list[Colleague]:
    """List the colleagues whom the person may tell of a case."""
    return copies.candidates(g.session, g.actor)


@api.post("/copies/<uuid:id>/read")
@auth.signed_in
@api.response(204)
def read(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Note that the person has read a copy."""
    copies.read(g.session, g.actor, id)


@api.post("/instances/<uuid:id>/copies")
@auth.signed_in
@api.arguments(SendingSchema)
@api.response(201, SentSchema)
def send(body: dict[str, Any], id: UUID) -> dict[str, list[UUID]]:  # noqa: A002 - the name in the address
    """Tell colleagues of a case."""
    return {"copies": copies.send(g.session, g.actor, id, Sending(**body))}


@api.get("/instances/<uuid:id>/copies")
@auth.signed_in
@api.response(200, CopySchema(many=True))
def sent(id: UUID) -> list[CopyRow]:  # noqa: A002 - the name in the address
    """List whom the person told of a case, and whether they have read it."""
    return copies.sent(g.session, g.actor, id)
