"""What a move leaves behind: instance, worklist, timers, subscriptions, incidents, what it threw, history, events.

One statement (`engine.statement`) writes it all; here is what it is given: the difference between the rest before the
move and the rest after it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

import orjson
from sqlalchemy.orm import Session

from engine import statement, worklist
from engine.bpmn import survey
from engine.bpmn.environment import Thrown
from engine.bpmn.execution import Execution, Rest, Wait
from engine.errors import AssigneeUnknown, Busy
from engine.processes import Programme
from engine.tables import IncidentKind, InstanceState, WaitKind

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
    state: InstanceState = InstanceState.RUNNING


@dataclass(frozen=True)
class Ending:
    """Who ends an instance at once, and why; `told` is what its event tells besides: in whose place."""

    person: UUID
    reason: str
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Completion:
    """A human task that a person finished in this move, in their own place or in that of a `principal`.

    `told` is what its event tells besides: in whose place.
    """

    task: UUID
    person: UUID
    element: str
    name: str
    answers: dict[str, Any]
    principal: UUID | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


class Move(Protocol):
    """A move that is about to be saved: `before` is what was open when it began, `known` the variables it found.

    `behalf` is what its events tell of the person in whose place it was made.
    """

    session: Session
    row: Held
    programme: Programme
    execution: Execution
    before: Rest
    known: survey.Layers
    told: Rows
    behalf: dict[str, Any]
    actor: UUID | None
    completion: Completion | None
    reason: str | None
    created: list[str]
    opening: dict[str, Any] | None


def save(move: Move, envelope: bytes, after: Rest) -> None:
    """Write everything a move changed; raise Busy when the instance changed in between."""
    parts = _parts(move, after)
    row, execution = move.row, move.execution
    state = _state(move)
    values = {
        "instance": row.id,
        "version": row.version,
        "now": row.now,
        "actor": move.actor,
        "state": state.value,
        "steps": row.steps + len(execution.steps),
        "envelope": envelope,
        "milestone": execution.milestone or row.milestone,
        "ended_at": row.now if execution.ended else None,
        "move": orjson.dumps(parts).decode(),
    }
    moved = move.session.connection().execute(statement.moving(tuple(parts)), values)
    if moved.scalar() != 1:
        raise Busy(instance=row.id)


def terminate(session: Session, row: Held, ending: Ending) -> None:
    """End an instance at once, whatever state it is in, and take away all that is open in it."""
    told = {"reason": ending.reason, "behalf": orjson.dumps(dict(ending.told)).decode()}
    values = {"instance": row.id, "now": row.now, "actor": ending.person, **told}
    session.connection().execute(statement.terminating(), values)


def event(kind: str, data: dict[str, Any], element: str | None = None, task: UUID | None = None) -> dict[str, Any]:
    """Return an event as the statement of a move takes it."""
    return {"kind": kind, "task": task, "element": element, "data": data}


def _state(move: Move) -> InstanceState:
    if not move.execution.ended:
        return move.row.state
    return InstanceState.FINISHED if move.execution.finished else InstanceState.CANCELLED


def _parts(move: Move, after: Rest) -> dict[str, Rows]:
    finished = {step.task for step in move.execution.steps}
    closed = [task for task in move.before.tasks if task not in after.tasks]
    gone = [task for task in closed if task not in finished]
    opened = [_task_row(move, task, after) for task in after.tasks if task not in move.before.tasks]
    move.created = [row["name"] for row in opened]
    lost = [wait for key, wait in move.before.waits.items() if after.waits.get(key) != wait]
    begun = [wait for key, wait in after.waits.items() if move.before.waits.get(key) != wait]
    clocks = _clocks(move, after)
    parts: dict[str, Rows] = {
        "completed": _completed(move.completion),
        "cancelled": [{"id": task} for task in gone],
        "tasks": opened,
        "ended": [{"task": task, "element": move.before.tasks[task].id} for task in closed]
        + [_place(wait) for wait in lost],
        "reminders": _reminders(move, [*opened, *clocks["freed"]], begun),
        **clocks,
        **_waits(lost, begun, after),
        **_failures(move, after, opened),
        **_thrown(move),
        "history": _history(move, gone),
        "undo": _undo(move),
    }
    parts["events"] = list(_events(move, parts, gone))
    return {name: rows for name, rows in parts.items() if rows}


def _completed(done: Completion | None) -> Rows:
    if done is None:
        return []
    return [{"id": done.task, "person": done.person, "answers": done.answers, "principal": done.principal}]


def _task_row(move: Move, task: UUID, after: Rest) -> dict[str, Any]:
    element = after.tasks[task]
    data = move.execution.data(task) if element.organisation or element.assignee else {}
    return worklist.row(task, element, move.execution.surroundings, data, after.still)


def _reminders(move: Move, opened: Rows, begun: list[Wait]) -> Rows:
    rows = list(worklist.reminders(move.execution.surroundings.calendar, move.row.now, opened))
    for wait in begun:
        if wait.due is not None:
            element = move.programme.model.element(wait.process, wait.element)
            rows += worklist.notices(element, wait.task, wait.due, move.row.now)
    return rows


def _waits(lost: list[Wait], begun: list[Wait], after: Rest) -> dict[str, Rows]:
    return {
        "disarmed": [_place(wait) for wait in lost if wait.due and (wait.task, wait.element) not in after.waits],
        "armed": [_place(wait, due_at=wait.due, term=wait.term) for wait in begun if wait.due],
        "unsubscribed": [_place(wait) for wait in lost if not wait.due],
        "deaf": [_place(wait) for wait in lost if wait.signal],
        "subscribed": [_subscription(wait) for wait in begun if not wait.due],
    }


def _subscription(wait: Wait) -> dict[str, Any]:
    if wait.message is not None:
        return _place(wait, kind=WaitKind.MESSAGE, name=wait.message, correlation=wait.correlation)
    if wait.signal is not None:
        return _place(wait, kind=WaitKind.SIGNAL, name=wait.signal, correlation="")
    return _place(wait, kind=WaitKind.CONDITION, name="", correlation="")


def _place(wait: Wait, **facts: Any) -> dict[str, Any]:
    return {"task": wait.task, "element": wait.element, **facts}


def _clocks(move: Move, after: Rest) -> dict[str, Rows]:
    """Return which activities stop clocks from now on or no longer, and the tasks whose deadlines they hold or free."""
    before = move.before
    if not (before.stops or after.stops):
        return {"freed": []}
    kept = {task: element for task, element in after.tasks.items() if task in before.tasks and element.deadline}
    around, stop = move.execution.surroundings, [move.row.now.isoformat(), None]
    held = {task for task, element in kept.items() if element.deadline in after.still - before.still}
    freed = {task: element for task, element in kept.items() if element.deadline in before.still - after.still}
    return {
        "stopped": [
            {"task": task, "element": one.id, "name": one.name, "keys": one.stops}
            for task, one in after.stops.items()
            if task not in before.stops
        ],
        "resumed": [
            {"task": task, "element": one.id, "name": one.name, "keys": one.stops}
            for task, one in before.stops.items()
            if task not in after.stops
        ],
        "held": [{"id": task, "stop": stop} for task in held],
        "freed": worklist.resumed(move.session, around.calendar, around.now, freed),
    }


def _failures(move: Move, after: Rest, opened: Rows) -> dict[str, Rows]:
    before = move.before.failures
    raised = [
        {"task": failure.task, "element": failure.element, "kind": IncidentKind.STEP, "reason": failure.reason}
        for key, failure in after.failures.items()
        if before.get(key) != failure
    ]
    raised += [
        {"task": row["id"], "element": row["element"], "kind": IncidentKind.ASSIGNMENT, "reason": "; ".join(faults)}
        for row in opened
        if (faults := row.pop("faults"))
    ]
    return {
        "resolved": [{"id": failure.task} for key, failure in before.items() if key not in after.failures],
        "raised": raised,
        "assigned": [_assigned(row) for row in opened if row["organisation"] or row["assignee"]],
    }


def _assigned(row: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be looked up of a task's row: the statement raises an incident where it is not known."""
    named = {key: row[key] for key in ("organisation", "assignee") if row[key] is not None}
    return {"id": row["id"], "element": row["element"], "reason": str(AssigneeUnknown(**named)), **named}


