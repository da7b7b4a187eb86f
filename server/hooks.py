"""The door of other systems: POST /hooks/<source>, signed after Standard Webhooks."""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import Conflict, RequestEntityTooLarge, UnprocessableEntity, UnsupportedMediaType

from engine.db import Sessions, transaction
from engine.errors import MessageRefused
from engine.messages import MessageView
from engine.settings import Settings
from server import auth, reading, secrets
from webhooks import inbound, signing, sources
from webhooks.inbound import Letter

FILE = "hooks.json"
TYPES = frozenset({"application/json", "application/cloudevents+json"})

hooks = Blueprint("hooks", __name__)


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


def make_secret(var: Path, key: str) -> None:
    """Draw a secret for a source that has none."""
    with _turn(var):
        kept = _read(var / FILE)
        if key not in kept:
            secrets.write_private(var / FILE, json.dumps({**kept, key: [signing.new_secret()]}))


def rotate(var: Path, key: str) -> str:
    """Return a new secret of a source; the one before counts beside it until the next change."""
    with _turn(var):
        kept = _read(var / FILE)
        fresh = signing.new_secret()
        secrets.write_private(var / FILE, json.dumps({**kept, key: [fresh, *kept.get(key, [])[:1]]}))
        return fresh


@hooks.post("/hooks/<source>")
@auth.public
def receive(source: str) -> tuple[Response, int]:
    """Keep a signed event and hand it to the instance that waits for it; 202 once it is kept."""
    if request.mimetype not in TYPES or request.content_encoding:
        raise UnsupportedMediaType(f"send one of {', '.join(sorted(TYPES))}, neither packed nor encoded")
    letter = Letter(source, {key.lower(): value for key, value in request.headers.items()}, request.get_data())
    known = _read(_settings(current_app).var_path / FILE).get(source, [])
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


@contextmanager
def _turn(var: Path) -> Iterator[None]:
    """Let one process at a time write the secrets."""
    with (var / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, list[str]]:
    return cast("dict[str, list[str]]", json.loads(path.read_text(encoding="utf-8")))


def _settings(app: Any) -> Settings:
    return cast("Settings", app.extensions["icity"].settings)


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["icity"].sessions)
