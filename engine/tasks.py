"""Tasks: what waits for a person, who may take it, and what happens when it is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_, update
from sqlalchemy.orm import Session

from engine import calendars, clock, events, forms, pages, processes, runtime, worklist
from engine.errors import AssigneeUnknown, NotAllowed, NotFound, OperationRefused, TaskClaimed, TaskClosed
from engine.identity import Actor
from engine.pages import Page
from engine.projections import Completion
from engine.runtime import OPERATORS
from engine.tables import Incident, IncidentKind, IncidentState, Instance, Organisation, Person, Task, TaskState

FIND = text(
    """SELECT id, instance, element, name, form, state, assignee FROM task
    WHERE id = CAST(:task AS uuid) AND (assignee = CAST(:actor AS uuid) OR ended_by = CAST(:actor AS uuid) OR EXISTS (
      SELECT 1 FROM membership WHERE person = CAST(:actor AS uuid) AND membership.role = task.role
      AND (task.organisation IS NULL OR membership.organisation = task.organisation)))"""
)
LAST = datetime.max.replace(year=9998, tzinfo=clock.now().tzinfo)


@dataclass(frozen=True)
class TaskRow:
    """A task as a list shows it; `workdays_left` is negative when overdue."""

    id: UUID
    instance: UUID
    element: str
    name: str
    form: str | None
    role: str | None
    organisation: str | None
    organisation_name: dict[str, str] | None
    assignee: UUID | None
    assignee_name: str | None
    state: str
    created_at: datetime
    due_at: datetime | None
    provisional: bool
    overdue: bool
    workdays_left: int | None
    ended_at: datetime | None
    title: str
    subject: str | None
    programme: str
    process: str


@dataclass(frozen=True)
class TaskView:
    """A task with its form, what the form starts from, and the facts around it."""

    row: TaskRow
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


def mine(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """List the open tasks the actor has claimed or was given, the soonest due first."""
    return _open_page(session, actor, Task.assignee == actor.id, cursor, limit)


def claimable(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """List the open tasks that nobody has claimed and the actor may, the soonest due first."""
    return _open_page(session, actor, _claimable(actor), cursor, limit)


def done(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """List the tasks the actor has finished, the latest first."""
    query = _query().where(Task.ended_by == actor.id, Task.state == TaskState.COMPLETED)
    before = pages.position(cursor)
    if before is not None:
        query = query.where(tuple_(Task.ended_at, Task.id) < before)
    query = query.order_by(Task.ended_at.desc(), Task.id.desc()).limit(limit + 1)
    return pages.page(_rows(session, query), limit, lambda row: (row.ended_at, row.id))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Count the actor's lists."""
    own = and_(Task.assignee == actor.id, Task.state == TaskState.OPEN)
    free = and_(_claimable(actor), Task.state == TaskState.OPEN)
    past = and_(Task.ended_by == actor.id, Task.state == TaskState.COMPLETED)
    row = (
        session.execute(
            select(
                *(
                    select(func.count()).select_from(Task).where(condition).scalar_subquery().label(name)
                    for name, condition in (("mine", own), ("claimable", free), ("done", past))
                )
            )
        )
        .mappings()
        .one()
    )
    return dict(row)


def show(session: Session, actor: Actor, task: UUID) -> TaskView:
    """Return a task the actor may see, with its form; raise NotFound."""
    rows = _rows(session, _query().where(Task.id == task, _visible(actor)))
    if not rows:
        raise NotFound(task=task)
    row = rows[0]
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
    """Take a task for oneself; raise NotFound, TaskClosed, or TaskClaimed when somebody was faster."""
    found = _locked(session, actor, task)
    if found.assignee not in {None, actor.id}:
        raise TaskClaimed(task=task)
    if found.assignee is None:
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
    """Give an open task to somebody else, claimed or not; raise NotAllowed, NotFound, TaskClosed, AssigneeUnknown."""
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
    if not worklist.assign(session, task, to.organisation, to.assignee):
        raise AssigneeUnknown(organisation=to.organisation, assignee=to.assignee)
    after = {"organisation": to.organisation, "assignee": to.assignee}
    place = {"instance": found.instance, "task": task, "element": found.element, "actor": actor.id}
    facts = {"from": before, "to": after, "reason": to.reason}
    events.record(session, [{"kind": "task.reassigned", **place, "data": facts}])
    _settle_assignment(session, task, found.instance)


