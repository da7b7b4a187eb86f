"""Signatures: what the other side's library verifies, what ours refuses, and how secrets change."""

import json
import time
from base64 import b64encode

import pytest
from standardwebhooks import Webhook

from engine import clock
from engine.errors import SignatureRefused
from webhooks import signing

BODY = json.dumps({"名称": "云溪县", "value": 1.5}, ensure_ascii=False)
SECRET = "whsec_" + b64encode(b"k" * 32).decode()


def test_the_other_sides_library_verifies_what_we_sign():
    headers = signing.sign([SECRET], "msg_1", BODY)
    assert Webhook(SECRET).verify(BODY.encode(), headers) == json.loads(BODY)


def test_we_verify_what_the_other_sides_library_signs():
    moment = clock.now()
    headers = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_2", moment, BODY),
    }
    assert signing.verify([SECRET], headers, BODY.encode()) == "msg_2"


def test_the_vector_of_the_standard_holds():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    moment = clock.now().fromtimestamp(1614265330, clock.now().tzinfo)
    assert Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}') == expected


def test_a_secret_is_changed_without_a_moment_in_which_nothing_fits():
    old, new = signing.new_secret(), signing.new_secret()
    both = signing.sign([new, old], "msg_3", BODY)
    for known in ([old], [new], [new, old]):
        assert signing.verify(known, both, BODY.encode()) == "msg_3"
    assert signing.verify([new, old], signing.sign([old], "msg_4", BODY), BODY.encode()) == "msg_4"


def test_the_moved_clock_of_the_house_does_not_move_the_clock_of_the_wire():
    clock.travel(clock.now().replace(year=clock.now().year + 2))
    assert signing.verify([SECRET], signing.sign([SECRET], "msg_5", BODY), BODY.encode()) == "msg_5"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_9"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 257},
        {"webhook-timestamp": str(int(time.time()) - 301)},
        {"webhook-timestamp": str(int(time.time()) + 310)},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,***"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "v2,AAAA v1,AAAA"},
        {"webhook-signature": "v1,AAAA " * 200},
    ],
)
def test_what_was_tampered_with_is_refused(change):
    headers = {**signing.sign([SECRET], "msg_6", BODY), **change}
    with pytest.raises(SignatureRefused):
        signing.verify([SECRET], headers, BODY.encode())


@pytest.mark.parametrize("body", [BODY + " ", json.dumps(json.loads(BODY)), "", "\ufffd"])
def test_another_body_is_refused_even_if_it_says_the_same(body):
    with pytest.raises(SignatureRefused):
        signing.verify([SECRET], signing.sign([SECRET], "msg_7", BODY), body.encode())


def test_a_body_that_is_no_text_is_refused():
    with pytest.raises(SignatureRefused):
        signing.verify([SECRET], signing.sign([SECRET], "msg_8", BODY), b"\xff\xfe")


def test_a_source_without_secrets_is_refused():
    with pytest.raises(SignatureRefused):
        signing.verify([], signing.sign([SECRET], "msg_1", BODY), BODY.encode())
