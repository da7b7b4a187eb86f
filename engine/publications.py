"""Publications: what anybody may read without signing in, how they object to it, and how they check a document."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select, tuple_
from sqlalchemy.orm import Session

from engine import clock, documents, messages, pages
from engine.divisions import in_force
from engine.documents import Form, Press
from engine.errors import MessageRefused, NotFound, ObjectionRefused
from engine.pages import Page
from engine.tables import (
    Division,
    DocumentState,
    Instance,
    InstanceState,
    Message,
    OfficialDocument,
    StartEvent,
    Title,
    WaitKind,
)

NOTICE = "public_notice"  # 公示: what is about to be decided, open to objection from one day to another
CIRCULARS = ("circular", "pilot_list", "recognition", "revocation", "notice")  # 通报、名单、决定、通知
REPORTS = ("annual_report",)
OBJECTION = "objection.filed"  # the message by which an objection begins to be handled
PUBLIC = "public"  # the source of what people without an account send
GRANTED = ("recognised", "pilot", "national_pilot")  # titles of the programme that the list shows, the highest first


@dataclass(frozen=True)
class PublicationRow:
    """A published document as a list shows it; a notice says until when objections are taken, and whether today is."""

    id: UUID
    kind: str
    number: str
    title: str
    issued_on: date
    state: str
    begins: date | None
    ends: date | None
    open: bool


@dataclass(frozen=True)
class Publication:
    """A published document with its text, as blocks of plain data, and why it is void where it is."""

    row: PublicationRow
    paper: Mapping[str, Any]
    void_reason: str | None
    objectable: list[dict[str, str]]


@dataclass(frozen=True)
class Objection:
    """What somebody objects to: the unit, who they are, the facts and the evidence they name; all of it sealed."""

    unit: str
    kind: str
    name: str
    contact: str
    facts: str
    evidence: str


@dataclass(frozen=True)
class TitleHolder:
    """A unit that holds a title today, the document that granted it, and where that can be read."""

    unit: str
    name: str
    level: str
    kind: str
    granted_on: date
    document_no: str
    document: UUID | None


@dataclass(frozen=True)
class Checked:
    """What can be said of a document to whoever holds it; the title only where it is published."""

    id: UUID
    number: str
    organ: str
    issued_on: date
    state: str
    title: str | None
    void_reason: str | None
    digests: Mapping[str, str]


def listing(session: Session, kinds: Sequence[str], cursor: str | None = None, limit: int = 20) -> Page[PublicationRow]:
    """List the published documents of `kinds`, the newest first."""
    query = _published().where(OfficialDocument.kind.in_(kinds))
    before = pages.place(cursor, datetime, UUID)
    if before is not None:
        query = query.where(tuple_(OfficialDocument.issued_on, OfficialDocument.id) < (before[0].date(), before[1]))
    query = query.order_by(OfficialDocument.issued_on.desc(), OfficialDocument.id.desc()).limit(limit + 1)
    rows = [_row(one) for one in session.scalars(query)]
    return pages.page(rows, limit, lambda row: (row.issued_on.isoformat(), row.id))


def show(session: Session, document: UUID) -> Publication:
    """Return a published document with its text; raise NotFound."""
    found = _found(session, document)
    row = _row(found)
    choices = _units(session, found) if row.open and _heard(session, found.programme) else []
    return Publication(row, documents.paper(documents.draft(session, document)), found.void_reason, choices)


def content(session: Session, document: UUID, form: Form, press: Press) -> bytes:
    """Return the file of a published document; raise NotFound."""
    return documents.file(session, documents.entry(_found(session, document)), form, press)


def holders(session: Session) -> list[TitleHolder]:
    """List who holds which title of the programme today, the highest title first, by code of the division."""
    today = clock.today()
    granting = select(OfficialDocument.id).where(
        OfficialDocument.number == Title.document_no, OfficialDocument.published_at.is_not(None)
    )
    query = (
        select(Division.unit, Division.name, Division.level, Title.kind, Title.granted_on, Title.document_no)
        .add_columns(granting.scalar_subquery())
        .join(Division, Division.unit == Title.unit)
        .where(Title.ended_on.is_(None), Title.kind.in_(GRANTED), in_force(Division, today))
        .order_by(func.array_position(list(GRANTED), Title.kind), Division.code)
    )
    return [TitleHolder(*row) for row in session.execute(query)]


def check(session: Session, document: UUID) -> Checked:
    """Return what may be said of any document to whoever has its address from the code on it; raise NotFound."""
    row = session.get(OfficialDocument, document)
    if row is None:
        raise NotFound(document=str(document))
    public = row.published_at is not None
    digests = {form.value: digest for form in Form if (digest := getattr(row, form.value)) is not None}
    organs = row.facts["issue"]["organs"]
    return Checked(
        id=row.id,
        number=row.number,
        organ="、".join(organs),
        issued_on=row.issued_on,
        state=row.state.value,
        title=row.title if public else None,
        void_reason=row.void_reason if public else None,
        digests=digests,
    )


def compare(session: Session, document: UUID, content: bytes) -> Form | None:
    """Return as which form of a document some bytes are the very file that was issued, None when they are not."""
    digest = hashlib.sha256(content).hexdigest()
    known = check(session, document).digests
    return next((Form(form) for form, kept in known.items() if kept == digest), None)


def object_to(session: Session, document: UUID, receipt: str, objection: Objection) -> str:
    """Hand an objection to a notice in, once for each receipt; return the receipt. Raise NotFound or ObjectionRefused.

    Nothing of it is shown anywhere but to those who handle objections.
    """
    shown = show(session, document)
    if objection.unit not in {one["value"] for one in shown.objectable}:
        raise ObjectionRefused
    found = _found(session, document)
    about = f"{found.round}/notice"
    payload = {"notice": about, **vars(objection)}
    try:
        messages.receive(session, None, PUBLIC, receipt, OBJECTION, about, payload)
    except MessageRefused as fault:
        raise ObjectionRefused from fault
    return receipt


def progress(session: Session, receipt: str) -> str:
    """Return where the objection of a receipt stands: `received`, `handling` or `closed`; raise NotFound."""
    kept = select(Message.id, Instance.state).outerjoin(Instance, Instance.id == Message.instance)
    row = session.execute(kept.where(Message.source == PUBLIC, Message.external_id == receipt)).one_or_none()
    if row is None:
        raise NotFound(receipt=receipt)
    if row.state is None:
        return "received"
    return "handling" if row.state is InstanceState.RUNNING else "closed"


def _published() -> Select[OfficialDocument]:
    return select(OfficialDocument).where(OfficialDocument.published_at.is_not(None))


def _found(session: Session, document: UUID) -> OfficialDocument:
    row = session.scalar(_published().where(OfficialDocument.id == document))
    if row is None:
        raise NotFound(document=str(document))
    return row


def _row(found: OfficialDocument) -> PublicationRow:
    given = found.facts["given"] if found.kind == NOTICE else {}
    begins, ends = (_day(given.get(name)) for name in ("from", "to"))
    today, valid = clock.today(), found.state is DocumentState.ISSUED
    now = valid and begins is not None and ends is not None and begins <= today <= ends
    told = (found.id, found.kind, found.number, found.title, found.issued_on, found.state.value)
    return PublicationRow(*told, begins, ends, now)


def _day(told: object) -> date | None:
    return date.fromisoformat(told) if isinstance(told, str) else None


def _heard(session: Session, programme: str) -> bool:
    """Tell whether a programme has a process that begins with an objection."""
    start = (StartEvent.programme == programme, StartEvent.kind == WaitKind.MESSAGE, StartEvent.name == OBJECTION)
    return bool(session.scalar(select(exists().where(*start))))


def _units(session: Session, found: OfficialDocument) -> list[dict[str, str]]:
    """Return the units that a notice names, to choose the one that is objected to."""
    named = [one.get("unit_name") for one in found.facts["given"].get("units", ())]
    query = select(Division.unit, Division.name).where(Division.name.in_(named), in_force(Division, found.issued_on))
    return [{"value": unit, "label": name} for unit, name in session.execute(query.order_by(Division.code))]
