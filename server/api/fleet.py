"""The fleet: where all cases stand, what is done to many of them, and versions that stand still."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import errands, fleet
from engine.errands import ErrandRow, ItemRow, Wish
from engine.errands.choosing import Choice
from engine.fleet import Filter, ProcessRow, StepRow, standstills
from engine.tables import ErrandKind, IncidentKind
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("fleet", __name__, description="Running cases of a programme, for those who own it")
OWNERS = ("PROC_OWNER", "PROC_APPROVER")


class FleetQuerySchema(ma.Schema):
    """Which version is looked at."""

    number = ma.fields.Integer(load_default=None, metadata={"description": "All versions when it is left out"})


class FleetProcessSchema(ma.Schema):
    """A drawn process and what stands in its drawing."""

    programme = ma.fields.String()
    process = ma.fields.String()
    name = ma.fields.String()
    cases = ma.fields.Integer()
    suspended = ma.fields.Integer()
    tasks = ma.fields.Integer()
    late = ma.fields.Integer()
    incidents = ma.fields.Integer()
    oldest = ma.fields.Integer(allow_none=True, metadata={"description": "Working days the oldest open task waits"})


class FleetStepSchema(ma.Schema):
    """A step and how many cases stand at it."""

    element = ma.fields.String()
    name = ma.fields.String()
    cases = ma.fields.Integer()
    tasks = ma.fields.Integer()
    late = ma.fields.Integer()
    waits = ma.fields.Integer(metadata={"description": "Timers, messages, signals and conditions waited for"})
    incidents = ma.fields.Integer()
    median = ma.fields.Integer(allow_none=True, metadata={"description": "Working days that open tasks wait so far"})
    oldest = ma.fields.Integer(allow_none=True)


class StandstillSchema(ma.Schema):
    """Why a version stands still, or goes on."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, errands.LONGEST_REASON))


class CasesMovedSchema(ma.Schema):
    """How many cases stand still, or go on."""

    cases = ma.fields.Integer()


class ErrandChoiceSchema(ma.Schema):
    """Which cases: all for which everything holds that is said here."""

    elements = ma.fields.List(ma.fields.String(), load_default=list)
    processes = ma.fields.List(ma.fields.String(), load_default=list)
    number = ma.fields.Integer(load_default=None, allow_none=True)
    incident = ma.fields.Enum(IncidentKind, by_value=True, load_default=None, allow_none=True)
    instances = ma.fields.List(ma.fields.UUID(), load_default=list)
    tasks = ma.fields.List(ma.fields.UUID(), load_default=list)


class ErrandWishSchema(ma.Schema):
    """What is to be done, to which cases, and why."""

    programme = ma.fields.String(required=True)
    kind = ma.fields.Enum(ErrandKind, by_value=True, required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, errands.LONGEST_REASON))
    choice = ma.fields.Nested(ErrandChoiceSchema, required=True)
    data = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default=dict,
        metadata={"description": "settle: {data}; move: {place}; rearm: {due_at}"},
    )


class ErrandSchema(ma.Schema):
    """An errand and how far it is."""

    id = ma.fields.UUID()
    programme = ma.fields.String()
    kind = ma.fields.Enum(ErrandKind, by_value=True)
    state = ma.fields.String(metadata={"description": "asked, running, stopped, done, refused or withdrawn"})
    reason = ma.fields.String()
    asked_name = ma.fields.String()
    asked_at = ma.fields.AwareDateTime(format="iso")
    answered_name = ma.fields.String(allow_none=True)
    ended_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    total = ma.fields.Integer()
    left = ma.fields.Integer()
    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class ErrandItemSchema(ma.Schema):
    """One case of an errand and its result."""

    position = ma.fields.Integer()
    instance = ma.fields.UUID()
    title = ma.fields.String()
    element = ma.fields.String(allow_none=True)
    state = ma.fields.String(metadata={"description": "waiting, done, again, overtaken or refused"})
    fault = ma.fields.String(allow_none=True)
    why = ma.fields.Dict(allow_none=True)


