"""Actions: what a task offers whom, and why not where the moment forbids it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from engine import actions, clock, instances, operations, rejections, tasks, urges
from engine.errors import InstanceEnded, NotAllowed, NotFound, OperationRefused
from engine.rejections import Rejection
from tests.support.shapes import end, many, start, user, way
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}
EVERYTHING = {"icity:actions": "seat terminate cancel copy urge withdraw sign delegate transfer return"}
LINE = start() + user("a", "b", "c", **ROLE) + end("e") + way("s a b c e")
DEFAULT = ["complete", "return", "transfer", "delegate", "sign", "withdraw", "urge", "copy", "terminate"]


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def other(actor):
    return actor("jingban2")


def offered(stage, task, by=None):
    return {one.key: one for one in stage.do(actions.allowed, task, by=by)}


def free(stage, task, by=None):
    """Return what may be done at once."""
    return [key for key, one in offered(stage, task, by).items() if one.why is None]


def why(stage, task, key, by=None):
    return offered(stage, task, by)[key].why["zh"]


def test_they_come_in_one_order_and_only_those_that_the_diagram_allows(stage):
    body = start() + user("a", **ROLE, **EVERYTHING) + user("b", **ROLE, **{"icity:actions": ""}) + end("e")
    instance = stage.play(body + way("s a b e"))
    assert list(offered(stage, stage.task(instance, "a"))) == list(actions.ACTIONS)
    stage.complete(instance, "a")
    assert list(offered(stage, stage.task(instance, "b"))) == ["complete"]
    plain = stage.play(LINE)
    assert list(offered(stage, stage.task(plain, "a"))) == [one for one in DEFAULT if one != "terminate"]


def test_an_opinion_is_asked_for_where_a_reason_is_due_or_the_diagram_wants_one(stage):
    body = start() + user("a", **ROLE, **EVERYTHING, **{"icity:opinion": "complete copy"}) + end("e") + way("s a e")
    found = offered(stage, stage.task(stage.play(body), "a"))
    wanted = {"complete", "return", "transfer", "delegate", "sign", "copy", "seat", "cancel", "terminate"}
    assert {key for key, one in found.items() if one.opinion} == wanted


def test_what_the_moment_forbids_is_told(stage, other):
    friday = datetime(2026, 11, 20, 2, tzinfo=UTC)
    clock.travel(friday)
    instance = stage.play(LINE)
    task = stage.task(instance, "a")
    assert "领取" in why(stage, task, "complete")
    stage.do(tasks.claim, task)
    assert free(stage, task) == ["complete", "transfer", "delegate", "sign", "copy"]
    assert "没有可以退回" in why(stage, task, "return")
    assert "自己" in why(stage, task, "urge")
    assert "他人" in why(stage, task, "complete", other)
    assert "urge" in free(stage, task, other)
    stage.do(urges.urge, task, "请抓紧", by=other)
    for days_later in range(3):  # Saturday and Sunday count with the Friday before them
        clock.travel(friday + timedelta(days=days_later))
        assert "催办过" in why(stage, task, "urge", other)
    clock.travel(friday + timedelta(days=3))
    assert "urge" in free(stage, task, other)
    stage.do(operations.suspend, instance, "x")
    assert "暂停" in why(stage, task, "complete")
    stage.do(operations.resume, instance, "x")
    stage.complete(instance, "a")
    assert "办结" in why(stage, task, "complete")


def test_what_they_say_is_what_the_verbs_do(stage, other):
    """Wherever an answer may be taken back or a task sent back, it can be; where not, the verb refuses alike."""
    instance = stage.play(LINE)
    first = stage.task(instance, "a")
    stage.do(tasks.claim, first)
    stage.complete(instance, "a")
    assert "withdraw" in free(stage, first)
    assert "自己" in why(stage, first, "withdraw", other)
    second = stage.task(instance, "b")
    stage.do(tasks.claim, second, by=other)
    told = why(stage, first, "withdraw")
    with pytest.raises(OperationRefused) as refusal:
        stage.do(rejections.withdraw, first, "x")
    assert refusal.value.facts["why"]["zh"] == told
    assert "return" in free(stage, second, other)
    (row,) = stage.do(rejections.steps, second, by=other)
    stage.do(rejections.send_back, second, Rejection(row.step, "x"), by=other)
    assert stage.tasks(instance) == ["a"]
    for element in "abc":
        stage.complete(instance, element)
    assert "结束" in why(stage, first, "withdraw")
    assert "结束" in why(stage, first, "urge")


def test_it_costs_two_statements_at_most(stage):
    instance = stage.play(LINE)
    done = stage.task(instance, "a")
    stage.complete(instance, "a")
    task = stage.task(instance, "b")
    stage.do(tasks.claim, task)
    for one in (done, task):
        offered(stage, one)
        assert statements(stage, lambda one=one: offered(stage, one)) <= 2


def statements(stage, act):
    counted = []
    engine = stage.sessions.kw["bind"]
    listener = lambda *_: counted.append(1)  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    return len(counted)


def test_what_one_may_not_see_offers_nothing(stage, actor):
    task = stage.task(stage.play(LINE), "a")
    with pytest.raises(NotFound):
        stage.do(actions.allowed, task, by=actor("shentu"))


def test_seats_are_offered_where_several_answer(stage):
    body = start() + user("v", **ROLE, **EVERYTHING, inner=many()) + user("z", **ROLE, **EVERYTHING) + end("e")
    instance = stage.play(body + way("s v z e"))
    assert "seat" in free(stage, stage.task(instance, "v"))
    for _ in range(3):
        stage.complete(instance, "v")
    assert "会签" in why(stage, stage.task(instance, "z"), "seat")


def test_the_starter_calls_off_until_somebody_else_acts(stage, other):
    started = stage.do(lambda session, who: instances.start(session, who, application(stage)), by=other)
    task = stage.task(started, "a")
    assert "cancel" in free(stage, task, other)
    assert "cancel" not in offered(stage, task)
    stage.complete(started, "a")
    assert "他人" in why(stage, stage.task(started, "b"), "cancel", other)
    with pytest.raises(OperationRefused):
        stage.do(instances.cancel, started, "不办了", by=other)
    again = stage.do(lambda session, who: instances.start(session, who, application(stage)), by=other)
    with pytest.raises(NotAllowed):
        stage.do(instances.cancel, again, "不办了")
    with pytest.raises(OperationRefused):
        stage.do(instances.cancel, again, " ", by=other)
    stage.do(instances.cancel, again, "不办了", by=other)
    assert stage.state(again) == "cancelled"
    with pytest.raises(InstanceEnded):
        stage.do(instances.cancel, again, "不办了", by=other)
    assert stage.sound()


def application(stage):
    stage.deploy(p=LINE)
    return instances.Application("small", "p", "某案")


@pytest.mark.parametrize(("verb", "state"), [(instances.cancel, "cancelled"), (instances.terminate, "terminated")])
def test_whoever_does_a_task_ends_the_case_where_the_diagram_lets_them(stage, other, verb, state):
    body = start() + user("a", **ROLE, **EVERYTHING) + user("b", **ROLE) + end("e") + way("s a b e")
    instance = stage.play(body)
    task = stage.task(instance, "a")
    with pytest.raises(NotAllowed):
        stage.do(verb, instance, "x")
    stage.do(tasks.claim, task)
    assert {"cancel", "terminate"} <= set(free(stage, task))
    assert not {"cancel", "terminate"} & set(free(stage, task, other))
    with pytest.raises(NotAllowed):
        stage.do(verb, instance, "x", by=other)
    stage.do(verb, instance, "x")
    assert stage.state(instance) == state
    assert stage.sound()
