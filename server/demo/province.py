"""The province of a story: its offices and people, and the titles that were granted before it begins."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from engine import identity, titles
from engine.domain.titles import Kind, Title
from server.demo.story import Story

OFFICES = "organisations.toml"


def seed(session: Session, story: Story) -> None:
    """Bring in what the story's folder tells of offices and people, and its titles."""
    path = story.folder / OFFICES
    if path.exists():
        identity.seed_organisations(session, path)
        identity.seed_people(session, path)
    titles.seed(session, story.told["programme"], _titles(story))


def _titles(story: Story) -> Iterator[Title]:
    for one in story.told.get("titles", []):
        for unit in one["units"]:
            yield Title(unit, Kind(one["kind"]), one["on"], one["document_no"])
