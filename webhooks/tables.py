"""Every table of the webhooks: whom we tell, what is to be told, and how each try went."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant, Serial, Texts


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # to be tried at next_at
    SENT = "sent"  # the receiver answered 2xx
    DEAD = "dead"  # every try failed, or the receiver answered 410


class Endpoint(Base):
    """An address of another system that is told of some kinds of event."""

    __tablename__ = "endpoint"
    id: Mapped[Serial]
    url: Mapped[str]
    secrets: Mapped[Texts]
    kinds: Mapped[Texts]
    programme: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Instant]


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
    leased_until: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("endpoint", "event"),
        Index("ix_delivery_pending", "endpoint", "next_at", postgresql_where=text("state = 'pending'")),
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
