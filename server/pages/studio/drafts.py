"""What is done with the files of a draft: new ones, imports, files taken away or set back, and the way out as a ZIP."""

from uuid import UUID

from flask import g, request
from werkzeug.wrappers import Response

from engine import revisions
from engine.db import transaction
from engine.errors import EditConflict, ImportRefused, RevisionRefused
from server import problems, uploads
from server.pages.shell import pages, sessions
from server.pages.studio import frame
from server.pages.studio import revisions as shown
from server.pages.studio.frame import on_bench
from server.pages.words import language

REFUSED = 422
REFUSALS = (EditConflict, ImportRefused, RevisionRefused)


@pages.post("/studio/revisions/<uuid:revision>/import")
@on_bench
@uploads.unhurried
def import_files(revision: UUID) -> Response | tuple[str, int]:
    """Take a file or a ZIP into a draft."""
    try:
        file = uploads.received("")
        with transaction(sessions()) as session:
            taken = revisions.take_in(session, g.actor, revision, file.name, file.content)
    except REFUSALS as refused:
        return shown.page(revision, problems.sentence(refused, language())), REFUSED
    said = "strangers" if taken.strangers else "imported" if taken.changed else "unchanged"
    return frame.done("pages.revision", said, revision=revision)


@pages.post("/studio/revisions/<uuid:revision>/fresh")
@on_bench
def fresh_file(revision: UUID) -> Response | tuple[str, int]:
    """Add a new, nearly empty file to a draft and open it."""
    form = request.form
    try:
        with transaction(sessions()) as session:
            path = revisions.fresh(session, g.actor, revision, form.get("kind", ""), form.get("name", ""))
    except REFUSALS as refused:
        return shown.page(revision, problems.sentence(refused, language())), REFUSED
    return frame.done("pages.revision_file", "", revision=revision, path=path)


@pages.post("/studio/revisions/<uuid:revision>/remove/<path:path>")
@on_bench
def remove_file(revision: UUID, path: str) -> Response | tuple[str, int]:
    """Take a file away from a draft."""
    try:
        with transaction(sessions()) as session:
            revisions.remove(session, g.actor, revision, path, _seen())
    except REFUSALS as refused:
        return shown.page(revision, problems.sentence(refused, language())), REFUSED
    return frame.done("pages.revision", "removed", revision=revision)


@pages.post("/studio/revisions/<uuid:revision>/undo/<path:path>")
@on_bench
def undo_file(revision: UUID, path: str) -> Response | tuple[str, int]:
    """Let a file be again what it is in the version that the draft was drawn from."""
    try:
        with transaction(sessions()) as session:
            revisions.undo(session, g.actor, revision, path, _seen())
    except REFUSALS as refused:
        return shown.page(revision, problems.sentence(refused, language())), REFUSED
    return frame.done("pages.revision", "undone", revision=revision)


@pages.get("/studio/revisions/<uuid:revision>/export")
@on_bench
def export_revision(revision: UUID) -> Response:
    """Give a draft as a ZIP."""
    with transaction(sessions()) as session:
        name, content = revisions.export(session, g.actor, revision)
    return uploads.handed_out(content, "application/zip", name)


def _seen() -> int:
    """Return which save of the file the page showed; one that is none conflicts with every save."""
    given = request.form.get("seen", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1  # noqa: PLR2004 - fits a column
