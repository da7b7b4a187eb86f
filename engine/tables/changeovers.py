"""Changeovers: how each running instance stands to another version of its programme, and what it was before."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant, Json, Key
from engine.tables.states import GroupPlan, GroupState


class Changeover(Base):
    """A rehearsal of files on everything that runs on older versions of their programme, and what came of it."""

    __tablename__ = "changeover"
    id: Mapped[Key]
    programme: Mapped[str]
    digest: Mapped[str]  # of the files that were rehearsed; a version has it once they are deployed
    files: Mapped[Json]  # the resource at each path
    revision: Mapped[UUID | None] = mapped_column(ForeignKey("revision.id"), index=True)
    rehearsed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    rehearsed_at: Mapped[Instant]
    __table_args__ = (Index("ix_changeover_programme_digest", "programme", "digest"),)


class ChangeoverGroup(Base):
    """Instances of one version that stand at the same steps and fare alike; they are carried over together."""

    __tablename__ = "changeover_group"
    id: Mapped[Key]
    changeover: Mapped[UUID] = mapped_column(ForeignKey("changeover.id"), index=True)
    position: Mapped[int]
    deployment: Mapped[str] = mapped_column(ForeignKey("deployment.digest"))  # the version they stand on
    verdict: Mapped[str]  # as it is without any choice
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)  # what is open in each: key, name, where it may go
    plan: Mapped[GroupPlan | None]
    choices: Mapped[Json]
    accepts: Mapped[bool] = mapped_column(server_default=text("false"))  # what would be lost is given up
    apart: Mapped[bool] = mapped_column(server_default=text("false"))  # one instance, decided on its own
    state: Mapped[GroupState]
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # why nothing was done, in zh and en
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Instant | None]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[Instant | None]
    __table_args__ = (
        Index("ix_changeover_group_asked", "asked_at", postgresql_where=text("state IN ('queued', 'undoing')")),
    )


class ChangeoverRow(Base):
    """How one instance fares, and, once it was carried over, everything that undoing it needs."""

    __tablename__ = "changeover_row"
    changeover: Mapped[UUID] = mapped_column(ForeignKey("changeover.id"), primary_key=True)
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), primary_key=True, index=True)
    group: Mapped[UUID] = mapped_column("group_id", ForeignKey("changeover_group.id"), index=True)
    version: Mapped[int]  # of the instance when it was judged
    verdict: Mapped[str]  # with the choices made by now
    facts: Mapped[Json]  # steps, losses, obstacles and watches, in words
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # instance and projections as they were
    envelope: Mapped[bytes | None]
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # which rows came with it
    carried: Mapped[int | None]  # the version the instance reached by being carried over
    mark: Mapped[int | None] = mapped_column(BigInteger)  # the last event of that move
    outcome: Mapped[str | None]  # carried, undone, ended or elsewhere
