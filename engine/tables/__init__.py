"""Every table of the engine: what runs is on this page; beside it people, the desk, registers and states."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Bytes, Code, Instant, Json, Key, Serial, Texts
from engine.tables.changeovers import Changeover as Changeover
from engine.tables.changeovers import ChangeoverGroup as ChangeoverGroup
from engine.tables.changeovers import ChangeoverRow as ChangeoverRow
from engine.tables.desk import Attachment as Attachment
from engine.tables.desk import CarbonCopy as CarbonCopy
from engine.tables.desk import Delegation as Delegation
from engine.tables.desk import Draft as Draft
from engine.tables.desk import Rejection as Rejection
from engine.tables.desk import Sign as Sign
from engine.tables.desk import Urge as Urge
from engine.tables.fleet import Errand as Errand
from engine.tables.fleet import ErrandItem as ErrandItem
from engine.tables.fleet import Standstill as Standstill
from engine.tables.fleet import StandstillCase as StandstillCase
from engine.tables.notices import Contact as Contact
from engine.tables.notices import Notice as Notice
from engine.tables.notices import Sending as Sending
from engine.tables.notices import SendingState as SendingState
from engine.tables.people import Feed as Feed
from engine.tables.people import Membership as Membership
from engine.tables.people import Organisation as Organisation
from engine.tables.people import Person as Person
from engine.tables.people import Preference as Preference
from engine.tables.people import SavedFilter as SavedFilter
from engine.tables.people import SecondFactor as SecondFactor
from engine.tables.people import SignIn as SignIn
from engine.tables.people import Substitution as Substitution
from engine.tables.registers import AgencyMark as AgencyMark
from engine.tables.registers import Bar as Bar
from engine.tables.registers import BoundaryMap as BoundaryMap
from engine.tables.registers import CalendarNotice as CalendarNotice
from engine.tables.registers import ClockStop as ClockStop
from engine.tables.registers import DeadlineMove as DeadlineMove
from engine.tables.registers import DivisionEvent as DivisionEvent
from engine.tables.registers import Evidence as Evidence
from engine.tables.registers import Figure as Figure
from engine.tables.registers import NumberSeries as NumberSeries
from engine.tables.registers import OfficialDocument as OfficialDocument
from engine.tables.registers import Round as Round
from engine.tables.registers import RoundResult as RoundResult
from engine.tables.registers import ScoreSheet as ScoreSheet
from engine.tables.registers import Title as Title
from engine.tables.revisions import Revision as Revision
from engine.tables.revisions import RevisionAuthor as RevisionAuthor
from engine.tables.revisions import RevisionFile as RevisionFile
from engine.tables.revisions import RevisionStep as RevisionStep
from engine.tables.states import STANDING as STANDING
from engine.tables.states import DelegationState as DelegationState
from engine.tables.states import DocumentState as DocumentState
from engine.tables.states import ErrandKind as ErrandKind
from engine.tables.states import ErrandState as ErrandState
from engine.tables.states import GroupPlan as GroupPlan
from engine.tables.states import GroupState as GroupState
from engine.tables.states import IncidentKind as IncidentKind
from engine.tables.states import IncidentState as IncidentState
from engine.tables.states import InstanceState as InstanceState
from engine.tables.states import ItemState as ItemState
from engine.tables.states import MessageState as MessageState
from engine.tables.states import RevisionState as RevisionState
from engine.tables.states import RoundState as RoundState
from engine.tables.states import SignKind as SignKind
from engine.tables.states import SignState as SignState
from engine.tables.states import TaskState as TaskState
from engine.tables.states import WaitKind as WaitKind

FREE = text("state = 'open' AND assignee IS NULL")  # tasks that somebody may claim


class Resource(Base):
    """A file of a programme, stored once under its SHA-256."""

    __tablename__ = "resource"
    digest: Mapped[Code]
    content: Mapped[Bytes]


class Deployment(Base):
    """An immutable version of a programme folder; its digest covers every path and content."""

    __tablename__ = "deployment"
    digest: Mapped[Code]
    programme: Mapped[str]
    number: Mapped[int]
    deployed_at: Mapped[Instant]
    deployed_by: Mapped[str]
    __table_args__ = (UniqueConstraint("programme", "number"),)


class DeploymentFile(Base):
    """Which resource stands at which path of a deployment."""

    __tablename__ = "deployment_file"
    deployment: Mapped[str] = mapped_column(ForeignKey("deployment.digest"), primary_key=True)
    path: Mapped[Code]
    resource: Mapped[str] = mapped_column(ForeignKey("resource.digest"))


class Instance(Base):
    """A running or ended process; the envelope holds its open scope only."""

    __tablename__ = "instance"
    id: Mapped[Key]
    programme: Mapped[str]
    deployment: Mapped[str] = mapped_column(ForeignKey("deployment.digest"))
    process: Mapped[str]
    subject: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str]
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    milestone: Mapped[str | None]
    state: Mapped[InstanceState] = mapped_column(index=True)
    version: Mapped[int]
    steps: Mapped[int] = mapped_column(server_default=text("0"))
    envelope: Mapped[Bytes]
    started_at: Mapped[Instant]
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[Instant | None]
    __table_args__ = (
        Index("ix_instance_started_at_id", "started_at", "id"),
        Index("ix_instance_started_by_started_at", "started_by", "started_at", "id"),
    )


class Task(Base):
    """A human task, as the worklist shows it; its id is the task's id inside the instance."""

    __tablename__ = "task"
    id: Mapped[Key]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    element: Mapped[str]
    name: Mapped[str]
    form: Mapped[str | None]
    role: Mapped[str | None]
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    assignee: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[TaskState]
    created_at: Mapped[Instant]
    due_at: Mapped[Instant | None]
    provisional: Mapped[bool] = mapped_column(server_default=text("false"))
    term: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # what its deadline was reckoned from
    entered: Mapped[int | None]  # the version its instance reached by the move that opened it
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    acted_for: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))  # in whose place it was answered
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))  # whose answers wait for added signs
    bindings: Mapped[Texts] = mapped_column(server_default=text("'{}'"))  # what else must happen before it is finished
    __table_args__ = (
        Index("ix_task_free", "role", "organisation", "due_at", "id", postgresql_where=FREE),
        Index("ix_task_free_created_at", "role", "organisation", "created_at", "id", postgresql_where=FREE),
        Index("ix_task_free_name", "role", "organisation", "name", "id", postgresql_where=FREE),
        Index("ix_task_ended_by_ended_at", "ended_by", "ended_at", "id"),
        Index("ix_task_assignee_open", "assignee", postgresql_where=text("state = 'open'")),
        Index("ix_task_open_due", "due_at", postgresql_where=text("state = 'open'")),
    )


