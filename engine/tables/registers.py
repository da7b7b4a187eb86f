"""The registers: facts that outlive a case - titles, rounds, figures, scores, documents, deadlines that moved."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Code, Instant, Json, Key, Serial, Texts
from engine.tables.states import DocumentState, RoundState


class DivisionEvent(Base):
    """What became of administrative divisions: which units ceased or changed, and which came of them."""

    __tablename__ = "division_event"
    id: Mapped[Serial]
    effective_on: Mapped[date]
    kind: Mapped[str]
    document_no: Mapped[str]
    from_units: Mapped[Texts]
    to_units: Mapped[Texts]
    note: Mapped[str]
    basis: Mapped[str]
    code_effective_on: Mapped[date | None]
    inaugurated_on: Mapped[date | None]
    __table_args__ = (UniqueConstraint("effective_on", "kind", "from_units", "to_units"),)


class Title(Base):
    """A title that a unit holds or held: since when, by which document, and how it ended."""

    __tablename__ = "title"
    id: Mapped[Key]
    programme: Mapped[str]
    unit: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    granted_on: Mapped[date]
    document_no: Mapped[str]
    case_id: Mapped[str | None]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None]
    end_document_no: Mapped[str | None]
    __table_args__ = (
        Index("uq_title_open", "unit", "kind", unique=True, postgresql_where=text("ended_on IS NULL")),
        Index("ix_title_kind", "kind", "granted_on"),
    )


class Bar(Base):
    """A unit that may not apply again for some rounds."""

    __tablename__ = "bar"
    id: Mapped[Serial]
    programme: Mapped[str]
    unit: Mapped[str] = mapped_column(index=True)
    since: Mapped[date]
    rounds: Mapped[int]
    reason: Mapped[str]
    document_no: Mapped[str | None]


class AgencyMark(Base):
    """What a third-party agency's work of a year was worth, and until when it is given no more of it."""

    __tablename__ = "agency_mark"
    id: Mapped[Serial]
    programme: Mapped[str]
    agency: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    marked_on: Mapped[date]
    score: Mapped[int]
    barred_until: Mapped[date | None]
    reason: Mapped[str]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Round(Base):
    """A round that gathers units: its kind and year, and the indicator set as it was frozen when it opened."""

    __tablename__ = "round"
    id: Mapped[Code]
    programme: Mapped[str]
    kind: Mapped[str]
    year: Mapped[int]
    indicator_set: Mapped[str]
    set_digest: Mapped[str]
    set_rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[RoundState]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    published_on: Mapped[date | None]
    document_no: Mapped[str | None]
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"))
    __table_args__ = (UniqueConstraint("programme", "kind", "year"),)


class RoundResult(Base):
    """What a round gave a unit: its outcome, and the good practice that is made known with the circular."""

    __tablename__ = "round_result"
    round: Mapped[str] = mapped_column(ForeignKey("round.id"), primary_key=True)
    unit: Mapped[Code]
    outcome: Mapped[str | None]
    practice: Mapped[str | None]
    kept_at: Mapped[Instant]
    __table_args__ = (Index("ix_round_result_unit", "unit"),)


class Figure(Base):
    """A raw value of a unit and year; a correction is a new version, what was published stays."""

    __tablename__ = "figure"
    id: Mapped[Serial]
    unit: Mapped[str]
    year: Mapped[int]
    code: Mapped[str]
    version: Mapped[int]
    value: Mapped[Decimal | None] = mapped_column(Numeric)
    definition: Mapped[str]
    origin: Mapped[str]
    source: Mapped[str | None]
    evidence: Mapped[Texts]
    case_id: Mapped[str | None]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[Instant]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[Instant | None]
    reason: Mapped[str | None]
    locked_at: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("unit", "year", "code", "origin", "version"),
        Index("ix_figure_year_code", "year", "code"),
    )


class Evidence(Base):
    """A file that supports a figure or a statement, known by its SHA-256; the content lies in the folder of files."""

    __tablename__ = "evidence"
    digest: Mapped[Code]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    kept_at: Mapped[Instant]
    kept_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    keepers: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))  # everybody who handed it in
    __table_args__ = (Index("ix_evidence_kept_by_kept_at", "kept_by", "kept_at"),)


class ScoreSheet(Base):
    """How a unit was scored in a round, with everything needed to reckon it again; never changed, only superseded."""

    __tablename__ = "score_sheet"
    id: Mapped[Key]
    programme: Mapped[str]
    round: Mapped[str | None] = mapped_column(ForeignKey("round.id"), index=True)
    unit: Mapped[str] = mapped_column(index=True)
    case_id: Mapped[str] = mapped_column(index=True)
    level: Mapped[str]
    agency: Mapped[str | None]
    indicator_set: Mapped[str]
    set_digest: Mapped[str]
    total: Mapped[Decimal] = mapped_column(Numeric)
    gates_met: Mapped[bool]
    grade: Mapped[str | None]
    sheet: Mapped[Json]
    digest: Mapped[str]
    made_at: Mapped[Instant]
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("score_sheet.id"))
    reason: Mapped[str | None]


class NumberSeries(Base):
    """The numbers of an issuing organ in one year: the last one that was given out."""

    __tablename__ = "number_series"
    organ: Mapped[Code]
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class OfficialDocument(Base):
    """A document that was issued under a number; one that was void keeps its number and says why."""

    __tablename__ = "official_document"
    id: Mapped[Key]
    programme: Mapped[str]
    kind: Mapped[str]
    organ: Mapped[str]
    year: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    facts: Mapped[Json]
    template: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(index=True)
    round: Mapped[str | None] = mapped_column(index=True)
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"))
    state: Mapped[DocumentState]
    issued_on: Mapped[date]
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    addressees: Mapped[Texts]
    retention: Mapped[str]
    void_reason: Mapped[str | None]
    pdf: Mapped[str | None]
    docx: Mapped[str | None]
    remarks: Mapped[Json | None]
    published_at: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("organ", "year", "serial"),
        Index("ix_official_document_unrendered", "id", postgresql_where=text("pdf IS NULL AND state = 'issued'")),
    )


class CalendarNotice(Base):
    """A notice of holidays that was loaded: what it says, which calendar it made, and whether deadlines followed it."""

    __tablename__ = "calendar_notice"
    number: Mapped[Code]
    issued_on: Mapped[date]
    days: Mapped[Json]
    version: Mapped[str]
    loaded_at: Mapped[Instant]
    loaded_by: Mapped[str]
    settled_at: Mapped[Instant | None]


class ClockStop(Base):
    """A time during which some deadlines of an instance stand still."""

    __tablename__ = "clock_stop"
    id: Mapped[Serial]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID]
    element: Mapped[str]
    keys: Mapped[Texts]
    began_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


class DeadlineMove(Base):
    """A deadline that was reckoned anew: why, from when to when, and who was told."""

    __tablename__ = "deadline_move"
    id: Mapped[Serial]
    cause: Mapped[str] = mapped_column(index=True)
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID]
    element: Mapped[str]
    before: Mapped[Instant]
    after: Mapped[Instant]
    told: Mapped[Texts]
    moved_at: Mapped[Instant]


class BoundaryMap(Base):
    """The boundaries of a province's units, drawn for its board; always shown with its approval number (审图号)."""

    __tablename__ = "boundary_map"
    province: Mapped[Code]
    number: Mapped[str]
    source: Mapped[str]  # the name of the file
    digest: Mapped[str]  # SHA-256 of the file
    drawing: Mapped[Json]  # as engine.domain.boundaries draws it
    imported_at: Mapped[Instant]
    imported_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