def _thrown(move: Move) -> dict[str, Rows]:
    messages: Rows = []
    signals: Rows = []
    for index, thrown in enumerate(move.execution.thrown):
        row = {
            "id": uuid4(),
            "external_id": f"{move.row.id}/{move.row.version}/{index}",
            "name": thrown.name,
            "correlation": thrown.correlation,
            "payload": thrown.payload,
        }
        (signals if thrown.kind == WaitKind.SIGNAL else messages).append(row)
    return {"messages": messages, "signals": signals}


def _undo(move: Move) -> Rows:
    """Return what the changed variables were before, layer by layer; what was not there is null, as FEEL has it.

    A sub-process that ended keeps its last variables under its layer's name with a "-" before it.
    """
    if move.execution.ended or move.opening is not None:
        return []
    now = survey.layers(move.execution)
    undo = {layer: _before(known, now[layer]) for layer, known in move.known.items() if layer in now}
    changed: dict[str, Any] = {layer: values for layer, values in undo.items() if values}
    for layer, last in move.known.items():
        if layer not in now and layer.startswith("s") and last:
            changed[f"-{layer}"] = _last(last, now)
    return [changed] if changed else []


def _last(last: Mapping[str, Any], now: survey.Layers) -> dict[str, Any]:
    """Return the last variables of a layer; `refs` names those that another layer holds now: most were handed out."""
    refs: dict[str, list[str]] = {}
    own: dict[str, Any] = {}
    for name, value in last.items():
        holder = next((layer for layer, held in now.items() if name in held and _same(held[name], value)), None)
        if holder is None:
            own[name] = value
        else:
            refs.setdefault(holder, []).append(name)
    return {"refs": refs, "own": own}


