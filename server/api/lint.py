"""Checks of files that are not deployed: what a modeller wants to know before it hands a diagram in."""

from typing import Any

import marshmallow as ma
from werkzeug.datastructures import FileStorage

from engine.rehearsal import deployment
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("lint", __name__, description="Checks of diagrams, decisions and forms that are not deployed")

MOST_FILES = 100


class FilesSchema(ma.Schema):
    """The files of one deployment: .bpmn, .dmn and .form."""

    files = ma.fields.List(
        ma.fields.Raw(metadata={"type": "string", "format": "binary"}),
        required=True,
        validate=ma.validate.Length(1, MOST_FILES),
    )


class FindingTextSchema(ma.Schema):
    """What is wrong and what to do, in both languages."""

    zh = ma.fields.String()
    en = ma.fields.String()


class FindingSchema(ma.Schema):
    """Something that is wrong with an element of a file."""

    file = ma.fields.String()
    element = ma.fields.String(metadata={"description": "Id of the element, or of the nearest one around it"})
    name = ma.fields.String()
    rule = ma.fields.String(metadata={"description": "docs/reference/lint.md explains every rule"})
    severity = ma.fields.String(metadata={"description": "error: keeps the files from being deployed; or warning"})
    text = ma.fields.Nested(FindingTextSchema)


class FindingsSchema(ma.Schema):
    """Everything that is wrong."""

    findings = ma.fields.List(ma.fields.Nested(FindingSchema))


@api.post("/lint")
@auth.signed_in
@api.arguments(FilesSchema, location="files", content_type="multipart/form-data")
@api.response(200, FindingsSchema)
def check(sent: dict[str, list[FileStorage]]) -> dict[str, Any]:
    """Say what is wrong with the files, which are one deployment; nothing is kept."""
    given: dict[str, bytes] = {}
    for number, file in enumerate(sent["files"], start=1):
        name = file.filename or str(number)
        given[name if name not in given else f"{number} {name}"] = file.read()
    return {"findings": deployment.check(given)}
