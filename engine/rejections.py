"""Rejections: a task is sent back to an earlier step (退回), or its answer is taken back before anybody goes on (撤回).

What comes from the step is taken away and the step opens again for whoever did it; docs/decisions/0012 tells why so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, corrections, desk, inbox, moves, processes, runtime, settings, ways
from engine.bpmn import causes, returns, survey
from engine.bpmn.causes import Past
from engine.desk import Binding
from engine.domain import deadlines
from engine.domain.actors import Capacity
from engine.errors import NotFound, OperationRefused, TaskClosed
from engine.events import Kind
from engine.identity import Actor
from engine.moves import Ground, Way
from engine.permits import permit
from engine.runtime import Running
from engine.tables import Draft, History, Instance, Membership, Person, Task, TaskState
from engine.tables import Rejection as Row


@dataclass(frozen=True)
class StepRow:
    """An earlier step that a task may be sent back to: its number in the history, and who did it when."""

    step: int
    element: str
    name: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Rejection:
    """To which step a task is sent back and why; `fields` are the paths of the answers that may change, none: all."""

    step: int
    reason: str
    fields: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RejectionRow:
    """Why a task was opened again: `before` are the answers given the last time, `attempt` counts its returns."""

    fields: list[str]
    before: dict[str, Any] | None
    reason: str
    sender: str
    source: UUID
    source_name: str
    attempt: int
    at: datetime


def steps(session: Session, actor: Actor, task: UUID) -> list[StepRow]:
    """List the steps that a task the actor holds may be sent back to, the latest first; raise as `send_back` does."""
    found, _ = _held(session, actor, task)
    digest = session.scalar(select(Instance.deployment).where(Instance.id == found.instance)) or ""
    model, execution = processes.load(session, digest).model, runtime.peek(session, found.instance)
    past = moves.history(session, found.instance)
    ground = Ground(session, found.instance, model, execution, past)
    found_ways = [way for row in ways.earlier(ground, task) if (way := ways.free(ground, row)) is not None]
    told = _told(session, past, [way.step for way in found_ways])
    rows = []
    for way in found_ways:
        step = way.step
        who, at = told[step.task]
        rows.append(StepRow(step.step, step.element, model.element(step.process, step.element).name, who, at))
    return sorted(rows, key=lambda row: -row.step)


def send_back(session: Session, actor: Actor, task: UUID, rejection: Rejection) -> None:
    """Send a task that the actor holds back to an earlier step, which opens again for whoever did it.

    Raise NotFound, TaskClosed, TaskClaimed, NotAllowed, InstanceSuspended, or OperationRefused saying why not.
    """
    found, capacity = _held(session, actor, task)
    desk.said(rejection.reason)
    with runtime.opened(session, found.instance) as running:
        if task not in running.before.tasks:
            raise TaskClosed(task=task)
        ways.allow(running.before.tasks[task], "return")
        ground = moves.ground(running)
        way = ways.chosen(ground, task, rejection.step)
        last = _last(session, way, ground.past)
        attempt = _attempt(session, found.instance, way.step.element)
        _named(rejection.fields, last)
        running.acts(actor.id)
        facts = {"step": rejection.step, "to": way.step.element, "fields": rejection.fields, "attempt": attempt}
        running.tell("task.returned", {**facts, "reason": rejection.reason, **capacity.told}, found.element, task)
        begun = moves.take_up(running, way, None)
        if found.term is not None:
            returns.stop_clock(running.execution, found.element, deadlines.read(found.term))
        opened = _opened(running, begun)
    why = {"sender": actor.id, "source": task, "reason": rejection.reason, "fields": rejection.fields}
    _mark(session, found.instance, opened, last, {**why, "attempt": attempt, "at": clock.now()})


def of_task(session: Session, task: UUID) -> RejectionRow | None:
    """Return why a task was opened again, None when it was not sent back; the caller has seen that it may be seen."""
    query = (
        select(Row, Person.name, Task.name)
        .join(Person, Person.id == Row.sender)
        .join(Task, Task.id == Row.source)
        .where(Row.task == task)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    row, sender, source = found
    return RejectionRow(row.fields, row.before, row.reason, sender, row.source, source, row.attempt, row.at)


def withdraw(session: Session, actor: Actor, task: UUID, reason: str) -> UUID:
    """Take back one's own answer before the next person acts; return the task that is open again.

    An answer that waits for added signs is taken back until the first of them is given. The data are as before the
    answer, which is kept as a draft. Raise NotFound, NotAllowed, InstanceEnded, InstanceSuspended, or OperationRefused
    saying why it is too late.
    """
    found = session.scalar(select(Task).where(Task.id == task, inbox.visible(actor)))
    if found is None:
        raise NotFound(task=task)
    desk.said(reason)
    if found.state is TaskState.OPEN and Binding.COUNTERSIGNING in found.bindings:
        return _before_signs(session, actor, task, reason)
    if found.state is not TaskState.COMPLETED or found.ended_by != actor.id:
        raise _not_own()
    told = _for(session, found.acted_for)
    with runtime.opened(session, found.instance) as running:
        ground = moves.ground(running)
        way = ways.own(ground, task)
        ways.allow(ground.model.element(way.step.process, way.step.element), "withdraw")
        ways.too_late(ground, way)
        running.acts(actor.id)
        running.tell("task.withdrawn", {"name": found.name, "reason": reason, **told}, found.element, task)
        returns.restore(running.execution, _undone(running, ground, way))
        if found.term is not None:
            returns.stop_clock(running.execution, found.element, deadlines.read(found.term))
        opened = _opened(running, moves.take_up(running, way, None))
    again = opened[0]
    _give_back(session, found, again, actor)
    return again


def _before_signs(session: Session, actor: Actor, task: UUID, reason: str) -> UUID:
    """Take back an answer that nobody has signed yet; whoever was to sign it is to sign the next one."""
    work = desk.opened(session, actor, task)
    if Binding.COUNTERSIGNING not in work.bindings or work.answered_by != actor.id:
        raise _not_own()
    permit(session, work, "withdraw")
    if session.scalar(select(Task.id).where(Task.id == task, ways.signed())) is not None:
        raise OperationRefused(why=ways.SIGNED)
    desk.loosen(session, task)
    _keep_draft(session, task, actor, work.answers)
    facts = {"reason": reason, **_for(session, work.acted_for)}
    desk.happened(session, Kind.TASK_WITHDRAWN, actor, work, facts)
    return task


def _for(session: Session, principal: UUID | None) -> dict[str, Any]:
    """Return what an event tells of in whose place an answer was given."""
    if principal is None:
        return {}
    name = session.scalar(select(Person.name).where(Person.id == principal))
    return {"for": {"person": str(principal), "name": name}}


def _held(session: Session, actor: Actor, task: UUID) -> tuple[Task, Capacity]:
    work = desk.looked_at(session, actor, task)
    capacity = desk.own(actor, work)
    if work.assignee is None:
        raise _refused("请先领取该任务。", "Claim the task first.")
    return session.get_one(Task, task, populate_existing=True), capacity


def _undone(running: Running, ground: Ground, way: Way) -> dict[str, dict[str, Any]]:
    """Return the variables that a step and what came from it wrote, as they were before it, layer by layer.

    What another branch has written since stays.
    """
    if way.step.version is None:
        raise _refused("当时的数据没有保存。", "The data of then were not kept.")
    undone = {way.step.task, *(row.task for row in ways.since(ground, way))}
    query = select(History.task, History.changes).where(
        History.instance == ground.instance, History.version >= way.step.version, History.changes.is_not(None)
    )
    ours: set[str] = set()
    theirs: set[str] = set()
    for row, changes in ground.session.execute(query.order_by(History.step)):
        (ours if row in undone else theirs).update(changes)
    then = moves.at(running, way.step.version - 1)
    layers = survey.layers(running.execution)
    seen = survey.seen(running.execution, way.scope)
    names = ours - theirs
    return {
        layer: {name: value for name, value in then[layer].items() if name in names and name in layers[layer]}
        for layer in seen
        if layer in then and layer in layers
    }


def _told(session: Session, past: Iterable[Past], steps: Iterable[Past]) -> dict[UUID, tuple[str, datetime]]:
    """Return who did steps and when, by their tokens; of a step that several did, all of them and the last."""
    several = {row.task: row.sources[0] for row in past if causes.several(row)}
    wanted = {step.task for step in steps}
    ids = [*wanted, *(seat for seat, whole in several.items() if whole in wanted)]
    moment = func.coalesce(Task.ended_at, Task.created_at)
    query = select(Task.id, Person.name, moment).join(Person, Person.id == Task.ended_by)
    found: dict[UUID, tuple[list[str], datetime]] = {}
    for task, name, at in session.execute(query.where(Task.id.in_(ids)).order_by(Task.ended_at)):
        names, _ = found.get(several.get(task, task), ([], at))
        found[several.get(task, task)] = (list(dict.fromkeys([*names, name])), at)
    return {task: ("、".join(names), at) for task, (names, at) in found.items()}


def _opened(running: Running, begun: UUID) -> list[UUID]:
    """Return the tasks that a new token opened; raise OperationRefused when the step cannot be done again."""
    standing = {one.task: one for one in survey.tokens(running.execution)}
    open_now = [task for task in running.execution.rest().tasks if task not in running.before.tasks]
    found = [task for task in open_now if begun in {task, standing[task].holder}]
    if not found:
        raise _refused("该环节现在无法重新办理。", "That step cannot be done again as things stand.")
    return found


def _last(session: Session, way: Way, past: Iterable[Past]) -> list[Task]:
    """Return the finished tasks of the step that opens again: one, or those of several."""
    ids = {way.step.task, *(row.task for row in past if way.step.task in row.sources and causes.several(row))}
    return list(session.scalars(select(Task).where(Task.id.in_(ids)).order_by(Task.ended_at)))


def _attempt(session: Session, instance: UUID, element: str) -> int:
    query = select(func.count(func.distinct(Row.source))).join(Task, Task.id == Row.task)
    count = session.scalar(query.where(Row.instance == instance, Task.element == element)) or 0
    most = settings.load().max_returns
    if count >= most:
        raise _refused(f"该环节已退回{count}次，不能再退回。", f"That step was sent back {count} times; no more.")
    return count + 1


def _named(fields: list[str], last: list[Task]) -> None:
    """Refuse fields that the step does not answer."""
    answers = [task.answers or {} for task in last]
    strange = [name for name in fields if not any(corrections.has(one, name) for one in answers)]
    if strange:
        told = "、".join(strange)
        raise _refused(f"该环节没有填写这些项目：{told}。", f"That step does not answer these: {', '.join(strange)}.")


def _mark(session: Session, instance: UUID, opened: list[UUID], last: list[Task], why: dict[str, Any]) -> None:
    """Say on the tasks that opened again why they did, and give each to whoever did it, where they still may."""
    fresh = list(session.scalars(select(Task).where(Task.id.in_(opened)).order_by(Task.created_at, Task.id)))
    waiting = list(last)
    for task in fresh:
        before = next((one for one in waiting if one.organisation == task.organisation), None)
        if before is not None:
            waiting.remove(before)
        answers = before.answers if before is not None else None
        session.add(Row(task=task.id, instance=instance, before=answers, **why))
        holder = (before.acted_for or before.ended_by) if before is not None else None
        if task.assignee is None and holder is not None and _still_may(session, holder, task):
            session.execute(update(Task).where(Task.id == task.id).values(assignee=holder))
    session.flush()


def _still_may(session: Session, person: UUID, task: Task) -> bool:
    seat = and_(
        Membership.person == Person.id,
        Membership.role == task.role,
        true() if task.organisation is None else Membership.organisation == task.organisation,
    )
    query = select(Person.id).where(Person.id == person, Person.active, select(Membership.person).where(seat).exists())
    return session.scalar(query) is not None


def _give_back(session: Session, task: Task, again: UUID, actor: Actor) -> None:
    """Give the task that is open again to whoever took it back, with the answers as a draft."""
    session.execute(update(Task).where(Task.id == again).values(assignee=task.acted_for or actor.id))
    _keep_draft(session, again, actor, task.answers)


def _keep_draft(session: Session, task: UUID, actor: Actor, answers: dict[str, Any] | None) -> None:
    if not answers:
        return
    kept = {"task": task, "person": actor.id, "answers": answers, "saved_at": clock.now()}
    changed = {"answers": answers, "saved_at": kept["saved_at"]}
    session.execute(insert(Draft).values(kept).on_conflict_do_update(index_elements=["task", "person"], set_=changed))


def _not_own() -> OperationRefused:
    return _refused("只能撤回自己已办结的任务。", "Only what you have finished yourself can be taken back.")


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})
