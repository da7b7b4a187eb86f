"""Knocking at the doors: a program with its token, a browser with its cookie."""

from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.db import Sessions
from engine.settings import Settings
from server.app import create_app, furnish
from tests.support.postgres import PASSWORD

_BUILT: dict[bool, Flask] = {}  # with TLS before it, and without


class Program:
    """A program that has signed in by the API as one person."""

    def __init__(self, app: Flask, login: str) -> None:
        self.client: FlaskClient = app.test_client()
        credentials = {"login": login, "password": PASSWORD}
        self.token = self.client.post("/api/v1/sign-in", json=credentials).get_json()["token"]

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET /api/v1`path`."""
        return self._send("GET", path, **options)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **options: Any) -> TestResponse:
        """POST `body` as JSON to /api/v1`path`, under the Idempotency-Key `key`."""
        headers = options.pop("headers", {}) | ({"Idempotency-Key": key} if key else {})
        return self._send("POST", path, json=body, headers=headers, **options)

    def delete(self, path: str) -> TestResponse:
        """DELETE /api/v1`path`."""
        return self._send("DELETE", path)

    def _send(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)


def opened(settings: Settings, sessions: Sessions) -> Flask:
    """Return the application of this test process, moved to this database; a test that changes one makes its own.

    Building one takes longer than most tests.
    """
    if settings.tls not in _BUILT:
        _BUILT[settings.tls] = create_app(settings, sessions)
    app = _BUILT[settings.tls]
    furnish(app, settings, sessions)
    for limiter in app.extensions["limiter"]:
        limiter.reset()
    return app


def fresh_key() -> str:
    """Return an Idempotency-Key nobody has used."""
    return uuid4().hex
