"""Finding: what a rehearsal told, group by group and instance by instance, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from engine import ownership, pages
from engine.errors import NotFound
from engine.identity import Actor
from engine.pages import Page
from engine.tables import (
    STANDING,
    Changeover,
    ChangeoverGroup,
    ChangeoverRow,
    Deployment,
    Division,
    GroupPlan,
    GroupState,
    Instance,
    InstanceState,
    Person,
)

CASES = 50  # on a page


@dataclass(frozen=True)
class GroupView:
    """A group: `verdict` as it was without choices, `verdicts` how many of its instances fare how with them."""

    id: UUID
    position: int
    number: int
    verdict: str
    verdicts: Mapping[str, int]
    outcomes: Mapping[str, int]
    steps: Sequence[Mapping[str, Any]]
    plan: GroupPlan | None
    choices: Mapping[str, str]
    accepts: bool
    apart: bool
    state: GroupState
    refusal: Mapping[str, str] | None
    decided_by: str | None
    asked_by: str | None
    asked_at: datetime | None

    @property
    def count(self) -> int:
        """Return how many instances are in the group."""
        return sum(self.verdicts.values())


@dataclass(frozen=True)
class ChangeoverView:
    """A rehearsal and its groups; `number` is that of the version once it is deployed.

    `newer` counts the instances that run on other versions and were not tried.
    """

    id: UUID
    programme: str
    digest: str
    revision: UUID | None
    number: int | None
    rehearsed_by: str
    rehearsed_at: datetime
    newer: int
    groups: list[GroupView]

    @property
    def count(self) -> int:
        """Return how many instances were tried."""
        return sum(group.count for group in self.groups)

    @property
    def busy(self) -> bool:
        """Tell whether groups are being carried over or taken back."""
        return any(group.state in {GroupState.QUEUED, GroupState.UNDOING} for group in self.groups)


@dataclass(frozen=True)
class CaseView:
    """How one instance fares: `facts` are steps, losses, obstacles and watches; `outcome` what became of it."""

    instance: UUID
    title: str
    unit_name: str | None
    group: UUID
    verdict: str
    facts: Mapping[str, Any]
    outcome: str | None
    suspended: bool
    started_at: datetime


@dataclass(frozen=True)
class ChangeoverHead:
    """A rehearsal as a list shows it."""

    id: UUID
    rehearsed_by: str
    rehearsed_at: datetime
    digest: str
    number: int | None
    count: int


def find(session: Session, actor: Actor, changeover: UUID) -> Changeover:
    """Return a changeover of a programme that is on the actor's bench; raise NotFound."""
    found = session.get(Changeover, changeover, populate_existing=True)
    if found is None or not ownership.may_see(actor, found.programme):
        raise NotFound(changeover=changeover)
    return found


def show(session: Session, actor: Actor, changeover: UUID) -> ChangeoverView:
    """Return a rehearsal with its groups, in five queries; raise NotFound."""
    found = find(session, actor, changeover)
    return ChangeoverView(
        id=found.id,
        programme=found.programme,
        digest=found.digest,
        revision=found.revision,
        number=number_of(session, found.digest),
        rehearsed_by=session.scalar(select(Person.name).where(Person.id == found.rehearsed_by)) or "",
        rehearsed_at=found.rehearsed_at,
        newer=_newer(session, found),
        groups=_groups(session, changeover),
    )


def cases(session: Session, actor: Actor, changeover: UUID, group: UUID, cursor: str | None = None) -> Page[CaseView]:
    """Return a page of the instances of a group, the oldest first; raise NotFound."""
    find(session, actor, changeover)
    query = _cases().where(ChangeoverRow.changeover == changeover, ChangeoverRow.group == group)
    after = pages.place(cursor, datetime, UUID)
    if after is not None:
        query = query.where(tuple_(Instance.started_at, Instance.id) > tuple_(*after))
    rows = session.execute(query.order_by(Instance.started_at, Instance.id).limit(CASES + 1)).mappings()
    return pages.page([CaseView(**row) for row in rows], CASES, lambda row: (row.started_at, row.instance))


def case(session: Session, actor: Actor, changeover: UUID, instance: UUID) -> CaseView:
    """Return how one instance fares; raise NotFound."""
    find(session, actor, changeover)
    query = _cases().where(ChangeoverRow.changeover == changeover, ChangeoverRow.instance == instance)
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(instance=instance)
    return CaseView(**row)


