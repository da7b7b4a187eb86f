"""Instances: start one, look at it, follow its history and its diagram, end it with a reason."""

from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from engine import desk, independence, pages, permits, processes, runtime
from engine.domain.actors import Capacity
from engine.errors import NotAllowed, NotFound, OperationRefused
from engine.identity import Actor, roles
from engine.pages import Page
from engine.projections import Ending
from engine.runtime import Opening, Running
from engine.tables import (
    STANDING,
    CarbonCopy,
    Division,
    History,
    Incident,
    IncidentState,
    Instance,
    Organisation,
    Person,
    Sign,
    Task,
    TaskState,
)

PROVINCE = frozenset({"PRV_INTAKE", "PRV_OFFICER", "PRV_LEAD", "STAT_PRV", "GOV_OFFICE", "GOV_LEAD", "AUDIT_ADMIN"})
STARTER = "PRV_OFFICER"
UNIT = "unit"  # the fact that says about whom a process is
CANCELLERS = frozenset({"PRV_LEAD"})
RECENT_STEPS = 500


@dataclass(frozen=True)
class InstanceRow:
    """An instance as a list shows it."""

    id: UUID
    title: str
    subject: str | None
    programme: str
    process: str
    milestone: str | None
    state: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class InstanceView:
    """An instance with what is open in it and its version."""

    row: InstanceRow
    number: int
    milestone_name: dict[str, str] | None
    open_tasks: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    started_by: str | None


@dataclass(frozen=True)
class HistoryRow:
    """A finished step, in order."""

    step: int
    at: datetime
    process: str
    element: str
    name: str
    outcome: str
    person: str | None
    changes: dict[str, Any] | None


@dataclass(frozen=True)
class Diagram:
    """A drawn process with what is done and what is current in it."""

    process: str
    name: str
    xml: str
    done: list[str]
    current: list[str]


@dataclass(frozen=True)
class Application:
    """What a person asks for when starting an instance."""

    programme: str
    process: str
    title: str
    subject: str | None = None
    organisation: str | None = None
    data: dict[str, Any] | None = None


def start(session: Session, actor: Actor | None, wanted: Application) -> UUID:
    """Start an instance on the newest version of its programme; return its id.

    Whoever is no officer starts what their role in the organisation starts, about its unit and with the facts that
    config/roles.toml lets them give. Raise NotAllowed, NotFound.
    """
    if actor is not None and not _may_start(session, actor, wanted):
        raise NotAllowed(process=wanted.process)
    programme = processes.latest(session, wanted.programme)
    if wanted.process not in programme.model.specs:
        raise NotFound(process=wanted.process)
    opening = Opening(
        wanted.process, wanted.title, wanted.subject, wanted.organisation, actor.id if actor is not None else None
    )
    return runtime.start(session, programme, opening, wanted.data or {})


