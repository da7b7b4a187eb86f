"""Signals: everyone who waits takes it once, nobody who comes later does, whatever fails or runs at the same time."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from engine import clock, incidents, instances, operations, runtime, signals
from engine.db import transaction
from engine.errors import Busy, NotAllowed, SignalRefused, StepFailed
from engine.signals import Broadcast
from engine.tables import Event, Incident, Instance, Signal, SignalCopy, StartEvent
from tests.support.shapes import boundary, catch, end, mapped, parallel, signal, start, throw, user, way
from tests.support.stage import Stage

ROLE = {"role": "PRV_OFFICER"}
WAITS = start() + catch("hear", signal(), result="said") + user("a", **ROLE) + end("e") + way("s hear a e")
THROWS = start() + throw("say", signal(), mapped({"word": "=word"})) + end("e") + way("s say e")
HEARS = start("s", signal(), result="said") + user("a", **ROLE) + end("e") + way("s a e")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


def tell(stage, key="1", name="Alarm", **payload):
    return stage.do(signals.broadcast, Broadcast("tests", key, name, payload))


def waiting(stage):
    return stage.do(lambda session, _: signals.waiting(session, 100))


def deliver(stage, copy):
    return stage.do(lambda session, _: signals.deliver(session, copy))


def said(stage, instance):
    return stage.do(operations.variables, instance).get("said")


def test_everyone_who_waits_takes_a_signal_once(stage, configuration):
    stage.deploy(p=WAITS)
    some = [stage.start("p") for _ in range(3)]
    assert tell(stage, word="fire").waiting == 3
    stage.sweep(configuration)
    assert [stage.tasks(instance) for instance in some] == [["a"]] * 3
    assert [said(stage, instance) for instance in some] == [{"word": "fire"}] * 3
    assert stage.all(select(SignalCopy.id)) == []
    assert stage.kinds(some[0])[1:] == ["signal.delivered", "task.created"]
    assert stage.sound()


def test_who_begins_to_wait_afterwards_does_not_take_it(stage, configuration):
    stage.deploy(p=WAITS)
    tell(stage)
    late = stage.start("p")
    stage.sweep(configuration)
    assert stage.tasks(late) == []


def test_a_suspended_instance_takes_it_after_it_is_resumed_and_an_ended_one_never(stage):
    stage.deploy(p=WAITS)
    first, second = stage.start("p"), stage.start("p")
    tell(stage)
    copies = waiting(stage)
    for instance in (first, second):
        stage.do(operations.suspend, instance, "x")
    assert waiting(stage) == []
    assert not any(deliver(stage, copy) for copy in copies)
    stage.do(operations.resume, first, "x")
    stage.do(operations.terminate, second, "x", by=_admin(stage))
    assert all(deliver(stage, copy) for copy in copies)
    assert (stage.tasks(first), stage.state(second)) == (["a"], "terminated")


def test_a_wait_that_was_withdrawn_drops_its_copy(stage):
    body = start() + user("b", **ROLE) + boundary("late", "b", signal(), interrupting=False) + user("a", **ROLE)
    instance = stage.play(body + end("e", "le") + way("s b a e", "late le"))
    tell(stage)
    (copy,) = waiting(stage)
    stage.complete(instance, "b")
    assert deliver(stage, copy)
    assert "signal.delivered" not in stage.kinds(instance)
    assert deliver(stage, copy)


def test_one_id_counts_once_and_with_other_content_is_refused(stage):
    stage.play(WAITS)
    first = tell(stage, word=1)
    again = tell(stage, word=1)
    assert (again.duplicate, again.waiting) == (True, 1)
    assert stage.one(select(func.count()).select_from(Signal)) == 1
    assert not first.duplicate
    with pytest.raises(SignalRefused):
        tell(stage, word=2)
    with pytest.raises(SignalRefused):
        tell(stage, key="")


def test_who_may_not_broadcast_is_told(stage, actor):
    with pytest.raises(NotAllowed):
        stage.do(signals.broadcast, Broadcast("tests", "1", "Alarm", {}), by=actor("tianbao"))


def test_a_signal_thrown_by_an_instance_reaches_all_others(stage, configuration):
    stage.deploy(p=WAITS, q=THROWS)
    some = [stage.start("p") for _ in range(2)]
    thrower = stage.start("q", word="good")
    assert len(waiting(stage)) == 2
    assert "signal.sent" in stage.kinds(thrower)
    stage.sweep(configuration)
    assert [said(stage, instance) for instance in some] == [{"word": "good"}] * 2
    assert stage.sound()


def test_an_instance_takes_its_own_signal_within_the_move_and_no_copy_of_it(stage, configuration):
    body = (
        start() + parallel("f") + catch("hear", signal()) + user("b", **ROLE) + throw("say", signal()) + end("e", "se")
    )
    instance = stage.play(body + user("a", **ROLE) + way("s f hear a e", "f b say se"))
    stage.complete(instance, "b")
    assert stage.tasks(instance) == ["a"]
    assert waiting(stage) == []


def test_several_waits_of_one_instance_take_one_signal_together(stage, configuration):
    body = start() + parallel("f") + catch("x", signal()) + catch("y", signal()) + user("a", "b", **ROLE)
    instance = stage.play(body + end("e", "be") + way("s f x a e", "f y b be"))
    assert tell(stage).waiting == 2
    stage.sweep(configuration)
    assert stage.tasks(instance) == ["a", "b"]
    assert stage.kinds(instance).count("signal.delivered") == 1


def test_signals_of_one_instance_arrive_in_their_order(stage):
    body = start() + user("b", **ROLE) + boundary("on", "b", signal(), interrupting=False, result="said")
    instance = stage.play(body + end("e", "oe") + way("s b e", "on oe"))
    tell(stage, "1", word=1)
    tell(stage, "2", word=2)
    first, second = waiting(stage)
    assert not deliver(stage, second)
    assert deliver(stage, first)
    assert deliver(stage, second)
    assert said(stage, instance) == {"word": 2}


def test_an_instance_that_is_being_moved_is_left_for_the_next_tick(stage, sessions):
    instance = stage.play(WAITS)
    tell(stage)
    (copy,) = waiting(stage)
    with sessions() as other:
        other.execute(select(Instance).where(Instance.id == instance).with_for_update())
        assert not deliver(stage, copy)
    assert deliver(stage, copy)


def test_eight_hands_hand_over_each_copy_once(stage, sessions):
    stage.deploy(p=WAITS, r=HEARS)
    some = [stage.start("p") for _ in range(4)]
    tell(stage)
    copies = waiting(stage)
    barrier = threading.Barrier(8)

    def hand():
        barrier.wait()
        for copy in copies:
            try:
                deliver(stage, copy)
            except Busy:
                continue

    hands = [threading.Thread(target=hand) for _ in range(8)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    for copy in waiting(stage):
        deliver(stage, copy)
    assert [stage.tasks(instance) for instance in some] == [["a"]] * 4
    assert len(stage.all(select(Instance.id))) == 5
    assert len(stage.all(select(Event.id).where(Event.kind == "signal.delivered"))) == 5


def test_a_signal_starts_an_instance_of_who_listens_for_it(stage, configuration):
    stage.deploy(r=HEARS)
    assert tell(stage, word="go").waiting == 1
    stage.sweep(configuration)
    instance = stage.one(select(Instance.id))
    assert (stage.tasks(instance), said(stage, instance)) == (["a"], {"word": "go"})
    assert stage.kinds(instance)[0] == "instance.started"
    stage.sweep(configuration)
    assert stage.one(select(Instance.id)) == instance


def test_a_start_that_a_newer_version_has_dropped_is_forgotten(stage, configuration):
    stage.deploy(r=HEARS)
    tell(stage)
    stage.deploy(r=start() + user("a", **ROLE) + end("e") + way("s a e"))
    assert stage.all(select(StartEvent.id)) == []
    stage.sweep(configuration)
    assert stage.all(select(Instance.id)) == []
    assert stage.all(select(SignalCopy.id)) == []


def test_a_copy_that_cannot_be_taken_waits_longer_each_time_and_ends_as_an_incident(stage, configuration, monkeypatch):
    instance = stage.play(WAITS)
    tell(stage)

    def burst(*_):
        raise StepFailed

    monkeypatch.setattr(runtime.Running, "signal", burst)
    for _ in range(configuration.timer_attempts):
        stage.sweep(configuration)
        clock.travel(clock.now() + timedelta(minutes=3))
    assert stage.one(select(Incident.kind)) == "signal"
    assert waiting(stage) == []
    monkeypatch.undo()
    (incident,) = stage.incidents(instance)
    assert stage.do(incidents.retry, incident)
    stage.sweep(configuration)
    assert stage.tasks(instance) == ["a"]
    assert stage.sound()


def test_a_start_that_fails_is_tried_again_for_ever(stage, configuration, monkeypatch):
    stage.deploy(r=HEARS)
    tell(stage)

    def burst(*_, **__):
        raise StepFailed

    monkeypatch.setattr(runtime, "start", burst)
    for _ in range(configuration.timer_attempts + 2):
        stage.sweep(configuration)
        clock.travel(clock.now() + timedelta(minutes=3))
    monkeypatch.undo()
    stage.sweep(configuration)
    assert len(stage.all(select(Instance.id))) == 1


def test_a_failure_of_a_copy_that_is_gone_is_forgotten(stage):
    stage.do(lambda session, _: signals.failed(session, 404, "gone", 1))
    assert stage.all(select(Incident.id)) == []


def test_the_clock_asks_cheaply(stage, sessions):
    stage.play(WAITS)
    asked = select(signals.pending())
    with transaction(sessions) as session:
        assert session.scalar(asked, {"now": clock.now()}) is False
    tell(stage)
    with transaction(sessions) as session:
        assert session.scalar(asked, {"now": clock.now()}) is True
        assert isinstance(session.scalar(select(Signal.id)), UUID)


def test_a_cancelled_instance_takes_nothing(stage, configuration, actor):
    instance = stage.play(WAITS)
    tell(stage)
    stage.do(instances.cancel, instance, "x", by=actor("tingzhang"))
    stage.sweep(configuration)
    assert stage.all(select(SignalCopy.id)) == []
    assert stage.state(instance) == "cancelled"


def _admin(stage):
    return Stage(stage.sessions, stage.folder, "admin").actor


def test_a_copy_that_was_given_up_goes_with_its_wait(stage, configuration, monkeypatch):
    body = start() + user("b", **ROLE) + boundary("on", "b", signal(), interrupting=False) + end("e", "oe")
    instance = stage.play(body + way("s b e", "on oe"))
    tell(stage)

    def burst(*_):
        raise StepFailed

    monkeypatch.setattr(runtime.Running, "signal", burst)
    for _ in range(configuration.timer_attempts):
        stage.sweep(configuration)
        clock.travel(clock.now() + timedelta(minutes=3))
    assert len(stage.incidents(instance)) == 1
    stage.complete(instance, "b")
    assert stage.incidents(instance) == []
    assert stage.all(select(SignalCopy.id)) == []
    assert stage.sound()
