"""Moves: tokens are taken away here and started there; a return is a move to a step that was done before."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime
from engine.bpmn import survey
from engine.bpmn.parse import Model
from engine.bpmn.survey import Standing
from engine.errors import NotFound, OperationRefused
from engine.identity import Actor
from engine.runtime import Running
from engine.tables import Change, History, Task


class When(StrEnum):
    """Which data a step that is done again sees."""

    THEN = "then"  # as they were when it was done
    NOW = "now"  # as they have become


@dataclass(frozen=True)
class Placement:
    """A flow node to start a token at; `scope` is the token that opened the sub-process, where there are several."""

    element: str
    scope: UUID | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True)
class Shift:
    """Which tokens are taken away, and where others start."""

    reason: str
    withdraw: list[UUID] = field(default_factory=list)
    place: list[Placement] = field(default_factory=list)


@dataclass(frozen=True)
class Return:
    """To which step of the history an instance goes back; without `withdraw`, what stands behind it is taken away."""

    step: int
    reason: str
    data: When = When.NOW
    withdraw: list[UUID] | None = None


@dataclass(frozen=True)
class _Spot:
    """Where a step lies now: the open scope around it, and the flow node of that scope that leads to it."""

    scope: UUID | None
    process: str
    pivot: str


def move(session: Session, actor: Actor, instance: UUID, shift: Shift) -> None:
    """Take tokens away and start others; raise NotAllowed, NotFound, InstanceEnded, OperationRefused.

    A sub-process whose every token is taken away is taken away as a whole, unless a token starts inside it.
    """
    with runtime.operated(session, actor, instance, shift.reason) as running:
        standing = _standing(running)
        if not (shift.withdraw or shift.place):
            raise _refused("没有说明要移动什么。", "It does not say what to move.")
        _known(standing, shift.withdraw)
        withdrawn = [standing[task].element for task in shift.withdraw]
        placed = [placement.element for placement in shift.place]
        running.tell("instance.moved", {"withdrawn": withdrawn, "placed": placed, "reason": shift.reason})
        _carry_out(running, standing, shift, [_spot_of(running, placement) for placement in shift.place])


def send_back(session: Session, actor: Actor, instance: UUID, back: Return) -> None:
    """Go back to a step of the history, with the data of then or of now; raise as `move` does.

    The step may be long past. Whatever stands behind it in its diagram is taken away, but for tasks that were open
    before it was done; `back.withdraw` names other tokens instead.
    """
    with runtime.operated(session, actor, instance, back.reason) as running:
        step = _step(session, instance, back.step)
        standing = _standing(running)
        spot = _spot(running, step.process, step.element, step.scope)
        withdraw = _known(standing, back.withdraw or [])
        if back.withdraw is None:
            older = _older(session, instance, step.version)
            withdraw = [one.task for one in standing.values() if one.task not in older and _behind(running, one, spot)]
        if back.data is When.THEN:
            survey.restore(running.execution, _then(session, running, step, spot))
        facts = {"step": back.step, "element": step.element, "data": back.data.value, "reason": back.reason}
        running.tell("instance.returned", facts, step.element, step.task)
        _carry_out(running, standing, Shift(back.reason, withdraw, [Placement(step.element, spot.scope)]), [spot])


def _standing(running: Running) -> dict[UUID, Standing]:
    return {one.task: one for one in survey.tokens(running.execution)}


def _known(standing: dict[UUID, Standing], tasks: list[UUID]) -> list[UUID]:
    if any(task not in standing for task in tasks):
        raise _refused("没有这些令牌。", "There are no such tokens.")
    return tasks


def _carry_out(running: Running, standing: dict[UUID, Standing], shift: Shift, spots: list[_Spot]) -> None:
    """Start first and take away afterwards, so that no scope ends between; what waits at a join goes before all."""
    chosen = _lifted(standing, set(shift.withdraw), _around(standing, [spot.scope for spot in spots]))
    if not spots and all(one.task in chosen for one in standing.values() if one.holder is None):
        raise _refused("这样就什么都不剩了；请改用撤销。", "Nothing would be left; cancel the instance instead.")
    early = [task for task in chosen if standing[task].kind == "join" and _accompanied(standing, task)]
    for task in early:
        running.withdraw(task)
    for placement, spot in zip(shift.place, spots, strict=True):
        running.place(placement.element, placement.data, spot.scope if spot.pivot == placement.element else None)
    for task in chosen - set(early):
        running.withdraw(task)


def _lifted(standing: dict[UUID, Standing], wanted: set[UUID], kept: set[UUID]) -> set[UUID]:
    """Return what to take away so that nothing goes on by being emptied: a token whose all parts go, goes instead."""
    chosen = {standing[task].holder if standing[task].choice else task for task in wanted}
    parts: dict[UUID, set[UUID]] = {}
    for one in standing.values():
        if one.holder is not None:
            parts.setdefault(one.holder, set()).add(one.task)
    for holder in reversed([task for task in standing if task in parts]):  # the innermost first
        if parts[holder] <= chosen and holder not in kept:
            chosen = chosen - parts[holder] | {holder}
    return {task for task in chosen if task is not None and not set(_holders(standing, task)) & chosen}


def _around(standing: dict[UUID, Standing], scopes: list[UUID | None]) -> set[UUID]:
    """Return the tokens that hold the scopes in which something starts."""
    inner = [scope for scope in scopes if scope is not None]
    return {*inner, *(holder for scope in inner for holder in _holders(standing, scope))}


def _holders(standing: dict[UUID, Standing], task: UUID) -> list[UUID]:
    found = []
    holder = standing[task].holder
    while holder is not None:
        found.append(holder)
        holder = standing[holder].holder
    return found


def _accompanied(standing: dict[UUID, Standing], task: UUID) -> bool:
    """Tell whether something else than joins stands beside a token, so that its scope does not end without it."""
    holder = standing[task].holder
    return any(one.holder == holder and one.kind != "join" for one in standing.values())


def _spot_of(running: Running, placement: Placement) -> _Spot:
    """Return where a placement lies: in the scope it names, or in the outermost open one that draws the element."""
    elements, scopes = running.programme.model.elements, survey.scopes(running.execution)
    named = [placement.scope] if placement.scope is not None else list(scopes)
    found = next((one for one in named if placement.element in elements.get(scopes.get(one, ""), {})), ...)
    if found is not ...:
        return _Spot(found, scopes[found], placement.element)
    drawn = [name for name, some in elements.items() if placement.element in some]
    if placement.scope is not None or not drawn:
        raise NotFound(element=placement.element)
    return _spot(running, drawn[0], placement.element, None)


def _spot(running: Running, process: str, element: str, scope: UUID | None) -> _Spot:
    """Return where an element of a process lies now: in the scope named, in any that runs the process, or around it."""
    scopes = survey.scopes(running.execution)
    if scopes.get(scope) == process:
        return _Spot(scope, process, element)
    found = next((owner for owner, name in scopes.items() if name == process), ...)
    if found is not ...:
        return _Spot(found, process, element)
    elements = running.programme.model.elements
    outer = _drawn_in(running.programme.model, process)
    if outer is None or sum(element in some for some in elements.values()) > 1:
        raise _refused("该步骤所在的流程已不在运行中。", "The process of that step does not run any more.")
    return _spot(running, outer, process, None)


def _drawn_in(model: Model, sub_process: str) -> str | None:
    return next((name for name, some in model.elements.items() if sub_process in some), None)


def _behind(running: Running, one: Standing, spot: _Spot) -> bool:
    """Tell whether a token stands, in the same scope, where the flows lead after the spot."""
    if one.holder != spot.scope:
        return False
    model = running.programme.model
    if one.source is not None:
        return one.source in survey.downstream(model, spot.process, spot.pivot, one.element)
    return one.element in survey.downstream(model, spot.process, spot.pivot)


def _step(session: Session, instance: UUID, step: int) -> Any:
    query = (
        select(History.task, History.process, History.element, History.version, History.scope, Task.entered)
        .outerjoin(Task, Task.id == History.task)
        .where(History.instance == instance, History.step == step, History.outcome == "completed")
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(instance=instance, step=step)
    return found


def _older(session: Session, instance: UUID, version: int | None) -> set[UUID]:
    """Return the open tasks that cannot have come from a step: they were there before it was done."""
    query = select(Task.id).where(Task.instance == instance, Task.state == "open", Task.entered < (version or 0))
    return set(session.scalars(query))


def _then(session: Session, running: Running, step: Any, spot: _Spot) -> dict[str, dict[str, Any]]:
    """Return the variables that the step saw then, where they have changed: what came after it is undone backwards."""
    if step.version is None:
        raise _refused("当时的数据没有保存。", "The data of then were not kept.")
    since = step.entered if step.entered is not None else step.version - 1
    query = select(Change.undo).where(Change.instance == running.row.id, Change.version > since)
    then: dict[str, dict[str, Any]] = {}
    for undo in session.scalars(query.order_by(Change.version.desc())):
        for layer, values in undo.items():
            then.setdefault(layer, {}).update(values)
    return {layer: then[layer] for layer in survey.seen(running.execution, spot.scope) if layer in then}


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})