class Timer(Base):
    """A moment at which a waiting instance must be woken; the row is the truth."""

    __tablename__ = "timer"
    id: Mapped[Serial]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID]
    element: Mapped[str]
    due_at: Mapped[Instant] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    retry_at: Mapped[Instant | None]
    term: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # what its moment was reckoned from
    __table_args__ = (UniqueConstraint("task", "element"),)


class Subscription(Base):
    """A message or signal that a waiting instance would take, or a condition it waits for."""

    __tablename__ = "subscription"
    id: Mapped[Serial]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID]
    element: Mapped[str]
    kind: Mapped[WaitKind]
    name: Mapped[str]
    correlation: Mapped[str]
    __table_args__ = (UniqueConstraint("task", "element"), Index(None, "name", "correlation"))


class StartEvent(Base):
    """An event that starts a process of the newest version of a programme."""

    __tablename__ = "start_event"
    id: Mapped[Serial]
    programme: Mapped[str]
    deployment: Mapped[str] = mapped_column(ForeignKey("deployment.digest"))
    process: Mapped[str]
    element: Mapped[str]
    kind: Mapped[WaitKind]
    name: Mapped[str]  # of the message or signal; the condition; what the diagram says of the timer
    due_at: Mapped[Instant | None]  # none when nothing more falls due
    wait: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    retry_at: Mapped[Instant | None]
    __table_args__ = (UniqueConstraint("programme", "process", "element"),)


class Signal(Base):
    """A signal that was broadcast; its external id counts once."""

    __tablename__ = "signal"
    id: Mapped[Key]
    source: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    payload: Mapped[Json]
    at: Mapped[Instant]
    __table_args__ = (UniqueConstraint("source", "external_id"),)


class SignalCopy(Base):
    """A signal on its way to one who waited when it was broadcast; gone once taken or no longer awaited."""

    __tablename__ = "signal_copy"
    id: Mapped[Serial]
    signal: Mapped[UUID] = mapped_column(ForeignKey("signal.id"))
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"), index=True)
    subscription: Mapped[int | None] = mapped_column(BigInteger)
    start_event: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    retry_at: Mapped[Instant | None]


