"""Added signs (加签): colleagues asked for their opinion on a task, before its owner answers or before that counts.

Before: the owner finishes the task once everybody asked has agreed. After: what the owner answers is checked and kept,
and takes effect with the last sign. A refusal brings the task back to its owner with the opinion. Whoever signs on a
task does nothing else in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from engine import clock, desk, independence, pages, runtime
from engine import colleagues as pools
from engine.colleagues import Colleague
from engine.desk import Binding, Work
from engine.domain.actors import Capacity
from engine.domain.independence import Handover, Kind
from engine.errors import ColleagueRefused, NotAllowed, NotFound, TaskBound, TaskClosed
from engine.events import Kind as Happening
from engine.identity import Actor
from engine.pages import Page
from engine.permits import permit
from engine.projections import Completion
from engine.tables import (
    Delegation,
    DelegationState,
    Instance,
    InstanceState,
    Person,
    Sign,
    SignKind,
    SignState,
    Task,
    TaskState,
)

MOST = 20  # people asked on one task at one time
MANY = {"zh": f"一次最多请{MOST}人加签。", "en": f"At most {MOST} people can be asked at one time."}
INVOLVED = {
    "zh": "其已在办理或准备该任务，不能再加签。",
    "en": "They do or prepare this task already.",
}
AGAIN = {"zh": "已请其加签，正在等待意见。", "en": "They have been asked already and have not answered yet."}
GIVEN = {"zh": "该加签已经了结，或者还没有轮到。", "en": "This sign has been settled, or its turn has not come."}
NO_VERDICT = {"zh": "请选择同意或不同意。", "en": "Agree or refuse."}
PENDING = (SignState.OPEN, SignState.WAITING)
MARKS = {SignKind.BEFORE: Binding.SIGNING, SignKind.AFTER: Binding.PLEDGED}


class Order(StrEnum):
    """Whether several people sign at once or one after the other."""

    AT_ONCE = "at_once"
    IN_TURN = "in_turn"


@dataclass(frozen=True)
class Asking:
    """Who is asked for a sign, when and why."""

    kind: SignKind
    people: Sequence[UUID]
    reason: str
    order: Order = Order.AT_ONCE


@dataclass(frozen=True)
class Opinion:
    """What somebody says of a task: agreed or refused, and why."""

    state: SignState
    opinion: str


@dataclass(frozen=True)
class SignRow:
    """An added sign, and the task that it is asked on."""

    id: UUID
    task: UUID
    instance: UUID
    kind: str
    person: UUID
    person_name: str
    asked_by: UUID
    asked_by_name: str
    given_by_name: str | None
    reason: str
    position: int
    state: str
    asked_at: datetime
    ended_at: datetime | None
    opinion: str | None
    task_name: str
    title: str
    due_at: datetime | None


def ask(session: Session, actor: Actor, task: UUID, asking: Asking) -> list[UUID]:
    """Ask colleagues for their sign on a task that is the actor's or becomes so; return the ids of the signs.

    Colleagues are those of the actor's organisation and of the other offices of the same unit. Raise NotFound,
    TaskClosed, InstanceSuspended, TaskClaimed, NotAllowed, TaskBound, OperationRefused without a reason,
    ColleagueRefused, or SeatRefused when an earlier step excludes one of them.
    """
    reason = desk.said(asking.reason)
    work = desk.opened(session, actor, task)
    permit(session, work, "sign")
    who = desk.own(actor, work)
    asked = _asked(session, actor, who, work, asking)
    if work.assignee is None:
        independence.admit_all(session, who.people, work.place)
        desk.assign(session, task, who.holder)
        desk.happened(session, Happening.TASK_CLAIMED, actor, work, who.told)
    rows = _rows(session, task, who, asking, reason)
    session.execute(insert(Sign), rows)
    desk.mark(session, task, add=(MARKS[asking.kind],))
    if asking.kind is SignKind.BEFORE:
        desk.advance(session, task, SignKind.BEFORE)
    people = [{"person": str(one.id), "name": one.name} for one in asked]
    facts = {"kind": asking.kind.value, "order": asking.order.value, "people": people, "reason": reason, **who.told}
    desk.happened(session, Happening.SIGN_ASKED, actor, work, facts)
    return [row["id"] for row in rows]


def give(session: Session, actor: Actor, sign: UUID, opinion: Opinion) -> list[str]:
    """Agree or refuse, in one's own place or in that of whom one stands in for wholly; return the tasks that opened.

    The last sign after the answer finishes the task for its owner; a refusal lets the owner answer anew. Raise
    NotFound, TaskClosed, InstanceSuspended, TaskBound when it is settled already or not yet asked for, OperationRefused
    without an opinion, or SeatRefused.
    """
    words = desk.said(opinion.opinion)
    if opinion.state not in {SignState.AGREED, SignState.REFUSED}:
        raise TaskBound(sign=sign, why=NO_VERDICT)
    found, work, who = _mine(session, actor, sign)
    if found.state is not SignState.OPEN:
        raise TaskBound(sign=sign, why=GIVEN)
    _refuse_involved(session, work, [actor.id])
    independence.admit_all(session, who.people, work.place)
    _end(session, sign, {"state": opinion.state, "opinion": words, "given_by": actor.id})
    agreed = opinion.state is SignState.AGREED
    facts = {"kind": found.kind.value, "reason": words, **who.told}
    desk.happened(session, Happening.SIGN_GIVEN if agreed else Happening.SIGN_REFUSED, actor, work, facts)
    return _agreed(session, work, found.kind) if agreed else _refused(session, work, found)


def take_back(session: Session, actor: Actor, sign: UUID, reason: str) -> list[str]:
    """Ask no longer for a sign (减签), or set a refusal aside; return the tasks that opened as none is missing now.

    Raise NotFound, TaskClosed, InstanceSuspended, NotAllowed to everybody but the owner of the task, TaskBound when the
    sign was given, OperationRefused without a reason.
    """
    words = desk.said(reason)
    found, work = _of_owner(session, actor, sign)
    who = desk.capacity(actor, work.id, work.whose)
    newest = {row.id for row in _latest(session, work.id, found.kind)}
    if found.state not in {*PENDING, SignState.REFUSED} or sign not in newest:
        raise TaskBound(sign=sign, why=GIVEN)
    _end(session, sign, {"state": SignState.TAKEN_BACK})
    name = session.scalar(select(Person.name).where(Person.id == found.person))
    person = {"person": str(found.person), "name": name}
    facts = {"kind": found.kind.value, "from": person, "reason": words, **who.told}
    desk.happened(session, Happening.SIGN_TAKEN_BACK, actor, work, facts)
    return _agreed(session, work, found.kind)


def of_task(session: Session, actor: Actor, task: UUID) -> list[SignRow]:
    """List every sign that was asked for on a task the actor may see, in order; raise NotFound."""
    desk.seen(session, actor, task)
    query = _query().where(Sign.task == task).order_by(Sign.kind.desc(), Sign.asked_at, Sign.position, Sign.id)
    return _read(session, query)


def mine(session: Session, actor: Actor, cursor: str | None = None, limit: int = 50) -> Page[SignRow]:
    """List the signs that are asked of the actor and whose turn it is, on open tasks, the longest waiting first."""
    query = _query().where(
        Sign.person.in_([actor.id, *actor.wholly]),
        Sign.state == SignState.OPEN,
        Task.state == TaskState.OPEN,
        Instance.state == InstanceState.RUNNING,
    )
    after = pages.place(cursor, datetime, UUID)
    if after is not None:
        query = query.where(tuple_(Sign.asked_at, Sign.id) > after)
    rows = _read(session, query.order_by(Sign.asked_at, Sign.id).limit(limit + 1))
    return pages.page(rows, limit, lambda row: (row.asked_at, row.id))


def candidates(session: Session, actor: Actor, task: UUID) -> list[Colleague]:
    """List whom the actor may ask for a sign on a task of theirs; raise as `ask` does."""
    work = desk.looked_at(session, actor, task)
    who = desk.own(actor, work)
    involved = {*who.people, *_involved(session, work)}
    pool = [
        one for one in pools.around(session, pools.organisations_of(actor, who, work.role)) if one.id not in involved
    ]
    return pools.judged(session, pool, work.place, _pending(session, work.id))


def _asked(session: Session, actor: Actor, who: Capacity, work: Work, asking: Asking) -> list[Colleague]:
    """Return the colleagues who are asked; raise ColleagueRefused, SeatRefused."""
    if len(asking.people) > MOST:
        raise ColleagueRefused(task=work.id, why=MANY)
    pool = pools.around(session, pools.organisations_of(actor, who, work.role))
    asked = pools.chosen(pool, asking.people)
    people = [one.id for one in asked]
    if not set(people).isdisjoint(who.people):
        raise ColleagueRefused(task=work.id, why=INVOLVED)
    _refuse_involved(session, work, people)
    if not _pending(session, work.id).isdisjoint(people):
        raise ColleagueRefused(task=work.id, why=AGAIN)
    for person in people:
        independence.pass_on(session, work.place, Handover(Kind.ADDED_SIGN, str(who.holder), str(person)))
    return asked


def _rows(session: Session, task: UUID, who: Capacity, asking: Asking, reason: str) -> list[dict[str, Any]]:
    """Return the rows of new signs: those at once join who signs now, those in turn follow everybody asked before.

    Whoever refused and is asked again keeps their place.
    """
    latest = _latest(session, task, asking.kind)
    pending = [row.position for row in latest if row.state in PENDING]
    refused = {row.person: row.position for row in latest if row.state is SignState.REFUSED}
    in_turn = asking.order is Order.IN_TURN
    first = max(pending, default=0) + 1 if in_turn else min(pending, default=1)
    shared = {"task": task, "kind": asking.kind, "asked_by": who.holder, "reason": reason, "asked_at": clock.now()}
    return [
        {
            "id": uuid4(),
            "person": person,
            "position": refused.get(person, first + index * in_turn),
            "state": SignState.WAITING,
            **shared,
        }
        for index, person in enumerate(dict.fromkeys(asking.people))
    ]


def _agreed(session: Session, work: Work, kind: SignKind) -> list[str]:
    """Ask for what comes next; finish a task whose answers wait for nothing more. Return the tasks that opened."""
    desk.advance(session, work.id, kind)
    if Binding.COUNTERSIGNING not in work.bindings or _pending(session, work.id):
        return []
    return _finish(session, work)


def _refused(session: Session, work: Work, refused: Sign) -> list[str]:
    """Give a task back to its owner; after an answer everybody is to sign anew on the next one."""
    if refused.kind is SignKind.AFTER:
        desk.loosen(session, work.id)
    return []


def _finish(session: Session, work: Work) -> list[str]:
    """Let the answers of a task take effect, as its owner's; return the tasks that opened."""
    assert work.answered_by is not None  # noqa: S101 - answers are held with who gave them
    principal = session.scalar(select(Person.name).where(Person.id == work.acted_for)) if work.acted_for else None
    told = {"for": {"person": str(work.acted_for), "name": principal}} if work.acted_for else {}
    with runtime.opened(session, work.instance) as running:
        if work.id not in running.before.tasks:
            raise TaskClosed(task=work.id)
        independence.admit_all(session, {work.answered_by, *desk.holders(session, work.id)}, work.place)
        answers = work.answers or {}
        running.complete(Completion(work.id, work.answered_by, work.element, work.name, answers, work.acted_for, told))
    return running.created


