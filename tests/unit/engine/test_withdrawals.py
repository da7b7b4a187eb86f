"""Answers taken back: until the next person acts, and only by whoever gave them."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import rejections, runtime, tasks
from engine.errors import InstanceEnded, NotAllowed, NotFound, OperationRefused
from engine.tables import Draft, Event, Task
from tests.support.returning import ASKS, LINE, ROLE, back, claim, finish, told
from tests.support.shapes import end, many, parallel, start, sub, user, way
from tests.support.stage import Stage


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


def test_an_answer_is_taken_back_until_the_next_person_acts(stage, other):
    instance = stage.play(LINE, x={"n": 0})
    task = claim(stage, instance, "a")
    stage.complete(instance, "a", n=1)
    runtime.forget()
    with pytest.raises(OperationRefused):
        stage.do(rejections.withdraw, task, "x", by=other)
    again = stage.do(rejections.withdraw, task, "填错了")
    assert stage.tasks(instance) == ["a"]
    assert stage.one(select(Task.assignee).where(Task.id == again)) == stage.actor.id
    assert stage.one(select(Draft.answers).where(Draft.task == again)) == {"n": 1}
    assert stage.do(lambda session, _: runtime.peek(session, instance).data()) == {"x": {"n": 0}}
    assert stage.one(select(Event.data).where(Event.kind == "task.withdrawn"))["reason"] == "填错了"


def test_no_answer_is_taken_back_once_somebody_went_on(stage, other):
    instance = stage.play(LINE)
    stage.complete(instance, "a", n=2)
    done = stage.all(select(Task.id).where(Task.element == "a", Task.state == "completed").order_by(Task.ended_at))[-1]
    claim(stage, instance, "b", other)
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.withdraw, done, "x")
    assert "领取" in told(refusal)
    stage.do(tasks.complete, stage.task(instance, "b"), {"n": 1}, by=other)
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.withdraw, done, "x")
    assert "已办理" in told(refusal)
    stage.complete(instance, "c", n=1)
    with pytest.raises(InstanceEnded):
        stage.do(rejections.withdraw, done, "x")
    with pytest.raises(NotFound):
        stage.do(rejections.withdraw, uuid4(), "x")


def test_no_answer_is_taken_back_once_one_of_several_has_answered_behind_it(stage):
    body = start() + user("a", **ROLE) + user("v", **ROLE, inner=many("=[1, 2]")) + end("e") + way("s a v e")
    instance = stage.play(body)
    done = stage.task(instance, "a")
    stage.complete(instance, "a")
    stage.complete(instance, "v")
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.withdraw, done, "x")
    assert "已办理" in told(refusal)
    assert stage.tasks(instance) == ["v"]


def test_no_answer_is_taken_back_once_somebody_has_answered_inside_a_sub_process_behind_it(stage):
    inner = start("is") + user("i", "h", **ROLE) + end("ie") + way("is i h ie")
    instance = stage.play(start() + user("a", **ROLE) + sub("sp", inner) + end("e") + way("s a sp e"))
    done = stage.task(instance, "a")
    stage.complete(instance, "a")
    stage.complete(instance, "i")
    with pytest.raises(OperationRefused):
        stage.do(rejections.withdraw, done, "x")
    back(stage, instance, "h", "i")
    with pytest.raises(OperationRefused):
        stage.do(rejections.withdraw, done, "x")
    assert stage.tasks(instance) == ["i"]


def test_in_a_sub_process_that_was_opened_again_what_was_done_before_still_counts(stage):
    inner = start("is") + user("i", "h", **ROLE) + end("ie") + way("is i h ie")
    body = start() + parallel("f", "j") + sub("sp", inner) + user("r", **ROLE) + end("e") + way("s f sp j e", "f r j")
    instance = stage.play(body)
    stage.complete(instance, "i")
    done = stage.task(instance, "h")
    stage.complete(instance, "h")
    stage.do(rejections.withdraw, done, "x")
    assert stage.tasks(instance) == ["h", "r"]
    task = stage.task(instance, "h")
    assert [row.element for row in stage.do(rejections.steps, task)] == ["i"]
    stage.complete(instance, "h")
    finish(stage, instance, "r")


def test_what_another_branch_wrote_since_stays_when_an_answer_is_taken_back(stage):
    body = start() + parallel("f", "j") + user("l", **ASKS, result="x") + user("r", **ASKS, result="y")
    instance = stage.play(body + user("z", **ROLE) + end("e") + way("s f l j z e", "f r j"), x=0, y=0)
    done = stage.task(instance, "l")
    stage.complete(instance, "l", n=1)
    stage.complete(instance, "r", n=2)
    stage.do(rejections.withdraw, done, "x")
    assert stage.do(lambda session, _: runtime.peek(session, instance).data()) == {"x": 0, "y": {"n": 2}}
    assert stage.tasks(instance) == ["l"]
    stage.complete(instance, "l", n=3)
    finish(stage, instance, "z")


def test_where_the_diagram_does_not_let_it_no_answer_is_taken_back(stage):
    body = start() + user("a", **ROLE, **{"icity:actions": ""}) + user("b", **ROLE) + end("e") + way("s a b e")
    instance = stage.play(body)
    done = stage.task(instance, "a")
    stage.complete(instance, "a")
    with pytest.raises(NotAllowed):
        stage.do(rejections.withdraw, done, "x")
    with pytest.raises(OperationRefused):
        stage.do(rejections.withdraw, done, "")
