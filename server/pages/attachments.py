"""Files of tasks and of figures: handed in, listed, looked at and saved; never rendered in our origin."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engine import attachments, evidence, previews
from engine.attachments import Adding, AttachmentRow
from engine.db import transaction
from engine.domain import incoming
from engine.errors import NotFound
from engine.identity import Actor
from engine.tasks import TaskView
from server import uploads
from server.auth import signed_in
from server.pages.answers import label
from server.pages.moments import stamp
from server.pages.shell import pages, sessions

SHORT = 8  # letters of a digest that people compare at a glance
LONGEST_NAME = 1000
STEPS = ("B", "KB", "MB", "GB")


def furnish(session: Session, actor: Actor, view: TaskView) -> dict[str, Any]:
    """Return what the attachments of a task's page need: the lists, and what the script must know to hand files in."""
    listed = _parted(view.row.id, attachments.listing(session, actor, view.row.id))
    row = view.row
    mine = row.state == "open" and actor.capacity(row.role, row.organisation, row.assignee) is not None
    return {**listed, "writable": mine, "limits": _limits(), "data": _script_data(view)}


def of_case(session: Session, actor: Actor, case: UUID) -> list[dict[str, Any]]:
    """Return the files of a case that concern the actor, who was let see the case."""
    return [_told(row) for row in attachments.of_case(session, actor, case)]


@pages.get("/tasks/<uuid:task_id>/attachments")
@signed_in
def task_attachments(task_id: UUID) -> str:
    """Show the lists of files again, after one was added or taken off."""
    with transaction(sessions()) as session:
        files = attachments.listing(session, g.actor, task_id)
    return render_template("tasks/attachment_lists.html", attachments=_parted(task_id, files))


@pages.post("/tasks/<uuid:task_id>/attachments")
@signed_in
@uploads.unhurried
def add_attachment(task_id: UUID) -> tuple[Response, int]:
    """Put the file in the body to the task; the scan takes its time outside of any transaction."""
    store = uploads.store()
    with transaction(sessions()) as session:
        attachments.admit(session, g.actor, task_id)
    received = evidence.receive(store, uploads.received(request.args.get("name", "")[:LONGEST_NAME]))
    adding = Adding(received, request.args.get("field") or None, uploads.most())
    with transaction(sessions()) as session:
        row = attachments.add(session, store, g.actor, task_id, adding)
    return jsonify({"id": row.id, "name": row.name, "digest": row.digest}), 201


@pages.post("/attachments/<uuid:attachment>/remove")
@signed_in
def remove_attachment(attachment: UUID) -> Response:
    """Take a file of one's own off its task."""
    with transaction(sessions()) as session:
        attachments.remove(session, g.actor, attachment)
    return Response(status=204, headers={"HX-Trigger": "attached"})


@pages.get("/attachments/<uuid:attachment>")
@signed_in
def download_attachment(attachment: UUID) -> Response:
    """Give a file to be saved."""
    row = _find(attachment)
    return uploads.handed_out(uploads.store().content(row.digest), row.media_type, row.name)


@pages.get("/attachments/<uuid:attachment>/preview")
@signed_in
def preview_attachment(attachment: UUID) -> str:
    """Show a PDF page by page, or a picture, beside what is known of the file."""
    row = _find(attachment)
    told = _told(row) | {"task": row.task, "task_name": row.task_name}
    return _preview(told, row.media_type, _Places("pages.attachment_page", {"attachment": attachment}))


@pages.get("/attachments/<uuid:attachment>/pages/<int:number>")
@signed_in
def attachment_page(attachment: UUID, number: int) -> Response:
    """Give a page of a PDF as a picture, or the picture itself as page 1."""
    row = _find(attachment)
    return _drawn(row.media_type, row.digest, number)


@pages.get("/evidence/<digest>")
@signed_in
def download_evidence(digest: str) -> Response:
    """Give the file behind a figure to be saved."""
    row = _evidence(digest)
    return uploads.handed_out(uploads.store().content(row.digest), row.media_type, row.name)


@pages.get("/evidence/<digest>/preview")
@signed_in
def preview_evidence(digest: str) -> str:
    """Show the file behind a figure, a PDF or a picture."""
    row = _evidence(digest)
    told = _file(row) | {
        "who": "",
        "at": stamp(row.kept_at),
        "download": url_for("pages.download_evidence", digest=digest),
    }
    return _preview(told, row.media_type, _Places("pages.evidence_page", {"digest": digest}))


@pages.get("/evidence/<digest>/pages/<int:number>")
@signed_in
def evidence_page(digest: str, number: int) -> Response:
    """Give a page of the file behind a figure as a picture."""
    row = _evidence(digest)
    return _drawn(row.media_type, row.digest, number)


class _Places:
    """Where the pages of a file are fetched."""

    def __init__(self, endpoint: str, about: dict[str, Any]) -> None:
        self._endpoint, self._about = endpoint, about

    def page(self, number: int) -> str:
        return url_for(self._endpoint, number=number, **self._about)


