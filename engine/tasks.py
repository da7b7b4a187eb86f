"""Tasks: what waits for a person, who may take it, and what happens when it is answered."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engine import clock, events, forms, inbox, independence, processes, runtime, worklist
from engine.domain.independence import Handover, Kind
from engine.errors import AssigneeUnknown, NotAllowed, NotFound, OperationRefused, TaskClaimed, TaskClosed
from engine.identity import Actor
from engine.independence import Place
from engine.projections import Completion
from engine.runtime import OPERATORS
from engine.tables import Incident, IncidentKind, IncidentState, Instance, Task, TaskState

VISIBLE = """(task.assignee = CAST(:actor AS uuid) OR task.ended_by = CAST(:actor AS uuid) OR EXISTS (
  SELECT 1 FROM membership WHERE person = CAST(:actor AS uuid) AND membership.role = task.role
  AND (task.organisation IS NULL OR membership.organisation = task.organisation)))"""
TASK = "task.instance, task.element, task.name, task.form, task.role, task.assignee"
INSTANCE = ", ".join(f"instance.{column}" for column in runtime.COLUMNS.split(", "))
FIND = text(
    f"SELECT task.id, task.state, {TASK} FROM task"  # noqa: S608 - the words are ours
    f" WHERE task.id = CAST(:task AS uuid) AND {VISIBLE}"
)
LOCK = text(
    f"SELECT {INSTANCE}, {TASK} FROM task JOIN instance ON instance.id = task.instance"  # noqa: S608 - the words are ours
    f" WHERE task.id = CAST(:task AS uuid) AND {VISIBLE} FOR UPDATE OF instance, task"
)


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
    """What finishing a task led to: the names of the tasks that opened."""

    id: UUID
    instance: UUID
    next: list[str]


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
    programme = _programme(session, row.instance)
    schema = programme.form(row.form) if row.form else None
    if row.state != TaskState.OPEN:
        answers = session.scalar(select(Task.answers).where(Task.id == task))
        return TaskView(row, schema, answers or {}, {}, answers)
    standing = runtime.peek(session, row.instance)
    data = standing.data(task)
    before = data.get(standing.element(task).result or "")
    return TaskView(row, schema, before if isinstance(before, dict) else {}, forms.mentioned(schema, data), None)


def claim(session: Session, actor: Actor, task: UUID) -> None:
    """Take a task for oneself; raise NotFound, TaskClosed, SeatRefused, or TaskClaimed when somebody was faster."""
    found = _locked(session, actor, task)
    if found.assignee not in {None, actor.id}:
        raise TaskClaimed(task=task)
    if found.assignee is None:
        _admit(session, actor.id, task, found)
        session.execute(update(Task).where(Task.id == task).values(assignee=actor.id))
        events.append(
            session, "task.claimed", instance=found.instance, task=task, element=found.element, actor=actor.id, data={}
        )


def release(session: Session, actor: Actor, task: UUID) -> None:
    """Give a claimed task back to everybody who may take it; raise NotFound, TaskClosed, TaskClaimed."""
    found = _locked(session, actor, task)
    if found.assignee != actor.id:
        raise TaskClaimed(task=task)
    session.execute(update(Task).where(Task.id == task).values(assignee=None))
    events.append(
        session, "task.released", instance=found.instance, task=task, element=found.element, actor=actor.id, data={}
    )


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
    if to.assignee is not None:
        step = Handover(Kind.TRANSFER, str(found.assignee or actor.id), str(to.assignee))
        independence.pass_on(session, Place(task, found.instance, found.element, found.role), step)
    before = {"organisation": found.organisation, "assignee": found.assignee}
    if not worklist.assign(session, task, to.organisation, to.assignee):
        raise AssigneeUnknown(organisation=to.organisation, assignee=to.assignee)
    after = {"organisation": to.organisation, "assignee": to.assignee}
    place = {"instance": found.instance, "task": task, "element": found.element, "actor": actor.id}
    facts = {"from": before, "to": after, "reason": to.reason}
    events.record(session, [{"kind": "task.reassigned", **place, "data": facts}])
    _settle_assignment(session, task, found.instance)


def complete(session: Session, actor: Actor, task: UUID, answers: dict[str, Any]) -> TaskDone:
    """Finish a task with answers that its form accepts.

    Raise NotFound, TaskClosed, TaskClaimed, SeatRefused, or AnswersRefused - then nothing has touched the instance.
    """
    found = session.connection().execute(LOCK, {"task": task, "actor": actor.id}).one_or_none()
    if found is None:
        raise NotFound(task=task)
    with runtime.opened_locked(session, found) as running:
        if task not in running.before.tasks:
            raise TaskClosed(task=task)
        if found.assignee not in {None, actor.id}:
            raise TaskClaimed(task=task)
        _admit(session, actor.id, task, found)
        schema = running.programme.form(found.form) if found.form else None
        clean = forms.validate(schema, answers, running.data(task)) if schema else {}
        running.complete(Completion(task, actor.id, found.element, found.name, clean))
    return TaskDone(task, found.instance, running.created)


def _admit(session: Session, person: UUID, task: UUID, found: Any) -> None:
    independence.admit(session, person, Place(task, found.instance, found.element, found.role))


def _settle_assignment(session: Session, task: UUID, instance: UUID) -> None:
    strays = update(Incident).where(
        Incident.instance == instance,
        Incident.task == task,
        Incident.kind == IncidentKind.ASSIGNMENT,
        Incident.state == IncidentState.OPEN,
    )
    done = {"state": IncidentState.RESOLVED, "resolved_at": clock.now()}
    session.execute(strays.values(done).execution_options(synchronize_session=False))


def _find(session: Session, actor: Actor, task: UUID) -> Any:
    found = session.connection().execute(FIND, {"task": task, "actor": actor.id}).one_or_none()
    if found is None:
        raise NotFound(task=task)
    if found.state != TaskState.OPEN:
        raise TaskClosed(task=task)
    return found


def _locked(session: Session, actor: Actor, task: UUID) -> Any:
    lock = select(Instance.id).join(Task, Task.instance == Instance.id).where(Task.id == task)
    session.execute(lock.with_for_update(of=Instance))
    return _find(session, actor, task)


def _programme(session: Session, instance: UUID) -> processes.Programme:
    digest = session.scalar(select(Instance.deployment).where(Instance.id == instance))
    return processes.load(session, str(digest))
