"""Moves: tokens are taken away here and started there; a return is a move to a step that was done before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import runtime
from engine.bpmn import causes, returns, survey
from engine.bpmn.causes import Past, Undoing, several
from engine.bpmn.execution import Execution
from engine.bpmn.parse import Model
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
class Ground:
    """An instance as it stands, and every flow node that was completed in it, in order."""

    session: Session
    instance: UUID
    model: Model
    execution: Execution
    past: list[Past]

    @property
    def scopes(self) -> dict[UUID | None, str]:
        """Return the process that each open scope runs."""
        return survey.scopes(self.execution)

    def inside(self, scope: UUID | None) -> list[Past]:
        """Return the steps of a scope that still count."""
        return causes.standing(self.execution, self.model, [row for row in self.past if row.scope == scope])


@dataclass(frozen=True)
class Way:
    """The way back to a step: the open scope it begins in, the sub-processes to open again, and the step last.

    `undone` tells, for each of `steps`, what came after it in its scope.
    """

    scope: UUID | None
    steps: list[Past]
    undone: list[Undoing]

    @property
    def step(self) -> Past:
        """Return the step itself."""
        return self.steps[-1]

    @property
    def after(self) -> list[Past]:
        """Return every step that came after the one gone back to, and that one, in any scope on the way."""
        return [row for undoing in self.undone for row in undoing.steps]


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
    Whatever came from the step is taken away, what others brought to a join meanwhile waits there again;
    `back.withdraw` names other tokens to take away instead.
    """
    with runtime.operated(session, actor, instance, back.reason) as running:
        way = way_back(ground(running), back.step)
        then = before(running, way.step) if back.data is When.THEN else None
        facts = {"step": back.step, "element": way.step.element, "data": back.data.value, "reason": back.reason}
        running.tell("instance.returned", facts, way.step.element, way.step.task)
        if back.withdraw is None:
            take_up(running, way, then)
            return
        standing = _standing(running)
        _check(standing, back.withdraw)
        alone = Way(way.scope, way.steps, [Undoing((), (), ()) for _ in way.steps])
        _carry_out(running, standing, back.withdraw, [way.scope], lambda: take_up(running, alone, then))


def ground(running: Running) -> Ground:
    """Return what a way back is looked for in, for an instance that is locked."""
    past = history(running.session, running.row.id)
    return Ground(running.session, running.row.id, running.programme.model, running.execution, past)


def history(session: Session, instance: UUID) -> list[Past]:
    """Return every flow node that was completed in an instance, in order."""
    return [Past(*row) for row in session.execute(_STEPS.where(History.instance == instance).order_by(History.step))]


def way_back(ground: Ground, number: int) -> Way:
    """Return the way back to a step of the history; raise NotFound, OperationRefused.

    Each sub-process around it that has ended is a step of the history too.
    """
    scopes = ground.scopes
    step = next((row for row in ground.past if row.step == number), None)
    if step is None:
        raise NotFound(instance=ground.instance, step=number)
    steps = [step]
    while steps[0].scope not in scopes:
        outer = next((row for row in reversed(ground.past) if row.task == steps[0].scope), None)
        if outer is None:
            raise _refused("该环节所在的子流程没有办结过。", "The sub-process of that step was never finished.")
        steps.insert(0, outer)
    _returnable(ground, steps)
    return Way(steps[0].scope, steps, [_undoing(ground, step) for step in steps])


def before(running: Running, step: Past) -> Layers:
    """Return the variables that a step saw when it began, layer by layer; raise OperationRefused."""
    if step.version is None:
        raise _refused("当时的数据没有保存。", "The data of then were not kept.")
    return at(running, step.entered if step.entered is not None else step.version - 1)


def at(running: Running, version: int) -> Layers:
    """Return the variables as they were at a version, layer by layer: what came after it is undone backwards."""
    query = select(Change.undo).where(Change.instance == running.row.id, Change.version > version)
    then = survey.layers(running.execution)
    for undo in running.session.scalars(query.order_by(Change.version.desc())):
        ended = {layer[1:]: _revived(last, then) for layer, last in undo.items() if layer.startswith("-")}
        then |= ended
        for layer, values in undo.items():
            if not layer.startswith("-"):
                then.setdefault(layer, {}).update(values)
    return then


def take_up(running: Running, way: Way, then: Layers | None) -> UUID:
    """Set the variables that the step sees as they were then, open what had ended, and start at the step.

    Return its new token.
    """
    model = running.programme.model
    called = any(model.element(one.process, one.element).called for one in way.steps[:-1])
    if then is not None and not called:
        seen = survey.seen(running.execution, way.scope)
        returns.restore(running.execution, {layer: then[layer] for layer in seen if layer in then})
    path = [
        Reopening(one.element, one.task, one.origins, undoing.joins, (then or {}).get(f"s{one.task.hex}"))
        for one, undoing in zip(way.steps, way.undone, strict=True)
    ]
    returns.forget(running.execution, way.scope, [row.element for row in way.undone[0].steps])
    return running.go_back(way.scope, way.undone[0].tokens, path)


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
    begin: Callable[[], object],
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


def _returnable(ground: Ground, steps: list[Past]) -> None:
    elements = [ground.model.element(one.process, one.element) for one in steps]
    if any(element.loop is not None for element in elements[:-1]) or several(steps[-1]):
        raise _refused("该环节由多人分别办理；请整体退回。", "Several did that step; return to the whole activity.")
    if any(element.attached or element.triggered for element in elements):
        raise _refused("不能退回到事件引出的部分。", "What an event set off cannot be returned to.")
    if returns.interrupted(ground.execution, steps[0].scope):
        raise _refused("该环节已被事件中断，不能退回。", "An event has interrupted that part; nothing returns to it.")


def _undoing(ground: Ground, step: Past) -> Undoing:
    rows = ground.inside(step.scope)
    if step.task not in {row.task for row in rows}:
        raise _refused("该环节后来又退回重办；请选最近的一次。", "It was done again since; choose its last time.")
    if step.scope not in ground.scopes:
        return causes.reviving(ground.model, rows, step)
    guessing = causes.guessing(ground.execution, step.scope)
    older = _older(ground.session, ground.instance, step.version) if guessing else set()
    return causes.undoing(ground.execution, ground.model, rows, step, older)


def _older(session: Session, instance: UUID, version: int | None) -> set[UUID]:
    """Return the open tasks that cannot have come from a step: they were there before it was done."""
    query = select(Task.id).where(Task.instance == instance, Task.state == "open", Task.entered < (version or 0))
    return set(session.scalars(query))


def _revived(last: dict[str, Any], then: Layers) -> dict[str, Any]:
    """Return the last variables of a sub-process that ended, where the layers stand as right after its end."""
    held = {name: then.get(layer, {}).get(name) for layer, names in last["refs"].items() for name in names}
    return {**held, **last["own"]}


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})


_STEPS = (
    select(
        History.step,
        History.task,
        History.process,
        History.element,
        History.scope,
        History.origins,
        History.version,
        Task.entered,
    )
    .outerjoin(Task, Task.id == History.task)
    .where(History.outcome == "completed")
)
