"""Standstills: every case of a version stands still and none starts on it, until an owner lets it go on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, delete, func, select, text
from sqlalchemy.orm import Session, aliased

from engine import clock, events, ownership
from engine.errors import NotFound, OperationRefused
from engine.identity import Actor
from engine.tables import Deployment, Instance, Person, Standstill, StandstillCase

# One statement for all cases: either the whole version stands still or none of it does.
_STOP = text(
    """WITH stopped AS (
  UPDATE instance SET state = 'suspended' WHERE deployment = :digest AND state = 'running' RETURNING id
), marked AS (
  INSERT INTO standstill_case (instance, deployment) SELECT id, :digest FROM stopped
), told AS (
  INSERT INTO event (at, kind, instance, actor, data)
  SELECT :now, 'instance.suspended', id, :actor, CAST(:data AS jsonb) FROM stopped
) SELECT count(*) FROM stopped"""
)
_GO = text(
    """WITH gone AS (
  UPDATE instance SET state = 'running' FROM standstill_case s
  WHERE s.deployment = :digest AND instance.id = s.instance AND instance.state = 'suspended' RETURNING instance.id
), told AS (
  INSERT INTO event (at, kind, instance, actor, data)
  SELECT :now, 'instance.resumed', id, :actor, CAST(:data AS jsonb) FROM gone
) SELECT count(*) FROM gone"""
)


@dataclass(frozen=True)
class StandstillRow:
    """A version that stands still: since when, by whom and why."""

    programme: str
    number: int
    reason: str
    by: str
    at: datetime


def suspend(session: Session, actor: Actor, programme: str, number: int, reason: str) -> int:
    """Let every running case of a version stand still, and none start on it; return how many cases that were.

    What stands still already is left as it is. Raise NotAllowed, NotFound, OperationRefused.
    """
    version = _version(session, actor, programme, number, reason)
    if session.get(Standstill, version.digest) is not None:
        raise _refused("该版本已经暂停。", "This version is suspended already.")
    session.add(Standstill(deployment=version.digest, reason=reason.strip(), by=actor.id, at=clock.now()))
    session.flush()
    stopped = _all(session, actor, _STOP, version.digest, reason)
    _tell(session, actor, "version.suspended", version, {"reason": reason.strip(), "cases": stopped})
    return stopped


def resume(session: Session, actor: Actor, programme: str, number: int, reason: str) -> int:
    """Let a version go on: what fell due meanwhile comes now; return how many cases go on.

    Cases that stood still before their version did stay so. Raise NotAllowed, NotFound, OperationRefused.
    """
    version = _version(session, actor, programme, number, reason)
    if session.get(Standstill, version.digest) is None:
        raise _refused("该版本没有暂停。", "This version is not suspended.")
    gone = _all(session, actor, _GO, version.digest, reason)
    session.execute(delete(StandstillCase).where(StandstillCase.deployment == version.digest))
    session.execute(delete(Standstill).where(Standstill.deployment == version.digest))
    session.expire_all()
    _tell(session, actor, "version.resumed", version, {"reason": reason.strip(), "cases": gone})
    return gone


def of_instance(session: Session, instance: UUID) -> StandstillRow | None:
    """Return the standstill of the version that a case runs on, if it stands still; the caller may see the case."""
    query = _TOLD.join(Instance, Instance.deployment == Deployment.digest).where(Instance.id == instance)
    row = session.execute(query).one_or_none()
    return StandstillRow(*row) if row else None


def closed(session: Session, programmes: Iterable[str]) -> dict[str, StandstillRow]:
    """Return the programmes whose newest version stands still, so that nothing can be started; the caller sees them."""
    newest = select(func.max(_OTHER.number)).where(_OTHER.programme == Deployment.programme).scalar_subquery()
    query = _TOLD.where(Deployment.programme.in_(sorted(programmes)), Deployment.number == newest)
    return {row.programme: StandstillRow(*row) for row in session.execute(query)}


def _version(session: Session, actor: Actor, programme: str, number: int, reason: str) -> Row[str, str, int]:
    """Find and lock a version: whoever is just starting a case on it goes first, whoever comes later finds it so."""
    ownership.must_see(actor, programme)
    query = select(Deployment.digest, Deployment.programme, Deployment.number)
    found = session.execute(
        query.where(Deployment.programme == programme, Deployment.number == number).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(programme=programme, number=number)
    if not reason.strip():
        raise _refused("请说明原因。", "Say why.")
    return found


def _all(session: Session, actor: Actor, statement: Any, digest: str, reason: str) -> int:
    data = orjson.dumps({"reason": reason.strip(), "version": True}).decode()
    given = {"digest": digest, "now": clock.now(), "actor": actor.id, "data": data}
    return int(session.connection().execute(statement, given).scalar_one())


def _tell(session: Session, actor: Actor, kind: str, version: Row[str, str, int], facts: dict[str, Any]) -> None:
    data = {"programme": version.programme, "number": version.number, **facts}
    events.append(session, kind, actor=actor.id, data=data)


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})


_OTHER = aliased(Deployment)
_TOLD = (
    select(Deployment.programme, Deployment.number, Standstill.reason, Person.name, Standstill.at)
    .join(Standstill, Standstill.deployment == Deployment.digest)
    .join(Person, Person.id == Standstill.by)
)
