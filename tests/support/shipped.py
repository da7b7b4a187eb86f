"""The shipped programme on a real database, with the people of the demonstration who act and look."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from engine import instances, messages, processes, tasks, units
from engine.db import Sessions, transaction
from engine.identity import load
from engine.instances import Application
from engine.settings import ROOT, Settings
from engine.tables import Incident, IncidentState, Task, TaskState
from server import duties
from tests.support.web import Program, opened


class House:
    """Starts processes, does tasks as people, hands messages over, lets time pass, and looks."""

    def __init__(self, sessions: Sessions, configuration: Settings) -> None:
        self.sessions, self.settings = sessions, configuration
        self.app = opened(configuration, sessions)
        with transaction(sessions) as session:
            units.seed(session)
            processes.deploy(session, ROOT / "workflows" / "innovative-city", "a test")

    def start(self, process: str, data: dict[str, Any]) -> UUID:
        with transaction(self.sessions) as session:
            return instances.start(session, None, Application("innovative-city", process, "会审", data=data))

    def task(self, element: str, organisation: str | None = None) -> UUID | None:
        """Return an open task of an element, None when there is none."""
        query = select(Task.id).where(Task.element == element, Task.state == TaskState.OPEN)
        query = query.where(Task.organisation == organisation) if organisation else query
        with transaction(self.sessions) as session:
            return session.scalars(query).first()

    def open(self, element: str) -> int:
        """Count the open tasks of an element."""
        with transaction(self.sessions) as session:
            query = select(func.count()).where(Task.element == element, Task.state == TaskState.OPEN)
            return session.scalar(query) or 0

    def do(self, login: str, verb: Any, *args: Any) -> Any:
        """Do a verb as a person."""
        with transaction(self.sessions) as session:
            return verb(session, load(session, login), *args)

    def complete(self, login: str, element: str, answers: dict[str, Any], organisation: str | None = None) -> None:
        self.do(login, tasks.complete, self.task(element, organisation), answers)

    def sweep(self) -> None:
        while duties.sweep(self.sessions, self.settings):
            pass

    def everything(self, login: str, instance: UUID) -> str:
        """Return whatever the API shows a person of an instance and of their lists, as one text."""
        program = Program(self.app, login)
        lists = [f"/tasks?list={name}" for name in ("mine", "claimable", "done")]
        rows = [row for path in lists for row in program.get(path).get_json()["rows"]]
        places = [f"/instances/{instance}", f"/instances/{instance}/history", "/instances", *lists]
        places += [f"/tasks/{row['id']}" for row in rows]
        return "".join(program.get(path).get_data(as_text=True) for path in places)

    def send(self, name: str, correlation: str, payload: dict[str, Any]) -> None:
        """Hand a message over as another system would."""
        with transaction(self.sessions) as session:
            messages.receive(session, None, "test", f"{name} {payload}"[:200], name, correlation, payload)
        self.sweep()

    def incidents(self) -> list[str]:
        """Return what failed and stands still."""
        with transaction(self.sessions) as session:
            return list(session.scalars(select(Incident.reason).where(Incident.state == IncidentState.OPEN)))
