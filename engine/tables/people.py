"""People: who signs in, what they may do where, who stands in for them, and how they like their desk."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Bytes, Code, Instant, Json, Key, Texts


class Organisation(Base):
    """A government, department, agency or office that people act for."""

    __tablename__ = "organisation"
    id: Mapped[Code]
    name: Mapped[Json]
    kind: Mapped[str]
    division: Mapped[str | None]


class Person(Base):
    """A member of staff who signs in."""

    __tablename__ = "person"
    id: Mapped[Key]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="zh")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[Instant | None]


class Membership(Base):
    """A role that a person holds in an organisation."""

    __tablename__ = "membership"
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    role: Mapped[Code]


class SignIn(Base):
    """A web session or an API token; only the SHA-256 of its secret is stored."""

    __tablename__ = "sign_in"
    digest: Mapped[Code]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    started_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    device: Mapped[str | None]  # what the browser says of itself
    address: Mapped[str | None]


class Substitution(Base):
    """Who stands in for a person from one day to another, with all of their roles or with those that are named."""

    __tablename__ = "substitution"
    id: Mapped[Key]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    substitute: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    roles: Mapped[Texts]  # empty: every role of the person
    since: Mapped[date]
    until: Mapped[date]  # the last day
    reason: Mapped[str]
    made_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


class SecondFactor(Base):
    """The second factor of a person: the secret is wrapped, a code counts once, recovery codes are hashed."""

    __tablename__ = "second_factor"
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret: Mapped[Bytes]
    made_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    last_step: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[Instant | None]
    recovery: Mapped[Texts]


class Preference(Base):
    """What a person chose for their own desk: notifications, the tour, the size of lists."""

    __tablename__ = "preference"
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    value: Mapped[Json]


class SavedFilter(Base):
    """A search of a list that somebody keeps, for themselves or for their organisation."""

    __tablename__ = "saved_filter"
    id: Mapped[Key]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))  # with whom it is shared
    name: Mapped[str]
    query: Mapped[Json]
    made_at: Mapped[Instant]
    __table_args__ = (
        Index("ix_saved_filter_organisation", "organisation", postgresql_where=text("organisation IS NOT NULL")),
    )


class Feed(Base):
    """A calendar feed of a person; only the SHA-256 of its secret address is stored."""

    __tablename__ = "feed"
    digest: Mapped[Code]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    made_at: Mapped[Instant]
