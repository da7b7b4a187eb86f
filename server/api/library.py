"""The library: programmes, their versions and what lies in them, for those who change or approve programmes."""

from typing import Any

import marshmallow as ma
from flask import Response, g

from engine import library
from engine.library import Item, ProgrammeRow, VersionRow
from server import auth, uploads
from server.api.openapi import Blueprint

api = Blueprint("library", __name__, description="Programmes, their versions and what lies in them")
on_bench = auth.needs("PROC_OWNER", "PROC_APPROVER")


class LibraryVersionSchema(ma.Schema):
    """A version of a programme, and who made it."""

    programme = ma.fields.String()
    digest = ma.fields.String(metadata={"description": "SHA-256 over every path and content"})
    number = ma.fields.Integer()
    deployed_at = ma.fields.AwareDateTime(format="iso")
    deployed_by = ma.fields.String()
    title = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    author = ma.fields.String(allow_none=True)
    approver = ma.fields.String(allow_none=True)
    opinion = ma.fields.String(allow_none=True)
    revision = ma.fields.UUID(allow_none=True)
    running = ma.fields.Integer(metadata={"description": "Cases that run on it"})


class LibrarySchema(ma.Schema):
    """A programme with its newest version, and what the person may do with it."""

    programme = ma.fields.String()
    name = ma.fields.Dict()
    newest = ma.fields.Nested(LibraryVersionSchema)
    versions = ma.fields.Integer()
    running = ma.fields.Integer()
    counts = ma.fields.Dict(metadata={"description": "How many of each kind lie in the newest version"})
    may_edit = ma.fields.Boolean()
    may_approve = ma.fields.Boolean()


class LibraryItemSchema(ma.Schema):
    """Something that lies in a version."""

    kind = ma.fields.String(metadata={"description": "process, decision, form, set, template or scenario"})
    path = ma.fields.String()
    key = ma.fields.String()
    name = ma.fields.Dict()


@api.get("/library")
@on_bench
@api.response(200, LibrarySchema(many=True))
def listing() -> list[ProgrammeRow]:
    """List the programmes that the person may change or approve."""
    return library.listing(g.session, g.actor)


@api.get("/library/<programme>/versions")
@on_bench
@api.response(200, LibraryVersionSchema(many=True))
def versions(programme: str) -> list[VersionRow]:
    """List the versions of a programme, the newest first."""
    return library.versions(g.session, g.actor, programme)


@api.get("/library/<programme>/versions/<int:number>/contents")
@on_bench
@api.response(200, LibraryItemSchema(many=True))
def contents(programme: str, number: int) -> list[Item]:
    """List what lies in a version."""
    return library.contents(library.version(g.session, g.actor, programme, number))


@api.get("/library/<programme>/versions/<int:number>/zip")
@on_bench
@api.response(200, content_type="application/zip")
def export(programme: str, number: int) -> Any:
    """Give a version as a ZIP."""
    name, content = library.export(g.session, g.actor, programme, number)
    handed: Response = uploads.handed_out(content, "application/zip", name)
    return handed
