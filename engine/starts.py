"""Starts: instances that begin by themselves - at a moment, or because data fulfil a condition."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from engine import clock, processes, runtime
from engine.bpmn import definitions
from engine.errors import NotAllowed
from engine.identity import Actor
from engine.runtime import BACKOFF, OPERATORS, Opening
from engine.tables import Standstill, StartEvent, WaitKind


@dataclass(frozen=True)
class Case:
    """The data that start conditions are asked about, and what the instances they start are called."""

    programme: str
    title: str
    subject: str | None = None
    organisation: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def pending() -> ColumnElement[bool]:
    """Return the condition "some start is due at :now", for a clock that asks many such things at once."""
    return exists().where(_is_due(bindparam("now", type_=StartEvent.due_at.type)))


def due(session: Session, limit: int) -> list[int]:
    """List at most `limit` start events that are due, the longest overdue first; locks nothing."""
    query = select(StartEvent.id).where(_is_due(clock.now())).order_by(StartEvent.due_at, StartEvent.id)
    return list(session.scalars(query.limit(limit)))


def fire(session: Session, start_event: int) -> UUID | None:
    """Start an instance by a due start event and set its next moment; None when it is not due or just being fired.

    Moments that were missed are not made up for: one instance starts, and the next moment lies ahead.
    """
    now = clock.now()
    query = select(StartEvent).where(StartEvent.id == start_event, _is_due(now))
    row = session.scalar(query.with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if row is None or row.due_at is None:
        return None
    programme = processes.load(session, row.deployment)
    title = f"{programme.model.names[row.process]} {row.due_at.astimezone(clock.CIVIL).date()}"
    started = runtime.start(session, programme, Opening(row.process, title, event=row.element), {})
    row.wait = definitions.next_wait(row.wait or {}, now)
    row.due_at = datetime.fromisoformat(row.wait["due"]) if row.wait else None
    row.attempts, row.retry_at = 0, None
    session.flush()
    return started


def failed(session: Session, start_event: int) -> None:
    """Remember that starting failed: it is tried again, later each time."""
    query = select(StartEvent).where(StartEvent.id == start_event).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is not None:
        row.attempts += 1
        row.retry_at = clock.now() + BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
        session.flush()


def evaluate(session: Session, actor: Actor, case: Case) -> list[UUID]:
    """Start an instance by every conditional start event that `case` fulfils; raise NotAllowed, ExpressionFailed."""
    if not actor.roles & OPERATORS:
        raise NotAllowed(programme=case.programme)
    programme = processes.latest(session, case.programme)
    around = processes.surroundings(session, programme, clock.now())
    rows = session.scalars(
        select(StartEvent)
        .where(StartEvent.deployment == programme.digest, StartEvent.kind == WaitKind.CONDITION)
        .order_by(StartEvent.id)
    ).all()
    fulfilled = [row for row in rows if around.value(row.name, case.data) is True]
    openings = [
        Opening(row.process, case.title, case.subject, case.organisation, actor.id, row.element) for row in fulfilled
    ]
    return [runtime.start(session, programme, opening, case.data) for opening in openings]


def _is_due(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    still = exists().where(Standstill.deployment == StartEvent.deployment)
    return and_(StartEvent.due_at <= now, ~still, or_(StartEvent.retry_at.is_(None), StartEvent.retry_at <= now))
