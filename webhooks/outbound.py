"""Outbound: what happened here is told to the endpoints that asked, signed, until they answer or tries are spent."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from engine import clock, events
from engine.events import Kind
from engine.tables import Event
from webhooks import signing
from webhooks.posting import Answer, Fence, Line
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
BATCH = 100
BATCH_SECONDS = 5  # then one more call may take its whole time within the lease
LONGEST_REST = timedelta(minutes=5)
GONE = 410
PRESSED = frozenset({429, 503})  # it asks for time: what follows waits with it
LONGEST_WAIT = timedelta(hours=10)
OVERLAP = timedelta(days=7)
TAKEN_OFF = "its receiver said that it is gone (410)"
SPENT = "it took nothing through a whole schedule of tries"


@dataclass(frozen=True)
class Letter:
    """A delivery as it goes out: its id through every try, its text, and the case that it is about."""

    delivery: int
    message_id: str
    body: str
    instance: UUID | None


@dataclass(frozen=True)
class Batch:
    """Deliveries of one endpoint that are ours until the lease ends."""

    endpoint: int
    url: str
    secrets: Sequence[str]
    ordered: bool
    leased_until: datetime
    letters: Sequence[Letter]


@dataclass(frozen=True)
class Wish:
    """What somebody wants an endpoint to be: its address, the kinds it is told of, of which programme and for whom."""

    url: str
    kinds: Sequence[str]
    programme: str | None = None
    organisation: str | None = None
    name: str = ""
    ordered: bool = False


def subscribe(session: Session, fence: Fence, wish: Wish) -> Endpoint:
    """Create an endpoint with a new secret; raise AddressRefused, or ValueError for an unknown kind of event."""
    fence.check_url(wish.url)
    kinds = [Kind(kind).value for kind in wish.kinds]
    endpoint = Endpoint(
        url=wish.url,
        secrets=[signing.new_secret()],
        kinds=kinds,
        programme=wish.programme,
        organisation=wish.organisation,
        name=wish.name,
        ordered=wish.ordered,
        created_at=clock.now(),
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def listing(session: Session) -> list[Endpoint]:
    """List every endpoint, the oldest first."""
    return list(session.scalars(select(Endpoint).order_by(Endpoint.id)))


def rotate(session: Session, endpoint_id: int) -> str | None:
    """Return a new secret of an endpoint; the one before signs beside it for seven days, or until the next rotation."""
    endpoint = session.get(Endpoint, endpoint_id, with_for_update=True)
    if endpoint is None:
        return None
    endpoint.secrets = [signing.new_secret(), *endpoint.secrets[:1]]
    endpoint.overlap_until = clock.now() + OVERLAP
    session.flush()
    return endpoint.secrets[0]


def unpublished() -> ColumnElement[bool]:
    """Return the condition "some event is not fanned out yet"."""
    return exists().where(Event.published_at.is_(None))


def pending() -> ColumnElement[bool]:
    """Return the condition "some delivery can be tried at :now"."""
    now: ColumnElement[datetime] = bindparam("now", type_=Delivery.next_at.type)
    return exists(select(Endpoint.id).where(_servable(now)))


def claim(session: Session, public_url: str, most: int = BATCH) -> Batch | None:
    """Lease the endpoint that was served longest ago and has something due; None when nothing can be tried.

    An endpoint has one hand at a time, so that a slow one holds up nobody but itself. The lease outlives the longest
    batch: whoever dies in between leaves the deliveries to the next, with the same ids. One that did not answer lately
    is asked with a single delivery.
    """
    now, blocked = clock.now(), list[int]()
    while True:
        query = select(Endpoint).where(_servable(now), Endpoint.id.not_in(blocked))
        query = query.order_by(Endpoint.served_at.asc().nulls_first(), Endpoint.id).limit(1)
        query = query.with_for_update(of=Endpoint, key_share=True, skip_locked=True)
        endpoint = session.scalar(query.execution_options(populate_existing=True))
        if endpoint is None:
            return None
        letters = _due(session, endpoint, public_url, 1 if endpoint.failures else most)
        if letters:
            break
        blocked.append(endpoint.id)  # what is due there waits for an earlier event of its case
    endpoint.leased_until, endpoint.served_at = now + LEASE, now
    session.flush()
    return Batch(endpoint.id, endpoint.url, _secrets(endpoint, now), endpoint.ordered, now + LEASE, letters)


def post(batch: Batch, fence: Fence) -> list[tuple[Letter, Answer]]:
    """Sign the deliveries and send them one after the other, outside any transaction; return what was tried.

    What follows one that got no answer, or was told to wait, is left for another time; so is what follows a failed one
    of the same case where the endpoint wants them in order.
    """
    tried: list[tuple[Letter, Answer]] = []
    held: set[UUID] = set()
    end = time.monotonic() + BATCH_SECONDS
    with Line(batch.url, fence) as line:
        for letter in batch.letters:
            if letter.instance in held:
                continue
            headers = signing.sign(batch.secrets, letter.message_id, letter.body)
            headers["content-type"] = "application/cloudevents+json"
            answer = line.post(headers, letter.body.encode())
            tried.append((letter, answer))
            if answer.status is None or answer.status in {GONE, *PRESSED} or time.monotonic() > end:
                break
            if batch.ordered and letter.instance is not None and not answer.ok:
                held.add(letter.instance)
    return tried


def record(session: Session, batch: Batch, tried: Sequence[tuple[Letter, Answer]]) -> None:
    """Remember how tries went and when the next ones are due, and give the endpoint back.

    410 ends the endpoint, and so does a whole schedule of tries in which it took nothing.
    """
    now = clock.now()
    endpoint = session.get_one(Endpoint, batch.endpoint, with_for_update={"key_share": True}, populate_existing=True)
    if tried:
        session.execute(insert(Attempt), [_attempt(letter, answer, now) for letter, answer in tried])
    taken = [letter.delivery for letter, answer in tried if answer.ok]
    if taken:
        _settle(session, taken)
        endpoint.failures, endpoint.succeeded_at, endpoint.paused_until = 0, now, None
    for letter, answer in tried:
        if not answer.ok:
            _fail(session, endpoint, letter, answer)
    if endpoint.leased_until == batch.leased_until:
        endpoint.leased_until = None
    session.flush()


def disable(session: Session, endpoint: Endpoint, why: str) -> None:
    """Tell an endpoint nothing more, and tell people why."""
    endpoint.active, endpoint.disabled_at, endpoint.disabled_why = False, clock.now(), why
    told = {"endpoint": endpoint.id, "name": endpoint.name, "url": endpoint.url, "reason": why}
    events.append(session, Kind.ENDPOINT_DISABLED, data={**told, "organisation": endpoint.organisation})


def _servable(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    due = exists().where(
        Delivery.endpoint == Endpoint.id, Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now
    )
    free = or_(Endpoint.leased_until.is_(None), Endpoint.leased_until <= now)
    rested = or_(Endpoint.paused_until.is_(None), Endpoint.paused_until <= now)
    return Endpoint.active & free & rested & due


def _due(session: Session, endpoint: Endpoint, public_url: str, most: int) -> list[Letter]:
    now = clock.now()
    query = (
        select(Delivery.id.label("delivery"), Delivery.message_id, Event)
        .join(Event, Event.id == Delivery.event)
        .where(Delivery.endpoint == endpoint.id, Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now)
    )
    if endpoint.ordered:
        query = query.where(~_behind(now)).order_by(Delivery.event)
    else:
        query = query.order_by(Delivery.next_at, Delivery.id)
    return [
        Letter(row.delivery, row.message_id, _envelope(row.Event, public_url), row.Event.instance)
        for row in session.execute(query.limit(most))
    ]


def _behind(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an earlier event of the same case rests between tries, or is not even fanned out."""
    other, fresh = aliased(Delivery), aliased(Event)
    rests = exists().where(
        other.endpoint == Delivery.endpoint,
        other.instance == Delivery.instance,
        other.event < Delivery.event,
        other.state == DeliveryState.PENDING,
        other.next_at > now,
    )
    return rests | exists().where(
        fresh.published_at.is_(None), fresh.instance == Delivery.instance, fresh.id < Delivery.event
    )


