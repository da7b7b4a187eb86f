"""What waiting costs: ten thousand idle timers, one that falls due, and ten thousand after a month down."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy import func, select, text

from engine import clock, instances, processes
from engine.db import transaction
from engine.instances import Application
from engine.tables import Event, Task, Timer
from tests.bench.ground import Ground
from tests.bench.table import Row

TIMERS, BATCH, WATCH = 10_000, 200, 30
MONTH = timedelta(days=30)


def idle_timers(ground: Ground) -> list[Row]:
    """Watch clock and hands do nothing for half a minute, then see how late a timer of three seconds fires."""
    _seed(ground)
    with _working(ground) as worker:
        time.sleep(10)
        before, begun = _cpu(worker), time.perf_counter()
        time.sleep(WATCH)
        share = (_cpu(worker) - before) / (time.perf_counter() - begun) * 100
        instance = ground.start("wait", period="PT3S")
        due = clock.now() + timedelta(seconds=3)
        while not ground.open_tasks(instance):
            time.sleep(0.05)
        with transaction(ground.sessions) as session:
            fired = session.scalar(select(Task.created_at).where(Task.instance == instance))
    return [
        Row("idle_timers_core_pct", share, "%", 0.5, "11 (300 timers)"),
        Row("timer_delay_s", (fired - due).total_seconds(), "s", 2, "60"),
    ]


def overdue_timers(ground: Ground) -> list[Row]:
    """Let ten thousand timers be a month overdue and one worker fire them, each exactly once."""
    with transaction(ground.sessions) as session:
        session.execute(text("UPDATE timer SET due_at = :past"), {"past": clock.now() - MONTH})
        many = session.scalar(select(func.count()).select_from(Timer))
        since = session.scalar(select(func.max(Event.id)))
    begun = time.perf_counter()
    with _working(ground):
        while _left(ground):
            time.sleep(0.2)
        seconds = time.perf_counter() - begun
    fired = select(Event.instance, func.count().label("times")).where(Event.kind == "timer.fired", Event.id > since)
    with transaction(ground.sessions) as session:
        times = [row.times for row in session.execute(fired.group_by(Event.instance))]
    once = sum(count == 1 for count in times)
    return [
        Row("overdue_timers_per_s", many / seconds, "per s", 200, "–", at_least=True),
        Row("overdue_fired_once", once, f"of {many}", many, "–", at_least=True),
    ]


def _seed(ground: Ground) -> None:
    wanted = Application("bench", "wait", "等待", data={"period": "P2Y"})
    for _ in range(TIMERS // BATCH):
        with transaction(ground.sessions) as session:
            processes.latest(session, "bench")
            for _ in range(BATCH):
                instances.start(session, None, wanted)


def _left(ground: Ground) -> int:
    with transaction(ground.sessions) as session:
        return session.scalar(select(func.count()).select_from(Timer).where(Timer.due_at <= clock.now())) or 0


def _cpu(worker: psutil.Process) -> float:
    family = [worker, *worker.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family)


@contextmanager
def _working(ground: Ground) -> Iterator[psutil.Process]:
    command = [str(Path(sys.executable).parent / "icity"), "work"]
    environment = {**os.environ, "ICITY_DATABASE_URL": ground.url, "ICITY_VAR": ground.settings.var}
    worker = subprocess.Popen(command, env=environment)
    try:
        yield psutil.Process(worker.pid)
    finally:
        worker.terminate()
        worker.wait(30)
