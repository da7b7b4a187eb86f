"""The library: programmes with what lies in them, their versions, the drafts that are open; files in and out."""

from typing import Any

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import library, ownership, revisions
from engine.db import transaction
from engine.errors import ImportRefused, NotFound, RevisionRefused
from engine.library import Item, ProgrammeRow, VersionRow
from engine.revisions import RevisionRow
from server import problems, uploads
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.studio import frame
from server.pages.studio.frame import on_bench
from server.pages.words import language, pick

REFUSED = 422
ZIP = "application/zip"
WAYS = (("pages.programme_changeovers", _("Change running cases over")),)
OF_VERSION = (("pages.version_scenarios", _("Scenarios")), ("pages.version_machine", _("Time machine")))


@pages.get("/studio")
@on_bench
def studio() -> str:
    """List the programmes and the drafts that are open."""
    return _library()


@pages.post("/studio/import")
@on_bench
@uploads.unhurried
def import_programme() -> Response | tuple[str, int]:
    """Begin a draft from the ZIP of a programme."""
    try:
        file = uploads.received("")
        with transaction(sessions()) as session:
            title = request.form.get("title", "") or gettext("Import of %(name)s", name=file.name)
            taken = revisions.begin_from(session, g.actor, file.name, file.content, title)
    except (ImportRefused, RevisionRefused) as refused:
        return _library(problems.sentence(refused, language())), REFUSED
    said = "strangers" if taken.strangers else "imported" if taken.changed else "unchanged"
    return frame.done("pages.revision", said, revision=taken.revision)


@pages.get("/studio/programmes/<programme>")
@on_bench
def studio_programme(programme: str) -> str:
    """Show a programme: what lies in it, its versions, its open drafts."""
    return _programme(programme)


@pages.post("/studio/programmes/<programme>/begin")
@on_bench
def begin_revision(programme: str) -> Response | tuple[str, int]:
    """Begin a draft of a programme."""
    try:
        with transaction(sessions()) as session:
            row = revisions.begin(session, g.actor, programme, request.form.get("title", ""))
    except RevisionRefused as refused:
        return _programme(programme, problems.sentence(refused, language())), REFUSED
    return frame.done("pages.revision", "begun", revision=row.id)


@pages.post("/studio/programmes/<programme>/copy")
@on_bench
def copy_programme(programme: str) -> Response | tuple[str, int]:
    """Begin a draft of a new programme that is like this one."""
    form = request.form
    try:
        with transaction(sessions()) as session:
            names = form.get("zh", ""), form.get("en", "")
            revision = revisions.begin_copy(session, g.actor, programme, form.get("id", "").strip(), names)
    except RevisionRefused as refused:
        return _programme(programme, problems.sentence(refused, language())), REFUSED
    return frame.done("pages.revision", "copied", revision=revision)


@pages.get("/studio/versions/<programme>/<int:number>/export")
@on_bench
def export_version(programme: str, number: int) -> Response:
    """Give a version as a ZIP."""
    with transaction(sessions()) as session:
        name, content = library.export(session, g.actor, programme, number)
    return uploads.handed_out(content, ZIP, name)


@pages.get("/studio/versions/<programme>/<int:number>/download/<path:path>")
@on_bench
def download_version_file(programme: str, number: int, path: str) -> Response:
    """Give one file of a version."""
    with transaction(sessions()) as session:
        files = library.version(session, g.actor, programme, number).files
    if path not in files:
        raise NotFound(path=path)
    return uploads.handed_out(files[path], "application/octet-stream", path.rsplit("/", 1)[-1])


def draft_row(row: RevisionRow, names: dict[str, str]) -> dict[str, Any]:
    """Return how a draft reads in a list."""
    return {
        "href": url_for("pages.revision", revision=row.id),
        "title": row.title,
        "programme": names.get(row.programme, row.programme),
        "state": frame.state(row.state),
        "authors": gettext(", ").join(row.authors),
        "opened": stamp(row.opened_at),
        "number": row.number,
        "old": row.old,
        "changed": row.changed,
    }


