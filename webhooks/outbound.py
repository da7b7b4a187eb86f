"""Outbound: what happened here is told to the endpoints that asked, signed, until they answer or tries are spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import ColumnElement, Select, bindparam, exists, insert, select
from sqlalchemy.orm import Session, aliased

from engine import clock, events
from engine.events import Recorded
from engine.tables import Event, Instance
from webhooks import posting, signing
from webhooks.posting import Answer, Fence
from webhooks.tables import Attempt, Delivery, DeliveryState, Endpoint

SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
JITTER = 0.2
LEASE = timedelta(seconds=90)
GONE = 410
LONGEST_WAIT = timedelta(hours=10)


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours until its lease ends: where it goes and what it says."""

    delivery: int
    endpoint: int
    url: str
    secrets: Sequence[str]
    message_id: str
    body: str
    leased_until: datetime


def subscribe(session: Session, fence: Fence, url: str, kinds: Sequence[str], programme: str | None = None) -> Endpoint:
    """Create an endpoint with a new secret that is told of `kinds`, of one programme or all; raise AddressRefused."""
    fence.check_url(url)
    for kind in kinds:
        events.Kind(kind)
    endpoint = Endpoint(
        url=url, secrets=[signing.new_secret()], kinds=list(kinds), programme=programme, created_at=clock.now()
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def listing(session: Session) -> list[Endpoint]:
    """List every endpoint, the oldest first."""
    return list(session.scalars(select(Endpoint).order_by(Endpoint.id)))


def rotate(session: Session, endpoint_id: int) -> str | None:
    """Return a new secret of an endpoint; the one before keeps signing beside it until the next rotation."""
    endpoint = session.get(Endpoint, endpoint_id, with_for_update=True)
    if endpoint is None:
        return None
    endpoint.secrets = [signing.new_secret(), *endpoint.secrets[:1]]
    return endpoint.secrets[0]


def unpublished() -> ColumnElement[bool]:
    """Return the condition "some event is not fanned out yet"."""
    return exists().where(Event.published_at.is_(None))


def pending() -> ColumnElement[bool]:
    """Return the condition "some delivery can be tried at :now"."""
    return exists(_claimable(bindparam("now", type_=Delivery.next_at.type)))


def fan_out(session: Session, limit: int) -> int:
    """Make a delivery of every new event for every endpoint that asked for it; return how many events were read."""
    fresh = events.unpublished(session, limit)
    if not fresh:
        return 0
    endpoints = session.scalars(select(Endpoint).where(Endpoint.active)).all()
    programmes = _programmes(session, fresh) if any(endpoint.programme for endpoint in endpoints) else {}
    wanted = [
        _delivery(endpoint, event)
        for event in fresh
        for endpoint in endpoints
        if event.kind in endpoint.kinds and endpoint.programme in {None, programmes.get(event.id)}
    ]
    if wanted:
        session.execute(insert(Delivery), wanted)
    events.mark_published(session, [event.id for event in fresh])
    return len(fresh)


def claim(session: Session, public_url: str) -> Claimed | None:
    """Lease the delivery that waits longest; None when none can be tried.

    An endpoint has at most one delivery under way, so that a slow one holds up nobody but itself. The lease outlives
    the longest call: whoever dies in between leaves the delivery to the next.
    """
    now = clock.now()
    query = _claimable(now).order_by(Delivery.next_at, Delivery.id).limit(1)
    found = session.scalar(query.with_for_update(of=Endpoint, key_share=True, skip_locked=True))
    if found is None:
        return None
    delivery = session.get_one(Delivery, found, populate_existing=True)
    if delivery.state is not DeliveryState.PENDING or _leased(session, delivery, now):
        return None
    delivery.leased_until = now + LEASE
    endpoint = session.get_one(Endpoint, delivery.endpoint, populate_existing=True)
    event = session.get_one(Event, delivery.event)
    session.flush()
    body = _envelope(event, public_url)
    return Claimed(
        delivery.id, endpoint.id, endpoint.url, endpoint.secrets, delivery.message_id, body, delivery.leased_until
    )


def post(claimed: Claimed, fence: Fence) -> Answer:
    """Sign the event and send it, outside any transaction; whatever goes wrong is in the answer."""
    headers = signing.sign(claimed.secrets, claimed.message_id, claimed.body)
    headers["content-type"] = "application/cloudevents+json"
    return posting.post(claimed.url, headers, claimed.body.encode(), fence)


def record(session: Session, claimed: Claimed, answer: Answer) -> None:
    """Remember how a try went and when the next one is due; 410 ends the endpoint."""
    now = clock.now()
    delivery = session.get(Delivery, claimed.delivery, with_for_update=True, populate_existing=True)
    if delivery is None:
        return
    session.add(
        Attempt(
            delivery=delivery.id,
            at=now,
            status=answer.status,
            error=answer.error,
            milliseconds=answer.milliseconds,
            answer=answer.text,
        )
    )
    if delivery.state is not DeliveryState.PENDING:
        return
    delivery.attempts += 1
    if delivery.leased_until == claimed.leased_until:
        delivery.leased_until = None
    if answer.ok:
        delivery.state = DeliveryState.SENT
    elif answer.status == GONE:
        delivery.state = DeliveryState.DEAD
        session.get_one(Endpoint, delivery.endpoint).active = False
    elif delivery.attempts > len(SCHEDULE):
        delivery.state = DeliveryState.DEAD
    else:
        delivery.next_at = now + _pause(delivery.attempts, answer.retry_after)


def _claimable(now: datetime | ColumnElement[datetime]) -> Select[int]:
    other = aliased(Delivery)
    busy = exists().where(
        other.endpoint == Delivery.endpoint, other.state == DeliveryState.PENDING, other.leased_until > now
    )
    return (
        select(Delivery.id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint)
        .where(Endpoint.active, Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now, ~busy)
    )


def _leased(session: Session, delivery: Delivery, now: datetime) -> bool:
    """Look again now that the endpoint is locked: another hand may have leased between our look and our lock."""
    query = select(Delivery.id).where(Delivery.endpoint == delivery.endpoint, Delivery.leased_until > now)
    return session.scalar(query.where(Delivery.state == DeliveryState.PENDING).limit(1)) is not None


def _programmes(session: Session, fresh: Sequence[Recorded]) -> dict[int, str]:
    instances = {event.instance for event in fresh if event.instance is not None}
    rows = session.execute(select(Instance.id, Instance.programme).where(Instance.id.in_(instances)))
    found = {row.id: row.programme for row in rows}
    return {event.id: found[event.instance] for event in fresh if event.instance is not None}


def _delivery(endpoint: Endpoint, event: Recorded) -> dict[str, Any]:
    return {
        "endpoint": endpoint.id,
        "event": event.id,
        "message_id": f"msg_{uuid4().hex}",
        "state": DeliveryState.PENDING,
        "next_at": clock.now(),
    }


def _envelope(event: Event, public_url: str) -> str:
    """Return the event as CloudEvents 1.0; the same event gives the same text in every try."""
    place = {"instance": event.instance, "task": event.task, "element": event.element, "actor": event.actor}
    told = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": public_url,
        "type": f"icity.{event.kind}",
        "time": event.at,
        "datacontenttype": "application/json",
        "data": {**event.data, **place},
    }
    if event.instance is not None:
        told["subject"] = str(event.instance)
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()


def _pause(tries: int, asked: int | None) -> timedelta:
    planned = SCHEDULE[tries - 1] * SystemRandom().uniform(1 - JITTER, 1 + JITTER)
    wanted = timedelta(seconds=asked or 0)
    return min(max(planned, wanted), max(planned, LONGEST_WAIT))
