"""The world a story is played in: settings, database, calendar, figures, who is signed in, how far it has come."""

from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, identity, tasks
from engine.clock import CIVIL
from engine.db import Sessions, transaction
from engine.domain.workdays import Calendar
from engine.identity import Actor
from engine.settings import Settings
from server.demo.figures import Figures
from server.demo.story import Asked, Story


@dataclass(frozen=True)
class Work:
    """An open task: what it is, whose, and which unit it is about."""

    task: UUID
    instance: UUID
    element: str
    role: str
    organisation: str | None
    unit: str | None

    def asked(self) -> Asked:
        """Return it as the story sees it."""
        return Asked(self.element, self.organisation, self.unit, clock.now().astimezone(CIVIL).date())


class Hand(Protocol):
    """How a person of the story finishes a task; raises IcityError when the person may not."""

    def __call__(self, world: "World", login: str, work: Work, answers: dict[str, Any]) -> None:
        """Finish the work as the person who signs in as `login`."""


def by_verb(world: "World", login: str, work: Work, answers: dict[str, Any]) -> None:
    """Finish the work as programs do, by the verb alone."""
    with transaction(world.sessions) as session:
        tasks.complete(session, world.actor(session, login), work.task, answers)


@dataclass
class World:
    """What the modules of the demonstration share; `happened` counts what has come from outside."""

    settings: Settings
    sessions: Sessions
    story: Story
    calendar: Calendar
    figures: Figures
    actors: dict[str, Actor] = field(default_factory=dict)
    happened: int = 0
    hand: Hand = by_verb

    def actor(self, session: Session, login: str) -> Actor:
        """Return a person, known by their login."""
        if login not in self.actors:
            self.actors[login] = identity.load(session, login)
        return self.actors[login]
