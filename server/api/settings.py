"""Settings of a person: their language and preferences, their password, and where they are signed in."""

from typing import Any

import marshmallow as ma
from flask import g

from engine import clock, identity, preferences, sign_ins
from engine.preferences import LANGUAGES, SIZES, Notice
from engine.sign_ins import SignInRow
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("settings", __name__, description="Settings of a person, and their sign-ins")


class SettingsSchema(ma.Schema):
    """How a person likes their desk."""

    language = ma.fields.String(validate=ma.validate.OneOf(LANGUAGES))
    rows = ma.fields.Integer(strict=True, validate=ma.validate.OneOf(SIZES))
    unwanted = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf([notice.value for notice in Notice])),
        metadata={"description": "The notices that the person does not want"},
    )
    channels = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.String()),
        metadata={"description": "By purpose of a notice the channels over which the person is told as well"},
    )
    quiet = ma.fields.List(
        ma.fields.String(),
        allow_none=True,
        validate=ma.validate.Length(equal=2),
        metadata={"description": "From which to which time of day only what is urgent goes out, as HH:MM"},
    )
    digest = ma.fields.Boolean(metadata={"description": "Whether mail that is not urgent comes once a day"})
    toured = ma.fields.Boolean(metadata={"description": "Whether the tour of the first day was seen"})


class PasswordsSchema(ma.Schema):
    """The password of now and the one to come."""

    before = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(1, 200))
    password = ma.fields.String(required=True, load_only=True, validate=ma.validate.Length(1, 200))


class RenewedSchema(ma.Schema):
    """The token that replaces the one of the request."""

    token = ma.fields.String()
    expires_at = ma.fields.AwareDateTime(format="iso")


class SignInSchema(ma.Schema):
    """A sign-in of the person."""

    id = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "web or api"})
    device = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True)
    started_at = ma.fields.AwareDateTime(format="iso")
    seen_at = ma.fields.AwareDateTime(format="iso")
    ends_at = ma.fields.AwareDateTime(format="iso")
    here = ma.fields.Boolean(metadata={"description": "Whether it is the one that asks"})


class EndedSchema(ma.Schema):
    """How many sign-ins were ended."""

    ended = ma.fields.Integer()


@api.get("/settings")
@auth.signed_in
@api.response(200, SettingsSchema)
def show() -> dict[str, Any]:
    """Return the person's settings."""
    return {"language": g.actor.language, **preferences.plain(preferences.read(g.session, g.actor))}


@api.post("/settings")
@auth.signed_in
@api.arguments(SettingsSchema)
@api.response(200, SettingsSchema)
def choose(changes: dict[str, Any]) -> dict[str, Any]:
    """Change some of the person's settings; what is not named stays."""
    language = changes.pop("language", g.actor.language)
    preferences.speak(g.session, g.actor, language)
    return {"language": language, **preferences.plain(preferences.choose(g.session, g.actor, changes))}


@api.post("/settings/password")
@auth.signed_in
@auth.secretive
@api.arguments(PasswordsSchema)
@api.response(200, RenewedSchema)
def change_password(passwords: dict[str, str]) -> dict[str, Any]:
    """Change the person's password; every sign-in ends, and the reply holds a new token for this one."""
    keeping = auth.keeping()
    sign_ins.change_password(g.session, g.actor, passwords["before"], passwords["password"], keeping)
    token = identity.begin(g.session, g.actor.id, identity.Kind.API, keeping.limits, auth.origin())
    return {"token": token, "expires_at": clock.now() + keeping.limits.absolute}


@api.get("/settings/sign-ins")
@auth.signed_in
@api.response(200, SignInSchema(many=True))
def listing() -> list[SignInRow]:
    """List where the person is signed in, the sign-in that asks first."""
    return sign_ins.listing(g.session, g.actor, auth.secret())


@api.post("/settings/sign-ins/<string:id>/end")
@auth.signed_in
@api.response(204)
def end(id: str) -> None:  # noqa: A002 - the name in the address
    """End one sign-in of the person."""
    sign_ins.end(g.session, g.actor, id)


@api.post("/settings/sign-ins/end-others")
@auth.signed_in
@api.response(200, EndedSchema)
def end_others() -> dict[str, int]:
    """End every sign-in of the person but the one that asks."""
    return {"ended": sign_ins.end_others(g.session, g.actor, auth.secret())}
