"""Messages: kept once by sender and id, then handed to the instance that waits for them, or to a new one."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, divisions, events, processes, registrars, runtime
from engine.errors import Busy, InstanceEnded, InstanceSuspended, MessageRefused, NotAllowed, NotFound
from engine.identity import Actor
from engine.runtime import Opening
from engine.tables import (
    Instance,
    InstanceState,
    Message,
    MessageState,
    Standstill,
    StartEvent,
    Subscription,
    Task,
    WaitKind,
)

LONGEST = 500
REPLAYERS = frozenset({"PRV_OFFICER", "SYS_ADMIN"})
TELLERS = frozenset({"PRV_OFFICER", "PRV_LEAD", "SYS_ADMIN"})  # may tell every instance what comes from outside


_KEEP = insert(Message).on_conflict_do_nothing().returning(Message.id)


@dataclass(frozen=True)
class Arrival:
    """A message as it comes in; `source` and `external_id` together name it for ever."""

    source: str
    external_id: str
    name: str
    correlation: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class MessageView:
    """What became of a message; `instance` took it when it is delivered."""

    id: UUID
    state: str
    duplicate: bool
    instance: UUID | None


def receive(  # noqa: PLR0913, PLR0917 - the six facts of a message are what a door knows
    session: Session,
    actor: Actor | None,
    source: str,
    external_id: str,
    name: str,
    correlation: str,
    payload: dict[str, Any],
) -> MessageView:
    """Keep a message and hand it to the instance that waits for it, if any does and nobody is moving it right now.

    When nobody waits for it and a start event of a programme's newest version wants it, it starts an instance. A
    message known by source and id has no second effect. Raises MessageRefused.
    """
    kept = keep(session, actor, Arrival(source, external_id, name, correlation, payload))
    return kept if kept.duplicate else deliver(session, kept.id)


def tell(session: Session, actor: Actor, arrival: Arrival) -> MessageView:
    """Receive what a person tells; one who serves no province may only answer an instance their organisation works on.

    Raise NotAllowed for what diagrams tell each other, which no person may forge - unless it is asked of people, too,
    by starting something; raise NotFound where nobody waits who is theirs, and MessageRefused.
    """
    known = exists().where(Message.source == arrival.source, Message.external_id == arrival.external_id)
    if not session.scalar(select(known)):
        starts = exists().where(StartEvent.kind == WaitKind.MESSAGE, StartEvent.name == arrival.name)
        if arrival.name in processes.thrown(session) and not session.scalar(select(starts)):
            raise NotAllowed(message=arrival.name)
        if not actor.roles & TELLERS and not session.scalar(select(_asked_of(actor, arrival))):
            raise NotFound(message=arrival.name, correlation=arrival.correlation)
    facts = (arrival.source, arrival.external_id, arrival.name, arrival.correlation, arrival.payload)
    return receive(session, actor, *facts)


def keep(session: Session, actor: Actor | None, arrival: Arrival) -> MessageView:
    """Keep a message without handing it over; raise MessageRefused, also when its id came with other content."""
    _check(arrival)
    fresh = {**asdict(arrival), "id": uuid4(), "state": MessageState.WAITING, "received_at": clock.now()}
    message = session.connection().scalar(_KEEP, fresh)
    if message is None:
        return _known(session, arrival)
    events.append(session, "message.received", actor=actor.id if actor else None, data=_facts(arrival))
    return MessageView(message, MessageState.WAITING.value, duplicate=False, instance=None)


def pending() -> ColumnElement[bool]:
    """Return the condition "some kept message could be delivered", for a clock that asks many such things at once."""
    return exists(select(Message.id).where(Message.state == MessageState.WAITING, _wanted()))


def wanted(session: Session, message_id: UUID) -> bool:
    """Tell whether a message could be handed over now; one that could not costs its sender no more than this."""
    return bool(session.connection().scalar(_wanted_one(), {"message": message_id}))


def deliverable(session: Session, limit: int) -> list[UUID]:
    """List at most `limit` waiting messages that somebody waits for, the oldest first; locks nothing."""
    query = select(Message.id).where(Message.state == MessageState.WAITING, _wanted())
    return list(session.scalars(query.order_by(Message.received_at, Message.id).limit(limit)))


def deliver(session: Session, message_id: UUID) -> MessageView:
    """Hand a waiting message to the instance that has waited longest for it, else start one; raise NotFound.

    It stays waiting while nobody wants it, or those who do are suspended or just being moved.
    """
    message = session.scalar(
        select(Message)
        .where(Message.id == message_id, Message.state == MessageState.WAITING)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if message is None:
        return _view(session, message_id)
    waits = session.scalars(select(Subscription).where(_awaits(message)).order_by(Subscription.id)).all()
    taken = next((_place(wait) for wait in waits if _hand_over(session, message, wait)), None)
    if not waits:
        taken = _enter(session, message) or _start(session, message.name, message.payload)
    if taken is not None:
        message.state, message.instance = MessageState.DELIVERED, taken.get("instance")
        facts = {"name": message.name, "source": message.source, "id": message.external_id}
        events.record(session, [{"kind": "message.delivered", **taken, "data": facts}])
    session.flush()
    return MessageView(message.id, message.state.value, duplicate=False, instance=message.instance)


def park(session: Session, message_id: UUID, reason: str) -> bool:
    """Lay a waiting message aside with a reason; tell whether it still waited."""
    return bool(_park(session, Message.id == message_id, reason))


def park_old(session: Session, days: int) -> int:
    """Lay aside what nobody has waited for within `days`; return how many messages that were."""
    old = Message.received_at <= clock.now() - timedelta(days=days)
    return _park(session, and_(old, ~exists().where(_awaited())), f"nobody waited for it within {days} days")


def replay(session: Session, actor: Actor, message_id: UUID) -> MessageView:
    """Let a parked message wait again and hand it over if somebody waits; raise NotFound, NotAllowed."""
    if not actor.roles & REPLAYERS:
        raise NotAllowed(message=message_id)
    parked = and_(Message.id == message_id, Message.state == MessageState.PARKED)
    again = update(Message).where(parked).values(state=MessageState.WAITING, reason=None, received_at=clock.now())
    session.execute(again)
    return deliver(session, message_id)


def _check(arrival: Arrival) -> None:
    texts = (arrival.source, arrival.external_id, arrival.name, arrival.correlation)
    if not all(texts[:3]) or not all(len(text) <= LONGEST and text.isprintable() for text in texts):
        raise MessageRefused(
            reason=f"source, id and name must be 1 to {LONGEST} printable characters, correlation less"
        )


def _known(session: Session, arrival: Arrival) -> MessageView:
    query = select(Message).where(Message.source == arrival.source, Message.external_id == arrival.external_id)
    message = session.scalars(query.execution_options(populate_existing=True)).one()
    if (message.name, message.correlation, message.payload) != (arrival.name, arrival.correlation, arrival.payload):
        raise MessageRefused(reason="a message with this id came before, with other content", clash=True)
    return MessageView(message.id, message.state.value, duplicate=True, instance=message.instance)


def _hand_over(session: Session, message: Message, wait: Subscription) -> bool:
    """Lock the instance first; only then is it certain that it still waits."""
    try:
        with runtime.opened(session, wait.instance, skip_locked=True) as running:
            query = select(Subscription.id).where(Subscription.id == wait.id, _awaits(message))
            still = session.scalar(query) is not None
            return still and running.deliver(wait.task, message.payload, wait.element)
    except (Busy, InstanceEnded, InstanceSuspended):
        return False


def _place(wait: Subscription) -> dict[str, Any]:
    return {"instance": wait.instance, "task": wait.task, "element": wait.element}


def _enter(session: Session, message: Message) -> dict[str, Any] | None:
    """Enter a message into the register that takes it, if one does, and start what is to follow."""
    entered = registrars.enter(session, message.source, message.name, message.payload)
    if entered is None:
        return None
    following = _start(session, entered.starts, entered.payload) if entered.starts else None
    return following or {"instance": entered.instance}


def _start(session: Session, name: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Start an instance, about the payload's unit, by the oldest start event that wants the message, if any does."""
    listening = select(StartEvent).where(_starts(), StartEvent.name == name)
    found = session.scalar(listening.order_by(StartEvent.id).limit(1))
    if found is None:
        return None
    programme = processes.load(session, found.deployment)
    unit = payload.get("unit")
    subject = unit if isinstance(unit, str) else None
    facts = {**payload, "unit_name": _unit_name(session, subject, payload)}
    title = programme.title(found.process, found.element, facts)
    opening = Opening(found.process, title, subject, event=found.element, payload=payload)
    return {"instance": runtime.start(session, programme, opening, {}), "element": found.element}


