"""What owners have done to many running cases: errands with a result per case, and versions that stand still."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant, Json, Key
from engine.tables.states import ErrandKind, ErrandState, ItemState


class Errand(Base):
    """Something an owner asks to be done to running cases of a programme, to one or to many."""

    __tablename__ = "errand"
    id: Mapped[Key]
    programme: Mapped[str] = mapped_column(index=True)
    kind: Mapped[ErrandKind]
    state: Mapped[ErrandState]
    reason: Mapped[str]
    data: Mapped[Json]  # what a step counts as having given, where a token goes, when a timer falls due
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[Instant]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))  # who confirmed or refused it
    answered_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    __table_args__ = (Index("ix_errand_running", "asked_at", postgresql_where=text("state = 'running'")),)


class ErrandItem(Base):
    """One case of an errand, and what became of it there; done in a transaction of its own."""

    __tablename__ = "errand_item"
    errand: Mapped[UUID] = mapped_column(ForeignKey("errand.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID | None]
    incident: Mapped[int | None] = mapped_column(BigInteger)
    element: Mapped[str | None]
    state: Mapped[ItemState]
    fault: Mapped[str | None]  # the name of what went wrong
    why: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # in zh and en, where it says more than its name
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    retry_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    __table_args__ = (
        Index("ix_errand_item_waiting", "errand", "position", postgresql_where=text("state = 'waiting'")),
    )


class Standstill(Base):
    """A version whose cases stand still, and on which none starts, until somebody lets it go on."""

    __tablename__ = "standstill"
    deployment: Mapped[str] = mapped_column(ForeignKey("deployment.digest"), primary_key=True)
    reason: Mapped[str]
    by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[Instant]


class StandstillCase(Base):
    """A case that stands still because its version does; one that stood still before is none of these."""

    __tablename__ = "standstill_case"
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    deployment: Mapped[str] = mapped_column(ForeignKey("standstill.deployment"), index=True)