def listing(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[InstanceRow]:
    """List the instances the actor may see, the newest first."""
    query = select(Instance).where(visible(actor))
    before = pages.place(cursor, datetime, UUID)
    if before is not None:
        query = query.where(tuple_(Instance.started_at, Instance.id) < before)
    query = query.order_by(Instance.started_at.desc(), Instance.id.desc()).limit(limit + 1)
    rows = [_row(instance) for instance in session.scalars(query)]
    return pages.page(rows, limit, lambda row: (row.started_at, row.id))


def about(session: Session, actor: Actor, unit: str, limit: int = 50) -> list[InstanceRow]:
    """List the newest instances about a unit that the actor may see, those that go on first."""
    standing = Instance.state.in_(STANDING)
    query = select(Instance).where(Instance.subject == unit, visible(actor))
    query = query.order_by(standing.desc(), Instance.started_at.desc(), Instance.id).limit(limit)
    return [_row(instance) for instance in session.scalars(query)]


def show(session: Session, actor: Actor, instance: UUID) -> InstanceView:
    """Return an instance the actor may see; raise NotFound."""
    found = _find(session, actor, instance)
    programme = processes.load(session, found.deployment)
    tasks = session.execute(
        select(Task.id, Task.element, Task.name, Task.role, Task.due_at, Task.provisional, Person.name.label("person"))
        .add_columns(Task.form, Task.created_at, Organisation.name.label("organisation_name"), _asks(actor))
        .outerjoin(Person, Person.id == Task.assignee)
        .outerjoin(Organisation, Organisation.id == Task.organisation)
        .where(Task.instance == instance, Task.state == TaskState.OPEN)
        .order_by(Task.created_at)
    ).mappings()
    failed = session.execute(
        select(Incident.id, Incident.element, Incident.reason, Incident.raised_at).where(
            Incident.instance == instance, Incident.state == IncidentState.OPEN
        )
    ).mappings()
    label = programme.milestones.get(found.milestone or "")
    keeps = bool(actor.roles & runtime.OPERATORS) or found.started_by == actor.id
    concerned = keeps or found.organisation in actor.organisations
    return InstanceView(
        row=_row(found),
        number=programme.number,
        milestone_name=dict(label) if label else None,
        open_tasks=[{**row, "urgeable": _urgeable(programme, row, concerned=concerned)} for row in tasks],
        incidents=[dict(row) for row in failed],
        started_by=session.scalar(select(Person.name).where(Person.id == found.started_by)),
    )


def history(
    session: Session, actor: Actor, instance: UUID, cursor: str | None = None, limit: int = 100
) -> Page[HistoryRow]:
    """List what finished in an instance, the newest first; raise NotFound."""
    found = _find(session, actor, instance)
    model = processes.load(session, found.deployment).model
    query: Any = (
        select(History, Person.name)
        .outerjoin(Task, Task.id == History.task)
        .outerjoin(Person, Person.id == Task.ended_by)
        .where(History.instance == instance)
    )
    before = pages.place(cursor, int)
    if before is not None:
        query = query.where(History.id < before[0])
    found_rows = session.execute(query.order_by(History.id.desc()).limit(limit + 1)).all()
    names = {(process, one.id): one.name for process, some in model.elements.items() for one in some.values()}
    rows = [
        (
            step.id,
            HistoryRow(
                step.step,
                step.at,
                step.process,
                step.element,
                names.get((step.process, step.element), step.element),
                step.outcome,
                person,
                step.changes if _told(actor, step.element) else None,
            ),
        )
        for step, person in found_rows
    ]
    page = pages.page(rows, limit, lambda row: (row[0],))
    return Page([row for _, row in page.rows], page.next)


def diagrams(session: Session, actor: Actor, instance: UUID) -> list[Diagram]:
    """Return the diagrams an instance has been through, its own first, marked with what is done and current."""
    found = _find(session, actor, instance)
    programme = processes.load(session, found.deployment)
    recent = (
        select(History.process, History.element)
        .where(History.instance == instance)
        .order_by(History.id.desc())
        .limit(RECENT_STEPS)
        .subquery()
    )
    done = {(row.process, row.element) for row in session.execute(select(recent).distinct())}
    current = set()
    if found.state in STANDING:
        current = runtime.peek(session, instance).standing()
    drawn = {process for process, _ in done | current} | {found.process}
    owners = {_drawn_in(programme, process) for process in drawn}
    ordered = sorted(owners, key=lambda process: (process != found.process, process))
    return [_diagram(programme, process, done, current) for process in ordered]


def cancel(session: Session, actor: Actor, instance: UUID, reason: str) -> None:
    """Withdraw an instance: every open task and wait is taken back, nothing is compensated.

    Whoever started it may, as long as nobody else has acted; whoever does a task of it, where the diagram lets them
    (`icity:actions`); and CANCELLERS always. Raise NotAllowed, NotFound, InstanceEnded, OperationRefused.
    """
    found = _find(session, actor, instance)
    if actor.roles & CANCELLERS:
        with runtime.operated(session, actor, instance, reason) as running:
            running.behalf = actor.told(CANCELLERS)
            running.cancel(reason)
        return
    desk.said(reason)
    with runtime.opened(session, instance) as running:
        who = _holding(session, actor, running, "cancel") or _unacted(session, actor, found)
        running.acts(actor.id)
        running.behalf = who.told
        running.cancel(reason)


def terminate(session: Session, actor: Actor, instance: UUID, reason: str) -> None:
    """End an instance at once, where the diagram lets whoever does a task of it (`icity:actions`); raise as `cancel`.

    Those who keep the service going end any, also a damaged one, by `operations.terminate`.
    """
    _find(session, actor, instance)
    desk.said(reason)
    with runtime.opened(session, instance) as running:
        who = _holding(session, actor, running, "terminate")
        if who is None:
            raise NotAllowed(instance=instance)
    runtime.terminate(session, instance, Ending(actor.id, reason, who.told))


def _holding(session: Session, actor: Actor, running: Running, action: str) -> Capacity | None:
    """Return in whose place the actor does a task whose diagram lets them do something with the whole case, if so."""
    allowing = [task for task, one in running.before.tasks.items() if action in (one.actions or ())]
    rows = session.execute(
        select(Task.role, Task.organisation, Task.assignee).where(Task.id.in_(allowing), Task.assignee.is_not(None))
    )
    return next((who for row in rows if (who := actor.capacity(*row)) is not None), None)


def _unacted(session: Session, actor: Actor, instance: Instance) -> Capacity:
    """Return in whose place the actor calls off an instance that only its starter, or they for them, has acted on.

    Raise NotAllowed, OperationRefused.
    """
    who = actor.standing_in(instance.started_by) if instance.started_by is not None else None
    if who is None:
        raise NotAllowed(instance=instance.id)
    others = select(Task.name).where(Task.instance == instance.id, Task.ended_by.not_in(who.people))
    name = session.scalar(others.limit(1))
    if name is not None:
        zh, en = f"“{name}”已由他人办理，不能再撤销。", f"Somebody else has done “{name}”; it is too late."
        raise OperationRefused(why={"zh": zh, "en": en})
    return who


def _told(actor: Actor, element: str) -> bool:
    return bool(actor.roles & PROVINCE) and not independence.sealed(element, actor.roles)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for seeing an instance: the province all, others their own and those they worked on.

    Whoever was asked for a sign or told of it sees it too.
    """
    if actor.roles & PROVINCE:
        return true()
    took_part = select(Task.instance).where(
        or_(
            Task.ended_by == actor.id,
            Task.assignee.in_([actor.id, *actor.wholly]),
            tuple_(Task.organisation, Task.role).in_(sorted(actor.memberships)) if actor.memberships else false(),
        )
    )
    signs = select(Task.instance).join(Sign, Sign.task == Task.id).where(Sign.person == actor.id)
    told = select(CarbonCopy.instance).where(CarbonCopy.person == actor.id)
    own = Instance.organisation.in_(sorted(actor.organisations))
    return or_(own, *(Instance.id.in_(some) for some in (took_part, signs, told)))


def _asks(actor: Actor) -> ColumnElement[str]:
    """Return how the actor stands to an open task: it is `mine`, they `helped` by an earlier step, or it is `other`."""
    done = aliased(Task)
    mine = and_(done.instance == Task.instance, done.state == TaskState.COMPLETED, done.ended_by == actor.id)
    helped = select(done.id).where(mine).correlate(Task).exists()
    return case((Task.assignee == actor.id, "mine"), (helped, "helped"), else_="other").label("stand")


def _urgeable(programme: processes.Programme, row: Any, *, concerned: bool) -> bool:
    """Tell whether the diagram lets the actor, who is concerned or did an earlier step, ask to hurry with a task."""
    if row["stand"] == "mine" or not (concerned or row["stand"] == "helped"):
        return False
    return "urge" in permits.actions_of(permits.drawn(programme, SimpleNamespace(**row)))


def _may_start(session: Session, actor: Actor, wanted: Application) -> bool:
    if STARTER in actor.roles:
        return True
    held = (roles()[role] for organisation, role in actor.memberships if organisation == wanted.organisation)
    given = [set(role.starts[wanted.process]) for role in held if wanted.process in role.starts]
    return any((wanted.data or {}).keys() <= facts for facts in given) and _is_own(session, wanted)


def _is_own(session: Session, wanted: Application) -> bool:
    """Tell whether a process is about no other unit than the one its organisation acts for, if that acts for one."""
    division = session.scalar(select(Organisation.division).where(Organisation.id == wanted.organisation))
    own = session.scalars(select(Division.unit).where(Division.code == division)).all()
    named = (wanted.subject, (wanted.data or {}).get(UNIT))
    return division is None or all(one is None or one in own for one in named)


def _find(session: Session, actor: Actor, instance: UUID) -> Instance:
    found = session.scalar(select(Instance).where(Instance.id == instance, visible(actor)))
    if found is None:
        raise NotFound(instance=instance)
    return found


def _row(instance: Instance) -> InstanceRow:
    return InstanceRow(
        instance.id,
        instance.title,
        instance.subject,
        instance.programme,
        instance.process,
        instance.milestone,
        instance.state.value,
        instance.started_at,
        instance.ended_at,
    )


def _drawn_in(programme: processes.Programme, process: str) -> str:
    """Return the process whose diagram draws `process`, which may be a sub-process inside it."""
    if process in programme.diagrams:
        return process
    owner = next(name for name, some in programme.model.elements.items() if process in some)
    return _drawn_in(programme, owner)


def _diagram(
    programme: processes.Programme, process: str, done: set[tuple[str, str]], current: set[tuple[str, str]]
) -> Diagram:
    inside = {name for name in programme.model.elements if _drawn_in(programme, name) == process}
    return Diagram(
        process=process,
        name=programme.model.names[process],
        xml=programme.bpmn(process).decode(),
        done=sorted({element for scope, element in done if scope in inside}),
        current=sorted({element for scope, element in current if scope in inside}),
    )
