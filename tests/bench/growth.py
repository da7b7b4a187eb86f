"""What must not grow: with the passes of a loop, the instances of an activity, the tasks of all, or the work done."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import text

from engine import inbox, processes
from engine.db import transaction
from engine.filters import Due, Sort, Wanted
from engine.inbox.picking import EVERYTHING
from engine.settings import ROOT
from tests.bench.ground import Ground, measured
from tests.bench.table import Row

PASSES, EDGE, STEPS = 2_000, 50, 2
DEPLOYS, LOOKS, SEARCHES, WARM = 7, 200, 40, 20
FEW, MANY = 10_000, 200_000
COMPLETIONS, EARLY, CASES = 10_000, 1_000, 2_000
ASKED = {
    "found": Wanted(text="会审"),
    "not_found": Wanted(text="没有这一件"),
    "overdue": Wanted(due=Due.OVERDUE),
    **{f"by_{sort.value}": Wanted(sort=sort, descending=True) for sort in Sort},
}

FILL = text(
    """INSERT INTO task (id, instance, element, name, form, role, organisation, state, created_at, due_at)
SELECT gen_random_uuid(), :instance, 'answer', '会审', 'answer', 'APP_FILL', o.ids[1 + n % cardinality(o.ids)], 'open',
  now(), now() + n % 400 * interval '1 hour'
FROM generate_series(1, :count) AS n, (SELECT array_agg(id ORDER BY id) AS ids FROM organisation) AS o"""
)


def long_loop(ground: Ground) -> list[Row]:
    """Complete a task in a loop 2,000 times; every pass must show it, and the last must cost what the first did."""
    _run(ground, ground.start("loop"), EDGE)
    instance = ground.start("loop")
    first = _run(ground, instance, EDGE)
    _run(ground, instance, STEPS * PASSES - 2 * EDGE)
    last = _run(ground, instance, EDGE)
    return [Row("loop_2000_passes", last / first, "×", 1.2, "stalls at pass 334")]


def hundred(ground: Ground) -> list[Row]:
    """Complete the hundred tasks of one multi-instance."""
    (_, warm, instance) = (ground.start("hundred") for _ in range(3))
    for task in ground.open_tasks(warm):
        ground.complete(task)
    acts = ((lambda task=task: ground.complete(task)) for task in ground.open_tasks(instance))
    return [Row("mi_100_complete_cpu_ms", measured(acts).cpu, "ms", 3, "stock library: 5.1 without a database")]


def deploy_lifecycle(ground: Ground) -> list[Row]:
    """Deploy the shipped programme: read, check, parse, store."""
    taken = []
    for _ in range(DEPLOYS):
        begun = time.perf_counter()
        with transaction(ground.sessions) as session:
            processes.deploy(session, ROOT / "workflows" / "innovative-city", "bench")
        taken.append((time.perf_counter() - begun) * 1e3)
    return [Row("deploy_lifecycle_ms", statistics.median(taken), "ms", 500)]


def lists(ground: Ground) -> list[Row]:
    """Ask for a person's list and its counts among 10,000 and among 200,000 open tasks; then search and sort it."""
    instance = ground.start("loop")
    fill(ground, instance, FEW)
    few = _p95(ground)
    fill(ground, instance, MANY - FEW)
    many = _p95(ground)
    asked = [
        Row(f"inbox_200k_{name}_p95_ms", _p95(ground, wanted, SEARCHES), "ms", 300) for name, wanted in ASKED.items()
    ]
    with transaction(ground.sessions) as session:
        session.execute(text("DELETE FROM task WHERE instance = :instance"), {"instance": instance})
    return [Row("inbox_200k_vs_10k", many / few, "×", 1.5), Row("inbox_200k_p95_ms", many, "ms", None), *asked]


def fill(ground: Ground, instance: object, count: int) -> None:
    """Let so many open tasks of many organisations lie in the table, as it is when nobody is writing to it."""
    with transaction(ground.sessions) as session:
        session.execute(FILL, {"instance": instance, "count": count})
    with ground.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE task"))
        connection.execute(text("CHECKPOINT"))  # so that writing the rows down does not disturb who reads them


def resident(ground: Ground) -> list[Row]:
    """Let a process of its own complete 10,000 tasks over 2,000 instances and tell how its memory grew."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.resident", ground.url, str(CASES), str(EARLY), str(COMPLETIONS)],
        env={**os.environ, "ICITY_VAR": str(ground.settings.var)},
        cwd=Path(ROOT),
        stdout=subprocess.PIPE,
        check=True,
    )
    early, late = (float(word) for word in done.stdout.split())
    return [Row("rss_growth", late / early, "×", 1.2), Row("rss_mb", late, "MB", None)]


def _run(ground: Ground, instance: object, times: int) -> float:
    def acts() -> Iterator[Callable[[], None]]:
        for _ in range(times):
            (task,) = ground.open_tasks(instance)  # type: ignore[arg-type]
            yield lambda task=task: ground.complete(task)

    return measured(acts()).cpu


def _p95(ground: Ground, wanted: Wanted = EVERYTHING, looks: int = LOOKS) -> float:
    taken = []
    for _ in range(looks + WARM):
        begun = time.perf_counter()
        with transaction(ground.sessions) as session:
            inbox.claimable(session, ground.actor, wanted=wanted)
            inbox.counts(session, ground.actor)
        taken.append((time.perf_counter() - begun) * 1e3)
    return statistics.quantiles(taken[WARM:], n=20)[-1]
