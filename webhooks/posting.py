"""Posting to an address that somebody else chose: the address is checked when connecting, and everything has an end."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

from engine.errors import AddressRefused
from engine.settings import Settings

CONNECT_SECONDS = 5
SILENT_SECONDS = 10
WHOLE_SECONDS = 30
READ_BYTES = 65_536
KEPT_BYTES = 1_024
LONGEST_URL = 2_000
OFFICES = [ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
NEVER = [
    ip_network(net)
    for net in (
        "100.64.0.0/10",  # carriers; a cloud keeps its metadata there
        "168.63.129.16/32",  # a cloud's host agent
        "192.0.0.0/24",
        "192.88.99.0/24",
        "fd00:ec2::/32",  # a cloud's metadata
        "::/96",  # the rest lead to IPv4 addresses by another spelling
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",  # sites, before fc00::/7 took their place
    )
]


@dataclass(frozen=True)
class Answer:
    """How a post went: a status and the beginning of the answer, or an error."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    text: str | None = None
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Tell whether the receiver took it."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004 - 2xx


@dataclass(frozen=True)
class Fence:
    """Where posts may go: public addresses, this machine only if `loopback`, office networks only by named `hosts`."""

    loopback: bool
    hosts: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the fence that `settings` ask for."""
        return cls(settings.webhook_loopback, frozenset(host.lower() for host in settings.webhook_hosts))

    def check_url(self, url: str) -> SplitResult:
        """Return the parts of `url`; raise AddressRefused unless it is one plain https address.

        Without TLS only named hosts, and this machine where it may be reached at all.
        """
        try:
            parts = urlsplit(url)
            plain = parts.hostname and parts.port != 0 and not parts.username and not parts.password
        except ValueError:
            raise AddressRefused(url=url[:LONGEST_URL]) from None
        plain = plain and len(url) <= LONGEST_URL and url.isprintable() and " " not in url and "#" not in url
        open_schemes = {"http", "https"} if self.loopback or parts.hostname in self.hosts else {"https"}
        if not plain or parts.scheme not in open_schemes:
            raise AddressRefused(url=url[:LONGEST_URL])
        return parts

    def allows(self, host: str, address: str) -> bool:
        """Tell whether `address`, to which `host` resolved just now, may be connected to."""
        ip = _plain(address)
        if ip.is_loopback:
            return self.loopback
        if any(ip in net for net in NEVER if net.version == ip.version):
            return False
        if any(ip in net for net in OFFICES if net.version == ip.version):
            return host.lower() in self.hosts
        return ip.is_global and not ip.is_multicast


def post(url: str, headers: Mapping[str, str], body: bytes, fence: Fence) -> Answer:
    """Post `body` once, following no redirect; read at most 64 KB of the answer, wait at most 30 s in all."""
    with Line(url, fence) as line:
        return line.post(headers, body)


class Line:
    """The way to one address: posts go one after the other over one connection for as long as the receiver keeps it.

    An address is checked whenever it is connected to; a connection that was checked leads where it led.
    """

    def __init__(self, url: str, fence: Fence) -> None:
        self._url, self._fence = url, fence
        self._cord = Cord()
        self._open: _Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._hang_up()
        self._cord.cut()

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post `body` once; whatever goes wrong is in the answer. A connection that went stale is made anew once."""
        began = time.monotonic()
        with self._cord.stretched():
            try:
                try:
                    answer = self._exchange(headers, body)
                except _StaleError:
                    answer = self._exchange(headers, body)
                status, text, retry_after = answer
            except (AddressRefused, OSError, HTTPException, ValueError) as fault:
                self._hang_up()
                error = (
                    f"no answer within {WHOLE_SECONDS} s" if self._cord.pulled else f"{type(fault).__name__}: {fault}"
                )
                return Answer(_since(began), error=_storable(error))
            return Answer(_since(began), status=status, text=text, retry_after=retry_after)

    def _exchange(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str, int | None]:
        parts = self._fence.check_url(self._url)
        used = self._open is not None
        line = self._open = self._open or _Connection(parts, self._fence, self._cord)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            line.request("POST", target, body, {"user-agent": "icity", **headers})
            response = line.getresponse()
        except ConnectionError as fault:
            self._hang_up()
            if used and not self._cord.pulled:
                raise _StaleError from fault
            raise
        if self._cord.pulled:
            raise TimeoutError  # half a header looks like a whole one to the library
        retry_after = response.headers.get("retry-after", "")
        text = _beginning(response)
        if not response.isclosed() or self._cord.pulled:
            self._hang_up()  # more than we read is still to come: nothing can follow it here
        return response.status, text, int(retry_after) if _is_count(retry_after) else None

    def _hang_up(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        self._cord.let_go()


class _StaleError(Exception):
    """The receiver had closed a kept connection before it heard anything of this post."""


class Cord:
    """Cuts a connection on which a post lasts too long, whatever it is busy with: name, handshake, headers or body."""

    def __init__(self) -> None:
        self.pulled = False
        self._line: socket.socket | None = None
        self._due: float | None = None
        self._cut = threading.Event()
        self._hand: threading.Thread | None = None

    @contextmanager
    def stretched(self) -> Iterator[None]:
        """Let what happens inside the block last 30 s at most."""
        self.pulled, self._due = False, time.monotonic() + WHOLE_SECONDS
        if self._hand is None:
            self._hand = threading.Thread(target=self._watch, name="cord", daemon=True)
            self._hand.start()
        try:
            yield
        finally:
            self._due = None

    def hold(self, line: socket.socket) -> None:
        """Hold a second handle on the connection, which stays good when TLS takes the first one over."""
        self.let_go()
        self._line = line.dup()

    def let_go(self) -> None:
        """Close that handle."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def cut(self) -> None:
        """Watch no longer."""
        self._cut.set()

    def _watch(self) -> None:
        wait: float = WHOLE_SECONDS
        while not self._cut.wait(wait):
            due, now = self._due, time.monotonic()
            if due is not None and due <= now:
                self._due = None
                self._pull()
            wait = WHOLE_SECONDS if due is None or due <= now else due - now

    def _pull(self) -> None:
        self.pulled = True
        line = self._line
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """A connection to an address that the fence allows."""

    def __init__(self, parts: SplitResult, fence: Fence, cord: Cord) -> None:
        self.secure = parts.scheme == "https"
        self.default_port = 443 if self.secure else 80
        super().__init__(parts.hostname or "", parts.port)
        self._fence, self._cord = fence, cord
        self.connect()

    def connect(self) -> None:
        line = self._connected()
        self._cord.hold(line)
        line.settimeout(SILENT_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = _trusted().wrap_socket(line, server_hostname=self.host) if self.secure else line

    def _connected(self) -> socket.socket:
        fault: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            if not self._fence.allows(self.host, str(address[0])):
                continue
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(CONNECT_SECONDS)
                line.connect(address)
            except OSError as refused:
                line.close()
                fault = refused
            else:
                return line
        raise fault or AddressRefused(host=self.host)


def _beginning(response: HTTPResponse) -> str:
    """Return the beginning of the answer; the status has said it all, so a body that breaks off does not matter."""
    content = b""
    with suppress(OSError, HTTPException, ValueError):
        content = response.read(READ_BYTES)
    return _storable(content[:KEPT_BYTES].decode("utf-8", "replace"))


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("86400")


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")[:KEPT_BYTES]


def _plain(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return mapped or ip


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
