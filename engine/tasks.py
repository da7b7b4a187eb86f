"""Tasks: what waits for a person, who may take it, and what happens when it is answered."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engine import clock, corrections, desk, events, forms, inbox, independence, processes, runtime, worklist
from engine.bpmn.execution import Execution
from engine.desk import Work
from engine.domain.actors import Capacity
from engine.domain.independence import Handover, Kind
from engine.errors import (
    AssigneeUnknown,
    ColleagueRefused,
    NotAllowed,
    NotFound,
    OperationRefused,
    TaskClaimed,
    TaskClosed,
)
from engine.events import Kind as Happening
from engine.identity import Actor
from engine.independence import Place
from engine.projections import Completion
from engine.runtime import OPERATORS
from engine.tables import Incident, IncidentKind, IncidentState, Instance, Task, TaskState

TASK = """task.element, task.name, task.form, task.role, task.organisation AS seat, task.assignee, task.bindings,
  EXISTS (SELECT FROM rejection WHERE rejection.task = task.id) AS returned"""
INSTANCE = ", ".join(f"instance.{column}" for column in runtime.COLUMNS.split(", "))
FOUND = f"SELECT {INSTANCE}, {TASK} FROM task JOIN instance ON instance.id = task.instance"  # noqa: S608 - ours
LOCK = text(f"{FOUND} WHERE task.id = CAST(:task AS uuid) AND {desk.VISIBLE} FOR UPDATE OF instance, task")
LOCK_LENT = text(f"{FOUND} WHERE task.id = CAST(:task AS uuid) AND {desk.VISIBLE_LENT} FOR UPDATE OF instance, task")


@dataclass(frozen=True)
class TaskView:
    """A task with its form, what the form starts from, and the facts around it."""

    row: inbox.TaskRow
    form: dict[str, Any] | None
    data: dict[str, Any]
    facts: dict[str, Any]
    answers: dict[str, Any] | None


@dataclass(frozen=True)
class TaskDone:
    """What finishing a task led to: the names of the tasks that opened, or of those whose signs it waits for."""

    id: UUID
    instance: UUID
    next: list[str]
    waits_for: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Assignment:
    """To whom a task is given: an organisation's holders of its role, one person, or both; and why."""

    reason: str
    organisation: str | None = None
    assignee: UUID | None = None


def show(session: Session, actor: Actor, task: UUID) -> TaskView:
    """Return a task the actor may see, with its form; raise NotFound."""
    row = inbox.found(session, actor, task)
    if row is None:
        raise NotFound(task=task)
    kept = session.execute(_KEPT.where(Task.id == task)).one()
    programme, answers = processes.load(session, kept.deployment), kept.answers
    schema = programme.form(row.form) if row.form else None
    if row.state != TaskState.OPEN:
        return TaskView(row, schema, answers or {}, {}, answers)
    around = processes.surroundings(session, programme, clock.now())
    standing = Execution.load(kept.envelope, programme.model, around)
    data = standing.data(task)
    before = answers or data.get(standing.element(task).result or "")
    return TaskView(row, schema, before if isinstance(before, dict) else {}, forms.mentioned(schema, data), answers)


def claim(session: Session, actor: Actor, task: UUID) -> None:
    """Take a task for oneself, or for whom one stands in for.

    Raise NotFound, TaskClosed, NotAllowed, SeatRefused, InstanceSuspended, or TaskClaimed when somebody was faster.
    """
    found = _locked(session, actor, task)
    who = desk.capacity(actor, task, found.whose)
    if found.assignee is None:
        _admit(session, who, found.place)
        desk.assign(session, task, who.holder)
        desk.happened(session, Happening.TASK_CLAIMED, actor, found, who.told)


def release(session: Session, actor: Actor, task: UUID) -> None:
    """Give a claimed task back to everybody who may take it; raise NotFound, TaskClosed, TaskClaimed, TaskBound."""
    found = _locked(session, actor, task)
    if found.assignee is None:
        raise TaskClaimed(task=task)
    who = desk.own(actor, found)
    desk.assign(session, task, None)
    desk.happened(session, Happening.TASK_RELEASED, actor, found, who.told)


