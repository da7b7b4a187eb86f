"""Ways: which ways back there are from a task, and what bars them."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from sqlalchemy.orm import aliased

from engine import delegates, moves
from engine.bpmn import causes, survey
from engine.bpmn.causes import Past
from engine.bpmn.elements import HUMAN, Element
from engine.errors import NotAllowed, OperationRefused
from engine.events import Kind
from engine.moves import Ground, Way
from engine.permits import actions_of
from engine.tables import Event, Sign, SignKind, SignState, Task

THROWING = frozenset({"intermediateThrowEvent", "endEvent", "sendTask"})
HEARD = frozenset({"message", "signal"})
GIVEN = (SignState.AGREED, SignState.REFUSED)
SIGNED = {"zh": "已有人签署意见，不能再撤回。", "en": "Somebody has signed it already."}


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
    for row in since(ground, way):
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


def affected(ground: Ground, way: Way) -> list[UUID]:
    """Return the open tasks that would go with the tokens that a way back takes away."""
    taken, tokens = set(way.undone[0].tokens), {one.task: one for one in survey.tokens(ground.execution)}
    found = []
    for task in ground.execution.rest().tasks:
        around: UUID | None = task
        while around is not None and around not in taken:
            around = tokens[around].holder
        found += [task] if around is not None else []
    return found


def taken_up() -> ColumnElement[bool]:
    """Return the condition for an open task that somebody has taken: nobody but the diagram gave it to them."""
    kinds = (Kind.TASK_CLAIMED.value, Kind.TASK_TRANSFERRED.value)
    claimed = select(Event.id).where(Event.instance == Task.instance, Event.task == Task.id, Event.kind.in_(kinds))
    return and_(Task.assignee.is_not(None), claimed.exists())


def signed() -> ColumnElement[bool]:
    """Return the condition for a task whose present answer somebody has signed already."""
    later = aliased(Sign)
    same = (later.task == Sign.task, later.kind == Sign.kind, later.person == Sign.person)
    renewed = exists().where(*same, tuple_(later.asked_at, later.id) > tuple_(Sign.asked_at, Sign.id))
    return exists().where(Sign.task == Task.id, Sign.kind == SignKind.AFTER, Sign.state.in_(GIVEN), ~renewed)


def too_late(ground: Ground, way: Way) -> None:
    """Raise OperationRefused when somebody went on from a step, or what cannot be undone happened since."""
    gone_on(ground, way)
    reached = affected(ground, way)
    query = select(Task.name).where(Task.id.in_(reached), taken_up())
    name = ground.session.scalar(query.limit(1)) if reached else None
    if name is not None:
        raise claimed(name)


def gone_on(ground: Ground, way: Way) -> None:
    """Raise OperationRefused when somebody finished what came from a step, or what cannot be undone came from it."""
    for row in since(ground, way):
        element = ground.model.element(row.process, row.element)
        if element.kind in HUMAN:
            raise _refused(f"“{element.name}”已办理，不能再撤回。", f"“{element.name}” is done already.")
        _undoable(element, delegates.READING)


def since(ground: Ground, way: Way) -> list[Past]:
    """Return every step that ever came from the one a way leads back to, also inside what the way takes away."""
    holders = {one.task: one.scope for one in survey.tokens(ground.execution)}
    around, scope = [step.task for step in way.steps], way.scope
    while scope is not None:  # what is open around it now may have ended before, and others gone on from there
        around.append(scope)
        scope = holders[scope]
    first = {row.task: row for row in reversed(ground.past)}
    rows = [row for one in around if one in first for row in causes.ever(ground.model, ground.past, first[one])]
    rows += causes.within(ground.past, {*(row.task for row in rows), *way.undone[0].tokens})
    return [row for row in rows if row.step > way.step.step]


def claimed(name: str) -> OperationRefused:
    """Return the refusal to take back what somebody else has taken up."""
    return _refused(f"“{name}”已有人领取，不能再撤回。", f"Somebody has taken “{name}” already.")


def allow(element: Element, action: str) -> None:
    """Raise NotAllowed when the diagram does not let people do something with a task."""
    if action not in actions_of(element):
        raise NotAllowed(element=element.id, action=action)


def _refused(zh: str, en: str) -> OperationRefused:
    return OperationRefused(why={"zh": zh, "en": en})
