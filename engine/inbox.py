"""A person's lists: what is mine, what I could claim, what I did; each page is found by an index, however long."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_
from sqlalchemy.orm import Session

from engine import calendars, clock, pages
from engine.identity import Actor
from engine.pages import Page
from engine.tables import Instance, Organisation, Person, Task, TaskState

MOST = 1_000  # lists are counted so far and no further
FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
NOBODY = UUID(int=0)
SEATS = "unnest(CAST(:roles AS text[]), CAST(:organisations AS text[])) AS seat(role, organisation)"
POOLS = "unnest(CAST(:pools AS text[])) AS seat(role)"
FREE = "state = 'open' AND assignee IS NULL AND role = seat.role AND organisation"
DATED = "due_at IS NOT NULL AND (due_at, id) > (CAST(:due AS timestamptz), CAST(:dated AS uuid)) ORDER BY due_at, id"
UNDATED = "due_at IS NULL AND id > CAST(:undated AS uuid) ORDER BY id"
PLACES = ((SEATS, "= seat.organisation"), (POOLS, "IS NULL"))
PICK = text(
    " UNION ALL ".join(  # noqa: S608 - the words are ours
        f"SELECT found.id, found.due_at FROM {seats} CROSS JOIN LATERAL"  # noqa: S608 - the words are ours
        f" (SELECT id, due_at FROM task WHERE {FREE} {place} AND {when} LIMIT :limit) AS found"
        for seats, place in PLACES
        for when in (DATED, UNDATED)
    )
    + " ORDER BY due_at, id LIMIT :limit"
)
COUNT = text(
    "SELECT coalesce(sum(counted.count), 0) FROM ("  # noqa: S608 - the words are ours
    + " UNION ALL ".join(
        f"SELECT found.count FROM {seats} CROSS JOIN LATERAL (SELECT count(*) FROM"  # noqa: S608 - the words are ours
        f" (SELECT 1 FROM task WHERE {FREE} {place} LIMIT :limit) AS one) AS found"
        for seats, place in PLACES
    )
    + ") AS counted"
)


@dataclass(frozen=True)
class TaskRow:
    """A task as a list shows it; `workdays_left` is negative when overdue, a `stopped` one has no deadline for now."""

    id: UUID
    instance: UUID
    element: str
    name: str
    form: str | None
    role: str | None
    organisation: str | None
    organisation_name: dict[str, str] | None
    assignee: UUID | None
    assignee_name: str | None
    state: str
    created_at: datetime
    due_at: datetime | None
    provisional: bool
    stopped: bool
    overdue: bool
    workdays_left: int | None
    ended_at: datetime | None
    title: str
    subject: str | None
    programme: str
    process: str


def mine(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """List the open tasks the actor has claimed or was given, the soonest due first."""
    due = func.coalesce(Task.due_at, LAST)
    query = _query().where(Task.state == TaskState.OPEN, Task.assignee == actor.id)
    after = pages.position(cursor)
    if after is not None:
        query = query.where(tuple_(due, Task.id) > after)
    return pages.page(_rows(session, query.order_by(due, Task.id).limit(limit + 1)), limit, _place)


def claimable(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """List the open tasks that nobody has claimed and the actor may, the soonest due first."""
    due, after = pages.position(cursor) or (FIRST, NOBODY)
    undated = after if due == LAST else NOBODY
    place = {"due": due, "dated": after, "undated": undated, "limit": limit + 1}
    picked = [row.id for row in session.execute(PICK, {**_seats(actor), **place})]
    rows = {row.id: row for row in _rows(session, _query().where(Task.id.in_(picked)))} if picked else {}
    return pages.page([rows[key] for key in picked if key in rows], limit, _place)


def done(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[TaskRow]:
    """List the tasks the actor has finished, the latest first."""
    query = _query().where(_finished(actor))
    before = pages.position(cursor)
    if before is not None:
        query = query.where(tuple_(Task.ended_at, Task.id) < before)
    query = query.order_by(Task.ended_at.desc(), Task.id.desc()).limit(limit + 1)
    return pages.page(_rows(session, query), limit, lambda row: (row.ended_at, row.id))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Count the actor's lists, each as far as MOST."""
    own = and_(Task.assignee == actor.id, Task.state == TaskState.OPEN)
    counted = (
        select(func.count()).select_from(select(Task.id).where(which).limit(MOST).subquery()).scalar_subquery()
        for which in (own, _finished(actor))
    )
    held, finished = session.execute(select(*counted)).one()
    free = session.execute(COUNT, {**_seats(actor), "limit": MOST}).scalar_one()
    return {"mine": held, "claimable": min(int(free), MOST), "done": finished}


def found(session: Session, actor: Actor, task: UUID) -> TaskRow | None:
    """Return the row of a task, None when the actor may not see it or there is none."""
    rows = _rows(session, _query().where(Task.id == task, visible(actor)))
    return rows[0] if rows else None


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for seeing a task: one's own, open or done, and those of one's roles."""
    anywhere = and_(Task.organisation.is_(None), Task.role.in_(sorted(actor.roles)))
    here = tuple_(Task.organisation, Task.role).in_(sorted(actor.memberships))
    candidate = or_(anywhere, here) if actor.memberships else anywhere
    return or_(Task.assignee == actor.id, Task.ended_by == actor.id, candidate)


def _finished(actor: Actor) -> ColumnElement[bool]:
    return and_(Task.ended_by == actor.id, Task.state == TaskState.COMPLETED)


def _seats(actor: Actor) -> dict[str, list[str]]:
    seats = sorted(actor.memberships)
    return {
        "organisations": [organisation for organisation, _ in seats],
        "roles": [role for _, role in seats],
        "pools": sorted(actor.roles),
    }


def _place(row: TaskRow) -> tuple[Any, ...]:
    return (row.due_at or LAST, row.id)


def _stands_still(task: Task) -> bool:
    return task.term is not None and any(end is None for _, end in task.term["stops"])


def _query() -> Any:
    return (
        select(
            Task,
            Instance.title,
            Instance.subject,
            Instance.programme,
            Instance.process,
            Organisation.name.label("organisation_name"),
            Person.name.label("assignee_name"),
        )
        .join(Instance, Instance.id == Task.instance)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .outerjoin(Person, Person.id == Task.assignee)
    )


def _rows(session: Session, query: Any) -> list[TaskRow]:
    calendar, now = calendars.load(session), clock.now()
    return [
        TaskRow(
            id=task.id,
            instance=task.instance,
            element=task.element,
            name=task.name,
            form=task.form,
            role=task.role,
            organisation=task.organisation,
            organisation_name=organisation_name,
            assignee=task.assignee,
            assignee_name=assignee_name,
            state=task.state.value,
            created_at=task.created_at,
            due_at=task.due_at,
            provisional=task.provisional,
            stopped=task.state == TaskState.OPEN and _stands_still(task),
            overdue=task.due_at is not None and task.state == TaskState.OPEN and task.due_at < now,
            workdays_left=calendar.workdays_between(now, task.due_at) if task.due_at else None,
            ended_at=task.ended_at,
            title=title,
            subject=subject,
            programme=programme,
            process=process,
        )
        for task, title, subject, programme, process, organisation_name, assignee_name in session.execute(query)
    ]
