"""Official documents: the register to search, one document with its pages as pictures, and declaring one void."""

import io
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, send_file, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from engine import documents as papers
from engine import previews, registry
from engine.db import transaction
from engine.documents import Entry, Form, Press
from engine.errors import NotFound, PreviewRefused
from engine.registry import Wanted
from engine.tables import DocumentState
from server.auth import needs, signed_in
from server.pages import tables, terms
from server.pages.moments import day
from server.pages.shell import pages, sessions, settings
from server.pages.tables import Table
from server.pages.words import pick

LIMIT, MOST_SAVED = 30, 5_000
MEDIA = {
    Form.PDF: "application/pdf",
    Form.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
KINDS = {
    "notice": _("Notification"),
    "supplement_notice": _("Notice to supplement"),
    "minutes": _("Minutes"),
    "public_notice": _("Public notice"),
    "pilot_list": _("List of pilots"),
    "annual_report": _("Monitoring report"),
    "circular": _("Circular"),
    "request": _("Request for instructions"),
    "recognition": _("Recognition"),
    "rectification": _("Order to put right"),
    "revocation": _("Revocation"),
    "letter": _("Letter"),
}
STATES = {"issued": (_("in force"), "green"), "void": (_("void"), "red")}
ALL = {"issued", "void"}
VOIDER = "PRV_LEAD"


@pages.get("/documents")
@signed_in
def documents() -> str:
    """Show the register of documents, narrowed by words, organ, year and state."""
    asked, wanted = _asked()
    with transaction(sessions()) as session:
        page = registry.search(session, g.actor, wanted, request.args.get("cursor"), LIMIT)
        organs, years = registry.offered(session, g.actor)
    return render_template(
        "documents/list.html",
        rows=[brief(row) for row in page.rows],
        more=page.next,
        asked=asked,
        organs=organs,
        years=years,
        states=[{"key": key, "label": label} for key, (label, _tone) in STATES.items()],
        saves=tables.saves("pages.save_documents", **{key: value for key, value in asked.items() if value}),
    )


@pages.get("/documents.<form>")
@signed_in
def save_documents(form: str) -> Response:
    """Give the register of documents, narrowed as asked, as a table to take away."""
    _asked_for, wanted = _asked()
    chosen = tables.chosen(form)
    with transaction(sessions()) as session:
        rows = registry.search(session, g.actor, wanted, None, MOST_SAVED).rows
    told = [brief(row) for row in rows]
    head = [str(name) for name in (_("Number"), _("Title"), _("Kind"), _("Issued"), _("State"), _("Why it is void"))]
    cells = [
        [one["number"], one["title"], one["kind"], one["issued"], one["state"]["label"], one["why"]] for one in told
    ]
    return tables.answer(Table(str(_("Official documents")), head, cells), chosen)


@pages.get("/documents/<uuid:document_id>")
@signed_in
def document(document_id: UUID) -> str:
    """Show one document: what it is, whether its layout is sound, and its pages."""
    with transaction(sessions()) as session:
        row = papers.read(session, g.actor, document_id)
    remarks = row.remarks or {}
    return render_template(
        "documents/document.html",
        paper=brief(row),
        addressees=row.addressees,
        faults=[_finding(one) for one in remarks.get("faults", ())],
        notes=[_finding(one) for one in remarks.get("notes", ())],
        checked=row.remarks is not None,
        may_void=VOIDER in g.actor.roles and row.state == "issued",
    )


@pages.get("/documents/<uuid:document_id>/preview")
@signed_in
def document_preview(document_id: UUID) -> str:
    """Show the pages of a document as pictures; who cannot see them is told to download it."""
    try:
        found = previews.pages(_content(document_id, Form.PDF))
    except PreviewRefused as fault:
        return render_template("documents/preview.html", numbers=[], why=pick(fault.facts.get("why")))
    shown = min(found, previews.MOST_PAGES)
    return render_template(
        "documents/preview.html", document=document_id, numbers=range(1, shown + 1), left=found - shown, why=""
    )


@pages.get("/documents/<uuid:document_id>/pages/<int:number>.png")
@signed_in
def document_picture(document_id: UUID, number: int) -> Response:
    """Give one page of a document as a picture."""
    picture = previews.picture(_content(document_id, Form.PDF), number)
    return send_file(io.BytesIO(picture), "image/png")


@pages.get("/documents/<uuid:document_id>.<form>")
@signed_in
def document_file(document_id: UUID, form: str) -> Response:
    """Give a document as PDF or DOCX; it is printed now if it has not been."""
    if form not in {one.value for one in Form}:
        raise NotFound(form=form)
    chosen = Form(form)
    with transaction(sessions()) as session:
        row = papers.read(session, g.actor, document_id)
    content = io.BytesIO(_content(document_id, chosen))
    return send_file(content, MEDIA[chosen], as_attachment=True, download_name=f"{row.number}.{form}")


@pages.post("/documents/<uuid:document_id>/void")
@needs(VOIDER)
def void_document(document_id: UUID) -> Response:
    """Declare a document void, with a reason; its number is never used again."""
    with transaction(sessions()) as session:
        papers.withdraw(session, g.actor, document_id, request.form.get("reason", ""))
    return redirect(url_for("pages.document", document_id=document_id), 303)


def brief(row: Entry) -> dict[str, Any]:
    """Return a document as a list shows it."""
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "kind": str(KINDS.get(row.kind, "")),
        "issued": day(row.issued_on),
        "state": {"label": str(label), "tone": tone},
        "void": row.state == "void",
        "why": row.void_reason or "",
        "round": terms.round_name(row.round),
        "case": row.case_id or "",
        "retention": row.retention,
        "pdf": row.pdf,
        "docx": row.docx,
    }


def _asked() -> tuple[dict[str, str], Wanted]:
    """Return what the address asks for, as the form shows it and as the register takes it."""
    asked = {key: request.args.get(key, "").strip() for key in ("q", "organ", "year", "state", "unit")}
    wanted = Wanted(
        words=asked["q"] or None,
        organ=asked["organ"] or None,
        year=request.args.get("year", None, int),
        unit=asked["unit"] or None,
        state=DocumentState(asked["state"]) if asked["state"] in ALL else None,
    )
    return asked, wanted


def _content(document_id: UUID, form: Form) -> bytes:
    with transaction(sessions()) as session:
        return papers.content(session, g.actor, document_id, form, Press.of(settings()))


def _finding(one: dict[str, Any]) -> dict[str, Any]:
    return {"text": pick(one["text"]), "paragraph": one["paragraph"], "page": one["page"]}
