"""The desk: what people keep, ask and tell around a task, before and beside its answer."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant, Json, Key, Texts
from engine.tables.states import DelegationState, SignKind, SignState


class Draft(Base):
    """What one person has typed into the form of a task so far; never validated, gone with the answer."""

    __tablename__ = "draft"
    task: Mapped[UUID] = mapped_column(ForeignKey("task.id"), primary_key=True)
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    answers: Mapped[Json]
    saved_at: Mapped[Instant]


class Attachment(Base):
    """A file that somebody put to a task; its content is evidence, kept under its SHA-256."""

    __tablename__ = "attachment"
    id: Mapped[Key]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID] = mapped_column(ForeignKey("task.id"), index=True)
    field: Mapped[str | None]  # the path of the answer it supports
    digest: Mapped[str] = mapped_column(ForeignKey("evidence.digest"))
    name: Mapped[str]
    added_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]


class Delegation(Base):
    """A task that its owner gave to somebody to prepare; it comes back to the owner, who finishes it."""

    __tablename__ = "delegation"
    id: Mapped[Key]
    task: Mapped[UUID] = mapped_column(ForeignKey("task.id"), index=True)
    owner: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    delegate: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    state: Mapped[DelegationState]
    asked_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    returned_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))  # the delegate, or who stood in
    opinion: Mapped[str | None]
    __table_args__ = (
        Index("uq_delegation_open", "task", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_delegation_owner_open", "owner", postgresql_where=text("state = 'open'")),
    )


class Sign(Base):
    """An added sign: somebody asked for an opinion on a task before it is finished, or after."""

    __tablename__ = "sign"
    id: Mapped[Key]
    task: Mapped[UUID] = mapped_column(ForeignKey("task.id"), index=True)
    kind: Mapped[SignKind]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    position: Mapped[int]  # the order in which they are asked; the same number signs at once
    state: Mapped[SignState]
    asked_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))  # the person, or who stood in
    opinion: Mapped[str | None]
    __table_args__ = (Index("ix_sign_person_state", "person", "state"),)


class Rejection(Base):
    """Why a task was opened again: sent back, with the fields that may change and the answers of before."""

    __tablename__ = "rejection"
    task: Mapped[UUID] = mapped_column(ForeignKey("task.id"), primary_key=True)  # the task that was opened again
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    sender: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    source: Mapped[UUID] = mapped_column(ForeignKey("task.id"))  # the task that it was sent back from
    reason: Mapped[str]
    fields: Mapped[Texts]  # paths of answers; empty: all of them
    attempt: Mapped[int]  # the how manieth time that this step comes back
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    at: Mapped[Instant]


class CarbonCopy(Base):
    """A case that somebody was told of for information (抄送)."""

    __tablename__ = "carbon_copy"
    id: Mapped[Key]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID | None] = mapped_column(ForeignKey("task.id"))
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sender: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str]
    at: Mapped[Instant]
    read_at: Mapped[Instant | None]
    __table_args__ = (Index("ix_carbon_copy_person_at", "person", "at", "id"),)


class Urge(Base):
    """A request to hurry with a task (催办), at most one a day."""

    __tablename__ = "urge"
    id: Mapped[Key]
    task: Mapped[UUID] = mapped_column(ForeignKey("task.id"))
    sender: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    on: Mapped[date] = mapped_column(Date)
    note: Mapped[str]
    at: Mapped[Instant]
    seen_at: Mapped[Instant | None]
    __table_args__ = (UniqueConstraint("task", "on"),)
