"""Handovers: a task given to a colleague for good (转办), or lent to one who prepares it and gives it back (委派)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session, aliased

from engine import clock, desk, independence
from engine import colleagues as pools
from engine.colleagues import Colleague
from engine.desk import Binding, Work
from engine.domain.actors import Capacity
from engine.domain.independence import Handover, Kind
from engine.errors import ColleagueRefused, NotAllowed, TaskBound
from engine.events import Kind as Happening
from engine.identity import Actor
from engine.permits import permit
from engine.tables import Delegation, DelegationState, Person

NOT_LENT = {"zh": "该任务没有委派给他人。", "en": "Nobody prepares this task for its owner."}
NO_ROLE = {"zh": "该任务指名由本人办理，不能转办。", "en": "This task was given to one person by name."}
OWNER = {"zh": "任务本来就由其办理。", "en": "The task is theirs already."}
DRAFT = text(
    """INSERT INTO draft (task, person, answers, saved_at)
  SELECT task, CAST(:taker AS uuid), answers, CAST(:now AS timestamptz) FROM draft
  WHERE task = CAST(:task AS uuid) AND person = CAST(:giver AS uuid)
  ON CONFLICT (task, person) DO UPDATE SET answers = excluded.answers, saved_at = excluded.saved_at"""
)


@dataclass(frozen=True)
class Handing:
    """To whom a task is given, and why."""

    to: UUID
    reason: str


@dataclass(frozen=True)
class DelegationRow:
    """A task that was lent: to whom, since when, and with what opinion it came back."""

    id: UUID
    owner: UUID
    owner_name: str
    delegate: UUID
    delegate_name: str
    reason: str
    state: str
    asked_at: datetime
    ended_at: datetime | None
    opinion: str | None


def transfer(session: Session, actor: Actor, task: UUID, handing: Handing) -> None:
    """Give a task for good to a colleague who holds its role in the same organisation.

    Raise NotFound, TaskClosed, InstanceSuspended, TaskClaimed, NotAllowed, TaskBound, OperationRefused without a
    reason, ColleagueRefused, or SeatRefused when an earlier step excludes the colleague.
    """
    reason = desk.said(handing.reason)
    work = desk.opened(session, actor, task)
    permit(session, work, "transfer")
    who = desk.own(actor, work)
    taker = _taker(session, work, _holders(session, actor, who, work), who, handing.to)
    independence.pass_on(session, work.place, Handover(Kind.TRANSFER, str(who.holder), str(taker.id)))
    desk.assign(session, task, taker.id)
    desk.happened(session, Happening.TASK_TRANSFERRED, actor, work, {**_to(taker), "reason": reason, **who.told})


def delegate(session: Session, actor: Actor, task: UUID, handing: Handing) -> None:
    """Let a colleague of the same organisation prepare a task; it comes back to its owner, who finishes it.

    What the owner has typed so far goes with it. Raise as `transfer` does.
    """
    reason = desk.said(handing.reason)
    work = desk.opened(session, actor, task)
    permit(session, work, "delegate")
    who = desk.own(actor, work)
    taker = _taker(session, work, _inside(session, actor, who, work), who, handing.to)
    independence.pass_on(session, work.place, Handover(Kind.DELEGATION, str(who.holder), str(taker.id)))
    row = {"id": uuid4(), "task": task, "owner": who.holder, "delegate": taker.id, "reason": reason}
    session.execute(insert(Delegation).values(**row, state=DelegationState.OPEN, asked_at=clock.now()))
    desk.assign(session, task, taker.id)
    desk.mark(session, task, add=(Binding.DELEGATED,))
    _carry_draft(session, task, actor.id, taker.id)
    desk.happened(session, Happening.TASK_DELEGATED, actor, work, {**_to(taker), "reason": reason, **who.told})


def hand_back(session: Session, actor: Actor, task: UUID, opinion: str) -> None:
    """Give a task that one prepared back to its owner, with an opinion and with what was typed.

    Raise NotFound, TaskClosed, InstanceSuspended, TaskClaimed, TaskBound, OperationRefused without an opinion, or
    SeatRefused.
    """
    words = desk.said(opinion)
    work = desk.opened(session, actor, task)
    who = desk.capacity(actor, task, work.whose)
    lent = _lent(session, work)
    if actor.id == lent.owner:
        raise NotAllowed(task=task)
    independence.admit_all(session, {*who.people, lent.owner}, work.place)
    _end(session, lent.id, {"state": DelegationState.RETURNED, "opinion": words, "returned_by": actor.id})
    desk.assign(session, task, lent.owner)
    desk.mark(session, task, add=(Binding.PREPARED,), drop=(Binding.DELEGATED,))
    _carry_draft(session, task, actor.id, lent.owner)
    facts = {"to": {"person": str(lent.owner), "name": lent.owner_name}, "reason": words, **who.told}
    desk.happened(session, Happening.TASK_HANDED_BACK, actor, work, facts)


def take_back(session: Session, actor: Actor, task: UUID, reason: str) -> None:
    """Take a task back from whoever prepares it; it counts as if it had never been lent.

    Raise NotFound, TaskClosed, InstanceSuspended, TaskBound, or NotAllowed to everybody but its owner.
    """
    work = desk.opened(session, actor, task)
    lent = _lent(session, work)
    who = actor.capacity(work.role, work.organisation, lent.owner)
    if who is None:
        raise NotAllowed(task=task)
    _end(session, lent.id, {"state": DelegationState.TAKEN_BACK})
    desk.assign(session, task, lent.owner)
    desk.mark(session, task, drop=(Binding.DELEGATED,))
    whom = {"person": str(lent.delegate), "name": lent.delegate_name}
    facts = {"from": whom, "reason": reason.strip()[: desk.LONGEST_WORDS], **who.told}
    desk.happened(session, Happening.TASK_TAKEN_BACK, actor, work, facts)


def colleagues(session: Session, actor: Actor, task: UUID) -> list[Colleague]:
    """List to whom a task may be transferred; raise NotFound, TaskClosed, TaskClaimed, NotAllowed, TaskBound."""
    work = desk.looked_at(session, actor, task)
    who = desk.own(actor, work)
    return _judged(session, work, _holders(session, actor, who, work) if work.role else [], who)


def delegates(session: Session, actor: Actor, task: UUID) -> list[Colleague]:
    """List who may prepare a task for its owner; raise as `colleagues` does."""
    work = desk.looked_at(session, actor, task)
    who = desk.own(actor, work)
    return _judged(session, work, _inside(session, actor, who, work), who)


def of_task(session: Session, actor: Actor, task: UUID) -> list[DelegationRow]:
    """List to whom a task the actor may see was lent, open or done, the latest first; raise NotFound."""
    desk.seen(session, actor, task)
    rows = session.execute(_LENT.where(Delegation.task == task).order_by(Delegation.asked_at.desc(), Delegation.id))
    return [DelegationRow(**row) for row in rows.mappings()]


def _holders(session: Session, actor: Actor, who: Capacity, work: Work) -> list[Colleague]:
    """Return who holds the role of a task where it is done: in its organisation, or in those of its owner."""
    if work.role is None:
        raise ColleagueRefused(task=work.id, why=NO_ROLE)
    there = {work.organisation} if work.organisation else pools.organisations_of(actor, who, work.role)
    return pools.holders(session, work.role, there)


def _inside(session: Session, actor: Actor, who: Capacity, work: Work) -> list[Colleague]:
    return pools.inside(session, pools.organisations_of(actor, who, work.role))


def _judged(session: Session, work: Work, pool: list[Colleague], who: Capacity) -> list[Colleague]:
    others = [one for one in pool if one.id not in who.people]
    return pools.judged(session, others, work.place, _signers(session, work))


def _taker(session: Session, work: Work, pool: list[Colleague], who: Capacity, to: UUID) -> Colleague:
    """Return the colleague of a pool who is to have a task and has it not; raise ColleagueRefused."""
    (taker,) = pools.chosen(pool, [to])
    if to in who.people:
        raise ColleagueRefused(task=work.id, why=OWNER)
    if to in _signers(session, work):
        raise ColleagueRefused(task=work.id, why=desk.SIGNED)
    return taker


def _signers(session: Session, work: Work) -> set[UUID]:
    return desk.signers(session, work.id) if work.bindings else set()


def _lent(session: Session, work: Work) -> Any:
    """Return the delegation of a task that is being prepared; raise TaskBound when nobody prepares it."""
    query = _LENT.where(Delegation.task == work.id, Delegation.state == DelegationState.OPEN)
    found = session.execute(query).one_or_none()
    if found is None:
        raise TaskBound(task=work.id, why=NOT_LENT)
    return found


def _end(session: Session, delegation: UUID, values: Mapping[str, Any]) -> None:
    change = update(Delegation).where(Delegation.id == delegation).values(ended_at=clock.now(), **values)
    session.execute(change.execution_options(synchronize_session=False))


def _carry_draft(session: Session, task: UUID, giver: UUID, taker: UUID) -> None:
    """Let the taker go on from what the giver has typed."""
    session.execute(DRAFT, {"task": task, "giver": giver, "taker": taker, "now": clock.now()})


def _to(taker: Colleague) -> dict[str, Any]:
    return {"to": {"person": str(taker.id), "name": taker.name}}


_OWNER, _DELEGATE = aliased(Person), aliased(Person)
_LENT = (
    select(
        Delegation.id,
        Delegation.owner,
        _OWNER.name.label("owner_name"),
        Delegation.delegate,
        _DELEGATE.name.label("delegate_name"),
        Delegation.reason,
        Delegation.state,
        Delegation.asked_at,
        Delegation.ended_at,
        Delegation.opinion,
    )
    .join(_OWNER, _OWNER.id == Delegation.owner)
    .join(_DELEGATE, _DELEGATE.id == Delegation.delegate)
)
