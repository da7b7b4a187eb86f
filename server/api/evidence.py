"""Evidence: files that support figures and statements, handed in once and read back by those whom they concern."""

from typing import Any, cast

import marshmallow as ma
from flask import Response, current_app, g

from engine import evidence
from engine.db import Sessions, transaction
from server import auth, uploads
from server.api.openapi import Blueprint

api = Blueprint("evidence", __name__, description="Files that support figures and statements")


# How the part `file` of a form is described; the file alone may come as the body as well.
PART = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
FILE = {"required": True, "content": {"multipart/form-data": {"schema": PART}}}


class NameQuery(ma.Schema):
    """What the file is called, where it is sent as the body."""

    name = ma.fields.String(load_default="", validate=ma.validate.Length(max=1000))


class KeptSchema(ma.Schema):
    """A file that is kept."""

    digest = ma.fields.String(metadata={"description": "SHA-256 of the content; the file is known by it"})


@api.post("/evidence")
@auth.signed_in
@uploads.unhurried
@api.arguments(NameQuery, location="query")
@api.response(201, KeptSchema)
@api.doc(requestBody=FILE)
def keep(query: dict[str, Any]) -> dict[str, str]:
    """Keep a file, sent as the body with its Content-Type or as the part `file` of a form; the same twice is one."""
    store = uploads.store()
    received = evidence.receive(store, uploads.received(query["name"]))
    with transaction(_sessions()) as session:
        evidence.remember(session, store, g.actor.id, received)
    return {"digest": received.digest}


@api.get("/evidence/<digest>")
@auth.signed_in
def content(digest: str) -> Response:
    """Give a file; its digest is checked on the way."""
    row = evidence.find(g.session, g.actor, digest)
    return uploads.handed_out(uploads.store().content(row.digest), row.media_type, row.name)


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["icity"].sessions)
