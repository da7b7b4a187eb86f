"""The names that programmes give to their processes, elements and milestones, for pages to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine import identity, processes
from server.pages.words import pick


@dataclass(frozen=True)
class Labels:
    """Names by id, as the newest versions of the programmes give them."""

    processes: Mapping[str, str]
    elements: Mapping[str, str]
    milestones: Mapping[str, Mapping[str, str]]
    english: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[str, ...] = ()  # the digests of those versions

    def process(self, key: str) -> str:
        """Return the name of a process, else its id."""
        return self._read(self.processes.get(key, key))

    def element(self, key: str | None) -> str:
        """Return the name of an element, else its id."""
        return self._read(self.elements.get(key or "") or key or "")

    def milestone(self, key: str | None) -> str:
        """Return the name of a milestone in the language of the page, else its key."""
        return pick(self.milestones.get(key or "")) or key or ""

    def _read(self, name: str) -> str:
        return pick({"zh": name, "en": self.english.get(name, name)})


def role(key: str | None) -> str:
    """Return the name of a role in the language of the page, else its key."""
    known = identity.roles().get(key or "")
    return pick(known.name) if known else key or ""


def read(session: Session) -> Labels:
    """Return the labels of every deployed programme."""
    newest = {row.programme: row.digest for row in sorted(processes.versions(session), key=lambda row: row.number)}
    known = [processes.load(session, newest[programme]) for programme in sorted(newest)]
    elements = [one for programme in known for some in programme.model.elements.values() for one in some.values()]
    return Labels(
        processes={key: name for programme in known for key, name in programme.model.names.items()},
        elements={element.id: element.name for element in elements},
        milestones={key: names for programme in known for key, names in programme.milestones.items()},
        english={name: meaning for programme in known for name, meaning in programme.english.items()},
        versions=tuple(newest.values()),
    )
