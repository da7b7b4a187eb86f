"""Colleagues sign before a task is finished or after it is answered; one refusal brings it back to its owner."""

import pytest
from sqlalchemy import func, select

from engine import actions, handovers, inbox, operations, rejections, runtime, signs, tasks
from engine.db import transaction
from engine.errors import (
    AnswersRefused,
    InstanceSuspended,
    NotAllowed,
    OperationRefused,
    TaskBound,
    TaskClosed,
)
from engine.handovers import Handing
from engine.signs import Order
from engine.tables import Draft, Event, Sign, Task
from tests.support.shapes import boundary, end, many, message, start, user, way
from tests.support.signing import AFTER, BEFORE, REFUSED, ask, give, opened
from tests.support.stage import Stage

SEVERAL = start() + user("a", role="PRV_OFFICER", inner=many()) + end("e") + way("s a e")
RECALLED = (
    start()
    + user("a", role="PRV_OFFICER")
    + user("b", role="PRV_OFFICER")
    + boundary("call", "a", message())
    + end("e", "e1")
    + way("s a e", "call b e1")
)


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


@pytest.fixture
def lead(actor):
    return actor("tingzhang")


@pytest.fixture
def clerk(actor):
    return actor("shouli")


def states(stage, task):
    return [(row.person_name, row.state) for row in stage.do(signs.of_task, task)]


def asked(stage, who):
    """Return the tasks on which a sign is asked of somebody now: by the verb, and as the list of work shows it."""
    rows = [row.task for row in stage.do(signs.mine, by=who).rows]
    listed = [row.id for row in stage.do(inbox.mine, by=who).rows if row.kind == "sign"]
    assert sorted(map(str, rows)) == sorted(map(str, listed))
    return rows


def test_the_owner_finishes_once_everybody_asked_before_has_agreed(stage, lead, clerk):
    instance, task = opened(stage)
    one, two = ask(stage, task, BEFORE, lead, clerk)
    assert stage.one(select(Task.assignee).where(Task.id == task)) == stage.actor.id
    assert asked(stage, lead) == asked(stage, clerk) == [task]
    with pytest.raises(TaskBound) as bound:
        stage.do(tasks.complete, task, {"n": 1})
    assert "韩厅长" in bound.value.facts["why"]["zh"]
    assert give(stage, one, lead) == []
    with pytest.raises(TaskBound):
        stage.do(tasks.complete, task, {"n": 1})
    give(stage, two, clerk)
    assert asked(stage, lead) == []
    stage.do(tasks.complete, task, {"n": 1})
    assert stage.tasks(instance) == ["b"]
    assert stage.sound()


def test_in_turn_the_next_is_asked_when_the_one_before_has_agreed(stage, lead, clerk):
    _, task = opened(stage)
    one, two = ask(stage, task, BEFORE, lead, clerk, order=Order.IN_TURN)
    assert (asked(stage, lead), asked(stage, clerk)) == ([task], [])
    with pytest.raises(TaskBound):
        give(stage, two, clerk)
    give(stage, one, lead)
    assert (asked(stage, lead), asked(stage, clerk)) == ([], [task])
    give(stage, two, clerk)
    stage.do(tasks.complete, task, {"n": 1})


def test_a_refusal_before_holds_the_owner_until_the_same_person_agrees(stage, lead, clerk):
    _, task = opened(stage)
    one, two = ask(stage, task, BEFORE, lead, clerk, order=Order.IN_TURN)
    give(stage, one, lead, REFUSED)
    assert asked(stage, clerk) == []
    with pytest.raises(TaskBound):
        stage.do(tasks.complete, task, {"n": 1})
    (again,) = ask(stage, task, BEFORE, lead)
    assert asked(stage, clerk) == []
    give(stage, again, lead)
    give(stage, two, clerk)
    assert states(stage, task) == [("韩厅长", "refused"), ("沈受理", "agreed"), ("韩厅长", "agreed")]
    stage.do(tasks.complete, task, {"n": 1})


def test_a_refusal_that_the_owner_sets_aside_no_longer_holds_the_task(stage, lead):
    _, task = opened(stage)
    (one,) = ask(stage, task, BEFORE, lead)
    give(stage, one, lead, REFUSED)
    stage.do(signs.take_back, one, "已当面说明")
    stage.do(tasks.complete, task, {"n": 1})
    kept = stage.one(select(Sign.opinion).where(Sign.id == one))
    assert kept == "看过了"


