"""Notices: what people are told of what happened, where they are reached, and how each try to reach them went."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Bytes, Code, Instant, Serial


class SendingState(StrEnum):
    """Where a sending stands."""

    QUEUED = "queued"  # to be tried at next_at
    SENT = "sent"  # the channel took it
    FAILED = "failed"  # every try failed
    BOUNCED = "bounced"  # the channel says that nobody is reached there; the next channel takes over
    SKIPPED = "skipped"  # read at the desk before it was sent


class Contact(Base):
    """Where a person is reached over a channel: the address is sealed; one that bounced is used no more."""

    __tablename__ = "contact"
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    channel: Mapped[Code]
    address: Mapped[Bytes]
    made_at: Mapped[Instant]
    bounced_at: Mapped[Instant | None]
    bounce: Mapped[str | None]


class Notice(Base):
    """What one person is told of one event, once, in their language."""

    __tablename__ = "notice"
    id: Mapped[Serial]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    event: Mapped[int] = mapped_column(ForeignKey("event.id"))
    purpose: Mapped[str]
    urgent: Mapped[bool] = mapped_column(server_default=text("false"))
    subject: Mapped[str]
    body: Mapped[str]
    link: Mapped[str]
    at: Mapped[Instant]
    read_at: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("event", "person"),
        Index("ix_notice_person_id", "person", "id"),
        Index("ix_notice_unread", "person", postgresql_where=text("read_at IS NULL")),
    )


class Sending(Base):
    """A notice on its way over one channel; `digest` ones of a person go together in one letter."""

    __tablename__ = "sending"
    id: Mapped[Serial]
    notice: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    digest: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[SendingState]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_at: Mapped[Instant]
    leased_until: Mapped[Instant | None]
    sent_at: Mapped[Instant | None]
    error: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("notice", "channel"),
        Index("ix_sending_queued", "next_at", "id", postgresql_where=text("state = 'queued'")),
        Index("ix_sending_person_queued", "person", "channel", postgresql_where=text("state = 'queued'")),
    )