def _library(refused: str = "") -> str:
    with transaction(sessions()) as session:
        known = library.listing(session, g.actor)
        drafts = revisions.listing(session, g.actor)
    names = {row.programme: pick(row.name) for row in known}
    return render_template(
        "studio/library.html",
        said=frame.said(),
        refused=refused,
        programmes=[_known(row) for row in known],
        drafts=[draft_row(row, names) for row in drafts],
        may_edit=bool(ownership.edited_by(g.actor)),
    )


def _known(row: ProgrammeRow) -> dict[str, Any]:
    counts = [{"kind": frame.KINDS[kind], "count": count} for kind, count in row.counts.items() if count]
    return {
        "href": url_for("pages.studio_programme", programme=row.programme),
        "name": pick(row.name),
        "key": row.programme,
        "newest": _version(row.newest),
        "versions": row.versions,
        "running": row.running,
        "counts": counts,
        "rights": [
            label for label, may in ((gettext("change"), row.may_edit), (gettext("approve"), row.may_approve)) if may
        ],
    }


def _version(row: VersionRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": stamp(row.deployed_at),
        "by": row.deployed_by,
        "author": row.author or "",
        "approver": row.approver or "",
        "title": row.title or "",
        "reason": row.reason or "",
        "running": row.running,
        "revision": url_for("pages.revision", revision=row.revision) if row.revision else None,
        "export": url_for("pages.export_version", programme=row.programme, number=row.number),
    }


def _programme(programme: str, refused: str = "") -> str:
    with transaction(sessions()) as session:
        rows = library.versions(session, g.actor, programme)
        newest = library.version(session, g.actor, programme, rows[0].number)
        drafts = revisions.listing(session, g.actor, programme)
    items = library.contents(newest)
    return render_template(
        "studio/programme.html",
        said=frame.said(),
        refused=refused,
        typed=request.form,
        name=pick(newest.name),
        key=programme,
        groups=[_group(newest.id, newest.number, kind, items) for kind in library.KINDS],
        versions=[_version(row) for row in rows],
        drafts=[draft_row(row, {}) for row in drafts],
        compare=f"/studio/compare/{programme}" if "pages.compare_versions" in current_app.view_functions else None,
        ways=_ways(programme, newest.number),
        may_edit=ownership.may_edit(g.actor, programme),
        owners=_holders(ownership.editors(programme)),
        approvers=_holders(ownership.approvers(programme)),
    )


def _ways(programme: str, number: int) -> list[dict[str, Any]]:
    """Return the other pages of a programme and its newest version that this application has."""
    known = current_app.view_functions
    of_all: list[tuple[str, object, dict[str, Any]]] = [(*one, {"programme": programme}) for one in WAYS]
    of_one = [(*one, {"programme": programme, "number": number}) for one in OF_VERSION]
    return [
        {"href": url_for(endpoint, **where), "label": label}
        for endpoint, label, where in [*of_all, *of_one]
        if endpoint in known
    ]


def _group(programme: str, number: int, kind: str, items: list[Item]) -> dict[str, Any]:
    watched = "pages.fleet_process" in current_app.view_functions
    rows = [
        {
            "fleet": f"/studio/fleet/{programme}/{item.key}" if watched and kind == "process" else None,
            "name": pick(item.name) or item.key,
            "key": item.key,
            "path": item.path,
            "href": url_for("pages.version_file", programme=programme, number=number, path=item.path),
            "download": url_for("pages.download_version_file", programme=programme, number=number, path=item.path),
        }
        for item in items
        if item.kind == kind
    ]
    return {"label": frame.KINDS[kind], "kind": kind, "rows": rows}


def _holders(roles: frozenset[str]) -> str:
    """Return the names of those who hold one of the roles, as people read them."""
    with transaction(sessions()) as session:
        return str(gettext(", ")).join(ownership.holders(session, roles))
