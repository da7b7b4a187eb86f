"""kill -9 of the whole PostgreSQL under load, again and again: nothing acknowledged is lost, work goes on at once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg
import pytest
from sqlalchemy import text

from engine import db
from engine.db import Sessions, transaction
from engine.settings import ROOT
from server import postgres
from tests.faults import acts, load
from tests.support.invariants import broken
from tests.support.postgres import cheap_passwords, furnish

ACKNOWLEDGED = 20_000
SEATS = 3
KILLS = 5
BACK_SECONDS = 5.0
PATIENCE = 600

Done = tuple[str, str]  # verb, subject
FOUND = {
    "keep": "SELECT external_id, count(*) FROM message WHERE source = :source GROUP BY external_id",
    "claim": "SELECT CAST(task AS text), count(*) FROM event WHERE kind = 'task.claimed' GROUP BY task",
    "release": "SELECT CAST(task AS text), count(*) FROM event WHERE kind = 'task.released' GROUP BY task",
    "complete": "SELECT CAST(id AS text), count(*) FROM task WHERE state = 'completed' GROUP BY id",
}


@dataclass(frozen=True)
class Note:
    """What became of one verb, and when."""

    acknowledged: bool
    done: Done
    at: float


class Cluster:
    """A PostgreSQL of its own, as an installation has it, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._server: Any = postgres.start(folder)
        with psycopg.connect(self._server.get_uri(database="postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE load ENCODING 'UTF8' TEMPLATE template0")
        self.url = str(self._server.get_uri(database="load"))

    def settle(self) -> None:
        """Write everything to its place, as a server has done that was not made a moment ago."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def kill(self) -> float:
        """Kill every process of it, and tell when the last was gone."""
        postmaster = psutil.Process(self._server.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        psutil.wait_procs(family, PATIENCE)
        return time.monotonic()

    def start(self) -> None:
        """Start it again on what it left behind."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Give a cluster that writes through to the disk; outside pytest's own folders, which other users may not enter."""
    with TemporaryDirectory(prefix="icity-pg-", ignore_cleanup_errors=True) as folder:
        made = Cluster(Path(folder) / "data")
        furnish(made.url)
        with postgres.connected(made.url) as engine, cheap_passwords():
            acts.furnish(db.sessions(engine))
        made.settle()
        yield made
        made.stop()


@contextmanager
def working(url: str, files: list[Path]) -> Iterator[None]:
    """Let as many processes work as there are files; at the end each finishes what it does."""
    command = [sys.executable, "-m", "tests.faults.load", url]
    seats = [subprocess.Popen([*command, file.name, str(file)], cwd=ROOT) for file in files]
    try:
        yield
    finally:
        for seat in seats:
            seat.terminate()
        codes = [seat.wait(PATIENCE) for seat in seats]
    assert codes == [0] * len(codes)


def noted(files: list[Path]) -> list[Note]:
    """Return everything that was noted, in the order of time."""
    lines = [line.split() for file in files if file.exists() for line in file.read_text().splitlines()]
    notes = [Note(known == "a", (verb, subject), float(at)) for known, verb, subject, at in lines]
    return sorted(notes, key=lambda note: note.at)


def wait_for(files: list[Path], count: int) -> None:
    """Wait until so much was acknowledged."""
    for _ in range(PATIENCE * 5):
        if sum(f"\n{file.read_text()}".count("\na ") for file in files if file.exists()) >= count:
            return
        time.sleep(0.2)
    raise TimeoutError


def lost_or_doubled(notes: list[Note], found: Counter[Done]) -> list[str]:
    """Return what was acknowledged and is not there, and what is there more often than it can have happened.

    Whoever claims what they hold already is told yes, without another event: so once is enough for any verb.
    """
    sure = Counter(note.done for note in notes if note.acknowledged)
    perhaps = Counter(note.done for note in notes if not note.acknowledged)
    lost = [f"lost: {verb} {subject}" for verb, subject in sure if not found[verb, subject]]
    return lost + [f"doubled: {verb} {subject}" for verb, subject in found - (sure + perhaps)]


def found_in(sessions: Sessions) -> Counter[Done]:
    with transaction(sessions) as session:
        return Counter(
            {
                (verb, subject): count
                for verb, query in FOUND.items()
                for subject, count in session.execute(text(query), {"source": load.SOURCE} if verb == "keep" else {})
            }
        )


def test_a_database_killed_under_load_loses_nothing_and_is_back_at_once(cluster, tmp_path):
    files = [tmp_path / f"seat{seat}" for seat in range(SEATS)]
    kills = []
    with working(cluster.url, files):
        for turn in range(1, KILLS + 1):
            wait_for(files, turn * ACKNOWLEDGED // (KILLS + 1))
            kills.append(cluster.kill())
            cluster.start()
        wait_for(files, ACKNOWLEDGED)
    notes = noted(files)
    with postgres.connected(cluster.url) as engine:
        sessions = db.sessions(engine)
        assert lost_or_doubled(notes, found_in(sessions)) == []
        assert broken(sessions) == []
    back = [next(note.at for note in notes if note.acknowledged and note.at > kill) - kill for kill in kills]
    assert sorted(back)[KILLS // 2] <= BACK_SECONDS  # a processor that many share may be late once or twice
    assert sum(note.acknowledged for note in notes) >= ACKNOWLEDGED
    assert not all(note.acknowledged for note in notes)


def test_what_is_lost_or_doubled_is_found_out():
    notes = [Note(True, ("keep", "a"), 1.0), Note(True, ("keep", "b"), 2.0), Note(False, ("keep", "c"), 3.0)]
    assert lost_or_doubled(notes, Counter({("keep", "a"): 1, ("keep", "b"): 1})) == []
    assert lost_or_doubled(notes, Counter({("keep", "a"): 1, ("keep", "c"): 1})) == ["lost: keep b"]
    found = Counter({("keep", "a"): 2, ("keep", "b"): 1, ("keep", "c"): 1})
    assert lost_or_doubled(notes, found) == ["doubled: keep a"]
