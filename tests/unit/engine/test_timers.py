"""Timers: each due one fires once, in order, whoever else works at the same time, and a failing one harms no other."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from engine import clock, runtime, timers
from engine.db import transaction
from engine.errors import Busy, StepFailed
from engine.tables import Event, Incident, Instance, InstanceState, Timer
from tests.support import programme

TRIES = 5


@pytest.fixture
def small(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    return sessions


def due(sessions):
    with transaction(sessions) as session:
        return timers.due(session, 100)


def fire(sessions, timer):
    with transaction(sessions) as session:
        return timers.fire(session, timer.id)


def one(sessions, what):
    with transaction(sessions) as session:
        return session.scalar(what)


def later(**span):
    clock.travel(clock.now() + timedelta(**span))


def fired(sessions):
    return one(sessions, select(func.count()).where(Event.kind == "timer.fired"))


def test_a_timer_is_due_at_its_moment_and_fires_once(small):
    instance = programme.start(small, "sleep")
    assert due(small) == []
    later(minutes=59)
    assert due(small) == []
    later(minutes=1)
    timer = due(small)[0]
    assert timer.instance == instance
    assert fire(small, timer)
    assert not fire(small, timer)
    assert one(small, select(Instance.state).where(Instance.id == instance)) is InstanceState.FINISHED
    assert fired(small) == 1


def test_a_timer_whose_moment_moved_does_not_fire(small):
    programme.start(small, "sleep")
    later(hours=1)
    timer = due(small)[0]
    with transaction(small) as session:
        session.execute(update(Timer).values(due_at=clock.now() + timedelta(days=1)))
    assert not fire(small, timer)
    assert fired(small) == 0


def test_timers_of_one_instance_fire_in_order(small):
    programme.start(small, "two")
    later(hours=3)
    early, late = due(small)
    assert not fire(small, late)
    assert fire(small, early)
    assert fire(small, late)


def test_after_a_month_down_a_cycle_fires_once_and_goes_on_from_its_anchor(small):
    began = clock.now()
    programme.start(small, "daily")
    later(days=30, hours=5)
    assert fire(small, due(small)[0])
    assert due(small) == []
    following = one(small, select(Timer.due_at))
    assert abs(following - (began + timedelta(days=31))) < timedelta(seconds=5)
    assert fired(small) == 1


def test_twelve_hands_fire_one_timer_once(small):
    programme.start(small, "sleep")
    later(hours=1)
    timer = due(small)[0]
    barrier, results = threading.Barrier(12), []

    def hand():
        barrier.wait()
        try:
            results.append(fire(small, timer))
        except Busy:
            results.append(False)

    hands = [threading.Thread(target=hand) for _ in range(12)]
    for one_hand in hands:
        one_hand.start()
    for one_hand in hands:
        one_hand.join()
    assert results.count(True) == 1
    assert fired(small) == 1


def test_an_instance_that_is_being_moved_is_left_for_the_next_tick(small):
    instance = programme.start(small, "sleep")
    later(hours=1)
    timer = due(small)[0]
    with small() as other:
        other.execute(select(Instance).where(Instance.id == instance).with_for_update())
        with pytest.raises(Busy):
            fire(small, timer)
    assert fire(small, timer)


def test_a_timer_that_keeps_failing_waits_longer_each_time_and_ends_as_an_incident(small):
    programme.start(small, "sleep")
    later(hours=1)
    timer = due(small)[0]
    for pause in (1, 5, 30, 120):
        with transaction(small) as session:
            timers.failed(session, timer.id, "bad luck", TRIES)
        assert due(small) == []
        later(seconds=pause)
        assert due(small) == [timer]
    with transaction(small) as session:
        timers.failed(session, timer.id, "bad luck", TRIES)
    later(days=3650)
    assert due(small) == []
    assert one(small, select(Incident.reason)) == "bad luck"
    raised = one(small, select(Event.data).where(Event.kind == "incident.raised"))
    assert raised == {"reason": "bad luck", "attempts": TRIES}


def test_a_failure_of_a_timer_that_is_gone_is_forgotten(small):
    with transaction(small) as session:
        timers.failed(session, 404, "gone", TRIES)
        assert not timers.fire(session, 404)
    assert one(small, select(func.count()).select_from(Incident)) == 0


def test_firing_that_raises_changes_nothing(small, monkeypatch):
    programme.start(small, "sleep")
    later(hours=1)

    def burst(*_):
        raise StepFailed

    monkeypatch.setattr(runtime.Running, "fire", burst)
    with pytest.raises(StepFailed):
        fire(small, due(small)[0])
    monkeypatch.undo()
    assert fired(small) == 0
    assert fire(small, due(small)[0])


def test_a_timer_left_behind_by_an_ended_instance_does_not_fire(small):
    programme.start(small, "sleep")
    later(hours=1)
    timer = due(small)[0]
    with transaction(small) as session:
        session.execute(update(Instance).values(state=InstanceState.CANCELLED))
    assert not fire(small, timer)


def test_the_clock_asks_cheaply(small):
    programme.start(small, "sleep")
    asked = select(timers.pending())
    with transaction(small) as session:
        assert session.scalar(asked, {"now": clock.now()}) is False
        assert session.scalar(asked, {"now": clock.now() + timedelta(hours=1)}) is True
