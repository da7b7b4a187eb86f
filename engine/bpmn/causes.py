"""What came from what: the steps of a scope as a net, so that a return takes away exactly what came after a step.

Every token knows the tokens it came from (see `scopes.Token`), and every step of the history keeps that of its token.
Where it is not known, because an operator put the token there or an older version of the service ran, the drawn flows
decide instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.bpmn import survey
from engine.bpmn.execution import Execution
from engine.bpmn.parse import Model
from engine.bpmn.scopes import Token

Origins = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Past:
    """A flow node that was completed: the number of the step, its token and what that came from."""

    step: int
    task: UUID
    process: str
    element: str
    scope: UUID | None
    origins: Origins | None
    version: int | None = None
    entered: int | None = None

    @property
    def sources(self) -> list[UUID]:
        """Return the tokens that its token came from, as far as they are known."""
        return [UUID(hex=source) for source, _ in self.origins or ()]

    @property
    def place(self) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
        """Return what tells it from every other step, but not from the same step done again; None if not known."""
        return _place(self.element, self.origins)


@dataclass(frozen=True)
class Waiting:
    """A token that waits at a join for others, to be put there again."""

    element: str
    flow: str
    source: UUID


@dataclass(frozen=True)
class Undoing:
    """What a return takes away: the `steps` that came after, the open `tokens`; and what it puts back at `joins`."""

    steps: tuple[Past, ...]
    tokens: tuple[UUID, ...]
    joins: tuple[Waiting, ...]


def standing(execution: Execution, model: Model, past: Iterable[Past]) -> list[Past]:
    """Return the steps of one scope that still count: not those that a return undid, nor one of several, in order."""
    rows = sorted((row for row in past if not several(row)), key=lambda row: row.step)
    open_places = {
        _place(one.task_spec.element.id, one.internal_data.get("origins"))
        for one in _tokens(execution)
        if rows and _owner(one) == rows[0].scope and one.parent is one.workflow.task_tree
    }
    last = {row.place: row for row in rows if row.place is not None}
    undone: set[int] = set()
    for row in rows:
        if row.place is not None and (row.place in open_places or last[row.place] is not row):
            until = last[row.place].step if last[row.place] is not row else None
            after = _after(model, rows, row, until)
            undone |= {one.step for one in rows if one.task in after and (until is None or one.step < until)}
    return [row for row in rows if row.step not in undone]


def ever(model: Model, past: Iterable[Past], step: Past) -> list[Past]:
    """Return every step of its scope that ever came from a step, also what a return has undone since."""
    rows = sorted((row for row in past if row.scope == step.scope and not several(row)), key=lambda row: row.step)
    after = _after(model, rows, step)
    return [row for row in rows if row.task in after and row.task != step.task]


def within(past: Iterable[Past], tokens: Iterable[UUID]) -> list[Past]:
    """Return every step inside some tokens, in order: of the sub-processes they opened, of those who did them."""
    inside = set(tokens)
    rows = list(past)
    found: dict[UUID, Past] = {}
    known = -1
    while known < len(found):
        known = len(found)
        for row in rows:
            around = {row.scope, *(row.sources if several(row) else ())}
            if row.task not in found and around & inside:
                found[row.task] = row
                inside.add(row.task)
    return sorted(found.values(), key=lambda row: row.step)


def line(execution: Execution, task: UUID) -> list[Past]:
    """Return an open token and those around it as steps yet to be, the innermost first; one of several as the whole."""
    found = []
    token = execution._instance.find(task)
    while token is not None:
        top = token.top
        element, origins = top.task_spec.element, top.internal_data.get("origins")
        found.append(Past(-1, top.id, element.process, element.id, _owner(top), origins))
        token = token.workflow.owner
    return found


def guessing(execution: Execution, scope: UUID | None) -> bool:
    """Tell whether of some token in a scope it is not known what it came from."""
    return any(_owner(token) == scope and "origins" not in token.internal_data for token in _tokens(execution))


def several(row: Past) -> bool:
    """Tell whether a step was one of several that did the same activity, whose own step stands beside it."""
    return bool(row.origins) and all(not flow for _, flow in row.origins or ())


def undoing(execution: Execution, model: Model, rows: Sequence[Past], pivot: Past, older: set[UUID]) -> Undoing:
    """Return what going back to a step of an open scope takes away; `rows` are the steps that count, in order.

    `older` are tokens that were there before the step was done: they do not come from it, wherever they stand.
    """
    after = _after(model, rows, pivot)
    taken = tuple(
        token.id
        for token in _tokens(execution)
        if _owner(token) == pivot.scope
        and token.parent is token.workflow.task_tree
        and _comes_from(model, token, pivot, after, older)
    )
    return Undoing(tuple(row for row in rows if row.task in after), taken, _joins(rows, after))


def reviving(model: Model, rows: Sequence[Past], pivot: Past) -> Undoing:
    """Return what going back to a step of a scope that has ended puts back beside it: nothing is open there."""
    after = _after(model, rows, pivot)
    return Undoing(tuple(row for row in rows if row.task in after), (), _joins(rows, after))


def before(model: Model, rows: Sequence[Past], element: str, origins: Origins | None) -> list[Past]:
    """Return the steps of a scope that a token at a flow node, or a step, came from, the first first."""
    found: set[UUID] = set()
    waiting = _parents(model, rows, element, origins, None)
    by_task = {row.task: row for row in rows}
    while waiting:
        task = waiting.pop()
        if task in by_task and task not in found:
            found.add(task)
            row = by_task[task]
            waiting += _parents(model, rows, row.element, row.origins, row.step)
    return [row for row in rows if row.task in found]


def _joins(rows: Sequence[Past], after: set[UUID]) -> tuple[Waiting, ...]:
    """Return what came to a join from elsewhere and went on from there together with what is undone."""
    found = [
        Waiting(row.element, flow, UUID(hex=source))
        for row in rows
        if row.task in after and len(row.origins or ()) > 1
        for source, flow in row.origins or ()
        if UUID(hex=source) not in after
    ]
    return tuple(dict.fromkeys(found))


def _parents(
    model: Model, rows: Sequence[Past], element: str, origins: Origins | None, until: int | None
) -> list[UUID]:
    if origins is not None:
        return [UUID(hex=source) for source, _ in origins]
    earlier = (row for row in rows if until is None or row.step < until)
    return [row.task for row in earlier if element in survey.downstream(model, row.process, row.element) - {""}]


def _after(model: Model, rows: Sequence[Past], pivot: Past, until: int | None = None) -> set[UUID]:
    """Return a step and all that came after it, by their tokens; `until` is the step by which it was done again."""
    found = {pivot.task}
    below = survey.downstream(model, pivot.process, pivot.element)
    for row in rows:
        if row.step <= pivot.step or row.task == pivot.task or (until is not None and row.step >= until):
            continue
        guessed = row.origins is None and row.element in below and row.element != pivot.element
        if guessed or found.intersection(row.sources):
            found.add(row.task)
    return found


def _comes_from(model: Model, token: Token, pivot: Past, after: set[UUID], older: set[UUID]) -> bool:
    origins = token.internal_data.get("origins")
    if origins is not None:
        return any(UUID(hex=source) in after for source, _ in origins)
    if token.id in older:
        return False
    flow = token.internal_data.get("flow")
    source = next((one.source for one in token.task_spec.incoming if one.id == flow), None)
    element = token.task_spec.element
    if source is not None:
        return source in survey.downstream(model, pivot.process, pivot.element, element.id)
    return element.id in survey.downstream(model, pivot.process, pivot.element)


def _tokens(execution: Execution) -> Iterator[Token]:
    for scope in execution._instance.scopes():
        for token in scope.tasks.values():
            if token is not scope.task_tree and not token.watching and not token.trigger:
                yield token


def _owner(token: Token) -> Any:
    owner = token.workflow.owner
    return owner.id if owner is not None else None


def _place(element: str, origins: Origins | None) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
    return None if origins is None else (element, tuple(sorted(tuple(one) for one in origins)))
