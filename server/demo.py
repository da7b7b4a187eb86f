"""The demonstration: a fictional county lives its whole life on a moved clock, through the verbs that people use."""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, make_url, select, text
from sqlalchemy.orm import Session

from engine import calendars, clock, db, identity, instances, processes, tasks
from engine.db import Sessions, transaction
from engine.domain import indicators, workbook
from engine.domain.workdays import Calendar
from engine.instances import Application
from engine.settings import Settings
from engine.tables import Event, Membership, Person, Reminder, Task, TaskState, Timer
from server import demo_timeline, setup
from server.app import create_app
from server.demo_agency import Agency
from server.worker import sweep

OFFICE_HOUR = time(9, 30)
A_WHILE = timedelta(minutes=25)
MOST_MOMENTS = 500
PROGRAMME = "innovative-city"
DATABASE = "icity_demo"


class StoryStuck(RuntimeError):
    """The demonstration's story does not go on: nobody has an answer and nothing falls due."""


@dataclass
class Story:
    """What everybody answers, read from the programme's demo folder; counts each element's visits."""

    folder: Path
    told: dict[str, Any]
    visits: Counter[tuple[str, str]] = field(default_factory=Counter)
    figures: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Story":
        """Return the story in `folder`."""
        return cls(folder, tomllib.loads((folder / "story.toml").read_text(encoding="utf-8")))

    def answer(self, element: str, organisation: str | None, programme: processes.Programme) -> dict[str, Any] | None:
        """Return the next answer of an organisation at an element; None when it stays silent."""
        own = self.told.get("by", {}).get(organisation or "", {})
        answers = own.get(element) or self.told["answers"].get(element)
        if answers is None:
            raise StoryStuck(element)
        key = (element, organisation or "")
        given = answers[min(self.visits[key], len(answers) - 1)]
        if not given:
            return None
        return self._with_figures(dict(given), programme)

    def visited(self, element: str, organisation: str | None) -> None:
        """Remember that an element was answered, or let lapse."""
        self.visits[element, organisation or ""] += 1

    def _with_figures(self, answer: dict[str, Any], programme: processes.Programme) -> dict[str, Any]:
        name = answer.pop("workbook", None)
        if name is None:
            return answer
        chosen = indicators.parse(programme.indicators, self.told["data"]["set"])
        self.figures = workbook.read((self.folder / name).read_bytes(), chosen)
        return {**answer, "values": self.figures}


@dataclass(frozen=True)
class Work:
    """An open task: what it is and whose."""

    task: UUID
    element: str
    role: str
    organisation: str | None


@dataclass
class Stage:
    """Where the story is played: settings, database, story, its instance, and the agency over real HTTP."""

    settings: Settings
    sessions: Sessions
    story: Story
    instance: UUID
    programme: processes.Programme

    def answer(self, work: Work) -> dict[str, Any] | None:
        """Return what the story answers to an open task; None when it stays silent."""
        return self.story.answer(work.element, work.organisation, self.programme)


def run(settings: Settings, url: str, lang: str) -> int:
    """Play the story in a database of its own beside the one at `url`, print its timeline and write it; return 0.

    The database is made anew each time, so that nothing of a moved clock is left in the real one.
    """
    own = replace(settings, var=str(settings.var_path / "demo"), webhook_loopback=True, seed_demo=True)
    engine = db.connect(_anew(url))
    try:
        setup.prepare(own, engine)
        sessions = db.sessions(engine)
        instance = play(own, sessions, settings.workflows_path / PROGRAMME / "demo")
        with transaction(sessions) as session:
            target = own.var_path / "timeline.json"
            lines = demo_timeline.write(create_app(own, sessions), session, instance, lang, target)
    finally:
        engine.dispose()
    sys.stdout.write("\n".join(lines) + f"\n\n{target}\n")
    return 0


def _anew(url: str) -> str:
    """Return the URL of an empty database for the demonstration."""
    engine = db.connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0"))
    engine.dispose()
    return make_url(url).set(database=DATABASE).render_as_string(hide_password=False)


