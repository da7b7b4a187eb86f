"""Outbound: every event reaches who asked for it, in time, with one id - and a bad receiver harms no other."""

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from unittest.mock import MagicMock

import pytest
from sqlalchemy import func, select, update
from standardwebhooks import Webhook

from engine import clock, events
from engine.db import transaction
from engine.errors import AddressRefused
from engine.tables import Event
from tests.support import programme
from tests.support.receiver import Receiver, answering
from webhooks import outbound, posting, reach, signing
from webhooks.outbound import Wish
from webhooks.posting import Answer, Fence
from webhooks.tables import Attempt, Delivery, DeliveryState, Endpoint

FENCE = Fence(loopback=True, hosts=frozenset())
URL = "http://127.0.0.1:8000"
OK = Answer(1, status=204)
FAILED = Answer(1, status=500)


def subscribe(sessions, url="https://example.com/in", kinds=("message.received",), of=None, **more):
    with transaction(sessions) as session:
        return outbound.subscribe(session, FENCE, Wish(url, kinds, of, **more)).id


def happen(sessions, kind="message.received", **about):
    with transaction(sessions) as session:
        events.append(session, kind, **about)


def fan_out(sessions):
    with transaction(sessions) as session:
        return reach.fan_out(session, 100)


def claim(sessions, most=1):
    with transaction(sessions) as session:
        return outbound.claim(session, URL, most)


def record(sessions, claimed, answer):
    with transaction(sessions) as session:
        outbound.record(session, claimed, [(claimed.letters[0], answer)])


def send(sessions, fence=FENCE):
    claimed = claim(sessions)
    tried = outbound.post(claimed, fence)
    with transaction(sessions) as session:
        outbound.record(session, claimed, tried)
    return [answer for _, answer in tried]


def look(sessions, what):
    with transaction(sessions) as session:
        return session.scalars(what).all()


def later(span):
    clock.travel(clock.now() + span)


def test_an_event_arrives_signed_as_a_cloud_event(sessions):
    with Receiver(answering(200, b"thanks")) as receiver:
        endpoint = subscribe(sessions, receiver.url)
        happen(sessions, element="T09", data={"名": "云溪县"})
        assert fan_out(sessions) == 1
        claimed = claim(sessions)
        ((letter, answer),) = outbound.post(claimed, FENCE)
        record(sessions, claimed, answer)
    got = receiver.got[0]
    secrets = look(sessions, select(Endpoint.secrets).where(Endpoint.id == endpoint))[0]
    assert signing.verify(secrets, got.headers, got.body) == letter.message_id
    assert Webhook(secrets[0]).verify(got.body, got.headers)
    told = json.loads(got.body)
    assert (told["specversion"], told["type"], told["source"]) == ("1.0", "icity.message.received", URL)
    assert told["data"]["名"] == "云溪县"
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert look(sessions, select(Delivery.state)) == [DeliveryState.SENT]
    assert look(sessions, select(Attempt.answer)) == ["thanks"]
    assert claim(sessions) is None


def test_an_endpoint_is_told_what_it_asked_for(sessions, tmp_path):
    programme.deploy(sessions, tmp_path / "small")
    everywhere = subscribe(sessions, kinds=["instance.started"])
    here = subscribe(sessions, kinds=["instance.started"], of="small")
    elsewhere = subscribe(sessions, kinds=["instance.started"], of="other")
    off = subscribe(sessions, kinds=["instance.started"])
    with transaction(sessions) as session:
        session.execute(update(Endpoint).where(Endpoint.id == off).values(active=False))
    instance = programme.start(sessions, "sleep")
    happen(sessions)
    while fan_out(sessions):
        pass
    told = look(sessions, select(Delivery.endpoint))
    assert sorted(told) == [everywhere, here]
    assert elsewhere not in told
    body = json.loads(claim(sessions).letters[0].body)
    assert body["subject"] == body["data"]["instance"] == str(instance)


