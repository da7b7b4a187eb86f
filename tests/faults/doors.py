"""Knocking at the API from inside a child of the stage: the same POST twice under one Idempotency-Key."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask

from engine import db
from engine.settings import load
from server.app import create_app

ACT = "post twice"


def application(url: str, subject: str) -> Flask:
    """Return the application; the parent makes it once, so that every child has it."""
    return _made(url, json.loads(subject)["var"])


def ready(url: str, subject: str) -> Callable[[], str]:
    """Return what sends what `subject` says twice, through an application that has answered before."""
    wanted: dict[str, Any] = json.loads(subject)
    client = application(url, subject).test_client()
    headers = {"Authorization": f"Bearer {wanted['token']}"}
    for path in ("tasks", "processes"):  # what is read once and kept is read now
        client.get(f"/api/v1/{path}", headers=headers)

    def post_twice() -> str:
        """Return the status of each reply, and whether it is a replay, as JSON."""
        keyed = headers | {"Idempotency-Key": wanted["key"]}
        replies = [client.post(f"/api/v1{wanted['path']}", json=wanted["body"], headers=keyed) for _ in range(2)]
        return json.dumps([[reply.status_code, "Idempotency-Replayed" in reply.headers] for reply in replies])

    return post_twice


@cache
def _made(url: str, var: str) -> Flask:
    return create_app(load(database_url=url, var=var), db.sessions(db.connect(url, pool_size=1)))
