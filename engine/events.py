"""What happened, append-only: the audit trail and the outbox in one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Table, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.orm import Session

from engine import clock
from engine.tables import Event, Instance, Person


class Kind(StrEnum):
    """What can happen; the text of a member is what other systems subscribe to."""

    INSTANCE_STARTED = "instance.started"  # a process began for a unit
    INSTANCE_FINISHED = "instance.finished"  # a process reached its end
    INSTANCE_CANCELLED = "instance.cancelled"  # a person ended a process, with a reason
    INSTANCE_TERMINATED = "instance.terminated"  # a person ended a process at once, with a reason
    INSTANCE_SUSPENDED = "instance.suspended"  # a person made a process stand still, with a reason
    INSTANCE_RESUMED = "instance.resumed"  # a person let a process go on
    INSTANCE_MOVED = "instance.moved"  # a person took tokens away and started others elsewhere, with a reason
    INSTANCE_RETURNED = "instance.returned"  # a person sent a process back to an earlier step, with a reason
    INSTANCE_CHANGED = "instance.changed"  # a person changed variables of a process, with a reason
    INSTANCE_CHANGED_OVER = "instance.changed_over"  # a person took a process to another version of its programme
    INSTANCE_CHANGED_BACK = "instance.changed_back"  # a person took that back: it stands as it stood before
    LOOP_GROWN = "loop.grown"  # a person added one to an activity that many do
    LOOP_SHRUNK = "loop.shrunk"  # a person took one from an activity that many do
    MILESTONE_REACHED = "milestone.reached"  # a unit changed its standing: pilot, recognised…
    TASK_CREATED = "task.created"  # work waits for a person
    TASK_CLAIMED = "task.claimed"  # a person took the work
    TASK_RELEASED = "task.released"  # a person gave the work back
    TASK_REASSIGNED = "task.reassigned"  # a person gave the work to somebody else, with a reason
    TASK_TRANSFERRED = "task.transferred"  # a person gave their work to a colleague, with a reason
    TASK_DELEGATED = "task.delegated"  # a person let a colleague prepare their work
    TASK_HANDED_BACK = "task.handed_back"  # the colleague prepared it and gave it back, with an opinion
    TASK_TAKEN_BACK = "task.taken_back"  # its owner took the work back before it was prepared
    TASK_HELD = "task.held"  # a person answered, and the answers wait for added signs
    TASK_URGED = "task.urged"  # a person asked to hurry with the work
    SIGN_ASKED = "sign.asked"  # a person asked a colleague to add a sign, before or after the answer
    SIGN_GIVEN = "sign.given"  # a colleague agreed, with an opinion
    SIGN_REFUSED = "sign.refused"  # a colleague did not agree: the work is back with its owner
    SIGN_TAKEN_BACK = "sign.taken_back"  # the sign is no longer asked for
    CASE_COPIED = "case.copied"  # a person told others of the case for information
    SUBSTITUTE_APPOINTED = "substitute.appointed"  # a person let another stand in for them for some days
    SUBSTITUTE_ENDED = "substitute.ended"  # a substitution was ended before its last day
    TASK_RETURNED = "task.returned"  # a person sent their work back to an earlier step, whole or for some fields
    TASK_WITHDRAWN = "task.withdrawn"  # a person took their answer back before anybody went on
    TASK_COMPLETED = "task.completed"  # a person answered
    TASK_CANCELLED = "task.cancelled"  # the diagram withdrew the work: interrupted, lapsed, or the instance ended
    TASK_RESTORED = "task.restored"  # work that a change of version had withdrawn waits again: that was taken back
    TIMER_ARMED = "timer.armed"  # a moment was set at which the instance wakes
    TIMER_REARMED = "timer.rearmed"  # a person chose another moment, with a reason
    TIMER_FIRED = "timer.fired"  # that moment came
    DEADLINE_STOPPED = "deadline.stopped"  # an activity began during which these deadlines stand still
    DEADLINE_RESUMED = "deadline.resumed"  # that activity ended and they go on
    DEADLINE_MOVED = "deadline.moved"  # a deadline was reckoned anew: after a stop, or by a notice of holidays
    MESSAGE_RECEIVED = "message.received"  # a message came in
    MESSAGE_DELIVERED = "message.delivered"  # an instance took a message
    MESSAGE_SENT = "message.sent"  # an instance threw a message
    MESSAGE_PARKED = "message.parked"  # nobody will take this message; kept with a reason
    SIGNAL_BROADCAST = "signal.broadcast"  # a person or another system told a signal to all who wait for it
    SIGNAL_SENT = "signal.sent"  # an instance told a signal to all who wait for it
    SIGNAL_DELIVERED = "signal.delivered"  # an instance took a signal, or was started by it
    DECISION_MADE = "decision.made"  # a decision was made: its answer, and which rules gave it and why
    INCIDENT_RAISED = "incident.raised"  # a step failed and its branch stands still
    INCIDENT_RESOLVED = "incident.resolved"  # a failed step was retried with success
    INCIDENT_SETTLED = "incident.settled"  # a person declared a failed step done, with data and a reason
    CLOCK_SILENT = "clock.silent"  # the clock has fallen silent: nothing falls due until it is back
    CLOCK_BACK = "clock.back"  # the clock is back
    HANDS_SILENT = "hands.silent"  # the hands have fallen silent: what falls due is not done until they are back
    HANDS_BACK = "hands.back"  # the hands are back
    CONTACT_BOUNCED = "contact.bounced"  # nobody is reached at an address of a person; the next channel took over
    NOTICE_TRIED = "notice.tried"  # a person let themselves be told something, to see how they are reached
    REMINDER_DUE = "reminder.due"  # a deadline is near or past and its people are told
    TITLE_GRANTED = "title.granted"  # a unit was granted a title: which, and by which document
    TITLE_ENDED = "title.ended"  # a title of a unit ended: which, why, and by which document
    UNIT_BARRED = "unit.barred"  # a unit may not apply for some rounds
    ROUND_OPENED = "round.opened"  # a round gathers units, and its indicator set is frozen
    ROUND_CLOSED = "round.closed"  # the results of a round are in
    ROUND_PUBLISHED = "round.published"  # the results of a round are out and never change
    ROUND_CANCELLED = "round.cancelled"  # a round was called off
    DIVISION_CHANGED = "division.changed"  # a person entered what became of administrative divisions
    FIGURES_RECORDED = "figures.recorded"  # figures of a unit and year came on record, or new versions of them
    FIGURE_CORRECTED = "figure.corrected"  # a figure was corrected, with a reason; what was published stays
    FIGURES_LOCKED = "figures.locked"  # the figures of a year were locked: every change is a correction from now on
    EVIDENCE_KEPT = "evidence.kept"  # a person handed in a file that supports figures or statements
    ATTACHMENT_ADDED = "attachment.added"  # a person put a file to a task
    ATTACHMENT_REMOVED = "attachment.removed"  # a person took a file of theirs off a task
    DOCUMENT_ISSUED = "document.issued"  # an official document was issued under the next number of its series
    DOCUMENT_VOIDED = "document.voided"  # a document was declared void; its number is kept and never used again
    DOCUMENT_RENDERED = "document.rendered"  # a document was printed as PDF and DOCX, and its layout checked
    DOCUMENT_SEALED = "document.sealed"  # a seal system put an electronic seal on an official document
    DOCUMENT_EXCHANGED = "document.exchanged"  # the exchange of documents told what became of one at its receiver
    CASE_ARCHIVED = "case.archived"  # a case was sealed as one package and handed to the archive
    INVARIANT_BROKEN = "invariant.broken"  # the database breaks a rule that must always hold: somebody must look
    INVARIANT_MENDED = "invariant.mended"  # that rule holds again
    MAP_IMPORTED = "map.imported"  # an administrator imported the approved boundaries of a province for its board
    MAP_REMOVED = "map.removed"  # an administrator took them away
    FEED_MADE = "feed.made"  # a person made the secret address of their calendar, or another one
    FEED_ENDED = "feed.ended"  # a person ended that address
    ENDPOINT_MADE = "endpoint.made"  # a person had another system told of events
    ENDPOINT_CHANGED = "endpoint.changed"  # a person changed an endpoint: its facts, its secret, on or off
    ENDPOINT_DISABLED = "endpoint.disabled"  # an endpoint is gone or answers no more: it is told nothing further
    ENDPOINT_TESTED = "endpoint.tested"  # a person sent an endpoint a test
    ENDPOINT_REPLAYED = "endpoint.replayed"  # a person had events sent to an endpoint once more
    SOURCE_CHANGED = "source.changed"  # a person changed a system that may send us events: its facts, its secret
    CALENDAR_LOADED = "calendar.loaded"  # a notice of holidays was loaded and made a new version of the calendar
    VERSION_SUSPENDED = "version.suspended"  # an owner made every case of a version stand still, with a reason
    VERSION_RESUMED = "version.resumed"  # an owner let a version go on
    ERRAND_ASKED = "errand.asked"  # an owner asked that something be done to running cases, with a reason
    ERRAND_CONFIRMED = "errand.confirmed"  # a second person said yes, and it is being done
    ERRAND_REFUSED = "errand.refused"  # a second person said no
    ERRAND_STOPPED = "errand.stopped"  # an owner stopped it before the rest of its cases
    ERRAND_WITHDRAWN = "errand.withdrawn"  # who asked took it back
    ERRAND_DONE = "errand.done"  # it was done to this case, as asked and confirmed
    ERRAND_ENDED = "errand.ended"  # every case has its result
    PROGRAMME_DEPLOYED = "programme.deployed"  # a new version of a programme became the latest
    CHANGEOVER_REHEARSED = "changeover.rehearsed"  # it was tried in memory what a new version means for what runs
    CHANGEOVER_DECIDED = "changeover.decided"  # a person said what becomes of a group of processes
    CHANGEOVER_ASKED = "changeover.asked"  # a person let groups of processes be carried over, or taken back
    REVISION_BEGUN = "revision.begun"  # a process owner began a draft of a programme
    REVISION_SAVED = "revision.saved"  # a person changed a file of a draft that somebody else, or nobody, had changed
    REVISION_IMPORTED = "revision.imported"  # a person brought files from outside into a draft
    REVISION_UPDATED = "revision.updated"  # a draft was brought up to the newest version of its programme
    REVISION_SUBMITTED = "revision.submitted"  # a draft was handed in for approval, with its differences in words
    REVISION_TAKEN_BACK = "revision.taken_back"  # a draft was taken back to be written on
    REVISION_APPROVED = "revision.approved"  # somebody who did not write it approved a draft
    REVISION_REFUSED = "revision.refused"  # somebody who did not write it refused a draft, with a reason
    REVISION_DEPLOYED = "revision.deployed"  # an approved draft became the newest version of its programme
    REVISION_WITHDRAWN = "revision.withdrawn"  # a draft was given up
    PERSON_SIGNED_IN = "person.signed_in"  # a person proved who they are
    PERSON_SIGNED_OUT = "person.signed_out"  # a person ended a sign-in
    PERSON_REFUSED = "person.refused"  # a sign-in failed: wrong password or code, locked or disabled
    PERSON_SIGN_INS_ENDED = "person.sign_ins_ended"  # a person ended sign-ins of theirs on other devices
    PERSON_PASSWORD_CHANGED = "person.password_changed"  # a person chose a new password; every other sign-in ended
    PERSON_FACTOR_ON = "person.factor_on"  # a person set up a second factor
    PERSON_FACTOR_OFF = "person.factor_off"  # a second factor was turned off, by its person or an administrator
    PERSON_CODES_RENEWED = "person.codes_renewed"  # a person drew new recovery codes; the ones of before count no more
    PERSON_RECOVERED = "person.recovered"  # a person signed in with a recovery code, which is spent now


class About(TypedDict):
    """What an event is about; whatever is left out is none."""

    instance: NotRequired[UUID | None]
    task: NotRequired[UUID | None]
    element: NotRequired[str | None]
    actor: NotRequired[UUID | None]
    data: NotRequired[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the outbox hands it on."""

    id: int
    at: datetime
    kind: str
    instance: UUID | None
    task: UUID | None
    element: str | None
    actor: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as people read it in a timeline."""

    id: int
    at: datetime
    kind: str
    task: UUID | None
    element: str | None
    actor_name: str | None
    data: dict[str, Any]


_EVENT = Event.__table__
assert isinstance(_EVENT, Table)  # noqa: S101 - tells mypy what the declarative base knows
_INSERT = _EVENT.insert().inline()
_UNPUBLISHED = (
    select(Event.id, Event.at, Event.kind, Event.instance, Event.task, Event.element, Event.actor, Event.data)
    .where(Event.published_at.is_(None))
    .order_by(Event.id)
    .with_for_update(skip_locked=True)
)
_PUBLISH = (
    _EVENT.update()
    .where(_EVENT.c.id == any_(bindparam("ids", type_=ARRAY(BIGINT))))
    .values(published_at=bindparam("moment"))
)
_TIMELINE = (
    select(Event.id, Event.at, Event.kind, Event.task, Event.element, Person.name, Event.data)
    .outerjoin(Person, Person.id == Event.actor)
    .order_by(Event.id)
)


def append(session: Session, kind: str, **about: Unpack[About]) -> None:
    """Record one event in the transaction of `session`; see Kind and About. An unknown kind raises ValueError."""
    record(session, [{"kind": kind, **about}])


def record(session: Session, happenings: Iterable[Mapping[str, object]]) -> None:
    """Record events in the order given, in one statement; each holds `kind` and what About allows."""
    moment = clock.now()
    rows = [_row(happening, moment) for happening in happenings]
    if rows:
        session.connection().execute(_INSERT, rows)


def unpublished(session: Session, limit: int) -> list[Recorded]:
    """Return and lock up to `limit` events nobody has fanned out yet, oldest first; others skip them meanwhile."""
    return [Recorded(*row) for row in session.execute(_UNPUBLISHED.limit(limit))]


def mark_published(session: Session, ids: Sequence[int]) -> None:
    """Mark the events `ids` as fanned out."""
    if ids:
        session.connection().execute(_PUBLISH, {"ids": list(ids), "moment": clock.now()})


def timeline(session: Session, instance: UUID) -> list[EventRow]:
    """Return everything that happened to `instance`, oldest first, with the names of those who did it.

    The caller has checked that the person asking may see the instance.
    """
    return [EventRow(*row) for row in session.execute(_TIMELINE.where(Event.instance == instance))]


def of_task(session: Session, instance: UUID, task: UUID) -> list[EventRow]:
    """Return what happened to one task of `instance`, oldest first; the caller has checked who may see the task."""
    query = _TIMELINE.where(Event.instance == instance, Event.task == task)
    return [EventRow(*row) for row in session.execute(query)]


def latest(
    session: Session, instance: UUID, kinds: Iterable[str] | None = None, before: int | None = None, limit: int = 50
) -> list[EventRow]:
    """Return the newest of what happened to `instance`, of `kinds` alone and before the event numbered `before`.

    The caller has checked that the person asking may see the instance.
    """
    query = _TIMELINE.order_by(None).order_by(Event.id.desc()).where(Event.instance == instance)
    if kinds is not None:
        query = query.where(Event.kind.in_(sorted(kinds)))
    if before is not None:
        query = query.where(Event.id < before)
    return [EventRow(*row) for row in session.execute(query.limit(limit))]


def everything(session: Session) -> Iterator[tuple[str, EventRow]]:
    """Yield everything that happened to instances, oldest first, each with its instance's title; for the auditor."""
    query = _TIMELINE.add_columns(Instance.title).join(Instance, Instance.id == Event.instance)
    for *facts, title in session.execute(query.execution_options(yield_per=1000)):
        yield title, EventRow(*facts)


def _row(happening: Mapping[str, object], moment: datetime) -> dict[str, Any]:
    return {
        "at": moment,
        "kind": Kind(str(happening["kind"])).value,
        "instance": happening.get("instance"),
        "task": happening.get("task"),
        "element": happening.get("element"),
        "actor": happening.get("actor"),
        "data": happening.get("data", {}),
    }
