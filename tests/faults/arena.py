"""A process in which hostile models and data are tried, each in a child of its own with a limit on what it may use.

`python -m tests.faults.arena URL FOLDER TOKEN` reads lines of JSON {kind, name} and answers each with what came of it.
"""

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from engine import db, identity, instances, messages, processes, runtime, tasks, timers
from engine.db import Sessions, transaction
from engine.errors import ModelRefused
from engine.instances import Application
from engine.settings import Settings, load
from engine.tables import Incident, Task, TaskState
from server.app import create_app
from tests.faults import acts
from tests.faults.hostile import BODIES, CASE, DATA, HARMLESS, MODELS, Hostile
from tests.support.diagrams import drawn
from tests.support.invariants import broken_in
from tests.support.memory import held

LIMITS = {resource.RLIMIT_CPU: 20, resource.RLIMIT_AS: 2 << 30}  # so that what has no end ends all the same


@dataclass
class Report:
    """What came of one trial: how it was stopped, what it cost at most, and whether work went on afterwards."""

    outcomes: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    next: list[int] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Note what the block takes of the processor, if it is more than any before."""
        began = time.process_time()
        yield
        self.seconds = max(self.seconds, time.process_time() - began)


@dataclass
class Arena:
    """The application, its database, and the person who tries."""

    url: str
    settings: Settings
    sessions: Sessions
    app: Flask
    token: str
    rest: float  # megabytes that the process holds before anything is tried

    def model(self, name: str) -> Report:
        """Deploy a hostile diagram, and start and wake it by the verbs and by the API."""
        report, hostile = Report(), MODELS.get(name, HARMLESS)
        folder = self.settings.var_path / f"{name.replace(' ', '-')}-{time.monotonic_ns()}"
        folder.mkdir(parents=True)
        about = f'id = "{folder.name}"\nlifecycle = "p"\nname = {{ zh = "x", en = "x" }}\n'
        (folder / "programme.toml").write_text(about, encoding="utf-8")
        (folder / "p.bpmn").write_bytes(drawn("p", hostile.body))
        try:
            with report.timed(), transaction(self.sessions) as session:
                processes.deploy(session, folder, "a test")
        except ModelRefused as refusal:
            report.outcomes.append("refused")
            report.causes += [found["text"]["en"] for found in refusal.facts["findings"]]
        else:
            for start, wake in ((self._start, self._wake), (self._post_start, self._post_wake)):
                with report.timed():
                    instance = start(folder.name, report)
                with report.timed():
                    wake(instance, hostile, report)
                self._look(instance, report)
        return self._after(report)

    def data(self, name: str) -> Report:
        """Send a hostile value through every door that takes data."""
        report, (instance, task) = Report(), self._case()
        value = BODIES[name]
        start = b'{"programme": "bench", "process": "loop", "title": "t", "data": {"value": %s}}'
        message = b'{"id": "1", "name": "answer", "correlation": "c", "payload": {"value": %s}}'
        doors = {
            "/instances": start,
            "/messages": message,
            f"/tasks/{task}/complete": b'{"answers": {"score": 80, "opinion": %s}}',
            f"/instances/{instance}/variables": b'{"data": {"value": %s}, "reason": "why"}',
        }
        for path, body in doors.items():
            with report.timed():
                report.statuses.append(self._post(path, body % value).status_code)
        report.broken += broken_in(self.sessions, [instance])
        return self._after(report)

    def waste(self, name: str) -> Report:
        """Spend more than any budget, or fail: so a test sees that it would be seen."""
        report, kept = Report(), b""
        with report.timed():
            while name == "seconds" and time.process_time() < 2.5:
                continue
            kept = b"x" * (200 << 20) if name == "megabytes" else b""
        if name == "memory":
            kept = b"x" * (4 << 30)
        assert len(kept) < 300 << 20
        return self._after(report)

    def _fire(self) -> None:
        with transaction(self.sessions) as session:
            due = timers.due(session, self.settings.timer_batch)
        for timer in due:
            with transaction(self.sessions) as session:
                timers.fire(session, timer.id)

    def _start(self, programme: str, _: Report) -> UUID:
        with transaction(self.sessions) as session:
            return instances.start(session, None, Application(programme, "p", "t", data=dict(DATA)))

    def _post_start(self, programme: str, report: Report) -> UUID:
        body = {"programme": programme, "process": "p", "title": "t", "data": DATA}
        reply = self._post("/instances", json.dumps(body).encode())
        report.statuses.append(reply.status_code)
        return UUID(reply.get_json()["id"])

    def _wake(self, instance: UUID, hostile: Hostile, _: Report) -> None:
        with transaction(self.sessions) as session:
            if hostile.wake == "task":
                tasks.complete(session, identity.load(session, acts.PERSON), self._task(instance), {})
            elif hostile.wake == "message":
                messages.receive(session, None, "tests", str(instance), "answer", CASE, {})
        if hostile.wake == "tick":
            self._fire()

    def _post_wake(self, instance: UUID, hostile: Hostile, report: Report) -> None:
        if hostile.wake == "task":
            report.statuses.append(
                self._post(f"/tasks/{self._task(instance)}/complete", b'{"answers": {}}').status_code
            )
        elif hostile.wake == "message":
            body = {"id": str(instance), "name": "answer", "correlation": CASE}
            report.statuses.append(self._post("/messages", json.dumps(body).encode()).status_code)
        elif hostile.wake == "tick":
            self._fire()

    def _look(self, instance: UUID, report: Report) -> None:
        """Find the incident and its cause, and open the stored state."""
        runtime.forget()
        with transaction(self.sessions) as session:
            reasons = session.scalars(select(Incident.reason).where(Incident.instance == instance)).all()
            runtime.peek(session, instance)
        report.outcomes.append("incident" if reasons else "no incident")
        report.causes += reasons
        report.broken += broken_in(self.sessions, [instance])

    def _after(self, report: Report) -> Report:
        """Let the same process start and complete something harmless, and note what all of it took of memory."""
        body = b'{"programme": "bench", "process": "loop", "title": "t"}'
        started = self._post("/instances", body)
        done = json.dumps({"answers": acts.ANSWERS}).encode()
        task = self._task(UUID(started.get_json()["id"]))
        report.next = [started.status_code, self._post(f"/tasks/{task}/complete", done).status_code]
        report.megabytes = held("VmHWM") - self.rest
        return report

    def _case(self) -> tuple[UUID, UUID]:
        with transaction(self.sessions) as session:
            instance = instances.start(session, None, Application("bench", "loop", "t"))
        return instance, self._task(instance)

    def _task(self, instance: UUID) -> UUID:
        with transaction(self.sessions) as session:
            query = select(Task.id).where(Task.instance == instance, Task.state == TaskState.OPEN)
            return session.scalars(query).one()

    def _post(self, path: str, body: bytes) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.app.test_client().post(f"/api/v1{path}", data=body, headers=headers)


def _tried(act: Callable[[str], Report], name: str) -> str:
    """Let a child try; return what it reports, or what stopped it."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        for limit, most in LIMITS.items():
            resource.setrlimit(limit, (most, most))
        try:
            said = json.dumps(asdict(act(name)))
        except BaseException:  # noqa: BLE001 - whatever it was, the test shall read it
            said = json.dumps({"fault": traceback.format_exc()})
        with os.fdopen(theirs, "w") as answer:
            answer.write(said)
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as answer:
        said = answer.read()
    _, status = os.waitpid(child, 0)
    return said or json.dumps({"fault": f"it ended with {os.waitstatus_to_exitcode(status)}"})


def main() -> None:
    """Try all that is asked for; what is logged does not come between the answers."""
    url, folder, token = sys.argv[1:]
    settings = load(database_url=url, var=folder)
    sessions = db.sessions(db.connect(url))
    arena = Arena(url, settings, sessions, create_app(settings, sessions), token, held("VmRSS"))
    kinds: dict[str, Callable[[str], Report]] = {"model": arena.model, "data": arena.data, "waste": arena.waste}
    with os.fdopen(os.dup(1), "w") as answers, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        for line in sys.stdin:
            wanted: dict[str, Any] = json.loads(line)
            answers.write(_tried(kinds[wanted["kind"]], wanted["name"]) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
