"""Webhooks both ways, after Standard Webhooks: check what icity sends, sign what is sent to it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

from icity_client.refusals import NotSigned, Refused, Unreached, is_passing

PREFIX = "icity."
TIMEOUT = 30.0  # seconds
PAUSES = (1.0, 5.0, 25.0)  # seconds between tries
TAKEN = 202


@dataclass(frozen=True)
class Event:
    """Something that happened in icity.

    `message_id` stays the same through every try of a delivery; `kind` is that of the list of events, as
    `message.sent`; `data` holds what the kind tells, and `instance`, `task`, `element`, `actor` or null.
    """

    message_id: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Door:
    """Where and under which secret a system posts: the address of icity, the key of its source."""

    address: str
    source: str
    secret: str


@dataclass(frozen=True)
class Receipt:
    """What icity says of an event that it keeps; `duplicate` when it has kept this id before."""

    id: str
    state: str
    duplicate: bool


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> Event:
    """Return the event of a request that one of `secrets` signed within five minutes of now; raise NotSigned.

    `body` is the raw body. Two secrets are valid while one is being replaced.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if not any(_signed(secret, given, body) for secret in secrets):
        raise NotSigned
    return read(given["webhook-id"], body)


def read(message_id: str, body: bytes) -> Event:
    """Return the event in a body whose signature was checked before."""
    envelope = json.loads(body)
    return Event(message_id, envelope["type"].removeprefix(PREFIX), envelope["data"])


def post_event(door: Door, message_id: str, body: Mapping[str, Any], pauses: Sequence[float] = PAUSES) -> Receipt:
    """Sign `body` and post it until icity keeps it; every try carries `message_id`, so that it counts once.

    Raises Refused when icity says no, Unreached when it took nothing through every try: send it again later with the
    same id and the same body.
    """
    text = json.dumps(body, ensure_ascii=False)
    for pause in (*pauses, None):
        answer = _try(door, message_id, text)
        if answer is not None and answer.status_code == TAKEN:
            return Receipt(**{key: answer.json()[key] for key in ("id", "state", "duplicate")})
        if answer is not None and not is_passing(answer.status_code):
            raise Refused(answer.status_code, answer.text)
        if pause is not None:
            time.sleep(pause)
    raise Unreached(door.address)


def _try(door: Door, message_id: str, text: str) -> httpx.Response | None:
    """Post once, signed anew, because a signature is good for five minutes; None when there was no answer."""
    moment = datetime.fromtimestamp(time.time_ns() // 1_000_000_000, UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(door.secret).sign(message_id, moment, text),
    }
    address = f"{door.address.rstrip('/')}/hooks/{door.source}"
    try:
        return httpx.post(address, content=text.encode(), headers=headers, timeout=TIMEOUT)
    except httpx.TransportError:
        return None


def _signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
