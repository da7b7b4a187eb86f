"""Endpoints as people keep them: made, changed, tested, looked at and told again, each within its organisation.

Whoever keeps the service going keeps every endpoint; an organisation's keeper (INTEGRATOR) keeps those of their own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true, update
from sqlalchemy.orm import Session

from engine import clock, events, pages, processes
from engine.errors import EndpointOff, NotAllowed, NotFound
from engine.events import Kind
from engine.identity import Actor
from engine.pages import Page
from engine.tables import Event
from webhooks import outbound, reach, signing
from webhooks.outbound import Wish
from webhooks.posting import Fence
from webhooks.tables import Attempt, Delivery, DeliveryState, Endpoint

KEEPER, ADMINISTRATOR = "INTEGRATOR", "SYS_ADMIN"
LONGEST_NAME = 200
LONGEST_REPLAY = timedelta(days=30)


@dataclass(frozen=True)
class Standing:
    """An endpoint as its keepers see it, with how much waits, was taken and was given up in the last seven days."""

    endpoint: Endpoint
    waiting: int
    sent: int
    dead: int


@dataclass(frozen=True)
class Told:
    """A delivery: of which event, and where it stands."""

    id: int
    event: int
    kind: str
    message_id: str
    state: str
    tries: int
    happened_at: datetime
    next_at: datetime


def organisations(actor: Actor) -> list[str]:
    """Return the organisations whose endpoints the actor keeps; an administrator keeps those of all others too."""
    return sorted(organisation for organisation, role in actor.memberships if role == KEEPER)


def listing(session: Session, actor: Actor) -> list[Standing]:
    """List the endpoints that the actor keeps, the oldest first, each with its tallies; in two queries."""
    kept = session.scalars(select(Endpoint).where(_kept_by(actor)).order_by(Endpoint.id)).all()
    found = _tallies(session, [one.id for one in kept])
    return [_standing(one, found.get(one.id, {})) for one in kept]


def show(session: Session, actor: Actor, endpoint: int) -> Standing:
    """Return an endpoint that the actor keeps; raise NotFound."""
    found = _find(session, actor, endpoint)
    return _standing(found, _tallies(session, [endpoint]).get(endpoint, {}))


def make(session: Session, actor: Actor, fence: Fence, wish: Wish) -> Endpoint:
    """Create an endpoint; its first secret is told once, to who made it. Raise NotAllowed, AddressRefused, NotFound."""
    _may_be_for(actor, wish.organisation)
    _check_programme(session, wish)
    made = outbound.subscribe(session, fence, wish)
    _tell(session, actor, Kind.ENDPOINT_MADE, made)
    return made


def change(session: Session, actor: Actor, fence: Fence, endpoint: int, wish: Wish) -> None:
    """Change what an endpoint is told and where; whose it is stays. Raise NotFound, AddressRefused."""
    found = _held(session, actor, endpoint)
    fence.check_url(wish.url)
    _check_programme(session, wish)
    found.url, found.name, found.ordered = wish.url, wish.name, wish.ordered
    found.kinds, found.programme = [Kind(kind).value for kind in wish.kinds], wish.programme
    _tell(session, actor, Kind.ENDPOINT_CHANGED, found, what="facts")


def rotate(session: Session, actor: Actor, endpoint: int) -> str:
    """Return a new secret, told once; the one before signs beside it for seven days. Raise NotFound."""
    found = _held(session, actor, endpoint)
    secret = outbound.rotate(session, found.id)
    _tell(session, actor, Kind.ENDPOINT_CHANGED, found, what="secret")
    return secret or ""


def switch_on(session: Session, actor: Actor, endpoint: int) -> None:
    """Tell an endpoint again what happens from now on, and what still waits; raise NotFound."""
    found = _held(session, actor, endpoint)
    found.active, found.disabled_at, found.disabled_why = True, None, None
    found.failures, found.paused_until = 0, None
    _tell(session, actor, Kind.ENDPOINT_CHANGED, found, what="on")


def switch_off(session: Session, actor: Actor, endpoint: int) -> None:
    """Tell an endpoint nothing more until it is switched on; raise NotFound."""
    found = _held(session, actor, endpoint)
    found.active, found.disabled_at, found.disabled_why = False, clock.now(), None
    _tell(session, actor, Kind.ENDPOINT_CHANGED, found, what="off")


def test(session: Session, actor: Actor, endpoint: int) -> int:
    """Send an endpoint an event `endpoint.tested`, whatever it asked for; return the delivery. Raise EndpointOff."""
    found = _running(session, actor, endpoint)
    _tell(session, actor, Kind.ENDPOINT_TESTED, found)
    event = session.scalars(select(Event).order_by(Event.id.desc()).where(Event.kind == Kind.ENDPOINT_TESTED)).first()
    delivery = Delivery(
        endpoint=found.id,
        event=event.id if event else 0,
        message_id=signing.new_id(),
        state=DeliveryState.PENDING,
        next_at=clock.now(),
    )
    session.add(delivery)
    found.paused_until = None
    session.flush()
    return delivery.id


def deliveries(session: Session, actor: Actor, endpoint: int, cursor: str | None = None, limit: int = 50) -> Page[Told]:
    """List what an endpoint was told, the newest event first; raise NotFound."""
    _find(session, actor, endpoint)
    query = (
        select(Delivery.id, Delivery.event, Event.kind, Delivery.message_id, Delivery.state, Delivery.attempts)
        .add_columns(Event.at, Delivery.next_at)
        .join(Event, Event.id == Delivery.event)
        .where(Delivery.endpoint == endpoint)
    )
    before = pages.place(cursor, int)
    if before is not None:
        query = query.where(Delivery.event < before[0])
    rows = [Told(*row) for row in session.execute(query.order_by(Delivery.event.desc()).limit(limit + 1))]
    return pages.page(rows, limit, lambda row: (row.event,))


def attempts(session: Session, actor: Actor, delivery: int) -> tuple[Delivery, dict[str, Any], list[Attempt]]:
    """Return a delivery, what it says, and every try of it, the latest first; raise NotFound."""
    found = _delivery(session, actor, delivery)
    event = session.get_one(Event, found.event)
    tries = session.scalars(select(Attempt).where(Attempt.delivery == delivery).order_by(Attempt.id.desc()))
    return found, outbound.cloud_event(event, ""), list(tries)


def replay(session: Session, actor: Actor, delivery: int) -> None:
    """Send a delivery once more, with the same id, and with a whole schedule of tries; raise NotFound, EndpointOff."""
    found = _delivery(session, actor, delivery)
    endpoint = _running(session, actor, found.endpoint)
    session.execute(_again().where(Delivery.id == delivery))
    endpoint.paused_until = None
    _tell(session, actor, Kind.ENDPOINT_REPLAYED, endpoint, delivery=delivery)


def replay_since(session: Session, actor: Actor, endpoint: int, since: datetime) -> int:
    """Send everything since then once more, also what the endpoint missed while it was off; return how many events.

    The last thirty days at most. Raise NotFound, EndpointOff.
    """
    found = _running(session, actor, endpoint)
    since = max(since, clock.now() - LONGEST_REPLAY)
    late = select(Event.id).where(Event.at >= since)
    again = session.execute(_again().where(Delivery.endpoint == endpoint, Delivery.event.in_(late)))
    count = int(again.rowcount) + reach.fetch_up(session, endpoint, since)  # type: ignore[attr-defined]
    found.paused_until = None
    _tell(session, actor, Kind.ENDPOINT_REPLAYED, found, since=since.isoformat(), count=count)
    return count


def _kept_by(actor: Actor) -> ColumnElement[bool]:
    if ADMINISTRATOR in actor.roles:
        return true()
    return Endpoint.organisation.in_(organisations(actor))


def _find(session: Session, actor: Actor, endpoint: int) -> Endpoint:
    return _one(session, endpoint, select(Endpoint).where(Endpoint.id == endpoint, _kept_by(actor)))


def _held(session: Session, actor: Actor, endpoint: int) -> Endpoint:
    """Return an endpoint that the actor keeps, locked for a change."""
    query = select(Endpoint).where(Endpoint.id == endpoint, _kept_by(actor))
    return _one(session, endpoint, query.with_for_update(key_share=True))


def _one(session: Session, endpoint: int, query: Select[Endpoint]) -> Endpoint:
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(endpoint=endpoint)
    return found


def _running(session: Session, actor: Actor, endpoint: int) -> Endpoint:
    found = _held(session, actor, endpoint)
    if not found.active:
        raise EndpointOff(endpoint=endpoint)
    return found


def _delivery(session: Session, actor: Actor, delivery: int) -> Delivery:
    query = select(Delivery).join(Endpoint, Endpoint.id == Delivery.endpoint)
    found = session.scalar(query.where(Delivery.id == delivery, _kept_by(actor)))
    if found is None:
        raise NotFound(delivery=delivery)
    return found


def _may_be_for(actor: Actor, organisation: str | None) -> None:
    if ADMINISTRATOR not in actor.roles and organisation not in organisations(actor):
        raise NotAllowed(organisation=organisation)


def _check_programme(session: Session, wish: Wish) -> None:
    if wish.programme is not None:
        processes.latest(session, wish.programme)


def _again() -> Any:
    again = update(Delivery).values(state=DeliveryState.PENDING, attempts=0, next_at=clock.now())
    return again.execution_options(synchronize_session=False)


def _tallies(session: Session, endpoints: list[int]) -> dict[int, dict[str, int]]:
    """Count deliveries by endpoint and state: what waits altogether, the rest of the last seven days."""
    week = clock.now() - timedelta(days=7)
    recent = (Delivery.state == DeliveryState.PENDING) | (Delivery.next_at >= week)
    query = select(Delivery.endpoint, Delivery.state, func.count()).where(Delivery.endpoint.in_(endpoints), recent)
    found: dict[int, dict[str, int]] = {}
    for endpoint, state, count in session.execute(query.group_by(Delivery.endpoint, Delivery.state)):
        found.setdefault(endpoint, {})[state.value] = count
    return found


def _standing(endpoint: Endpoint, counts: dict[str, int]) -> Standing:
    return Standing(endpoint, counts.get("pending", 0), counts.get("sent", 0), counts.get("dead", 0))


def _tell(session: Session, actor: Actor, kind: Kind, endpoint: Endpoint, **more: Any) -> None:
    facts = {"endpoint": endpoint.id, "name": endpoint.name, "url": endpoint.url, "organisation": endpoint.organisation}
    events.append(session, kind, actor=actor.id, data={**facts, **more})
