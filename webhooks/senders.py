"""Senders: systems that may tell us, as administrators keep them - changed, tried out, and what arrived from each."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events, pages
from engine.errors import NotAllowed, NotFound, SourceRefused
from engine.events import Kind
from engine.identity import Actor
from engine.messages import Arrival
from engine.pages import Page
from engine.registrars import DOOR
from engine.tables import Message
from webhooks import inbound, sources
from webhooks.sources import Facts
from webhooks.tables import SourceRow

ADMINISTRATOR = "SYS_ADMIN"
KEY = re.compile(r"[a-z][a-z0-9-]{1,39}")
WEEK = timedelta(days=7)
LARGEST = 10_485_760


@dataclass(frozen=True)
class Tallied:
    """A source with what became of what arrived in the last seven days, by state."""

    key: str
    facts: Facts
    counts: dict[str, int]


@dataclass(frozen=True)
class Arrived:
    """A message that came from a source, and what became of it."""

    id: UUID
    at: datetime
    external_id: str
    name: str
    correlation: str
    state: str
    reason: str | None
    instance: UUID | None


def listing(session: Session, actor: Actor) -> list[Tallied]:
    """List every source with its tallies, in two queries; raise NotAllowed."""
    _must_keep(actor)
    found = sources.written(session)
    counts = _tallies(session, found)
    return [Tallied(key, facts, counts.get(key, {})) for key, facts in sorted(found.items())]


def show(session: Session, actor: Actor, key: str) -> Facts:
    """Return a source as it is written; raise NotAllowed, NotFound."""
    _must_keep(actor)
    found = sources.written(session).get(key)
    if found is None:
        raise NotFound(source=key)
    return found


def keep(session: Session, actor: Actor, key: str, facts: Facts) -> None:
    """Keep a source in place of what was known under its key; raise NotAllowed, SourceRefused with what is wrong."""
    _must_keep(actor)
    if not KEY.fullmatch(key) or not 0 < facts.max_bytes <= LARGEST:
        raise SourceRefused(reason="key: small letters, digits and dashes; at most 10 MB")
    sources.ready(key, facts)
    row = {name: getattr(facts, name) for name in Facts.__dataclass_fields__}
    row |= {"fields": list(facts.fields), "changed_at": clock.now(), "changed_by": actor.id}
    written = insert(SourceRow).values(key=key, **row)
    session.execute(written.on_conflict_do_update(index_elements=["key"], set_=row))
    tell(session, actor, key, "facts")


def tell(session: Session, actor: Actor, key: str, what: str) -> None:
    """Put on record that a person changed a source: its `facts`, or its `secret`; raise NotAllowed."""
    _must_keep(actor)
    events.append(session, Kind.SOURCE_CHANGED, actor=actor.id, data={"source": key, "what": what})


def try_out(actor: Actor, key: str, facts: Facts, body: bytes, read: Callable[[bytes], Any]) -> Arrival:
    """Return the message that a body would become, keeping nothing; raise NotAllowed, MessageRefused, SourceRefused."""
    _must_keep(actor)
    source = sources.ready(key, facts)
    try:
        told = read(body)
    except ValueError as fault:
        raise SourceRefused(reason="the body is not JSON as everybody reads it") from fault
    return inbound.arrival(source, "try-out", sources.check(source, told))


def arrivals(session: Session, actor: Actor, key: str, cursor: str | None = None, limit: int = 50) -> Page[Arrived]:
    """List what arrived from a source, the latest first; raise NotAllowed."""
    _must_keep(actor)
    query = select(Message.id, Message.received_at, Message.external_id, Message.name, Message.correlation)
    query = query.add_columns(Message.state, Message.reason, Message.instance).where(Message.source == DOOR + key)
    before = pages.place(cursor, datetime)
    if before is not None:
        query = query.where(Message.received_at < before[0])
    rows = session.execute(query.order_by(Message.received_at.desc(), Message.id).limit(limit + 1))
    found = [Arrived(*row[:5], row.state.value, row.reason, row.instance) for row in rows]
    return pages.page(found, limit, lambda row: (row.at,))


def _must_keep(actor: Actor) -> None:
    if ADMINISTRATOR not in actor.roles:
        raise NotAllowed


def _tallies(session: Session, keys: Iterable[str]) -> dict[str, dict[str, int]]:
    recent = (Message.source.in_([DOOR + key for key in keys]), Message.received_at >= clock.now() - WEEK)
    query = select(Message.source, Message.state, func.count()).where(*recent).group_by(Message.source, Message.state)
    found: dict[str, dict[str, int]] = {}
    for source, state, count in session.execute(query):
        found.setdefault(source.removeprefix(DOOR), {})[state.value] = count
    return found
