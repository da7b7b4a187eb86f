"""Vital signs: what Prometheus reads, and who may; what the operator's page says; the vigil of a web process."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import clock, events, pulses
from engine.db import transaction
from engine.events import Kind
from engine.pulses import Part
from engine.tables import Event, Violation
from server import vigil, vitals
from server.app import furnish
from tests.support.web import opened
from tests.unit.server.test_plan import visiting


@pytest.fixture
def app(configuration, sessions):
    return opened(configuration, sessions)


def furnished(sessions):
    with transaction(sessions) as session:
        pulses.beat(session, Part.CLOCK)
        events.append(session, Kind.SIGNAL_BROADCAST, data={})
        session.add(Violation(rule="steps", subject="x", told={"zh": "步数不符", "en": "steps"}, found_at=clock.now()))
    clock.travel(clock.now() + timedelta(minutes=6))


def test_prometheus_reads_lags_failures_and_who_is_alive(app, sessions):
    furnished(sessions)
    lines = set(app.test_client().get("/metrics").text.splitlines())
    assert {
        'icity_alive{part="clock"} 0.0',
        'icity_alive{part="hands"} 0.0',
        'icity_waiting{queue="outbox"} 1.0',
    } <= lines
    assert {'icity_failures{kind="broken rules"} 1.0', 'icity_waiting{queue="timers"} 0.0'} <= lines
    [age] = [line for line in lines if line.startswith("icity_heartbeat_age_seconds{")]
    assert float(age.split()[1]) >= 360
    assert any(line.startswith('icity_lag_seconds{queue="outbox"} 36') for line in lines)


def test_it_is_read_here_or_with_the_token(app, configuration, sessions):
    away = {"REMOTE_ADDR": "192.0.2.7"}
    assert app.test_client().get("/metrics", environ_base=away).status_code == 404
    furnish(app, replace(configuration, metrics_token="a long token of the installation"), sessions)
    assert app.test_client().get("/metrics").status_code == 404
    token = {"Authorization": "Bearer a long token of the installation"}
    assert app.test_client().get("/metrics", environ_base=away, headers=token).status_code == 200


def test_the_operator_sees_what_is_amiss_and_nobody_else_does(app, sessions):
    furnished(sessions)
    page = visiting(app, "admin").get("/operations").text
    for told in ("无响应", "从未运行", "步数不符", "待转发的事件"):
        assert told in page
    assert visiting(app, "jingban").get("/operations").status_code == 403


def test_a_web_process_keeps_vigil(sessions, monkeypatch):
    furnished(sessions)
    monkeypatch.setattr(pulses, "SILENT", timedelta(milliseconds=10))
    ended = vigil.begin(sessions, 0.01)
    with transaction(sessions) as session:
        found = vitals.measure(session)
    for _ in range(500):
        with transaction(sessions) as session:
            if session.scalar(select(Event.id).where(Event.kind == "clock.silent")):
                break
        ended.wait(0.01)
    ended.set()
    assert found.queues[-2].waiting == 1
    with transaction(sessions) as session:
        assert session.scalars(select(Event.kind).where(Event.kind.startswith("clock"))).all() == ["clock.silent"]


def test_a_vigil_outlives_a_database_that_is_away(engine, sessions, monkeypatch):
    def away(_):
        raise vigil.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(pulses, "look", away)
    vigil.look(sessions)