def _mine(session: Session, actor: Actor, sign: UUID) -> tuple[Sign, Work, Capacity]:
    """Lock and return a sign that is asked of the actor, or of whom they stand in for, and its task; raise NotFound."""
    found = _locked(session, sign)
    who = actor.standing_in(found.person)
    if who is None:
        raise NotFound(sign=sign)
    return found, desk.looked_at(session, actor, found.task), who


def _of_owner(session: Session, actor: Actor, sign: UUID) -> tuple[Sign, Work]:
    found = _locked(session, sign)
    work = desk.looked_at(session, actor, found.task)
    if work.assignee is None or actor.capacity(work.role, work.organisation, work.assignee) is None:
        raise NotAllowed(sign=sign)
    return found, work


def _locked(session: Session, sign: UUID) -> Sign:
    """Return a sign as it stands once the instance of its task is locked; raise NotFound."""
    task = session.scalar(select(Sign.task).where(Sign.id == sign))
    if task is None:
        raise NotFound(sign=sign)
    desk.lock(session, task)
    return session.execute(select(Sign).where(Sign.id == sign).execution_options(populate_existing=True)).scalar_one()


def _refuse_involved(session: Session, work: Work, people: Sequence[UUID]) -> None:
    """Raise ColleagueRefused when somebody who does or prepared a task would sign on it."""
    if not _involved(session, work).isdisjoint(people):
        raise ColleagueRefused(task=work.id, why=INVOLVED)


