"""Signatures after Standard Webhooks: webhook-id, webhook-timestamp webhook-signature, several secrets at a time."""

import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_bytes
from uuid import uuid4

from standardwebhooks import Webhook, WebhookVerificationError

from engine.errors import SignatureRefused

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
LONGEST_ID = 256
LONGEST_SIGNATURES = 1024
SECRET_BYTES = 32


def sign(secrets: Sequence[str], message_id: str, body: str) -> dict[str, str]:
    """Return the headers that prove `body` under every secret, so that a receiver may hold the old or the new one.

    The timestamp is the real time even where the house clock was moved: the receiver compares it with its own.
    """
    moment = datetime.fromtimestamp(time.time_ns() // 1_000_000_000, UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body) for secret in secrets]
    return dict(zip(HEADERS, (message_id, str(int(moment.timestamp())), " ".join(signatures)), strict=True))


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> str:
    """Return the id of the message if one of `secrets` signed it within five minutes of now; raise SignatureRefused."""
    given = {name: headers.get(name, "") for name in HEADERS}
    if not all(given.values()) or len(given["webhook-id"]) > LONGEST_ID:
        raise SignatureRefused(reason="header missing or too long")
    if len(given["webhook-signature"]) > LONGEST_SIGNATURES:
        raise SignatureRefused(reason="too many signatures")
    if not any(_signed(secret, given, body) for secret in secrets):
        raise SignatureRefused(reason="no signature fits")
    return given["webhook-id"]


def new_secret() -> str:
    """Return a new random secret as text that both sides store."""
    return "whsec_" + b64encode(token_bytes(SECRET_BYTES)).decode()


def new_id() -> str:
    """Return the id of a delivery, which stays the same through every try."""
    return f"msg_{uuid4().hex}"


def _signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
