"""Revisions: drafts of programmes that owners write, somebody else approves, and that become versions."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import revisions
from engine.processes import Deployed
from engine.revisions import DraftFile, FileRow, RevisionRow, StepRow, Track, Update
from engine.revisions.writing import LONGEST_REASON, LONGEST_TITLE
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("revisions", __name__, description="Drafts of programmes: written, approved by somebody else, deployed")
on_bench = auth.needs("PROC_OWNER", "PROC_APPROVER")


class RevisionBeginSchema(ma.Schema):
    """Which programme is to be changed, and what the draft is called."""

    programme = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_TITLE))


class RevisionDescribeSchema(ma.Schema):
    """What a draft is called, and why it is made."""

    title = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_TITLE))
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_REASON))


class RevisionReasonSchema(ma.Schema):
    """Why, or what somebody thinks of it."""

    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=LONGEST_REASON))


class RevisionSavingSchema(ma.Schema):
    """The content of a file, and the version of it that the writer has seen; 0 for a new one."""

    content = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(0, 2**31 - 1))


class RevisionSeenQuery(ma.Schema):
    """The version of a file that the writer has seen."""

    version = ma.fields.Integer(required=True, validate=ma.validate.Range(0, 2**31 - 1))


class RevisionUpdatingSchema(ma.Schema):
    """The files that stay as the draft has them, though the newest version changed them too."""

    mine = ma.fields.List(ma.fields.String(), load_default=list, validate=ma.validate.Length(max=1000))


class RevisionSchema(ma.Schema):
    """A draft of a programme."""

    id = ma.fields.UUID()
    programme = ma.fields.String()
    title = ma.fields.String()
    reason = ma.fields.String()
    state = ma.fields.String(metadata={"description": "draft, submitted, approved, deployed or withdrawn"})
    number = ma.fields.Integer(allow_none=True, metadata={"description": "The version it was drawn from"})
    newest = ma.fields.Integer(allow_none=True, metadata={"description": "The newest version of its programme"})
    old = ma.fields.Boolean()
    opened_by = ma.fields.String()
    opened_at = ma.fields.AwareDateTime(format="iso")
    submitted_by = ma.fields.String(allow_none=True)
    submitted_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    digest = ma.fields.String(allow_none=True)
    instance = ma.fields.UUID(allow_none=True, metadata={"description": "The case of its approval"})
    decided_by = ma.fields.String(allow_none=True)
    decided_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    opinion = ma.fields.String(allow_none=True)
    deployed = ma.fields.Integer(allow_none=True, metadata={"description": "The version it became"})
    authors = ma.fields.List(ma.fields.String())
    changed = ma.fields.Integer()


class DraftFileSchema(ma.Schema):
    """A file of a draft as it stands."""

    path = ma.fields.String()
    content = ma.fields.Function(lambda file: file.content.decode(errors="replace"))
    version = ma.fields.Integer()
    saved_by = ma.fields.String(allow_none=True)
    saved_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class RevisionFileRowSchema(ma.Schema):
    """What a draft does to a file."""

    path = ma.fields.String()
    state = ma.fields.String(metadata={"description": "same, new, changed or removed"})
    size = ma.fields.Integer()
    version = ma.fields.Integer()
    saved_by = ma.fields.String(allow_none=True)
    saved_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class RevisionCheckSchema(ma.Schema):
    """A gate on the way to a version, and why it is not passed."""

    gate = ma.fields.String(metadata={"description": "draft, check, rehearse, approve or deploy"})
    passed = ma.fields.Boolean()
    why = ma.fields.Dict()


class RevisionTrackSchema(ma.Schema):
    """How far a draft is."""

    checks = ma.fields.List(ma.fields.Nested(RevisionCheckSchema))
    findings = ma.fields.List(ma.fields.Dict())
    running = ma.fields.Integer()


class RevisionStepSchema(ma.Schema):
    """Something that became of a draft."""

    at = ma.fields.AwareDateTime(format="iso")
    kind = ma.fields.String()
    person = ma.fields.String(allow_none=True)
    note = ma.fields.String()
    differences = ma.fields.List(ma.fields.Dict(), allow_none=True)


class RevisionUpdateSchema(ma.Schema):
    """What bringing a draft up to date did."""

    taken = ma.fields.List(ma.fields.String())
    clashes = ma.fields.List(ma.fields.String(), metadata={"description": "Nothing was done until these are decided"})


class RevisionDeployedSchema(ma.Schema):
    """The version that a draft became."""

    programme = ma.fields.String()
    digest = ma.fields.String()
    number = ma.fields.Integer()
    new = ma.fields.Boolean()


@api.get("/revisions")
@on_bench
@api.response(200, RevisionSchema(many=True))
def listing() -> list[RevisionRow]:
    """List the open drafts of the programmes that the person may change or approve."""
    return revisions.listing(g.session, g.actor)


@api.post("/revisions")
@on_bench
@api.arguments(RevisionBeginSchema)
@api.response(201, RevisionSchema)
def begin(body: dict[str, Any]) -> RevisionRow:
    """Begin a draft of a programme from its newest version."""
    return revisions.begin(g.session, g.actor, body["programme"], body["title"])


@api.get("/revisions/<uuid:revision>")
@on_bench
@api.response(200, RevisionSchema)
def show(revision: UUID) -> RevisionRow:
    """Show a draft."""
    return revisions.show(g.session, g.actor, revision)


@api.put("/revisions/<uuid:revision>")
@on_bench
@api.arguments(RevisionDescribeSchema)
@api.response(204)
def describe(body: dict[str, Any], revision: UUID) -> None:
    """Say what a draft is called and why it is made."""
    revisions.describe(g.session, g.actor, revision, body["title"], body["reason"])


@api.get("/revisions/<uuid:revision>/track")
@on_bench
@api.response(200, RevisionTrackSchema)
def track(revision: UUID) -> Track:
    """Tell how far a draft is, and what was found in it."""
    return revisions.track(g.session, g.actor, revision)


@api.get("/revisions/<uuid:revision>/steps")
@on_bench
@api.response(200, RevisionStepSchema(many=True))
def steps(revision: UUID) -> list[StepRow]:
    """List what became of a draft, the newest first, with its differences in words."""
    return revisions.steps(g.session, g.actor, revision)


@api.get("/revisions/<uuid:revision>/files")
@on_bench
@api.response(200, RevisionFileRowSchema(many=True))
def files(revision: UUID) -> list[FileRow]:
    """List the files of a draft, and what it does to each."""
    return revisions.overview(g.session, g.actor, revision)


@api.get("/revisions/<uuid:revision>/files/<path:path>")
@on_bench
@api.response(200, DraftFileSchema)
def read(revision: UUID, path: str) -> DraftFile:
    """Give a file of a draft, with the version to save it over."""
    return revisions.read(g.session, g.actor, revision, path)


@api.put("/revisions/<uuid:revision>/files/<path:path>")
@on_bench
@api.arguments(RevisionSavingSchema)
@api.response(200, DraftFileSchema)
def save(body: dict[str, Any], revision: UUID, path: str) -> DraftFile:
    """Save a file; 409 with `conflict` when somebody saved it meanwhile."""
    return revisions.save(g.session, g.actor, revision, path, body["content"].encode(), body["version"])


@api.delete("/revisions/<uuid:revision>/files/<path:path>")
@on_bench
@api.arguments(RevisionSeenQuery, location="query")
@api.response(204)
def remove(query: dict[str, Any], revision: UUID, path: str) -> None:
    """Take a file away from a draft."""
    revisions.remove(g.session, g.actor, revision, path, query["version"])


@api.post("/revisions/<uuid:revision>/update")
@on_bench
@api.arguments(RevisionUpdatingSchema)
@api.response(200, RevisionUpdateSchema)
def update(body: dict[str, Any], revision: UUID) -> Update:
    """Bring a draft up to the newest version of its programme."""
    return revisions.update(g.session, g.actor, revision, frozenset(body["mine"]))


@api.post("/revisions/<uuid:revision>/submit")
@on_bench
@api.response(204)
def submit(revision: UUID) -> None:
    """Hand a draft in for approval."""
    revisions.submit(g.session, g.actor, revision)


@api.post("/revisions/<uuid:revision>/take-back")
@on_bench
@api.arguments(RevisionReasonSchema)
@api.response(204)
def take_back(body: dict[str, Any], revision: UUID) -> None:
    """Take a draft back to be written on."""
    revisions.take_back(g.session, g.actor, revision, body["reason"])


@api.post("/revisions/<uuid:revision>/approve")
@on_bench
@api.arguments(RevisionReasonSchema)
@api.response(204)
def approve(body: dict[str, Any], revision: UUID) -> None:
    """Approve a draft that somebody else wrote."""
    revisions.approve(g.session, g.actor, revision, body["reason"])


@api.post("/revisions/<uuid:revision>/refuse")
@on_bench
@api.arguments(RevisionReasonSchema)
@api.response(204)
def refuse(body: dict[str, Any], revision: UUID) -> None:
    """Send a draft back to those who wrote it, with a reason."""
    revisions.refuse(g.session, g.actor, revision, body["reason"])


@api.post("/revisions/<uuid:revision>/deploy")
@on_bench
@api.response(200, RevisionDeployedSchema)
def deploy(revision: UUID) -> Deployed:
    """Make an approved draft the newest version of its programme."""
    return revisions.deploy(g.session, g.actor, revision)


@api.post("/revisions/<uuid:revision>/withdraw")
@on_bench
@api.arguments(RevisionReasonSchema)
@api.response(204)
def withdraw(body: dict[str, Any], revision: UUID) -> None:
    """Give a draft up for good."""
    revisions.withdraw(g.session, g.actor, revision, body["reason"])
