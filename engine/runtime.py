"""The one door to a running instance: lock, load, move once, save once - all in the caller's transaction."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from engine import calendars, clock, delegates, processes, projections
from engine.bpmn.environment import Surroundings
from engine.bpmn.execution import Execution, Rest
from engine.db import after_commit
from engine.delegates import Grounds
from engine.errors import Busy, InstanceEnded, NotFound
from engine.processes import Programme
from engine.projections import Completion, Held
from engine.tables import Instance, InstanceState

MEMORY = 256
COLUMNS = "id, deployment, state, version, steps, organisation, milestone, title, subject, envelope"
LOCK = text(f"SELECT {COLUMNS} FROM instance WHERE id = CAST(:instance AS uuid) FOR UPDATE")  # noqa: S608
LOCK_FREE = text(f"{LOCK} SKIP LOCKED")
LOCK_BY_TASK = text(
    f"SELECT {COLUMNS} FROM instance"  # noqa: S608 - the columns are ours
    " WHERE id = (SELECT instance FROM task WHERE id = CAST(:task AS uuid)) FOR UPDATE"
)


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
        self.reason: str | None = None
        self.completion: Completion | None = None
        self.opening: dict[str, Any] | None = None
        self.created: list[str] = []
        self.before = before
        self.moved = False

    @property
    def now(self) -> datetime:
        """Return the instant of the move."""
        return self.row.now

    def complete(self, done: Completion) -> bool:
        """Finish a human task for a person; False when it is not open in the instance."""
        self.actor, self.completion = done.person, done
        return self._move(self.execution.complete(done.task, done.answers))

    def fire(self, task: UUID, element: str | None = None) -> bool:
        """Fire a timer; False when the instance no longer waits for it."""
        return self._move(self.execution.fire(task, element))

    def deliver(self, task: UUID, payload: dict[str, Any], element: str | None = None) -> bool:
        """Hand over a message; False when the instance no longer waits for it."""
        return self._move(self.execution.deliver(task, payload, element))

    def retry(self, task: UUID) -> bool:
        """Try a failed step again; False when nothing failed there."""
        return self._move(self.execution.retry(task))

    def cancel(self, reason: str) -> None:
        """End the instance without finishing it, for a reason that its history tells."""
        self.reason = reason
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
    running.opening = {"title": opening.title, "process": opening.process, "subject": opening.subject}
    _save(running)
    return instance


@contextmanager
def opened(session: Session, instance: UUID, *, skip_locked: bool = False) -> Iterator[Running]:
    """Lock an instance and load it; when the block ends well and moved it, save it once.

    Raise NotFound, InstanceEnded, StateDamaged, or Busy when `skip_locked` and another transaction holds it.
    """
    found = session.connection().execute(LOCK_FREE if skip_locked else LOCK, {"instance": instance}).one_or_none()
    if found is None:
        raise Busy(instance=instance) if skip_locked else NotFound(instance=instance)
    with _loaded(session, found) as running:
        yield running


@contextmanager
def opened_by_task(session: Session, task: UUID) -> Iterator[Running]:
    """Lock and load the instance that a human task belongs to, as `opened` does."""
    found = session.connection().execute(LOCK_BY_TASK, {"task": task}).one_or_none()
    if found is None:
        raise NotFound(task=task)
    with _loaded(session, found) as running:
        yield running


@contextmanager
def _loaded(session: Session, found: Any) -> Iterator[Running]:
    if found.state != InstanceState.RUNNING:
        raise InstanceEnded(instance=found.id)
    programme = processes.load(session, found.deployment)
    now = clock.now()
    around = _surroundings(session, programme, now)
    execution = _cached(found.id, found.version)
    if execution is None:
        execution = Execution.load(found.envelope, programme.model, around)
    execution.meet(around)
    held = Held(
        id=found.id,
        now=now,
        version=found.version,
        steps=found.steps,
        organisation=found.organisation,
        milestone=found.milestone,
        title=found.title,
        subject=found.subject,
    )
    running = Running(session, held, programme, execution, execution.rest())
    yield running
    if running.moved:
        _save(running)
    else:
        after_commit(session, lambda: _keep(found.id, found.version, execution))


def peek(session: Session, instance: UUID) -> Execution:
    """Return an instance as it stands, without locking it; what is done to the copy is never saved."""
    row = session.execute(select(Instance.deployment, Instance.envelope).where(Instance.id == instance)).one_or_none()
    if row is None:
        raise NotFound(instance=instance)
    programme = processes.load(session, row.deployment)
    return Execution.load(row.envelope, programme.model, _surroundings(session, programme, clock.now()))


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
