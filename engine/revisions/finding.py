"""Finding drafts: by those who may see their programme, and locked for those who change them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from engine import ownership
from engine.errors import NotFound, RevisionRefused
from engine.identity import Actor
from engine.tables import Deployment, Person, Revision, RevisionAuthor, RevisionFile, RevisionState, RevisionStep

Words = Mapping[str, str]
MOST_STEPS = 500
STANDING: Mapping[RevisionState, Words] = {
    RevisionState.DRAFT: {"zh": "修改稿还没有提交。", "en": "The draft was not submitted yet."},
    RevisionState.SUBMITTED: {
        "zh": "修改稿已经提交审定；要修改请先撤回。",
        "en": "The draft waits for approval; take it back to change it.",
    },
    RevisionState.APPROVED: {
        "zh": "修改稿已经审定；要修改请先撤回，改后须重新审定。",
        "en": "The draft is approved; take it back to change it, and have it approved again.",
    },
    RevisionState.DEPLOYED: {"zh": "修改稿已经部署。", "en": "The draft was deployed already."},
    RevisionState.WITHDRAWN: {"zh": "修改稿已经作废。", "en": "The draft was given up."},
}


@dataclass(frozen=True)
class RevisionRow:
    """A draft as people see it; `number` is the version it was drawn from, `newest` the newest of its programme.

    `authors` are the names of those whose hand is in it, `changed` is how many files it changes.
    """

    id: UUID
    programme: str
    title: str
    reason: str
    state: RevisionState
    base: str | None
    number: int | None
    newest: int | None
    saves: int
    opened_by: str
    opened_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    digest: str | None
    instance: UUID | None
    decided_by: str | None
    decided_at: datetime | None
    opinion: str | None
    closed_at: datetime | None
    closed_by: str | None
    deployment: str | None
    deployed: int | None
    authors: list[str]
    changed: int

    @property
    def old(self) -> bool:
        """Tell whether another version was deployed since the draft was drawn."""
        return self.state not in CLOSED and self.number != self.newest


CLOSED = frozenset({RevisionState.DEPLOYED, RevisionState.WITHDRAWN})


@dataclass(frozen=True)
class StepRow:
    """What became of a draft, with its differences in words, of all files; none where a step has none."""

    at: datetime
    kind: str
    person: str | None
    note: str
    differences: list[dict[str, Any]] | None


def listing(session: Session, actor: Actor, programme: str | None = None) -> list[RevisionRow]:
    """List the open drafts of the programmes that the actor may change or approve, of one or of all, newest first."""
    query = _rows().where(Revision.closed_at.is_(None), _on_bench(actor)).order_by(Revision.opened_at.desc())
    if programme is not None:
        query = query.where(Revision.programme == programme)
    return list(_told(session, query))


def show(session: Session, actor: Actor, revision: UUID) -> RevisionRow:
    """Return a draft of a programme that the actor may change or approve; raise NotFound."""
    found = list(_told(session, _rows().where(Revision.id == revision, _on_bench(actor))))
    if not found:
        raise NotFound(revision=revision)
    return found[0]


def steps(session: Session, actor: Actor, revision: UUID) -> list[StepRow]:
    """List what became of a draft, the newest first; raise NotFound."""
    seen(session, actor, revision)
    query = (
        select(RevisionStep.at, RevisionStep.kind, Person.name, RevisionStep.note, RevisionStep.differences)
        .outerjoin(Person, Person.id == RevisionStep.person)
        .where(RevisionStep.revision == revision)
        .order_by(RevisionStep.id.desc())
        .limit(MOST_STEPS)
    )
    return [StepRow(*row) for row in session.execute(query)]


def seen(session: Session, actor: Actor, revision: UUID) -> Revision:
    """Return the row of a draft that the actor may see; raise NotFound."""
    row = session.scalars(select(Revision).where(Revision.id == revision, _on_bench(actor))).one_or_none()
    if row is None:
        raise NotFound(revision=revision)
    return row


def locked(session: Session, actor: Actor, revision: UUID) -> Revision:
    """Lock a draft of a programme that the actor may change; raise NotFound to strangers, NotAllowed to approvers."""
    query = select(Revision).where(Revision.id == revision, _on_bench(actor)).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound(revision=revision)
    ownership.must_edit(actor, row.programme)
    return row


def expect(row: Revision, *states: RevisionState) -> None:
    """Raise RevisionRefused, which says how a draft stands, unless it stands in one of `states`."""
    if row.state not in states:
        raise RevisionRefused(why=dict(STANDING[row.state]), revision=row.id)


def _on_bench(actor: Actor) -> ColumnElement[bool]:
    edited, approved = ownership.edited_by(actor), ownership.approved_by(actor)
    if edited.every or approved.every:
        return true()
    return or_(Revision.programme.in_(sorted(edited.names | approved.names)))


def _rows() -> Select[Any]:
    base, made, newest = aliased(Deployment), aliased(Deployment), aliased(Deployment)
    opened, handed, decided, closed, author = (aliased(Person) for _ in range(5))
    hands = select(func.array_agg(author.name)).join(RevisionAuthor, RevisionAuthor.person == author.id)
    files = select(func.count()).select_from(RevisionFile).where(RevisionFile.revision == Revision.id)
    last = select(func.max(newest.number)).where(newest.programme == Revision.programme)
    return (
        select(
            Revision,
            base.number,
            made.number,
            last.correlate(Revision).scalar_subquery(),
            opened.name,
            handed.name,
            decided.name,
            closed.name,
            hands.where(RevisionAuthor.revision == Revision.id).correlate(Revision).scalar_subquery(),
            files.correlate(Revision).scalar_subquery(),
        )
        .outerjoin(base, base.digest == Revision.base)
        .outerjoin(made, made.digest == Revision.deployment)
        .join(opened, opened.id == Revision.opened_by)
        .outerjoin(handed, handed.id == Revision.submitted_by)
        .outerjoin(decided, decided.id == Revision.decided_by)
        .outerjoin(closed, closed.id == Revision.closed_by)
    )


def _told(session: Session, query: Select[Any]) -> Iterator[RevisionRow]:
    for row, number, made, newest, opened, handed, decided, closed, hands, changed in session.execute(query):
        yield RevisionRow(
            id=row.id,
            programme=row.programme,
            title=row.title,
            reason=row.reason,
            state=row.state,
            base=row.base,
            number=number,
            newest=newest,
            saves=row.saves,
            opened_by=opened,
            opened_at=row.opened_at,
            submitted_by=handed,
            submitted_at=row.submitted_at,
            digest=row.digest,
            instance=row.instance,
            decided_by=decided,
            decided_at=row.decided_at,
            opinion=row.opinion,
            closed_at=row.closed_at,
            closed_by=closed,
            deployment=row.deployment,
            deployed=made,
            authors=sorted(hands or ()),
            changed=changed,
        )
