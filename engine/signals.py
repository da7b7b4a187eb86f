"""Signals: kept once by sender and id, then handed to every instance that waited when they were broadcast."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from engine import clock, events, processes, runtime
from engine.errors import Busy, InstanceEnded, InstanceSuspended, NotAllowed, SignalRefused
from engine.identity import Actor
from engine.runtime import BACKOFF, OPERATORS, PARKED, Opening
from engine.tables import (
    Incident,
    IncidentKind,
    IncidentState,
    Instance,
    InstanceState,
    Signal,
    SignalCopy,
    Standstill,
    StartEvent,
    Subscription,
)

LONGEST = 500
KEEP = text(
    """WITH kept AS (INSERT INTO signal (id, source, external_id, name, payload, at)
  VALUES (:id, :source, :external_id, :name, :payload, :now) ON CONFLICT DO NOTHING RETURNING id, name),
copies AS (INSERT INTO signal_copy (signal, instance, subscription, start_event)
  SELECT kept.id, s.instance, s.id, CAST(NULL AS bigint) FROM kept
  JOIN subscription s ON s.kind = 'signal' AND s.name = kept.name
  UNION ALL SELECT kept.id, NULL, NULL, e.id FROM kept JOIN start_event e ON e.kind = 'signal' AND e.name = kept.name
  RETURNING 1)
SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM copies) AS copies"""
).bindparams(bindparam("payload", type_=JSONB))


@dataclass(frozen=True)
class Broadcast:
    """A signal as it comes in; `source` and `external_id` together name it for ever."""

    source: str
    external_id: str
    name: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class SignalView:
    """What became of a signal; `waiting` is how many it is on its way to."""

    id: UUID
    duplicate: bool
    waiting: int


def broadcast(session: Session, actor: Actor, told: Broadcast) -> SignalView:
    """Tell a signal to all that wait for it now, and to the start events that listen to it.

    It is kept once; each takes it in a transaction of its own, soon after. Who begins to wait afterwards does not take
    it. Raise NotAllowed, SignalRefused - also when its id came with other content.
    """
    if not actor.roles & OPERATORS:
        raise NotAllowed(signal=told.name)
    _check(told)
    signal = uuid4()
    values = {"id": signal, **vars(told), "now": clock.now()}
    made = session.connection().execute(KEEP, values).one()
    if not made.kept:
        return _known(session, told)
    facts = {"name": told.name, "source": told.source, "id": told.external_id}
    events.append(session, "signal.broadcast", actor=actor.id, data={**facts, "payload": told.payload})
    return SignalView(signal, duplicate=False, waiting=made.copies)


def pending() -> ColumnElement[bool]:
    """Return the condition "some signal is on its way at :now", for a clock that asks many such things at once."""
    now: Any = bindparam("now", type_=SignalCopy.retry_at.type)
    return exists().where(_may_go(now))


def waiting(session: Session, limit: int) -> list[int]:
    """List at most `limit` copies on their way to those who are not suspended, the oldest first; locks nothing."""
    query = select(SignalCopy.id).where(_may_go(clock.now())).order_by(SignalCopy.id).limit(limit)
    return list(session.scalars(query))


def deliver(session: Session, copy: int) -> bool:
    """Hand a copy to its instance, or start one; tell whether the copy is done with.

    Copies of one instance arrive in the order of their signals. False when an earlier one goes first, when the instance
    is suspended, or when another transaction holds it: its turn comes again.
    """
    query = select(SignalCopy.instance, SignalCopy.start_event).where(SignalCopy.id == copy)
    found = session.execute(query).one_or_none()
    if found is None:
        return True
    return _start(session, copy) if found.instance is None else _hand_over(session, copy, found.instance)


def failed(session: Session, copy: int, reason: str, tries: int) -> None:
    """Remember that handing over failed: try again later, or after `tries` tries lay it aside with an incident."""
    owner = select(SignalCopy.instance).where(SignalCopy.id == copy).scalar_subquery()
    session.execute(select(Instance.id).where(Instance.id == owner).with_for_update(read=True, key_share=True))
    row = session.scalar(select(SignalCopy).where(SignalCopy.id == copy).with_for_update())
    if row is None:
        return
    row.attempts += 1
    row.retry_at = clock.now() + BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
    if row.attempts >= tries and row.instance is not None:
        row.retry_at = PARKED
        _raise(session, row, reason)
    session.flush()


def _check(told: Broadcast) -> None:
    texts = (told.source, told.external_id, told.name)
    if not all(0 < len(text) <= LONGEST and text.isprintable() for text in texts):
        raise SignalRefused(reason=f"source, id and name must be 1 to {LONGEST} printable characters")


def _known(session: Session, told: Broadcast) -> SignalView:
    query = select(Signal).where(Signal.source == told.source, Signal.external_id == told.external_id)
    signal = session.scalars(query).one()
    if (signal.name, signal.payload) != (told.name, told.payload):
        raise SignalRefused(reason="a signal with this id came before, with other content", clash=True)
    left = select(SignalCopy.id).where(SignalCopy.signal == signal.id)
    return SignalView(signal.id, duplicate=True, waiting=len(session.scalars(left).all()))


def _hand_over(session: Session, copy: int, instance: UUID) -> bool:
    """Lock the instance first; only then is it certain that it still waits."""
    try:
        with runtime.opened(session, instance, skip_locked=True) as running:
            first = _first(session, instance)
            if copy not in {one.id for one in first}:
                return False
            _take(running, first)
            session.execute(delete(SignalCopy).where(SignalCopy.id.in_([one.id for one in first])))
    except (Busy, InstanceSuspended):
        return False
    except InstanceEnded:
        session.execute(delete(SignalCopy).where(SignalCopy.instance == instance))
    return True


def _first(session: Session, instance: UUID) -> list[Any]:
    """Return the copies of the oldest signal on its way to an instance; `wait` is none when it waits no more."""
    rows = session.execute(
        select(SignalCopy.id, SignalCopy.signal, Signal.name, Signal.payload, Subscription.task, Subscription.element)
        .join(Signal, Signal.id == SignalCopy.signal)
        .outerjoin(Subscription, Subscription.id == SignalCopy.subscription)
        .where(SignalCopy.instance == instance, SignalCopy.retry_at.is_distinct_from(PARKED))
        .order_by(SignalCopy.id)
    ).all()
    return [row for row in rows if row.signal == rows[0].signal]


def _take(running: runtime.Running, copies: list[Any]) -> None:
    """Let the instance take the signal once, if any of the waits that were there when it was broadcast still is."""
    wait = next((copy for copy in copies if copy.task is not None), None)
    if wait is not None and running.signal(wait.name, wait.payload):
        running.tell("signal.delivered", {"name": wait.name, "signal": wait.signal}, wait.element, wait.task)


def _start(session: Session, copy: int) -> bool:
    found = session.scalar(select(SignalCopy).where(SignalCopy.id == copy).with_for_update(skip_locked=True))
    if found is None:
        return False
    event = session.get(StartEvent, found.start_event, populate_existing=True)
    signal = session.get_one(Signal, found.signal)
    if event is not None:
        programme = processes.load(session, event.deployment)
        title = programme.model.names[event.process]
        opening = Opening(event.process, title, event=event.element, payload=signal.payload)
        started = runtime.start(session, programme, opening, {})
        facts = {"name": signal.name, "signal": signal.id}
        place = {"instance": started, "element": event.element}
        events.record(session, [{"kind": "signal.delivered", **place, "data": facts}])
    session.delete(found)
    session.flush()
    return True


def _may_go(now: Any) -> ColumnElement[bool]:
    running = exists().where(Instance.id == SignalCopy.instance, Instance.state != InstanceState.SUSPENDED)
    tried = or_(SignalCopy.retry_at.is_(None), SignalCopy.retry_at <= now)
    still = exists().where(StartEvent.id == SignalCopy.start_event, StartEvent.deployment == Standstill.deployment)
    return and_(tried, or_(and_(SignalCopy.instance.is_(None), ~still), running))


def _raise(session: Session, row: SignalCopy, reason: str) -> None:
    """Raise the incident on the wait that the copy was for, or on none that is left."""
    wait = session.get(Subscription, row.subscription, populate_existing=True)
    if wait is None:
        session.execute(update(SignalCopy).where(SignalCopy.id == row.id).values(retry_at=None))
        return
    place = {"instance": wait.instance, "task": wait.task, "element": wait.element}
    facts = {"kind": IncidentKind.SIGNAL, "state": IncidentState.OPEN, "raised_at": clock.now()}
    session.add(Incident(**place, **facts, reason=reason))
    events.record(session, [{"kind": "incident.raised", **place, "data": {"reason": reason}}])
