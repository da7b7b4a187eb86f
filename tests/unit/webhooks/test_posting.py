"""The fence and the cord: where posts may go, and that each of them ends."""

import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from engine.errors import AddressRefused
from tests.support.receiver import Receiver, answering
from webhooks import posting
from webhooks.posting import Fence

SHUT = Fence(loopback=False, hosts=frozenset())
HERE = Fence(loopback=True, hosts=frozenset())

NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "localhost",
    "LOCALHOST",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "0",
]


@pytest.mark.parametrize("address", NEVER)
def test_no_post_goes_to_an_address_that_is_not_public(address):
    assert not SHUT.allows("example.com", address)


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1"])
def test_public_addresses_are_open(address):
    assert SHUT.allows("example.com", address)


def test_an_office_network_is_open_to_named_hosts_only():
    fence = Fence(loopback=False, hosts=frozenset({"oa.intranet"}))
    assert fence.allows("OA.intranet", "10.1.2.3")
    assert not fence.allows("other.intranet", "10.1.2.3")
    assert not fence.allows("oa.intranet", "169.254.169.254")
    assert not fence.allows("oa.intranet", "127.0.0.1")


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_gets_no_post_however_it_is_spelled(host):
    with Receiver() as canary:
        port = canary.url.rpartition(":")[2].partition("/")[0]
        fence = Fence(loopback=False, hosts=frozenset({host.strip("[]").lower()}))
        for scheme in ("http", "https"):
            answer = posting.post(f"{scheme}://{host}:{port}/", {}, b"{}", fence)
            assert answer.status is None
            assert answer.error
    assert canary.got == []


def test_a_name_that_turns_to_this_machine_later_gets_no_post(monkeypatch):
    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with Receiver() as canary:
        port = int(canary.url.rpartition(":")[2].partition("/")[0])
        monkeypatch.setattr(posting.socket, "getaddrinfo", resolve)
        answer = posting.post(f"https://rebind.example:{port}/", {}, b"{}", SHUT)
    assert "AddressRefused" in answer.error
    assert canary.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https:///path",
        "//example.com",
        "https://[::1",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com/ x",
        "https://example.com/\r\nx",
        "https://example.com/#part",
        "https://example.com/" + "x" * 2_000,
        "",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url):
    with pytest.raises(AddressRefused):
        SHUT.check_url(url)
    assert posting.post(url, {}, b"{}", SHUT).error


def test_a_post_arrives_with_its_headers_and_the_answer_is_kept():
    with Receiver(answering(200, "好 ".encode() + b"\x00\xff" + b"y" * 5_000)) as receiver:
        answer = posting.post(receiver.url, {"webhook-id": "m"}, "云".encode(), HERE)
    assert answer.ok
    assert answer.text.startswith("好 ")
    assert "\x00" not in answer.text
    assert len(answer.text) <= 1_024
    assert receiver.got[0].body.decode() == "云"
    assert receiver.got[0].path == "/in?x=1"
    assert receiver.got[0].headers["webhook-id"] == "m"


def test_a_redirect_is_not_followed():
    with Receiver() as target, Receiver(answering(302, location=target.url)) as receiver:
        answer = posting.post(receiver.url, {}, b"{}", HERE)
    assert answer.status == 302
    assert not answer.ok
    assert target.got == []


@pytest.mark.parametrize(("told", "read"), [("120", 120), ("soon", None), ("-1", None), ("²", None), ("9" * 9, None)])
def test_the_wish_to_wait_is_read(told, read):
    with Receiver(lambda request: answering(429, retry_after=told)(request) if told.isascii() else _raw(request)) as it:
        assert posting.post(it.url, {}, b"{}", HERE).retry_after == read


def test_nobody_there_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        answer = posting.post(f"http://127.0.0.1:{taken.getsockname()[1]}/", {}, b"{}", HERE)
    assert "ConnectionRefused" in answer.error


def test_what_is_not_http_is_an_error():
    with Receiver(lambda request: request.wfile.write(b"SSH-2.0-x\r\n\r\n")) as receiver:
        assert "BadStatusLine" in posting.post(receiver.url, {}, b"{}", HERE).error


def test_an_endless_body_is_read_to_64_kb_and_left():
    with Receiver(_endless) as receiver:
        began = time.monotonic()
        answer = posting.post(receiver.url, {}, b"{}", HERE)
    assert answer.ok
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 100 Continue\r\n\r\n", b""])
def test_a_receiver_that_never_comes_to_its_end_is_cut_off(drip, monkeypatch):
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.4)
    with Receiver(_dripping(drip)) as receiver:
        began = time.monotonic()
        answer = posting.post(receiver.url, {}, b"{}", HERE)
    assert answer.status is None
    assert answer.error.startswith("no answer within")
    assert time.monotonic() - began < 3


def test_a_body_that_drips_does_not_take_back_the_status(monkeypatch):
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.4)
    with Receiver(_dripping(b"HTTP/1.1 200 OK\r\n\r\n")) as receiver:
        assert posting.post(receiver.url, {}, b"{}", HERE).ok


def test_a_certificate_nobody_vouches_for_is_an_error():
    with Receiver() as receiver:
        assert posting.post(receiver.url.replace("http", "https"), {}, b"{}", HERE).error
    assert receiver.got == []


def _endless(request: BaseHTTPRequestHandler) -> None:
    answering(200)(request)
    with suppress(OSError):
        while True:
            request.wfile.write(b"z" * 65_536)


def _dripping(beginning: bytes):
    def answer(request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            request.wfile.write(beginning)
            for _ in range(100):
                time.sleep(0.05)
                request.wfile.write(beginning[-1:] and (beginning if b"100" in beginning else b"a"))

    return answer


def _raw(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 429 Slow\r\nretry-after: \xb2\r\n\r\n")
