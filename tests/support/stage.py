"""Instances of drawn processes on a real database, moved by the verbs that people use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from engine import identity, invariants, processes, tasks
from engine.db import Sessions, transaction
from engine.identity import Actor
from engine.tables import Event, Incident, Instance, Subscription, Task, TaskState, Timer
from server import duties
from tests.support import programme
from tests.support.diagrams import drawn

FORM = """{"type": "default", "id": "any", "schemaVersion": 16, "components": [
{"type": "number", "key": "n", "label": "n", "id": "Field_n", "layout": {"row": "Row_1"}}]}"""

T = TypeVar("T")


class Stage:
    """Draws, deploys, starts and looks; every act is a transaction of its own, done by the programme officer."""

    def __init__(self, sessions: Sessions, folder: Path, login: str = "jingban") -> None:
        self.sessions = sessions
        self.folder = folder
        with transaction(sessions) as session:
            self.actor: Actor = identity.load(session, login)

    def deploy(self, **bodies: str) -> None:
        """Make the drawn processes a version of the programme `small`."""
        (self.folder / "forms").mkdir(parents=True, exist_ok=True)
        (self.folder / "programme.toml").write_text(programme.ABOUT.replace('"sleep"', f'"{next(iter(bodies))}"'))
        (self.folder / "forms" / "any.form").write_text(FORM)
        for old in self.folder.glob("*.bpmn"):
            old.unlink()
        for name, body in bodies.items():
            (self.folder / f"{name}.bpmn").write_bytes(drawn(name, body))
        with transaction(self.sessions) as session:
            processes.deploy(session, self.folder, "a test")

    def play(self, body: str, **data: Any) -> UUID:
        """Deploy one process, start it, and return its instance."""
        self.deploy(p=body)
        return self.start("p", **data)

    def start(self, process: str, **data: Any) -> UUID:
        return programme.start(self.sessions, process, **data)

    def do(self, verb: Callable[..., T], *args: Any, by: Actor | None = None) -> T:
        """Do a verb as the officer, or as somebody else."""
        with transaction(self.sessions) as session:
            return verb(session, by or self.actor, *args)

    def sweep(self, settings: Any) -> None:
        while duties.sweep(self.sessions, settings):
            pass

    def all(self, query: Any) -> list[Any]:
        with transaction(self.sessions) as session:
            return list(session.scalars(query).all())

    def one(self, query: Any) -> Any:
        (found,) = self.all(query)
        return found

    def tasks(self, instance: UUID) -> list[str]:
        """Return the elements of the open tasks."""
        return sorted(self.all(select(Task.element).where(Task.instance == instance, Task.state == TaskState.OPEN)))

    def task(self, instance: UUID, element: str) -> UUID:
        """Return the first open task of an element."""
        query = select(Task.id).where(Task.instance == instance, Task.element == element, Task.state == TaskState.OPEN)
        found: UUID = self.all(query.order_by(Task.created_at, Task.id))[0]
        return found

    def complete(self, instance: UUID, element: str, **answers: Any) -> None:
        self.do(tasks.complete, self.task(instance, element), answers)

    def state(self, instance: UUID) -> str:
        return str(self.one(select(Instance.state).where(Instance.id == instance)).value)

    def kinds(self, instance: UUID) -> list[str]:
        """Return the kinds of event of an instance, in order."""
        return self.all(select(Event.kind).where(Event.instance == instance).order_by(Event.id))

    def open_rows(self, instance: UUID) -> int:
        """Count the timers and subscriptions of an instance."""
        return sum(len(self.all(select(row.id).where(row.instance == instance))) for row in (Timer, Subscription))

    def incidents(self, instance: UUID) -> list[int]:
        query = select(Incident.id).where(Incident.instance == instance, Incident.state == "open")
        return self.all(query.order_by(Incident.id))

    def sound(self) -> bool:
        """Tell whether the database keeps what must always hold."""
        every = self.all(select(Instance.id))
        with transaction(self.sessions) as session:
            return [*invariants.of_instances(session, every), *invariants.of_all(session)] == []
