"""Drafts: what one person has typed into the form of a task so far; nobody else ever sees it."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g

from engine import drafts
from engine.errors import NotFound
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("drafts", __name__, description="What was typed and is not handed in yet")


class TypedSchema(ma.Schema):
    """What was typed, and the draft that it goes on from."""

    answers = ma.fields.Dict(keys=ma.fields.String(), required=True)
    seen = ma.fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "`saved_at` of the draft known; none: none yet"}
    )


class DraftSchema(ma.Schema):
    """A draft as it is kept."""

    answers = ma.fields.Dict(keys=ma.fields.String())
    saved_at = ma.fields.AwareDateTime(format="iso")


@api.get("/tasks/<uuid:id>/draft")
@auth.signed_in
@api.response(200, DraftSchema)
def show(id: UUID) -> drafts.Draft:  # noqa: A002 - the name in the address
    """Return the person's own draft of a task; 404 when there is none."""
    found = drafts.load(g.session, g.actor, id)
    if found is None:
        raise NotFound(draft=id)
    return found


@api.put("/tasks/<uuid:id>/draft")
@auth.signed_in
@api.arguments(TypedSchema)
@api.response(200, DraftSchema)
def save(body: dict[str, Any], id: UUID) -> drafts.Draft:  # noqa: A002 - the name in the address
    """Keep what was typed, unchecked; 409 holds a newer draft that was saved elsewhere, and nothing is overwritten."""
    return drafts.save(g.session, g.actor, id, body["answers"], body["seen"])


@api.delete("/tasks/<uuid:id>/draft")
@auth.signed_in
@api.response(204)
def drop(id: UUID) -> None:  # noqa: A002 - the name in the address
    """Throw the person's own draft away."""
    drafts.drop(g.session, g.actor, id)
