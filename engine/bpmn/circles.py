"""Circles: those who do one activity together (会签, multi-instance), as plain values."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.bpmn import interventions
from engine.bpmn.elements import Element
from engine.bpmn.execution import Execution
from engine.bpmn.loops import COUNTERS
from engine.bpmn.scopes import Token, view
from engine.errors import IcityError


@dataclass(frozen=True)
class Place:
    """A seat that is not given: its position from 1 up, its token when its turn has come, and what it is about."""

    position: int
    token: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True)
class Circle:
    """A multi-instance that runs: its own token, how many take part and are done, and the seats not given yet."""

    whole: UUID
    element: Element
    total: int
    done: int
    items: list[Any] | None
    places: list[Place]
    data: dict[str, Any]


def around(execution: Execution, task: UUID) -> Circle | None:
    """Return the innermost multi-instance that an open task belongs to, None when it belongs to none."""
    instance = interventions.repeated(execution._instance, task)
    return None if instance is None else _circle(instance.parent)


def named(execution: Execution, whole: UUID) -> Circle | None:
    """Return a multi-instance by its own token, None when it does not run."""
    token = execution._instance.find(whole)
    return _circle(token) if token is not None and "loop" in token.internal_data else None


def needed(execution: Execution, circle: Circle) -> int | None:
    """Return how many must be done at least, None where that depends on more than their number."""
    loop = circle.element.loop
    if loop is None or not loop.completion:
        return circle.total
    counters = {name: circle.data.get(name) for name in COUNTERS}
    others = {loop.variable, loop.output or "", circle.element.result or ""}
    plain = {name: value for name, value in circle.data.items() if name not in others}
    for done in range(1, circle.total + 1):
        counted = {"nrOfCompletedInstances": done, "nrOfActiveInstances": circle.total - done}
        try:
            if execution.surroundings.value(loop.completion, {**plain, **counters, **counted}) is True:
                return done
        except IcityError:
            return None
    return None


def _circle(token: Token) -> Circle:
    kept, element = token.internal_data["loop"], token.task_spec.element
    data = view(token)
    open_ones = {one.internal_data["index"]: one for one in token.children if "index" in one.internal_data}
    places = [Place(index + 1, one.id, view(one)) for index, one in sorted(open_ones.items())]
    variable = element.loop.variable
    for index in range(kept["begun"], len(kept["outputs"])):
        item = {variable: kept["items"][index]} if kept["items"] is not None else {}
        places.append(Place(index + 1, None, {**data, **item, "loopCounter": index + 1}))
    return Circle(token.id, element, kept["total"] or 0, kept["done"], kept["items"], places, data)
