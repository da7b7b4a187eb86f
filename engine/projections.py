"""What a move leaves behind: instance, worklist, timers, subscriptions, incidents, messages, history and events.

One statement writes it all: every part is a data-modifying WITH query over one JSON document, so that a move costs one
round trip whatever it touched. Only the parts that a move needs are in its statement.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID, uuid4

import orjson
from sqlalchemy import LargeBinary, TextClause, bindparam, text
from sqlalchemy.orm import Session

from engine.bpmn.execution import Execution, Rest, Wait
from engine.domain import durations
from engine.errors import Busy
from engine.processes import Programme
from engine.tables import InstanceState

REMIND_WORKDAYS = 3

INSTANCE = """UPDATE instance SET state = :state, version = version + 1, steps = :steps, envelope = :envelope,
  milestone = :milestone, ended_at = :ended_at WHERE id = :instance AND version = :version RETURNING 1"""

PARTS = {
    "completed": """UPDATE task SET state = 'completed', ended_at = :now, ended_by = r.person, assignee = r.person,
  answers = r.answers FROM given, jsonb_to_recordset(m->'completed') AS r(id uuid, person uuid, answers jsonb)
  WHERE task.id = r.id""",
    "cancelled": """UPDATE task SET state = 'cancelled', ended_at = :now
  FROM given, jsonb_to_recordset(m->'cancelled') AS r(id uuid) WHERE task.id = r.id""",
    "tasks": """INSERT INTO task (id, instance, element, name, form, role, organisation, assignee, state, created_at,
  due_at, provisional) SELECT id, :instance, element, name, form, role, organisation, assignee, 'open', :now, due_at,
  provisional FROM given, jsonb_to_recordset(m->'tasks') AS r(id uuid, element text, name text, form text, role text,
  organisation text, assignee uuid, due_at timestamptz, provisional boolean)""",
    "ended": """DELETE FROM reminder USING given, jsonb_to_recordset(m->'ended') AS r(id uuid)
  WHERE reminder.task = r.id AND reminder.reminded_at IS NULL""",
    "reminders": """INSERT INTO reminder (instance, task, element, kind, remind_at, due_at, roles, organisation)
  SELECT :instance, task, element, kind, remind_at, due_at, roles, organisation FROM given,
  jsonb_to_recordset(m->'reminders') AS r(task uuid, element text, kind text, remind_at timestamptz,
  due_at timestamptz, roles text[], organisation text)""",
    "disarmed": """DELETE FROM timer USING given, jsonb_to_recordset(m->'disarmed') AS r(task uuid, element text)
  WHERE timer.task = r.task AND timer.element = r.element""",
    "armed": """INSERT INTO timer (instance, task, element, due_at) SELECT :instance, task, element, due_at FROM given,
  jsonb_to_recordset(m->'armed') AS r(task uuid, element text, due_at timestamptz)
  ON CONFLICT (task, element) DO UPDATE SET due_at = excluded.due_at, attempts = 0, retry_at = NULL""",
    "unsubscribed": """DELETE FROM subscription USING given,
  jsonb_to_recordset(m->'unsubscribed') AS r(task uuid, element text)
  WHERE subscription.task = r.task AND subscription.element = r.element""",
    "subscribed": """INSERT INTO subscription (instance, task, element, message, correlation)
  SELECT :instance, task, element, message, correlation FROM given,
  jsonb_to_recordset(m->'subscribed') AS r(task uuid, element text, message text, correlation text)""",
    "resolved": """UPDATE incident SET state = 'resolved', resolved_at = :now FROM given,
  jsonb_to_recordset(m->'resolved') AS r(id uuid) WHERE incident.task = r.id AND incident.state = 'open'""",
    "raised": """INSERT INTO incident (instance, task, element, reason, state, raised_at)
  SELECT :instance, task, element, reason, 'open', :now FROM given,
  jsonb_to_recordset(m->'raised') AS r(task uuid, element text, reason text)""",
    "messages": """INSERT INTO message (id, source, external_id, name, correlation, payload, state, received_at)
  SELECT id, 'instance', external_id, name, correlation, payload, 'waiting', :now FROM given,
  jsonb_to_recordset(m->'messages') AS r(id uuid, external_id text, name text, correlation text, payload jsonb)""",
    "history": """INSERT INTO history (instance, step, task, process, element, outcome, at, changes)
  SELECT :instance, step, task, process, element, outcome, :now, changes FROM given,
  jsonb_to_recordset(m->'history') AS r(step integer, task uuid, process text, element text, outcome text,
  changes jsonb)""",
    "events": """INSERT INTO event (at, kind, instance, task, element, actor, data)
  SELECT :now, kind, :instance, task, element, :actor, data FROM given,
  jsonb_to_recordset(m->'events') AS r(kind text, task uuid, element text, data jsonb)""",
}

Rows = list[dict[str, Any]]


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


@dataclass(frozen=True)
class Completion:
    """A human task that a person finished in this move."""

    task: UUID
    person: UUID
    element: str
    name: str
    answers: dict[str, Any]


class Move(Protocol):
    """A move that is about to be saved: `before` is what was open when it began."""

    session: Session
    row: Held
    programme: Programme
    execution: Execution
    before: Rest
    actor: UUID | None
    completion: Completion | None
    reason: str | None
    created: list[str]
    opening: dict[str, Any] | None


def save(move: Move, envelope: bytes, after: Rest) -> None:
    """Write everything a move changed; raise Busy when the instance changed in between."""
    parts = _parts(move, after)
    row, execution = move.row, move.execution
    state = _state(execution)
    values = {
        "instance": row.id,
        "version": row.version,
        "now": row.now,
        "actor": move.actor,
        "state": state.value,
        "steps": row.steps + len(execution.steps),
        "envelope": envelope,
        "milestone": execution.milestone or row.milestone,
        "ended_at": None if state is InstanceState.RUNNING else row.now,
        "move": orjson.dumps(parts).decode(),
    }
    moved = move.session.connection().execute(_statement(tuple(parts)), values)
    if moved.scalar() != 1:
        raise Busy(instance=row.id)


@lru_cache(256)
def _statement(parts: tuple[str, ...]) -> TextClause:
    queries = ["given AS (SELECT CAST(:move AS jsonb) AS m)", f"moved AS ({INSTANCE})"]
    queries += [f"{part}_part AS ({PARTS[part]})" for part in parts]
    statement = "WITH " + ",\n".join(queries) + "\nSELECT count(*) FROM moved"
    for name, kind in (("instance", "uuid"), ("actor", "uuid"), ("now", "timestamptz"), ("ended_at", "timestamptz")):
        statement = statement.replace(f":{name}", f"CAST(:{name} AS {kind})")
    statement = statement.replace(":milestone", "CAST(:milestone AS text)")
    return text(statement).bindparams(bindparam("envelope", type_=LargeBinary))


def _state(execution: Execution) -> InstanceState:
    if not execution.ended:
        return InstanceState.RUNNING
    return InstanceState.FINISHED if execution.finished else InstanceState.CANCELLED


def _parts(move: Move, after: Rest) -> dict[str, Rows]:
    finished = {step.task for step in move.execution.steps}
    closed = [task for task in move.before.tasks if task not in after.tasks]
    gone = [task for task in closed if task not in finished]
    opened = [_task_row(move, task, after) for task in after.tasks if task not in move.before.tasks]
    move.created = [row["name"] for row in opened]
    lost = [wait for key, wait in move.before.waits.items() if after.waits.get(key) != wait]
    begun = [wait for key, wait in after.waits.items() if move.before.waits.get(key) != wait]
    solved = [failure for key, failure in move.before.failures.items() if key not in after.failures]
    failed = [failure for key, failure in after.failures.items() if move.before.failures.get(key) != failure]
    parts: dict[str, Rows] = {
        "completed": _completed(move.completion),
        "cancelled": [{"id": task} for task in gone],
        "tasks": opened,
        "ended": [{"id": task} for task in closed] + [{"id": wait.task} for wait in lost if wait.due],
        "reminders": [*_task_reminders(move, opened), *_timer_reminders(move, begun)],
        "disarmed": [_place(wait) for wait in lost if wait.due and (wait.task, wait.element) not in after.waits],
        "armed": [_place(wait, due_at=wait.due) for wait in begun if wait.due],
        "unsubscribed": [_place(wait) for wait in lost if not wait.due],
        "subscribed": [
            _place(wait, message=wait.message, correlation=wait.correlation) for wait in begun if not wait.due
        ],
        "resolved": [{"id": failure.task} for failure in solved],
        "raised": [{"task": f.task, "element": f.element, "reason": f.reason} for f in failed],
        "messages": _messages(move),
        "history": _history(move, gone),
    }
    parts["events"] = list(_events(move, parts, gone))
    return {name: rows for name, rows in parts.items() if rows}


def _completed(done: Completion | None) -> Rows:
    return [{"id": done.task, "person": done.person, "answers": done.answers}] if done else []


def _task_row(move: Move, task: UUID, after: Rest) -> dict[str, Any]:
    element = after.tasks[task]
    around = move.execution.surroundings
    asks = element.organisation or element.assignee
    data = move.execution.data(task) if asks else {}
    due, provisional = around.deadline(element.deadline) if element.deadline else (None, False)
    return {
        "id": task,
        "element": element.id,
        "name": element.name,
        "form": element.form,
        "role": element.role,
        "organisation": around.value(element.organisation, data) if element.organisation else None,
        "assignee": around.value(element.assignee, data) if element.assignee else None,
        "due_at": due,
        "provisional": provisional,
    }


def _task_reminders(move: Move, opened: Rows) -> Iterable[dict[str, Any]]:
    calendar, now = move.execution.surroundings.calendar, move.row.now
    for row in opened:
        due = row["due_at"]
        if due is None:
            continue
        moments = {
            "before": calendar.before(due, REMIND_WORKDAYS),
            "due": calendar.before(due, 0),
            "overdue": calendar.before(calendar.add_workdays(due, 1).due, 0),
        }
        roles = [row["role"]] if row["role"] else []
        shared = {"task": row["id"], "element": row["element"], "due_at": due, "roles": roles}
        for kind, moment in moments.items():
            if moment > now:
                yield {**shared, "kind": kind, "remind_at": moment, "organisation": row["organisation"]}


def _timer_reminders(move: Move, begun: list[Wait]) -> Iterable[dict[str, Any]]:
    for wait in begun:
        element = move.programme.model.element(wait.process, wait.element)
        if wait.due is None:
            continue
        for period in element.remind:
            moment = durations.after(wait.due, durations.parse(period), -1)
            if moment > move.row.now:
                yield {
                    **_place(wait, due_at=wait.due),
                    "kind": period,
                    "remind_at": moment,
                    "roles": list(element.remind_roles),
                    "organisation": None,
                }


def _place(wait: Wait, **facts: Any) -> dict[str, Any]:
    return {"task": wait.task, "element": wait.element, **facts}


def _messages(move: Move) -> Rows:
    return [
        {
            "id": uuid4(),
            "external_id": f"{move.row.id}/{move.row.version}/{index}",
            "name": thrown.name,
            "correlation": thrown.correlation,
            "payload": thrown.payload,
        }
        for index, thrown in enumerate(move.execution.thrown)
    ]


def _history(move: Move, gone: list[UUID]) -> Rows:
    steps = move.execution.steps
    rows: Rows = [
        {
            "step": move.row.steps + index,
            "task": step.task,
            "process": step.process,
            "element": step.element,
            "outcome": step.outcome,
            "changes": step.changes,
        }
        for index, step in enumerate(steps)
    ]
    for task in gone:
        element = move.before.tasks[task]
        place = {"task": task, "process": element.process, "element": element.id, "changes": None}
        rows.append({"step": move.row.steps + len(steps), "outcome": "cancelled", **place})
    return rows


def _events(move: Move, parts: Mapping[str, Rows], gone: list[UUID]) -> Iterable[dict[str, Any]]:
    yield from _what_came(move, gone)
    if move.execution.milestone:
        yield _event("milestone.reached", {"milestone": move.execution.milestone})
    yield from _what_waits(parts)
    state = _state(move.execution)
    if state is not InstanceState.RUNNING:
        yield _event(f"instance.{state.value}", {"reason": move.reason} if move.reason else {})


def _what_came(move: Move, gone: list[UUID]) -> Iterable[dict[str, Any]]:
    if move.opening is not None:
        yield _event("instance.started", move.opening)
    done = move.completion
    if done is not None:
        yield _event("task.completed", {"name": done.name}, done.element, done.task)
    for step in move.execution.steps:
        if step.outcome == "fired":
            yield _event("timer.fired", {}, step.element, step.task)
    for task in gone:
        element = move.before.tasks[task]
        yield _event("task.cancelled", {"name": element.name}, element.id, task)
    for thrown in move.execution.thrown:
        facts = {"name": thrown.name, "correlation": thrown.correlation, "payload": thrown.payload}
        yield _event("message.sent", facts, thrown.element)


def _what_waits(parts: Mapping[str, Rows]) -> Iterable[dict[str, Any]]:
    for row in parts["tasks"]:
        yield _event("task.created", {"name": row["name"], "due_at": row["due_at"]}, row["element"], row["id"])
    for row in parts["armed"]:
        yield _event("timer.armed", {"due_at": row["due_at"]}, row["element"], row["task"])
    for row in parts["raised"]:
        yield _event("incident.raised", {"reason": row["reason"]}, row["element"], row["task"])
    for row in parts["resolved"]:
        yield _event("incident.resolved", {}, None, row["id"])


def _event(kind: str, data: dict[str, Any], element: str | None = None, task: UUID | None = None) -> dict[str, Any]:
    return {"kind": kind, "task": task, "element": element, "data": data}