def test_signs_after_hold_the_checked_answers_and_the_last_one_finishes_the_step_once(stage, lead, clerk):
    instance, task = opened(stage)
    one, two = ask(stage, task, AFTER, lead, clerk)
    assert asked(stage, lead) == []
    with pytest.raises(TaskBound):
        give(stage, one, lead)
    with pytest.raises(AnswersRefused):
        stage.do(tasks.complete, task, {"n": "x"})
    done = stage.do(tasks.complete, task, {"n": 7})
    assert (done.next, sorted(done.waits_for)) == ([], ["沈受理", "韩厅长"])
    assert stage.tasks(instance) == ["a"]
    assert asked(stage, lead) == [task]
    assert stage.do(tasks.show, task, by=lead).data == {"n": 7}
    for verb, given in ((tasks.complete, ({"n": 8},)), (tasks.release, ())):
        with pytest.raises(TaskBound):
            stage.do(verb, task, *given)
    assert give(stage, one, lead) == []
    assert give(stage, two, clerk) == ["b"]
    row = stage.one(select(Task).where(Task.id == task))
    assert (row.state, row.answers, row.ended_by) == ("completed", {"n": 7}, stage.actor.id)
    assert stage.tasks(instance) == ["b"]
    with pytest.raises(TaskClosed):
        give(stage, two, clerk)
    assert stage.kinds(instance).count("task.completed") == 1
    assert stage.kinds(instance).count("task.held") == 1
    assert stage.sound()


def test_a_refusal_after_lets_the_owner_answer_anew_and_everybody_signs_again(stage, lead, clerk):
    instance, task = opened(stage)
    one, two = ask(stage, task, AFTER, lead, clerk, order=Order.IN_TURN)
    stage.do(tasks.complete, task, {"n": 7})
    give(stage, one, lead)
    give(stage, two, clerk, REFUSED)
    assert asked(stage, lead) == asked(stage, clerk) == []
    row = stage.one(select(Task).where(Task.id == task))
    assert (row.answers, row.answered_by, row.assignee) == (None, None, stage.actor.id)
    stage.do(tasks.complete, task, {"n": 8})
    assert (asked(stage, lead), asked(stage, clerk)) == ([task], [])
    for who in (lead, clerk):
        (sign,) = [row.id for row in stage.do(signs.mine, by=who).rows]
        give(stage, sign, who)
    assert stage.one(select(Task.answers).where(Task.id == task)) == {"n": 8}
    assert stage.tasks(instance) == ["b"]
    assert stage.sound()


def withdrawing(stage, task, by=None):
    """Return why an answer is not taken back now, None where it may be."""
    return next(one.why for one in stage.do(actions.allowed, task, by=by) if one.key == "withdraw")


def test_an_answer_that_waits_for_signs_is_taken_back_until_the_first_of_them(stage, lead, clerk, other):
    instance, task = opened(stage)
    ask(stage, task, AFTER, lead, clerk, order=Order.IN_TURN)
    assert "办结以后" in withdrawing(stage, task)["zh"]
    stage.do(tasks.complete, task, {"n": 7})
    assert withdrawing(stage, task) is None
    assert "自己" in withdrawing(stage, task, other)["zh"]
    for who, reason in ((other, "替他撤回"), (stage.actor, " ")):
        with pytest.raises(OperationRefused):
            stage.do(rejections.withdraw, task, reason, by=who)
    assert stage.do(rejections.withdraw, task, "填错了") == task
    assert asked(stage, lead) == asked(stage, clerk) == []
    row = stage.one(select(Task).where(Task.id == task))
    assert (row.state, row.answers, row.answered_by, row.assignee) == ("open", None, None, stage.actor.id)
    assert stage.one(select(Draft.answers).where(Draft.task == task)) == {"n": 7}
    assert stage.one(select(Event.data).where(Event.kind == "task.withdrawn"))["reason"] == "填错了"
    assert stage.tasks(instance) == ["a"]


def test_what_was_taken_back_is_signed_anew_and_stays_once_somebody_has(stage, lead, clerk):
    instance, task = opened(stage)
    one, _two = ask(stage, task, AFTER, lead, clerk, order=Order.IN_TURN)
    stage.do(tasks.complete, task, {"n": 7})
    stage.do(rejections.withdraw, task, "填错了")
    stage.do(tasks.complete, task, {"n": 8})
    assert (asked(stage, lead), asked(stage, clerk)) == ([task], [])
    give(stage, one, lead)
    told = withdrawing(stage, task)
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.withdraw, task, "又想改")
    assert refusal.value.facts["why"] == told
    assert "签署" in told["zh"]
    (last,) = [row.id for row in stage.do(signs.mine, by=clerk).rows]
    assert give(stage, last, clerk) == ["b"]
    assert stage.one(select(Task.answers).where(Task.id == task)) == {"n": 8}
    assert stage.tasks(instance) == ["b"]
    assert stage.sound()


def test_a_sign_of_an_answer_before_does_not_hold_the_next_one(stage, lead, clerk):
    _, task = opened(stage)
    one, two = ask(stage, task, AFTER, lead, clerk)
    stage.do(tasks.complete, task, {"n": 7})
    give(stage, one, lead)
    give(stage, two, clerk, REFUSED)
    stage.do(tasks.complete, task, {"n": 8})
    assert withdrawing(stage, task) is None
    assert stage.do(rejections.withdraw, task, "再改一次") == task


