"""The one door to a running instance: lock, load, move once, save once - all in the caller's transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from engine import clock, crossings, memory, processes, projections
from engine.bpmn import returns, survey
from engine.bpmn.execution import Execution, Rest
from engine.bpmn.judgements import Judgement
from engine.bpmn.returns import Reopening
from engine.bpmn.transplant import transplant
from engine.db import after_commit
from engine.domain.deadlines import Span
from engine.errors import (
    Busy,
    InstanceEnded,
    InstanceSuspended,
    NotAllowed,
    NotFound,
    OperationRefused,
    VersionSuspended,
)
from engine.identity import Actor
from engine.processes import Programme
from engine.projections import Completion, Ending, Held
from engine.tables import STANDING, Instance, InstanceState

OPERATORS = frozenset({"PRV_OFFICER", "PRV_LEAD", "SYS_ADMIN"})  # may repair and move any instance
BACKOFF = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
PARKED = datetime(9999, 1, 1, tzinfo=UTC)  # what was given up waits here until somebody tries it again
COLUMNS = "id, deployment, state, version, steps, organisation, milestone, envelope"
LOCK = text(f"SELECT {COLUMNS} FROM instance WHERE id = CAST(:instance AS uuid) FOR UPDATE")  # noqa: S608
_STILL = text("SELECT 1 FROM standstill WHERE deployment = :digest")
LOCK_FREE = text(f"{LOCK} SKIP LOCKED")
LOCK_MANY = text(f"SELECT {COLUMNS} FROM instance WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")  # noqa: S608


@dataclass(frozen=True)
class Crossing:
    """To which version instances go, by whose word, and which open steps go where; `told` is what their event tells."""

    target: Programme
    actor: UUID
    choices: Mapping[str, str]
    told: dict[str, Any]


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
    refuse_standstill(session, programme.digest)
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


def refuse_standstill(session: Session, digest: str) -> None:
    """Raise VersionSuspended when a version stands still, so that nothing starts on it.

    After an instance was inserted the answer is certain: its reference keeps others from suspending the version.
    """
    if stands_still(session, digest):
        raise VersionSuspended(deployment=digest)


def stands_still(session: Session, digest: str) -> bool:
    """Tell whether a version was suspended as a whole."""
    return session.connection().execute(_STILL, {"digest": digest}).scalar() is not None


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


def lock(session: Session, instances: Sequence[UUID]) -> list[Any]:
    """Lock instances, always in the same order, and return their rows with COLUMNS, ended ones among them."""
    return list(session.connection().execute(LOCK_MANY, {"ids": list(instances)}))


def carry_over(session: Session, found: Any, crossing: Crossing) -> Judgement:
    """Take an instance, from a row with COLUMNS that the caller has locked, to another version; also a suspended one.

    Ids of open tasks stay, and with them drafts, holders and deadlines. Raise InstanceEnded, StateDamaged,
    ChangeoverUndecided, ChangeoverBlocked.
    """
    _refuse_ended(found)
    now, source, target = clock.now(), processes.load(session, found.deployment), crossing.target
    old = Execution.load(found.envelope, source.model, processes.surroundings(session, source, now))
    around = processes.surroundings(session, target, now, found.id)
    around.actor = crossing.actor
    moved = transplant(source.model, target.model, found.envelope, crossing.choices, around)
    before = crossings.renamed(session, old.rest(), moved.execution.rest())
    running = Running(session, _held(found, now), target, moved.execution, before)
    running.known = survey.layers(old)
    running.acts(crossing.actor)
    running.tell("instance.changed_over", crossing.told)
    place = {"deployment": target.digest, "process": moved.judgement.process}
    session.connection().execute(update(Instance).where(Instance.id == found.id).values(place))
    _save(running)
    return moved.judgement


@contextmanager
def _loaded(session: Session, found: Any) -> Iterator[Running]:
    _refuse_ended(found)
    programme = processes.load(session, found.deployment)
    now = clock.now()
    around = processes.surroundings(session, programme, now, found.id)
    execution = memory.take(found.id, found.version)
    if execution is None:
        execution = Execution.load(found.envelope, programme.model, around)
    execution.meet(around)
    running = Running(session, _held(found, now), programme, execution, execution.rest())
    yield running
    if running.moved:
        _save(running)
    else:
        after_commit(session, lambda: memory.keep(found.id, found.version, execution))


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
        after_commit(running.session, lambda: memory.keep(running.row.id, running.row.version + 1, running.execution))


def forget() -> None:
    """Empty the memory of this process, so that the next move reads the database."""
    memory.forget()
