"""Moves: tokens are taken away here and started there; a return is a move to a step that was done before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime
from engine.bpmn import returns, survey
from engine.bpmn.returns import Reopening
from engine.bpmn.survey import Layers, Standing
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
class _Way:
    """The way back to a step: the open scope it begins in, the sub-processes to open again, and the step last."""

    scope: UUID | None
    process: str
    steps: list[Any]


def move(session: Session, actor: Actor, instance: UUID, shift: Shift) -> None:
    """Take tokens away and start others; raise NotAllowed, NotFound, InstanceEnded, OperationRefused.

    A sub-process whose every token is taken away is taken away as a whole, unless a token starts inside it.
    """
    with runtime.operated(session, actor, instance, shift.reason) as running:
        standing = _standing(running)
        if not (shift.withdraw or shift.place):
            raise _refused("没有说明要移动什么。", "It does not say what to move.")
        _check(standing, shift.withdraw)
        scopes = [_scope(running, placement) for placement in shift.place]
        withdrawn = [standing[task].element for task in shift.withdraw]
        placed = [placement.element for placement in shift.place]
        running.tell("instance.moved", {"withdrawn": withdrawn, "placed": placed, "reason": shift.reason})

        def begin() -> None:
            for placement in shift.place:
                running.place(placement.element, placement.data, placement.scope)

        _carry_out(running, standing, shift.withdraw, scopes, begin)


def send_back(session: Session, actor: Actor, instance: UUID, back: Return) -> None:
    """Go back to a step of the history, with the data of then or of now; raise as `move` does.

    The step may be long past, and the sub-process or called process it lay in may have ended: it is opened again.
    Whatever stands behind in the diagram is taken away, but for tasks that were open before the step was done;
    `back.withdraw` names other tokens instead.
    """
    with runtime.operated(session, actor, instance, back.reason) as running:
        step = _step(session, instance, back.step)
        way = _way(session, running, step)
        standing = _standing(running)
        if back.withdraw is None:
            older = _older(session, instance, way.steps[0].version)
            withdraw = [one.task for one in standing.values() if one.task not in older and _behind(running, one, way)]
        else:
            withdraw = back.withdraw
            _check(standing, withdraw)
        facts = {"step": back.step, "element": step.element, "data": back.data.value, "reason": back.reason}
        running.tell("instance.returned", facts, step.element, step.task)
        then = _then(session, running, step) if back.data is When.THEN else None
        _carry_out(running, standing, withdraw, [way.scope], lambda: _take_up(running, way, then))


def _standing(running: Running) -> dict[UUID, Standing]:
    return {one.task: one for one in survey.tokens(running.execution)}


def _check(standing: dict[UUID, Standing], tasks: list[UUID]) -> None:
    if any(task not in standing for task in tasks):
        raise _refused("没有这些令牌。", "There are no such tokens.")


def _carry_out(
    running: Running,
    standing: dict[UUID, Standing],
    withdraw: list[UUID],
    scopes: list[UUID | None],
    begin: Callable[[], None],
) -> None:
    """Begin first and take away afterwards, so that no scope ends between; what waits at a join goes before all."""
    chosen = _lifted(standing, set(withdraw), _around(standing, scopes))
    if not scopes and all(one.task in chosen for one in standing.values() if one.holder is None):
        raise _refused("这样就什么都不剩了；请改用撤销。", "Nothing would be left; cancel the instance instead.")
    early = [task for task in chosen if standing[task].kind == "join" and _accompanied(standing, task)]
    for task in early:
        running.withdraw(task)
    begin()
    for task in chosen - set(early):
        running.withdraw(task)


def _take_up(running: Running, way: _Way, then: Layers | None) -> None:
    """Set the variables that the step sees as they were then, open what had ended, and start at the step."""
    *outer, step = way.steps
    model = running.programme.model
    called = any(model.element(one.process, one.element).called for one in outer)
    if then is not None and not called:
        seen = survey.seen(running.execution, way.scope)
        returns.restore(running.execution, {layer: then[layer] for layer in seen if layer in then})
    path = [Reopening(one.element, then.get(f"s{one.task.hex}") if then is not None else None) for one in outer]
    running.reenter(way.scope, path, step.element)


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


def _scope(running: Running, placement: Placement) -> UUID | None:
    """Return the scope that a placement lies in: the one named, the outermost that draws it, or one around it."""
    elements, scopes = running.programme.model.elements, survey.scopes(running.execution)
    element, named = placement.element, list(scopes) if placement.scope is None else [placement.scope]
    while True:
        found = next((one for one in named if element in elements.get(scopes.get(one, ""), {})), ...)
        if found is not ...:
            return found
        drawn = [name for name, some in elements.items() if element in some]
        if placement.scope is not None or not drawn:
            raise NotFound(element=element)
        if len(drawn) > 1 or not any(drawn[0] in some for some in elements.values()):
            raise _refused("该节点所在的流程没有在运行。", "The process of that flow node does not run.")
        element = drawn[0]


def _behind(running: Running, one: Standing, way: _Way) -> bool:
    """Tell whether a token stands, in the scope that the way back begins in, where the flows lead from there."""
    if one.holder != way.scope:
        return False
    model, pivot = running.programme.model, way.steps[0].element
    if one.source is not None:
        return one.source in survey.downstream(model, way.process, pivot, one.element)
    return one.element in survey.downstream(model, way.process, pivot)


def _step(session: Session, instance: UUID, number: int) -> Any:
    found = session.execute(_STEPS.where(History.instance == instance, History.step == number)).one_or_none()
    if found is None:
        raise NotFound(instance=instance, step=number)
    return found


def _way(session: Session, running: Running, step: Any) -> _Way:
    """Return the way back to a step; each sub-process around it that has ended is a step of the history too."""
    scopes = survey.scopes(running.execution)
    steps = [step]
    while steps[0].scope not in scopes:
        around = _STEPS.where(History.instance == running.row.id, History.task == steps[0].scope)
        outer = session.execute(around).one_or_none()
        if outer is None:
            raise _refused("该步骤所在的子流程没有办结过。", "The sub-process of that step was never finished.")
        steps.insert(0, outer)
    elements = [running.programme.model.element(one.process, one.element) for one in steps]
    if any(element.loop is not None for element in elements[:-1]):
        raise _refused(
            "该步骤由多人分别办理；请退回到整个环节。", "Several did that step; return to the whole activity."
        )
    if any(element.attached or element.triggered for element in elements):
        raise _refused("不能退回到事件引出的部分。", "What an event set off cannot be returned to.")
    return _Way(steps[0].scope, scopes[steps[0].scope], steps)


def _older(session: Session, instance: UUID, version: int | None) -> set[UUID]:
    """Return the open tasks that cannot have come from a step: they were there before it was done."""
    query = select(Task.id).where(Task.instance == instance, Task.state == "open", Task.entered < (version or 0))
    return set(session.scalars(query))


def _then(session: Session, running: Running, step: Any) -> Layers:
    """Return the variables that the step saw then, layer by layer: what came after it is undone backwards."""
    if step.version is None:
        raise _refused("当时的数据没有保存。", "The data of then were not kept.")
    since = step.entered if step.entered is not None else step.version - 1
    query = select(Change.undo).where(Change.instance == running.row.id, Change.version > since)
    then = survey.layers(running.execution)
    for undo in session.scalars(query.order_by(Change.version.desc())):
        ended = {layer[1:]: _revived(last, then) for layer, last in undo.items() if layer.startswith("-")}
        then |= ended
        for layer, values in undo.items():
            if not layer.startswith("-"):
                then.setdefault(layer, {}).update(values)
    return then


def _revived(last: dict[str, Any], then: Layers) -> dict[str, Any]:
    """Return the last variables of a sub-process that ended, where the layers stand as right after its end."""
    held = {name: then.get(layer, {}).get(name) for layer, names in last["refs"].items() for name in names}
    return {**held, **last["own"]}


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})


_STEPS = (
    select(History.task, History.process, History.element, History.version, History.scope, Task.entered)
    .outerjoin(Task, Task.id == History.task)
    .where(History.outcome == "completed")
)
