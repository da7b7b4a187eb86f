"""Changeovers: what runs is tried on another version, decided group by group, carried over whole, and taken back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from engine import changeovers, crossings, drafts, identity, operations, processes, tasks
from engine.bpmn.judgements import DROP
from engine.changeovers import Decision, judging
from engine.db import transaction
from engine.errors import ChangeoverRefused, ModelRefused, NotAllowed, NotFound
from engine.tables import Deployment, Draft, GroupPlan, GroupState, Instance, Reminder, Task, Timer
from server import duties
from tests.support.diagrams import drawn
from tests.support.shapes import boundary, end, parallel, start, timer, user, way
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}


def titled(element: str, name: str, inner: str = "") -> str:
    """Return a task of the officer with a name."""
    return f'<userTask id="{element}" name="{name}" icity:role="PRV_OFFICER">{inner}</userTask>'


LINE = start() + user("a", "b", **ROLE) + end("e") + way("s a b e")
LONGER = start() + user("a", "more", "b", **ROLE) + end("e") + way("s a more b e")
BELL = boundary("bell", "a", timer("P3D"), cancelActivity=False) + end("rung")
REMINDED = start() + user("a", "more", "b", **ROLE) + BELL + end("e") + way("s a more b e", "bell rung")
RENAMED = start() + titled("a2", "审核") + user("b", **ROLE) + end("e") + way("s a2 b e")
CARRY, STAY = GroupPlan.CARRY, GroupPlan.STAY


class Owner(Stage):
    """A stage whose person owns programmes."""

    def owns(self) -> "Owner":
        with transaction(self.sessions) as session:
            self.owner = identity.load(session, "liuguan")
            self.other = identity.load(session, "liuguan2")
        return self

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
        duties.change_over(self.sessions, None)  # type: ignore[arg-type]

    def undo(self, changeover: UUID, group: UUID | None = None) -> None:
        self.do(changeovers.undo, changeover, group, by=self.owner)
        duties.change_over(self.sessions, None)  # type: ignore[arg-type]

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


def test_an_inserted_step_and_a_reminder_reach_what_runs_and_everything_is_kept(stage):
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


def test_whoever_acted_keeps_a_group_on_the_new_version_and_the_others_go_back(stage):
    cases = [stage.play(LINE) for _ in range(3)]
    stage.complete(cases[2], "a")
    task = stage.task(cases[0], "a")
    changeover = stage.rehearse(p=REMINDED)
    second = next(one for one in stage.groups(changeover) if one.count == 1)
    stage.apply(changeover)
    stage.do(tasks.claim, task)
    stage.do(drafts.save, task, {"n": 4}, None)
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


def test_each_verdict_is_told_and_decided(stage):
    gone = start() + user("b", **ROLE) + user("c", **ROLE) + end("e") + way("s b c e")
    at_a = [stage.play(LINE) for _ in range(3)]
    at_b = stage.play(LINE)
    stage.complete(at_b, "a")
    changeover = stage.rehearse(p=gone)
    lost, kept = stage.groups(changeover)
    assert (lost.verdict, lost.count, lost.plan) == ("decision", 3, None)
    assert (kept.verdict, kept.plan, kept.state) == ("unchanged", CARRY, GroupState.OPEN)
    keys = [one["key"] for one in lost.steps[0]["candidates"]]
    assert {"p/b", "p/c"} <= set(keys)
    assert "请先选择" in stage.why(changeovers.decide, changeover, lost.id, Decision(CARRY))
    assert "没有所选" in stage.why(changeovers.decide, changeover, lost.id, Decision(CARRY, {"p/a": "p/zzz"}))
    assert "请先决定" in stage.why(changeovers.apply, changeover, lost.id)
    alone = stage.do(changeovers.set_apart, changeover, at_a[0], by=stage.owner)
    assert "已经单独成组" in stage.why(changeovers.set_apart, changeover, at_a[0])
    stage.do(changeovers.decide, changeover, alone, Decision(STAY), by=stage.owner)
    stage.do(changeovers.decide, changeover, lost.id, Decision(CARRY, {"p/a": "p/b"}, accepts=True), by=stage.owner)
    stage.apply(changeover)
    _carried_and_taken_back(stage, changeover, lost, [*at_a, at_b])


def _carried_and_taken_back(stage, changeover, lost, cases):
    *at_a, at_b = cases
    assert [stage.tasks(case) for case in at_a] == [["a"], ["b"], ["b"]]
    assert [stage.number(case) for case in at_a] == [1, 2, 2]
    assert stage.sound()
    assert "不能再改" in stage.why(changeovers.decide, changeover, lost.id, Decision(STAY))
    assert "不能再分开" in stage.why(changeovers.set_apart, changeover, at_a[1])
    assert "已经让这一组换版" in stage.why(changeovers.apply, changeover, lost.id)
    assert "没有可以换版" in stage.why(changeovers.apply, changeover)
    page = stage.do(changeovers.cases, changeover, lost.id, by=stage.owner)
    assert {case.outcome for case in page.rows} == {"carried"}
    assert stage.do(changeovers.case, changeover, at_b, by=stage.owner).verdict == "unchanged"
    stage.undo(changeover)
    assert [stage.tasks(case) for case in at_a] == [["a"]] * 3
    assert "没有可以撤销" in stage.why(changeovers.undo, changeover)
    assert stage.sound()
    for case in at_a:
        stage.complete(case, "a")
        stage.complete(case, "b")
        assert stage.state(case) == "finished"
    assert stage.sound()


def test_a_renamed_step_keeps_its_task_with_all_that_hangs_on_it(stage):
    case = stage.play(start() + titled("a", "审核") + user("b", **ROLE) + end("e") + way("s a b e"))
    task = stage.task(case, "a")
    with transaction(stage.sessions) as session:
        session.execute(update(Task).where(Task.id == task).values(due_at=func.now()))
        row = {"instance": case, "task": task, "element": "a", "kind": "due", "roles": ["PRV_OFFICER"]}
        session.add(Reminder(**row, remind_at=func.now(), due_at=func.now()))
    changeover = stage.rehearse(p=RENAMED)
    (group,) = stage.groups(changeover)
    assert group.verdict == "mapped"
    stage.do(changeovers.decide, changeover, group.id, Decision(CARRY, _first(group), accepts=True), by=stage.owner)
    stage.apply(changeover)
    assert stage.task(case, "a2") == task
    assert stage.one(select(Reminder.element).where(Reminder.task == task)) == "a2"
    assert stage.sound()
    stage.undo(changeover)
    assert stage.task(case, "a") == task
    assert stage.one(select(Reminder.element).where(Reminder.task == task)) == "a"
    assert stage.sound()


def _first(group: changeovers.GroupView) -> dict[str, str]:
    return {step["key"]: step["candidates"][0]["key"] for step in group.steps if step["candidates"]}


def test_what_moved_on_since_the_rehearsal_stops_its_whole_group(stage):
    cases = [stage.play(LINE) for _ in range(2)]
    ended = stage.start("p")
    changeover = stage.rehearse(p=LONGER)
    assert not stage.do(lambda session, _: changeovers.rehearsed(session, "small", "other"))
    digest = stage.do(changeovers.show, changeover, by=stage.owner).digest
    assert stage.do(lambda session, _: changeovers.rehearsed(session, "small", digest))
    stage.complete(cases[0], "a")
    for element in ("a", "b"):
        stage.complete(ended, element)
    stage.apply(changeover)
    (group,) = stage.groups(changeover)
    assert group.state is GroupState.OPEN
    assert "重新演练" in group.refusal["zh"]
    assert [stage.number(case) for case in cases] == [1, 1]
    again = stage.do(changeovers.again, changeover, by=stage.owner)
    assert len(stage.groups(again)) == 2
    stage.apply(again)
    assert [stage.number(case) for case in cases] == [2, 2]
    stage.apply(changeover)
    (group,) = stage.groups(changeover)
    assert dict(group.outcomes) == {"elsewhere": 2, "ended": 1}
    assert stage.sound()


def test_two_owners_and_those_who_own_nothing(stage, actor):
    stage.play(LINE)
    changeover = stage.rehearse(p=LONGER)
    (group,) = stage.groups(changeover)
    stage.do(changeovers.apply, changeover, group.id, by=stage.owner)
    with pytest.raises(ChangeoverRefused) as told:
        stage.do(changeovers.apply, changeover, group.id, by=stage.other)
    assert stage.owner.name in told.value.facts["why"]["zh"]
    approver = actor("liushen")
    assert stage.do(changeovers.show, changeover, by=approver).busy
    for verb in (changeovers.apply, changeovers.undo, changeovers.stay_all, changeovers.again):
        with pytest.raises(NotAllowed):
            stage.do(verb, changeover, by=approver)
        with pytest.raises(NotFound):
            stage.do(verb, changeover)
    assert "正在换版" in stage.why(changeovers.decide, changeover, group.id, Decision(STAY))
    with pytest.raises(ChangeoverRefused):
        stage.do(changeovers.rehearse, "innovative-city", stage.do(_files, by=stage.owner), by=stage.owner)
    with pytest.raises(ModelRefused):
        stage.do(changeovers.rehearse, "small", {}, by=stage.owner)


def test_what_is_not_there_is_not_found(stage):
    stage.play(LINE)
    changeover = stage.rehearse(p=LONGER)
    for verb in (changeovers.set_apart, changeovers.undo_one, changeovers.case, changeovers.undo):
        with pytest.raises(NotFound):
            stage.do(verb, changeover, changeover, by=stage.owner)
    with pytest.raises(NotFound):
        stage.do(changeovers.decide, changeover, changeover, Decision(STAY), by=stage.owner)
    with pytest.raises(NotFound):
        changeovers.group_in(stage.do(changeovers.show, changeover, by=stage.owner), changeover)


def _files(session: Any, _: Any) -> dict[str, bytes]:
    return dict(processes.latest(session, "small").files)


def test_a_draft_is_rehearsed_before_it_is_deployed_and_waits_for_that(stage):
    case = stage.play(LINE)
    files = stage.do(_files, by=stage.owner)
    files["p.bpmn"] = drawn("p", LONGER)
    changeover = stage.do(changeovers.rehearse, "small", files, by=stage.owner)
    judging._programmes.clear()
    (group,) = stage.groups(changeover)
    stage.do(changeovers.decide, changeover, group.id, Decision(CARRY), by=stage.owner)
    assert "尚未部署" in stage.why(changeovers.apply, changeover)
    assert stage.do(changeovers.stay_all, changeover, by=stage.owner) == 1
    assert stage.number(case) == 1
    later = stage.start("p")
    view = stage.do(changeovers.show, changeover, by=stage.owner)
    assert (view.newer, view.count, view.number) == (1, 1, None)
    assert later != case
    assert [one.id for one in stage.do(changeovers.listing, "small", by=stage.owner)] == [changeover]
    assert stage.do(lambda session, _: changeovers.running(session, "small")) == 2


def test_what_a_changeover_takes_away_comes_back_with_its_draft_its_clocks_and_its_incidents(stage):
    body = start() + user("a", "b", **ROLE) + end("e") + parallel("x", "y") + way("s x a y b e", "x w y")
    body += user("w", **ROLE) + boundary("bell", "w", timer("P3D"), cancelActivity=False) + end("rung")
    body += way("bell rung")
    case = stage.play(body)
    task = stage.task(case, "w")
    stage.do(tasks.claim, task)
    stage.do(drafts.save, task, {"n": 1}, None)
    changeover = stage.rehearse(p=LINE)
    (group,) = stage.groups(changeover)
    asked = {step["key"]: DROP for step in group.steps if step["droppable"]}
    assert asked
    stage.do(changeovers.decide, changeover, group.id, Decision(CARRY, asked, accepts=True), by=stage.owner)
    stage.apply(changeover)
    assert stage.tasks(case) == ["a"]
    assert stage.all(select(Draft.answers).where(Draft.task == task)) == []
    stage.undo(changeover)
    assert stage.tasks(case) == ["a", "w"]
    assert stage.one(select(Draft.answers).where(Draft.task == task)) == {"n": 1}
    assert len(stage.all(select(Timer.id).where(Timer.instance == case))) == 1
    assert stage.sound()
    for element in ("w", "a", "b"):
        stage.complete(case, element)
    assert stage.state(case) == "finished"
    assert stage.sound()


def test_a_paused_case_is_carried_over_and_stays_paused(stage):
    case = stage.play(LINE)
    stage.do(operations.suspend, case, "审计")
    changeover = stage.rehearse(p=LONGER)
    stage.apply(changeover)
    assert (stage.number(case), stage.state(case)) == (2, "suspended")
    stage.do(operations.resume, case, "审计结束")
    stage.complete(case, "a")
    assert stage.tasks(case) == ["more"]


def test_a_damaged_case_is_blocked_and_does_not_stop_the_others(stage):
    cases = [stage.play(LINE) for _ in range(2)]
    with transaction(stage.sessions) as session:
        session.execute(update(Instance).where(Instance.id == cases[0]).values(envelope=b"2 x y"))
    changeover = stage.rehearse(p=LONGER)
    blocked, other = stage.groups(changeover)
    assert (blocked.verdict, blocked.plan) == ("blocked", STAY)
    assert "不能换版" in stage.why(changeovers.decide, changeover, blocked.id, Decision(CARRY))
    stage.apply(changeover)
    assert [stage.number(case) for case in cases] == [1, 2]
    assert other.id


def test_a_group_that_fails_for_an_unforeseen_reason_stands_as_it_stood(stage, monkeypatch):
    case = stage.play(LINE)
    changeover = stage.rehearse(p=LONGER)

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(crossings, "note", breaks)
        stage.apply(changeover)
    (group,) = stage.groups(changeover)
    assert (group.state, group.refusal) == (GroupState.OPEN, changeovers.FAILED)
    assert stage.number(case) == 1
    assert not stage.do(lambda session, _: changeovers.work(session, group.id))
    stage.apply(changeover, group.id)
    assert stage.number(case) == 2
    with transaction(stage.sessions) as session:
        task = stage.task(case, "a")
        changeovers.undo(session, stage.owner, changeover)
    stage.do(tasks.complete, task, {})
    duties.change_over(stage.sessions, None)  # type: ignore[arg-type]
    (group,) = stage.groups(changeover)
    assert group.state is GroupState.APPLIED
    assert stage.actor.name in group.refusal["zh"]
