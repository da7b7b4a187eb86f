"""What a completion costs: in the verb, against a bare transaction, and in the 300th pass."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from engine import clock, runtime
from engine.db import transaction
from engine.tables import Event, History, Instance, Task, TaskState
from tests.bench.ground import Ground, measured
from tests.bench.table import Row

WARM, ROUNDS, PASSES = 50, 400, 300
ENVELOPE = b"x" * 600


def complete_verb(ground: Ground) -> list[Row]:
    """Time a completion through the verb, alternating with a bare transaction, both with commit."""
    instance, bare_row = ground.start("loop"), ground.start("loop")
    verbs, bares = _completions(ground, instance, ROUNDS + WARM), _bare(ground, bare_row, ROUNDS + WARM)
    for _ in range(WARM):
        next(verbs)()
        next(bares)()
    pairs = [(measured(iter([verb])), measured(iter([bare]))) for verb, bare in zip(verbs, bares, strict=True)]
    walls = sorted(verb.wall for verb, _ in pairs)
    cpus = sorted(verb.cpu for verb, _ in pairs)
    bare = sorted(one.wall for _, one in pairs)
    middle = len(pairs) // 2
    return [
        Row("complete_verb_cpu_ms", cpus[middle], "ms", 1.5, "45"),
        Row("complete_verb_vs_bare_tx", walls[middle] / bare[middle], "×", 2.5, "84 SQL, 5 commits"),
    ]


def passes(ground: Ground) -> list[Row]:
    """Time completions around the first and around the 300th biennial pass of one instance."""
    warm = ground.start("loop")
    measured(_completions(ground, warm, 40))
    instance = ground.start("loop")
    first = measured(_completions(ground, instance, 40))
    measured(_completions(ground, instance, 2 * (PASSES - 20) - 40))
    last = measured(_completions(ground, instance, 40))
    with transaction(ground.sessions) as session:
        size = session.scalar(select(func.length(Instance.envelope)).where(Instance.id == instance)) or 0
    return [
        Row("pass_300_vs_first", last.cpu / first.cpu, "×", 1.2, "stock library: 17"),
        Row("pass_300_state_kb", size / 1024, "KB", 12, "stock library: 430"),
    ]


def cold_load(ground: Ground) -> list[Row]:
    """Time a completion whose instance is not in memory."""
    instance = ground.start("loop")

    def cold() -> Iterator[Callable[[], None]]:
        for act in _completions(ground, instance, 100):
            runtime.forget()
            yield act

    return [Row("complete_cold_cpu_ms", measured(cold()).cpu, "ms", None, "")]


def _completions(ground: Ground, instance: UUID, times: int) -> Iterator[Callable[[], None]]:
    for _ in range(times):
        (task,) = ground.open_tasks(instance)
        yield lambda task=task: ground.complete(task)


def _bare(ground: Ground, instance: UUID, times: int) -> Iterator[Callable[[], None]]:
    def act() -> None:
        now = clock.now()
        with transaction(ground.sessions) as session:
            session.execute(select(Instance.version).where(Instance.id == instance).with_for_update())
            session.execute(update(Instance).where(Instance.id == instance).values(envelope=ENVELOPE))
            place = {"instance": instance, "element": "x"}
            row = {"id": uuid4(), "name": "x", "state": TaskState.COMPLETED, "created_at": now}
            session.execute(insert(Task), [{**place, **row}])
            step = {"step": 0, "task": uuid4(), "process": "loop", "outcome": "completed", "at": now}
            session.execute(insert(History), [{**place, **step}])
            session.execute(insert(Event), [{**place, "at": now, "kind": "task.completed", "data": {}}])

    for _ in range(times):
        yield act
