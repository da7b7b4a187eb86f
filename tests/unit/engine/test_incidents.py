"""Incidents: who sees them, and what trying again does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from engine import clock, delegates, identity, incidents, timers
from engine.db import transaction
from engine.errors import NotAllowed, NotFound
from engine.tables import Event, Incident, IncidentState, Instance, InstanceState, Person, Timer
from tests.support import programme


@pytest.fixture
def small(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    return sessions


@pytest.fixture
def officer(session):
    login = session.scalars(select(Person.login).order_by(Person.login)).first()
    person = identity.load(session, login)
    return identity.Actor(person.id, person.login, person.name, "zh", frozenset({("ORG", "PRV_OFFICER")}))


@pytest.fixture
def failed(small):
    """Let an instance run into a step that fails; return its incident's id."""
    programme.start(small, "fails", serial="not a number")
    clock.travel(clock.now() + timedelta(hours=1))
    with transaction(small) as session:
        timer = timers.due(session, 1)[0]
        assert timers.fire(session, timer.id)
    with transaction(small) as session:
        return session.scalar(select(Incident.id))


def look(sessions, what):
    with transaction(sessions) as session:
        return session.scalars(what).all()


def retry(sessions, officer, incident):
    with transaction(sessions) as session:
        return incidents.retry(session, officer, incident)


def test_open_incidents_are_listed_for_those_who_resolve_them(small, failed, officer):
    with transaction(small) as session:
        row = incidents.open_ones(session, officer)[0]
        assert (row.id, row.element, row.title) == (failed, "number", "fails 的标题")
        with pytest.raises(NotAllowed):
            incidents.open_ones(session, identity.Actor(uuid4(), "p", "P", "zh", frozenset({("ORG", "APP_LEAD")})))


def test_a_step_that_fails_again_stays_an_incident(small, failed, officer):
    assert not retry(small, officer, failed)
    assert IncidentState.OPEN in look(small, select(Incident.state))


def test_a_step_that_succeeds_this_time_goes_on(small, failed, officer, monkeypatch):
    monkeypatch.setattr(delegates, "run", lambda *_: "浙科〔2026〕1号")
    assert retry(small, officer, failed)
    assert look(small, select(Incident.state)) == [IncidentState.RESOLVED]
    assert look(small, select(Instance.state)) == [InstanceState.FINISHED]
    with pytest.raises(NotFound):
        retry(small, officer, failed)


def test_a_timer_that_was_given_up_goes_back_to_the_clock(small, officer):
    programme.start(small, "sleep")
    clock.travel(clock.now() + timedelta(hours=1))
    with transaction(small) as session:
        timer = timers.due(session, 1)[0]
        timers.failed(session, timer.id, "bad luck", 1)
    incident = look(small, select(Incident.id))[0]
    assert retry(small, officer, incident)
    with transaction(small) as session:
        assert timers.due(session, 1) == [timer]
        assert timers.fire(session, timer.id)
    assert look(small, select(Timer.id)) == []
    assert look(small, select(Event.actor).where(Event.kind == "incident.resolved")) == [officer.id]


def test_an_incident_of_an_ended_instance_is_resolved_by_trying(small, failed, officer):
    with transaction(small) as session:
        session.execute(update(Instance).values(state=InstanceState.CANCELLED))
    assert retry(small, officer, failed)
    assert look(small, select(Incident.state)) == [IncidentState.RESOLVED]


def test_an_incident_may_be_declared_settled(small, failed, officer):
    with transaction(small) as session:
        incidents.resolve(session, officer, failed)
    assert look(small, select(Incident.state)) == [IncidentState.RESOLVED]
    with transaction(small) as session, pytest.raises(NotFound):
        incidents.resolve(session, officer, failed)