class Message(Base):
    """A message received from a person, another system or another instance; its external id counts once."""

    __tablename__ = "message"
    id: Mapped[Key]
    source: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    correlation: Mapped[str]
    payload: Mapped[Json]
    state: Mapped[MessageState]
    received_at: Mapped[Instant]
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"))
    reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_message_waiting", "name", "correlation", postgresql_where=text("state = 'waiting'")),
        Index(None, "source", "received_at"),
    )


class History(Base):
    """A finished step of an instance; append-only."""

    __tablename__ = "history"
    id: Mapped[Serial]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"))
    step: Mapped[int]
    task: Mapped[UUID]
    process: Mapped[str]
    element: Mapped[str]
    outcome: Mapped[str]
    at: Mapped[Instant]
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    version: Mapped[int | None]  # that its instance reached by the move in which the step finished
    scope: Mapped[UUID | None]  # the token inside which the step lay; none at the top
    origins: Mapped[list[list[str]] | None] = mapped_column(JSONB)  # the tokens its token came from, and by which flows
    __table_args__ = (Index("ix_history_instance_step", "instance", "step"),)


class Change(Base):
    """What the variables of an instance were before a move changed them; append-only."""

    __tablename__ = "change"
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    undo: Mapped[Json]


class Event(Base):
    """What happened: audit trail and outbox in one; append-only but for the mark `published_at`."""

    __tablename__ = "event"
    id: Mapped[Serial]
    at: Mapped[Instant]
    kind: Mapped[str]
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"))
    task: Mapped[UUID | None]
    element: Mapped[str | None]
    actor: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[Json]
    published_at: Mapped[Instant | None]
    __table_args__ = (
        Index("ix_event_instance_id", "instance", "id"),
        Index("ix_event_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    )


class Incident(Base):
    """A step that failed; its branch waits for a retry, the rest goes on."""

    __tablename__ = "incident"
    id: Mapped[Serial]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"), index=True)
    task: Mapped[UUID]
    element: Mapped[str]
    kind: Mapped[IncidentKind]
    reason: Mapped[str]
    state: Mapped[IncidentState]
    raised_at: Mapped[Instant]
    resolved_at: Mapped[Instant | None]


class Reminder(Base):
    """A moment before or after a deadline at which somebody is told, once."""

    __tablename__ = "reminder"
    id: Mapped[Serial]
    instance: Mapped[UUID] = mapped_column(ForeignKey("instance.id"))
    task: Mapped[UUID]
    element: Mapped[str]
    kind: Mapped[str]
    remind_at: Mapped[Instant]
    due_at: Mapped[Instant]
    roles: Mapped[Texts]
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    reminded_at: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("task", "kind", "due_at"),
        Index("ix_reminder_pending", "remind_at", postgresql_where=text("reminded_at IS NULL")),
    )


class Idempotency(Base):
    """The reply given to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotency"
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    key: Mapped[Code]
    digest: Mapped[str]
    status: Mapped[int | None]
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    at: Mapped[Instant]


class Division(Base):
    """An administrative division during the time its name and code were in force; `unit` is who bore them."""

    __tablename__ = "division"
    code: Mapped[Code]
    unit: Mapped[str] = mapped_column(index=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    name: Mapped[str]
    level: Mapped[str]
    parent: Mapped[str | None]
    fictional: Mapped[bool] = mapped_column(server_default=text("false"))


class CalendarDay(Base):
    """Whether a civil day is a working day, and who said so."""

    __tablename__ = "calendar_day"
    day: Mapped[date] = mapped_column(primary_key=True)
    workday: Mapped[bool]
    basis: Mapped[str]


class Heartbeat(Base):
    """When a part that runs on its own, such as the clock, was last seen alive."""

    __tablename__ = "heartbeat"
    name: Mapped[Code]
    at: Mapped[Instant]
    silent_since: Mapped[Instant | None]  # while it is known to be silent


class Violation(Base):
    """A rule of the house that this database broke when it was last looked at; `told` says it in zh and en."""

    __tablename__ = "violation"
    rule: Mapped[Code]
    subject: Mapped[Code]
    instance: Mapped[UUID | None] = mapped_column(ForeignKey("instance.id"))
    told: Mapped[Json]
    found_at: Mapped[Instant]