def _preview(told: dict[str, Any], media_type: str, places: _Places) -> str:
    if media_type in incoming.PICTURES:
        count = 1
    elif media_type == incoming.PDF:
        count = previews.pages(uploads.store().content(told["digest"]))
    else:
        raise NotFound(preview=told["digest"])
    shown = [{"number": one, "src": places.page(one)} for one in range(1, min(count, previews.MOST_PAGES) + 1)]
    return render_template("attachments/preview.html", file=told, pages=shown, count=count)


def _drawn(media_type: str, digest: str, number: int) -> Response:
    content = uploads.store().content(digest)
    if media_type in incoming.PICTURES and number == 1:
        return uploads.shown(content, media_type)
    if media_type != incoming.PDF:
        raise NotFound(preview=digest)
    return uploads.shown(previews.picture(content, number), incoming.PNG)


def _find(attachment: UUID) -> AttachmentRow:
    with transaction(sessions()) as session:
        return attachments.content(session, g.actor, attachment)


def _evidence(digest: str) -> Any:
    with transaction(sessions()) as session:
        return evidence.find(session, g.actor, digest)


def _parted(task: UUID, files: list[AttachmentRow]) -> dict[str, Any]:
    return {
        "url": url_for("pages.task_attachments", task_id=task),
        "own": [_told(row) for row in files if row.here],
        "others": [_told(row) for row in files if not row.here],
    }


def _told(row: AttachmentRow) -> dict[str, Any]:
    shows = row.media_type == incoming.PDF or row.media_type in incoming.PICTURES
    return _file(row) | {
        "step": row.task_name,
        "who": row.added_by_name,
        "at": stamp(row.added_at),
        "download": url_for("pages.download_attachment", attachment=row.id),
        "preview": url_for("pages.preview_attachment", attachment=row.id) if shows else None,
        "remove": url_for("pages.remove_attachment", attachment=row.id) if row.removable else None,
    }


def _file(row: Any) -> dict[str, Any]:
    kind = incoming.NAMES.get(row.media_type, "")
    return {
        "name": row.name,
        "kind": kind,
        "size": _size(row.size),
        "digest": row.digest,
        "short": row.digest[:SHORT],
    }


def _limits() -> str:
    store = uploads.store()
    kinds = _(", ").join(incoming.NAMES.get(one, one) for one in sorted(store.types))
    return str(_("%(kinds)s; at most %(size)s each", kinds=kinds, size=_size(store.largest)))


def _script_data(view: TaskView) -> dict[str, Any]:
    store = uploads.store()
    endings = {ending: kind for kind in sorted(store.types) for ending in incoming.ENDINGS.get(kind, ())}
    return {
        "url": url_for("pages.add_attachment", task_id=view.row.id),
        "largest": store.largest,
        "endings": endings,
        "targets": list(_targets(view.form)),
        "texts": {
            "kind": _("Not sent: files of this kind are not taken. Taken are: %(kinds)s.", kinds=_limits()),
            "size": _("Not sent: the file is larger than %(size)s.", size=_size(store.largest)),
            "empty": _("Not sent: the file is empty."),
            "waiting": _("waiting"),
            "sent": _("being checked"),
            "kept": _("kept"),
            "cancelled": _("cancelled"),
            "broken": _("The connection was lost. The file was not kept."),
            "again": _("Try again"),
            "cancel": _("Cancel"),
            "dismiss": _("Dismiss"),
            "copied": _("Copied"),
            "used": _("Filled in. Check the rest of the row."),
            "many": _("%(count)s files are on their way; leaving the page stops them.", count="{count}"),
        },
    }


def _targets(schema: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Yield where the form takes the digest of a file: rows of a list, by code of figure, or a field of its own."""
    components = list((schema or {}).get("components", ()))
    for one in components:
        keys = {below.get("key") for below in one.get("components", ())}
        if one["type"] == "dynamiclist" and "digest" in keys:
            codes = _figures(components) if "code" in keys else []
            yield {
                "kind": "rows",
                "path": one["path"],
                "label": label(one),
                "codes": codes,
                "named": "document" in keys,
            }
        elif one.get("key") == "digest":
            named = any(other.get("key") == "document" for other in components)
            yield {"kind": "field", "path": "digest", "label": label(one), "codes": [], "named": named}


def _figures(components: Any) -> list[dict[str, str]]:
    """Return the figures of a form by their codes."""
    groups = (one for one in components if one["type"] == "group")
    return [
        {"code": one["key"], "label": label(one)}
        for group in groups
        for one in group.get("components", ())
        if one["type"] == "number"
    ]


def _size(count: int) -> str:
    size, step = float(count), 0
    while size >= 1024 and step < len(STEPS) - 1:  # noqa: PLR2004 - a KB
        size, step = size / 1024, step + 1
    return f"{size:.3g} {STEPS[step]}" if size < 1000 else f"{size:.0f} {STEPS[step]}"  # noqa: PLR2004 - three digits
