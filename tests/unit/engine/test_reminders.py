"""Reminders: told once, to those whose matter it is, as long as it still is one."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from engine import clock, identity, reminders, timers
from engine.db import transaction
from engine.tables import Event, Instance, Organisation, Reminder
from tests.support import programme

HOME, AWAY = "HOME", "AWAY"


@pytest.fixture
def small(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    with transaction(sessions) as session:
        for key in (HOME, AWAY):
            session.add(Organisation(id=key, name={"zh": key, "en": key}, kind="bureau", division=None))
    return sessions


def person(*held):
    return identity.Actor(id=uuid4(), login="p", name="P", language="zh", memberships=frozenset(held))


def announce(sessions, limit=100):
    with transaction(sessions) as session:
        return reminders.announce_due(session, limit)


def shown(sessions, *held):
    with transaction(sessions) as session:
        return reminders.shown(session, person(*held))


def told(sessions):
    with transaction(sessions) as session:
        return session.scalar(select(func.count()).where(Event.kind == "reminder.due"))


def half_an_hour_later():
    clock.travel(clock.now() + timedelta(minutes=31))


def test_a_reminder_is_told_once_at_its_moment(small):
    instance = programme.start(small, "sleep", HOME)
    assert announce(small) == 0
    half_an_hour_later()
    assert announce(small) == 1
    assert announce(small) == 0
    assert told(small) == 1
    row = shown(small, (HOME, "APP_LEAD"))[0]
    assert (row.instance, row.kind, row.element, row.title) == (instance, "PT30M", "wait", "sleep 的标题")
    assert row.due_at - row.reminded_at < timedelta(minutes=30)


def test_a_reminder_that_is_not_told_yet_is_not_shown(small):
    programme.start(small, "sleep", HOME)
    assert shown(small, (HOME, "APP_LEAD")) == []


@pytest.mark.parametrize(
    ("membership", "sees"),
    [
        ((HOME, "APP_LEAD"), True),
        ((AWAY, "APP_LEAD"), False),
        ((HOME, "APP_FILL"), False),
        ((AWAY, "PRV_OFFICER"), True),
        ((AWAY, "PRV_LEAD"), False),
    ],
)
def test_a_date_is_shown_to_its_own_organisation_and_to_the_province(small, membership, sees):
    programme.start(small, "sleep", HOME)
    half_an_hour_later()
    announce(small)
    assert bool(shown(small, membership)) is sees


def test_a_role_held_elsewhere_does_not_open_the_matters_of_this_organisation(small):
    programme.start(small, "sleep", HOME)
    half_an_hour_later()
    announce(small)
    assert shown(small, (HOME, "APP_FILL"), (AWAY, "APP_LEAD")) == []
    assert shown(small) == []


def test_the_reminder_of_a_task_goes_to_its_role_in_its_organisation(small):
    programme.start(small, "daily", HOME)
    with transaction(small) as session:
        task = session.execute(select(Instance.id)).scalar_one()
        work = session.execute(select(reminders.Task)).scalar_one()
        now = clock.now()
        session.add(
            Reminder(
                instance=task,
                task=work.id,
                element="work",
                kind="before",
                remind_at=now,
                due_at=now + timedelta(days=3),
                roles=["PRV_OFFICER"],
                organisation=None,
            )
        )
    assert announce(small) == 1
    assert shown(small, (AWAY, "PRV_OFFICER"))[0].name == "办理"


def test_what_has_come_to_its_end_is_shown_no_more(small):
    programme.start(small, "sleep", HOME)
    half_an_hour_later()
    announce(small)
    half_an_hour_later()
    with transaction(small) as session:
        for timer in timers.due(session, 10):
            assert timers.fire(session, timer.id)
    assert shown(small, (HOME, "APP_LEAD")) == []


def test_only_the_latest_reminder_of_a_matter_is_shown(small):
    programme.start(small, "sleep", HOME)
    with transaction(small) as session:
        first = session.scalars(select(Reminder)).one()
        copied = {
            name: getattr(first, name) for name in ("instance", "task", "element", "due_at", "roles", "organisation")
        }
        session.add(Reminder(**copied, kind="PT5M", remind_at=first.due_at - timedelta(minutes=5)))
    clock.travel(clock.now() + timedelta(minutes=56))
    assert announce(small) == 2
    assert [row.kind for row in shown(small, (HOME, "APP_LEAD"))] == ["PT5M"]


def test_many_hands_tell_each_reminder_once(small):
    for _ in range(20):
        programme.start(small, "sleep", HOME)
    half_an_hour_later()
    counts = []
    hands = [threading.Thread(target=lambda: counts.append(announce(small))) for _ in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sum(counts) + announce(small) == 20
    assert told(small) == 20


def test_a_reminder_of_an_instance_that_is_being_moved_waits(small):
    instance = programme.start(small, "sleep", HOME)
    half_an_hour_later()
    with small() as other:
        other.execute(select(Instance).where(Instance.id == instance).with_for_update())
        assert announce(small) == 0
    assert announce(small) == 1


def test_the_clock_asks_cheaply(small):
    programme.start(small, "sleep", HOME)
    asked = select(reminders.pending())
    with transaction(small) as session:
        assert session.scalar(asked, {"now": clock.now()}) is False
        assert session.scalar(asked, {"now": clock.now() + timedelta(minutes=31)}) is True
        session.execute(update(Reminder).values(reminded_at=clock.now()))
        assert session.scalar(asked, {"now": clock.now() + timedelta(minutes=31)}) is False
