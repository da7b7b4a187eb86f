"""The clock and the hands killed for real: who lives tells of it, every door shows it, and their return is told."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import pulses
from engine.db import transaction
from engine.settings import ROOT
from engine.tables import Event, Heartbeat
from server import checks, vigil, vitals

PARTS = {part.value for part in pulses.Part}


@pytest.fixture
def working(database, tmp_path):
    """Give a function that starts clock and hands in a process of their own; what still runs at the end is killed."""
    begun = []

    def start():
        environment = {**os.environ, "ICITY_DATABASE_URL": database, "ICITY_VAR": str(tmp_path / "var")}
        begun.append(subprocess.Popen([sys.executable, "-m", "server", "work"], cwd=ROOT, env=environment))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.wait()


def until(asked, seconds=30):
    end = time.monotonic() + seconds
    while not asked():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_worker_is_told_of_once_and_so_is_its_return(working, sessions, monkeypatch):
    monkeypatch.setattr(pulses, "SILENT", timedelta(seconds=1))

    def told():
        with transaction(sessions) as session:
            return sorted(session.scalars(select(Event.kind).where(Event.kind.regexp_match("^(clock|hands)"))))

    def beaten():
        with transaction(sessions) as session:
            return {row.name: row.at for row in session.scalars(select(Heartbeat)) if row.name in PARTS}

    first = working()
    until(lambda: beaten().keys() == PARTS)
    first.send_signal(signal.SIGKILL)
    first.wait()
    seen = beaten()
    time.sleep(pulses.SILENT.total_seconds() + 0.1)
    for _ in range(3):
        vigil.look(sessions)
    assert told() == ["clock.silent", "hands.silent"]
    with transaction(sessions) as session:
        assert not any(checks.ready(session)[part] for part in PARTS)
        assert b'icity_alive{part="hands"} 0.0' in vitals.exposition(vitals.measure(session))
    working()
    until(lambda: all(beaten()[part] > seen[part] for part in PARTS))
    until(lambda: {"clock.back", "hands.back"} <= set(told()))
