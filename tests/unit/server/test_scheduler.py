"""The clock: it defers what is due, survives whatever happens to it, and costs next to nothing."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import clock, events
from engine.db import transaction
from engine.tables import Heartbeat
from server import scheduler
from server.scheduler import Clock
from tests.support import programme


@pytest.fixture
def small(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    return sessions


@pytest.fixture
def ticking(configuration, small):
    deferred = []
    clock_of_tests = Clock(configuration, small, deferred.append)
    clock_of_tests.deferred = deferred
    yield clock_of_tests
    clock_of_tests.stop()


def quiet(sessions):
    """Mark every event as fanned out, so that only what the test makes is due."""
    with transaction(sessions) as session:
        while fresh := events.unpublished(session, 100):
            events.mark_published(session, [event.id for event in fresh])


def wait_until(condition):
    for _ in range(400):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_tick_defers_what_is_due_and_nothing_else(ticking, small):
    programme.start(small, "sleep")
    quiet(small)
    ticking.tick()
    assert ticking.deferred == []
    clock.travel(clock.now() + timedelta(hours=1))
    ticking.tick()
    assert sorted(ticking.deferred) == ["reminders", "timers"]


def test_new_events_and_messages_are_deferred(ticking, small):
    programme.start(small, "tell", case="c1")
    programme.start(small, "ask", case="c1")
    ticking.tick()
    assert sorted(ticking.deferred) == ["events", "messages"]


def test_it_ticks_by_itself_and_leaves_a_heartbeat(ticking, small, configuration):
    ticking.start()
    programme.start(small, "tell")
    assert wait_until(lambda: "events" in ticking.deferred)
    with transaction(small) as session:
        beat = session.scalar(select(Heartbeat.at).where(Heartbeat.name == "clock"))
    assert clock.now() - beat < timedelta(seconds=10)
    assert ticking.healthy()


def test_a_tick_that_fails_does_not_end_the_ticking(ticking, small, monkeypatch):
    programme.start(small, "tell")
    calls = []

    def burst(duty):
        calls.append(duty)
        raise RuntimeError(duty)

    monkeypatch.setattr(ticking, "_defer", burst)
    ticking.tick()
    ticking._tidy()
    ticking._look()
    ticking.tick()
    assert calls == ["events", "tidy", "invariants", "events"]
    assert ticking.healthy()


def test_a_scheduler_that_died_is_replaced(small, configuration, monkeypatch):
    monkeypatch.setattr(scheduler, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(scheduler, "SILENT_SECONDS", 1.5)
    deferred = []
    ticking = Clock(replace(configuration, tick_seconds=1), small, deferred.append)
    ticking.start()
    dead = ticking._scheduler
    try:
        dead.remove_all_jobs()  # what a scheduler thread that died looks like from outside: running, and silent
        assert wait_until(lambda: ticking._scheduler is not dead)
        programme.start(small, "tell")
        assert wait_until(lambda: "events" in deferred)
    finally:
        ticking.stop()


def test_two_clocks_on_one_database_do_no_harm(small, configuration):
    seen = []
    clocks = [Clock(configuration, small, seen.append) for _ in range(2)]
    programme.start(small, "tell")
    for one in clocks:
        one.tick()
    assert seen == ["events", "events"]


def test_a_tick_costs_little_however_many_timers_wait(ticking, small):
    programme.start(small, "years")
    with transaction(small) as session:
        copy = (
            "INSERT INTO timer (instance, task, element, due_at) SELECT t.instance, gen_random_uuid(), 'wait', t.due_at"
        )
        session.connection().exec_driver_sql(f"{copy} FROM timer t, generate_series(1, 10000)")
    quiet(small)
    ticking.tick()
    spent = time.process_time()
    for _ in range(50):
        ticking.tick()
    assert (time.process_time() - spent) / 50 < 0.004
    assert ticking.deferred == []
