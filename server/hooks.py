"""The door of other systems: POST /hooks/<source>, signed after Standard Webhooks."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import structlog
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import Conflict, UnprocessableEntity, UnsupportedMediaType

from engine import messages
from engine.db import Sessions, transaction
from engine.errors import IcityError, MessageRefused
from engine.messages import MessageView
from engine.settings import Settings
from server import auth, reading, secrets
from webhooks import inbound, signing, sources
from webhooks.inbound import Letter

FILE = "hooks.json"
TYPES = frozenset({"application/json", "application/cloudevents+json"})

hooks = Blueprint("hooks", __name__)
_log = structlog.get_logger("icity.hooks")


def register(app: Flask) -> None:
    """Add the door to `app`."""
    app.register_blueprint(hooks)


def make_secrets(var: Path) -> Mapping[str, Sequence[str]]:
    """Return the secrets of every source, newest first, from the folder `var`; draw those that are missing."""
    path = var / FILE
    kept = _read(path) if path.exists() else {}
    missing = sources.load().keys() - kept.keys()
    if missing:
        secrets.write_private(path, json.dumps({**kept, **{key: [signing.new_secret()] for key in missing}}))
        return _read(path)
    return kept


@hooks.post("/hooks/<source>")
@auth.public
def receive(source: str) -> tuple[Response, int]:
    """Keep a signed event and hand it to the instance that waits for it; 202 once it is kept."""
    sender = inbound.source(source)
    if request.mimetype not in TYPES or request.content_encoding:
        raise UnsupportedMediaType(f"send one of {', '.join(sorted(TYPES))}, neither packed nor encoded")
    request.max_content_length = sender.max_bytes
    letter = Letter(source, {key.lower(): value for key, value in request.headers.items()}, request.get_data())
    known = _read(_settings(current_app).var_path / FILE).get(source, [])
    kept = _deliver(_keep(known, letter))
    return jsonify(id=kept.id, state=kept.state, duplicate=kept.duplicate), 202


def _keep(known: Sequence[str], letter: Letter) -> MessageView:
    try:
        with transaction(_sessions()) as session:
            return inbound.keep(session, known, letter, reading.read)
    except MessageRefused as refusal:
        answer = Conflict if refusal.facts.get("clash") else UnprocessableEntity
        raise answer(str(refusal.facts.get("reason", ""))) from refusal


def _deliver(kept: MessageView) -> MessageView:
    """Hand the message over in a transaction of its own; when that fails the worker tries again, or parks it."""
    if kept.duplicate:
        return kept
    try:
        with transaction(_sessions()) as session:
            return messages.deliver(session, kept.id)
    except IcityError:
        _log.exception("message.undelivered", message=kept.id)
        return kept


def _read(path: Path) -> dict[str, list[str]]:
    return cast("dict[str, list[str]]", json.loads(path.read_text(encoding="utf-8")))


def _settings(app: Any) -> Settings:
    return cast("Settings", app.extensions["icity"].settings)


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["icity"].sessions)