def reassign(session: Session, actor: Actor, task: UUID, to: Assignment) -> None:
    """Give an open task to somebody else, claimed or not.

    Raise NotAllowed, NotFound, TaskClosed, AssigneeUnknown, or SeatRefused when an earlier step excludes the person.
    """
    if not actor.roles & OPERATORS:
        raise NotAllowed(task=task)
    if not to.reason.strip():
        raise OperationRefused(why={"zh": "请说明原因。", "en": "Say why."})
    lock = select(Instance.id).join(Task, Task.instance == Instance.id).where(Task.id == task)
    session.execute(lock.with_for_update(of=Instance))
    found = session.get(Task, task, populate_existing=True)
    if found is None:
        raise NotFound(task=task)
    if found.state is not TaskState.OPEN:
        raise TaskClosed(task=task)
    before = {"organisation": found.organisation, "assignee": found.assignee}
    _hand_on(session, found, actor, to)
    after = {"organisation": to.organisation, "assignee": to.assignee}
    place = {"instance": found.instance, "task": task, "element": found.element, "actor": actor.id}
    facts = {"from": before, "to": after, "reason": to.reason, **actor.told(OPERATORS)}
    events.record(session, [{"kind": "task.reassigned", **place, "data": facts}])
    _settle_assignment(session, task, found.instance)


def complete(session: Session, actor: Actor, task: UUID, answers: dict[str, Any]) -> TaskDone:
    """Finish a task with answers that its form accepts, or keep them until the added signs are given they wait for.

    Raise NotFound, TaskClosed, TaskClaimed, SeatRefused, TaskBound, or AnswersRefused - then nothing has touched the
    instance.
    """
    found = _taken(session, actor, task)
    with runtime.opened_locked(session, found) as running:
        if task not in running.before.tasks:
            raise TaskClosed(task=task)
        who = desk.capacity(actor, task, (found.role, found.seat, found.assignee))
        place = Place(task, found.id, found.element, found.role)
        _admit(session, who, place)
        signs = desk.settle(session, found.bindings, place, who) if found.bindings else []
        schema = running.programme.form(found.form) if found.form else None
        clean = forms.validate(schema, answers, running.data(task)) if schema else {}
        if found.returned:
            corrections.hold(session, task, clean)
        if signs:
            desk.hold(session, task, who, clean)
            _tell_held(session, task, found, (who, signs))
            return TaskDone(task, found.id, [], signs)
        running.complete(Completion(task, actor.id, found.element, found.name, clean, who.behalf, who.told))
    return TaskDone(task, found.id, running.created)


def _hand_on(session: Session, found: Task, actor: Actor, to: Assignment) -> None:
    """Let a task be for others, if they may and are known; what bound it to its owner does so no longer."""
    if to.assignee is not None:
        if to.assignee in desk.signers(session, found.id):
            raise ColleagueRefused(task=found.id, why=desk.SIGNED)
        step = Handover(Kind.TRANSFER, str(found.assignee or actor.id), str(to.assignee))
        independence.pass_on(session, Place(found.id, found.instance, found.element, found.role), step)
    if not worklist.assign(session, found.id, to.organisation, to.assignee):
        raise AssigneeUnknown(organisation=to.organisation, assignee=to.assignee)
    if found.bindings:
        desk.loosen(session, found.id)


def _taken(session: Session, actor: Actor, task: UUID) -> Any:
    """Lock a task that the actor may see together with its instance, in one statement."""
    given: dict[str, Any] = {"task": task, "actor": actor.id}
    statement = LOCK
    if actor.principals:
        statement, given = LOCK_LENT, {**given, **desk.lending(actor)}
    found = session.connection().execute(statement, given).one_or_none()
    if found is None:
        raise NotFound(task=task)
    return found


def _admit(session: Session, who: Capacity, place: Place) -> None:
    independence.admit(session, who.person, place)
    if who.behalf is not None:
        independence.admit_all(session, [who.behalf], place)


def _tell_held(session: Session, task: UUID, found: Any, held: tuple[Capacity, list[str]]) -> None:
    who, signs = held
    place = {"instance": found.id, "task": task, "element": found.element, "actor": who.person}
    facts = {"name": found.name, "signs": signs, **who.told}
    events.record(session, [{"kind": Happening.TASK_HELD, **place, "data": facts}])


def _settle_assignment(session: Session, task: UUID, instance: UUID) -> None:
    strays = update(Incident).where(
        Incident.instance == instance,
        Incident.task == task,
        Incident.kind == IncidentKind.ASSIGNMENT,
        Incident.state == IncidentState.OPEN,
    )
    done = {"state": IncidentState.RESOLVED, "resolved_at": clock.now()}
    session.execute(strays.values(done).execution_options(synchronize_session=False))


def _find(session: Session, actor: Actor, task: UUID) -> Work:
    return desk.looked_at(session, actor, task)


def _locked(session: Session, actor: Actor, task: UUID) -> Work:
    return desk.opened(session, actor, task)


_KEPT = select(Instance.deployment, Instance.envelope, Task.answers).join(Instance, Instance.id == Task.instance)
