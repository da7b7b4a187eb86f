"""Permits: what the diagram lets people do with a task besides answering it."""

from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from engine import processes, settings
from engine.bpmn.elements import HUMAN, Element
from engine.errors import NotAllowed
from engine.processes import Programme


def permit(session: Session, found: Any, action: str) -> None:
    """Let an action on a task happen that its diagram allows; raise NotAllowed.

    `found` tells of the task its element, name, form and role, and the deployment that its instance runs on.
    """
    element = drawn(processes.load(session, found.deployment), found)
    if action not in actions_of(element):
        raise NotAllowed(element=element.id, action=action)


def drawn(programme: Programme, found: Any) -> Element:
    """Return what the diagram says of a task; where two processes draw its id, the one with the same name and form."""
    every = [some[found.element] for some in programme.model.elements.values() if found.element in some]
    people = [one for one in every if one.kind in HUMAN]
    same = (one for one in people if (one.name, one.form, one.role) == (found.name, found.form, found.role))
    return next(same, people[0])


def actions_of(element: Element) -> tuple[str, ...]:
    """Return what the diagram, or else the settings, let people do with a task besides answering it."""
    return _defaults() if element.actions is None else element.actions


@cache
def _defaults() -> tuple[str, ...]:
    return tuple(settings.load().default_actions)
