"""Signatures after Standard Webhooks: webhook-id, webhook-timestamp webhook-signature, several secrets at a time."""

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_bytes
from uuid import uuid4

from standardwebhooks import Webhook, WebhookVerificationError

from engine.errors import SignatureRefused

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
LONGEST_ID = 256
LONGEST_SIGNATURES = 1024
LONGEST_MOMENT = 12
TOLERANCE_SECONDS = 300
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
    given = _given(headers)
    if not any(_signed(secret, given, body) for secret in secrets):
        raise SignatureRefused(reason="no signature fits")
    return given["webhook-id"]


def verify_sm3(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> str:
    """Return the id of the message as `verify` does, where HMAC-SM3 (GB/T 32905) stands in place of HMAC-SHA-256.

    The signature begins with `v1sm3,`; all else is as Standard Webhooks say.
    """
    given = _given(headers)
    moment = given["webhook-timestamp"]
    if not (moment.isascii() and moment.isdigit() and len(moment) <= LONGEST_MOMENT):
        raise SignatureRefused(reason="no timestamp")
    if abs(time.time_ns() // 1_000_000_000 - int(moment)) > TOLERANCE_SECONDS:
        raise SignatureRefused(reason="more than five minutes from now")
    signed = f"{given['webhook-id']}.{moment}.".encode() + body
    fits = [_sm3(secret, signed) for secret in secrets]
    signatures = given["webhook-signature"].split(" ")
    if not any(hmac.compare_digest(one.encode(), fit.encode()) for one in signatures for fit in fits):
        raise SignatureRefused(reason="no signature fits")
    return given["webhook-id"]


def sign_sm3(secrets: Sequence[str], message_id: str, body: str) -> dict[str, str]:
    """Return the headers that prove `body` under every secret by HMAC-SM3."""
    moment = str(time.time_ns() // 1_000_000_000)
    signed = f"{message_id}.{moment}.{body}".encode()
    return dict(zip(HEADERS, (message_id, moment, " ".join(_sm3(secret, signed) for secret in secrets)), strict=True))


def new_secret() -> str:
    """Return a new random secret as text that both sides store."""
    return "whsec_" + b64encode(token_bytes(SECRET_BYTES)).decode()


def new_id() -> str:
    """Return the id of a delivery, which stays the same through every try."""
    return f"msg_{uuid4().hex}"


def _given(headers: Mapping[str, str]) -> dict[str, str]:
    given = {name: headers.get(name, "") for name in HEADERS}
    if not all(given.values()) or len(given["webhook-id"]) > LONGEST_ID:
        raise SignatureRefused(reason="header missing or too long")
    if len(given["webhook-signature"]) > LONGEST_SIGNATURES:
        raise SignatureRefused(reason="too many signatures")
    return given


def _sm3(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix("whsec_"))
    return "v1sm3," + b64encode(hmac.digest(key, signed, "sm3")).decode()


def _signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