def play(settings: Settings, sessions: Sessions, folder: Path) -> UUID:
    """Play the story in `folder` to its end; return the id of the lifecycle. Raise StoryStuck."""
    story = Story.read(folder)
    with transaction(sessions) as session:
        calendar = calendars.load(session)
    clock.travel(datetime.combine(story.told["begins"], OFFICE_HOUR, tzinfo=clock.CIVIL))
    try:
        with transaction(sessions) as session:
            instance, programme = _begin(session, story, folder.parent.name)
        with Agency(settings, sessions, story.told["agency"]):
            stage = Stage(settings, sessions, story, instance, programme)
            for _ in range(MOST_MOMENTS):
                _work(stage, calendar)
                if _over(stage):
                    return instance
                _next_moment(stage)
        raise StoryStuck(MOST_MOMENTS)
    finally:
        clock.come_home()


def _begin(session: Session, story: Story, programme_id: str) -> tuple[UUID, processes.Programme]:
    told = story.told
    programme = processes.latest(session, programme_id)
    starter = identity.load(session, _login(session, "APP_LEAD", told["starter"]))
    wanted = Application(
        programme=programme_id,
        process=told["process"],
        title=f"{told['name']}创建创新型县",
        subject=told["subject"],
        organisation=told["starter"],
        data=told["data"],
    )
    return instances.start(session, starter, wanted), programme


def _work(stage: Stage, calendar: Calendar) -> None:
    """Let everybody finish what they have an answer for, a working day for each round, until nobody has one."""
    while True:
        while sweep(stage.sessions, stage.settings):
            pass
        with transaction(stage.sessions) as session:
            opened = list(_open_tasks(session, stage.instance))
        answered = [(work, answers) for work in opened if (answers := stage.answer(work)) is not None]
        if not answered:
            return
        morning = calendar.add_workdays(clock.now(), 1).due.astimezone(clock.CIVIL)
        clock.travel(datetime.combine(morning.date(), OFFICE_HOUR, tzinfo=clock.CIVIL))
        for work, answers in answered:
            _finish(stage, work, answers)
            clock.travel(clock.now() + A_WHILE)


def _finish(stage: Stage, work: Work, answers: dict[str, Any]) -> None:
    with transaction(stage.sessions) as session:
        if session.scalar(select(Task.state).where(Task.id == work.task)) != TaskState.OPEN:
            return
        turn = stage.story.visits[work.element, work.organisation or ""]
        actor = identity.load(session, _login(session, work.role, work.organisation, turn))
        tasks.claim(session, actor, work.task)
    with transaction(stage.sessions) as session:
        tasks.complete(session, actor, work.task, answers)
    stage.story.visited(work.element, work.organisation)


def _open_tasks(session: Session, instance: UUID) -> Iterator[Work]:
    query = select(Task.id, Task.element, Task.role, Task.organisation)
    rows = session.execute(
        query.where(Task.instance == instance, Task.state == TaskState.OPEN).order_by(Task.created_at, Task.id)
    )
    return (Work(row.id, row.element, str(row.role), row.organisation) for row in rows)


def _login(session: Session, role: str, organisation: str | None, turn: int = 0) -> str:
    query = select(Person.login).join(Membership, Membership.person == Person.id).where(Membership.role == role)
    if organisation is not None:
        query = query.where(Membership.organisation == organisation)
    logins = list(session.scalars(query.order_by(Person.login)))
    if not logins:
        raise StoryStuck(organisation)
    return str(logins[turn % len(logins)])


def _over(stage: Stage) -> bool:
    """Tell whether the story's last circular is out and nobody has anything left to do."""
    with transaction(stage.sessions) as session:
        issued = session.scalar(
            select(func.count())
            .select_from(Event)
            .where(
                Event.instance == stage.instance,
                Event.kind == "message.sent",
                Event.data["name"].astext == "circular.issued",
            )
        )
        waiting = session.scalar(select(func.count()).select_from(Task).where(Task.state == TaskState.OPEN))
    return issued == stage.story.told["circulars"] and not waiting


def _next_moment(stage: Stage) -> None:
    """Move the clock to the next thing that falls due; who is silent until a deadline lapses has had their turn."""
    with transaction(stage.sessions) as session:
        due = session.scalar(select(func.min(Timer.due_at)))
        remind = session.scalar(select(func.min(Reminder.remind_at)).where(Reminder.reminded_at.is_(None)))
        silent = list(_open_tasks(session, stage.instance))
    moments = [moment for moment in (due, remind) if moment is not None]
    if not moments:
        raise StoryStuck(clock.now().isoformat())
    soonest = min(moments)
    if soonest == due:
        for work in silent:
            stage.story.visited(work.element, work.organisation)
    clock.travel(max(soonest, clock.now()))