def _involved(session: Session, work: Work) -> set[UUID]:
    """Return who has a task, answered it or let it be prepared, and who prepares or prepared it."""
    known = {person for person in (work.assignee, work.answered_by, work.acted_for) if person is not None}
    if work.bindings.isdisjoint({Binding.DELEGATED, Binding.PREPARED}):
        return known
    lent = select(Delegation.owner, Delegation.delegate, Delegation.returned_by).where(
        Delegation.task == work.id, Delegation.state != DelegationState.TAKEN_BACK
    )
    return known | {person for row in session.execute(lent) for person in row if person is not None}


def _latest(session: Session, task: UUID, kind: SignKind) -> list[Sign]:
    """Return the latest sign that each person was asked for, of one kind."""
    query = select(Sign).where(Sign.task == task, Sign.kind == kind).order_by(Sign.asked_at, Sign.id)
    rows = session.scalars(query.execution_options(populate_existing=True))
    return list({row.person: row for row in rows}.values())


def _pending(session: Session, task: UUID) -> set[UUID]:
    return set(session.scalars(select(Sign.person).where(Sign.task == task, Sign.state.in_(PENDING))))


def _end(session: Session, sign: UUID, values: Mapping[str, Any]) -> None:
    change = update(Sign).where(Sign.id == sign).values(ended_at=clock.now(), **values)
    session.execute(change.execution_options(synchronize_session=False))


def _query() -> Any:
    asker, giver = aliased(Person), aliased(Person)
    names = (
        "id",
        "task",
        "kind",
        "person",
        "asked_by",
        "reason",
        "position",
        "state",
        "asked_at",
        "ended_at",
        "opinion",
    )
    return (
        select(
            *(getattr(Sign, name) for name in names),
            Task.instance,
            Task.name.label("task_name"),
            Task.due_at,
            Instance.title,
            Person.name.label("person_name"),
            asker.name.label("asked_by_name"),
            giver.name.label("given_by_name"),
        )
        .join(Task, Task.id == Sign.task)
        .join(Instance, Instance.id == Task.instance)
        .join(Person, Person.id == Sign.person)
        .join(asker, asker.id == Sign.asked_by)
        .outerjoin(giver, giver.id == Sign.given_by)
    )


def _read(session: Session, query: Any) -> list[SignRow]:
    return [SignRow(**row) for row in session.execute(query).mappings()]
