"""Starts: messages, moments and conditions that begin an instance by themselves, each once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine import clock, messages, operations, runtime, starts
from engine.db import transaction
from engine.errors import ModelRefused, NotAllowed, StepFailed
from engine.starts import Case
from engine.tables import Instance, Message, StartEvent
from tests.support.shapes import choice, condition, end, message, node, receive, start, timer, user, way
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}


def begun(trigger="", version="", **attributes):
    """Draw a process that this trigger starts; `version` only makes it another one."""
    body = start("s", trigger, **attributes) + user("a", **ROLE) + end(f"e{version}")
    return body + way(f"s a e{version}")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


def receive_message(stage, key="1", correlation="", **payload):
    return stage.do(lambda session, _: messages.receive(session, None, "tests", key, "answer", correlation, payload))


def due(stage):
    return stage.do(lambda session, _: starts.due(session, 100))


def fire(stage, event):
    return stage.do(lambda session, _: starts.fire(session, event))


def later(**span):
    clock.travel(clock.now() + timedelta(**span))


def count(stage):
    return stage.one(select(func.count()).select_from(Instance))


# Messages


def test_a_message_nobody_waits_for_starts_an_instance_once(stage, configuration):
    stage.deploy(p=begun(message(), result="said"))
    got = receive_message(stage, correlation="c1", word="go")
    assert got.state == "delivered"
    assert stage.tasks(got.instance) == ["a"]
    assert stage.do(operations.variables, got.instance) == {"said": {"word": "go"}}
    assert stage.one(select(Instance.title)) == "p"
    assert stage.kinds(got.instance) == ["instance.started", "task.created", "message.delivered"]
    assert receive_message(stage, correlation="c1", word="go").instance == got.instance
    stage.sweep(configuration)
    assert count(stage) == 1
    assert stage.sound()


def test_an_instance_is_about_the_unit_that_its_message_names(stage):
    stage.deploy(p=begun(message(), result="said"))
    for key, payload in (("1", {"unit": "339921"}), ("2", {"unit": 7}), ("3", {})):
        receive_message(stage, key, key, **payload)
    assert stage.all(select(Instance.subject).order_by(Instance.started_at)) == ["339921", None, None]


def test_a_message_somebody_waits_for_starts_nothing(stage):
    waits = start() + receive("hear", correlation="=case") + user("a", **ROLE) + end("e") + way("s hear a e")
    stage.deploy(p=begun(message()), q=waits)
    instance = stage.start("q", case="c1")
    assert receive_message(stage, "1", "c1").instance == instance
    assert receive_message(stage, "2", "c2").instance != instance
    assert count(stage) == 2


def test_a_message_for_a_suspended_instance_starts_nothing(stage, configuration):
    waits = start() + receive("hear", correlation="=case") + user("a", **ROLE) + end("e") + way("s hear a e")
    stage.deploy(p=begun(message()), q=waits)
    instance = stage.start("q", case="c1")
    stage.do(operations.suspend, instance, "x")
    assert receive_message(stage, "1", "c1").state == "waiting"
    stage.sweep(configuration)
    assert count(stage) == 1
    stage.do(operations.resume, instance, "x")
    stage.sweep(configuration)
    assert stage.tasks(instance) == ["a"]


def test_a_message_that_came_before_the_programme_starts_an_instance_when_it_is_deployed(stage, configuration):
    assert receive_message(stage).state == "waiting"
    stage.deploy(p=begun(message()))
    stage.sweep(configuration)
    assert stage.one(select(Message.state)) == "delivered"
    assert count(stage) == 1


def test_a_message_sent_many_times_at_once_starts_one_instance(stage):
    stage.deploy(p=begun(message()))
    barrier = threading.Barrier(6)

    def send():
        barrier.wait()
        receive_message(stage, word=1)

    senders = [threading.Thread(target=send) for _ in range(6)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert count(stage) == 1


@pytest.mark.parametrize("kind", ["receive task", "gateway"])
def test_a_process_that_begins_by_receiving_is_started_by_its_message(stage, kind):
    ending = user("a", **ROLE) + end("e")
    bodies = {
        "receive task": receive("hear", instantiate=True) + ending + way("hear a e"),
        "gateway": choice("g", instantiate=True)
        + node("intermediateCatchEvent", "hear", message())
        + node("intermediateCatchEvent", "halt", message("stop"))
        + ending
        + way("g hear a e", "g halt e"),
    }
    stage.deploy(p=bodies[kind])
    got = receive_message(stage)
    assert stage.tasks(got.instance) == ["a"]


# Moments


def test_a_moment_starts_an_instance_once(stage, configuration):
    moment = clock.now() + timedelta(days=1)
    stage.deploy(p=begun(timer(moment.isoformat(), "timeDate")))
    stage.sweep(configuration)
    assert count(stage) == 0
    clock.travel(moment + timedelta(days=5))
    stage.sweep(configuration)
    assert stage.tasks(stage.one(select(Instance.id))) == ["a"]
    assert stage.one(select(StartEvent.due_at)) is None
    stage.deploy(p=begun(timer(moment.isoformat(), "timeDate"), version=2))
    stage.sweep(configuration)
    assert count(stage) == 1


def test_a_cycle_starts_one_after_another_and_does_not_make_up_for_what_it_missed(stage, configuration):
    stage.deploy(p=begun(timer("R/P1D", "timeCycle")))
    first = stage.one(select(StartEvent.due_at))
    later(days=1, hours=1)
    stage.sweep(configuration)
    later(days=30)
    stage.sweep(configuration)
    assert count(stage) == 2
    assert stage.one(select(StartEvent.due_at)) == first + timedelta(days=31)


def test_a_cycle_that_began_before_it_was_deployed_goes_on_from_now(stage):
    clock.travel(datetime(2026, 11, 23, tzinfo=UTC))
    stage.deploy(p=begun(timer("R/2013-03-01T09:00:00+08:00/P1Y", "timeCycle")))
    assert stage.one(select(StartEvent.due_at)) == datetime(2027, 3, 1, 1, tzinfo=UTC)
    assert due(stage) == []


def test_a_cycle_with_a_number_ends(stage, configuration):
    stage.deploy(p=begun(timer("R2/P1D", "timeCycle")))
    for _ in range(4):
        later(days=1, minutes=1)
        stage.sweep(configuration)
    assert count(stage) == 2


def test_a_newer_version_keeps_the_pace_of_a_timer_that_says_the_same(stage, configuration):
    stage.deploy(p=begun(timer("R/P10D", "timeCycle")))
    first = stage.one(select(StartEvent.due_at))
    later(days=9)
    stage.deploy(p=begun(timer("R/P10D", "timeCycle"), version=2))
    assert stage.one(select(StartEvent.due_at)) == first
    later(days=1, minutes=1)
    stage.sweep(configuration)
    assert stage.one(select(Instance.deployment)) == stage.one(select(StartEvent.deployment))
    stage.deploy(p=begun(timer("R/P2D", "timeCycle"), version=3))
    assert abs(stage.one(select(StartEvent.due_at)) - clock.now() - timedelta(days=2)) < timedelta(minutes=1)


def test_two_clocks_start_one_instance(stage):
    stage.deploy(p=begun(timer("PT1H")))
    later(hours=1)
    (event,) = due(stage)
    barrier, begun_ones = threading.Barrier(8), []

    def hand():
        barrier.wait()
        begun_ones.append(fire(stage, event))

    hands = [threading.Thread(target=hand) for _ in range(8)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    assert len([one for one in begun_ones if one is not None]) == count(stage) == 1
    assert due(stage) == []


def test_a_start_that_fails_is_tried_again_and_stops_no_other(stage, configuration, monkeypatch):
    stage.deploy(p=begun(timer("PT1H")), q=begun(timer("PT1H")).replace('"e"', '"f"'))
    later(hours=1)
    begin, calls = runtime.start, []

    def sometimes(session, programme, opening, data):
        calls.append(opening.process)
        if opening.process == "p" and calls.count("p") == 1:
            raise StepFailed
        return begin(session, programme, opening, data)

    monkeypatch.setattr(runtime, "start", sometimes)
    stage.sweep(configuration)
    assert stage.one(select(Instance.process)) == "q"
    later(seconds=2)
    stage.sweep(configuration)
    assert sorted(stage.all(select(Instance.process))) == ["p", "q"]


def test_a_failure_of_a_start_that_is_gone_is_forgotten(stage):
    stage.do(lambda session, _: starts.failed(session, 404))
    assert fire(stage, 404) is None


def test_a_moment_that_cannot_be_told_is_refused_at_deployment(stage):
    with pytest.raises(ModelRefused) as refused:
        stage.deploy(p=begun(timer("=when", "timeDate")))
    assert refused.value.facts["findings"][0]["element"] == "s"


# Conditions


def test_data_that_fulfil_a_condition_start_an_instance(stage, actor):
    stage.deploy(p=begun(condition("=score >= 60")), q=begun(condition("=score &lt; 60")), r=begun())
    case = Case("small", "云溪县", data={"score": 80})
    (started,) = stage.do(starts.evaluate, case)
    row = stage.one(select(Instance))
    assert (row.id, row.process, row.title, row.started_by) == (started, "p", "云溪县", stage.actor.id)
    assert stage.do(operations.variables, started) == {"score": 80}
    assert stage.do(starts.evaluate, Case("small", "x", data={})) == []
    with pytest.raises(NotAllowed):
        stage.do(starts.evaluate, case, by=actor("tianbao"))


# Versions


def test_the_newest_version_says_what_starts(stage):
    stage.deploy(p=begun(message()), q=begun(condition("=go")))
    stage.deploy(p=begun(message(), version=2))
    assert [row.process for row in stage.all(select(StartEvent))] == ["p"]
    got = receive_message(stage)
    assert stage.one(select(Instance.deployment)) == stage.one(select(StartEvent.deployment))
    assert got.state == "delivered"


def test_the_clock_asks_cheaply(stage, sessions):
    stage.deploy(p=begun(timer("PT1H")))
    asked = select(starts.pending())
    with transaction(sessions) as session:
        assert session.scalar(asked, {"now": clock.now()}) is False
        assert session.scalar(asked, {"now": datetime(2100, 1, 1, tzinfo=UTC)}) is True
