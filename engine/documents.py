"""Official documents: issued under a number of a gapless register, void with a reason, printed later on.

A number is given out in the transaction that issues the document, under the lock of its series: whoever rolls back
gives it back, whoever commits has used it. The number of a document that turns out wrong is void, kept and never used
again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import Select, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, load_only

from engine import clock, events, files
from engine.domain import documents
from engine.domain.documents import Issue, Template, selfcheck, typesetting, word
from engine.domain.documents.faces import Faces, found
from engine.domain.numbering import DocumentNumber
from engine.errors import DocumentRefused, NotFound
from engine.identity import Actor
from engine.settings import Settings
from engine.tables import DocumentState, NumberSeries, OfficialDocument, Organisation, Person, Resource

PROVINCIAL = ("PRV_", "GOV_", "DEPT_")
STATISTICS = ("STAT_PRV", "ARCHIVIST")
VOIDERS = frozenset({"PRV_LEAD"})
FIRST = 1
MOST_ABOUT = 50

_UNPRINTED = (
    OfficialDocument.pdf.is_(None),
    OfficialDocument.state == DocumentState.ISSUED,
    OfficialDocument.remarks.is_(None),
)


class Form(Enum):
    """In which form a document is handed out."""

    PDF = "pdf"
    DOCX = "docx"


@dataclass(frozen=True)
class House:
    """In whose name a kind of document goes out: word of the number, organs (the leading one first), and defaults."""

    word: str
    organs: tuple[str, ...]
    mark: str
    retention: str
    signatory: str = ""
    printer: str = ""
    public: bool = False


@dataclass(frozen=True)
class Order:
    """What is to be issued: its kind and facts, what it belongs to, who is to have it, and whose move orders it."""

    programme: str
    kind: str
    facts: Mapping[str, Any]
    on: date
    title: str = ""
    case_id: str | None = None
    round: str | None = None
    addressees: Sequence[str] = ()
    signed_by: str | None = None
    instance: UUID | None = None
    actor: UUID | None = None


@dataclass(frozen=True)
class Issued:
    """A document under its number."""

    id: UUID
    number: str
    issued_on: date


@dataclass(frozen=True)
class Entry:
    """A document as lists and programs read it; `pdf` and `docx` are digests, none until it is printed."""

    id: UUID
    number: str
    kind: str
    title: str
    state: str
    issued_on: date
    case_id: str | None
    round: str | None
    addressees: list[str]
    retention: str
    void_reason: str | None
    pdf: str | None
    docx: str | None
    remarks: dict[str, Any] | None


# What a list reads; the facts of a report are a book, and nobody reads them there.
_TOLD = [getattr(OfficialDocument, name) for name in Entry.__dataclass_fields__]


@dataclass(frozen=True)
class Draft:
    """What a document is printed from: its own facts and the template as it was when it was issued."""

    id: UUID
    number: str
    facts: Mapping[str, Any]
    issued_on: date
    template: bytes


@dataclass(frozen=True)
class Print:
    """A printed document, and what the check of its layout found."""

    pdf: bytes
    docx: bytes
    findings: list[selfcheck.Finding] = field(default_factory=list)

    @property
    def remarks(self) -> dict[str, Any]:
        """Return faults and substituted typefaces, as the record of the document keeps them."""
        told = [finding.plain for finding in self.findings]
        return {
            "faults": [one for one in told if one["severity"] == "error"],
            "notes": [one for one in told if one["severity"] != "error"],
        }


@dataclass(frozen=True)
class Press:
    """Where documents are printed: the folder of this installation, the folders of its fonts, and its address."""

    var: Path
    fonts: tuple[Path, ...]
    address: str = ""  # under which people check a document; none: no code is printed

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the press of an installation."""
        return cls(settings.var_path, settings.font_folders, settings.public_url)

    @property
    def faces(self) -> Faces:
        """Return the typefaces it has; raise DocumentRefused when it has none."""
        return found(self.fonts)


def issue(session: Session, order: Order, house: House, template: Template) -> Issued:
    """Give a document the next number of its series and keep it; raise DocumentRefused when a fact it needs is missing.

    The row of the series stays locked until the transaction ends: two who issue at once come one after the other.
    """
    signatory = order.signed_by or _name(session, order.actor) or house.signatory
    facts = {"given": dict(order.facts), "issue": _issue_facts(order, house, signatory)}
    title = _composed(template, facts, str(DocumentNumber(house.word, order.on.year, FIRST)), order.on)["title"]
    serial = _next(session, house.word, order.on.year)
    number = str(DocumentNumber(house.word, order.on.year, serial))
    row = OfficialDocument(
        id=uuid4(),
        programme=order.programme,
        kind=order.kind,
        organ=house.word,
        year=order.on.year,
        serial=serial,
        number=number,
        title="".join(title),
        facts=facts,
        template=template.digest,
        case_id=order.case_id,
        round=order.round,
        instance=order.instance,
        state=DocumentState.ISSUED,
        issued_on=order.on,
        issued_by=order.actor,
        addressees=_addressed(session, order.addressees),
        retention=house.retention,
        published_at=clock.now() if house.public else None,
    )
    session.add(row)
    session.flush()
    told = {"number": number, "kind": order.kind, "name": row.title, "case_id": order.case_id, "round": order.round}
    _tell(session, events.Kind.DOCUMENT_ISSUED, row, order.actor, {**told, "addressees": row.addressees})
    return Issued(row.id, number, order.on)


