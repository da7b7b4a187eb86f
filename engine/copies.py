"""Copies (抄送): a case told to colleagues for information; they may look at it and do nothing in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text, tuple_, update
from sqlalchemy.orm import Session, aliased

from engine import clock, colleagues, events, pages
from engine.colleagues import Colleague
from engine.errors import ColleagueRefused, NotFound
from engine.events import Kind
from engine.identity import Actor
from engine.pages import Page
from engine.permits import permit
from engine.runtime import OPERATORS
from engine.tables import CarbonCopy, Instance, Person, Task

MOST = 50  # people told at one time
LONGEST_NOTE = 1_000
MANY = {"zh": f"一次最多抄送{MOST}人。", "en": f"At most {MOST} people can be told at one time."}
SELF = {"zh": "不必抄送给自己。", "en": "You need not tell yourself."}
TAKES_PART = text(
    """SELECT instance.id FROM instance WHERE instance.id = CAST(:instance AS uuid) AND (
    CAST(:keeper AS boolean) OR instance.started_by = ANY(CAST(:selves AS uuid[]))
    OR instance.organisation = ANY(CAST(:organisations AS text[]))
    OR EXISTS (SELECT 1 FROM task WHERE task.instance = instance.id AND (
      task.assignee = ANY(CAST(:selves AS uuid[])) OR task.ended_by = ANY(CAST(:selves AS uuid[]))
      OR EXISTS (SELECT 1 FROM unnest(CAST(:held AS text[]), CAST(:roles AS text[])) AS seat(organisation, role)
        WHERE seat.role = task.role AND (task.organisation IS NULL OR task.organisation = seat.organisation)))))
  FOR KEY SHARE OF instance"""
)
TOOK_PART = text(
    """SELECT DISTINCT task.ended_by FROM task WHERE task.instance = CAST(:instance AS uuid)
  AND task.state = 'completed' AND task.ended_by = ANY(CAST(:people AS uuid[]))"""
)


@dataclass(frozen=True)
class Sending:
    """Who is told of a case, or of one task of it, and what of it."""

    people: Sequence[UUID]
    note: str = ""
    task: UUID | None = None


@dataclass(frozen=True)
class CopyRow:
    """A copy of a case: who was told by whom, what, and whether they have read it."""

    id: UUID
    instance: UUID
    title: str
    programme: str
    process: str
    subject: str | None
    task: UUID | None
    task_name: str | None
    person_name: str
    sender_name: str
    note: str
    at: datetime
    read_at: datetime | None


def send(session: Session, actor: Actor, instance: UUID, sending: Sending) -> list[UUID]:
    """Tell colleagues, or those who did a step of it, of a case that one takes part in; return the ids of the copies.

    Raise NotFound to whoever takes no part, ColleagueRefused.
    """
    if session.execute(TAKES_PART, _asked(actor, instance)).scalar() is None:
        raise NotFound(instance=instance)
    if sending.task is not None:
        _check_task(session, instance, sending.task)
    people = _receivers(session, actor, instance, sending.people)
    shared = {"instance": instance, "task": sending.task, "sender": actor.id, "at": clock.now()}
    note = sending.note.strip()[:LONGEST_NOTE]
    made = {uuid4(): person for person in people}
    session.execute(insert(CarbonCopy), [{"id": one, "person": to, "note": note, **shared} for one, to in made.items()])
    names = session.scalars(select(Person.name).where(Person.id.in_(people)).order_by(Person.name)).all()
    facts = {"people": list(names), "readers": [str(one) for one in people], "note": note}
    events.append(session, Kind.CASE_COPIED, instance=instance, task=sending.task, actor=actor.id, data=facts)
    return list(made)


def listing(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[CopyRow]:
    """List the cases that the actor was told of, the latest first."""
    query = _query().where(CarbonCopy.person == actor.id)
    before = pages.place(cursor, datetime, UUID)
    if before is not None:
        query = query.where(tuple_(CarbonCopy.at, CarbonCopy.id) < before)
    query = query.order_by(CarbonCopy.at.desc(), CarbonCopy.id.desc()).limit(limit + 1)
    return pages.page(_read(session, query), limit, lambda row: (row.at, row.id))


def sent(session: Session, actor: Actor, instance: UUID) -> list[CopyRow]:
    """List whom the actor told of a case, and whether they have read it, the latest first."""
    mine = _query().where(CarbonCopy.instance == instance, CarbonCopy.sender == actor.id)
    return _read(session, mine.order_by(CarbonCopy.at.desc(), CarbonCopy.id))


def read(session: Session, actor: Actor, copy: UUID) -> None:
    """Note that the actor has read a copy sent to them; the first time counts. Raise NotFound."""
    mine = update(CarbonCopy).where(CarbonCopy.id == copy, CarbonCopy.person == actor.id)
    first = mine.where(CarbonCopy.read_at.is_(None)).values(read_at=clock.now()).returning(CarbonCopy.id)
    if session.execute(first.execution_options(synchronize_session=False)).scalar() is not None:
        return
    if session.scalar(select(CarbonCopy.id).where(CarbonCopy.id == copy, CarbonCopy.person == actor.id)) is None:
        raise NotFound(copy=copy)


def candidates(session: Session, actor: Actor) -> list[Colleague]:
    """List the colleagues whom the actor may tell of a case, besides those who did a step of it."""
    return [one for one in colleagues.around(session, actor.organisations) if one.id != actor.id]


def _receivers(session: Session, actor: Actor, instance: UUID, wanted: Sequence[UUID]) -> list[UUID]:
    people = list(dict.fromkeys(wanted))
    if len(people) > MOST:
        raise ColleagueRefused(why=MANY)
    if actor.id in people:
        raise ColleagueRefused(why=SELF)
    took_part = set(session.scalars(TOOK_PART, {"instance": instance, "people": people}))
    strangers = [person for person in people if person not in took_part]
    if strangers or not people:
        colleagues.chosen(candidates(session, actor), strangers)
    return people


def _check_task(session: Session, instance: UUID, task: UUID) -> None:
    """Raise NotFound for a task of another case, NotAllowed where the diagram lets nobody be told of it."""
    query = select(Task.element, Task.name, Task.form, Task.role, Instance.deployment)
    about = query.join(Instance, Instance.id == Task.instance).where(Task.id == task, Instance.id == instance)
    found = session.execute(about).one_or_none()
    if found is None:
        raise NotFound(task=task)
    permit(session, found, "copy")


def _asked(actor: Actor, instance: UUID) -> dict[str, Any]:
    seats = sorted(actor.memberships)
    return {
        "instance": instance,
        "keeper": bool(actor.roles & OPERATORS),
        "selves": [actor.id, *actor.wholly],
        "organisations": sorted(actor.organisations),
        "held": [organisation for organisation, _ in seats],
        "roles": [role for _, role in seats],
    }


def _query() -> Any:
    receiver, sender = aliased(Person), aliased(Person)
    return (
        select(
            CarbonCopy.id,
            CarbonCopy.instance,
            Instance.title,
            Instance.programme,
            Instance.process,
            Instance.subject,
            CarbonCopy.task,
            Task.name.label("task_name"),
            receiver.name.label("person_name"),
            sender.name.label("sender_name"),
            CarbonCopy.note,
            CarbonCopy.at,
            CarbonCopy.read_at,
        )
        .join(Instance, Instance.id == CarbonCopy.instance)
        .join(receiver, receiver.id == CarbonCopy.person)
        .join(sender, sender.id == CarbonCopy.sender)
        .outerjoin(Task, Task.id == CarbonCopy.task)
    )


def _read(session: Session, query: Any) -> list[CopyRow]:
    return [CopyRow(**row) for row in session.execute(query).mappings()]