@api.get("/fleet")
@auth.needs(*OWNERS)
@api.response(200, FleetProcessSchema(many=True))
def processes() -> list[ProcessRow]:
    """List the drawn processes of the programmes that are yours, with what stands in them."""
    return fleet.overview(g.session, g.actor)[0]


@api.get("/fleet/<programme>/<process>")
@auth.needs(*OWNERS)
@api.arguments(FleetQuerySchema, location="query")
@api.response(200, FleetStepSchema(many=True))
def steps(query: dict[str, Any], programme: str, process: str) -> list[StepRow]:
    """List the steps of a process at which cases stand."""
    return fleet.measure(g.session, g.actor, Filter(programme, process, query["number"])).steps


@api.post("/fleet/<programme>/versions/<int:number>/suspend")
@auth.needs(*OWNERS)
@api.arguments(StandstillSchema)
@api.response(200, CasesMovedSchema)
def suspend_version(body: dict[str, Any], programme: str, number: int) -> dict[str, int]:
    """Let every case of a version stand still, and none start on it."""
    return {"cases": standstills.suspend(g.session, g.actor, programme, number, body["reason"])}


@api.post("/fleet/<programme>/versions/<int:number>/resume")
@auth.needs(*OWNERS)
@api.arguments(StandstillSchema)
@api.response(200, CasesMovedSchema)
def resume_version(body: dict[str, Any], programme: str, number: int) -> dict[str, int]:
    """Let a version go on; what fell due meanwhile comes now."""
    return {"cases": standstills.resume(g.session, g.actor, programme, number, body["reason"])}


@api.get("/errands")
@auth.needs(*OWNERS)
@api.response(200, ErrandSchema(many=True))
def listing() -> list[ErrandRow]:
    """List what was asked to be done, that which waits first."""
    return errands.listing(g.session, g.actor)


@api.post("/errands")
@auth.needs(*OWNERS)
@api.arguments(ErrandWishSchema)
@api.response(201, ErrandSchema)
def ask(body: dict[str, Any]) -> ErrandRow:
    """Ask for something to be done; settling, moving, setting timers and ending wait for a second person."""
    given: dict[str, Any] = body.pop("choice")
    chosen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    errand = errands.ask(g.session, g.actor, Wish(**body, choice=Choice(**chosen)))
    return errands.show(g.session, g.actor, errand)


@api.get("/errands/<uuid:id>")
@auth.needs(*OWNERS)
@api.response(200, ErrandSchema)
def show(id: UUID) -> ErrandRow:  # noqa: A002 - the name in the address
    """Return an errand and how far it is."""
    return errands.show(g.session, g.actor, id)


@api.get("/errands/<uuid:id>/items")
@auth.needs(*OWNERS)
@api.response(200, ErrandItemSchema(many=True))
def items(id: UUID) -> list[ItemRow]:  # noqa: A002 - the name in the address
    """List cases of an errand with their results, those that were refused first."""
    return errands.items(g.session, g.actor, id)


@api.post("/errands/<uuid:id>/confirm")
@auth.needs(*OWNERS)
@api.response(204)
def confirm(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Let what somebody else asked for be done."""
    errands.confirm(g.session, g.actor, id)


@api.post("/errands/<uuid:id>/refuse")
@auth.needs(*OWNERS)
@api.response(204)
def refuse(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Say no to what somebody else asked for."""
    errands.refuse(g.session, g.actor, id)


@api.post("/errands/<uuid:id>/stop")
@auth.needs(*OWNERS)
@api.response(204)
def stop(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Stop an errand before the rest of its cases."""
    errands.stop(g.session, g.actor, id)


@api.post("/errands/<uuid:id>/go-on")
@auth.needs(*OWNERS)
@api.response(204)
def go_on(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Go on with what was stopped."""
    errands.go_on(g.session, g.actor, id)


@api.post("/errands/<uuid:id>/withdraw")
@auth.needs(*OWNERS)
@api.response(204)
def withdraw(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take back what one asked for, or the rest of it."""
    errands.withdraw(g.session, g.actor, id)
