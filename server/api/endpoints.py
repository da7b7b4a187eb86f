"""Endpoints: other systems that are told of what happens, and what they were told."""

from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import current_app, g

from engine.events import Kind
from engine.pages import Page
from server import auth
from server.api.lists import PageQuery, page_of
from server.api.openapi import Blueprint
from webhooks import catalogue, endpoints, posting
from webhooks.catalogue import Entry
from webhooks.endpoints import ADMINISTRATOR, KEEPER, Standing, Told
from webhooks.outbound import Wish
from webhooks.posting import Fence

api = Blueprint("endpoints", __name__, description="Other systems that are told of what happens (outbound webhooks)")
keepers = auth.needs(ADMINISTRATOR, KEEPER)
TALLIES = ("waiting", "sent", "dead")


class EndpointWishSchema(ma.Schema):
    """What an endpoint is to be."""

    url = ma.fields.String(required=True, validate=ma.validate.Length(1, posting.LONGEST_URL))
    kinds = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf([kind.value for kind in Kind])),
        required=True,
        validate=ma.validate.Length(1),
        metadata={"description": "Kinds of event, see /events/catalogue"},
    )
    programme = ma.fields.String(load_default=None, allow_none=True, metadata={"description": "None: every programme"})
    name = ma.fields.String(load_default="", validate=ma.validate.Length(max=endpoints.LONGEST_NAME))
    ordered = ma.fields.Boolean(
        load_default=False, metadata={"description": "A later event of a case waits for the earlier"}
    )


class EndpointMakingSchema(EndpointWishSchema):
    """What a new endpoint is to be, and whose."""

    organisation = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Whose it is; none: the installation's own, which an administrator makes"},
    )


class EndpointSchema(ma.Schema):
    """An endpoint and how it fares."""

    id = ma.fields.Integer()
    name = ma.fields.String()
    url = ma.fields.String()
    organisation = ma.fields.String(allow_none=True)
    kinds = ma.fields.List(ma.fields.String())
    programme = ma.fields.String(allow_none=True)
    ordered = ma.fields.Boolean()
    active = ma.fields.Boolean()
    failures = ma.fields.Integer(metadata={"description": "Tries without an answer since its last success"})
    succeeded_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    overlap_until = ma.fields.AwareDateTime(
        format="iso", allow_none=True, metadata={"description": "Until then the secret before signs too"}
    )
    disabled_at = ma.fields.AwareDateTime(format="iso", allow_none=True)
    disabled_why = ma.fields.String(allow_none=True)
    waiting = ma.fields.Integer()
    sent = ma.fields.Integer(metadata={"description": "In the last seven days"})
    dead = ma.fields.Integer(metadata={"description": "Given up in the last seven days"})


class EndpointSecretSchema(ma.Schema):
    """The secret of an endpoint, told this once."""

    id = ma.fields.Integer()
    secret = ma.fields.String()


class DeliverySchema(ma.Schema):
    """What an endpoint was told."""

    id = ma.fields.Integer()
    event = ma.fields.Integer()
    kind = ma.fields.String()
    message_id = ma.fields.String()
    state = ma.fields.String()
    tries = ma.fields.Integer()
    happened_at = ma.fields.AwareDateTime(format="iso")
    next_at = ma.fields.AwareDateTime(format="iso")


class AttemptSchema(ma.Schema):
    """One try of a delivery: when, how long it took, and the beginning of the answer or the error."""

    at = ma.fields.AwareDateTime(format="iso")
    status = ma.fields.Integer(allow_none=True)
    error = ma.fields.String(allow_none=True)
    milliseconds = ma.fields.Integer()
    answer = ma.fields.String(allow_none=True)


class AttemptsSchema(ma.Schema):
    """What a delivery says, and every try of it, the latest first."""

    message_id = ma.fields.String()
    state = ma.fields.String()
    request = ma.fields.Dict()
    attempts = ma.fields.List(ma.fields.Nested(AttemptSchema))


class SinceSchema(ma.Schema):
    """From when on to send once more."""

    since = ma.fields.AwareDateTime(required=True, format="iso")


class ResentSchema(ma.Schema):
    """How many events are on their way again."""

    count = ma.fields.Integer()


class EventKindSchema(ma.Schema):
    """A kind of event."""

    kind = ma.fields.String()
    name = ma.fields.Dict(metadata={"description": "In words, {zh, en}"})
    schema = ma.fields.Dict(metadata={"description": "JSON Schema (draft 2020-12) of the CloudEvent"})
    example = ma.fields.Dict()


