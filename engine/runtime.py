"""The one door to a running instance: lock, load, move once, save once - all in the caller's transaction."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from engine import clock, processes, projections
from engine.bpmn import returns, survey
from engine.bpmn.execution import Execution, Rest
from engine.bpmn.returns import Reopening
from engine.db import after_commit
from engine.domain.deadlines import Span
from engine.errors import Busy, InstanceEnded, InstanceSuspended, NotAllowed, NotFound, OperationRefused
from engine.identity import Actor
from engine.processes import Programme
from engine.projections import Completion, Ending, Held
from engine.tables import STANDING, Instance, InstanceState

MEMORY = 256
OPERATORS = frozenset({"PRV_OFFICER", "PRV_LEAD", "SYS_ADMIN"})  # may repair and move any instance
BACKOFF = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
PARKED = datetime(9999, 1, 1, tzinfo=UTC)  # what was given up waits here until somebody tries it again
COLUMNS = "id, deployment, state, version, steps, organisation, milestone, envelope"
LOCK = text(f"SELECT {COLUMNS} FROM instance WHERE id = CAST(:instance AS uuid) FOR UPDATE")  # noqa: S608
LOCK_FREE = text(f"{LOCK} SKIP LOCKED")


@dataclass(frozen=True)
class Opening:
    """What a new instance is and whom it belongs to."""

    process: str
    title: str
    subject: str | None = None
    organisation: str | None = None
    started_by: UUID | None = None
    event: str | None = None
    payload: dict[str, Any] | None = None


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
        self.known = survey.layers(execution)
        self.told: list[dict[str, Any]] = []
        self.behalf: dict[str, Any] = {}
        self.moved = False

    @property
    def now(self) -> datetime:
        """Return the instant of the move."""
        return self.row.now

    def acts(self, person: UUID) -> None:
        """Say who moves the instance."""
        self.actor = self.execution.surroundings.actor = person

    def complete(self, done: Completion) -> bool:
        """Finish a human task for a person; False when it is not open in the instance."""
        self.acts(done.person)
        self.completion = done
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

    def signal(self, name: str, payload: dict[str, Any]) -> bool:
        """Hand a signal to everything in the instance that waits for it; False when nothing does."""
        return self._move(self.execution.signal(name, payload))

    def settle(self, task: UUID, data: dict[str, Any]) -> bool:
        """Let a failed step count as done, with data; False when nothing failed there."""
        return self._move(self.execution.settle(task, data))

    def withdraw(self, task: UUID) -> bool:
        """Take a token away with all inside it; False when none stands there."""
        return self._move(self.execution.withdraw(task))

    def place(self, element: str, data: dict[str, Any] | None = None, scope: UUID | None = None) -> None:
        """Start a token at a flow node; raise NotFound."""
        self.execution.place(element, data, scope)
        self._move(moved=True)

    def go_back(self, scope: UUID | None, taken: Sequence[UUID], path: Sequence[Reopening]) -> UUID:
        """Take tokens away and begin again along a path from an open scope on; return the last; raise NotFound."""
        self._move(moved=True)
        return returns.go_back(self.execution, scope, taken, path)

    def rearm(self, task: UUID, element: str, due: datetime) -> bool:
        """Let a waiting timer fall due at another instant; False when it does not wait."""
        return self._move(self.execution.rearm(task, element, due))

    def recount(self, touched: Span) -> list[tuple[UUID, datetime, datetime]]:
        """Reckon anew the deadline timers that cross a span of days; return (task, before, after) of those moved."""
        found = self.execution.recount(touched)
        self._move(bool(found))
        return found

    def grow(self, task: UUID, item: Any) -> bool:
        """Add one to the running multi-instance that a task belongs to; False when it belongs to none."""
        return self._move(self.execution.grow(task, item))

    def shrink(self, task: UUID) -> bool:
        """Take one from a running multi-instance; False when it belongs to none."""
        return self._move(self.execution.shrink(task))

    def enlarge(self, whole: UUID, item: Any) -> bool:
        """Add one to a running multi-instance, named by its own token; False when there is none."""
        return self._move(self.execution.enlarge(whole, item))

    def strike(self, whole: UUID, index: int) -> bool:
        """Take away one of a row whose turn has not come; False when there is no such row."""
        return self._move(self.execution.strike(whole, index))

    def write(self, data: dict[str, Any]) -> bool:
        """Change variables of the instance."""
        return self._move(self.execution.write(data))

    def suspend(self) -> None:
        """Let the instance stand still."""
        self._stand(InstanceState.SUSPENDED)

    def resume(self) -> None:
        """Let the instance go on."""
        self._stand(InstanceState.RUNNING)

    def tell(self, kind: str, data: dict[str, Any], element: str | None = None, task: UUID | None = None) -> None:
        """Let the move record an event of its own, before those of what it led to."""
        self.told.append(projections.event(kind, data, element, task))

    def cancel(self, reason: str) -> None:
        """End the instance without finishing it, for a reason that its history tells."""
        self.reason = reason
        self.execution.cancel()
        self._move(moved=True)

    def data(self, task: UUID) -> dict[str, Any]:
        """Return the data a task sees."""
        return self.execution.data(task)

    def _stand(self, state: InstanceState) -> None:
        self.row.state = state
        self._move(moved=True)

    def _move(self, moved: bool) -> bool:  # noqa: FBT001 - the answer of the move itself
        self.moved = self.moved or moved
        return moved


def start(session: Session, programme: Programme, opening: Opening, data: dict[str, Any]) -> UUID:
    """Start an instance of a process and run it to its first rest; return its id."""
    now = clock.now()
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
    around = processes.surroundings(session, programme, now, instance)
    around.actor = opening.started_by
    execution = Execution.begin(
        programme.model, opening.process, data, around, start=opening.event, payload=opening.payload
    )
    row = Held(id=instance, now=now, version=0, steps=0, organisation=opening.organisation, milestone=None)
    running = Running(session, row, programme, execution, Rest())
    running.actor = opening.started_by
    running.opening = {"title": opening.title, "process": opening.process, "subject": opening.subject}
    running.opening |= {"start": opening.event} if opening.event else {}
    _save(running)
    return instance


@contextmanager
def opened(session: Session, instance: UUID, *, skip_locked: bool = False) -> Iterator[Running]:
    """Lock an instance and load it; when the block ends well and moved it, save it once.

    Raise NotFound, InstanceEnded, InstanceSuspended, StateDamaged, or Busy when `skip_locked` and another transaction
    holds it.
    """
    found = session.connection().execute(LOCK_FREE if skip_locked else LOCK, {"instance": instance}).one_or_none()
    if found is None:
        raise Busy(instance=instance) if skip_locked else NotFound(instance=instance)
    _refuse_suspended(found)
    with _loaded(session, found) as running:
        yield running


@contextmanager
def standing(session: Session, instance: UUID) -> Iterator[Running]:
    """Lock and load an instance as `opened` does, also a suspended one; raise NotFound, InstanceEnded, StateDamaged."""
    with _loaded(session, _locked(session, instance)) as running:
        yield running


@contextmanager
def operated(session: Session, actor: Actor, instance: UUID, reason: str) -> Iterator[Running]:
    """Lock and load an instance as `opened` does, also a suspended one, for those who keep the service going.

    Raise NotAllowed to everybody else, whether it exists or not; OperationRefused to those who do not say why.
    """
    if not actor.roles & OPERATORS:
        raise NotAllowed(instance=instance)
    if not reason.strip():
        raise OperationRefused(why={"zh": "请说明原因。", "en": "Say why."})
    with _loaded(session, _locked(session, instance)) as running:
        running.acts(actor.id)
        running.behalf = actor.told(OPERATORS)
        yield running


def terminate(session: Session, instance: UUID, ending: Ending) -> None:
    """End an instance at once without loading it, so that a damaged one ends too; raise NotFound, InstanceEnded."""
    found = _locked(session, instance)
    _refuse_ended(found)
    projections.terminate(session, _held(found, clock.now()), ending)


@contextmanager
def opened_locked(session: Session, found: Any) -> Iterator[Running]:
    """Load an instance as `opened` does, from a row with COLUMNS that the caller has locked."""
    _refuse_suspended(found)
    with _loaded(session, found) as running:
        yield running


@contextmanager
def _loaded(session: Session, found: Any) -> Iterator[Running]:
    _refuse_ended(found)
    programme = processes.load(session, found.deployment)
    now = clock.now()
    around = processes.surroundings(session, programme, now, found.id)
    execution = _cached(found.id, found.version)
    if execution is None:
        execution = Execution.load(found.envelope, programme.model, around)
    execution.meet(around)
    running = Running(session, _held(found, now), programme, execution, execution.rest())
    yield running
    if running.moved:
        _save(running)
    else:
        after_commit(session, lambda: _keep(found.id, found.version, execution))


def _locked(session: Session, instance: UUID) -> Any:
    found = session.connection().execute(LOCK, {"instance": instance}).one_or_none()
    if found is None:
        raise NotFound(instance=instance)
    return found


def _refuse_ended(found: Any) -> None:
    if found.state not in STANDING:
        raise InstanceEnded(instance=found.id)


def _refuse_suspended(found: Any) -> None:
    if found.state == InstanceState.SUSPENDED:
        raise InstanceSuspended(instance=found.id)


def _held(found: Any, now: datetime) -> Held:
    return Held(
        id=found.id,
        now=now,
        version=found.version,
        steps=found.steps,
        organisation=found.organisation,
        milestone=found.milestone,
        state=InstanceState(found.state),
    )


def peek(session: Session, instance: UUID) -> Execution:
    """Return an instance as it stands, without locking it; what is done to the copy is never saved."""
    row = session.execute(select(Instance.deployment, Instance.envelope).where(Instance.id == instance)).one_or_none()
    if row is None:
        raise NotFound(instance=instance)
    programme = processes.load(session, row.deployment)
    return Execution.load(row.envelope, programme.model, processes.surroundings(session, programme, clock.now()))


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