def complete(session: Session, actor: Actor, task: UUID, answers: dict[str, Any]) -> TaskDone:
    """Finish a task with answers that its form accepts.

    Raise NotFound, TaskClosed, TaskClaimed, or AnswersRefused - then nothing has touched the instance.
    """
    with runtime.opened_by_task(session, task) as running:
        found = _find(session, actor, task)
        if task not in running.before.tasks:
            raise TaskClosed(task=task)
        if found.assignee not in {None, actor.id}:
            raise TaskClaimed(task=task)
        schema = running.programme.form(found.form) if found.form else None
        clean = forms.validate(schema, answers, running.data(task)) if schema else {}
        running.complete(Completion(task, actor.id, found.element, found.name, clean))
    return TaskDone(task, found.instance, running.created)


def _settle_assignment(session: Session, task: UUID, instance: UUID) -> None:
    strays = update(Incident).where(
        Incident.instance == instance,
        Incident.task == task,
        Incident.kind == IncidentKind.ASSIGNMENT,
        Incident.state == IncidentState.OPEN,
    )
    done = {"state": IncidentState.RESOLVED, "resolved_at": clock.now()}
    session.execute(strays.values(done).execution_options(synchronize_session=False))


def _candidate(actor: Actor) -> ColumnElement[bool]:
    anywhere = and_(Task.organisation.is_(None), Task.role.in_(sorted(actor.roles)))
    here = tuple_(Task.organisation, Task.role).in_(sorted(actor.memberships))
    return or_(anywhere, here) if actor.memberships else anywhere


def _claimable(actor: Actor) -> ColumnElement[bool]:
    return and_(Task.assignee.is_(None), _candidate(actor))


def _visible(actor: Actor) -> ColumnElement[bool]:
    return or_(Task.assignee == actor.id, Task.ended_by == actor.id, _candidate(actor))


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


def _query() -> Any:
    return (
        select(
            Task,
            Instance.title,
            Instance.subject,
            Instance.programme,
            Instance.process,
            Organisation.name.label("organisation_name"),
            Person.name.label("assignee_name"),
        )
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .outerjoin(Person, Person.id == Task.assignee)
    )


def _open_page(
    session: Session, actor: Actor, condition: ColumnElement[bool], cursor: str | None, limit: int
) -> Page[TaskRow]:
    due = func.coalesce(Task.due_at, LAST)
    query = _query().where(Task.state == TaskState.OPEN, condition)
    after = pages.position(cursor)
    if after is not None:
        query = query.where(tuple_(due, Task.id) > after)
    rows = _rows(session, query.order_by(due, Task.id).limit(limit + 1))
    return pages.page(rows, limit, lambda row: (row.due_at or LAST, row.id))


def _rows(session: Session, query: Any) -> list[TaskRow]:
    calendar, now = calendars.load(session), clock.now()
    return [
        TaskRow(
            id=task.id,
            instance=task.instance,
            element=task.element,
            name=task.name,
            form=task.form,
            role=task.role,
            organisation=task.organisation,
            organisation_name=organisation_name,
            assignee=task.assignee,
            assignee_name=assignee_name,
            state=task.state.value,
            created_at=task.created_at,
            due_at=task.due_at,
            provisional=task.provisional,
            overdue=task.due_at is not None and task.state == TaskState.OPEN and task.due_at < now,
            workdays_left=calendar.workdays_between(now, task.due_at) if task.due_at else None,
            ended_at=task.ended_at,
            title=title,
            subject=subject,
            programme=programme,
            process=process,
        )
        for task, title, subject, programme, process, organisation_name, assignee_name in session.execute(query)
    ]
