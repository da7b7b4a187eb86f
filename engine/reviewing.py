"""Reviewing: what becomes of a draft of a programme is remembered, and whoever did not write it decides on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.errors import NotFound
from engine.tables import Revision, RevisionAuthor, RevisionState, RevisionStep

LONGEST_NOTE = 2000
MOST_TOLD = 50  # differences that an event tells; the step keeps more
MOST_KEPT = 2000


@dataclass(frozen=True)
class Step:
    """Something that became of a draft: its kind of event, who did it, a note and the differences in words."""

    kind: str
    actor: UUID | None
    note: str = ""
    differences: list[dict[str, Any]] | None = None
    behalf: Mapping[str, Any] = field(default_factory=dict)


def remember(session: Session, row: Revision, step: Step) -> None:
    """Write a step into the trail of a draft and into the record of events; of many differences the first are told."""
    note = step.note.strip()[:LONGEST_NOTE]
    kept = step.differences[:MOST_KEPT] if step.differences is not None else None
    facts = {"revision": row.id, "at": clock.now(), "person": step.actor, "kind": step.kind, "note": note}
    session.execute(insert(RevisionStep).values(**facts, differences=kept))
    data = {"revision": str(row.id), "programme": row.programme, "name": row.title, "note": note, "reason": note}
    told = {"differences": kept[:MOST_TOLD], "count": len(step.differences or ())} if kept else {}
    events.append(session, step.kind, instance=row.instance, actor=step.actor, data={**data, **told, **step.behalf})


def sign(session: Session, revision: UUID, people: Iterable[UUID]) -> None:
    """Note whose hand is in a draft, for good."""
    rows = [{"revision": revision, "person": person} for person in set(people)]
    session.execute(upsert(RevisionAuthor).on_conflict_do_nothing(), rows)


def wrote(session: Session, revision: UUID, person: UUID) -> bool:
    """Tell whether somebody's hand is in a draft."""
    query = select(RevisionAuthor.person).where(RevisionAuthor.revision == revision, RevisionAuthor.person == person)
    return session.scalar(query) is not None


def awaiting(session: Session, revision: UUID, instance: UUID) -> Revision:
    """Return a draft that waits for what an approval decides, locked; raise NotFound."""
    query = select(Revision).where(Revision.id == revision, Revision.instance == instance).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None or row.state is not RevisionState.SUBMITTED:
        raise NotFound(revision=revision)
    return row


def approve(session: Session, row: Revision, actor: UUID, opinion: str) -> None:
    """Let a draft become a version as it is; the caller has locked it and knows that the actor may."""
    _decided(row, RevisionState.APPROVED, actor, opinion)
    remember(session, row, Step("revision.approved", actor, opinion))


def refuse(session: Session, row: Revision, actor: UUID, reason: str) -> None:
    """Give a draft back to those who write it, with a reason; the caller has locked it and knows that the actor may."""
    _decided(row, RevisionState.DRAFT, actor, reason)
    remember(session, row, Step("revision.refused", actor, reason))


def _decided(row: Revision, state: RevisionState, actor: UUID, opinion: str) -> None:
    row.state, row.decided_by, row.decided_at, row.opinion = state, actor, clock.now(), opinion
