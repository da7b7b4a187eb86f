"""The files of drafts and of versions in their editors, and the doors by which the editors read, save and check."""

from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from engine import library, ownership, revisions
from engine.db import transaction
from engine.errors import NotFound, RevisionRefused
from engine.tables import RevisionState
from server.pages.shell import loose_style, pages, sessions
from server.pages.studio.frame import as_program, on_bench
from server.pages.words import language, pick

EDITORS = {".bpmn": "studio/modeler.html", ".dmn": "studio/decision.html", ".form": "studio/form.html"}
SET = "indicators.csv"
MALFORMED = {"zh": "请求缺少内容或版本号。", "en": "The request lacks the content or its version."}


@pages.get("/studio/revisions/<uuid:revision>/files/<path:path>")
@on_bench
@loose_style
def revision_file(revision: UUID, path: str) -> str:
    """Open a file of a draft in its editor; for reading only where the draft stands still or the person approves."""
    with transaction(sessions()) as session:
        row = revisions.show(session, g.actor, revision)
        files = revisions.files(session, g.actor, revision)
    if path not in files:
        raise NotFound(revision=revision, path=path)
    writable = row.state == RevisionState.DRAFT and ownership.may_edit(g.actor, row.programme)
    data = {
        "revision": str(revision),
        "programme": row.programme,
        "readonly": not writable,
        "raw": url_for("pages.raw_file", revision=revision, path=path),
        "lint": url_for("pages.lint_revision", revision=revision),
        "catalogue": f"/studio/revisions/{revision}/catalogue",
        "back": url_for("pages.revision", revision=revision),
        "files": sorted(files),
        "editor": f"/studio/revisions/{revision}/files/",
    }
    return _editor(path, data, {"revision": revision, "heading": row.title})


@pages.get("/studio/versions/<programme>/<int:number>/files/<path:path>")
@on_bench
@loose_style
def version_file(programme: str, number: int, path: str) -> str:
    """Open a file of a version for reading."""
    with transaction(sessions()) as session:
        found = library.version(session, g.actor, programme, number)
    if path not in found.files:
        raise NotFound(programme=programme, path=path)
    data = {
        "revision": None,
        "programme": programme,
        "readonly": True,
        "raw": url_for("pages.raw_version_file", programme=programme, number=number, path=path),
        "lint": None,
        "catalogue": url_for("pages.version_catalogue", programme=programme, number=number),
        "back": url_for("pages.studio_programme", programme=programme),
        "files": sorted(found.files),
        "editor": f"/studio/versions/{programme}/{number}/files/",
    }
    return _editor(path, data, {"revision": None, "heading": f"{pick(found.name)} {number}"})


@pages.get("/studio/revisions/<uuid:revision>/raw/<path:path>")
@on_bench
@as_program
def raw_file(revision: UUID, path: str) -> Response:
    """Give an editor the content of a file, with the version to save it over."""
    with transaction(sessions()) as session:
        return _told(revisions.read(session, g.actor, revision, path))


@pages.put("/studio/revisions/<uuid:revision>/raw/<path:path>")
@on_bench
@as_program
def save_file(revision: UUID, path: str) -> Response:
    """Save what an editor sends; 409 with the other content when somebody saved the file meanwhile."""
    content, version = _sent("content", str), _sent("version", int)
    with transaction(sessions()) as session:
        saved = revisions.save(session, g.actor, revision, path, content.encode(), version)
    return jsonify({"version": saved.version, "saved_at": saved.saved_at.isoformat() if saved.saved_at else None})


@pages.post("/studio/revisions/<uuid:revision>/lint")
@on_bench
@as_program
def lint_revision(revision: UUID) -> Response:
    """Tell the findings of a whole draft, with one file as the editor holds it now."""
    path, content = _sent("path", str), _sent("content", str)
    with transaction(sessions()) as session:
        found = revisions.findings(session, g.actor, revision, {path: content.encode()})
    return jsonify({"findings": [finding(one) for one in found]})


@pages.get("/studio/versions/<programme>/<int:number>/raw/<path:path>")
@on_bench
@as_program
def raw_version_file(programme: str, number: int, path: str) -> Response:
    """Give a viewer the content of a file of a version."""
    with transaction(sessions()) as session:
        files = library.version(session, g.actor, programme, number).files
    if path not in files:
        raise NotFound(path=path)
    return jsonify({"content": files[path].decode(errors="replace"), "version": 0, "saved_by": None, "saved_at": None})


def finding(one: dict[str, Any]) -> dict[str, Any]:
    """Return a finding in the language of the page."""
    return {**one, "text": pick(one["text"])}


def _editor(path: str, data: dict[str, Any], about: dict[str, Any]) -> str:
    template = "studio/set.html" if path == SET else EDITORS.get(path[path.rfind(".") :], "studio/text.html")
    data |= {"path": path, "language": language(), "csrf": generate_csrf()}
    facts = {name: data[name] for name in ("programme", "readonly", "back")}
    return render_template(template, studio=data, path=path, **facts, **about)


def _told(file: revisions.DraftFile) -> Response:
    return jsonify(
        {
            "content": file.content.decode(errors="replace"),
            "version": file.version,
            "saved_by": file.saved_by,
            "saved_at": file.saved_at.isoformat() if file.saved_at else None,
        }
    )


def _sent(name: str, kind: type) -> Any:
    """Return a part of the JSON that an editor sent; raise RevisionRefused where it is missing or of another kind."""
    body = request.get_json(silent=True)
    value = body.get(name) if isinstance(body, dict) else None
    if type(value) is not kind:
        raise RevisionRefused(why=MALFORMED)
    return value
