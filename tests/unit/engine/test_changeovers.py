"""Changeovers: what runs is tried on another version, decided group by group, carried over whole, and taken back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from engine import changeovers, drafts, identity, operations, processes, tasks, units
from engine.changeovers import Decision
from engine.db import transaction
from engine.errors import ChangeoverRefused, ModelRefused, NotAllowed, NotFound
from engine.tables import Deployment, Draft, Event, GroupPlan, GroupState, Instance, Person, Reminder, Task, Timer
from server import worker
from tests.support import programme
from tests.support.shapes import boundary, end, exclusive, many, start, timer, user, way
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}


def titled(element: str, name: str, inner: str = "") -> str:
    """Return a task of the officer with a name."""
    return f'<userTask id="{element}" name="{name}" icity:role="PRV_OFFICER">{inner}</userTask>'


LINE = start() + user("a", "b", **ROLE) + end("e") + way("s a b e")
LONGER = start() + user("a", "more", "b", **ROLE) + end("e") + way("s a more b e")
BELL = boundary("bell", "a", timer("P3D"), cancelActivity=False) + end("rung")
REMINDED = start() + user("a", "more", "b", **ROLE) + BELL + end("e") + way("s a more b e", "bell rung")
RENAMED = start() + titled("a2", "a") + user("b", **ROLE) + end("e") + way("s a2 b e")
CARRY, STAY = GroupPlan.CARRY, GroupPlan.STAY


class Owner(Stage):
    """A stage whose person owns programmes."""

    def owns(self) -> "Owner":
        with transaction(self.sessions) as session:
            self.owner = identity.load(session, "liuguan")
            self.other = identity.load(session, "liuguan2")
        return self

    def files(self, **bodies: str) -> dict[str, bytes]:
        """Return the files of a version that is drawn so, without deploying it."""
        kept = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        digest = self.deployed(**bodies)
        with transaction(self.sessions) as session:
            files = dict(processes.load(session, digest).files)
            session.rollback()
        del kept
        return files

    def deployed(self, **bodies: str) -> str:
        self.deploy(**bodies)
        newest = select(Deployment.digest).where(Deployment.programme == "small").order_by(Deployment.number.desc())
        return str(self.all(newest.limit(1))[0])

    def rehearse(self, by: Any = None, **bodies: str) -> UUID:
        """Deploy what is drawn so, and try it on what runs."""
        digest = self.deployed(**bodies)
        with transaction(self.sessions) as session:
            files = processes.load(session, digest).files
            return changeovers.rehearse(session, by or self.owner, "small", files)

    def groups(self, changeover: UUID) -> list[changeovers.GroupView]:
        return self.do(changeovers.show, changeover, by=self.owner).groups

    def apply(self, changeover: UUID, group: UUID | None = None) -> None:
        self.do(changeovers.apply, changeover, group, by=self.owner)
        worker.change_over(self.sessions, None)  # type: ignore[arg-type]

    def undo(self, changeover: UUID, group: UUID | None = None) -> None:
        self.do(changeovers.undo, changeover, group, by=self.owner)
        worker.change_over(self.sessions, None)  # type: ignore[arg-type]

    def number(self, instance: UUID) -> int:
        query = select(Deployment.number).join(Instance, Instance.deployment == Deployment.digest)
        return int(self.one(query.where(Instance.id == instance)))

    def why(self, verb: Callable[..., Any], *args: Any) -> str:
        with pytest.raises(ChangeoverRefused) as refused:
            self.do(verb, *args, by=self.owner)
        return str(refused.value.facts["why"]["zh"])


@pytest.fixture
def stage(sessions, tmp_path):
    return Owner(sessions, tmp_path / "drawn").owns()


def test_an_inserted_step_and_a_reminder_reach_what_runs_and_everything_is_kept(stage, configuration):
    cases = [stage.play(LINE) for _ in range(3)]
    stage.complete(cases[2], "a")
    task = stage.task(cases[0], "a")
    stage.do(tasks.claim, task)
    stage.do(drafts.save, task, {"n": 4}, None)
    before = stage.one(select(Task).where(Task.id == task))
    changeover = stage.rehearse(p=REMINDED)
    first, second = sorted(stage.groups(changeover), key=lambda one: -one.count)
    assert (first.count, second.count) == (2, 1)
    assert {first.plan, second.plan} == {CARRY}
    assert first.steps[0]["key"] == "p/a"
    stage.apply(changeover)
    assert [stage.number(case) for case in cases] == [2, 2, 2]
    assert [one.state for one in stage.groups(changeover)] == [GroupState.APPLIED] * 2
    after = stage.one(select(Task).where(Task.id == task))
    assert (after.assignee, after.due_at, after.created_at) == (before.assignee, before.due_at, before.created_at)
    assert stage.one(select(Draft.answers).where(Draft.task == task)) == {"n": 4}
    assert len(stage.all(select(Timer.id).where(Timer.instance == cases[0]))) == 1
    assert "instance.changed_over" in stage.kinds(cases[0])
    assert stage.sound()
    stage.complete(cases[1], "a")
    assert stage.tasks(cases[1]) == ["more"]
    assert "换版之后已有人办理" in stage.why(changeovers.undo, changeover)
    stage.do(changeovers.undo_one, changeover, cases[0], by=stage.owner)
    assert stage.number(cases[0]) == 1
    assert stage.all(select(Timer.id).where(Timer.instance == cases[0])) == []
    assert stage.one(select(Draft.answers).where(Draft.task == task)) == {"n": 4}
    assert stage.sound()
    stage.undo(changeover, second.id)
    assert stage.number(cases[2]) == 1
    stage.complete(cases[0], "a")
    assert stage.tasks(cases[0]) == ["b"]
    for case in (cases[0], cases[2]):
        stage.complete(case, "b")
    assert [stage.state(case) for case in cases] == ["finished", "running", "finished"]
    assert stage.sound()
