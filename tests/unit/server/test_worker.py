"""The hands: everything due is done once, a failing part stops no other, and any number may work at once."""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from procrastinate.exceptions import ConnectorException
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from engine import clock, messages, runtime
from engine.db import transaction
from engine.errors import BudgetSpent, StepFailed
from engine.tables import Event, Idempotency, Incident, Instance, InstanceState, Message, MessageState, Person, SignIn
from server import duties
from server.scheduler import Clock
from server.worker import Hands
from tests.support import programme
from tests.support.receiver import Receiver, answering
from webhooks import outbound
from webhooks.outbound import Wish
from webhooks.posting import Fence
from webhooks.tables import Delivery, DeliveryState

FENCE = Fence(loopback=True, hosts=frozenset())


@pytest.fixture
def small(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    return sessions


@pytest.fixture
def told(configuration):
    """Give the settings of an installation whose webhooks may reach this machine."""
    return replace(configuration, webhook_loopback=True)


@pytest.fixture
def hands(told, database, small):
    hands = Hands(told, database, small)
    hands.start()
    yield hands
    hands.stop()


def look(sessions, what):
    with transaction(sessions) as session:
        return session.scalar(what)


def finished(sessions):
    return look(sessions, select(func.count()).where(Instance.state == InstanceState.FINISHED))


def subscribe(sessions, url, kinds=("timer.fired",)):
    with transaction(sessions) as session:
        return outbound.subscribe(session, FENCE, Wish(url, kinds)).id


def later(**span):
    clock.travel(clock.now() + timedelta(**span))


def wait_until(condition, seconds=8.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_sweep_does_all_that_is_due(small, told):
    with Receiver() as receiver:
        subscribe(small, receiver.url)
        programme.start(small, "sleep")
        programme.start(small, "tell", case="c1")
        programme.start(small, "ask", case="c1")
        later(hours=1)
        while duties.sweep(small, told):
            pass
        assert duties.sweep(small, told) == 0
    assert finished(small) == 3
    assert len(receiver.got) == 1
    assert look(small, select(Delivery.state)) is DeliveryState.SENT


def test_everything_overdue_fires_once_in_order_of_each_instance(small, told):
    for _ in range(20):
        programme.start(small, "two")
    later(days=30)
    assert duties.fire_due_timers(small, told) == 40
    assert finished(small) == 20
    with transaction(small) as session:
        query = select(Event.instance, Event.element).where(Event.kind == "timer.fired").order_by(Event.id)
        order = [(row.instance, row.element) for row in session.execute(query)]
    first = {}
    for instance, element in order:
        first.setdefault(instance, element)
    assert set(first.values()) == {"early"}


def test_many_hands_fire_each_timer_once(small, told):
    for _ in range(60):
        programme.start(small, "sleep")
    later(hours=1)
    counts = []
    some = [threading.Thread(target=lambda: counts.append(duties.fire_due_timers(small, told))) for _ in range(4)]
    for one in some:
        one.start()
    for one in some:
        one.join()
    assert sum(counts) == 60
    assert look(small, select(func.count()).where(Event.kind == "timer.fired")) == 60


def test_a_poison_timer_becomes_an_incident_and_stops_no_other(small, told, monkeypatch):
    poison = programme.start(small, "sleep")
    for _ in range(3):
        programme.start(small, "sleep")
    later(hours=1)
    fire = runtime.Running.fire

    def sometimes(running, *place):
        if running.row.id == poison:
            raise StepFailed(reason="poison")
        return fire(running, *place)

    monkeypatch.setattr(runtime.Running, "fire", sometimes)
    assert duties.fire_due_timers(small, told) == 3
    for pause in (1, 5, 30, 120):
        assert look(small, select(func.count()).select_from(Incident)) == 0
        later(seconds=pause)
        duties.fire_due_timers(small, told)
    assert "poison" in look(small, select(Incident.reason))
    later(days=900)
    assert duties.fire_due_timers(small, told) == 0


def test_a_poison_message_is_parked_and_the_queue_moves_on(small, told, monkeypatch):
    poison = programme.start(small, "ask", case="bad")
    programme.start(small, "ask", case="good")
    with transaction(small) as session:
        for case in ("bad", "good"):
            messages.keep(session, None, messages.Arrival("test", case, "answer", case, {}))
    deliver = runtime.Running.deliver

    def sometimes(running, *place):
        if running.row.id == poison:
            raise BudgetSpent(steps=1)
        return deliver(running, *place)

    monkeypatch.setattr(runtime.Running, "deliver", sometimes)
    assert duties.match_messages(small, told) == 1
    assert duties.match_messages(small, told) == 0
    assert look(small, select(Message.state).where(Message.correlation == "bad")) is MessageState.PARKED
    assert finished(small) == 1


def test_tidying_forgets_what_is_over(small, told, actor):
    with transaction(small) as session:
        person = session.scalar(select(Person.id).limit(1))
        now = clock.now()
        for age, key in ((2, "old"), (0, "new")):
            at = now - timedelta(days=age)
            session.add(Idempotency(person=person, key=key, digest="d", status=201, reply={}, at=at))
            ends = at + timedelta(hours=12)
            session.add(SignIn(digest=key, person=person, kind="api", started_at=at, seen_at=at, ends_at=ends))
        messages.keep(session, None, messages.Arrival("test", "m", "answer", "nobody", {}))
    assert duties.tidy(small, told) == 2
    assert look(small, select(Idempotency.key)) == "new"
    assert look(small, select(SignIn.digest)) == "new"
    later(days=31)
    assert duties.tidy(small, told) == 3


def test_deferred_work_is_done_at_once(hands, small):
    programme.start(small, "sleep")
    later(hours=1)
    began = time.monotonic()
    for _ in range(3):
        hands.defer("timers")
    assert wait_until(lambda: finished(small) == 1)
    assert time.monotonic() - began < 2


def test_what_is_done_leaves_the_queue(hands, small, engine):
    began = time.monotonic()
    for duty in duties.DUTIES:
        hands.defer(duty)
    assert time.monotonic() - began < 5  # deferring never waits for the connections of the hands

    def left():
        with engine.connect() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM procrastinate.procrastinate_jobs").scalar()

    assert wait_until(lambda: left() == 0)


def test_hands_outlive_a_database_that_drops_every_connection(hands, small, engine):
    programme.start(small, "sleep")
    later(hours=1)
    with engine.connect() as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")

    def done():
        with suppress(ConnectorException, OperationalError):  # ours were dropped as well
            hands.defer("timers")
            return finished(small) == 1
        return False

    assert wait_until(done, seconds=30)


def test_clock_and_hands_together_fire_a_timer_within_two_seconds(hands, small, told):
    ticking = Clock(told, small, hands.defer)
    ticking.start()
    programme.start(small, "sleep")
    clock.travel(clock.now() + timedelta(minutes=59, seconds=59))
    try:
        assert wait_until(lambda: finished(small) == 1, seconds=5)
        with transaction(small) as session:
            fired = session.scalar(select(Event.at).where(Event.kind == "timer.fired"))
            due = session.scalar(select(Event.data["due_at"].astext).where(Event.kind == "timer.armed"))
        assert fired - fired.fromisoformat(due) < timedelta(seconds=2)
    finally:
        ticking.stop()


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_a_slow_receiver_holds_up_neither_timers_nor_other_receivers(hands, small, told):
    with Receiver(lambda _: time.sleep(6)) as slow, Receiver(answering(204)) as quick:
        subscribe(small, slow.url, ["instance.started"])
        subscribe(small, quick.url, ["instance.started"])
        ticking = Clock(told, small, hands.defer)
        ticking.start()
        began = time.monotonic()
        for _ in range(3):
            programme.start(small, "sleep")
        try:
            assert wait_until(lambda: len(quick.got) == 3, seconds=5)
            assert time.monotonic() - began < 5
            assert len(slow.got) == 1
        finally:
            ticking.stop()


def test_hands_stop_in_good_order_even_twice(told, database, small):
    hands = Hands(told, database, small)
    hands.start()
    hands.stop()
    assert not hands._thread.is_alive()
    hands.stop()
