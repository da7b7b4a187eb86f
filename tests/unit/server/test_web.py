"""The web server waits for nobody for ever."""

import socket
from types import SimpleNamespace

from server.web import READING_SECONDS, Watch


class Connection(SimpleNamespace):
    """A connection of the server; each is another."""

    __hash__ = object.__hash__


def test_who_drips_a_request_is_read_to_its_end_and_no_longer() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    watch, connection = Watch(), Connection(sock=ours)
    watch.begin(connection, 0.0)
    theirs.sendall(b"%PDF")
    watch.look(READING_SECONDS)
    assert ours.recv(8) == b"%PDF"
    watch.look(READING_SECONDS + 1)
    assert ours.recv(8) == b""
    ours.sendall(b"400")
    assert theirs.recv(8) == b"400"
    ours.close()
    watch.begin(connection, 0.0)
    watch.look(READING_SECONDS + 1)
    theirs.close()


def test_who_was_answered_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    watch, connection = Watch(), Connection(sock=ours)
    watch.begin(connection, 0.0)
    watch.end(connection)
    watch.look(READING_SECONDS + 1)
    theirs.sendall(b"GET")
    assert ours.recv(8) == b"GET"
    ours.close()
    theirs.close()
