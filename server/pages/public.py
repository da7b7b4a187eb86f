"""Public pages, for anybody: notices with a way to object, circulars, titles, annual reports, checking a document."""

import io
import secrets
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, send_file, url_for
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from engine import documents, publications
from engine.db import transaction
from engine.documents import Form
from engine.errors import NotFound, ObjectionRefused
from engine.publications import Objection, PublicationRow
from server.auth import public
from server.pages.moments import day
from server.pages.sentences import TITLES
from server.pages.shell import kept, pages, sessions, settings
from server.pages.units import LEVELS

MINUTES = 60
FRESH, SETTLED = 5 * MINUTES, 60 * MINUTES
LARGEST = 16 * 1024 * 1024
SECTIONS = {
    "notices": (
        (publications.NOTICE,),
        _("Public notices"),
        _("What is about to be decided. While a notice is open, anybody may object with facts and evidence."),
        _("No public notice yet"),
    ),
    "circulars": (
        publications.CIRCULARS,
        _("Circulars and decisions"),
        _("Lists of pilots, results of the biennial measuring, recognitions and revocations."),
        _("No circular yet"),
    ),
    "reports": (
        publications.REPORTS,
        _("Annual reports"),
        _("The statistical monitoring of each year."),
        _("No annual report yet"),
    ),
}
KINDS = {"unit": _("A unit, under its seal"), "individual": _("A person, under their real name")}
PROGRESS = {
    "received": _("Received; it waits to be examined."),
    "handling": _("It is being handled."),
    "closed": _("It is closed; the answer was sent to you in writing."),
}
LIMITS = {"name": 60, "contact": 100, "facts": 2000, "evidence": 2000}
MEDIA = {
    Form.PDF: "application/pdf",
    Form.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@pages.get("/public")
@public
@kept(FRESH)
def public_home() -> str:
    """Show what is open to objection now, and the latest of every kind."""
    with transaction(sessions()) as session:
        found = {key: publications.listing(session, section[0], None, 5).rows for key, section in SECTIONS.items()}
    return render_template(
        "public/home.html",
        here="home",
        open=[_line(row) for row in found["notices"] if row.open],
        sections=[
            {"key": key, "title": SECTIONS[key][1], "empty": SECTIONS[key][3], "rows": [_line(row) for row in rows]}
            for key, rows in found.items()
        ],
    )


@pages.get("/public/<any(notices, circulars, reports):section>")
@public
@kept(FRESH)
def publications_of(section: str) -> str:
    """Show the published documents of one kind, the newest first."""
    kinds, title, hint, empty = SECTIONS[section]
    with transaction(sessions()) as session:
        page = publications.listing(session, kinds, request.args.get("cursor"))
    rows = [_line(row) for row in page.rows]
    told = {"title": title, "hint": hint, "empty": empty}
    return render_template("public/list.html", here=section, rows=rows, more=page.next, section=section, **told)


@pages.get("/public/titles")
@public
@kept(FRESH)
def title_holders() -> str:
    """Show who holds which title today."""
    with transaction(sessions()) as session:
        found = publications.holders(session)
    groups = [
        {"title": TITLES[kind], "rows": [_holder(row) for row in found if row.kind == kind]}
        for kind in publications.GRANTED
    ]
    return render_template("public/titles.html", here="titles", groups=groups)


@pages.get("/public/documents/<uuid:document>")
@public
@kept(FRESH)
def publication(document: UUID) -> str:
    """Show the text of a published document."""
    with transaction(sessions()) as session:
        shown = publications.show(session, document)
    return render_template(
        "public/document.html",
        here=_section(shown.row.kind),
        row=_line(shown.row),
        paper=shown.paper,
        void=shown.void_reason,
        objectable=bool(shown.objectable),
    )


@pages.get("/public/documents/<uuid:document>/<any(pdf, docx):form>")
@public
@kept(SETTLED)
def publication_file(document: UUID, form: str) -> Response:
    """Hand a published document out as a file."""
    with transaction(sessions()) as session:
        row = publications.show(session, document).row
        content = publications.content(session, document, Form(form), documents.Press.of(settings()))
    name = f"{row.number} {row.title}.{form}"
    return send_file(io.BytesIO(content), MEDIA[Form(form)], as_attachment=True, download_name=name)


@pages.get("/public/documents/<uuid:document>/objection")
@public
def objection(document: UUID) -> str:
    """Show the form by which anybody objects to an open notice."""
    return _form(document, {}, {})


@pages.post("/public/documents/<uuid:document>/objection")
@public
def send_objection(document: UUID) -> Response | tuple[str, int]:
    """Take an objection in, once however often it is sent, and go to its receipt."""
    given = {name: request.form.get(name, "").strip() for name in ("unit", "kind", *LIMITS)}
    receipt = request.form.get("receipt", "")
    faults = _faults(given)
    if faults:
        return _form(document, given, faults, receipt), 422
    if not receipt.isascii() or not receipt.isalnum():
        raise BadRequest
    try:
        with transaction(sessions()) as session:
            publications.object_to(session, document, receipt, Objection(**given))
    except ObjectionRefused:
        return _form(document, given, {"unit": _("Objections to this unit are no longer taken.")}, receipt), 422
    return redirect(url_for("pages.objection_progress", receipt=receipt), 303)


@pages.get("/public/objections/<receipt>")
@public
def objection_progress(receipt: str) -> str:
    """Show where an objection stands, to whoever knows its receipt; nothing that was said in it."""
    with transaction(sessions()) as session:
        state = publications.progress(session, receipt)
    return render_template("public/progress.html", here="notices", receipt=receipt, told=PROGRESS[state])


@pages.get("/verify/<uuid:document>")
@public
def verify(document: UUID) -> str:
    """Show what may be said of a document to whoever holds it."""
    return _verified(document, None)


@pages.post("/verify/<uuid:document>")
@public
def compare(document: UUID) -> str:
    """Say whether a file is the very one that was issued; the file is not kept."""
    request.max_content_length = LARGEST
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    if not content:
        return _verified(document, {"same": False, "told": _("Choose the file first.")})
    with transaction(sessions()) as session:
        form = publications.compare(session, document, content)
    if form is None:
        return _verified(document, {"same": False, "told": _("This is not the file that was issued.")})
    return _verified(document, {"same": True, "told": _("This is the very file that was issued.")})


def _verified(document: UUID, outcome: dict[str, Any] | None) -> str:
    with transaction(sessions()) as session:
        found = publications.check(session, document)
    return render_template("public/verify.html", here="verify", row=found, issued=day(found.issued_on), outcome=outcome)


def _form(document: UUID, given: dict[str, str], faults: dict[str, Any], receipt: str = "") -> str:
    with transaction(sessions()) as session:
        shown = publications.show(session, document)
    if not shown.objectable:
        raise NotFound(document=str(document))
    return render_template(
        "public/objection.html",
        here="notices",
        row=_line(shown.row),
        units=shown.objectable,
        kinds=[{"value": key, "label": label} for key, label in KINDS.items()],
        given=given,
        faults=faults,
        limits=LIMITS,
        receipt=receipt or secrets.token_hex(8),
    )


def _faults(given: dict[str, str]) -> dict[str, Any]:
    missing = {name: _("This is needed.") for name in ("unit", "name", "contact", "facts") if not given[name]}
    long = {name: _("This is too long.") for name, most in LIMITS.items() if len(given[name]) > most}
    strange = {} if given["kind"] in KINDS else {"kind": _("This is needed.")}
    return {**missing, **long, **strange}


def _section(kind: str) -> str:
    return next((key for key, section in SECTIONS.items() if kind in section[0]), "home")


def _line(row: PublicationRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "issued": day(row.issued_on),
        "void": row.state != "issued",
        "begins": day(row.begins),
        "ends": day(row.ends),
        "open": row.open,
    }


def _holder(row: publications.TitleHolder) -> dict[str, Any]:
    return {
        "unit": row.name,
        "level": LEVELS.get(row.level, row.level),
        "since": day(row.granted_on),
        "number": row.document_no,
        "document": row.document,
    }
