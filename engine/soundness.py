"""Whether this database is sound: rows, stored states, history and events must tell one story; what does not is kept.

It is looked at batch by batch, so that a look at millions of rows needs no more memory than a look at a few hundred.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events, invariants, runtime
from engine.bpmn.execution import Rest, Wait
from engine.errors import IcityError
from engine.events import Kind
from engine.invariants import Broken, Rule
from engine.tables import (
    Heartbeat,
    Incident,
    IncidentKind,
    IncidentState,
    Instance,
    Subscription,
    Task,
    TaskState,
    Timer,
    Violation,
    WaitKind,
)

NAME = "invariants"
EVERY = timedelta(minutes=10)
BATCH = 200
OPENED = 5_000  # states that one look of the clock opens; it begins anywhere, so that in the end each has its turn
MOST = 1_000  # violations that one look tells

UNREADABLE = Rule(
    "state-unreadable",
    "流程保存的状态无法读取：{detail}",
    "The stored state of the instance cannot be read: {detail}",
)
# What the rows and the state must agree on: the rule broken by a row alone, and the one broken by the state alone.
SHARED = {
    "task": (
        Rule(
            "task-astray",
            "任务清单中有流程状态所没有的任务：{detail}",
            "A task is listed that the state has not: {detail}",
        ),
        Rule("task-missing", "流程状态中的任务不在任务清单中：{detail}", "A task of the state is not listed: {detail}"),
    ),
    "timer": (
        Rule(
            "timer-astray",
            "有流程状态并不等待的定时器：{detail}",
            "A timer is set that the state does not wait for: {detail}",
        ),
        Rule(
            "timer-missing",
            "流程所等的定时器没有设置：{detail}",
            "A timer that the state waits for is not set: {detail}",
        ),
    ),
    "subscription": (
        Rule(
            "subscription-astray",
            "登记了流程并不等待的消息：{detail}",
            "It is noted as waiting for what it does not: {detail}",
        ),
        Rule("subscription-missing", "流程所等的消息没有登记：{detail}", "It waits for what nobody noted: {detail}"),
    ),
    "incident": (
        Rule(
            "incident-astray",
            "有未了结的故障，流程状态中却没有：{detail}",
            "An incident is open that the state has not: {detail}",
        ),
        Rule(
            "incident-missing",
            "流程停在故障上，却没有故障记录：{detail}",
            "A step stands still and no incident tells it: {detail}",
        ),
    ),
}

Place = tuple[UUID, str, tuple[Any, ...]]  # (task, element, facts)


@dataclass(frozen=True)
class Look:
    """What the last look of the clock found, and when that was."""

    at: datetime | None
    broken: Sequence[Violation]


def of_all(session: Session) -> Iterator[Broken]:
    """Yield what messages, reminders, replies and programmes break."""
    return invariants.of_all(session)


def batch(session: Session, after: UUID | None, since: datetime | None = None) -> list[UUID]:
    """List the next instances to look at: all, or with `since` those found broken or not ended before it."""
    query = select(Instance.id).order_by(Instance.id).limit(BATCH)
    if after is not None:
        query = query.where(Instance.id > after)
    if since is not None:
        suspected = exists().where(Violation.instance == Instance.id)
        query = query.where(or_(Instance.ended_at.is_(None), Instance.ended_at >= since, suspected))
    return list(session.scalars(query))


def of_rows(session: Session, instances: Sequence[UUID]) -> Iterator[Broken]:
    """Yield what the rows of these instances break."""
    return invariants.of_instances(session, instances)


def of_states(session: Session, instances: Sequence[UUID]) -> Iterator[Broken]:
    """Open the states of those of these instances that have not ended; yield where their rows say otherwise."""
    living = session.scalars(select(Instance.id).where(Instance.id.in_(instances), Instance.ended_at.is_(None))).all()
    rows = {kind: _grouped(session, query, living) for kind, query in _ROWS.items()}
    for instance in living:
        try:
            rest = runtime.peek(session, instance).rest()
        except IcityError as fault:
            yield UNREADABLE.broken(str(instance), instance, fault)
        except Exception as fault:  # noqa: BLE001 - whatever a damaged state does to its reader is what we look for
            yield UNREADABLE.broken(str(instance), instance, f"{type(fault).__name__}: {fault}")
        else:
            kept = {kind: found.get(instance, []) for kind, found in rows.items()}
            yield from _differences(instance, kept, _standing(rest))


def chosen(session: Session) -> set[UUID]:
    """Return the instances whose states one look of the clock opens: those found broken before, and a slice."""
    begin = uuid4()
    slices = (and_(Instance.id >= begin), and_(Instance.id < begin))
    found = set(session.scalars(select(Violation.instance).where(Violation.instance.is_not(None))))
    for part in slices:
        living = select(Instance.id).where(part, Instance.ended_at.is_(None)).order_by(Instance.id)
        found.update(session.scalars(living.limit(max(0, OPENED - len(found)))))
    return {instance for instance in found if instance is not None}


def due(session: Session) -> bool:
    """Tell whether the last look is so long ago that the clock should look again."""
    return not session.scalar(select(exists(_beat(Heartbeat.at > clock.now() - EVERY))))


def keep(session: Session, found: Iterable[Broken], began: datetime) -> tuple[list[Broken], int]:
    """Keep what a look found, with an event for what is new or mended; return what is new and how much is mended."""
    now = {(broken.rule, broken.subject): broken for broken in found}
    known = {(row.rule, row.subject): row for row in session.scalars(select(Violation))}
    fresh = [broken for key, broken in now.items() if key not in known]
    gone = [row for key, row in known.items() if key not in now]
    if fresh:
        session.execute(insert(Violation).on_conflict_do_nothing(), [_row(broken) for broken in fresh])
    if gone:
        keys = tuple_(Violation.rule, Violation.subject).in_([(row.rule, row.subject) for row in gone])
        session.execute(delete(Violation).where(keys).execution_options(synchronize_session=False))
    events.record(session, [_event(Kind.INVARIANT_BROKEN, one, one.text) for one in fresh])
    events.record(session, [_event(Kind.INVARIANT_MENDED, one, one.told) for one in gone])
    beat = insert(Heartbeat).values(name=NAME, at=began)
    session.execute(beat.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": began}))
    return fresh, len(gone)


def last(session: Session) -> Look:
    """Return what the last look of the clock found."""
    broken = session.scalars(select(Violation).order_by(Violation.found_at, Violation.rule, Violation.subject)).all()
    return Look(session.scalar(select(Heartbeat.at).where(Heartbeat.name == NAME)), broken)


def _beat(condition: ColumnElement[bool]) -> Any:
    return select(Heartbeat.name).where(Heartbeat.name == NAME, condition)


def _row(broken: Broken) -> dict[str, Any]:
    place = {"rule": broken.rule, "subject": broken.subject, "instance": broken.instance}
    return {**place, "told": dict(broken.text), "found_at": clock.now()}


def _event(kind: Kind, one: Broken | Violation, told: Any) -> dict[str, Any]:
    data = {"rule": one.rule, "subject": one.subject, "text": dict(told)}
    return {"kind": kind.value, "instance": one.instance, "data": data}


_ROWS = {
    "task": select(Task.instance, Task.id, Task.element).where(Task.state == TaskState.OPEN),
    "timer": select(Timer.instance, Timer.task, Timer.element, Timer.due_at),
    "subscription": select(
        Subscription.instance,
        Subscription.task,
        Subscription.element,
        Subscription.kind,
        Subscription.name,
        Subscription.correlation,
    ),
    "incident": select(Incident.instance, Incident.task, Incident.element).where(
        Incident.state == IncidentState.OPEN, Incident.kind == IncidentKind.STEP
    ),
}


def _grouped(session: Session, query: Any, instances: Sequence[UUID]) -> dict[UUID, list[Place]]:
    owner = query.selected_columns[0]
    found: dict[UUID, list[Place]] = {}
    for instance, task, element, *facts in session.execute(query.where(owner.in_(instances))):
        found.setdefault(instance, []).append((task, element, tuple(facts)))
    return found


def _standing(rest: Rest) -> dict[str, list[Place]]:
    waits = rest.waits.values()
    return {
        "task": [(task, element.id, ()) for task, element in rest.tasks.items()],
        "timer": [(wait.task, wait.element, (wait.due,)) for wait in waits if wait.due],
        "subscription": [(wait.task, wait.element, _awaited(wait)) for wait in waits if not wait.due],
        "incident": [(failure.task, failure.element, ()) for failure in rest.failures.values()],
    }


def _awaited(wait: Wait) -> tuple[WaitKind, str, str]:
    if wait.message is not None:
        return WaitKind.MESSAGE, wait.message, wait.correlation or ""
    if wait.signal is not None:
        return WaitKind.SIGNAL, wait.signal, ""
    return WaitKind.CONDITION, "", ""


def _differences(instance: UUID, rows: dict[str, list[Place]], state: dict[str, list[Place]]) -> Iterator[Broken]:
    for kind, (astray, missing) in SHARED.items():
        kept, held = Counter(rows[kind]), Counter(state[kind])
        for rule, left in ((astray, kept - held), (missing, held - kept)):
            for task, element, facts in left:
                yield rule.broken(str(task), instance, " ".join([element, *map(str, facts)]))
