"""kill -9 at every named point of start, complete, correlate and fire: nothing acknowledged is lost or doubled."""

import subprocess
import sys

import pytest
from sqlalchemy import select, text

from engine import calendars, identity, instances, processes, runtime
from engine.db import Sessions, transaction
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Task, Timer
from tests.bench.ground import PROGRAMME
from tests.faults import actor
from tests.faults.actor import POINTS
from tests.support.invariants import broken


@pytest.fixture
def ready(sessions: Sessions, fast_passwords: None) -> Sessions:
    with transaction(sessions) as session:
        calendars.seed(session)
        processes.deploy(session, PROGRAMME, "tests")
        identity.create_person(session, "bench0", "测试", "Bench-password-0!", [("yunxi-science", "APP_FILL")])
    return sessions


def prepared(sessions: Sessions, act: str, turn: str) -> str:
    """Bring a new instance to where `act` can happen; return what it happens to."""
    if act == "start":
        return turn
    process, data = {"fire": ("wait", {"period": "PT1S"}), "correlate": ("answer", {"case": turn})}.get(
        act, ("loop", {})
    )
    with transaction(sessions) as session:
        instance = instances.start(session, None, Application("bench", process, process, subject=turn, data=data))
        if act == "complete":
            return str(session.scalar(select(Task.id).where(Task.instance == instance)))
        if act == "fire":
            session.execute(text("UPDATE timer SET due_at = due_at - interval '1 hour'"))
            return str(session.scalar(select(Timer.id).where(Timer.instance == instance)))
    return turn


def happened(sessions: Sessions, act: str, turn: str) -> int:
    """Count how often the act took effect in this turn's instance."""
    counted = {
        "start": "SELECT count(*) FROM instance WHERE subject = :turn",
        "complete": "SELECT count(*) FROM task t JOIN instance i ON i.id = t.instance"
        " WHERE subject = :turn AND t.state = 'completed'",
    }
    reported = "SELECT count(*) FROM task t JOIN instance i ON i.id = t.instance WHERE subject = :turn"
    with transaction(sessions) as session:
        return int(session.execute(text(counted.get(act, reported)), {"turn": turn}).scalar_one())


def run(url: str, act: str, subject: str, point: str) -> bool:
    """Let another process do it and die; tell whether it acknowledged."""
    command = [sys.executable, "-m", "tests.faults.actor", url, act, subject, point]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    acknowledged = done.stdout == "ACK\n"
    assert acknowledged or done.returncode == -9, done.stderr
    return acknowledged


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("act", ["start", "complete", "correlate", "fire"])
def test_killed_at_a_point_and_tried_again_it_happens_once(act, point, ready, database):
    subject = prepared(ready, act, point)
    acknowledged = run(database, act, subject, point)
    count = happened(ready, act, point)
    assert count == (1 if acknowledged or point == "after_commit" else 0)
    if count == 0:
        actor.act(ready, act, subject)
    runtime.forget()
    assert happened(ready, act, point) == 1
    with transaction(ready) as session:
        assert broken(session) == []
