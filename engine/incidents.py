"""Incidents: what failed and stands still until somebody tries it again or settles it, told in plain words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock, errors, events, processes, runtime, worklist
from engine.errors import InstanceEnded, NotAllowed, NotFound, OperationRefused
from engine.identity import Actor
from engine.runtime import PARKED, Running
from engine.tables import Incident, IncidentKind, IncidentState, Instance, SignalCopy, Timer

KEEPERS = frozenset({"PRV_OFFICER", "SYS_ADMIN"})
WHAT = {
    IncidentKind.STEP: ("环节“{name}”没有完成", "The step “{name}” failed"),
    IncidentKind.TIMER: ("“{name}”的时间已到，但多次未能触发", "The time of “{name}” came, but it could not go on"),
    IncidentKind.SIGNAL: ("信号多次未能送达“{name}”", "A signal could not be handed to “{name}”"),
    IncidentKind.ASSIGNMENT: (
        "任务“{name}”不知道交给谁或何时到期",
        "It is not known whose “{name}” is, or when it is due",
    ),
}
WHY = {
    errors.ExpressionRefused: "表达式无法理解或过大",
    errors.ExpressionFailed: "表达式无法用现有数据求值",
    errors.DecisionFailed: "决策表对现有数据没有唯一答案",
    errors.StepFailed: "这一步没有出路",
    errors.BudgetSpent: "一次走的步数过多，流程可能在原地打转",
    errors.CalendarUnknown: "工作日历中没有这一天",
    errors.AssigneeUnknown: "流程图指定的单位或人员不存在",
    errors.AnswersRefused: "数据不符合要求",
    errors.NotFound: "所引用的内容不存在",
}


@dataclass(frozen=True)
class IncidentRow:
    """An open incident as those who resolve it see it; `cause` is told in zh and en."""

    id: int
    instance: UUID
    title: str
    element: str
    name: str
    kind: str
    reason: str
    cause: dict[str, str]
    raised_at: datetime


@dataclass(frozen=True)
class Settlement:
    """What a failed step counts as having given, and why it is not tried again."""

    reason: str
    data: dict[str, Any]


def open_ones(session: Session, actor: Actor, limit: int = 100) -> list[IncidentRow]:
    """List the open incidents, the oldest first; raise NotAllowed."""
    _allow(actor)
    query = (
        select(Incident, Instance.title, Instance.deployment)
        .join(Instance, Instance.id == Incident.instance)
        .where(Incident.state == IncidentState.OPEN)
        .order_by(Incident.raised_at, Incident.id)
        .limit(limit)
    )
    return [
        _row(incident, title, _name(processes.load(session, deployment), incident.element))
        for incident, title, deployment in session.execute(query)
    ]


def cause(kind: IncidentKind, name: str, reason: str) -> dict[str, str]:
    """Return in zh and en what failed and why; the facts are told as they are."""
    zh, en = WHAT[kind]
    known = {str(error.__doc__): told for error, told in WHY.items()}
    doc = next((doc for doc in known if reason.startswith(doc)), reason)
    told = known.get(doc, reason)
    facts = reason.removeprefix(doc).strip()
    return {
        "zh": f"{zh.format(name=name)}：{told}{f'（{facts}）' if facts else ''}",
        "en": f"{en.format(name=name)}: {doc.rstrip('.')}{f' ({facts})' if facts else ''}",
    }


def retry(session: Session, actor: Actor, incident_id: int) -> bool:
    """Try what failed again; tell whether the incident is resolved. Raise NotAllowed, NotFound.

    A step that fails again keeps its incident open. A timer or a signal that was given up is tried again soon. A task
    whose owner was not known is assigned as the diagram says now.
    """
    incident = _find(session, actor, incident_id)
    try:
        with runtime.operated(session, actor, incident.instance, "retry") as running:
            again = _AGAIN[incident.kind](session, running, incident)
    except InstanceEnded:
        again = True
    session.refresh(incident)
    if again and incident.state is IncidentState.OPEN:
        _resolve(session, actor, incident)
    return incident.state is IncidentState.RESOLVED


def settle(session: Session, actor: Actor, incident_id: int, settlement: Settlement) -> None:
    """Let a failed step count as done, with data; raise NotAllowed, NotFound, OperationRefused.

    Only a step can be settled: a timer is set to another moment, a task is reassigned.
    """
    incident = _find(session, actor, incident_id)
    facts = {"reason": settlement.reason, "data": settlement.data}
    with runtime.operated(session, actor, incident.instance, settlement.reason) as running:
        if incident.kind is not IncidentKind.STEP or not running.settle(incident.task, settlement.data):
            zh, en = "只有失败的环节可以了结。", "Only a step that failed can be settled."
            raise OperationRefused(why={"zh": zh, "en": en})
        running.tell("incident.settled", facts, incident.element, incident.task)


def _find(session: Session, actor: Actor, incident_id: int) -> Incident:
    """Lock the instance first; only then is it certain that the incident is still open."""
    _allow(actor)
    owner = select(Incident.instance).where(Incident.id == incident_id).scalar_subquery()
    session.execute(select(Instance.id).where(Instance.id == owner).with_for_update())
    query = select(Incident).where(Incident.id == incident_id, Incident.state == IncidentState.OPEN)
    incident = session.scalar(query.execution_options(populate_existing=True))
    if incident is None:
        raise NotFound(incident=incident_id)
    return incident


def _allow(actor: Actor) -> None:
    if not actor.roles & KEEPERS:
        raise NotAllowed


def _row(incident: Incident, title: str, name: str) -> IncidentRow:
    told = cause(incident.kind, name, incident.reason)
    kind = incident.kind.value
    place = (incident.instance, title, incident.element)
    return IncidentRow(incident.id, *place, name, kind, incident.reason, told, incident.raised_at)


def _name(programme: processes.Programme, element: str) -> str:
    found = (some[element].name for some in programme.model.elements.values() if element in some)
    return next(found, element)


def _step_again(_: Session, running: Running, incident: Incident) -> bool:
    """Try a step again; when nothing fails there any more, the incident is overtaken."""
    return not running.retry(incident.task)


def _timer_again(session: Session, _: Running, incident: Incident) -> bool:
    again = update(Timer).where(Timer.task == incident.task, Timer.element == incident.element)
    session.execute(again.values(attempts=0, retry_at=None).execution_options(synchronize_session=False))
    return True


def _signal_again(session: Session, running: Running, _: Incident) -> bool:
    again = update(SignalCopy).where(SignalCopy.instance == running.row.id, SignalCopy.retry_at == PARKED)
    session.execute(again.values(attempts=0, retry_at=None).execution_options(synchronize_session=False))
    return True


def _assignment_again(session: Session, running: Running, incident: Incident) -> bool:
    element = running.before.tasks.get(incident.task)
    if element is None:
        return True
    faults: list[str] = []
    around = running.execution.surroundings
    organisation, person = worklist.whose(element, around, running.data(incident.task), faults)
    return not faults and worklist.assign(session, incident.task, organisation, person)


def _resolve(session: Session, actor: Actor, incident: Incident) -> None:
    incident.state, incident.resolved_at = IncidentState.RESOLVED, clock.now()
    place = {"instance": incident.instance, "task": incident.task, "element": incident.element}
    events.record(session, [{"kind": "incident.resolved", "actor": actor.id, **place, "data": {}}])
    session.flush()


_AGAIN = {
    IncidentKind.STEP: _step_again,
    IncidentKind.TIMER: _timer_again,
    IncidentKind.SIGNAL: _signal_again,
    IncidentKind.ASSIGNMENT: _assignment_again,
}
