"""Inbound: a signed event of another system becomes a message to the instance that waits for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import messages
from engine.domain import feel
from engine.errors import ExpressionFailed, IcityError, MessageRefused, NotFound
from engine.messages import Arrival, MessageView
from webhooks import signing, sources
from webhooks.sources import Source

VERIFIERS = {sources.STANDARD: signing.verify, sources.SM3: signing.verify_sm3}

_log = structlog.get_logger("icity.hooks")


@dataclass(frozen=True)
class Letter:
    """A request as it came: which source it names, its headers by lower-case name, and the raw body."""

    source: str
    headers: Mapping[str, str]
    body: bytes


def source(session: Session, key: str) -> Source:
    """Return the source with this key; raise NotFound, also for one that is switched off."""
    found = sources.find(session, key)
    if found is None or not found.active:
        raise NotFound(source=key)
    return found


def accept(
    session: Session, sender: Source, secrets: Sequence[str], letter: Letter, read: Callable[[bytes], Any]
) -> MessageView:
    """Check who signed the letter and what `read` finds in it, keep its message once by its id, and hand it over.

    The handing over has a savepoint of its own: what we acknowledge never depends on how the process takes it, and one
    that failed is tried again by the hands. Raises SignatureRefused, MessageRefused.
    """
    message_id = VERIFIERS[sender.scheme](secrets, letter.headers, letter.body)
    try:
        body = read(letter.body)
    except ValueError as fault:
        raise MessageRefused(reason="the body is not JSON as everybody reads it") from fault
    kept = messages.keep(session, None, arrival(sender, message_id, sources.check(sender, body)))
    if kept.duplicate or not messages.wanted(session, kept.id):
        return kept
    try:
        with session.begin_nested():
            return messages.deliver(session, kept.id)
    except (IcityError, DBAPIError) as fault:
        if isinstance(fault, DBAPIError) and fault.connection_invalidated:
            raise
        _log.warning("message.undelivered", message=kept.id, reason=str(fault))
        return kept


def arrival(sender: Source, message_id: str, told: dict[str, Any]) -> Arrival:
    """Return the message that a source's mapping makes of what it told; raise MessageRefused."""
    try:
        correlation = feel.to_json(sender.correlation.evaluate(told))
        payload = feel.to_json(sender.payload.evaluate(told))
    except ExpressionFailed as fault:
        raise MessageRefused(reason="its content cannot be read as the mapping of this source says") from fault
    if not isinstance(correlation, str) or not isinstance(payload, dict):
        raise MessageRefused(reason="it does not say whom it is for")
    return Arrival(f"hook:{sender.key}", message_id, sender.message, correlation, payload)
