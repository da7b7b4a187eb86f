"""The work of errands: one case after the other, each in a transaction of its own that keeps its result, too."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from engine import clock, events, identity, incidents, moves, operations, ownership, urges
from engine.errors import IcityError, InstanceEnded, NotAllowed, NotFound, TaskClosed, UrgedAlready
from engine.identity import Actor
from engine.incidents import Settlement
from engine.moves import Placement, Shift
from engine.operations import Alarm
from engine.runtime import BACKOFF
from engine.tables import Errand, ErrandItem, ErrandKind, ErrandState, ItemState, Person

OVERTAKEN = (NotFound, InstanceEnded, TaskClosed, UrgedAlready)
TRIES = 5
KEEPER = ("", "SYS_ADMIN")  # whom the verbs ask for; an errand is let through for what was asked, and for nothing else


@dataclass(frozen=True)
class Taken:
    """A case of an errand that somebody is at: its row is locked until its transaction ends."""

    errand: UUID
    position: int
    instance: UUID
    task: UUID
    incident: int
    element: str
    kind: ErrandKind
    programme: str
    reason: str
    data: dict[str, Any]
    login: str
    confirmed_by: UUID | None


def pending() -> ColumnElement[bool]:
    """Return the condition "something of an errand is to be done at :now", for a clock that asks many such things."""
    now: Any = bindparam("now", type_=ErrandItem.retry_at.type)
    rest = exists().where(ErrandItem.errand == Errand.id, ErrandItem.state == ItemState.WAITING)
    return exists().where(Errand.state == ErrandState.RUNNING, or_(_to_do(now), ~rest))


def do_next(session: Session) -> tuple[UUID, int] | None:
    """Do the next case of the oldest errand; return which, None when there is none that nobody is at.

    Whatever refuses it is raised as FailedItem, after which the caller keeps that by `failed` in a new transaction.
    """
    taken = _take(session)
    if taken is None:
        return None
    place = taken.errand, taken.position
    try:
        state = _DOING[taken.kind](session, _entrusted(session, taken), taken)
    except OVERTAKEN:
        raise FailedItem(place, ItemState.OVERTAKEN) from None
    except IcityError as fault:
        raise FailedItem(place, ItemState.REFUSED, fault) from fault
    _note(session, place, state)
    if state is ItemState.DONE:
        _tell(session, taken)
    return place


class FailedItem(Exception):
    """A case of an errand was not done; its transaction is taken back, and `fault` is kept as its result."""

    def __init__(self, place: tuple[UUID, int], state: ItemState, fault: IcityError | None = None) -> None:
        super().__init__(place, state, fault)
        self.place, self.state, self.fault = place, state, fault


def failed(session: Session, place: tuple[UUID, int], state: ItemState, fault: IcityError | None) -> None:
    """Keep why a case was not done, unless somebody else has come to a result meanwhile."""
    _note(session, place, state, fault)


def disturbed(session: Session) -> tuple[UUID, int] | None:
    """Put the next case back for a while, because the database was too busy for it; after some tries give it up."""
    taken = _take(session)
    if taken is None:
        return None
    which = and_(ErrandItem.errand == taken.errand, ErrandItem.position == taken.position)
    tries = session.scalar(select(ErrandItem.tries).where(which)) or 0
    if tries + 1 >= TRIES:
        _note(session, (taken.errand, taken.position), ItemState.REFUSED, IcityError())
        return taken.errand, taken.position
    again = clock.now() + BACKOFF[min(tries, len(BACKOFF) - 1)]
    session.execute(update(ErrandItem).where(which).values(tries=tries + 1, retry_at=again))
    return taken.errand, taken.position


def close(session: Session) -> int:
    """End the errands in which every case has its result; return how many."""
    rest = exists().where(ErrandItem.errand == Errand.id, ErrandItem.state == ItemState.WAITING)
    done = update(Errand).where(Errand.state == ErrandState.RUNNING, ~rest)
    rows = session.execute(
        done.values(state=ErrandState.DONE, ended_at=clock.now())
        .returning(Errand.id, Errand.programme, Errand.kind, Errand.reason)
        .execution_options(synchronize_session=False)
    ).all()
    told = [
        {"errand": row.id, "programme": row.programme, "does": row.kind.value, "reason": row.reason} for row in rows
    ]
    events.record(session, [{"kind": "errand.ended", "data": facts} for facts in told])
    return len(rows)


def _take(session: Session) -> Taken | None:
    query = (
        select(ErrandItem.errand, ErrandItem.position, ErrandItem.instance, ErrandItem.task, ErrandItem.incident)
        .add_columns(ErrandItem.element, Errand.kind, Errand.programme, Errand.reason, Errand.data)
        .add_columns(Person.login, Errand.answered_by)
        .join(Errand, Errand.id == ErrandItem.errand)
        .join(Person, Person.id == Errand.asked_by)
        .where(Errand.state == ErrandState.RUNNING, ErrandItem.state == ItemState.WAITING, _goes(clock.now()))
        .order_by(Errand.asked_at, ErrandItem.errand, ErrandItem.position)
        .limit(1)
        .with_for_update(of=ErrandItem, skip_locked=True)
    )
    row = session.execute(query).one_or_none()
    return Taken(*row) if row is not None else None


def _entrusted(session: Session, taken: Taken) -> Actor:
    """Return who asked, with the right to do just this; raise NotAllowed when the programme is no longer theirs."""
    try:
        actor = identity.load(session, taken.login)
    except NotFound:
        raise NotAllowed(programme=taken.programme) from None
    if not ownership.may_see(actor, taken.programme):
        raise NotAllowed(programme=taken.programme)
    return replace(actor, memberships=actor.memberships | {KEEPER}, own=actor.own | {KEEPER})


def _note(session: Session, place: tuple[UUID, int], state: ItemState, fault: IcityError | None = None) -> None:
    which = and_(ErrandItem.errand == place[0], ErrandItem.position == place[1], ErrandItem.state == ItemState.WAITING)
    name = type(fault).__name__ if fault is not None else None
    why = fault.facts.get("why") if fault is not None else None
    values = {"state": state, "fault": name, "why": why, "ended_at": clock.now()}
    session.execute(update(ErrandItem).where(which).values(values).execution_options(synchronize_session=False))


def _tell(session: Session, taken: Taken) -> None:
    who = session.scalar(select(Person.name).where(Person.id == taken.confirmed_by)) if taken.confirmed_by else None
    asked = select(Errand.asked_by).where(Errand.id == taken.errand)
    facts = {"errand": taken.errand, "does": taken.kind.value, "reason": taken.reason, "confirmed_by": who}
    about = {"instance": taken.instance, "task": taken.task, "element": taken.element, "actor": session.scalar(asked)}
    events.record(session, [{"kind": "errand.done", **about, "data": facts}])


def _goes(now: Any) -> ColumnElement[bool]:
    return or_(ErrandItem.retry_at.is_(None), ErrandItem.retry_at <= now)


def _to_do(now: Any) -> ColumnElement[bool]:
    return exists().where(ErrandItem.errand == Errand.id, ErrandItem.state == ItemState.WAITING, _goes(now))


def _retry(session: Session, actor: Actor, taken: Taken) -> ItemState:
    return ItemState.DONE if incidents.retry(session, actor, taken.incident) else ItemState.AGAIN


def _settle(session: Session, actor: Actor, taken: Taken) -> ItemState:
    incidents.settle(session, actor, taken.incident, Settlement(taken.reason, taken.data["data"]))
    return ItemState.DONE


def _move(session: Session, actor: Actor, taken: Taken) -> ItemState:
    shift = Shift(taken.reason, [taken.task], [Placement(taken.data["place"])])
    moves.move(session, actor, taken.instance, shift)
    return ItemState.DONE


def _rearm(session: Session, actor: Actor, taken: Taken) -> ItemState:
    alarm = Alarm(taken.task, taken.element, datetime.fromisoformat(taken.data["due_at"]), taken.reason)
    operations.rearm(session, actor, taken.instance, alarm)
    return ItemState.DONE


def _urge(session: Session, actor: Actor, taken: Taken) -> ItemState:
    urges.urge(session, actor, taken.task, taken.reason)
    return ItemState.DONE


def _of_case(
    verb: Callable[[Session, Actor, UUID, str], None],
) -> Callable[[Session, Actor, Taken], ItemState]:
    def do(session: Session, actor: Actor, taken: Taken) -> ItemState:
        verb(session, actor, taken.instance, taken.reason)
        return ItemState.DONE

    return do


_DOING: dict[ErrandKind, Callable[[Session, Actor, Taken], ItemState]] = {
    ErrandKind.RETRY: _retry,
    ErrandKind.SETTLE: _settle,
    ErrandKind.MOVE: _move,
    ErrandKind.REARM: _rearm,
    ErrandKind.SUSPEND: _of_case(operations.suspend),
    ErrandKind.RESUME: _of_case(operations.resume),
    ErrandKind.END: _of_case(operations.terminate),
    ErrandKind.URGE: _urge,
}
