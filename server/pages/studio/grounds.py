"""What is rehearsed on a page: the files of a draft, or those of a version, to those on whose bench they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import g, url_for
from sqlalchemy.orm import Session

from engine import library, ownership, revisions
from engine.tables import RevisionState
from server.pages.words import pick


@dataclass(frozen=True)
class Ground:
    """The files of one draft or version: its programme, what it is called, and who may do what with it."""

    files: Mapping[str, bytes]
    programme: str
    title: str
    home: str
    revision: UUID | None
    number: int | None
    editing: bool
    writing: bool

    def here(self, what: str) -> str:
        """Return the address of a page about it: `machine` or `scenarios`."""
        if self.revision is not None:
            return url_for(f"pages.revision_{what}", revision=self.revision)
        return url_for(f"pages.version_{what}", programme=self.programme, number=self.number)


def of_revision(session: Session, revision: UUID) -> Ground:
    """Return the ground that a draft is; raise NotFound."""
    row = revisions.show(session, g.actor, revision)
    editing = ownership.may_edit(g.actor, row.programme)
    return Ground(
        revisions.files(session, g.actor, revision),
        row.programme,
        row.title,
        url_for("pages.revision", revision=revision),
        revision,
        None,
        editing,
        editing and row.state == RevisionState.DRAFT,
    )


def of_version(session: Session, programme: str, number: int) -> Ground:
    """Return the ground that a version is; raise NotFound."""
    found = library.version(session, g.actor, programme, number)
    home = url_for("pages.studio_programme", programme=programme)
    editing = ownership.may_edit(g.actor, programme)
    return Ground(found.files, programme, f"{pick(found.name)} {number}", home, None, number, editing, writing=False)