def test_many_hands_fan_out_each_event_once(sessions):
    subscribe(sessions)
    for _ in range(60):
        happen(sessions)
    hands = [threading.Thread(target=fan_out, args=(sessions,)) for _ in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    fan_out(sessions)
    assert len(look(sessions, select(Delivery.id))) == 60


def test_failures_are_tried_again_after_the_schedule_and_then_given_up(sessions):
    subscribe(sessions)
    happen(sessions)
    fan_out(sessions)
    ids, bodies = set(), set()
    for pause in outbound.SCHEDULE:
        claimed = claim(sessions)
        ids.add(claimed.letters[0].message_id)
        bodies.add(claimed.letters[0].body)
        record(sessions, claimed, FAILED)
        later(pause * 0.79)
        assert claim(sessions) is None
        later(pause * 0.42)
    record(sessions, claim(sessions), Answer(5, error="ConnectionRefusedError"))
    assert look(sessions, select(Delivery.state)) == [DeliveryState.DEAD]
    assert look(sessions, select(Endpoint.disabled_why)) == [outbound.SPENT]
    assert len(look(sessions, select(Event.id).where(Event.kind == "endpoint.disabled"))) == 1
    assert len(look(sessions, select(Attempt.id))) == len(outbound.SCHEDULE) + 1
    assert len(ids) == len(bodies) == 1


def test_a_receiver_that_asks_for_time_gets_it(sessions):
    subscribe(sessions)
    happen(sessions)
    fan_out(sessions)
    record(sessions, claim(sessions), Answer(1, status=429, retry_after=600))
    later(timedelta(seconds=590))
    assert claim(sessions) is None
    later(timedelta(seconds=11))
    assert claim(sessions)


def test_a_receiver_that_asks_for_too_much_time_gets_ten_hours(sessions):
    subscribe(sessions)
    happen(sessions)
    fan_out(sessions)
    record(sessions, claim(sessions), Answer(1, status=503, retry_after=99_999))
    later(timedelta(hours=10, seconds=1))
    assert claim(sessions)


def test_gone_ends_the_endpoint(sessions):
    subscribe(sessions)
    happen(sessions)
    happen(sessions)
    fan_out(sessions)
    record(sessions, claim(sessions), Answer(1, status=410))
    assert look(sessions, select(Endpoint.active)) == [False]
    assert claim(sessions) is None
    happen(sessions)
    fan_out(sessions)
    assert len(look(sessions, select(Delivery.id))) == 2


def test_an_endpoint_has_one_delivery_under_way_and_holds_up_no_other(sessions):
    slow, quick = subscribe(sessions), subscribe(sessions)
    for _ in range(3):
        happen(sessions)
    fan_out(sessions)
    first, second = claim(sessions), claim(sessions)
    assert {first.endpoint, second.endpoint} == {slow, quick}
    assert claim(sessions) is None
    record(sessions, second, OK)
    assert claim(sessions).endpoint == second.endpoint


def test_many_hands_claim_each_delivery_once(sessions):
    for _ in range(10):
        subscribe(sessions)
    happen(sessions)
    fan_out(sessions)
    claims, lock = [], threading.Lock()

    def hand():
        for _ in range(8):
            claimed = claim(sessions)
            if claimed:
                with lock:
                    claims.append(claimed.letters[0].delivery)

    hands = [threading.Thread(target=hand) for _ in range(6)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    assert len(claims) == len(set(claims)) == 10


def test_a_delivery_of_hands_that_died_is_taken_up_with_the_same_id(sessions):
    subscribe(sessions)
    happen(sessions)
    fan_out(sessions)
    lost = claim(sessions)
    assert claim(sessions) is None
    later(outbound.LEASE + timedelta(seconds=1))
    again = claim(sessions)
    assert again.letters[0].message_id == lost.letters[0].message_id
    record(sessions, lost, OK)
    record(sessions, again, FAILED)
    assert look(sessions, select(Delivery.state)) == [DeliveryState.SENT]
    assert len(look(sessions, select(Attempt.id))) == 2


def test_no_transaction_is_open_while_the_network_is_waited_for(sessions, engine):
    states = []

    def answer(request):
        with engine.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state ^@ 'idle in'"
            states.append(connection.exec_driver_sql(query).scalar())
        answering(204)(request)

    with Receiver(answer) as receiver:
        subscribe(sessions, receiver.url)
        happen(sessions)
        fan_out(sessions)
        claimed = claim(sessions)
        assert outbound.post(claimed, FENCE)[0][1].ok
    assert states == [0]


def test_a_secret_changes_while_the_old_one_still_fits(sessions):
    endpoint = subscribe(sessions)
    old = look(sessions, select(Endpoint.secrets))[0]
    with transaction(sessions) as session:
        new = outbound.rotate(session, endpoint)
        assert outbound.rotate(session, 404) is None
    happen(sessions)
    fan_out(sessions)
    claimed = claim(sessions)
    headers = signing.sign(claimed.secrets, claimed.letters[0].message_id, claimed.letters[0].body)
    for secret in (*old, new):
        assert signing.verify([secret], headers, claimed.letters[0].body.encode()) == claimed.letters[0].message_id


def test_an_endpoint_beyond_the_fence_or_of_an_unknown_kind_is_refused(sessions):
    with transaction(sessions) as session:
        with pytest.raises(AddressRefused):
            outbound.subscribe(session, replace(FENCE, loopback=False), Wish("http://127.0.0.1/", ["message.received"]))
        with pytest.raises(ValueError, match=r"no\.such"):
            outbound.subscribe(session, FENCE, Wish("https://example.com/", ["no.such"]))


def test_an_address_that_turned_bad_costs_a_try_and_reaches_nobody(sessions):
    with Receiver() as canary:
        subscribe(sessions, canary.url)
        happen(sessions)
        fan_out(sessions)
        send(sessions, replace(FENCE, loopback=False))
    assert canary.got == []
    assert "AddressRefused" in look(sessions, select(Attempt.error))[0]


def test_the_clock_asks_cheaply(sessions):
    asked = select(outbound.unpublished(), outbound.pending())
    subscribe(sessions)

    def due():
        with transaction(sessions) as session:
            return tuple(session.execute(asked, {"now": clock.now()}).one())

    while fan_out(sessions):
        pass
    assert due() == (False, False)
    happen(sessions)
    assert due() == (True, False)
    fan_out(sessions)
    assert due() == (False, True)
    claim(sessions)
    assert due() == (False, False)
    assert look(sessions, select(func.count()).select_from(Attempt)) == [0]


def test_a_slow_receiver_is_cut_off(sessions, monkeypatch):
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.3)
    with Receiver(lambda _: time.sleep(1)) as receiver:
        subscribe(sessions, receiver.url)
        happen(sessions)
        fan_out(sessions)
        claimed = claim(sessions)
        assert outbound.post(claimed, FENCE)[0][1].error.startswith("no answer within")


def test_a_whole_batch_goes_over_one_connection(sessions):
    lines = set()

    def answer(request):
        request.protocol_version = "HTTP/1.1"
        request.close_connection = False
        lines.add(request.client_address)
        request.send_response(204)
        request.end_headers()

    with Receiver(answer) as receiver:
        subscribe(sessions, receiver.url)
        for _ in range(20):
            happen(sessions)
        fan_out(sessions)
        claimed = claim(sessions, outbound.BATCH)
        tried = outbound.post(claimed, FENCE)
    with transaction(sessions) as session:
        outbound.record(session, claimed, tried)
    assert len(tried) == 20
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 20
    assert set(look(sessions, select(Delivery.state))) == {DeliveryState.SENT}


def test_who_does_not_answer_is_asked_with_one_delivery_at_a_time(sessions):
    subscribe(sessions, "http://127.0.0.1:9/")
    for _ in range(5):
        happen(sessions)
    fan_out(sessions)
    claimed = claim(sessions, 100)
    assert len(claimed.letters) == 5
    tried = outbound.post(claimed, FENCE)
    assert len(tried) == 1
    with transaction(sessions) as session:
        outbound.record(session, claimed, tried)
    assert claim(sessions, 100) is None
    later(timedelta(seconds=6.1))
    probe = claim(sessions, 100)
    assert len(probe.letters) == 1
    record(sessions, probe, OK)
    assert len(claim(sessions, 100).letters) == 4
    assert look(sessions, select(Endpoint.failures)) == [0]


def test_in_order_a_later_event_of_a_case_waits_for_the_earlier(sessions, tmp_path, monkeypatch):
    programme.deploy(sessions, tmp_path / "small")
    one, two = programme.start(sessions, "sleep"), programme.start(sessions, "sleep")
    while fan_out(sessions):
        pass
    subscribe(sessions, kinds=["task.claimed"], ordered=True)
    for instance in (one, two, one, None, two):
        happen(sessions, "task.claimed", instance=instance)
    fan_out(sessions)
    claimed = claim(sessions, 100)
    assert [letter.instance for letter in claimed.letters] == [one, two, one, None, two]
    answers = iter([FAILED, OK, OK, OK])

    line = MagicMock()
    line.return_value.__enter__.return_value.post = lambda *_: next(answers)
    monkeypatch.setattr(outbound, "Line", line)
    tried = outbound.post(claimed, FENCE)
    assert [(letter.instance, answer.ok) for letter, answer in tried] == [
        (one, False), (two, True), (None, True), (two, True),
    ]  # fmt: skip
    with transaction(sessions) as session:
        outbound.record(session, claimed, tried)
    other = subscribe(sessions, kinds=["task.claimed"])
    assert claim(sessions, 100) is None
    happen(sessions, "task.claimed", instance=one)
    assert claim(sessions, 100) is None
    fan_out(sessions)
    assert claim(sessions, 100).endpoint == other
    later(timedelta(seconds=7))
    assert [letter.instance for letter in claim(sessions, 100).letters] == [one, one, one]
