"""Drafts: what one person has typed into the form of a task so far, kept unchecked until the task is finished."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, inbox, tables
from engine.errors import DraftNewer, NotFound, TaskClosed, TooLarge
from engine.identity import Actor
from engine.tables import Task, TaskState

LARGEST = 256 * 1024  # bytes of JSON; the longest form of the programme comes to a fifth


@dataclass(frozen=True)
class Draft:
    """What a person has typed, and when it was kept last."""

    answers: dict[str, Any]
    saved_at: datetime


def save(session: Session, actor: Actor, task: UUID, answers: dict[str, Any], seen: datetime | None = None) -> Draft:
    """Keep what the actor has typed into the form of an open task, as it is; nobody else ever sees it.

    `seen` is the `saved_at` of the draft that these answers go on from, none when there was none: one saved elsewhere
    meanwhile is never written over. Raise NotFound, TaskClosed, TooLarge, or DraftNewer, which holds the other one.
    """
    size = len(orjson.dumps(answers))
    if size > LARGEST:
        room = LARGEST // 1024
        why = {"zh": f"草稿超过{room}KB，未保存。", "en": f"The draft is larger than {room} KB and was not saved."}
        raise TooLarge(why=why, size=size)
    _refuse_closed(session, actor, task)
    row = {"task": task, "person": actor.id, "answers": answers, "saved_at": clock.now()}
    written = insert(tables.Draft).values(row)
    same = tables.Draft.saved_at == seen
    over = written.on_conflict_do_update(
        index_elements=["task", "person"],
        set_={"answers": written.excluded.answers, "saved_at": written.excluded.saved_at},
        where=(tables.Draft.answers == written.excluded.answers) if seen is None else same,
    )
    if session.scalar(over.returning(tables.Draft.saved_at)) is None:
        _refuse_older(session, actor, task, answers)
    return _kept(session, actor, task)


def load(session: Session, actor: Actor, task: UUID) -> Draft | None:
    """Return the actor's own draft of a task; none when there is none."""
    query = select(tables.Draft).where(tables.Draft.task == task, tables.Draft.person == actor.id)
    row = session.scalar(query.execution_options(populate_existing=True))
    return Draft(row.answers, row.saved_at) if row is not None else None


def drop(session: Session, actor: Actor, task: UUID) -> None:
    """Throw the actor's own draft of a task away; nothing happens when there is none."""
    mine = delete(tables.Draft).where(tables.Draft.task == task, tables.Draft.person == actor.id)
    session.execute(mine.execution_options(synchronize_session=False))


def _refuse_closed(session: Session, actor: Actor, task: UUID) -> None:
    state = session.scalar(select(Task.state).where(Task.id == task, inbox.visible(actor)))
    if state is None:
        raise NotFound(task=task)
    if state is not TaskState.OPEN:
        raise TaskClosed(task=task)


def _refuse_older(session: Session, actor: Actor, task: UUID, answers: dict[str, Any]) -> None:
    """Raise DraftNewer unless the draft that is kept says the same: then it was sent twice."""
    other = _kept(session, actor, task)
    if other.answers != answers:
        raise DraftNewer(draft={"answers": other.answers, "saved_at": other.saved_at.isoformat()})


def _kept(session: Session, actor: Actor, task: UUID) -> Draft:
    kept = load(session, actor, task)
    if kept is None:
        raise NotFound(task=task)
    return kept