def test_where_the_diagram_forbids_it_an_answer_that_waits_is_not_taken_back(stage, lead):
    drawn = user("a", role="PRV_OFFICER", **{"icity:actions": "sign"})
    _, task = opened(stage, start() + drawn + end("e") + way("s a e"))
    ask(stage, task, AFTER, lead)
    stage.do(tasks.complete, task, {"n": 7})
    with pytest.raises(NotAllowed):
        stage.do(rejections.withdraw, task, "填错了")
    assert "withdraw" not in {one.key for one in stage.do(actions.allowed, task)}


def test_taking_the_last_missing_sign_back_finishes_what_was_answered(stage, lead, clerk):
    instance, task = opened(stage)
    one, two = ask(stage, task, AFTER, lead, clerk)
    stage.do(tasks.complete, task, {"n": 7})
    assert stage.do(signs.take_back, one, "不必了") == []
    assert stage.do(signs.take_back, two, "不必了") == ["b"]
    assert stage.tasks(instance) == ["b"]
    assert stage.sound()


def test_only_the_owner_takes_a_sign_back_and_only_while_it_is_missing(stage, other, lead):
    _, task = opened(stage)
    (one,) = ask(stage, task, BEFORE, lead)
    for person in (other, lead):
        with pytest.raises(NotAllowed):
            stage.do(signs.take_back, one, "不必", by=person)
    with pytest.raises(OperationRefused):
        stage.do(signs.take_back, one, " ")
    give(stage, one, lead)
    with pytest.raises(TaskBound):
        stage.do(signs.take_back, one, "不必")


def test_signs_follow_a_task_that_is_given_to_somebody_else(stage, other, lead):
    _, task = opened(stage)
    (one,) = ask(stage, task, BEFORE, lead)
    stage.do(handovers.transfer, task, Handing(other.id, "出差"))
    with pytest.raises(TaskBound):
        stage.do(tasks.complete, task, {"n": 1}, by=other)
    give(stage, one, lead)
    stage.do(tasks.complete, task, {"n": 1}, by=other)


def test_reassigning_what_waits_for_signs_gives_it_to_the_new_owner_unanswered(stage, actor, other, lead):
    instance, task = opened(stage)
    (one,) = ask(stage, task, AFTER, lead)
    stage.do(tasks.complete, task, {"n": 7})
    stage.do(tasks.reassign, task, tasks.Assignment("换人", assignee=other.id), by=actor("admin"))
    with pytest.raises(TaskBound):
        give(stage, one, lead)
    stage.do(tasks.complete, task, {"n": 8}, by=other)
    assert give(stage, one, lead) == ["b"]
    assert stage.one(select(Task.answers).where(Task.id == task)) == {"n": 8}
    assert stage.tasks(instance) == ["b"]


@pytest.mark.parametrize("ending", ["terminate", "interrupt", "suspend"])
def test_what_is_no_longer_open_asks_nobody_for_a_sign(stage, actor, lead, ending):
    instance, task = opened(stage, RECALLED)
    (one,) = ask(stage, task, AFTER, lead)
    stage.do(tasks.complete, task, {})
    keeper = actor("admin")
    if ending == "interrupt":
        from_diagram(stage, instance)
        assert stage.tasks(instance) == ["b"]
    else:
        stage.do(getattr(operations, ending), instance, "停", by=keeper)
    assert stage.do(signs.mine, by=lead).rows == []
    with pytest.raises((TaskClosed, InstanceSuspended)):
        give(stage, one, lead)
    if ending == "suspend":
        stage.do(operations.resume, instance, "好", by=keeper)
        give(stage, one, lead)
        assert stage.state(instance) == "finished"
    assert stage.sound()


def test_signs_leave_the_tokens_of_a_repeated_step_alone(stage, lead):
    instance, _task = opened(stage, SEVERAL)
    first, second, third = stage.all(select(Task.id).where(Task.instance == instance))
    (one,) = ask(stage, first, AFTER, lead)
    (two,) = ask(stage, second, BEFORE, lead)
    for task in (first, third):
        stage.do(tasks.complete, task, {})
    assert len(stage.tasks(instance)) == 2
    give(stage, two, lead)
    stage.do(tasks.complete, second, {})
    give(stage, one, lead)
    assert stage.state(instance) == "finished"
    assert stage.sound()


def test_long_lists_of_signs_come_page_by_page(stage, lead):
    found = []
    for _ in range(3):
        _, task = opened(stage)
        ask(stage, task, BEFORE, lead)
        found.append(task)
    page = stage.do(signs.mine, None, 2, by=lead)
    rest = stage.do(signs.mine, page.next, 2, by=lead)
    assert [row.task for row in [*page.rows, *rest.rows]] == found
    assert rest.next is None
    assert stage.one(select(func.count()).select_from(Event).where(Event.kind == "sign.asked")) == 3


def from_diagram(stage, instance):
    """Let a message interrupt the task of an instance."""
    with transaction(stage.sessions) as session, runtime.opened(session, instance) as running:
        ((task, element),) = [(wait.task, wait.element) for wait in running.before.waits.values()]
        assert running.deliver(task, {}, element)
