"""The world a story is played in: settings, database, calendar, figures, who is signed in, how far it has come."""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine import identity
from engine.db import Sessions
from engine.domain.workdays import Calendar
from engine.identity import Actor
from engine.settings import Settings
from server.demo.figures import Figures
from server.demo.story import Story


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

    def actor(self, session: Session, login: str) -> Actor:
        """Return a person, known by their login."""
        if login not in self.actors:
            self.actors[login] = identity.load(session, login)
        return self.actors[login]
