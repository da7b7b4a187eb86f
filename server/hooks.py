"""The door of other systems: POST /hooks/<source>, signed after Standard Webhooks."""

from collections.abc import Sequence
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import Conflict, RequestEntityTooLarge, UnprocessableEntity, UnsupportedMediaType

from engine.db import Sessions, transaction
from engine.errors import MessageRefused
from engine.messages import MessageView
from engine.settings import Settings
from server import auth, keyring, reading
from webhooks import inbound
from webhooks.inbound import Letter

TYPES = frozenset({"application/json", "application/cloudevents+json"})

hooks = Blueprint("hooks", __name__)


def register(app: Flask) -> None:
    """Add the door to `app`."""
    app.register_blueprint(hooks)


@hooks.post("/hooks/<source>")
@auth.public
def receive(source: str) -> tuple[Response, int]:
    """Keep a signed event and hand it to the instance that waits for it; 202 once it is kept."""
    if request.mimetype not in TYPES or request.content_encoding:
        raise UnsupportedMediaType(f"send one of {', '.join(sorted(TYPES))}, neither packed nor encoded")
    letter = Letter(source, {key.lower(): value for key, value in request.headers.items()}, request.get_data())
    known = keyring.of(_settings(current_app).var_path, source)
    kept = _kept(known, letter)
    return jsonify(id=kept.id, state=kept.state, duplicate=kept.duplicate), 202


def _kept(known: Sequence[str], letter: Letter) -> MessageView:
    try:
        with transaction(_sessions()) as session:
            sender = inbound.source(session, letter.source)
            if len(letter.body) > sender.max_bytes:
                raise RequestEntityTooLarge
            return inbound.accept(session, sender, known, letter, reading.read)
    except MessageRefused as refusal:
        answer = Conflict if refusal.facts.get("clash") else UnprocessableEntity
        raise answer(str(refusal.facts.get("reason", ""))) from refusal


def _settings(app: Any) -> Settings:
    return cast("Settings", app.extensions["icity"].settings)


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["icity"].sessions)
