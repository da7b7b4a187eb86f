"""Inbound: a signed event becomes one message; what is not signed or not as promised leaves no trace."""

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from engine import messages
from engine.db import transaction
from engine.domain import feel
from engine.errors import MessageRefused, NotFound, SignatureRefused
from engine.tables import Message
from webhooks import inbound, signing, sources
from webhooks.inbound import Letter

SECRET = signing.new_secret()
BODY = {"case_id": "A-1", "values": {"A1": 2.5}, "expert_scores": {"Q1": [80, 90]}, "report": "https://a.example/1"}


def letter(body=BODY, key="msg_1", source="agency"):
    text = body if isinstance(body, str) else json.dumps(body)
    return Letter(source, signing.sign([SECRET], key, text), text.encode())


def keep(sessions, sent):
    with transaction(sessions) as session:
        return inbound.accept(session, inbound.source(session, sent.source), [SECRET], sent, json.loads)


def count(sessions):
    with transaction(sessions) as session:
        return session.scalar(select(func.count()).select_from(Message))


def test_a_signed_event_becomes_the_message_of_its_source(sessions):
    assert keep(sessions, letter()).state == "waiting"
    with transaction(sessions) as session:
        message = session.scalars(select(Message)).one()
    assert (message.source, message.name, message.correlation) == ("hook:agency", "agency.measured", "A-1")
    assert message.payload == {**BODY, "evidence": None}


def test_an_optional_part_that_is_missing_is_null(sessions):
    keep(sessions, letter({key: value for key, value in BODY.items() if key != "report"}))
    with transaction(sessions) as session:
        assert session.scalars(select(Message)).one().payload == {**BODY, "evidence": None, "report": None}


def test_the_same_letter_a_hundred_times_at_once_is_one_message(sessions):
    sent, results = letter(), []
    hands = [
        threading.Thread(target=lambda: results.extend(keep(sessions, sent).duplicate for _ in range(20)))
        for _ in range(5)
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert results.count(False) == 1
    assert len(results) == 100
    assert count(sessions) == 1


def test_one_id_with_another_body_is_refused(sessions):
    keep(sessions, letter())
    with pytest.raises(MessageRefused) as refusal:
        keep(sessions, letter({**BODY, "case_id": "A-2"}))
    assert refusal.value.facts["clash"]


def test_a_letter_that_is_not_signed_leaves_no_trace(sessions):
    sent = letter()
    for headers in ({}, {**sent.headers, "webhook-id": "other"}):
        with pytest.raises(SignatureRefused):
            keep(sessions, Letter("agency", headers, sent.body))
    assert count(sessions) == 0


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', '{"case_id": 1}', {**BODY, "values": {"A1": "x"}}])
def test_a_letter_that_is_not_as_promised_leaves_no_trace(sessions, body):
    with pytest.raises(MessageRefused):
        keep(sessions, letter(body))
    assert count(sessions) == 0


@pytest.mark.parametrize("change", [{"correlation": "7"}, {"correlation": "nobody"}, {"payload": "case_id"}])
def test_a_source_that_does_not_say_whom_it_is_for_is_refused(sessions, monkeypatch, change):
    compiled = {name: feel.compile(source) for name, source in change.items()}
    other = replace(sources.load()["agency"], **compiled)
    monkeypatch.setattr(sources, "load", lambda: {"agency": other})
    with pytest.raises(MessageRefused):
        keep(sessions, letter())


def test_an_unknown_source_is_not_found(sessions):
    with pytest.raises(NotFound):
        keep(sessions, letter(source="nobody"))


def test_the_messages_of_two_sources_may_have_one_id(sessions):
    keep(sessions, letter())
    with transaction(sessions) as session:
        other = messages.keep(session, None, messages.Arrival("api:x", "msg_1", "agency.measured", "A-1", {}))
    assert not other.duplicate
