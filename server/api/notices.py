"""Notices: what the person was told, and marking it as read."""

from typing import Any

import marshmallow as ma
from flask import g

from engine.notices import desk
from engine.notices.desk import NoticeRow
from engine.pages import Page
from server import auth
from server.api.lists import page_of
from server.api.openapi import Blueprint

api = Blueprint("notices", __name__, description="What a person was told of what happened")


class NoticeQuery(ma.Schema):
    """Which notices."""

    unread = ma.fields.Boolean(load_default=False, metadata={"description": "Only what was not read"})
    cursor = ma.fields.String(
        load_default=None, validate=ma.validate.Length(max=500), metadata={"description": "`next` of the page before"}
    )


class PersonalNoticeSchema(ma.Schema):
    """What the person was told of one event."""

    id = ma.fields.Integer()
    purpose = ma.fields.String(metadata={"description": "What it is for: a key of [purposes] in config/notices.toml"})
    urgent = ma.fields.Boolean()
    subject = ma.fields.String()
    body = ma.fields.String()
    link = ma.fields.String(metadata={"description": "The page it leads to"})
    at = ma.fields.AwareDateTime(format="iso")
    read_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class NoticeReadingSchema(ma.Schema):
    """Which notices were read."""

    ids = ma.fields.List(
        ma.fields.Integer(strict=True),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(1, 1000),
        metadata={"description": "None: all"},
    )


class NoticeCountSchema(ma.Schema):
    """How many notices."""

    marked = ma.fields.Integer(metadata={"description": "How many were marked by this"})
    unread = ma.fields.Integer(metadata={"description": "How many are not read, counted up to 100"})


@api.get("/notices")
@auth.signed_in
@api.arguments(NoticeQuery, location="query")
@api.response(200, page_of(PersonalNoticeSchema))
def listing(query: dict[str, Any]) -> Page[NoticeRow]:
    """List what the person was told, the latest first."""
    return desk.listing(g.session, g.actor, "unread" if query["unread"] else None, query["cursor"])


@api.post("/notices/read")
@auth.signed_in
@api.arguments(NoticeReadingSchema)
@api.response(200, NoticeCountSchema)
def read(body: dict[str, Any]) -> dict[str, int]:
    """Mark notices of the person as read, those named or all."""
    marked = desk.read(g.session, g.actor, body["ids"])
    return {"marked": marked, "unread": desk.unread(g.session, g.actor)}
