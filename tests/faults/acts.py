"""What is done in the fault tests, by name: prepare an instance for an act, play it, count how often it happened."""

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine import calendars, identity, instances, messages, moves, processes, tasks, timers
from engine.db import Sessions, transaction
from engine.identity import Actor
from engine.instances import Application
from engine.tables import Instance, Task, Timer
from tests.bench.ground import PROGRAMME
from tests.faults import versions
from tests.support import papers
from tests.support.postgres import PASSWORD

ACK = "ACK"
ACTS = ("start", "claim", "complete", "correlate", "fire", "return", "deploy")
VERSIONS = ("carry", "take back")
TWICE = {"start", "return"}  # whoever does these twice has two, unless a door remembers the first
PERSON = "bench0"
ANSWERS = {"opinion": "同意", "score": 80}
PROCESS = {"fire": "wait", "correlate": "answer", "issue": "issuing"}
DATA = {"fire": {"period": "PT0S"}, "issue": {"facts": papers.LETTER, "addressees": []}}

HAPPENED = {
    "start": "SELECT count(*) FROM instance WHERE subject = :turn",
    "claim": "SELECT count(*) FROM event e JOIN instance i ON i.id = e.instance"
    " WHERE subject = :turn AND e.kind = 'task.claimed'",
    "complete": "SELECT count(*) FROM task t JOIN instance i ON i.id = t.instance"
    " WHERE subject = :turn AND t.state = 'completed'",
    "torn": "SELECT count(*) FROM task t JOIN instance i ON i.id = t.instance"
    " WHERE subject = :turn AND t.state = 'completed'",
    "correlate": "SELECT count(*) FROM task t JOIN instance i ON i.id = t.instance WHERE subject = :turn",
    "fire": "SELECT count(*) FROM task t JOIN instance i ON i.id = t.instance WHERE subject = :turn",
    "return": "SELECT count(*) FROM event e JOIN instance i ON i.id = e.instance"
    " WHERE subject = :turn AND e.kind = 'instance.returned'",
    "deploy": "SELECT count(*) FROM deployment WHERE programme = :turn",
    # half of it done counts as 99 times
    "carry": "SELECT CASE WHEN count(*) IN (0, 2) THEN count(*) / 2 ELSE 99 END FROM event e JOIN instance i"
    " ON i.id = e.instance WHERE subject = :turn AND e.kind = 'instance.changed_over'",
    "take back": "SELECT CASE WHEN count(*) IN (0, 2) THEN count(*) / 2 ELSE 99 END FROM event e JOIN instance i"
    " ON i.id = e.instance WHERE subject = :turn AND e.kind = 'instance.changed_back'",
    "issue": "SELECT count(*) FROM official_document WHERE case_id = :turn",
}


def furnish(sessions: Sessions) -> None:
    """Give a database the bench programme and a person who may do its tasks."""
    with transaction(sessions) as session:
        calendars.seed(session)
        processes.deploy(session, PROGRAMME, "tests")
        with TemporaryDirectory() as folder:
            processes.deploy(session, papers.issuing(Path(folder) / "issuing"), "tests")
        identity.create_person(
            session,
            PERSON,
            "测试",
            PASSWORD,
            [("yunxi-science", "APP_FILL"), ("prov-science", "PRV_OFFICER")],
        )


def prepare(sessions: Sessions, act: str, turn: str, folder: Path) -> str:
    """Bring something new to where `act` can happen; return what it happens to."""
    if act == "start":
        return turn
    if act == "deploy":
        return _drawn(folder / turn, turn)
    return versions.asked(sessions, act, turn) if act in VERSIONS else _begun(sessions, act, turn)


def _begun(sessions: Sessions, act: str, turn: str) -> str:
    """Bring an instance to where `act` can happen."""
    programme = "issuing" if act == "issue" else "bench"
    process = PROCESS.get(act, "loop")
    data = {"case": turn, **DATA.get(act, {})}
    with transaction(sessions) as session:
        instance = instances.start(session, None, Application(programme, process, process, subject=turn, data=data))
        task = session.scalar(select(Task.id).where(Task.instance == instance))
        if act == "return" and task is not None:
            tasks.complete(session, _person(session), task, ANSWERS)
            return str(instance)
        if act in {"claim", "complete", "torn", "issue"}:
            return str(task)
        if act == "fire":
            return str(session.scalar(select(Timer.id).where(Timer.instance == instance)))
    return turn


def play(sessions: Sessions, act: str, subject: str) -> str:
    """Do one thing through the verbs, and acknowledge it once it is durable."""
    if act == "torn" or act in VERSIONS:
        _torn(sessions, UUID(subject)) if act == "torn" else versions.work(sessions, subject)
        return ACK
    with transaction(sessions) as session:
        if act == "start":
            instances.start(session, None, Application("bench", "loop", subject, subject=subject))
        elif act == "claim":
            tasks.claim(session, _person(session), UUID(subject))
        elif act in {"complete", "issue"}:
            tasks.complete(session, _person(session), UUID(subject), ANSWERS)
        elif act == "correlate":
            messages.receive(session, None, "tests", subject, "answer", subject, {"score": 80})
        elif act == "fire":
            timers.fire(session, int(subject))
        elif act == "return":
            moves.send_back(session, _person(session), UUID(subject), moves.Return(1, "why"))
        else:
            processes.deploy(session, Path(subject), "tests")
    return ACK


def instances_of(sessions: Sessions, turn: str) -> list[UUID]:
    """List the instances that were prepared for a turn, or came of it."""
    with transaction(sessions) as session:
        return list(session.scalars(select(Instance.id).where(Instance.subject == turn)))


def happened(sessions: Sessions, act: str, turn: str) -> int:
    """Count how often the act took effect on what was prepared for this turn."""
    with transaction(sessions) as session:
        return int(session.execute(text(HAPPENED[act]), {"turn": turn}).scalar_one())


def _torn(sessions: Sessions, task: UUID) -> None:
    """Complete a task as nobody may: its row in one transaction, its instance in another."""
    with transaction(sessions) as session:
        person = _person(session)
        done = "UPDATE task SET state = 'completed', ended_at = now(), ended_by = :person WHERE id = :task"
        session.execute(text(done), {"person": person.id, "task": task})
    with transaction(sessions) as session:
        session.execute(
            text("UPDATE task SET state = 'open', ended_at = NULL, ended_by = NULL WHERE id = :task"), {"task": task}
        )
        tasks.complete(session, person, task, ANSWERS)


def _person(session: Session) -> Actor:
    return identity.load(session, PERSON)


def _drawn(folder: Path, name: str) -> str:
    folder.mkdir(parents=True)
    for path in PROGRAMME.rglob("*"):
        if (path.is_file() and path.suffix != ".bpmn") or path.stem == "loop":
            target = folder / path.relative_to(PROGRAMME)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes().replace(b'id = "bench"', f'id = "{name}"'.encode()))
    return str(folder)
