"""What happens in a demonstration and what everybody answers, read from a folder of the programme.

An answer is a context; a text in it that begins with "=" is FEEL over what the task sees and over `story`: the year and
day, the unit, its figures, and how often this was asked before.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.domain import feel

SILENCE: dict[str, Any] = {}


class StoryStuck(RuntimeError):
    """The demonstration's story does not go on: nobody has an answer, or nothing falls due."""


@dataclass(frozen=True)
class Asked:
    """A task as the story sees it: its element, whose it is, which unit it is about, and the day."""

    element: str
    organisation: str | None
    unit: str | None
    day: date

    @property
    def seat(self) -> tuple[str, str, str]:
        """Return what its visits are counted by."""
        return self.element, self.organisation or "", self.unit or ""


@dataclass(frozen=True)
class Coming:
    """Something from outside: on its day somebody starts a case, a message comes, a notice is loaded."""

    on: date
    what: str
    told: Mapping[str, Any]


@dataclass
class Story:
    """A story as it was read; counts how often each was asked."""

    folder: Path
    told: Mapping[str, Any]
    visits: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @classmethod
    def read(cls, folder: Path) -> "Story":
        """Return the story in `folder`; what is answered in every story stands beside it."""
        told = tomllib.loads((folder / "story.toml").read_text(encoding="utf-8"))
        shared = tomllib.loads((folder.parent / "answers.toml").read_text(encoding="utf-8"))
        return cls(folder, {**told, "answers": {**shared, **told.get("answers", {})}})

    @property
    def begins(self) -> date:
        """Return its first day."""
        return date.fromisoformat(str(self.told["begins"]))

    @property
    def ends(self) -> date:
        """Return its last day."""
        return date.fromisoformat(str(self.told["ends"]))

    def comings(self) -> list[Coming]:
        """Return what comes from outside, in the order of its days."""
        found = [Coming(one["on"], one["do"], one) for one in self.told.get("happens", [])]
        return sorted(found, key=lambda one: one.on)

    def answers(self, asked: Asked) -> bool:
        """Tell whether this is answered now, or let lapse. Raise StoryStuck where nobody knows an answer."""
        return self._chosen(asked, self.visits[asked.seat]) != SILENCE

    def answer(self, asked: Asked, data: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is answered now to a task that sees `data`; `facts` are what the story knows besides."""
        visit = self.visits[asked.seat]
        story = {**facts, "n": visit + 1, "year": asked.day.year, "today": asked.day.isoformat(), "unit": asked.unit}
        return {name: _said(value, {**data, "story": story}) for name, value in self._chosen(asked, visit).items()}

    def visited(self, asked: Asked) -> None:
        """Remember that this was answered, or let lapse."""
        self.visits[asked.seat] += 1

    def _chosen(self, asked: Asked, visit: int) -> Mapping[str, Any]:
        for instead in self._instead(asked):
            if instead.get("visit", visit + 1) == visit + 1:
                silent: Mapping[str, Any] = instead.get("answer", SILENCE)
                return silent
        answers = self.told["answers"].get(asked.element)
        if answers is None:
            raise StoryStuck(f"nobody answers {asked.element} of {asked.organisation} on {asked.day}")
        chosen: Mapping[str, Any] = answers[min(visit, len(answers) - 1)] if isinstance(answers, list) else answers
        return chosen

    def _instead(self, asked: Asked) -> Iterator[Mapping[str, Any]]:
        wanted = {
            "element": asked.element,
            "organisation": asked.organisation,
            "unit": asked.unit,
            "year": asked.day.year,
        }
        for one in self.told.get("instead", []):
            if all(one.get(name, value) == value for name, value in wanted.items()):
                yield one


def _said(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("="):
        return feel.to_json(feel.compile(value).evaluate(context))
    if isinstance(value, Mapping):
        return {name: _said(item, context) for name, item in value.items()}
    if isinstance(value, list):
        return [_said(item, context) for item in value]
    return value