def _before(known: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {name: known.get(name) for name, value in now.items() if not _same(known.get(name), value)}


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


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
            **({"scope": step.scope} if step.scope else {}),
            **({"origins": step.origins} if step.origins is not None else {}),
        }
        for index, step in enumerate(steps)
    ]
    for task in gone:
        element = move.before.tasks[task]
        place = {"task": task, "process": element.process, "element": element.id, "changes": None}
        rows.append({"step": move.row.steps + len(steps), "outcome": "cancelled", **place})
    return rows


def _events(move: Move, parts: Mapping[str, Rows], gone: list[UUID]) -> Iterable[dict[str, Any]]:
    if move.opening is not None:
        yield event("instance.started", move.opening)
    yield from ({**one, "data": {**one["data"], **move.behalf}} for one in move.told)
    yield from _what_came(move, gone)
    if move.execution.milestone:
        yield event("milestone.reached", {"milestone": move.execution.milestone})
    yield from _what_waits(parts)
    yield from _what_stood_still(parts)
    if move.execution.ended:
        facts = {"reason": move.reason, **move.behalf} if move.reason else {}
        yield event(f"instance.{_state(move).value}", facts)


def _what_came(move: Move, gone: list[UUID]) -> Iterable[dict[str, Any]]:
    done = move.completion
    if done is not None:
        yield event("task.completed", {"name": done.name, **done.told}, done.element, done.task)
    for step in move.execution.steps:
        if step.outcome == "fired":
            yield event("timer.fired", {}, step.element, step.task)
    for task in gone:
        element = move.before.tasks[task]
        yield event("task.cancelled", {"name": element.name}, element.id, task)
    for made in move.execution.made:
        yield event("decision.made", made.told, made.element)
    yield from map(_sent, move.execution.thrown)


def _sent(thrown: Thrown) -> dict[str, Any]:
    facts = {"name": thrown.name, "payload": thrown.payload}
    if thrown.kind == WaitKind.SIGNAL:
        return event("signal.sent", facts, thrown.element)
    return event("message.sent", {**facts, "correlation": thrown.correlation}, thrown.element)


def _what_waits(parts: Mapping[str, Rows]) -> Iterable[dict[str, Any]]:
    for row in parts["tasks"]:
        yield event("task.created", {"name": row["name"], "due_at": row["due_at"]}, row["element"], row["id"])
    for row in parts["armed"]:
        yield event("timer.armed", {"due_at": row["due_at"]}, row["element"], row["task"])
    for row in parts["raised"]:
        yield event("incident.raised", {"reason": row["reason"]}, row["element"], row["task"])
    for row in parts["resolved"]:
        yield event("incident.resolved", {}, None, row["id"])


def _what_stood_still(parts: Mapping[str, Rows]) -> Iterable[dict[str, Any]]:
    for part, kind in (("stopped", "deadline.stopped"), ("resumed", "deadline.resumed")):
        for row in parts.get(part, ()):
            yield event(kind, {"name": row["name"], "keys": row["keys"]}, row["element"], row["task"])
    why = "、".join(dict.fromkeys(row["name"] for row in parts.get("resumed", ())))
    for row in parts.get("freed", ()):
        facts = {"name": row["name"], "before": row["before"], "due_at": row["due_at"], "reason": why}
        yield event("deadline.moved", facts, row["element"], row["id"])
