"""Operations: what those who keep the service going do to an instance beside what its diagram foresees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock, processes, runtime
from engine.bpmn import survey
from engine.bpmn.execution import Rest
from engine.bpmn.survey import Standing
from engine.errors import NotAllowed, NotFound, OperationRefused
from engine.identity import Actor
from engine.projections import Ending
from engine.runtime import OPERATORS
from engine.tables import Incident, IncidentKind, IncidentState, Instance, InstanceState, Timer

ENDERS = frozenset({"PRV_LEAD", "SYS_ADMIN"})


@dataclass(frozen=True)
class TokenRow:
    """A token of an instance: where it stands, inside which other, what it does there, and what it waits for."""

    task: UUID
    process: str
    element: str
    name: str
    holder: UUID | None
    scope: UUID | None
    kind: str
    due_at: datetime | None
    awaits: str | None
    reason: str | None


@dataclass(frozen=True)
class Alarm:
    """Another moment for a waiting timer."""

    task: UUID
    element: str
    due_at: datetime
    reason: str


@dataclass(frozen=True)
class Member:
    """One of those who do the same activity: any task of theirs, or the item that a new one is given."""

    task: UUID
    reason: str
    item: Any = None


def tokens(session: Session, actor: Actor, instance: UUID) -> list[TokenRow]:
    """List every token of an instance, and every timer that watches an activity; raise NotAllowed, NotFound."""
    found = _find(session, actor, instance)
    model = processes.load(session, found.deployment).model
    execution = runtime.peek(session, instance)
    if execution.ended:
        return []
    rest = execution.rest()
    standing = survey.tokens(execution)
    known = {one.task for one in standing}
    watchers = [
        Standing(wait.task, wait.process, wait.element, None, None, "watch", choice=False, source=None)
        for wait in rest.waits.values()
        if wait.task not in known
    ]
    return [_row(one, model.element(one.process, one.element).name, rest) for one in [*standing, *watchers]]


def variables(session: Session, actor: Actor, instance: UUID) -> dict[str, Any]:
    """Return the variables of an instance; raise NotAllowed, NotFound."""
    _find(session, actor, instance)
    return runtime.peek(session, instance).data()


def suspend(session: Session, actor: Actor, instance: UUID, reason: str) -> None:
    """Let an instance stand still until it is resumed; raise NotAllowed, NotFound, InstanceEnded, OperationRefused."""
    with runtime.operated(session, actor, instance, reason) as running:
        if running.row.state is InstanceState.SUSPENDED:
            raise _refused("该流程已经暂停。", "It is suspended already.")
        running.suspend()
        running.tell("instance.suspended", {"reason": reason})


def resume(session: Session, actor: Actor, instance: UUID, reason: str) -> None:
    """Let a suspended instance go on: what fell due meanwhile comes now; raise as `suspend` does."""
    with runtime.operated(session, actor, instance, reason) as running:
        if running.row.state is not InstanceState.SUSPENDED:
            raise _refused("该流程没有暂停。", "It is not suspended.")
        if runtime.stands_still(session, running.programme.digest):
            raise _refused(
                "该流程所在的版本已暂停，须先恢复该版本。", "Its version is suspended; let that go on first."
            )
        running.resume()
        running.tell("instance.resumed", {"reason": reason})


def terminate(session: Session, actor: Actor, instance: UUID, reason: str) -> None:
    """End an instance at once, also one whose stored state is damaged; raise NotAllowed, NotFound, InstanceEnded."""
    if not actor.roles & ENDERS:
        raise NotAllowed(instance=instance)
    if not reason.strip():
        raise _refused("请说明原因。", "Say why.")
    runtime.terminate(session, instance, Ending(actor.id, reason, actor.told(ENDERS)))


def write(session: Session, actor: Actor, instance: UUID, data: dict[str, Any], reason: str) -> None:
    """Change variables of an instance, which asks its conditions again; raise NotAllowed, NotFound, InstanceEnded."""
    with runtime.operated(session, actor, instance, reason) as running:
        running.tell("instance.changed", {"reason": reason, "data": data})
        running.write(data)


def rearm(session: Session, actor: Actor, instance: UUID, alarm: Alarm) -> None:
    """Let a waiting timer fall due at another moment, also one that was given up; raise OperationRefused."""
    with runtime.operated(session, actor, instance, alarm.reason) as running:
        if not running.rearm(alarm.task, alarm.element, alarm.due_at):
            raise _refused("这里没有等待中的定时。", "No timer waits there.")
        facts = {"due_at": alarm.due_at, "reason": alarm.reason}
        running.tell("timer.rearmed", facts, alarm.element, alarm.task)
    _revive(session, alarm)


def grow(session: Session, actor: Actor, instance: UUID, member: Member) -> None:
    """Add one to those who do the activity that a task belongs to; raise OperationRefused, BudgetSpent."""
    with runtime.operated(session, actor, instance, member.reason) as running:
        running.tell("loop.grown", {"item": member.item, "reason": member.reason}, task=member.task)
        if not running.grow(member.task, member.item):
            raise _alone()


def shrink(session: Session, actor: Actor, instance: UUID, member: Member) -> None:
    """Take the one that a task belongs to from those who do the same activity; raise OperationRefused."""
    with runtime.operated(session, actor, instance, member.reason) as running:
        running.tell("loop.shrunk", {"reason": member.reason}, task=member.task)
        if not running.shrink(member.task):
            raise _alone()


def _find(session: Session, actor: Actor, instance: UUID) -> Instance:
    if not actor.roles & OPERATORS:
        raise NotAllowed(instance=instance)
    found = session.get(Instance, instance, populate_existing=True)
    if found is None:
        raise NotFound(instance=instance)
    return found


def _row(one: Standing, name: str, rest: Rest) -> TokenRow:
    wait = rest.waits.get((one.task, one.element))
    failure = rest.failures.get(one.task)
    awaited = (wait.message, wait.signal, wait.condition) if wait is not None else ()
    return TokenRow(
        task=one.task,
        process=one.process,
        element=one.element,
        name=name,
        holder=one.holder,
        scope=one.scope,
        kind=one.kind,
        due_at=wait.due if wait is not None else None,
        awaits=next((text for text in awaited if text), None),
        reason=failure.reason if failure is not None else None,
    )


def _revive(session: Session, alarm: Alarm) -> None:
    """Give a timer that was given up back to the clock; its incident is overtaken."""
    row = update(Timer).where(Timer.task == alarm.task, Timer.element == alarm.element)
    session.execute(row.values(attempts=0, retry_at=None).execution_options(synchronize_session=False))
    of_timer = select(Incident.id).where(
        Incident.task == alarm.task, Incident.element == alarm.element, Incident.kind == IncidentKind.TIMER
    )
    settled = update(Incident).where(Incident.id.in_(of_timer), Incident.state == IncidentState.OPEN)
    done = {"state": IncidentState.RESOLVED, "resolved_at": clock.now()}
    session.execute(settled.values(done).execution_options(synchronize_session=False))


def _alone() -> OperationRefused:
    return _refused("该任务不属于会签。", "The task does not belong to an activity that many do.")


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})
