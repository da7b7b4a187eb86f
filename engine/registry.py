"""The register of official documents as people read it: searched, page by page, by those who may read each."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from engine import documents, pages
from engine.documents import Entry
from engine.errors import NotFound
from engine.identity import Actor
from engine.pages import Page
from engine.tables import Division, DocumentState, OfficialDocument, Organisation, RoundResult


@dataclass(frozen=True)
class Wanted:
    """What is looked for; whatever is none does not narrow. `words` stand in the number or the title."""

    words: str | None = None
    organ: str | None = None
    year: int | None = None
    kind: str | None = None
    state: DocumentState | None = None
    case_id: str | None = None
    round: str | None = None
    unit: str | None = None


def search(session: Session, actor: Actor, wanted: Wanted, cursor: str | None = None, limit: int = 50) -> Page[Entry]:
    """Return the documents the person may read and that are wanted, the newest first."""
    query = documents.readable(actor).where(*_narrowed(wanted))
    before = _place(cursor)
    if before is not None:
        query = query.where(tuple_(OfficialDocument.issued_on, OfficialDocument.id) < before)
    query = query.order_by(OfficialDocument.issued_on.desc(), OfficialDocument.id.desc()).limit(limit + 1)
    rows = [documents.entry(row) for row in session.scalars(query)]
    return pages.page(rows, limit, lambda row: (row.issued_on, row.id))


def offered(session: Session, actor: Actor) -> tuple[list[str], list[int]]:
    """Return the words of organs and the years among the documents the person may read, in one query."""
    read = documents.readable(actor).with_only_columns(OfficialDocument.organ, OfficialDocument.year).distinct()
    found = session.execute(read).all()
    return sorted({row.organ for row in found}), sorted({row.year for row in found}, reverse=True)


def _place(cursor: str | None) -> tuple[date, UUID] | None:
    """Return behind which document a page begins; raise NotFound when no register gave this cursor."""
    before = pages.position(cursor)
    match before:
        case None:
            return None
        case (datetime() as day, UUID() as document):
            return day.date(), document
    raise NotFound(cursor=cursor)


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    same = {
        OfficialDocument.organ: wanted.organ,
        OfficialDocument.year: wanted.year,
        OfficialDocument.kind: wanted.kind,
        OfficialDocument.state: wanted.state,
        OfficialDocument.case_id: wanted.case_id,
        OfficialDocument.round: wanted.round,
    }
    found = [column == value for column, value in same.items() if value is not None]
    texts = (OfficialDocument.number, OfficialDocument.title)
    found += [or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in (wanted.words or "").split()]
    if wanted.unit is not None:
        found.append(_about(wanted.unit))
    return found


def _about(unit: str) -> ColumnElement[bool]:
    """Return the condition that a document is of a case of the unit, of a round it was in, or sent to its offices.

    A case is named for its unit and the year it began.
    """
    codes = select(Division.code).where(Division.unit == unit)
    offices = select(Organisation.id).where(Organisation.division.in_(codes))
    rounds = select(RoundResult.round).where(RoundResult.unit == unit)
    return or_(
        OfficialDocument.case_id.like(f"{unit}-____"),
        OfficialDocument.round.in_(rounds) & OfficialDocument.case_id.is_(None),
        OfficialDocument.addressees.overlap(func.array(offices.scalar_subquery())),
    )
