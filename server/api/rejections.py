"""Rejections: sending work back to an earlier step, and taking one's own answer back."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import rejections, tasks
from engine.errors import NotFound
from engine.rejections import Rejection
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("rejections", __name__, description="Sending work back, and taking an answer back")
LONGEST = 1_000
MOST_FIELDS = 500


def _reason() -> ma.fields.String:
    return ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class EarlierStepSchema(ma.Schema):
    """An earlier step that a task may be sent back to."""

    step = ma.fields.Integer(metadata={"description": "Its number in the history"})
    element = ma.fields.String()
    name = ma.fields.String()
    who = ma.fields.String(metadata={"description": "Who did it"})
    at = ma.fields.AwareDateTime(format="iso")


class ReturnedSchema(ma.Schema):
    """To which step a task is sent back, why, and which answers may change."""

    step = ma.fields.Integer(required=True, strict=True)
    reason = _reason()
    fields_ = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 500)),
        data_key="fields",
        attribute="fields",
        load_default=list,
        validate=ma.validate.Length(max=MOST_FIELDS),
        metadata={"description": "Paths of answers; none: all may change"},
    )


class RejectionSchema(ma.Schema):
    """Why a task was opened again."""

    fields_ = ma.fields.List(ma.fields.String(), data_key="fields", attribute="fields")
    before = ma.fields.Dict(allow_none=True, metadata={"description": "The answers given the last time"})
    reason = ma.fields.String()
    sender = ma.fields.String()
    source = ma.fields.UUID(metadata={"description": "The task it was sent back from"})
    source_name = ma.fields.String()
    attempt = ma.fields.Integer(metadata={"description": "The how manieth time that this step comes back"})
    at = ma.fields.AwareDateTime(format="iso")


class WithdrawalSchema(ma.Schema):
    """Why an answer is taken back."""

    reason = _reason()


class AgainSchema(ma.Schema):
    """The task that is open again."""

    id = ma.fields.UUID()


@api.get("/tasks/<uuid:id>/steps")
@auth.signed_in
@api.response(200, EarlierStepSchema(many=True))
def steps(id: UUID) -> list[rejections.StepRow]:  # noqa: A002 - the name in the address
    """List the earlier steps that a task the person does may be sent back to, the latest first."""
    return rejections.steps(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/return")
@auth.signed_in
@api.arguments(ReturnedSchema)
@api.response(204)
def send_back(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Send a task back; the step opens again for whoever did it, all of it or the named fields only."""
    rejections.send_back(g.session, g.actor, id, Rejection(**body))


@api.get("/tasks/<uuid:id>/rejection")
@auth.signed_in
@api.response(200, RejectionSchema)
def of_task(id: UUID) -> rejections.RejectionRow:  # noqa: A002 - the name in the address
    """Return why a task was opened again; 404 when it was not sent back."""
    tasks.show(g.session, g.actor, id)
    found = rejections.of_task(g.session, id)
    if found is None:
        raise NotFound(task=id)
    return found


@api.post("/tasks/<uuid:id>/withdraw")
@auth.signed_in
@api.arguments(WithdrawalSchema)
@api.response(200, AgainSchema)
def withdraw(body: dict[str, Any], id: UUID) -> dict[str, UUID]:  # noqa: A002 - the name in the address
    """Take one's own answer back before the next person acts; it is kept as the draft of the task that opens."""
    return {"id": rejections.withdraw(g.session, g.actor, id, body["reason"])}
