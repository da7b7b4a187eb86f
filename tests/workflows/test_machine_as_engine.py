"""The time machine tells what the engine does: the same plan under the same clock, on a database and in memory."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import clock, identity, instances, machines, processes, runtime, units
from engine.clock import CIVIL
from engine.db import transaction
from engine.domain import durations
from engine.instances import Application
from engine.runtime import Completion
from engine.settings import ROOT
from engine.tables import History, Instance, InstanceState, Task, TaskState, Timer
from server import duties
from tests.support.scenarios import files

PROGRAMME = ROOT / "workflows" / "innovative-city"
SHOWN = (
    "scenarios/intake_check/supplemented.json",
    "scenarios/intake_check/silence-is-complete.json",
    "scenarios/intake_check/extension-lapsed.json",
    "scenarios/city_forwarding/late-and-urged.json",
)
MOST = 200


class Engine:
    """Plays the plan of a scenario with the real engine: it travels to what comes next and lets it happen."""

    def __init__(self, sessions, configuration, play):
        self.sessions, self.configuration, self.play = sessions, configuration, play
        self.turns = play.plan.get("tasks", {})
        self.seen: dict[str, int] = {}
        self.due: dict[Any, tuple[datetime, dict[str, Any]]] = {}

    def run(self):
        """Return (element, civil date) of everything that was completed, in order of dates."""
        clock.travel(datetime.fromisoformat(self.play.plan["start"]))
        wanted = Application(PROGRAMME.name, self.play.process, "演练", None, None, self.play.data)
        with transaction(self.sessions) as session:
            self.actor = identity.load(session, "jingban")
            self.instance = instances.start(session, None, wanted)
        until = durations.after(clock.now(), durations.parse(self.play.until))
        for _ in range(MOST):
            self._plan()
            at = self._next()
            if at is None or at > until:
                break
            clock.travel(max(at, clock.now()))
            if not self._answer():
                while duties.sweep(self.sessions, self.configuration):
                    pass
        return self._told()

    def _plan(self):
        query = select(Task.id, Task.element, Task.created_at).where(
            Task.instance == self.instance, Task.state == TaskState.OPEN
        )
        with transaction(self.sessions) as session:
            rows = session.execute(query.order_by(Task.created_at, Task.id)).all()
        for row in rows:
            if row.id in self.due:
                continue
            n = self.seen.setdefault(row.element, 0)
            self.seen[row.element] += 1
            turns = self.turns.get(row.element) or [{}]
            turn = turns[min(n, len(turns) - 1)]
            after = turn.get("after")
            at = durations.after(row.created_at, durations.parse(after)) if after else row.created_at
            self.due[row.id] = (datetime.max.replace(tzinfo=CIVIL) if turn.get("never") else at, turn.get("data", {}))

    def _open(self):
        query = select(Task.id).where(Task.instance == self.instance, Task.state == TaskState.OPEN)
        with transaction(self.sessions) as session:
            return list(session.scalars(query))

    def _next(self):
        with transaction(self.sessions) as session:
            state = session.scalar(select(Instance.state).where(Instance.id == self.instance))
            timers = list(session.scalars(select(Timer.due_at).where(Timer.instance == self.instance)))
        if state is not InstanceState.RUNNING:
            return None
        return min([*timers, *(self.due[task][0] for task in self._open())], default=None)

    def _answer(self):
        """Answer what is due now, people before the clock."""
        for task in self._open():
            at, answers = self.due[task]
            if at <= clock.now():
                with transaction(self.sessions) as session, runtime.opened(session, self.instance) as running:
                    element = running.execution.element(task)
                    running.complete(Completion(task, self.actor.id, element.id, element.name, answers, None, {}))
                return True
        return False

    def _told(self):
        query = select(History.element, History.at).where(
            History.instance == self.instance, History.outcome == "completed"
        )
        with transaction(self.sessions) as session:
            return sorted((row.at.astimezone(CIVIL).date().isoformat(), row.element) for row in session.execute(query))


def test_the_machine_tells_what_the_engine_does(sessions, configuration):
    with transaction(sessions) as session:
        units.seed(session)
        processes.deploy_files(session, files(PROGRAMME), "a test")
    for path in SHOWN:
        play = machines.opened(files(PROGRAMME), path)
        trace = machines.play(files(PROGRAMME), play).trace
        done = [one for one in trace if one.event == "completed" and one.instance == "1"]
        told = sorted((one.at.astimezone(CIVIL).date().isoformat(), one.element) for one in done)
        assert (path, Engine(sessions, configuration, play).run()) == (path, told)
