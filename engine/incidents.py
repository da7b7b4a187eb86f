"""Incidents: steps that failed and stand still until somebody tries them again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock, events, runtime
from engine.errors import InstanceEnded, NotAllowed, NotFound
from engine.identity import Actor
from engine.tables import Incident, IncidentState, Instance, Timer

KEEPERS = frozenset({"PRV_OFFICER", "SYS_ADMIN"})


@dataclass(frozen=True)
class IncidentRow:
    """An open incident as those who resolve it see it."""

    id: int
    instance: UUID
    title: str
    element: str
    reason: str
    raised_at: datetime


def open_ones(session: Session, actor: Actor, limit: int = 100) -> list[IncidentRow]:
    """List the open incidents, the oldest first; raise NotAllowed."""
    _allow(actor)
    query = (
        select(Incident.id, Incident.instance, Instance.title, Incident.element, Incident.reason, Incident.raised_at)
        .join(Instance, Instance.id == Incident.instance)
        .where(Incident.state == IncidentState.OPEN)
        .order_by(Incident.raised_at, Incident.id)
        .limit(limit)
    )
    return [IncidentRow(*row) for row in session.execute(query)]


def retry(session: Session, actor: Actor, incident_id: int) -> bool:
    """Try the failed step again; tell whether the incident is resolved. Raise NotAllowed, NotFound.

    A step that fails again keeps its incident open. A timer that was given up goes back to the clock.
    """
    incident = _find(session, actor, incident_id)
    try:
        with runtime.opened(session, incident.instance) as running:
            running.actor = actor.id
            tried = running.retry(incident.task)
    except InstanceEnded:
        tried = False
    if tried:
        session.refresh(incident)
        return incident.state is IncidentState.RESOLVED
    again = update(Timer).where(Timer.task == incident.task, Timer.element == incident.element)
    session.execute(again.values(attempts=0, retry_at=None).execution_options(synchronize_session=False))
    _resolve(session, actor, incident)
    return True


def resolve(session: Session, actor: Actor, incident_id: int) -> None:
    """Declare an incident settled without another try; raise NotAllowed, NotFound."""
    _resolve(session, actor, _find(session, actor, incident_id))


def _find(session: Session, actor: Actor, incident_id: int) -> Incident:
    _allow(actor)
    query = select(Incident).where(Incident.id == incident_id, Incident.state == IncidentState.OPEN)
    incident = session.scalar(query)
    if incident is None:
        raise NotFound(incident=incident_id)
    return incident


def _allow(actor: Actor) -> None:
    if not actor.roles & KEEPERS:
        raise NotAllowed


def _resolve(session: Session, actor: Actor, incident: Incident) -> None:
    incident.state, incident.resolved_at = IncidentState.RESOLVED, clock.now()
    place = {"instance": incident.instance, "task": incident.task, "element": incident.element}
    events.record(session, [{"kind": "incident.resolved", "actor": actor.id, **place, "data": {}}])
    session.flush()
