"""Revisions: drafts of programmes, the files saved in them, whose hand is in them, and what became of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Code, Instant, Key, Serial
from engine.tables.states import RevisionState


class Revision(Base):
    """A draft of one programme, drawn from one of its versions; none stands behind a programme that is new."""

    __tablename__ = "revision"
    id: Mapped[Key]
    programme: Mapped[str] = mapped_column(index=True)
    base: Mapped[str | None] = mapped_column(ForeignKey("deployment.digest"))
    title: Mapped[str]
    reason: Mapped[str]
    state: Mapped[RevisionState]
    saves: Mapped[int] = mapped_column(server_default=text("0"))  # counts every change of a file; only grows
    based: Mapped[int] = mapped_column(server_default=text("0"))  # what it counted when `base` was last set
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[Instant]
    submitted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[Instant | None]
    digest: Mapped[str | None]  # of the files as they were submitted
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"), index=True)  # of the approval
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant | None]
    opinion: Mapped[str | None]
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    deployment: Mapped[str | None] = mapped_column(ForeignKey("deployment.digest"), unique=True)
    __table_args__ = (Index("ix_revision_open", "programme", postgresql_where=text("closed_at IS NULL")),)


class RevisionFile(Base):
    """A file as a revision changes it; without content it is taken away."""

    __tablename__ = "revision_file"
    revision: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    path: Mapped[Code]
    resource: Mapped[str | None] = mapped_column(ForeignKey("resource.digest"))
    version: Mapped[int]  # what the revision counted when it was saved
    saved_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[Instant]


class RevisionAuthor(Base):
    """Somebody whose hand is in a revision, by their own save or by one in their place; they do not approve it."""

    __tablename__ = "revision_author"
    revision: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)


class RevisionStep(Base):
    """What became of a revision, in order, with its differences in words; append-only."""

    __tablename__ = "revision_step"
    id: Mapped[Serial]
    revision: Mapped[UUID] = mapped_column(ForeignKey("revision.id"), index=True)
    at: Mapped[Instant]
    person: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    note: Mapped[str]
    differences: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
