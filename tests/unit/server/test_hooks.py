"""The door of other systems: what it answers, and that a refused letter changes nothing."""

import gzip
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from engine import clock, runtime
from engine.db import transaction
from engine.errors import BudgetSpent
from engine.tables import Instance, InstanceState, Message
from server import hooks, keyring, problems, reading
from server.app import Services
from tests.support import programme
from webhooks import signing

BODY = {"case_id": "A-1", "values": {"A1": 2.5}, "expert_scores": {"Q1": [80]}, "report": None}
MEDIA = "application/json"


@pytest.fixture
def app(configuration, sessions):
    app = Flask("door")
    app.json = reading.StrictJson(app)
    app.extensions["icity"] = Services(configuration, sessions)
    keyring.prepare(configuration.var_path)
    hooks.register(app)
    app.register_error_handler(Exception, problems.reply)
    return app


@pytest.fixture
def knock(app, configuration):
    secrets = keyring.prepare(configuration.var_path)["agency"]

    def knock(body=BODY, key=None, source="agency", media=MEDIA, **headers):
        text = body if isinstance(body, str) else json.dumps(body)
        signed = signing.sign(secrets, key or uuid4().hex, text)
        return app.test_client().post(
            f"/hooks/{source}", data=text.encode(), content_type=media, headers={**signed, **headers}
        )

    return knock


def count(sessions):
    with transaction(sessions) as session:
        return session.scalar(select(func.count()).select_from(Message))


def test_a_letter_that_nobody_waits_for_is_kept_once(knock):
    got = knock()
    assert got.status_code == 202
    assert got.get_json()["state"] == "waiting"
    again = knock(key="k1"), knock(key="k1")
    assert [reply.get_json()["duplicate"] for reply in again] == [False, True]
    assert again[0].get_json()["id"] == again[1].get_json()["id"]


def test_a_letter_is_delivered_at_once_when_somebody_waits(knock, sessions, tmp_path):
    body = programme.drawn_waiting("agency.measured")
    programme.deploy(sessions, tmp_path / "small", heard=body)
    instance = programme.start(sessions, "heard", case="A-1")
    assert knock().get_json()["state"] == "delivered"
    with transaction(sessions) as session:
        assert session.scalar(select(Instance.state).where(Instance.id == instance)) is InstanceState.FINISHED


def test_a_letter_that_cannot_be_delivered_now_is_kept(knock, sessions, tmp_path, monkeypatch):
    programme.deploy(sessions, tmp_path / "small", heard=programme.drawn_waiting("agency.measured"))
    programme.start(sessions, "heard", case="A-1")

    def burst(*_):
        raise BudgetSpent(steps=1)

    monkeypatch.setattr(runtime.Running, "deliver", burst)
    got = knock()
    assert (got.status_code, got.get_json()["state"]) == (202, "waiting")
    assert count(sessions) == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"source": "nobody"}, 404),
        ({"media": "text/plain"}, 415),
        ({"media": "application/x-www-form-urlencoded"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"webhook-signature": "v1,AAAA"}, 401),
        ({"webhook-timestamp": "1"}, 401),
        ({"body": "[" * 100_000}, 422),
        ({"body": '{"case_id": NaN}'}, 422),
        ({"body": '{"case_id": "a", "case_id": "b"}'}, 422),
        ({"body": '{"case_id": 1e999}'}, 422),
        ({"body": '{"case_id": "\\u0000"}'}, 422),
        ({"body": {"case_id": "A"}}, 422),
        ({"body": " " * 262_145}, 413),
    ],
)
def test_what_is_refused_is_told_as_a_problem_and_leaves_no_trace(knock, sessions, asked, status):
    got = knock(**asked)
    assert got.status_code == status
    assert got.content_type == "application/problem+json"
    assert count(sessions) == 0


def test_one_id_with_another_body_is_a_conflict(knock):
    assert knock(key="k").status_code == 202
    got = knock({**BODY, "case_id": "A-2"}, key="k")
    assert got.status_code == 409
    assert "other content" in got.get_json()["detail"]


def test_a_packed_bomb_is_refused_unopened(knock, sessions):
    bomb = gzip.compress(b"0" * 50_000_000).decode("latin-1")
    assert knock(bomb).status_code in {401, 413, 422}
    assert count(sessions) == 0


def test_an_old_letter_is_refused(knock, monkeypatch):
    old = clock.now() - timedelta(minutes=6)
    monkeypatch.setattr(signing.time, "time_ns", lambda: int(old.timestamp() * 1e9))
    assert knock().status_code == 401


def test_secrets_are_drawn_once_and_kept_where_only_we_can_read(configuration):
    first = keyring.prepare(configuration.var_path)
    assert keyring.prepare(configuration.var_path) == first
    file = configuration.var_path / keyring.FILE
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("{}")
    assert keyring.prepare(configuration.var_path)["agency"] != first["agency"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=50),
    ),
    media=st.sampled_from([MEDIA, "application/cloudevents+json", "text/html", ""]),
)
def test_whatever_is_thrown_at_the_door_it_does_not_fall_over(app, body, headers, media):
    got = app.test_client().post("/hooks/agency", data=body, headers=headers, content_type=media)
    assert 400 <= got.status_code < 500
