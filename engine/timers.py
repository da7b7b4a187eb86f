"""Timers: rows that wake waiting instances; the row is the truth and a clock only ticks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from engine import clock, events, runtime
from engine.errors import InstanceEnded, InstanceSuspended
from engine.runtime import BACKOFF, PARKED
from engine.tables import Incident, IncidentKind, IncidentState, Instance, InstanceState, Timer


@dataclass(frozen=True)
class DueTimer:
    """A timer whose moment has come."""

    id: int
    instance: UUID


def pending() -> ColumnElement[bool]:
    """Return the condition "some timer is due at :now", for a clock that asks many such things at once."""
    return exists().where(_is_due(_NOW), _goes_on())


def due(session: Session, limit: int) -> list[DueTimer]:
    """List at most `limit` timers that are due, the longest overdue first; locks nothing. Suspended instances wait."""
    query = select(Timer.id, Timer.instance).where(_is_due(clock.now()), _goes_on())
    rows = session.execute(query.order_by(Timer.due_at, Timer.id).limit(limit))
    return [DueTimer(row.id, row.instance) for row in rows]


def fire(session: Session, timer_id: int) -> bool:
    """Fire the timer and move its instance to rest; tell whether it fired.

    Returns False when the timer is gone, moved to a later moment, or an earlier one of the same instance goes first.
    Raises Busy when another transaction holds the instance: its turn comes with the next tick.
    """
    instance = session.connection().execute(_OWNER, {"timer": timer_id}).scalar()
    if instance is None:
        return False
    try:
        with runtime.opened(session, instance, skip_locked=True) as running:
            first = _first_due(session, instance, running.now)
            return first is not None and first.id == timer_id and running.fire(first.task, first.element)
    except (InstanceEnded, InstanceSuspended):
        return False


def failed(session: Session, timer_id: int, reason: str, tries: int) -> None:
    """Remember that firing failed: try again later, or after `tries` tries park the timer and raise an incident."""
    timer = _held(session, timer_id)
    if timer is None:
        return
    timer.attempts += 1
    if timer.attempts < tries:
        timer.retry_at = clock.now() + BACKOFF[min(timer.attempts, len(BACKOFF)) - 1]
        return
    timer.retry_at = PARKED
    session.add(_incident(timer, reason))
    events.append(
        session,
        "incident.raised",
        instance=timer.instance,
        task=timer.task,
        element=timer.element,
        data={"reason": reason, "attempts": timer.attempts},
    )


def _first_due(session: Session, instance: UUID, now: datetime) -> Row[int, UUID, str] | None:
    return session.connection().execute(_FIRST, {"instance": instance, "now": now}).one_or_none()


def _held(session: Session, timer_id: int) -> Timer | None:
    """Lock instance before timer, as a move does; the other way round the two would wait for each other."""
    owner = select(Timer.instance).where(Timer.id == timer_id).scalar_subquery()
    session.execute(select(Instance.id).where(Instance.id == owner).with_for_update(read=True, key_share=True))
    return session.scalar(select(Timer).where(Timer.id == timer_id).with_for_update())


def _is_due(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(Timer.due_at <= now, or_(Timer.retry_at.is_(None), Timer.retry_at <= now))


def _goes_on() -> ColumnElement[bool]:
    return and_(Instance.id == Timer.instance, Instance.state == InstanceState.RUNNING)


def _incident(timer: Timer, reason: str) -> Incident:
    return Incident(
        instance=timer.instance,
        task=timer.task,
        element=timer.element,
        kind=IncidentKind.TIMER,
        reason=reason,
        state=IncidentState.OPEN,
        raised_at=clock.now(),
    )


_NOW = bindparam("now", type_=Timer.due_at.type)
_OWNER = select(Timer.instance).where(Timer.id == bindparam("timer"))  # built once: a sweep asks them for every timer
_FIRST = (
    select(Timer.id, Timer.task, Timer.element)
    .where(Timer.instance == bindparam("instance"), _is_due(_NOW))
    .order_by(Timer.due_at, Timer.id)
    .limit(1)
)
