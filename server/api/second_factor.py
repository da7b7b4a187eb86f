"""The second factor of a person: set up by a first code, turned off by the password."""

import marshmallow as ma
from flask import g

from engine import second_factor
from engine.second_factor import State
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("second-factor", __name__, description="Codes beside the password")


class FactorSchema(ma.Schema):
    """How a second factor stands."""

    on = ma.fields.Boolean()
    since = ma.fields.AwareDateTime(format="iso", allow_none=True)
    codes = ma.fields.Integer(metadata={"description": "Recovery codes that are left"})
    required = ma.fields.Boolean(metadata={"description": "Whether a role of the person demands it"})


class FactorSecretSchema(ma.Schema):
    """What an app takes up; it counts once a first code confirms it."""

    secret = ma.fields.String()
    address = ma.fields.String(metadata={"description": "otpauth:// address, to be shown as a QR code"})


class FactorCodeSchema(ma.Schema):
    """A code that the app shows."""

    code = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(1, 40))


class FactorProofSchema(ma.Schema):
    """The person's password."""

    password = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(1, 200))


class RecoverySchema(ma.Schema):
    """Recovery codes; they are shown once."""

    codes = ma.fields.List(ma.fields.String())


@api.get("/second-factor")
@auth.signed_in
@api.response(200, FactorSchema)
def show() -> State:
    """Return how the person's second factor stands."""
    return second_factor.state(g.session, g.actor, auth.keeping())


@api.post("/second-factor")
@auth.signed_in
@auth.secretive
@api.response(201, FactorSecretSchema)
def begin() -> dict[str, str]:
    """Draw a secret for the person's app."""
    secret = second_factor.begin(g.session, g.actor, auth.keeping())
    return {"secret": secret, "address": second_factor.address(g.actor, secret)}


@api.post("/second-factor/confirm")
@auth.signed_in
@auth.secretive
@api.arguments(FactorCodeSchema)
@api.response(200, RecoverySchema)
def confirm(body: dict[str, str]) -> dict[str, list[str]]:
    """Turn the second factor on by a first code; the reply holds the recovery codes."""
    return {"codes": second_factor.confirm(g.session, g.actor, auth.keeping(), body["code"])}


@api.post("/second-factor/codes")
@auth.signed_in
@auth.secretive
@api.arguments(FactorProofSchema)
@api.response(200, RecoverySchema)
def renew(body: dict[str, str]) -> dict[str, list[str]]:
    """Draw new recovery codes; those of before count no more."""
    return {"codes": second_factor.renew(g.session, g.actor, auth.keeping(), body["password"])}


@api.post("/second-factor/end")
@auth.signed_in
@api.arguments(FactorProofSchema)
@api.response(204)
def end(body: dict[str, str]) -> None:
    """Turn the second factor off."""
    second_factor.end(g.session, g.actor, auth.keeping(), body["password"])
