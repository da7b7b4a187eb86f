"""Rejections: a task sent back to an earlier step, and an answer taken back, as people do it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine import clock, processes, rejections, runtime, tasks
from engine.errors import AnswersRefused, NotAllowed, NotFound, OperationRefused, TaskClaimed, TaskClosed
from engine.rejections import Rejection
from engine.tables import Event, Person, Task
from tests.support.returning import LINE, ROLE, back, claim, finish, told
from tests.support.shapes import (
    call,
    catch,
    end,
    exclusive,
    inclusive,
    many,
    message,
    parallel,
    send,
    service,
    start,
    sub,
    user,
    way,
    when,
)
from tests.support.stage import Stage

FORK = start() + user("a", "l", "k", "r", "z", **ROLE) + end("e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


def steps(stage, instance, element):
    task = claim(stage, instance, element)
    found = [row.element for row in stage.do(rejections.steps, task)]
    stage.do(tasks.release, task)
    return found


def test_a_task_is_sent_back_to_whoever_did_an_earlier_step(stage, other):
    instance = stage.play(LINE)
    stage.do(tasks.complete, stage.task(instance, "a"), {"n": 1}, by=other)
    stage.complete(instance, "b", n=2)
    runtime.forget()
    task = claim(stage, instance, "c")
    rows = stage.do(rejections.steps, task)
    assert [(row.element, row.who) for row in rows] == [("b", stage.actor.name), ("a", other.name)]
    stage.do(rejections.send_back, task, Rejection(rows[1].step, "数据有误"))
    again = stage.task(instance, "a")
    row = stage.do(lambda session, _: rejections.of_task(session, again))
    assert stage.one(select(Task.assignee).where(Task.id == again)) == other.id
    assert (row.before, row.fields, row.reason, row.attempt, row.source) == ({"n": 1}, [], "数据有误", 1, task)
    assert (row.sender, row.source_name) == (stage.actor.name, "c")
    assert stage.do(lambda session, _: rejections.of_task(session, task)) is None
    event = stage.one(select(Event).where(Event.kind == "task.returned"))
    assert (event.task, event.actor, event.data["to"]) == (task, stage.actor.id, "a")
    stage.do(tasks.complete, again, {"n": 5}, by=other)
    finish(stage, instance, "b", "c")


def test_only_the_fields_that_were_sent_back_may_change(stage, tmp_path):
    instance = stage.play(LINE)
    (tmp_path / "drawn" / "forms" / "any.form").write_text(
        """{"type": "default", "id": "any", "schemaVersion": 16, "components": [
        {"type": "number", "key": "n", "label": "n", "id": "F1", "layout": {"row": "R1"}},
        {"type": "group", "path": "figures", "id": "G", "components": [
          {"type": "number", "key": "A01", "label": "A01", "id": "F2", "layout": {"row": "R2"}},
          {"type": "number", "key": "A02", "label": "A02", "id": "F3", "layout": {"row": "R3"}}]}]}"""
    )
    stage.do(lambda session, _: processes.deploy(session, tmp_path / "drawn", "x"))
    instance = stage.start("p")
    stage.complete(instance, "a", n=1, figures={"A01": 3, "A02": 4})
    with pytest.raises(OperationRefused) as refusal:
        back(stage, instance, "b", "a", ["figures.A09"])
    assert "figures.A09" in told(refusal)
    stage.do(tasks.release, stage.task(instance, "b"))
    again = back(stage, instance, "b", "a", ["figures.A01"])
    with pytest.raises(AnswersRefused) as refused:
        stage.do(tasks.complete, again, {"n": 2, "figures": {"A01": 9, "A02": 4}})
    assert list(refused.value.facts["fields"]) == ["n"]
    with pytest.raises(AnswersRefused) as refused:
        stage.do(tasks.complete, again, {"n": 1, "figures": {"A01": 9}})
    assert list(refused.value.facts["fields"]) == ["figures.A02"]
    stage.do(tasks.complete, again, {"n": 1, "figures": {"A01": 9, "A02": 4}})
    assert stage.tasks(instance) == ["b"]


def test_the_rounds_of_a_step_are_limited(stage):
    instance = stage.play(LINE)
    stage.complete(instance, "a", n=1)
    for _ in range(3):
        back(stage, instance, "b", "a")
        stage.complete(instance, "a", n=2)
    with pytest.raises(OperationRefused) as refusal:
        back(stage, instance, "b", "a")
    assert "3次" in told(refusal)
    assert stage.tasks(instance) == ["b"]


def test_only_the_holder_sends_back_where_the_diagram_allows_it_and_says_why(stage, other, actor):
    body = start() + user("a", **ROLE) + user("b", **ROLE, **{"icity:actions": "transfer"}) + user("c", **ROLE)
    instance = stage.play(body + end("e") + way("s a b c e"))
    stage.complete(instance, "a")
    task = stage.task(instance, "b")
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.send_back, task, Rejection(0, "x"))
    assert "领取" in told(refusal)
    claim(stage, instance, "b")
    with pytest.raises(TaskClaimed):
        stage.do(rejections.send_back, task, Rejection(0, "x"), by=other)
    with pytest.raises(NotFound):
        stage.do(rejections.send_back, task, Rejection(0, "x"), by=actor("shentu"))
    with pytest.raises(OperationRefused):
        stage.do(rejections.send_back, task, Rejection(0, " "))
    with pytest.raises(NotAllowed):
        stage.do(rejections.send_back, task, Rejection(1, "x"))
    stage.complete(instance, "b")
    with pytest.raises(TaskClosed):
        stage.do(rejections.send_back, task, Rejection(1, "x"))
    with pytest.raises(OperationRefused):
        stage.do(rejections.send_back, claim(stage, instance, "c"), Rejection(99, "x"))


def test_whoever_may_no_longer_do_the_step_is_not_given_it(stage, other):
    instance = stage.play(LINE)
    stage.do(tasks.complete, stage.task(instance, "a"), {"n": 1}, by=other)
    stage.do(lambda session, _: session.execute(update(Person).where(Person.id == other.id).values(active=False)))
    again = back(stage, instance, "b", "a")
    assert stage.one(select(Task.assignee).where(Task.id == again)) is None


def test_a_task_behind_a_join_goes_back_into_one_branch_and_the_other_waits_at_the_join(stage):
    instance = stage.play(FORK + parallel("f", "j") + way("s a f l k j z e", "f r j"))
    for element in "alkr":
        stage.complete(instance, element)
    back(stage, instance, "z", "l")
    assert stage.tasks(instance) == ["l"]
    stage.complete(instance, "l")
    assert steps(stage, instance, "k") == ["l", "a"]
    stage.complete(instance, "k")
    assert steps(stage, instance, "z") == ["k", "l", "r", "a"]
    back(stage, instance, "z", "r")
    assert stage.tasks(instance) == ["r"]
    finish(stage, instance, "r", "z")


def test_a_task_in_a_branch_goes_back_before_the_split_and_takes_the_other_branch_along(stage):
    instance = stage.play(FORK + parallel("f", "j") + way("s a f l k j z e", "f r j"))
    for element in "alr":
        stage.complete(instance, element)
    assert steps(stage, instance, "k") == ["l", "a"]
    back(stage, instance, "k", "a")
    assert stage.tasks(instance) == ["a"]
    finish(stage, instance, *"alkrz")


def test_an_inclusive_join_waits_again_for_the_one_that_is_done_again(stage):
    body = FORK + inclusive("f", default="f_k") + inclusive("j")
    body += way("s a f k j z e", "l j", "r j") + when("f", "l", "=true") + when("f", "r", "=true")
    instance = stage.play(body)
    for element in "alr":
        stage.complete(instance, element)
    back(stage, instance, "z", "l")
    assert stage.tasks(instance) == ["l"]
    finish(stage, instance, "l", "z")


def test_a_branch_that_went_round_a_loop_is_left_alone_by_a_return_in_the_other(stage):
    """The flows lead from `l` round to `k`, but this time `k` did not come from it."""
    body = start() + user("l", "k", "r", **ROLE) + exclusive("m") + parallel("f", "j") + end("e")
    body += exclusive("g", default="g_m")
    instance = stage.play(body + way("s m f l j g m", "f r k j") + when("g", "e", "=false"))
    stage.complete(instance, "l")
    stage.complete(instance, "r")
    stage.complete(instance, "k")
    stage.complete(instance, "l")
    stage.complete(instance, "r")
    stage.do(
        rejections.withdraw, stage.all(select(Task.id).where(Task.element == "l").order_by(Task.ended_at))[-1], "x"
    )
    assert stage.tasks(instance) == ["k", "l"]


def test_a_return_into_a_sub_process_brings_back_what_waited_at_its_join(stage):
    inner = start("is") + user("i", "h", **ROLE) + parallel("f", "j") + end("ie") + way("is f i j ie", "f h j")
    instance = stage.play(start() + sub("sp", inner) + user("after", **ROLE) + end("e") + way("s sp after e"))
    stage.complete(instance, "i")
    stage.complete(instance, "h")
    back(stage, instance, "after", "i")
    assert stage.tasks(instance) == ["i"]
    finish(stage, instance, "i", "after")


def test_a_return_out_of_a_called_process_takes_it_away_and_comes_again(stage):
    stage.deploy(
        p=start() + user("a", **ROLE) + call("c") + end("e") + way("s a c e"),
        q=start("is") + user("i", "h", **ROLE) + end("ie") + way("is i h ie"),
    )
    instance = stage.start("p")
    stage.complete(instance, "a")
    stage.complete(instance, "i")
    assert steps(stage, instance, "h") == ["i", "a"]
    back(stage, instance, "h", "a")
    assert stage.tasks(instance) == ["a"]
    finish(stage, instance, "a", "i", "h")


def test_what_several_did_is_done_again_by_all_of_them(stage, other):
    body = start() + user("v", **ROLE, inner=many("=[1, 2]", outputCollection="told")) + user("z", **ROLE)
    instance = stage.play(body + end("e") + way("s v z e"))
    stage.do(tasks.complete, stage.task(instance, "v"), {}, by=other)
    stage.complete(instance, "v")
    back(stage, instance, "z", "v")
    assert stage.tasks(instance) == ["v", "v"]
    holders = stage.all(select(Task.assignee).where(Task.state == "open"))
    assert set(holders) == {stage.actor.id, other.id}
    for task, holder in stage.do(
        lambda session, _: session.execute(select(Task.id, Task.assignee).where(Task.state == "open")).all()
    ):
        stage.do(tasks.complete, task, {}, by=other if holder == other.id else None)
    finish(stage, instance, "z")


def test_one_of_several_sends_the_whole_back(stage):
    body = start() + user("a", **ROLE) + user("v", **ROLE, inner=many("=[1, 2]")) + end("e") + way("s a v e")
    instance = stage.play(body)
    stage.complete(instance, "a")
    stage.complete(instance, "v")
    back(stage, instance, "v", "a")
    assert stage.tasks(instance) == ["a"]
    finish(stage, instance, "a", "v", "v")


@pytest.mark.parametrize(
    ("between", "why"),
    [
        (send("t", inner=""), "已发出"),
        (catch("t", message(), correlation='="k"'), "已收到"),
        (service("t", operator="open round"), "登记"),
    ],
)
def test_nothing_goes_back_before_what_cannot_be_undone(stage, between, why):
    body = start() + user("a", **ROLE) + between + user("b", **ROLE) + user("z", **ROLE) + end("e")
    body = body.replace('id="t"', 'id="t" icity:correlation="=&quot;k&quot;"') if "sendTask" in between else body
    instance = stage.play(body + way("s a t b z e"))
    done = stage.task(instance, "a")
    stage.complete(instance, "a")
    move_on(stage, instance)
    task = claim(stage, instance, "b")
    assert stage.do(rejections.steps, task) == []
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.send_back, task, Rejection(1, "x"))
    assert why in told(refusal)
    stage.do(tasks.release, task)
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.withdraw, done, "x")
    assert why in told(refusal)
    assert stage.tasks(instance) == ["b"]


def move_on(stage, instance):
    """Let what is waited for come, and settle what failed."""

    def pushed(session, actor):
        with runtime.operated(session, actor, instance, "x") as running:
            for wait in running.before.waits.values():
                running.deliver(wait.task, {}, wait.element)
            for failed in running.before.failures:
                running.settle(failed, {})

    stage.do(pushed)


# The clock


DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
<decision id="deadline" name="deadline"><variable name="deadline"/><decisionTable hitPolicy="UNIQUE">
<input><inputExpression><text>task_key</text></inputExpression></input>
<output name="days"/><output name="unit"/>
<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>5</text></outputEntry>
<outputEntry><text>"cal"</text></outputEntry></rule></decisionTable></decision></definitions>"""


def test_the_clock_of_the_sender_stands_still_while_the_work_is_away(stage, tmp_path):
    (tmp_path / "drawn").mkdir(exist_ok=True)
    (tmp_path / "drawn" / "d.dmn").write_text(DMN)
    body = start() + user("a", **ROLE, deadline="A") + user("b", **ROLE, deadline="B") + end("e") + way("s a b e")
    instance = stage.play(body)
    begun = clock.now()
    stage.complete(instance, "a")
    clock.travel(begun + timedelta(days=2))
    back(stage, instance, "b", "a")
    fresh = due(stage, instance, "a") - begun
    assert fresh > timedelta(days=6.5)
    clock.travel(begun + timedelta(days=12))
    stage.complete(instance, "a")
    left = due(stage, instance, "b") - begun
    assert timedelta(days=14.5) < left < timedelta(days=16)
    stage.complete(instance, "b")
    assert stage.sound()


def due(stage, instance, element):
    return stage.one(select(Task.due_at).where(Task.id == stage.task(instance, element)))
