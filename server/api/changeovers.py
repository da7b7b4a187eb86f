"""Changeovers: how running instances fare on a new version, what becomes of them, carrying over and taking back."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import changeovers, ownership, processes, revisions
from engine.changeovers import CaseView, ChangeoverHead, ChangeoverView, Decision
from engine.pages import Page
from engine.tables import GroupPlan
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("changeovers", __name__, description="Running instances on a new version: rehearsed, carried over")
on_bench = auth.needs("PROC_OWNER", "PROC_APPROVER")


class ChangeoverBeginSchema(ma.Schema):
    """The draft to try on what runs; without one the newest version of the programme is tried."""

    programme = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))
    revision = ma.fields.UUID(load_default=None, allow_none=True)


class ChangeoverMadeSchema(ma.Schema):
    """The rehearsal that was made."""

    id = ma.fields.UUID()


class ChangeoverGroupSchema(ma.Schema):
    """Instances of one version that stand at the same steps and fare alike."""

    id = ma.fields.UUID()
    position = ma.fields.Integer()
    number = ma.fields.Integer(metadata={"description": "The version they stand on"})
    count = ma.fields.Integer()
    verdict = ma.fields.String(metadata={"description": "unchanged, mapped, decision, loss or blocked"})
    verdicts = ma.fields.Dict(metadata={"description": "How many fare how with the choices made"})
    outcomes = ma.fields.Dict(metadata={"description": "How many were carried, undone, ended or elsewhere"})
    steps = ma.fields.List(ma.fields.Dict())
    plan = ma.fields.Enum(GroupPlan, by_value=True, allow_none=True)
    choices = ma.fields.Dict()
    accepts = ma.fields.Boolean()
    apart = ma.fields.Boolean()
    state = ma.fields.String(metadata={"description": "open, queued, applied, undoing or undone"})
    refusal = ma.fields.Dict(allow_none=True, metadata={"description": "Why nothing was done, in zh and en"})
    decided_by = ma.fields.String(allow_none=True)
    asked_by = ma.fields.String(allow_none=True)
    asked_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class ChangeoverSchema(ma.Schema):
    """A rehearsal and its groups."""

    id = ma.fields.UUID()
    programme = ma.fields.String()
    digest = ma.fields.String()
    revision = ma.fields.UUID(allow_none=True)
    number = ma.fields.Integer(allow_none=True, metadata={"description": "The version, once it is deployed"})
    rehearsed_by = ma.fields.String()
    rehearsed_at = ma.fields.AwareDateTime(format="iso")
    count = ma.fields.Integer()
    newer = ma.fields.Integer(metadata={"description": "Instances that began since and were not tried"})
    busy = ma.fields.Boolean()
    groups = ma.fields.List(ma.fields.Nested(ChangeoverGroupSchema))


class ChangeoverHeadSchema(ma.Schema):
    """A rehearsal in a list."""

    id = ma.fields.UUID()
    rehearsed_by = ma.fields.String()
    rehearsed_at = ma.fields.AwareDateTime(format="iso")
    digest = ma.fields.String()
    number = ma.fields.Integer(allow_none=True)
    count = ma.fields.Integer()


class ChangeoverCaseSchema(ma.Schema):
    """How one instance fares."""

    instance = ma.fields.UUID()
    title = ma.fields.String()
    unit_name = ma.fields.String(allow_none=True)
    group = ma.fields.UUID()
    verdict = ma.fields.String()
    facts = ma.fields.Dict(metadata={"description": "Steps, losses, obstacles, what begins and ceases to be awaited"})
    outcome = ma.fields.String(allow_none=True)
    suspended = ma.fields.Boolean()


class ChangeoverCasesSchema(ma.Schema):
    """Some instances of a group."""

    rows = ma.fields.List(ma.fields.Nested(ChangeoverCaseSchema))
    next = ma.fields.String(allow_none=True)


class ChangeoverDecisionSchema(ma.Schema):
    """What becomes of a group."""

    plan = ma.fields.Enum(GroupPlan, by_value=True, required=True)
    choices = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        load_default=dict,
        metadata={"description": "The key of an open step, and that of where it goes; empty: nowhere"},
    )
    accepts = ma.fields.Boolean(load_default=False, metadata={"description": "What would be lost is given up"})


class ChangeoverGroupQuery(ma.Schema):
    """The group that is meant; all of them without one."""

    group = ma.fields.UUID(load_default=None, allow_none=True)


class ChangeoverCursorQuery(ma.Schema):
    """Where the page begins."""

    cursor = ma.fields.String(load_default=None)


class ChangeoverProgrammeQuery(ma.Schema):
    """Of which programme."""

    programme = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))


class ChangeoverAskedSchema(ma.Schema):
    """How many groups are worked on from now on."""

    groups = ma.fields.Integer()


@api.post("/changeovers")
@on_bench
@api.arguments(ChangeoverBeginSchema)
@api.response(201, ChangeoverMadeSchema)
def rehearse(body: dict[str, Any]) -> dict[str, UUID]:
    """Try a draft, or the newest version, on every instance that runs on another version; nothing is changed."""
    ownership.must_edit(g.actor, body["programme"])
    if body["revision"] is not None:
        files = revisions.files(g.session, g.actor, body["revision"])
    else:
        files = dict(processes.latest(g.session, body["programme"]).files)
    return {"id": changeovers.rehearse(g.session, g.actor, body["programme"], files, body["revision"])}


@api.get("/changeovers")
@on_bench
@api.arguments(ChangeoverProgrammeQuery, location="query")
@api.response(200, ChangeoverHeadSchema(many=True))
def listing(query: dict[str, Any]) -> list[ChangeoverHead]:
    """List the latest rehearsals of a programme."""
    return changeovers.listing(g.session, g.actor, query["programme"])


@api.get("/changeovers/<uuid:id>")
@on_bench
@api.response(200, ChangeoverSchema)
def show(id: UUID) -> ChangeoverView:  # noqa: A002 - the name in the address
    """Show a rehearsal with its groups."""
    return changeovers.show(g.session, g.actor, id)


@api.get("/changeovers/<uuid:id>/groups/<uuid:group>/cases")
@on_bench
@api.arguments(ChangeoverCursorQuery, location="query")
@api.response(200, ChangeoverCasesSchema)
def cases(query: dict[str, Any], id: UUID, group: UUID) -> Page[CaseView]:  # noqa: A002 - the name in the address
    """Page through the instances of a group, the oldest first."""
    return changeovers.cases(g.session, g.actor, id, group, query["cursor"])


@api.put("/changeovers/<uuid:id>/groups/<uuid:group>/decision")
@on_bench
@api.arguments(ChangeoverDecisionSchema)
@api.response(204)
def decide(body: dict[str, Any], id: UUID, group: UUID) -> None:  # noqa: A002 - the name in the address
    """Say what becomes of a group; every instance in it is tried again with the choices made."""
    changeovers.decide(g.session, g.actor, id, group, Decision(**body))


@api.post("/changeovers/<uuid:id>/stay")
@on_bench
@api.response(200, ChangeoverAskedSchema)
def stay(id: UUID) -> dict[str, int]:  # noqa: A002 - the name in the address
    """Let every group that was not carried over end on its old version."""
    return {"groups": changeovers.stay_all(g.session, g.actor, id)}


@api.post("/changeovers/<uuid:id>/again")
@on_bench
@api.response(201, ChangeoverMadeSchema)
def again(id: UUID) -> dict[str, UUID]:  # noqa: A002 - the name in the address
    """Try the same files on what runs now."""
    return {"id": changeovers.again(g.session, g.actor, id)}


@api.post("/changeovers/<uuid:id>/apply")
@on_bench
@api.arguments(ChangeoverGroupQuery)
@api.response(202, ChangeoverAskedSchema)
def apply(body: dict[str, Any], id: UUID) -> dict[str, int]:  # noqa: A002 - the name in the address
    """Have a group, or all that are to go on on the new version, carried over: each whole or not at all."""
    return {"groups": changeovers.apply(g.session, g.actor, id, body["group"])}


@api.post("/changeovers/<uuid:id>/undo")
@on_bench
@api.arguments(ChangeoverGroupQuery)
@api.response(202, ChangeoverAskedSchema)
def undo(body: dict[str, Any], id: UUID) -> dict[str, int]:  # noqa: A002 - the name in the address
    """Have a group, or all that were carried over, taken back; 409 when somebody has acted since."""
    return {"groups": changeovers.undo(g.session, g.actor, id, body["group"])}


@api.get("/changeovers/<uuid:id>/cases/<uuid:instance>")
@on_bench
@api.response(200, ChangeoverCaseSchema)
def case(id: UUID, instance: UUID) -> CaseView:  # noqa: A002 - the name in the address
    """Show how one instance fares."""
    return changeovers.case(g.session, g.actor, id, instance)


@api.post("/changeovers/<uuid:id>/cases/<uuid:instance>/apart")
@on_bench
@api.response(201, ChangeoverMadeSchema)
def set_apart(id: UUID, instance: UUID) -> dict[str, UUID]:  # noqa: A002 - the name in the address
    """Take one instance out of its group; return its new group."""
    return {"id": changeovers.set_apart(g.session, g.actor, id, instance)}


@api.post("/changeovers/<uuid:id>/cases/<uuid:instance>/undo")
@on_bench
@api.response(204)
def undo_one(id: UUID, instance: UUID) -> None:  # noqa: A002 - the name in the address
    """Take one instance back to its old version at once."""
    changeovers.undo_one(g.session, g.actor, id, instance)
