"""Added signs: asking colleagues for their opinion on a task, giving it, and asking no longer."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import signs
from engine.colleagues import Colleague
from engine.pages import Page
from engine.signs import Asking, Opinion, Order, SignRow
from engine.tables import SignKind, SignState
from server import auth
from server.api.handovers import LONGEST, ColleagueSchema
from server.api.lists import PageQuery, page_of
from server.api.openapi import Blueprint

api = Blueprint("signs", __name__, description="Opinions that colleagues are asked for on a task")
VERDICTS = [SignState.AGREED.value, SignState.REFUSED.value]


class AskingSchema(ma.Schema):
    """Who is asked for a sign, when and why."""

    kind = ma.fields.Enum(SignKind, by_value=True, required=True)
    people = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, signs.MOST))
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))
    order = ma.fields.Enum(Order, by_value=True, load_default=Order.AT_ONCE)


class AskedSchema(ma.Schema):
    """The ids of the signs that were asked for."""

    signs = ma.fields.List(ma.fields.UUID())


class OpinionSchema(ma.Schema):
    """Whether somebody agrees, and why."""

    state = ma.fields.String(required=True, validate=ma.validate.OneOf(VERDICTS))
    opinion = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class UnaskingSchema(ma.Schema):
    """Why a sign is no longer asked for."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class OpenedSchema(ma.Schema):
    """What a sign led to."""

    next = ma.fields.List(ma.fields.String(), metadata={"description": "Names of the tasks that opened"})


class SignSchema(ma.Schema):
    """An added sign, and the task that it is asked on."""

    id = ma.fields.UUID()
    task = ma.fields.UUID()
    task_name = ma.fields.String()
    instance = ma.fields.UUID()
    title = ma.fields.String(metadata={"description": "Of the instance"})
    kind = ma.fields.String(metadata={"description": "before or after the answer"})
    person = ma.fields.UUID()
    person_name = ma.fields.String()
    asked_by = ma.fields.UUID()
    asked_by_name = ma.fields.String()
    given_by_name = ma.fields.String(allow_none=True, metadata={"description": "The person, or who stood in"})
    reason = ma.fields.String()
    position = ma.fields.Integer(metadata={"description": "The same number signs at once"})
    state = ma.fields.String(metadata={"description": "waiting, open, agreed, refused or taken_back"})
    asked_at = ma.fields.AwareDateTime(format="iso")
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    opinion = ma.fields.String(allow_none=True)
    due_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


@api.get("/signs")
@auth.signed_in
@api.arguments(PageQuery, location="query")
@api.response(200, page_of(SignSchema))
def mine(page: dict[str, Any]) -> Page[SignRow]:
    """List the signs that are asked of the person and whose turn it is."""
    return signs.mine(g.session, g.actor, page["cursor"], page["limit"])


@api.get("/tasks/<uuid:id>/signs")
@auth.signed_in
@api.response(200, SignSchema(many=True))
def of_task(id: UUID) -> list[SignRow]:  # noqa: A002 - the name in the address
    """List every sign that was asked for on a task."""
    return signs.of_task(g.session, g.actor, id)


@api.get("/tasks/<uuid:id>/signers")
@auth.signed_in
@api.response(200, ColleagueSchema(many=True))
def candidates(id: UUID) -> list[Colleague]:  # noqa: A002 - the name in the address
    """List whom the person may ask for a sign on a task."""
    return signs.candidates(g.session, g.actor, id)


@api.post("/tasks/<uuid:id>/signs")
@auth.signed_in
@api.arguments(AskingSchema)
@api.response(201, AskedSchema)
def ask(body: dict[str, Any], id: UUID) -> dict[str, list[UUID]]:  # noqa: A002 - the name in the address
    """Ask colleagues for their sign, before the task is finished or after it is answered."""
    return {"signs": signs.ask(g.session, g.actor, id, Asking(**body))}


@api.post("/signs/<uuid:id>/give")
@auth.signed_in
@api.arguments(OpinionSchema)
@api.response(200, OpenedSchema)
def give(body: dict[str, Any], id: UUID) -> dict[str, list[str]]:  # noqa: A002 - the name in the address
    """Agree or refuse; the last sign after an answer finishes the task."""
    given = Opinion(SignState(body["state"]), body["opinion"])
    return {"next": signs.give(g.session, g.actor, id, given)}


@api.post("/signs/<uuid:id>/take-back")
@auth.signed_in
@api.arguments(UnaskingSchema)
@api.response(200, OpenedSchema)
def take_back(body: dict[str, Any], id: UUID) -> dict[str, list[str]]:  # noqa: A002 - the name in the address
    """Ask no longer for a sign, or set a refusal aside."""
    return {"next": signs.take_back(g.session, g.actor, id, body["reason"])}
