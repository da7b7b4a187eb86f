"""Ways: which ways back there are from a task, and what bars them."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from engine import delegates, moves
from engine.bpmn import causes, survey
from engine.bpmn.causes import Past
from engine.bpmn.elements import HUMAN, Element
from engine.errors import OperationRefused
from engine.moves import Ground, Way
from engine.tables import Event, Task

THROWING = frozenset({"intermediateThrowEvent", "endEvent", "sendTask"})
HEARD = frozenset({"message", "signal"})


def earlier(ground: Ground, task: UUID) -> list[Past]:
    """Return the human steps that led to an open task, in any scope on the way."""
    found: list[Past] = []
    for place in causes.line(ground.execution, task):
        for row in causes.before(ground.model, ground.inside(place.scope), place.element, place.origins):
            found += _human(ground, row)
    return found


def _human(ground: Ground, row: Past) -> list[Past]:
    """Return a step when a person did it; of a sub-process that one went through, those inside."""
    element = ground.model.element(row.process, row.element)
    if element.kind in HUMAN:
        return [row]
    inside = ground.inside(row.task) if element.loop is None and not element.triggered else []
    return [found for one in inside for found in _human(ground, one)]


def free(ground: Ground, row: Past) -> Way | None:
    """Return the way back to a step, None where it is barred."""
    try:
        return _way(ground, row.step)
    except OperationRefused:
        return None


def _way(ground: Ground, step: int) -> Way:
    way = moves.way_back(ground, step)
    for row in way.after:
        if row.task != way.step.task:
            _undoable(ground.model.element(row.process, row.element), delegates.READING | delegates.REPEATABLE)
    return way


def _undoable(element: Element, harmless: frozenset[str]) -> None:
    """Raise OperationRefused for what would happen twice, or would be waited for in vain."""
    name = element.name
    if element.operator is not None and delegates.lasting(element.operator) and element.operator not in harmless:
        raise _refused(f"“{name}”已登记生效，不能退到它之前。", f"“{name}” is on record; nothing goes back before it.")
    if element.event in HEARD or element.definition.kind in HEARD:
        verb = "已发出" if element.kind in THROWING else "已收到"
        raise _refused(f"“{name}”{verb}，不能退到它之前。", f"“{name}” has happened; nothing goes back before it.")


def chosen(ground: Ground, task: UUID, step: int) -> Way:
    """Return the way back from an open task to a step that led to it; raise OperationRefused."""
    if step not in {row.step for row in earlier(ground, task)}:
        raise _refused("不能退回到这一步。", "It cannot be sent back to that step.")
    return _way(ground, step)


def own(ground: Ground, task: UUID) -> Way:
    """Return the way back to a task that was finished; raise OperationRefused."""
    row = next((row for row in ground.past if row.task == task), None)
    if row is None:
        raise _refused("该任务没有办结记录。", "There is no record that this task was finished.")
    return moves.way_back(ground, row.step)


def _affected(ground: Ground, taken: set[UUID]) -> list[UUID]:
    """Return the open tasks that would go with tokens that are taken away."""
    tokens = {one.task: one for one in survey.tokens(ground.execution)}
    found = []
    for task in ground.execution.rest().tasks:
        around: UUID | None = task
        while around is not None and around not in taken:
            around = tokens[around].holder
        found += [task] if around is not None else []
    return found


def _taken_up() -> Any:
    """Return the condition for an open task that somebody has taken: nobody but the diagram gave it to them."""
    claimed = select(Event.id).where(Event.task == Task.id, Event.kind.in_(("task.claimed", "task.transferred")))
    return and_(Task.assignee.is_not(None), claimed.exists())


def withdrawable(ground: Ground, task: UUID) -> dict[str, str] | None:
    """Tell why a finished task can no longer be taken back, in zh and en; None while it can be."""
    try:
        too_late(ground, own(ground, task))
    except OperationRefused as refusal:
        why: dict[str, str] = refusal.facts["why"]
        return why
    return None


def too_late(ground: Ground, way: Way) -> None:
    """Raise OperationRefused when somebody went on from a step, or what cannot be undone happened since."""
    rows = [row for row in way.after if row.task != way.step.task]
    for row in rows:
        element = ground.model.element(row.process, row.element)
        if element.kind in HUMAN:
            raise _refused(
                f"“{element.name}”已办理，不能再撤回。", f"“{element.name}” is done already; it is too late."
            )
        _undoable(element, delegates.READING)
    affected = _affected(ground, set(way.undone[0].tokens))
    query = select(Task.name).where(Task.id.in_(affected), _taken_up())
    name = ground.session.scalar(query.limit(1)) if affected else None
    if name is not None:
        raise _refused(f"“{name}”已有人领取，不能再撤回。", f"Somebody has taken “{name}” already.")


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})