def _secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    over = endpoint.overlap_until is not None and endpoint.overlap_until <= now
    return endpoint.secrets[:1] if over else list(endpoint.secrets)


def _attempt(letter: Letter, answer: Answer, now: datetime) -> Mapping[str, Any]:
    return {
        "delivery": letter.delivery,
        "at": now,
        "status": answer.status,
        "error": answer.error,
        "milliseconds": answer.milliseconds,
        "answer": answer.text,
    }


def _settle(session: Session, taken: Sequence[int]) -> None:
    sent = update(Delivery).where(Delivery.id.in_(taken), Delivery.state == DeliveryState.PENDING)
    sent = sent.values(state=DeliveryState.SENT, attempts=Delivery.attempts + 1)
    session.execute(sent.execution_options(synchronize_session=False))


def _fail(session: Session, endpoint: Endpoint, letter: Letter, answer: Answer) -> None:
    """Plan the next try of a delivery, or give it up."""
    delivery = session.get_one(Delivery, letter.delivery, with_for_update=True, populate_existing=True)
    if delivery.state is not DeliveryState.PENDING:
        return
    delivery.attempts += 1
    if answer.status == GONE or delivery.attempts > len(SCHEDULE):
        delivery.state = DeliveryState.DEAD
        if endpoint.active and (answer.status == GONE or not _took_something(session, endpoint, delivery.id)):
            disable(session, endpoint, TAKEN_OFF if answer.status == GONE else SPENT)
        return
    pause = _pause(delivery.attempts, answer.retry_after)
    delivery.next_at = clock.now() + pause
    if answer.status is None or answer.status in PRESSED:
        endpoint.failures += 1
        rest = pause if answer.retry_after else min(pause, SCHEDULE[0] * endpoint.failures**2, LONGEST_REST)
        endpoint.paused_until = clock.now() + rest


def _took_something(session: Session, endpoint: Endpoint, delivery: int) -> bool:
    """Tell whether the endpoint took anything since this delivery was first tried."""
    first = session.scalar(select(func.min(Attempt.at)).where(Attempt.delivery == delivery))
    return endpoint.succeeded_at is not None and (first is None or endpoint.succeeded_at >= first)


def _envelope(event: Event, public_url: str) -> str:
    """Return the event as CloudEvents 1.0; the same event gives the same text in every try."""
    return orjson.dumps(cloud_event(event, public_url), option=orjson.OPT_SORT_KEYS).decode()


def cloud_event(event: Event, public_url: str) -> dict[str, Any]:
    """Return the event as CloudEvents 1.0, before it becomes text."""
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
    return told


def _pause(tries: int, asked: int | None) -> timedelta:
    planned = SCHEDULE[tries - 1] * SystemRandom().uniform(1 - JITTER, 1 + JITTER)
    wanted = timedelta(seconds=asked or 0)
    return min(max(planned, wanted), max(planned, LONGEST_WAIT))
