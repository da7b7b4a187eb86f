"""Official documents: what was issued under which number, as PDF and DOCX, and declaring one void."""

import io
from typing import Any, cast
from uuid import UUID

import marshmallow as ma
from flask import Response, current_app, g, send_file

from engine import documents, registry
from engine.documents import Form, Press
from engine.pages import Page
from engine.registry import Wanted
from engine.settings import Settings
from engine.tables import DocumentState
from server import auth
from server.api.lists import PageQuery, page_of
from server.api.openapi import Blueprint

api = Blueprint("documents", __name__, description="Official documents and their numbers")
MEDIA = {
    Form.PDF: "application/pdf",
    Form.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class DocumentQuery(PageQuery):
    """Which documents are asked for; all that the person may read when nothing is named."""

    q = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(1, 200),
        metadata={"description": "Words that stand in the number or the title"},
    )
    organ = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(1, 64),
        metadata={"description": "The word of the number: 浙科发"},
    )
    year = ma.fields.Integer(load_default=None, validate=ma.validate.Range(1949, 2999))
    state = ma.fields.Enum(DocumentState, by_value=True, load_default=None)
    unit = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 64))
    case = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 64))
    round = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 64))


class DocumentSchema(ma.Schema):
    """A document under its number."""

    id = ma.fields.UUID()
    number = ma.fields.String(metadata={"description": "发文字号; the number of a void document is never used again"})
    kind = ma.fields.String(metadata={"description": "The name of its template"})
    title = ma.fields.String()
    state = ma.fields.String(metadata={"description": "issued or void"})
    issued_on = ma.fields.Date()
    case_id = ma.fields.String(allow_none=True)
    round = ma.fields.String(allow_none=True)
    addressees = ma.fields.List(ma.fields.String(), metadata={"description": "Ids of organisations, or names"})
    retention = ma.fields.String()
    void_reason = ma.fields.String(allow_none=True)
    pdf = ma.fields.String(allow_none=True, metadata={"description": "SHA-256; null until it is printed"})
    docx = ma.fields.String(allow_none=True, metadata={"description": "SHA-256; null until it is printed"})
    remarks = ma.fields.Dict(
        allow_none=True,
        metadata={"description": "faults of the layout by GB/T 9704-2012, and notes: typefaces that were substituted"},
    )


class VoidingSchema(ma.Schema):
    """Why a document is declared void."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 1_000))


@api.get("/documents")
@auth.signed_in
@api.arguments(DocumentQuery, location="query")
@api.response(200, page_of(DocumentSchema))
def listing(query: dict[str, Any]) -> Page[documents.Entry]:
    """List the documents the person may read and that are wanted, the newest first."""
    named = {"words": query["q"], "case_id": query["case"]}
    wanted = Wanted(**named, **{name: query[name] for name in ("organ", "year", "state", "round", "unit")})
    return registry.search(g.session, g.actor, wanted, query["cursor"], query["limit"])


@api.get("/documents/<uuid:document>")
@auth.signed_in
@api.response(200, DocumentSchema)
def one(document: UUID) -> documents.Entry:
    """Tell one document."""
    return documents.read(g.session, g.actor, document)


@api.get("/documents/<uuid:document>.pdf")
@auth.signed_in
def pdf(document: UUID) -> Response:
    """Give a document as PDF; it is printed now if it has not been."""
    return _file(document, Form.PDF)


@api.get("/documents/<uuid:document>.docx")
@auth.signed_in
def docx(document: UUID) -> Response:
    """Give a document as DOCX, for a word processor; it is printed now if it has not been."""
    return _file(document, Form.DOCX)


@api.post("/documents/<uuid:document>/void")
@auth.needs("PRV_LEAD")
@api.arguments(VoidingSchema)
@api.response(204)
def void(body: dict[str, str], document: UUID) -> None:
    """Declare a document void, with a reason; its number is kept and never used again."""
    documents.withdraw(g.session, g.actor, document, body["reason"])


def _file(document: UUID, form: Form) -> Response:
    settings = cast("Settings", current_app.extensions["icity"].settings)
    content = documents.content(g.session, g.actor, document, form, Press.of(settings))
    number = documents.read(g.session, g.actor, document).number
    return send_file(io.BytesIO(content), MEDIA[form], as_attachment=True, download_name=f"{number}.{form.value}")
