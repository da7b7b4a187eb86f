"""Every table of the webhooks: whom we tell, what is to be told, how each try went, and who may tell us."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Code, Instant, Json, Serial, Texts

SUMMED = {"autosummarize": "on"}  # rows lie about in the order of their days, and vacuum sums up what is new


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # to be tried at next_at
    SENT = "sent"  # the receiver answered 2xx
    DEAD = "dead"  # every try failed, or the receiver answered 410


class Endpoint(Base):
    """An address of another system that is told of some kinds of event, on behalf of an organisation or of us all.

    Whoever posts to it holds the lease; a pause spares one that does not answer; `failures` are those since its last
    success.
    """

    __tablename__ = "endpoint"
    id: Mapped[Serial]
    url: Mapped[str]
    secrets: Mapped[Texts]
    kinds: Mapped[Texts]
    programme: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Instant]
    name: Mapped[str] = mapped_column(server_default="")
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    ordered: Mapped[bool] = mapped_column(server_default=text("false"))
    overlap_until: Mapped[Instant | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    succeeded_at: Mapped[Instant | None]
    paused_until: Mapped[Instant | None]
    leased_until: Mapped[Instant | None]
    served_at: Mapped[Instant | None]
    disabled_at: Mapped[Instant | None]
    disabled_why: Mapped[str | None]


class Delivery(Base):
    """One event on its way to one endpoint; its message id stays the same through every try."""

    __tablename__ = "delivery"
    id: Mapped[Serial]
    endpoint: Mapped[int] = mapped_column(ForeignKey("endpoint.id"))
    event: Mapped[int] = mapped_column(ForeignKey("event.id"))
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[DeliveryState]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_at: Mapped[Instant]
    instance: Mapped[UUID | None]
    __table_args__ = (
        UniqueConstraint("endpoint", "event"),
        Index("ix_delivery_next_at", "next_at", postgresql_using="brin", postgresql_with=SUMMED),
        Index("ix_delivery_pending", "endpoint", "next_at", postgresql_where=text("state = 'pending'")),
        Index(
            "ix_delivery_ordered",
            "endpoint",
            "instance",
            "event",
            postgresql_where=text("state = 'pending' AND instance IS NOT NULL"),
        ),
    )


class Attempt(Base):
    """One try of a delivery and how it went; append-only."""

    __tablename__ = "attempt"
    id: Mapped[Serial]
    delivery: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    at: Mapped[Instant]
    status: Mapped[int | None]
    error: Mapped[str | None]
    milliseconds: Mapped[int]
    answer: Mapped[str | None]


class SourceRow(Base):
    """A system that may send us events, as pages keep it; one with the key of config/sources.toml takes its place."""

    __tablename__ = "source"
    key: Mapped[Code]
    name: Mapped[Json]
    message: Mapped[str]
    correlation: Mapped[str]
    payload: Mapped[str]
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    max_bytes: Mapped[int]
    scheme: Mapped[str]
    active: Mapped[bool]
    changed_at: Mapped[Instant]
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
