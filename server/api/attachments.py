"""Attachments: files put to a task, listed with it, taken off again by whoever put them there."""

from typing import Any, cast
from uuid import UUID

import marshmallow as ma
from flask import Response, current_app, g

from engine import attachments, evidence
from engine.attachments import Adding, AttachmentRow
from engine.db import Sessions, transaction
from server import auth, uploads
from server.api.openapi import Blueprint

api = Blueprint("attachments", __name__, description="Files put to tasks")


class AddingQuery(ma.Schema):
    """What the file is called, and the path of the answer that it supports."""

    name = ma.fields.String(load_default="", validate=ma.validate.Length(max=1000))
    field = ma.fields.String(load_default=None, validate=ma.validate.Length(1, attachments.LONGEST_FIELD))


class AttachmentSchema(ma.Schema):
    """A file of a task."""

    id = ma.fields.UUID()
    task = ma.fields.UUID()
    task_name = ma.fields.String()
    element = ma.fields.String()
    field = ma.fields.String(allow_none=True, metadata={"description": "Path of the answer that it supports"})
    digest = ma.fields.String(metadata={"description": "SHA-256 of the content"})
    name = ma.fields.String()
    media_type = ma.fields.String()
    size = ma.fields.Integer(metadata={"description": "Bytes"})
    added_by = ma.fields.UUID()
    added_by_name = ma.fields.String()
    added_at = ma.fields.AwareDateTime(format="iso")
    here = ma.fields.Boolean(metadata={"description": "Put to this very task; false: to another step of its case"})
    removable = ma.fields.Boolean()


class AttachmentsSchema(ma.Schema):
    """The files of a task."""

    items = ma.fields.List(ma.fields.Nested(AttachmentSchema))


@api.get("/tasks/<uuid:id>/attachments")
@auth.signed_in
@api.response(200, AttachmentsSchema)
def listing(id: UUID) -> dict[str, list[AttachmentRow]]:  # noqa: A002 - the name in the address
    """List the files of a task, and those of other steps of its case that concern the person."""
    return {"items": attachments.listing(g.session, g.actor, id)}


@api.post("/tasks/<uuid:id>/attachments")
@auth.signed_in
@uploads.unhurried
@api.arguments(AddingQuery, location="query")
@api.response(201, AttachmentSchema)
def add(query: dict[str, Any], id: UUID) -> AttachmentRow:  # noqa: A002 - the name in the address
    """Put a file to an open task, sent as the body with its Content-Type or as the part `file` of a form."""
    store = uploads.store()
    with transaction(_sessions()) as session:
        attachments.admit(session, g.actor, id)
    received = evidence.receive(store, uploads.received(query["name"]))
    with transaction(_sessions()) as session:
        return attachments.add(session, store, g.actor, id, Adding(received, query["field"], uploads.most()))


@api.get("/attachments/<uuid:id>")
@auth.signed_in
def content(id: UUID) -> Response:  # noqa: A002 - the name in the address
    """Give a file; its digest is checked on the way."""
    row = attachments.content(g.session, g.actor, id)
    return uploads.handed_out(uploads.store().content(row.digest), row.media_type, row.name)


@api.delete("/attachments/<uuid:id>")
@auth.signed_in
@api.response(204)
def remove(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take a file of one's own off an open task; its content stays on record."""
    attachments.remove(g.session, g.actor, id)


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["icity"].sessions)
