"""Every pair of verbs at one moment, stepped: whichever commits first, the outcome is that of one after the other."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from engine import (
    db,
    desk,
    handovers,
    identity,
    incidents,
    instances,
    messages,
    moves,
    operations,
    processes,
    runtime,
    signals,
    signs,
    tasks,
    timers,
    urges,
)
from engine.db import Sessions, transaction
from engine.errors import Busy, InstanceEnded
from engine.handovers import Handing
from engine.identity import Actor
from engine.instances import Application
from engine.settings import Settings, load
from engine.signs import Asking, Opinion
from engine.tables import Incident, SignKind, SignState, Task, TaskState, Timer
from server import duties, problems
from tests.faults.crossings import ABOUT, DESKS, DIAGRAMS
from tests.faults.stepping import Act, Outcome, Player, Stepper
from tests.support.diagrams import drawn
from tests.support.invariants import broken, broken_in
from tests.support.postgres import TestServer, cheap_passwords
from tests.support.shapes import catch, end, start, timer, way

PEOPLE = {
    "one": "PRV_OFFICER",
    "two": "PRV_OFFICER",
    "lead": "PRV_LEAD",
    "other lead": "PRV_LEAD",
    "keeper": "SYS_ADMIN",
}
BY_THE_CLOCK = {"fire", "deliver", "tell"}  # who finds the instance busy comes again with the next tick


@dataclass
class Case:
    """An instance that stands where all verbs may touch it, and whatever they need to know of it."""

    instance: UUID
    turn: str
    people: dict[str, Actor]
    tasks: dict[str, UUID] = field(default_factory=dict)
    timer: int = 0
    copy: int = 0
    incident: int = 0
    step: int = 0
    signs: list[UUID] = field(default_factory=list)


Verb = Callable[[Case], Act]


def _completes(element: str, who: str) -> Verb:
    return lambda case: lambda session: tasks.complete(session, case.people[who], case.tasks[element], {})


def _delivers(key: str) -> Verb:
    return lambda case: (
        lambda session: messages.receive(session, None, "race", f"{case.turn} {key}", "answer", case.turn, {})
    )


def _operated(verb: Callable[..., Any], *more: Any) -> Verb:
    return lambda case: lambda session: verb(session, case.people["keeper"], case.instance, *more)


def _on_work(verb: Callable[..., Any], who: str, *more: Any) -> Verb:
    return lambda case: lambda session: verb(session, case.people[who], case.tasks["work"], *more)


def _hands(verb: Callable[..., Any], who: str, to: str) -> Verb:
    return lambda case: (
        lambda session: verb(session, case.people[who], case.tasks["work"], Handing(case.people[to].id, "why"))
    )


def _signs(who: str, place: int, state: SignState) -> Verb:
    return lambda case: lambda session: signs.give(session, case.people[who], case.signs[place], Opinion(state, "why"))


VERBS: dict[str, Verb] = {
    "complete": _completes("work", "one"),
    "complete as another": _completes("work", "two"),
    "complete the other branch": _completes("other", "two"),
    "claim": lambda case: lambda session: tasks.claim(session, case.people["one"], case.tasks["work"]),
    "claim as another": lambda case: lambda session: tasks.claim(session, case.people["two"], case.tasks["work"]),
    "reassign": lambda case: (
        lambda session: tasks.reassign(
            session, case.people["keeper"], case.tasks["work"], tasks.Assignment("why", assignee=case.people["two"].id)
        )
    ),
    "cancel": lambda case: lambda session: instances.cancel(session, case.people["lead"], case.instance, "why"),
    "terminate": _operated(operations.terminate, "why"),
    "suspend": _operated(operations.suspend, "why"),
    "write": _operated(operations.write, {"written": True}, "why"),
    "return": lambda case: (
        lambda session: moves.send_back(session, case.people["keeper"], case.instance, moves.Return(case.step, "why"))
    ),
    "fire": lambda case: lambda session: timers.fire(session, case.timer),
    "deliver": _delivers("once"),
    "deliver another": _delivers("twice"),
    "tell": lambda case: lambda session: signals.deliver(session, case.copy),
    "retry": lambda case: lambda session: incidents.retry(session, case.people["keeper"], case.incident),
    "settle": lambda case: (
        lambda session: incidents.settle(
            session, case.people["keeper"], case.incident, incidents.Settlement("why", {"no": "1"})
        )
    ),
    "mend": _operated(operations.write, {"serial": 7}, "why"),
    "transfer": _hands(handovers.transfer, "one", "two"),
    "delegate": _hands(handovers.delegate, "one", "lead"),
    "delegate as another": _hands(handovers.delegate, "two", "lead"),
    "ask for a sign": lambda case: (
        lambda session: signs.ask(
            session, case.people["one"], case.tasks["work"], Asking(SignKind.BEFORE, [case.people["lead"].id], "why")
        )
    ),
    "urge": _on_work(urges.urge, "keeper", ""),
    "urge as another": _on_work(urges.urge, "lead", ""),
    "hand back": _on_work(handovers.hand_back, "lead", "why"),
    "take back": _on_work(handovers.take_back, "one", "why"),
    "sign": _signs("lead", 0, SignState.AGREED),
    "sign as another": _signs("other lead", 1, SignState.AGREED),
    "refuse to sign": _signs("other lead", 1, SignState.REFUSED),
    "ask no longer": lambda case: lambda session: signs.take_back(session, case.people["one"], case.signs[1], "why"),
}
IN_BRANCHES = list(itertools.takewhile(lambda verb: verb != "retry", VERBS))
IN_EITHER = ["cancel", "terminate", "suspend", "write", "return", "fire", "deliver", "deliver another", "tell"]
IN_STUCK = ["complete the other branch", "cancel", "terminate", "suspend", "mend", "return", "fire", "retry", "settle"]
ON_FREE = [
    "transfer",
    "delegate",
    "delegate as another",
    "ask for a sign",
    "urge",
    "urge as another",
    "complete",
    "fire",
]
ON_LENT = ["hand back", "take back", "complete", "reassign", "cancel", "fire"]
ON_HELD = ["sign", "sign as another", "refuse to sign", "ask no longer", "complete", "reassign", "suspend", "fire"]
MEETINGS = {
    "branches": IN_BRANCHES,
    "either": IN_EITHER,
    "stuck": IN_STUCK,
    **dict(zip(DESKS, (ON_FREE, ON_LENT, ON_HELD), strict=True)),
}
PAIRS = [
    (process, *pair) for process, some in MEETINGS.items() for pair in itertools.combinations_with_replacement(some, 2)
]


@dataclass(frozen=True)
class Ground:
    """A database where every case begins, the two who race, and what both serial orders come to, once found out."""

    sessions: Sessions
    settings: Settings
    stepper: Stepper
    people: dict[str, Actor]
    serial: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def case(self, process: str, verbs: tuple[str, str]) -> Case:
        """Start an instance and bring it to where the verbs may touch it."""
        turn = uuid4().hex
        data = {"case": turn, "period": "PT0S" if "fire" in verbs else "PT1H"}
        with transaction(self.sessions) as session:
            instance = instances.start(session, None, Application("race", process, process, turn, data=data))
        case = Case(instance, turn, self.people)
        with transaction(self.sessions) as session:
            tasks.complete(session, self.people["one"], self._open(session, case)["first"], {})
        with transaction(self.sessions) as session:
            case.tasks = self._open(session, case)
            self._prepare(session, case, process)
            case.timer = session.scalar(select(Timer.id).where(Timer.instance == instance)) or 0
            query = select(Incident.id).where(Incident.instance == instance)
            case.incident = session.scalar(query) or 0
            step = "SELECT step FROM history WHERE instance = :instance AND element = 'first'"
            case.step = session.execute(text(step), {"instance": instance}).scalar_one()
            if "tell" in verbs:
                told = signals.Broadcast("race", turn, "Alarm", {})
                signals.broadcast(session, self.people["keeper"], told)
                copy = "SELECT id FROM signal_copy WHERE instance = :instance"
                case.copy = session.execute(text(copy), {"instance": instance}).scalar_one()
        return case

    def _prepare(self, session: Any, case: Case, process: str) -> None:
        """Let the first branch stand where its desk has it."""
        one, work = case.people["one"], case.tasks.get("work")
        if process == "lent":
            handovers.delegate(session, one, work, Handing(case.people["lead"].id, "why"))
        if process == "held":
            asked = [case.people["lead"].id, case.people["other lead"].id]
            case.signs = signs.ask(session, one, work, Asking(SignKind.AFTER, asked, "why"))
            tasks.complete(session, one, work, {})

    def run(self, process: str, verbs: tuple[str, str], step: Callable[[Act, Act], list[Outcome]]) -> Any:
        """Let two verbs meet on a new case, and the clock tick afterwards; return what it all came to."""
        case = self.case(process, verbs)
        outcomes = step(*(VERBS[verb](case) for verb in verbs))
        duties.sweep(self.sessions, self.settings)
        told = {verb: _told(verb, outcome) for verb, outcome in zip(verbs, outcomes, strict=True)}
        if verbs[0] == verbs[1]:
            told = Counter(_told(verbs[0], outcome) for outcome in outcomes)
        assert broken_in(self.sessions, [case.instance]) == []
        return told, self._story(case)

    def orders(self, process: str, verbs: tuple[str, str]) -> list[Any]:
        """Return what the two serial orders come to."""
        found = []
        for pair in (verbs, verbs[::-1]):
            key = (process, *pair)
            if key not in self.serial:
                self.serial[key] = self.run(process, pair, self.stepper.in_turn)
            found.append(self.serial[key])
        return found

    def _open(self, session: Any, case: Case) -> dict[str, UUID]:
        query = select(Task.element, Task.id).where(Task.instance == case.instance, Task.state == TaskState.OPEN)
        return {row.element: row.id for row in session.execute(query)}

    def _story(self, case: Case) -> dict[str, Any]:
        """Return all that the database tells of a case, without what differs from case to case; then put it away."""
        runtime.forget()
        with transaction(self.sessions) as session:
            told = {
                name: sorted(map(str, session.execute(text(query), {"instance": case.instance, "turn": case.turn})))
                for name, query in STORY.items()
            }
            try:
                data = runtime.peek(session, case.instance).data()
                told["variables"] = sorted(name for name, value in data.items() if value is not None)
                operations.terminate(session, self.people["keeper"], case.instance, "told")
            except InstanceEnded:
                pass
        return told


STORY = {
    "instance": "SELECT state, steps FROM instance WHERE id = :instance",
    "tasks": "SELECT element, t.state, a.login, e.login, bindings, answers FROM task t"
    " LEFT JOIN person a ON a.id = assignee LEFT JOIN person e ON e.id = ended_by WHERE instance = :instance",
    "timers": "SELECT element FROM timer WHERE instance = :instance",
    "subscriptions": "SELECT element, kind, name FROM subscription WHERE instance = :instance",
    "incidents": "SELECT element, kind, state FROM incident WHERE instance = :instance",
    "history": "SELECT step, element, outcome FROM history WHERE instance = :instance",
    "events": "SELECT kind, element, actor FROM event WHERE instance = :instance",
    "messages": "SELECT split_part(external_id, ' ', 2), state FROM message WHERE correlation = :turn",
    "delegations": "SELECT d.state FROM delegation d JOIN task t ON t.id = d.task WHERE instance = :instance",
    "signs": "SELECT kind, s.state, person FROM sign s JOIN task t ON t.id = s.task WHERE instance = :instance",
    "urges": "SELECT sender FROM urge u JOIN task t ON t.id = u.task WHERE instance = :instance",
    "signals": "SELECT count(*) FROM signal_copy WHERE instance = :instance",
}


def _told(verb: str, outcome: Outcome) -> str:
    """Return what a verb was told: that it is done, or why not. The clock is told nothing: it just comes again."""
    error = outcome.error
    if verb in BY_THE_CLOCK and (error is None or isinstance(error, Busy)):
        return "the clock ticked"
    assert error is None or problems.status(error) < 500, error
    return "done" if error is None else type(error).__name__


@pytest.fixture(scope="module")
def ground(postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("race")
    (folder / "programme.toml").write_text(ABOUT, encoding="utf-8")
    for process, body in DIAGRAMS.items():
        (folder / f"{process}.bpmn").write_bytes(drawn(process, body))
    with postgres_server.database() as url, cheap_passwords():
        engine = db.connect(url)
        sessions = db.sessions(engine)
        with transaction(sessions) as session:
            processes.deploy(session, folder, "a test")
            for login, role in PEOPLE.items():
                identity.create_person(session, login, login, "Race-password-1!", [("prov-science", role)])
        with transaction(sessions) as session:
            people = {login: identity.load(session, login) for login in PEOPLE}
        players = Player(url), Player(url)
        settings = load(database_url=url, var=str(folder / "var"))
        yield Ground(sessions, settings, Stepper(*players, sessions), people)
        for player in players:
            player.close()
        engine.dispose()


@pytest.mark.parametrize(("process", "one", "other"), PAIRS)
def test_two_at_once_come_to_what_one_after_the_other_comes_to(process, one, other, ground):
    serial = ground.orders(process, (one, other))
    stepper = ground.stepper
    for step in (stepper.holding, stepper.grasping, stepper.hesitating):
        for pair in dict.fromkeys([(one, other), (other, one)]):
            assert ground.run(process, pair, step) in serial, f"{pair} {step.__name__}"


def test_after_all_the_races_the_database_is_sound(ground):
    assert broken(ground.sessions) == []


def test_the_two_really_meet(ground):
    for verbs in (("complete", "complete as another"), ("claim", "cancel"), ("deliver", "deliver")):
        ground.run("branches", verbs, ground.stepper.holding)
        assert ground.stepper.met, verbs


def test_a_verb_that_does_not_lock_is_found_out(ground, monkeypatch):
    monkeypatch.setattr(tasks, "_locked", tasks._find)
    verbs = ("claim", "claim as another")
    assert ground.run("branches", verbs, ground.stepper.holding) not in ground.orders("branches", verbs)


def test_signs_that_do_not_lock_are_found_out(ground, monkeypatch):
    """Each of the two takes the other for missing: nobody would finish the task."""
    verbs = ("sign", "sign as another")
    serial = ground.orders("held", verbs)
    monkeypatch.setattr(desk, "lock", lambda *_: None)
    assert ground.run("held", verbs, ground.stepper.holding) not in serial


def test_a_move_that_does_not_lock_is_found_out(ground, monkeypatch):
    monkeypatch.setattr(tasks, "LOCK", text(f"{tasks.LOCK}".partition(" FOR UPDATE")[0]))
    with pytest.raises(AssertionError, match="Another transaction is moving this instance"):
        ground.run("branches", ("complete the other branch", "complete"), ground.stepper.holding)


def test_two_versions_deployed_at_once_are_numbered_one_after_the_other(ground, tmp_path):
    folders = []
    for period in ("PT1H", "PT2H"):
        folder = tmp_path / period
        folder.mkdir()
        (folder / "programme.toml").write_text(ABOUT.replace("race", "twice"), encoding="utf-8")
        drawing = start() + catch("wait", timer(period)) + end("e") + way("s wait e")
        (folder / "branches.bpmn").write_bytes(drawn("branches", drawing))
        folders.append(folder)
    first, second = (lambda session, folder=folder: processes.deploy(session, folder, "x") for folder in folders)
    deployed = [outcome.value for outcome in ground.stepper.holding(first, second)]
    assert ground.stepper.met
    assert [one.number for one in deployed] == [1, 2]
    again = [outcome.value for outcome in ground.stepper.holding(second, second)]
    assert [(one.number, one.new) for one in again] == [(2, False), (2, False)]
