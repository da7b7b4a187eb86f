"""Evidence: files that support figures and statements, handed in once and read back by those whom they concern."""

import io
from typing import Any, cast

import marshmallow as ma
from flask import Response, current_app, g, request, send_file

from engine import evidence
from engine.errors import EvidenceRefused
from engine.evidence import File, Store
from engine.settings import Settings
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("evidence", __name__, description="Files that support figures and statements")
MULTIPART = "multipart/form-data"
PART = "file"


class NameQuery(ma.Schema):
    """What the file is called, where it is sent as the body."""

    name = ma.fields.String(load_default="", validate=ma.validate.Length(max=1000))


class KeptSchema(ma.Schema):
    """A file that is kept."""

    digest = ma.fields.String(metadata={"description": "SHA-256 of the content; the file is known by it"})


@api.post("/evidence")
@auth.signed_in
@api.arguments(NameQuery, location="query")
@api.response(201, KeptSchema)
def keep(query: dict[str, Any]) -> dict[str, str]:
    """Keep a file, sent as the body with its Content-Type or as the part `file` of a form; the same twice is one."""
    return {"digest": evidence.keep(g.session, _store(), g.actor.id, _file(query["name"]))}


@api.get("/evidence/<digest>")
@auth.signed_in
def content(digest: str) -> Response:
    """Give a file; its digest is checked on the way."""
    row = evidence.find(g.session, g.actor, digest)
    found = io.BytesIO(_store().content(row.digest))
    response = send_file(found, row.media_type, as_attachment=True, download_name=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _file(name: str) -> File:
    if request.mimetype != MULTIPART:
        return File(name, request.mimetype, request.get_data())
    part = request.files.get(PART)
    if part is None:
        raise EvidenceRefused(why={"zh": "缺少名为file的文件。", "en": "The part file is missing."})
    return File(name or part.filename or "", part.mimetype, part.read())


def _store() -> Store:
    return Store.of(cast("Settings", current_app.extensions["icity"].settings))
