"""The inbox: how long each of a person's lists is, the cases they started, what they were sent, and many at once."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import current_app, g

from engine import batches, inbox
from engine.batches import Outcome
from engine.db import Sessions
from engine.inbox import CaseRow, CopyRow
from engine.pages import Page
from server import auth, problems
from server.api.filters import WantedQuery, wanted
from server.api.lists import page_of
from server.api.openapi import Blueprint
from server.api.tasks import TaskSchema

api = Blueprint("inbox", __name__, description="The lists of a person")


class ListCountsSchema(ma.Schema):
    """How many there are, counted to a thousand at most."""

    mine = ma.fields.Integer()
    claimable = ma.fields.Integer()
    done = ma.fields.Integer()
    started = ma.fields.Integer()
    copies = ma.fields.Integer(metadata={"description": "Those not read"})


class BegunCaseSchema(ma.Schema):
    """A case that the person started."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    subject = ma.fields.String(allow_none=True)
    unit = ma.fields.String(allow_none=True)
    programme = ma.fields.String()
    process = ma.fields.String()
    milestone = ma.fields.String(allow_none=True)
    state = ma.fields.String()
    started_at = ma.fields.AwareDateTime(format="iso")
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    waiting = ma.fields.List(ma.fields.Nested(TaskSchema), metadata={"description": "What waits now, and with whom"})
    further = ma.fields.Integer(metadata={"description": "Tasks that wait and are not named"})


class ReceivedCopySchema(ma.Schema):
    """A case that the person was told of for information."""

    id = ma.fields.UUID()
    instance = ma.fields.UUID()
    title = ma.fields.String()
    unit = ma.fields.String(allow_none=True)
    programme = ma.fields.String()
    process = ma.fields.String()
    task = ma.fields.UUID(allow_none=True)
    task_name = ma.fields.String(allow_none=True)
    sender = ma.fields.String()
    note = ma.fields.String()
    at = ma.fields.AwareDateTime(format="iso")
    read_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class ChosenTasksSchema(ma.Schema):
    """Tasks to claim."""

    tasks = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, batches.MOST))


class AnsweredTasksSchema(ChosenTasksSchema):
    """Tasks to answer alike."""

    answers = ma.fields.Dict(keys=ma.fields.String(), required=True)


class ItemOutcomeSchema(ma.Schema):
    """What became of one task: done, held (until others have signed), refused or unsure."""

    task = ma.fields.UUID()
    state = ma.fields.String()
    why = ma.fields.String(allow_none=True)
    next = ma.fields.List(ma.fields.String())


@api.get("/inbox/counts")
@auth.signed_in
@api.response(200, ListCountsSchema)
def counts() -> dict[str, int]:
    """Count the lists of the person."""
    return inbox.counts(g.session, g.actor)


@api.get("/inbox/started")
@auth.signed_in
@api.arguments(WantedQuery, location="query")
@api.response(200, page_of(BegunCaseSchema))
def started(query: dict[str, Any]) -> Page[CaseRow]:
    """List the cases that the person started: where each stands, who has it, and since when."""
    return inbox.started(g.session, g.actor, query["cursor"], query["limit"], wanted(query))


@api.get("/inbox/copies")
@auth.signed_in
@api.arguments(WantedQuery, location="query")
@api.response(200, page_of(ReceivedCopySchema))
def copies(query: dict[str, Any]) -> Page[CopyRow]:
    """List the cases that the person was told of for information."""
    return inbox.copies(g.session, g.actor, query["cursor"], query["limit"], wanted(query))


@api.post("/inbox/claim")
@auth.signed_in
@api.arguments(ChosenTasksSchema)
@api.response(200, ItemOutcomeSchema(many=True))
def claim(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Claim several tasks; each is an act of its own, and what became of it is told."""
    return [_told(one) for one in batches.claim(_sessions(), g.actor, body["tasks"])]


@api.post("/inbox/complete")
@auth.signed_in
@api.arguments(AnsweredTasksSchema)
@api.response(200, ItemOutcomeSchema(many=True))
def complete(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer several tasks alike; 422 unless they are one step with one form that asks for no more than a decision."""
    return [_told(one) for one in batches.complete(_sessions(), g.actor, body["tasks"], body["answers"])]


def _sessions() -> Sessions:
    found: Sessions = current_app.extensions["icity"].sessions
    return found


def _told(one: Outcome) -> dict[str, Any]:
    task: UUID = one.task
    why = problems.sentence(one.fault, problems.language()) if one.fault is not None else None
    return {"task": task, "state": one.state.value, "why": why, "next": one.next}
