"""Incidents: who sees them, and what trying again does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from engine import clock, delegates, identity, incidents, operations, timers
from engine.db import transaction
from engine.errors import NotAllowed, NotFound, OperationRefused
from engine.incidents import Settlement
from engine.tables import (
    Event,
    Incident,
    IncidentKind,
    IncidentState,
    Instance,
    InstanceState,
    Organisation,
    Person,
    Task,
    Timer,
)
from tests.support import programme
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage


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


def test_a_failed_step_is_settled_with_data_and_the_instance_goes_on(small, failed, officer):
    with transaction(small) as session:
        incidents.settle(session, officer, failed, Settlement("手工编号", {"no": "浙科〔2026〕9号"}))
    assert look(small, select(Incident.state)) == [IncidentState.RESOLVED]
    assert look(small, select(Instance.state)) == [InstanceState.FINISHED]
    kinds = look(small, select(Event.kind).order_by(Event.id))
    assert kinds[-3:] == ["incident.settled", "incident.resolved", "instance.finished"]
    with transaction(small) as session, pytest.raises(NotFound):
        incidents.settle(session, officer, failed, Settlement("again", {}))


def test_only_a_step_is_settled_and_only_with_a_reason(small, officer):
    programme.start(small, "sleep")
    clock.travel(clock.now() + timedelta(hours=1))
    with transaction(small) as session:
        timers.failed(session, timers.due(session, 1)[0].id, "bad luck", 1)
    incident = look(small, select(Incident.id))[0]
    for reason in ("因故", " "):
        with transaction(small) as session, pytest.raises(OperationRefused):
            incidents.settle(session, officer, incident, Settlement(reason, {}))


def test_an_incident_of_a_suspended_instance_may_be_tried_again(small, failed, officer, monkeypatch):
    with transaction(small) as session:
        operations.suspend(session, officer, look(small, select(Instance.id))[0], "x")
    monkeypatch.setattr(delegates, "run", lambda *_: "浙科〔2026〕1号")
    assert retry(small, officer, failed)
    assert look(small, select(Instance.state)) == [InstanceState.FINISHED]


def test_a_task_whose_owner_has_become_known_is_assigned_by_trying_again(sessions, tmp_path, officer):
    body = start() + user("a", role="PRV_OFFICER", **{"icity:organisation": '="new-office"'}) + end("e")
    stage = Stage(sessions, tmp_path / "drawn")
    instance = stage.play(body + way("s a e"))
    (incident,) = stage.incidents(instance)
    assert not retry(sessions, officer, incident)
    with transaction(sessions) as session:
        session.add(Organisation(id="new-office", name={"zh": "新处", "en": "New"}, kind="province"))
    assert retry(sessions, officer, incident)
    assert stage.one(select(Task.organisation)) == "new-office"
    assert stage.kinds(instance)[-1] == "incident.resolved"
    assert stage.sound()


def test_a_cause_is_told_in_plain_words_of_both_languages(small, failed, officer):
    with transaction(small) as session:
        told = incidents.open_ones(session, officer)[0].cause
    assert told["zh"].startswith("环节“number”没有完成：")
    assert told["en"].startswith("The step “number” failed: ")


@pytest.mark.parametrize("kind", list(IncidentKind))
@pytest.mark.parametrize("error", [*incidents.WHY, None])
def test_every_cause_has_words(kind, error):
    reason = "something else" if error is None else str(error(place="here"))
    told = incidents.cause(kind, "某步", reason)
    assert all("某步" in text for text in told.values())
    assert error is None or "place=here" in told["zh"]
