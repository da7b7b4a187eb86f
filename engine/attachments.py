"""Attachments: files that people put to a task; their content is evidence, kept once under its SHA-256."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from engine import clock, desk, events, evidence, inbox, independence
from engine.errors import NotAllowed, NotFound, OperationRefused, QuotaReached, TaskClaimed, TaskClosed
from engine.evidence import Received, Store
from engine.identity import Actor
from engine.readers import is_provincial
from engine.tables import Attachment, Division, Evidence, Instance, Organisation, Person, Task, TaskState

MOST_SHOWN = 500
LONGEST_FIELD = 200


@dataclass(frozen=True)
class AttachmentRow:
    """A file as the list of a task shows it; `here` tells one of this very task from one of another step."""

    id: UUID
    task: UUID
    task_name: str
    element: str
    field: str | None
    digest: str
    name: str
    media_type: str
    size: int
    added_by: UUID
    added_by_name: str
    added_at: datetime
    here: bool
    removable: bool


@dataclass(frozen=True)
class Adding:
    """A file that was received, the path of the answer that it supports, and how many files a task may have."""

    file: Received
    field: str | None
    most: int


def admit(session: Session, actor: Actor, task: UUID) -> None:
    """Let the actor put files to a task, before any of them is read.

    Raise NotFound, TaskClosed, or TaskClaimed when it is somebody else's.
    """
    _find(session, actor, task)


def add(session: Session, store: Store, actor: Actor, task: UUID, adding: Adding) -> AttachmentRow:
    """Put a file that lies on the disk to an open task; the same content twice, for the same answer, is one.

    Raise NotFound, TaskClosed, TaskClaimed, QuotaReached.
    """
    desk.lock(session, task)
    found = _find(session, actor, task)
    same = _of(task, adding).where(Attachment.added_by == actor.id)
    known = session.scalar(same)
    if known is None:
        _refuse_many(session, task, adding.most)
        evidence.remember(session, store, actor.id, adding.file)
        known = uuid4()
        session.add(_row(known, found, actor, adding))
        session.flush()
        _tell(session, events.Kind.ATTACHMENT_ADDED, actor, found, adding.file.name)
    return next(row for row in listing(session, actor, task) if row.id == known)


def remove(session: Session, actor: Actor, attachment: UUID) -> None:
    """Take a file of one's own off an open task; its content stays on record.

    Raise NotFound, TaskClosed, or NotAllowed when somebody else put it there.
    """
    row = session.scalar(_seen(actor, select(Attachment)).where(Attachment.id == attachment))
    if row is None:
        raise NotFound(attachment=attachment)
    if row.added_by != actor.id:
        raise NotAllowed(attachment=attachment)
    desk.lock(session, row.task)
    session.refresh(row)
    if row.removed_at is not None:
        raise NotFound(attachment=attachment)
    task = session.get(Task, row.task, populate_existing=True)
    if task is None or task.state is not TaskState.OPEN:
        raise TaskClosed(task=row.task)
    row.removed_at = clock.now()
    session.flush()
    _tell(session, events.Kind.ATTACHMENT_REMOVED, actor, task, row.name)


def listing(session: Session, actor: Actor, task: UUID) -> list[AttachmentRow]:
    """List the files of a task, and those of other steps of its case that concern the actor, the oldest first.

    Raise NotFound when the actor may not see the task.
    """
    found = session.execute(select(Task.instance).where(Task.id == task, inbox.visible(actor))).one_or_none()
    if found is None:
        raise NotFound(task=task)
    return _rows(session, actor, Attachment.instance == found.instance, task)


def of_case(session: Session, actor: Actor, instance: UUID) -> list[AttachmentRow]:
    """List the files of a case that concern the actor, the oldest first; the caller has let them see the case."""
    return _rows(session, actor, Attachment.instance == instance, None)


def content(session: Session, actor: Actor, attachment: UUID) -> AttachmentRow:
    """Return what is known of a file the actor may see, for its content to be read; raise NotFound."""
    rows = _rows(session, actor, Attachment.id == attachment, None)
    if not rows:
        raise NotFound(attachment=attachment)
    return rows[0]


def _rows(session: Session, actor: Actor, which: ColumnElement[bool], task: UUID | None) -> list[AttachmentRow]:
    put = aliased(Task)
    query: Any = select(Attachment, put.name, put.element, put.state, Evidence.media_type, Evidence.size, Person.name)
    query = _seen(actor, query, put).join(Evidence, Evidence.digest == Attachment.digest)
    query = query.join(Person, Person.id == Attachment.added_by).where(which)
    found = session.execute(query.order_by(Attachment.added_at, Attachment.id).limit(MOST_SHOWN))
    return [
        AttachmentRow(
            id=row.id,
            task=row.task,
            task_name=name,
            element=element,
            field=row.field,
            digest=row.digest,
            name=row.name,
            media_type=media_type,
            size=size,
            added_by=row.added_by,
            added_by_name=person,
            added_at=row.added_at,
            here=row.task == task,
            removable=row.added_by == actor.id and state is TaskState.OPEN,
        )
        for row, name, element, state, media_type, size, person in found
    ]


def _seen(actor: Actor, query: Any, put: Any = None) -> Any:
    """Narrow a query to the attachments that the actor may see.

    One's own, those of tasks one may see, and - where one takes part in the case - what its unit handed in with a
    finished step; the province reads all but the sealed steps.
    """
    put = aliased(Task) if put is None else put
    taking_part = exists(select(Task.id).where(Task.instance == Attachment.instance, inbox.visible(actor)))
    same_task = exists(select(Task.id).where(Task.id == Attachment.task, inbox.visible(actor)))
    division = select(Division.code).where(Division.unit == Instance.subject)
    units_own = exists(
        select(Organisation.id)
        .join(Instance, Instance.id == Attachment.instance)
        .where(Organisation.id == put.organisation, Organisation.division.in_(division))
    )
    handed_in = and_(put.state == TaskState.COMPLETED, units_own, taking_part)
    reading = true() if is_provincial(actor) else handed_in
    sealed = put.element.in_(sorted(independence.hidden(actor.roles)))
    allowed = or_(Attachment.added_by == actor.id, same_task, and_(reading, ~sealed))
    return query.join(put, put.id == Attachment.task).where(Attachment.removed_at.is_(None), allowed)


def _find(session: Session, actor: Actor, task: UUID) -> Task:
    found = session.scalar(select(Task).where(Task.id == task, inbox.visible(actor)))
    if found is None:
        raise NotFound(task=task)
    if found.state is not TaskState.OPEN:
        raise TaskClosed(task=task)
    if actor.capacity(found.role, found.organisation, found.assignee) is None:
        raise TaskClaimed(task=task)
    return found


def _of(task: UUID, adding: Adding) -> Any:
    field = Attachment.field.is_(None) if adding.field is None else Attachment.field == adding.field
    same = (Attachment.task == task, Attachment.digest == adding.file.digest, field, Attachment.removed_at.is_(None))
    return select(Attachment.id).where(*same).limit(1)


def _refuse_many(session: Session, task: UUID, most: int) -> None:
    there = select(func.count()).where(Attachment.task == task, Attachment.removed_at.is_(None))
    if session.execute(there).scalar_one() >= most:
        raise QuotaReached(
            why={"zh": f"每个任务最多上传{most}个附件。", "en": f"A task may have at most {most} attachments."}
        )


def _row(key: UUID, task: Task, actor: Actor, adding: Adding) -> Attachment:
    if adding.field is not None and len(adding.field) > LONGEST_FIELD:
        raise OperationRefused(why={"zh": "字段名过长。", "en": "The name of the field is too long."})
    return Attachment(
        id=key,
        instance=task.instance,
        task=task.id,
        field=adding.field,
        digest=adding.file.digest,
        name=adding.file.name,
        added_by=actor.id,
        added_at=clock.now(),
    )


def _tell(session: Session, kind: events.Kind, actor: Actor, task: Task, name: str) -> None:
    place: Any = {"instance": task.instance, "task": task.id, "element": task.element, "actor": actor.id}
    events.append(session, kind, **place, data={"name": name})