class DeliveryIdSchema(ma.Schema):
    """The number of a delivery."""

    delivery = ma.fields.Integer()


@api.get("/endpoints")
@keepers
@api.response(200, EndpointSchema(many=True))
def listing() -> list[dict[str, Any]]:
    """List the endpoints that the person keeps."""
    return [_plain(one) for one in endpoints.listing(g.session, g.actor)]


@api.post("/endpoints")
@keepers
@auth.secretive
@api.arguments(EndpointMakingSchema)
@api.response(201, EndpointSecretSchema)
def make(wanted: dict[str, Any]) -> dict[str, Any]:
    """Have a system told of events; the secret that signs them is in this reply and never shown again."""
    made = endpoints.make(g.session, g.actor, _fence(), Wish(**wanted))
    return {"id": made.id, "secret": made.secrets[0]}


@api.get("/endpoints/<int:id>")
@keepers
@api.response(200, EndpointSchema)
def show(id: int) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Show an endpoint."""
    return _plain(endpoints.show(g.session, g.actor, id))


@api.post("/endpoints/<int:id>")
@keepers
@api.arguments(EndpointWishSchema)
@api.response(204)
def change(wanted: dict[str, Any], id: int) -> None:  # noqa: A002 - the name in the address
    """Change what an endpoint is told and where."""
    endpoints.change(g.session, g.actor, _fence(), id, Wish(**wanted))


@api.post("/endpoints/<int:id>/rotate")
@keepers
@auth.secretive
@api.response(200, EndpointSecretSchema)
def rotate(id: int) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Draw a new secret; the one before signs beside it for seven days."""
    return {"id": id, "secret": endpoints.rotate(g.session, g.actor, id)}


@api.post("/endpoints/<int:id>/on")
@keepers
@api.response(204)
def switch_on(id: int) -> None:  # noqa: A002 - the name in the address
    """Tell an endpoint again what happens."""
    endpoints.switch_on(g.session, g.actor, id)


@api.post("/endpoints/<int:id>/off")
@keepers
@api.response(204)
def switch_off(id: int) -> None:  # noqa: A002 - the name in the address
    """Tell an endpoint nothing more."""
    endpoints.switch_off(g.session, g.actor, id)


@api.post("/endpoints/<int:id>/test")
@keepers
@api.response(202, DeliveryIdSchema)
def test(id: int) -> dict[str, int]:  # noqa: A002 - the name in the address
    """Send an endpoint a test; 409 while it is off."""
    return {"delivery": endpoints.test(g.session, g.actor, id)}


@api.post("/endpoints/<int:id>/replay")
@keepers
@api.arguments(SinceSchema)
@api.response(202, ResentSchema)
def replay_since(wanted: dict[str, datetime], id: int) -> dict[str, int]:  # noqa: A002 - the name in the address
    """Send everything since then once more, also what was missed; the last thirty days at most."""
    return {"count": endpoints.replay_since(g.session, g.actor, id, wanted["since"])}


@api.get("/endpoints/<int:id>/deliveries")
@keepers
@api.arguments(PageQuery, location="query")
@api.response(200, page_of(DeliverySchema))
def deliveries(page: dict[str, Any], id: int) -> Page[Told]:  # noqa: A002 - the name in the address
    """List what an endpoint was told, the newest first."""
    return endpoints.deliveries(g.session, g.actor, id, page["cursor"], page["limit"])


@api.get("/events/catalogue")
@auth.signed_in
@api.response(200, EventKindSchema(many=True))
def known_kinds() -> list[Entry]:
    """List every kind of event: what it says, the JSON Schema of its CloudEvent, and an example."""
    return list(catalogue.entries().values())


@api.get("/deliveries/<int:id>")
@keepers
@api.response(200, AttemptsSchema)
def attempts(id: int) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Show what a delivery says, and every try of it."""
    delivery, said, tries = endpoints.attempts(g.session, g.actor, id)
    return {"message_id": delivery.message_id, "state": delivery.state, "request": said, "attempts": tries}


@api.post("/deliveries/<int:id>/replay")
@keepers
@api.response(204)
def replay(id: int) -> None:  # noqa: A002 - the name in the address
    """Send a delivery once more, with the same id."""
    endpoints.replay(g.session, g.actor, id)


def _plain(standing: Standing) -> dict[str, Any]:
    facts = {name: getattr(standing.endpoint, name) for name in EndpointSchema().fields if name not in TALLIES}
    return facts | {name: getattr(standing, name) for name in TALLIES}


def _fence() -> Fence:
    return Fence.of(current_app.extensions["icity"].settings)
