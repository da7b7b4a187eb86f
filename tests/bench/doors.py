"""What a completion costs through the JSON API, and whether twelve people may submit at one moment."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import requests
from sqlalchemy import event

from engine import identity
from engine.db import transaction
from engine.identity import Kind, Limits
from server.app import create_app
from tests.bench.ground import Ground, measured
from tests.bench.table import Row

WARM, ROUNDS, TIMES = 50, 300, 20
ANSWERS = {"opinion": "同意", "score": 80}


def complete_http(ground: Ground) -> list[Row]:
    """Time a completion through the application, token checked; count its statements and commits."""
    client = create_app(ground.settings, ground.sessions).test_client()
    headers = {"Authorization": f"Bearer {token(ground, 0)}"}
    instance = ground.start("loop")

    def completions(times: int) -> Iterator[Callable[[], None]]:
        for turn in range(times):
            (task,) = ground.open_tasks(instance)
            path, keyed = f"/api/v1/tasks/{task}/complete", {**headers, "Idempotency-Key": f"{instance}-{task}-{turn}"}
            yield lambda path=path, keyed=keyed: _sent(client.post(path, json={"answers": ANSWERS}, headers=keyed))

    measured(completions(WARM))
    with _counted(ground.engine) as counts:
        counting = completions(1)
        act = next(counting)
        counts.update(statements=0, commits=0)
        act()
        statements, commits = counts["statements"], counts["commits"]
    cpu = measured(completions(ROUNDS)).cpu
    return [
        Row("complete_http_cpu_ms", cpu, "ms", 5, "45"),
        Row("complete_http_sql", statements, "SQL", 15, "84"),
        Row("complete_http_commits", commits, "commits", 1, "5"),
    ]


def simultaneous(ground: Ground) -> list[Row]:
    """Let twelve people submit to one instance at one moment, twenty times, against two web processes."""
    tokens = [token(ground, seat) for seat in range(12)]
    with served(ground, processes=2) as address, ThreadPoolExecutor(12) as crowd:
        good = sum(_at_once(ground, address, tokens, crowd) for _ in range(TIMES))
    return [Row("simultaneous_ok", good, "of 240", 240, "13 of 48", at_least=True)]


@contextmanager
def served(ground: Ground, processes: int) -> Iterator[str]:
    """Serve the ground by gunicorn on a free port while the block runs; yield the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "gunicorn"), "tests.bench.web:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(processes), "--worker-class", "gthread", "--threads", "8", "--log-level", "error"]
    environment = {**os.environ, "ICITY_DATABASE_URL": ground.url, "ICITY_VAR": ground.settings.var}
    server = subprocess.Popen(command, env=environment)
    try:
        yield _awaited(f"http://127.0.0.1:{port}")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _at_once(ground: Ground, address: str, tokens: list[str], crowd: ThreadPoolExecutor) -> int:
    instance = ground.start("panel")
    barrier = Barrier(len(tokens))

    def submit(task: Any, token: str) -> bool:
        barrier.wait(10)
        reply = requests.post(
            f"{address}/api/v1/tasks/{task}/complete",
            json={"answers": ANSWERS},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        return reply.status_code == 200

    good = sum(crowd.map(submit, ground.open_tasks(instance), tokens))
    return good if not ground.open_tasks(instance) else 0


def token(ground: Ground, seat: int) -> str:
    limits = Limits.of(ground.settings)
    with transaction(ground.sessions) as session:
        return identity.sign_in(session, f"bench{seat}", f"Bench-password-{seat}!", Kind.API, limits)[1]


def _sent(reply: Any) -> None:
    if reply.status_code != 200:
        raise RuntimeError(f"{reply.status_code}: {reply.get_data(as_text=True)[:500]}")


@contextmanager
def _counted(engine: Any) -> Iterator[dict[str, int]]:
    counts = {"statements": 0, "commits": 0}

    def executed(*_: Any) -> None:
        counts["statements"] += 1

    def committed(*_: Any) -> None:
        counts["commits"] += 1

    event.listen(engine, "before_cursor_execute", executed)
    event.listen(engine, "commit", committed)
    try:
        yield counts
    finally:
        event.remove(engine, "before_cursor_execute", executed)
        event.remove(engine, "commit", committed)


def _awaited(address: str) -> str:
    for _ in range(200):
        try:
            requests.get(f"{address}/api/v1/health", timeout=2).raise_for_status()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return address
    raise RuntimeError("the web server did not start")
