"""Operations: what those who keep the service going do to an instance beside what its diagram foresees."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import instances, moves, operations
from engine.moves import Placement, Return, Shift, When
from engine.operations import Alarm, Member
from engine.runtime import OPERATORS
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("operations", __name__, description="Repairing and moving instances")
KEEPERS = tuple(sorted(OPERATORS))
LONGEST = 1_000


def _reason() -> ma.fields.String:
    return ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST))


class ReasonSchema(ma.Schema):
    """Why it is done; the events of the instance tell it."""

    reason = _reason()


class StandingSchema(ma.Schema):
    """A token of an instance."""

    task = ma.fields.UUID()
    process = ma.fields.String()
    element = ma.fields.String()
    name = ma.fields.String()
    holder = ma.fields.UUID(allow_none=True, metadata={"description": "The token inside which it stands"})
    scope = ma.fields.UUID(allow_none=True, metadata={"description": "The token that opened the sub-process around it"})
    kind = ma.fields.String(metadata={"description": "task, wait, incident, join, inside or watch"})
    due_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    awaits = ma.fields.String(allow_none=True, metadata={"description": "A message, a signal or a condition"})
    reason = ma.fields.String(allow_none=True, metadata={"description": "Why it failed"})


class VariablesSchema(ma.Schema):
    """The variables of an instance."""

    data = ma.fields.Dict()


class ChangeSchema(ReasonSchema):
    """Variables to set."""

    data = ma.fields.Dict(keys=ma.fields.String(), required=True)


class PlacementSchema(ma.Schema):
    """A flow node to start a token at."""

    element = ma.fields.String(required=True)
    scope = ma.fields.UUID(load_default=None, allow_none=True)
    data = ma.fields.Dict(keys=ma.fields.String(), load_default=None, allow_none=True)


class ShiftSchema(ReasonSchema):
    """Tokens to take away, and where others start."""

    withdraw = ma.fields.List(ma.fields.UUID(), load_default=list)
    place = ma.fields.List(ma.fields.Nested(PlacementSchema), load_default=list)


class ReturnSchema(ReasonSchema):
    """The step of the history to go back to."""

    step = ma.fields.Integer(required=True, strict=True)
    data = ma.fields.Enum(When, by_value=True, load_default=When.NOW)
    withdraw = ma.fields.List(ma.fields.UUID(), load_default=None, allow_none=True)


class AlarmSchema(ReasonSchema):
    """Another moment for a waiting timer."""

    task = ma.fields.UUID(required=True)
    element = ma.fields.String(required=True)
    due_at = ma.fields.AwareDateTime(format="iso", required=True)


class SeatSchema(ReasonSchema):
    """Any task of one of those who do the same activity."""

    task = ma.fields.UUID(required=True)


class MemberSchema(SeatSchema):
    """What one more of those who do the same activity is given."""

    item = ma.fields.Raw(load_default=None, allow_none=True)


@api.get("/instances/<uuid:id>/tokens")
@auth.needs(*KEEPERS)
@api.response(200, StandingSchema(many=True))
def tokens(id: UUID) -> list[operations.TokenRow]:  # noqa: A002 - the name in the address
    """List where an instance stands: its tokens and the timers that watch."""
    return operations.tokens(g.session, g.actor, id)


@api.get("/instances/<uuid:id>/variables")
@auth.needs(*KEEPERS)
@api.response(200, VariablesSchema)
def variables(id: UUID) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Return the variables of an instance."""
    return {"data": operations.variables(g.session, g.actor, id)}


@api.post("/instances/<uuid:id>/variables")
@auth.needs(*KEEPERS)
@api.arguments(ChangeSchema)
@api.response(204)
def write(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Change variables; the instance asks its conditions again."""
    operations.write(g.session, g.actor, id, body["data"], body["reason"])


@api.post("/instances/<uuid:id>/suspend")
@auth.needs(*KEEPERS)
@api.arguments(ReasonSchema)
@api.response(204)
def suspend(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Let an instance stand still: nobody completes its tasks, its timers and messages wait."""
    operations.suspend(g.session, g.actor, id, body["reason"])


@api.post("/instances/<uuid:id>/resume")
@auth.needs(*KEEPERS)
@api.arguments(ReasonSchema)
@api.response(204)
def resume(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Let a suspended instance go on; what fell due meanwhile comes now."""
    operations.resume(g.session, g.actor, id, body["reason"])


@api.post("/instances/<uuid:id>/cancel")
@auth.signed_in
@api.arguments(ReasonSchema)
@api.response(204)
def cancel(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Withdraw an instance: every open task and wait is taken back, nothing is compensated.

    Whoever started it may until somebody else acts, whoever does a task of it where its diagram lets them.
    """
    instances.cancel(g.session, g.actor, id, body["reason"])


@api.post("/instances/<uuid:id>/terminate")
@auth.signed_in
@api.arguments(ReasonSchema)
@api.response(204)
def terminate(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """End an instance at once; whoever does a task of it may where its diagram lets them.

    Those who keep the service going end any, also one whose stored state is damaged.
    """
    ending = operations if g.actor.roles & operations.ENDERS else instances
    ending.terminate(g.session, g.actor, id, body["reason"])


@api.post("/instances/<uuid:id>/move")
@auth.needs(*KEEPERS)
@api.arguments(ShiftSchema)
@api.response(204)
def move(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take tokens away here and start others there."""
    places = [Placement(**placement) for placement in body["place"]]
    moves.move(g.session, g.actor, id, Shift(body["reason"], body["withdraw"], places))


@api.post("/instances/<uuid:id>/return")
@auth.needs(*KEEPERS)
@api.arguments(ReturnSchema)
@api.response(204)
def send_back(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Go back to a step of the history, with the data of then or of now."""
    moves.send_back(g.session, g.actor, id, Return(**body))


@api.post("/instances/<uuid:id>/rearm")
@auth.needs(*KEEPERS)
@api.arguments(AlarmSchema)
@api.response(204)
def rearm(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Let a waiting timer fall due at another moment."""
    operations.rearm(g.session, g.actor, id, Alarm(**body))


@api.post("/instances/<uuid:id>/grow")
@auth.needs(*KEEPERS)
@api.arguments(MemberSchema)
@api.response(204)
def grow(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Add one to those who do the same activity."""
    operations.grow(g.session, g.actor, id, Member(**body))


@api.post("/instances/<uuid:id>/shrink")
@auth.needs(*KEEPERS)
@api.arguments(SeatSchema)
@api.response(204)
def shrink(body: dict[str, Any], id: UUID) -> None:  # noqa: A002 - the name in the address
    """Take one from those who do the same activity."""
    operations.shrink(g.session, g.actor, id, Member(**body))
