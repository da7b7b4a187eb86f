"""Signing in and out by program: a bearer token, and who holds it."""

from typing import Any

import marshmallow as ma
from flask import g

from engine import clock, identity, sign_ins
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("sign-in", __name__, description="Tokens and their holders")


class CredentialsSchema(ma.Schema):
    """What a person knows."""

    login = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    password = ma.fields.String(required=True, validate=ma.validate.Length(1, 200), load_only=True)
    code = ma.fields.String(
        validate=ma.validate.Length(1, 40),
        load_only=True,
        metadata={"description": "A code of the app, or a recovery code; needed by whoever has a second factor"},
    )


class MembershipSchema(ma.Schema):
    """A role held in an organisation."""

    organisation = ma.fields.String()
    role = ma.fields.String()


class PersonSchema(ma.Schema):
    """A person who has signed in."""

    id = ma.fields.UUID()
    login = ma.fields.String()
    name = ma.fields.String()
    language = ma.fields.String()
    memberships = ma.fields.List(ma.fields.Nested(MembershipSchema))


class TokenSchema(ma.Schema):
    """A bearer token; it is shown once."""

    token = ma.fields.String()
    expires_at = ma.fields.AwareDateTime(format="iso")
    person = ma.fields.Nested(PersonSchema)


@api.post("/sign-in")
@auth.public
@api.arguments(CredentialsSchema)
@api.response(200, TokenSchema)
@api.doc(security=[])
def sign_in(credentials: dict[str, str]) -> dict[str, Any]:
    """Exchange login and password, and a code where there is a second factor, for a token.

    It ends when idle too long and at `expires_at`.
    """
    keeping = auth.keeping()
    half = sign_ins.first(g.session, credentials["login"], credentials["password"], keeping)
    token = sign_ins.at_once(g.session, half, keeping, auth.origin(), credentials.get("code"))
    return {"token": token, "expires_at": clock.now() + keeping.limits.absolute, "person": _person(half.actor)}


@api.delete("/sign-in")
@auth.signed_in
@api.response(204)
def sign_out() -> None:
    """End the token that this request carries."""
    identity.sign_out(g.session, auth.secret())


@api.get("/me")
@auth.signed_in
@api.response(200, PersonSchema)
def me() -> dict[str, Any]:
    """Return who the token stands for."""
    return _person(g.actor)


def _person(actor: identity.Actor) -> dict[str, Any]:
    held = [{"organisation": organisation, "role": role} for organisation, role in sorted(actor.memberships)]
    return {"id": actor.id, "login": actor.login, "name": actor.name, "language": actor.language, "memberships": held}
