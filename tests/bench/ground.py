"""What every measurement stands on: a database with fsync on, the bench programme, people, and helpers to time."""

import gc
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

from sqlalchemy import Engine, select

from engine import calendars, db, identity, instances, processes, tasks
from engine.db import Sessions, transaction
from engine.identity import Actor
from engine.instances import Application
from engine.settings import Settings, load
from engine.tables import Task, TaskState
from server import postgres
from tests.support.postgres import furnish

PROGRAMME = Path(__file__).parent / "programme"
PEOPLE = 12


@dataclass(frozen=True)
class Ground:
    """A furnished database and the people who work in it; all hold APP_FILL in `yunxi-science`."""

    url: str
    settings: Settings
    engine: Engine
    sessions: Sessions
    people: list[Actor]

    @property
    def actor(self) -> Actor:
        return self.people[0]

    def start(self, process: str, **data: object) -> UUID:
        with transaction(self.sessions) as session:
            return instances.start(session, None, Application("bench", process, process, data=dict(data)))

    def open_tasks(self, instance: UUID) -> list[UUID]:
        with transaction(self.sessions) as session:
            query = select(Task.id).where(Task.instance == instance, Task.state == TaskState.OPEN)
            return list(session.scalars(query))

    def complete(self, task: UUID) -> None:
        with transaction(self.sessions) as session:
            tasks.complete(session, self.actor, task, {"opinion": "同意", "score": 80})


@contextmanager
def laid(folder: Path) -> Iterator[Ground]:
    """Lay the ground in `folder`; the embedded server keeps its defaults, so every commit reaches the disk."""
    settings = load(var=str(folder))
    with postgres.owned(settings) as url:
        furnish(url)
        engine = db.connect(url)
        sessions = db.sessions(engine)
        with transaction(sessions) as session:
            calendars.seed(session)
            processes.deploy(session, PROGRAMME, "bench")
            for seat in range(PEOPLE):
                identity.create_person(
                    session, f"bench{seat}", f"第{seat}席", f"Bench-password-{seat}!", [("yunxi-science", "APP_FILL")]
                )
        with transaction(sessions) as session:
            people = [identity.load(session, f"bench{seat}") for seat in range(PEOPLE)]
        gc.collect()
        gc.freeze()  # as the web and the worker do once they are ready
        yield Ground(url, load(var=str(folder), database_url=url), engine, sessions, people)
        engine.dispose()


@dataclass(frozen=True)
class Times:
    """Medians of a repeated act, in milliseconds."""

    wall: float
    cpu: float


def measured(acts: Iterator[Callable[[], None]]) -> Times:
    """Run each act and return the medians of their wall and CPU times."""
    walls, cpus = [], []
    for act in acts:
        cpu, wall = process_time(), perf_counter()
        act()
        walls.append((perf_counter() - wall) * 1e3)
        cpus.append((process_time() - cpu) * 1e3)
    return Times(statistics.median(walls), statistics.median(cpus))
