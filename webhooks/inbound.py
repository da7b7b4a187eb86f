"""Inbound: a signed event of another system becomes a message to the instance that waits for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import messages
from engine.domain import feel
from engine.errors import ExpressionFailed, MessageRefused, NotFound
from engine.messages import Arrival, MessageView
from webhooks import signing, sources
from webhooks.sources import Source


@dataclass(frozen=True)
class Letter:
    """A request as it came: which source it names, its headers by lower-case name, and the raw body."""

    source: str
    headers: Mapping[str, str]
    body: bytes


def source(key: str) -> Source:
    """Return the source with this key; raise NotFound."""
    found = sources.load().get(key)
    if found is None:
        raise NotFound(source=key)
    return found


def keep(session: Session, secrets: Sequence[str], letter: Letter, read: Callable[[bytes], Any]) -> MessageView:
    """Check who signed the letter and what `read` finds in it, and keep its message, once by its id.

    Whoever calls this hands the message over in a transaction of its own (messages.deliver): what we acknowledge never
    depends on how the process takes it. Raises NotFound, SignatureRefused, MessageRefused.
    """
    sender = source(letter.source)
    message_id = signing.verify(secrets, letter.headers, letter.body)
    try:
        body = read(letter.body)
    except ValueError as fault:
        raise MessageRefused(reason="the body is not JSON as everybody reads it") from fault
    return messages.keep(session, None, _arrival(sender, message_id, sources.check(sender, body)))


def _arrival(sender: Source, message_id: str, told: dict[str, Any]) -> Arrival:
    try:
        correlation = feel.to_json(sender.correlation.evaluate(told))
        payload = feel.to_json(sender.payload.evaluate(told))
    except ExpressionFailed as fault:
        raise MessageRefused(reason="its content cannot be read as config/sources.toml says") from fault
    if not isinstance(correlation, str) or not isinstance(payload, dict):
        raise MessageRefused(reason="it does not say whom it is for")
    return Arrival(f"hook:{sender.key}", message_id, sender.message, correlation, payload)
