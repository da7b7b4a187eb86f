"""The one door to a running instance: lock, load, move once, save once - all in the caller's transaction."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine import calendars, clock, delegates, events, processes, projections
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution, Rest
from engine.db import after_commit
from engine.delegates import Grounds
from engine.errors import Busy, InstanceEnded, NotFound
from engine.processes import Programme
from engine.projections import Held
from engine.tables import Instance, InstanceState

MEMORY = 256


@dataclass(frozen=True)
class Opening:
    """What a new instance is and whom it belongs to."""

    process: str
    title: str
    subject: str | None = None
    organisation: str | None = None
    started_by: UUID | None = None


class Running:
    """An instance that is locked and loaded; what its methods did is saved when the block ends well."""

    def __init__(self, session: Session, row: Held, programme: Programme, execution: Execution, before: Rest) -> None:
        self.session, self.row, self.programme, self.execution = session, row, programme, execution
        self.actor: UUID | None = None
        self.created: list[str] = []
        self.before = before
        self.moved = False

    @property
    def now(self) -> datetime:
        """Return the instant of the move."""
        return self.row.now

    def complete(self, task: UUID, answers: dict[str, Any]) -> bool:
        """Finish a human task; False when it is not open in the instance."""
        return self._move(self.execution.complete(task, answers))

    def fire(self, task: UUID, element: str | None = None) -> bool:
        """Fire a timer; False when the instance no longer waits for it."""
        return self._move(self.execution.fire(task, element))

    def deliver(self, task: UUID, payload: dict[str, Any], element: str | None = None) -> bool:
        """Hand over a message; False when the instance no longer waits for it."""
        return self._move(self.execution.deliver(task, payload, element))

    def retry(self, task: UUID) -> bool:
        """Try a failed step again; False when nothing failed there."""
        return self._move(self.execution.retry(task))

    def cancel(self) -> None:
        """End the instance without finishing it."""
        self.execution.cancel()
        self._move(moved=True)

    def data(self, task: UUID) -> dict[str, Any]:
        """Return the data a task sees."""
        return self.execution.data(task)

    def _move(self, moved: bool) -> bool:  # noqa: FBT001 - the answer of the move itself
        self.moved = self.moved or moved
        return moved


def start(session: Session, programme: Programme, opening: Opening, data: dict[str, Any]) -> UUID:
    """Start an instance of a process and run it to its first rest; return its id."""
    now = clock.now()
    execution = Execution.begin(programme.model, opening.process, data, _surroundings(session, programme, now))
    instance = uuid4()
    values = {
        "id": instance,
        "programme": programme.id,
        "deployment": programme.digest,
        "process": opening.process,
        "subject": opening.subject,
        "title": opening.title,
        "organisation": opening.organisation,
        "state": InstanceState.RUNNING,
        "version": 0,
        "envelope": b"",
        "started_at": now,
        "started_by": opening.started_by,
    }
    session.execute(insert(Instance).values(values))
    row = Held(id=instance, now=now, version=0, steps=0, organisation=opening.organisation, milestone=None)
    running = Running(session, row, programme, execution, Rest())
    running.actor = opening.started_by
    facts = {"title": opening.title, "process": opening.process, "subject": opening.subject}
    events.append(session, "instance.started", instance=instance, actor=opening.started_by, data=facts)
    _save(running)
    return instance


@contextmanager
def opened(session: Session, instance: UUID, *, skip_locked: bool = False) -> Iterator[Running]:
    """Lock an instance and load it; when the block ends well and moved it, save it once.

    Raise NotFound, InstanceEnded, StateDamaged, or Busy when `skip_locked` and another transaction holds it.
    """
    row = _lock(session, instance, skip_locked=skip_locked)
    programme = processes.load(session, row.deployment)
    now = clock.now()
    execution = _cached(instance, row.version)
    around = _surroundings(session, programme, now)
    if execution is None:
        envelope = session.scalar(select(Instance.envelope).where(Instance.id == instance)) or b""
        execution = Execution.load(envelope, programme.model, around)
    execution.meet(around)
    held = Held(
        id=instance,
        now=now,
        version=row.version,
        steps=row.steps,
        organisation=row.organisation,
        milestone=row.milestone,
        title=row.title,
        subject=row.subject,
    )
    running = Running(session, held, programme, execution, execution.rest())
    yield running
    if running.moved:
        _save(running)
    else:
        after_commit(session, lambda: _keep(instance, row.version, execution))


def peek(session: Session, instance: UUID) -> Execution:
    """Return an instance as it stands, without locking it; what is done to the copy is never saved."""
    row = session.execute(select(Instance.deployment, Instance.envelope).where(Instance.id == instance)).one_or_none()
    if row is None:
        raise NotFound(instance=instance)
    programme = processes.load(session, row.deployment)
    return Execution.load(row.envelope, programme.model, _surroundings(session, programme, clock.now()))


def _lock(session: Session, instance: UUID, *, skip_locked: bool) -> Any:
    query = (
        select(
            Instance.deployment,
            Instance.state,
            Instance.version,
            Instance.steps,
            Instance.organisation,
            Instance.milestone,
            Instance.title,
            Instance.subject,
        )
        .where(Instance.id == instance)
        .with_for_update(skip_locked=skip_locked)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise Busy(instance=instance) if skip_locked else NotFound(instance=instance)
    if row.state != InstanceState.RUNNING:
        raise InstanceEnded(instance=instance)
    return row


def _surroundings(session: Session, programme: Programme, now: datetime) -> Surroundings:
    calendar = calendars.load(session)
    grounds = Grounds(indicators=programme.indicators, calendar=calendar, now=now)
    return Surroundings(now, calendar, programme.decisions, lambda name, given: delegates.run(name, given, grounds))


def _save(running: Running) -> None:
    envelope = running.execution.dump()
    after = running.execution.rest()
    projections.save(running, envelope, after)
    if not running.execution.ended:
        after_commit(running.session, lambda: _keep(running.row.id, running.row.version + 1, running.execution))


_memory: OrderedDict[UUID, tuple[int, Execution]] = OrderedDict()
_memory_lock = Lock()


def _cached(instance: UUID, version: int) -> Execution | None:
    """Take an instance out of memory; whoever holds its row lock is the only one who may use it."""
    with _memory_lock:
        kept = _memory.pop(instance, None)
    return kept[1] if kept is not None and kept[0] == version else None


def _keep(instance: UUID, version: int, execution: Execution) -> None:
    with _memory_lock:
        _memory[instance] = (version, execution)
        _memory.move_to_end(instance)
        while len(_memory) > MEMORY:
            _memory.popitem(last=False)


def forget() -> None:
    """Empty the memory of this process, so that the next move reads the database."""
    with _memory_lock:
        _memory.clear()
