"""What differs between two versions of a programme, or between a draft and its base, in words and in colour."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from engine import differences, library, processes, revisions
from engine.db import transaction
from engine.differences import Cell, Change, FileDifference, Grid, Kind, Row, What
from engine.errors import NotFound
from server.pages.shell import pages, sessions
from server.pages.studio.asking import text, wanted
from server.pages.studio.frame import as_program, on_bench
from server.pages.words import language, pick

MARKS = {
    What.ADDED: ("＋", _("added")),
    What.REMOVED: ("－", _("removed")),
    What.CHANGED: ("≠", _("changed")),
    What.MOVED: ("⇄", _("moved")),
    What.LAYOUT: ("▫", _("drawn elsewhere")),
}
KINDS = {
    Kind.DIAGRAM: _("diagram"),
    Kind.DECISION: _("decision"),
    Kind.FORM: _("form"),
    Kind.SET: _("indicator sets"),
    Kind.SCENARIO: _("scenario"),
    Kind.TEMPLATE: _("template of a document"),
    Kind.TEXT: _("text"),
}
Files = Mapping[str, bytes]
LEADING = frozenset({"set", "code", "name", "label", "key", "type", "number"})  # they say which row it is
NARROW = 8  # a table of so many columns is shown whole


@pages.get("/studio/compare/<programme>/<int:left>/<int:right>")
@on_bench
def compare_versions(programme: str, left: int, right: int) -> str:
    """Show what differs between two versions of a programme."""
    with transaction(sessions()) as session:
        before, after = (library.version(session, g.actor, programme, number).files for number in (left, right))
        numbers = sorted(one.number for one in processes.versions(session, programme))
        named = _named(session, programme)
    sides = [str(_("version %(number)s", number=number)) for number in (left, right)]
    return _page(before, after, {**named, "sides": sides, "choices": _choices(programme, numbers)})


@pages.get("/studio/revisions/<uuid:revision>/compare")
@on_bench
def compare_draft(revision: UUID) -> str:
    """Show what a draft changes: of the version it began from, or of the newest."""
    against = request.args.get("with", "base")
    if against not in {"base", "newest"}:
        raise BadRequest
    with transaction(sessions()) as session:
        row = revisions.show(session, g.actor, revision)
        after = revisions.files(session, g.actor, revision)
        before = revisions.base(session, g.actor, revision) if against == "base" else _newest(session, row.programme)
        named = _named(session, row.programme)
    sides = [str(_("where it began") if against == "base" else _("newest version")), str(_("draft"))]
    about = {**named, "sides": sides, "revision": revision, "title": row.title, "against": against}
    return _page(before, after, about)


@pages.post("/studio/revisions/<uuid:revision>/differences")
@on_bench
@as_program
def tell_differences(revision: UUID) -> dict[str, Any]:
    """Return in words what differs between two contents of a file that an editor holds; nothing is kept."""
    told = wanted()
    path, before, after = (text(told, name) for name in ("path", "before", "after"))
    with transaction(sessions()) as session:
        revisions.show(session, g.actor, revision)
    found = differences.compare({path: before.encode()}, {path: after.encode()})
    return {"changes": [getattr(change, language()) for one in found for change in one.changes]}


def _newest(session: Session, programme: str) -> Files:
    try:
        return processes.latest(session, programme).files
    except NotFound:
        return {}  # a new programme has no version yet


def _named(session: Session, programme: str) -> dict[str, Any]:
    """Return what a programme and its files are called."""
    name, named = library.names(session, programme)
    titles = {path: pick(names) for path, names in named.items()}
    return {"programme": programme, "name": pick(name), "titles": titles}


def _choices(programme: str, numbers: list[int]) -> dict[str, Any]:
    return {"numbers": numbers, "url": url_for("pages.compare_versions", programme=programme, left=0, right=0)}


def _page(before: Files, after: Files, about: dict[str, Any]) -> str:
    """Draw the list of files that differ, and one of them: the one asked for, else the first."""
    found = differences.compare(before, after)
    path = request.args.get("path", found[0].path if found else "")
    shown = next((one for one in found if one.path == path), None)
    return render_template(
        "studio/compare.html",
        **about,
        files=[_file(one, path) for one in found],
        shown=_shown(shown, before, after) if shown else None,
    )


def _file(one: FileDifference, path: str) -> dict[str, Any]:
    return {
        "path": one.path,
        "kind": KINDS[one.kind],
        "mark": _mark(one.what),
        "count": sum(change.what is not What.LAYOUT for change in one.changes),
        "url": f"?{urlencode({**request.args.to_dict(), 'path': one.path})}",
        "current": one.path == path,
    }


def _shown(one: FileDifference, before: Files, after: Files) -> dict[str, Any]:
    old, new = before.get(one.path), after.get(one.path)
    return {
        "path": one.path,
        "changes": [_change(change) for change in one.changes],
        "grids": [_grid(grid) for grid in differences.grids(one.path, old, new)],
        "drawings": _drawings(one, old, new) if one.kind is Kind.DIAGRAM else None,
    }


def _mark(what: What) -> dict[str, str]:
    sign, word = MARKS[what]
    return {"what": what.value, "sign": sign, "word": str(word)}


def _change(change: Change) -> dict[str, Any]:
    return {"text": getattr(change, language()), "element": change.element, **_mark(change.what)}


def _grid(grid: Grid) -> dict[str, Any]:
    """Return a grid with what nobody touched left out, and its columns as people call them."""
    place = 0 if language() == "zh" else 1
    rows = [row for row in grid.rows if row.what is not None]
    columns = [key for key in grid.columns if key in LEADING or key in grid.fates or _is_touched(key, rows)]
    if len(grid.columns) <= NARROW:
        columns = list(grid.columns)
    return {
        "title": grid.title[place],
        "columns": [
            {"title": grid.columns[key][place], **(_mark(grid.fates[key]) if key in grid.fates else {})}
            for key in columns
        ],
        "rows": [
            {**_mark(row.what or What.CHANGED), "cells": [_cell(grid, row.cells[key], key) for key in columns]}
            for row in rows
        ],
        "same": len(grid.rows) - len(rows),
    }


def _is_touched(key: str, rows: Sequence[Row]) -> bool:
    return any(row.cells[key].changed for row in rows)


def _cell(grid: Grid, cell: Cell, key: str) -> dict[str, Any]:
    place = 0 if language() == "zh" else 1
    words = grid.words.get(key, {})
    before, after = (words[value][place] if value in words else value for value in (cell.before, cell.after))
    return {"before": before, "after": after, "changed": cell.changed}


def _drawings(one: FileDifference, old: bytes | None, new: bytes | None) -> dict[str, Any]:
    """Return both drawings and what became of each element, for the page to colour."""
    fates = {change.element: {**_mark(change.what), "text": getattr(change, language())} for change in one.changes}
    return {
        "before": (old or b"").decode("utf-8", "replace"),
        "after": (new or b"").decode("utf-8", "replace"),
        "fates": {element: fate for element, fate in fates.items() if element},
    }
