"""What a move leaves behind: the instance, its worklist, timers, subscriptions, incidents, messages and history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, tuple_, update
from sqlalchemy.orm import Session

from engine import events
from engine.bpmn.execution import Execution, Rest, Wait
from engine.domain import durations
from engine.errors import Busy
from engine.processes import Programme
from engine.tables import (
    History,
    Incident,
    IncidentState,
    Instance,
    InstanceState,
    Message,
    MessageState,
    Reminder,
    Subscription,
    Task,
    TaskState,
    Timer,
)

REMIND_WORKDAYS = 3


@dataclass
class Held:
    """The columns of an instance that a move needs, read under its lock; `now` is the instant of the move."""

    id: UUID
    now: datetime
    version: int
    steps: int
    organisation: str | None
    milestone: str | None
    title: str = ""
    subject: str | None = None


class Move(Protocol):
    """A move that is about to be saved: `before` is what was open when it began."""

    session: Session
    row: Held
    programme: Programme
    execution: Execution
    before: Rest
    actor: UUID | None
    created: list[str]

    @property
    def now(self) -> datetime:
        """Return the instant of the move."""
        ...


def save(running: Move, envelope: bytes, after: Rest) -> None:
    """Write everything a move changed, in one pass over each table."""
    finished = {step.task for step in running.execution.steps}
    gone = [task for task in running.before.tasks if task not in after.tasks and task not in finished]
    happened: list[dict[str, Any]] = []
    _save_instance(running, envelope, happened)
    _save_tasks(running, after, gone, happened)
    _save_waits(running, after, happened)
    _save_failures(running, after, happened)
    _save_thrown(running, happened)
    _save_history(running, gone)
    events.record(running.session, happened)


def _save_instance(running: Move, envelope: bytes, happened: list[dict[str, Any]]) -> None:
    row, execution = running.row, running.execution
    state = _state(running)
    steps = row.steps + len(execution.steps)
    if execution.milestone:
        happened.append(_event(running, "milestone.reached", {"milestone": execution.milestone}))
    if state is not InstanceState.RUNNING:
        happened.append(_event(running, f"instance.{state.value}", {}))
    values = {
        "state": state,
        "version": row.version + 1,
        "steps": steps,
        "envelope": envelope,
        "milestone": execution.milestone or row.milestone,
        "ended_at": None if state is InstanceState.RUNNING else running.now,
    }
    done = running.session.execute(
        update(Instance).where(Instance.id == row.id, Instance.version == row.version).values(values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Busy(instance=row.id)


def _state(running: Move) -> InstanceState:
    if not running.execution.ended:
        return InstanceState.RUNNING
    return InstanceState.FINISHED if running.execution.finished else InstanceState.CANCELLED


def _save_tasks(running: Move, after: Rest, gone: list[UUID], happened: list[dict[str, Any]]) -> None:
    session, now = running.session, running.now
    if gone:
        session.execute(
            update(Task).where(Task.id.in_(gone)).values(state=TaskState.CANCELLED, ended_at=now),
        )
        happened += [_event(running, "task.cancelled", {}, running.before.tasks[key].id, key) for key in gone]
    fresh = [key for key in after.tasks if key not in running.before.tasks]
    rows = [_task_row(running, key, after) for key in fresh]
    if rows:
        session.execute(insert(Task), rows)
    running.created = [row["name"] for row in rows]
    happened += [
        _event(running, "task.created", {"name": r["name"], "due_at": _text(r["due_at"])}, r["element"], r["id"])
        for r in rows
    ]
    reminders = [one for row in rows for one in _task_reminders(running, row)]
    if reminders:
        session.execute(insert(Reminder), reminders)
    ended = [key for key in running.before.tasks if key not in after.tasks]
    if ended:
        session.execute(delete(Reminder).where(Reminder.task.in_(ended), Reminder.reminded_at.is_(None)))


def _task_row(running: Move, key: UUID, after: Rest) -> dict[str, Any]:
    element = after.tasks[key]
    data = running.execution.data(key)
    around = running.execution.surroundings
    due, provisional = around.deadline(element.deadline) if element.deadline else (None, False)
    return {
        "id": key,
        "instance": running.row.id,
        "element": element.id,
        "name": element.name,
        "form": element.form,
        "role": element.role,
        "organisation": around.value(element.organisation, data) if element.organisation else None,
        "assignee": around.value(element.assignee, data) if element.assignee else None,
        "state": TaskState.OPEN,
        "created_at": running.now,
        "due_at": due,
        "provisional": provisional,
    }


def _task_reminders(running: Move, row: dict[str, Any]) -> list[dict[str, Any]]:
    due = row["due_at"]
    if due is None:
        return []
    calendar = running.execution.surroundings.calendar
    moments = {
        "before": calendar.before(due, REMIND_WORKDAYS),
        "due": calendar.before(due, 0),
        "overdue": calendar.add_workdays(due, 1).due.replace(hour=1, minute=0, second=0),
    }
    shared = {
        "instance": running.row.id,
        "task": row["id"],
        "element": row["element"],
        "due_at": due,
        "roles": [row["role"]] if row["role"] else [],
        "organisation": row["organisation"],
    }
    return [{**shared, "kind": kind, "remind_at": at} for kind, at in moments.items() if at > running.now]


def _save_waits(running: Move, after: Rest, happened: list[dict[str, Any]]) -> None:
    session, before = running.session, running.before.waits
    gone = [wait for key, wait in before.items() if after.waits.get(key) != wait]
    fresh = [wait for key, wait in after.waits.items() if before.get(key) != wait]
    for table, timed in ((Timer, True), (Subscription, False)):
        keys = [(w.task, w.element) for w in gone if (w.due is not None) is timed]
        if keys:
            session.execute(delete(table).where(tuple_(table.task, table.element).in_(keys)))
    armed = [wait for wait in fresh if wait.due is not None]
    subscribed = [wait for wait in fresh if wait.due is None]
    if armed:
        rows = [_placed(running, w, due_at=w.due) for w in armed]
        session.execute(insert(Timer), rows)
        reminders = [one for wait in armed for one in _timer_reminders(running, wait)]
        if reminders:
            session.execute(insert(Reminder), reminders)
    if subscribed:
        rows = [_placed(running, w, message=w.message, correlation=w.correlation) for w in subscribed]
        session.execute(insert(Subscription), rows)
    happened += [_event(running, "timer.armed", {"due_at": _text(w.due)}, w.element, w.task) for w in armed]
    lapsed = [w.task for w in gone if w.due is not None]
    if lapsed:
        session.execute(delete(Reminder).where(Reminder.task.in_(lapsed), Reminder.reminded_at.is_(None)))


def _placed(running: Move, wait: Wait, **facts: Any) -> dict[str, Any]:
    return {"instance": running.row.id, "task": wait.task, "element": wait.element, **facts}


def _timer_reminders(running: Move, wait: Wait) -> list[dict[str, Any]]:
    element = running.programme.model.element(wait.process, wait.element)
    if not element.remind or wait.due is None:
        return []
    shared = {
        "instance": running.row.id,
        "task": wait.task,
        "element": wait.element,
        "due_at": wait.due,
        "roles": list(element.remind_roles),
        "organisation": None,
    }
    moments = {period: durations.after(wait.due, durations.parse(period), -1) for period in element.remind}
    return [{**shared, "kind": period, "remind_at": at} for period, at in moments.items() if at > running.now]


def _save_failures(running: Move, after: Rest, happened: list[dict[str, Any]]) -> None:
    session, before = running.session, running.before.failures
    solved = [key for key in before if key not in after.failures]
    if solved:
        session.execute(
            update(Incident)
            .where(Incident.task.in_(solved), Incident.state == IncidentState.OPEN)
            .values(state=IncidentState.RESOLVED, resolved_at=running.now)
        )
        happened += [_event(running, "incident.resolved", {}, before[key].element, key) for key in solved]
    fresh = [failure for key, failure in after.failures.items() if before.get(key) != failure]
    if fresh:
        rows = [
            {
                "instance": running.row.id,
                "task": failure.task,
                "element": failure.element,
                "reason": failure.reason,
                "state": IncidentState.OPEN,
                "raised_at": running.now,
            }
            for failure in fresh
        ]
        session.execute(insert(Incident), rows)
    happened += [_event(running, "incident.raised", {"reason": f.reason}, f.element, f.task) for f in fresh]


def _save_thrown(running: Move, happened: list[dict[str, Any]]) -> None:
    rows = [
        {
            "id": uuid4(),
            "source": "instance",
            "external_id": f"{running.row.id}/{running.row.version}/{index}",
            "name": thrown.name,
            "correlation": thrown.correlation,
            "payload": thrown.payload,
            "state": MessageState.WAITING,
            "received_at": running.now,
        }
        for index, thrown in enumerate(running.execution.thrown)
    ]
    if rows:
        running.session.execute(insert(Message), rows)
    happened += [
        _event(running, "message.sent", {"name": t.name, "correlation": t.correlation, "payload": t.payload}, t.element)
        for t in running.execution.thrown
    ]


def _save_history(running: Move, gone: list[UUID]) -> None:
    row = running.row
    rows = [
        {
            "instance": row.id,
            "step": row.steps + index,
            "task": step.task,
            "process": step.process,
            "element": step.element,
            "outcome": step.outcome,
            "at": running.now,
            "changes": step.changes,
        }
        for index, step in enumerate(running.execution.steps)
    ]
    rows += [
        {
            "instance": row.id,
            "step": row.steps + len(running.execution.steps),
            "task": key,
            "process": running.before.tasks[key].process,
            "element": running.before.tasks[key].id,
            "outcome": "cancelled",
            "at": running.now,
            "changes": None,
        }
        for key in gone
    ]
    if rows:
        running.session.execute(insert(History), rows)


def _event(
    running: Move, kind: str, data: Mapping[str, Any], element: str | None = None, task: UUID | None = None
) -> dict[str, Any]:
    return {
        "at": running.now,
        "kind": kind,
        "instance": running.row.id,
        "task": task,
        "element": element,
        "actor": running.actor,
        "data": dict(data),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