def void(
    session: Session, actor: UUID | None, number: str, reason: str, told: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Declare the document of this number void; it and its number are kept. Raise NotFound or DocumentRefused.

    `told` is what the event tells of the person in whose place it is done.
    """
    query = select(OfficialDocument).where(OfficialDocument.number == number).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(number=number)
    if not reason.strip():
        raise DocumentRefused(why=f"no reason is given why {number} is void")
    if row.state is not DocumentState.ISSUED:
        raise DocumentRefused(why=f"{number} is void already")
    row.state, row.void_reason = DocumentState.VOID, reason
    session.flush()
    _tell(session, events.Kind.DOCUMENT_VOIDED, row, actor, {"number": number, "reason": reason, **told})


def about(session: Session, actor: Actor, instance: UUID, unit: str | None) -> list[Entry]:
    """Return what the person may read of the documents of an instance and of its unit, the newest first, at most 50."""
    of_case = OfficialDocument.instance == instance
    of_unit = func.split_part(OfficialDocument.case_id, "-", 1) == unit
    query = readable(actor).where(of_case if unit is None else or_(of_case, of_unit))
    query = query.order_by(OfficialDocument.issued_on.desc(), OfficialDocument.organ, OfficialDocument.serial.desc())
    return [entry(row) for row in session.scalars(query.limit(MOST_ABOUT))]


def read(session: Session, actor: Actor, document: UUID) -> Entry:
    """Return a document the person may read; raise NotFound."""
    row = session.scalar(readable(actor).where(OfficialDocument.id == document))
    if row is None:
        raise NotFound(document=str(document))
    return entry(row)


def withdraw(session: Session, actor: Actor, document: UUID, reason: str) -> None:
    """Declare a document void that the person may read; raise NotFound or DocumentRefused."""
    void(session, actor.id, read(session, actor, document).number, reason, actor.told(VOIDERS))


def content(session: Session, actor: Actor, document: UUID, form: Form, press: Press) -> bytes:
    """Return the file of a document the person may read, printed now if it is not on the disk; raise NotFound."""
    return file(session, read(session, actor, document), form, press)


def file(session: Session, kept: Entry, form: Form, press: Press) -> bytes:
    """Return the file of a document, printed now if it is not on the disk."""
    digest = getattr(kept, form.value)
    if digest is not None and files.place(press.var, digest).is_file():
        return files.content(press.var, digest)
    drafted = draft(session, kept.id)
    printed = print_(drafted, press)
    keep(session, drafted, printed, press.var)
    return printed.pdf if form is Form.PDF else printed.docx


def pending() -> Any:
    """Return the question whether a document waits to be printed, for the clock to ask."""
    return exists().where(*_UNPRINTED)


def unprinted(session: Session, limit: int) -> list[UUID]:
    """Return up to `limit` documents that wait to be printed."""
    waiting = select(OfficialDocument.id).where(*_UNPRINTED)
    return list(session.scalars(waiting.order_by(OfficialDocument.issued_on, OfficialDocument.id).limit(limit)))


def unprintable(session: Session, document: UUID, reason: str) -> None:
    """Record why a document cannot be printed, so that nobody tries for ever; asking for its file tries again."""
    fault = {"rule": "unprintable", "paragraph": "", "page": 0, "severity": "error"}
    remarks = {"faults": [{**fault, "text": {"zh": f"无法排版：{reason}", "en": reason}}], "notes": []}
    session.execute(update(OfficialDocument).where(OfficialDocument.id == document).values(remarks=remarks))


def draft(session: Session, document: UUID) -> Draft:
    """Return what a document is printed from; raise NotFound."""
    found = session.execute(
        select(OfficialDocument.id, OfficialDocument.number, OfficialDocument.facts, OfficialDocument.issued_on)
        .add_columns(Resource.content)
        .join(Resource, Resource.digest == OfficialDocument.template)
        .where(OfficialDocument.id == document)
    ).one_or_none()
    if found is None:
        raise NotFound(document=str(document))
    return Draft(*found)


def print_(drafted: Draft, press: Press) -> Print:
    """Return the PDF and DOCX of a document and the findings about them; the same draft always gives the same bytes.

    Needs no database, so that nobody's move waits for it. Raise DocumentRefused.
    """
    faces, written = press.faces, paper(drafted)
    if press.address:
        written["check_at"] = f"{press.address.rstrip('/')}/verify/{drafted.id}"
    pdf = typesetting.pdf(written, faces)
    return Print(pdf, word.docx(written, faces), selfcheck.check(pdf, written, faces))


def paper(drafted: Draft) -> dict[str, Any]:
    """Return what a document says, as blocks of plain data; raise DocumentRefused."""
    template, faults = documents.read(bytes(drafted.template))
    if template is None:
        raise DocumentRefused(why=f"the template cannot be read: {faults[0]['text']['en']}")
    return _composed(template, drafted.facts, drafted.number, drafted.issued_on)


def keep(session: Session, drafted: Draft, printed: Print, var: Path) -> bool:
    """Keep a printed document; tell whether it was not kept before. What is on the disk before the row is harmless."""
    pdf, docx = files.keep(var, printed.pdf), files.keep(var, printed.docx)
    row = session.scalar(
        update(OfficialDocument)
        .where(OfficialDocument.id == drafted.id, OfficialDocument.pdf.is_(None))
        .values(pdf=pdf, docx=docx, remarks=printed.remarks)
        .returning(OfficialDocument)
    )
    if row is None:
        return False
    told = {"number": drafted.number, "pdf": pdf, "docx": docx, "faults": len(printed.remarks["faults"])}
    _tell(session, events.Kind.DOCUMENT_RENDERED, row, None, told)
    return True


def readable(actor: Actor) -> Select[OfficialDocument]:
    """Return the query for what a person may read: the province all; others what is public, theirs, or sent to them."""
    query = select(OfficialDocument).options(load_only(*_TOLD, raiseload=True))
    if any(role.startswith(PROVINCIAL) or role in STATISTICS for role in actor.roles):
        return query
    mine = sorted(actor.organisations)
    divisions = select(Organisation.division).where(Organisation.id.in_(mine), Organisation.division.is_not(None))
    unit = func.split_part(OfficialDocument.case_id, "-", 1)  # a case's name begins with the code of its unit
    return query.where(
        or_(
            OfficialDocument.published_at.is_not(None),
            OfficialDocument.addressees.overlap(mine),
            unit.in_(divisions),
        )
    )


def entry(row: OfficialDocument) -> Entry:
    """Return a row of the register as lists and programs read it."""
    told = {column.key: getattr(row, column.key) for column in _TOLD}
    return Entry(**{**told, "state": row.state.value})


def _next(session: Session, word_: str, year: int) -> int:
    """Return the next number of a series, whose row stays locked until the transaction ends."""
    first = insert(NumberSeries).values(organ=word_, year=year, last=FIRST)
    following = first.on_conflict_do_update(
        index_elements=[NumberSeries.organ, NumberSeries.year], set_={"last": NumberSeries.last + 1}
    )
    return int(session.execute(following.returning(NumberSeries.last)).scalar_one())


def _issue_facts(order: Order, house: House, signatory: str) -> dict[str, Any]:
    told = {name: value for name, value in asdict(house).items() if name in {"mark", "printer"}}
    return {**told, "organs": list(house.organs), "signatory": signatory, "title": order.title}


def _composed(template: Template, facts: Mapping[str, Any], number: str, on: date) -> dict[str, Any]:
    about = {**facts["issue"], "organs": tuple(facts["issue"]["organs"])}
    return documents.compose(template, facts["given"], Issue(number=number, issued_on=on, **about))


def _name(session: Session, person: UUID | None) -> str | None:
    return session.scalar(select(Person.name).where(Person.id == person)) if person is not None else None


def _addressed(session: Session, named: Iterable[str]) -> list[str]:
    """Return the organisations meant by ids or Chinese names; whom the register does not know stays as it was named.

    A document writes 人民政府 where the register says 政府.
    """
    wanted = {one: one.replace("人民政府", "政府") for one in named}
    name = func.jsonb_extract_path_text(Organisation.name, literal("zh"))
    query = select(Organisation.id, name).where(or_(Organisation.id.in_(wanted), name.in_(wanted.values())))
    known = {told: found for found, zh in session.execute(query) for told in (found, zh)}
    return [known.get(short, one) for one, short in wanted.items()]


def _tell(session: Session, kind: str, row: OfficialDocument, actor: UUID | None, data: dict[str, Any]) -> None:
    events.append(session, kind, instance=row.instance, actor=actor, data=data)