def _unit_name(session: Session, unit: str | None, payload: dict[str, Any]) -> str | None:
    """Return what the unit is called that a message is about: as it stands on record, else as the message says."""
    if unit is not None and (name := divisions.name_of(session, unit)) is not None:
        return name
    told = payload.get("unit_name")
    return told if isinstance(told, str) else None


def _park(session: Session, which: ColumnElement[bool], reason: str) -> int:
    query = update(Message).where(Message.state == MessageState.WAITING, which)
    query = query.values(state=MessageState.PARKED, reason=reason[:LONGEST]).execution_options(
        synchronize_session=False
    )
    rows = session.execute(query.returning(Message.name, Message.source, Message.external_id)).all()
    happened = [
        {"kind": "message.parked", "data": {"name": name, "source": source, "id": external, "reason": reason[:LONGEST]}}
        for name, source, external in rows
    ]
    events.record(session, happened)
    return len(rows)


def _view(session: Session, message_id: UUID) -> MessageView:
    query = select(Message.state, Message.instance).where(Message.id == message_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(message=message_id)
    return MessageView(message_id, row.state.value, duplicate=False, instance=row.instance)


def _asked_of(actor: Actor, arrival: Arrival) -> ColumnElement[bool]:
    """Return the condition that an instance waits for a message in which the actor's organisations have had tasks."""
    theirs = exists().where(Task.instance == Subscription.instance, Task.organisation.in_(sorted(actor.organisations)))
    named = and_(Subscription.name == arrival.name, Subscription.correlation == arrival.correlation)
    return exists().where(Subscription.kind == WaitKind.MESSAGE, named, theirs)


def _awaited() -> ColumnElement[bool]:
    named = and_(Subscription.name == Message.name, Subscription.correlation == Message.correlation)
    return and_(Subscription.kind == WaitKind.MESSAGE, named)


def _wanted() -> ColumnElement[bool]:
    """Return the condition that a message may be handed over now: to one who is not suspended, or to a start event."""
    takes = exists().where(_awaited(), Instance.id == Subscription.instance, Instance.state == InstanceState.RUNNING)
    starts = exists().where(_starts(), StartEvent.name == Message.name)
    entered = and_(Message.source.startswith(registrars.DOOR), Message.name.in_(registrars.REGISTRARS))
    return or_(takes, and_(or_(starts, entered), ~exists().where(_awaited())))


@cache
def _wanted_one() -> Select[tuple[bool]]:
    return select(exists().where(Message.id == bindparam("message"), _wanted()))


def _starts() -> ColumnElement[bool]:
    """Return the condition that a start event listens to messages; while its version stands still they wait."""
    still = exists().where(Standstill.deployment == StartEvent.deployment)
    return and_(StartEvent.kind == WaitKind.MESSAGE, ~still)


def _awaits(message: Message) -> ColumnElement[bool]:
    named = and_(Subscription.name == message.name, Subscription.correlation == message.correlation)
    return and_(Subscription.kind == WaitKind.MESSAGE, named)


def _facts(arrival: Arrival) -> dict[str, Any]:
    facts = {"name": arrival.name, "source": arrival.source, "id": arrival.external_id}
    return {**facts, "correlation": arrival.correlation}
