"""The web server waits for nobody for ever."""

import socket
import threading
from functools import partial
from types import SimpleNamespace

from server import uploads
from server.web import READING_SECONDS, SLOWEST, Counted, Watch, Worker


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


def test_an_upload_over_a_slow_line_is_read_as_long_as_it_goes_on() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    watch, connection = Watch(), Connection(sock=ours)
    counted = Counted(ours, partial(watch.came, connection))
    watch.begin(connection, 0.0)
    watch.bear(connection)
    for second in range(1, 200):
        theirs.sendall(b"x" * SLOWEST)
        left = SLOWEST
        while left:
            left -= len(counted.recv(left))
        watch.look(READING_SECONDS + second)
    theirs.sendall(b"the end")
    assert counted.recv(8) == b"the end"
    watch.look(READING_SECONDS + 201)  # it stalled
    assert counted.recv(8) == b""
    ours.close()
    theirs.close()


def test_whatever_takes_no_files_is_read_no_longer_for_coming_fast() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    watch, connection = Watch(), Connection(sock=ours)
    counted = Counted(ours, partial(watch.came, connection))
    watch.begin(connection, 0.0)
    theirs.sendall(b"x" * SLOWEST)
    while counted.recv(SLOWEST) and watch.look(READING_SECONDS + 1) is None:
        pass
    assert counted.recv(8) == b""
    ours.close()
    theirs.close()


def test_patience_lasts_for_one_request() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    watch, connection = Watch(), Connection(sock=ours)
    watch.begin(connection, 0.0)
    watch.bear(connection)
    watch.came(connection, 100 * SLOWEST)
    watch.end(connection)
    watch.begin(connection, 50.0)
    watch.look(50 + READING_SECONDS + 1)
    assert ours.recv(8) == b""
    ours.close()
    theirs.close()


def test_a_view_asks_the_web_server_for_patience_with_its_own_connection() -> None:
    worker: Worker = Worker.__new__(Worker)
    worker.watch, worker.serving = Watch(), threading.local()
    worker.serving.connection = connection = Connection(sock=None)
    seen = []
    worker.app = SimpleNamespace(wsgi=lambda: lambda environ, _start: seen.append(environ[uploads.PATIENCE]()))
    worker.load_wsgi()
    worker.wsgi({}, None)
    worker.watch.begin(connection, 0.0)
    worker.watch.came(connection, 1000 * SLOWEST)
    worker.watch.look(READING_SECONDS + 999)  # it would be closed, and it has nothing to close
    assert seen == [None]