def listing(session: Session, actor: Actor, programme: str, limit: int = 20) -> list[ChangeoverHead]:
    """List the rehearsals of a programme, the latest first; raise NotAllowed to those on whose bench it is not."""
    ownership.must_see(actor, programme)
    many = select(func.count()).where(ChangeoverRow.changeover == Changeover.id).scalar_subquery()
    query = (
        select(
            Changeover.id,
            Person.name.label("rehearsed_by"),
            Changeover.rehearsed_at,
            Changeover.digest,
            Deployment.number,
            many.label("count"),
        )
        .join(Person, Person.id == Changeover.rehearsed_by)
        .outerjoin(Deployment, Deployment.digest == Changeover.digest)
        .where(Changeover.programme == programme)
        .order_by(Changeover.rehearsed_at.desc(), Changeover.id)
        .limit(limit)
    )
    return [ChangeoverHead(**row) for row in session.execute(query).mappings()]


def running(session: Session, programme: str) -> int:
    """Count what runs on a programme, whatever version."""
    query = select(func.count()).select_from(Instance)
    return session.scalar(query.where(Instance.programme == programme, Instance.state.in_(STANDING))) or 0


def group_in(found: ChangeoverView, group: UUID) -> GroupView:
    """Return a group of a rehearsal; raise NotFound."""
    row = next((one for one in found.groups if one.id == group), None)
    if row is None:
        raise NotFound(group=group)
    return row


def latest(session: Session, revision: UUID, digest: str) -> UUID | None:
    """Return the last rehearsal of a draft with exactly these files, none where there is none."""
    query = select(Changeover.id).where(Changeover.revision == revision, Changeover.digest == digest)
    return session.scalar(query.order_by(Changeover.rehearsed_at.desc()).limit(1))


def number_of(session: Session, digest: str) -> int | None:
    """Return the number of the version that has these files, none until they are deployed."""
    return session.scalar(select(Deployment.number).where(Deployment.digest == digest))


def _newer(session: Session, found: Changeover) -> int:
    tried = exists().where(ChangeoverRow.changeover == found.id, ChangeoverRow.instance == Instance.id)
    query = select(func.count()).select_from(Instance)
    running = query.where(
        Instance.programme == found.programme, Instance.deployment != found.digest, Instance.state.in_(STANDING)
    )
    return session.scalar(running.where(~tried)) or 0


def _groups(session: Session, changeover: UUID) -> list[GroupView]:
    decider, asker = aliased(Person), aliased(Person)
    query = (
        select(ChangeoverGroup, Deployment.number, decider.name, asker.name)
        .join(Deployment, Deployment.digest == ChangeoverGroup.deployment)
        .outerjoin(decider, decider.id == ChangeoverGroup.decided_by)
        .outerjoin(asker, asker.id == ChangeoverGroup.asked_by)
        .where(ChangeoverGroup.changeover == changeover)
        .order_by(ChangeoverGroup.position)
        .execution_options(populate_existing=True)
    )
    counted = _counted(session, changeover)
    return [
        GroupView(
            id=group.id,
            position=group.position,
            number=number,
            verdict=group.verdict,
            verdicts=counted.get(group.id, ({}, {}))[0],
            outcomes=counted.get(group.id, ({}, {}))[1],
            steps=group.steps,
            plan=group.plan,
            choices=group.choices,
            accepts=group.accepts,
            apart=group.apart,
            state=group.state,
            refusal=group.refusal,
            decided_by=decided,
            asked_by=asked,
            asked_at=group.asked_at,
        )
        for group, number, decided, asked in session.execute(query)
    ]


def _counted(session: Session, changeover: UUID) -> dict[UUID, tuple[dict[str, int], dict[str, int]]]:
    columns = (ChangeoverRow.group, ChangeoverRow.verdict, ChangeoverRow.outcome)
    query = select(*columns, func.count()).where(ChangeoverRow.changeover == changeover).group_by(*columns)
    found: dict[UUID, tuple[dict[str, int], dict[str, int]]] = {}
    for group, verdict, outcome, many in session.execute(query):
        verdicts, outcomes = found.setdefault(group, ({}, {}))
        verdicts[verdict] = verdicts.get(verdict, 0) + many
        if outcome is not None:
            outcomes[outcome] = outcomes.get(outcome, 0) + many
    return found


def _cases() -> Any:
    now = Division.valid_to.is_(None)
    return (
        select(
            ChangeoverRow.instance,
            Instance.title,
            Division.name.label("unit_name"),
            ChangeoverRow.group,
            ChangeoverRow.verdict,
            ChangeoverRow.facts,
            ChangeoverRow.outcome,
            (Instance.state == InstanceState.SUSPENDED).label("suspended"),
            Instance.started_at,
        )
        .join(Instance, Instance.id == ChangeoverRow.instance)
        .outerjoin(Division, and_(Division.unit == Instance.subject, now))
    )
