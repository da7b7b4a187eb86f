"""Live: browsers hear at once that their notices changed; one listener a process, a stream holds a thread of its own.

A stream is a reply that does not end: so at most half of the threads of a process carry one, three a person, and who
comes beyond that asks once a minute. No stream holds a transaction or a connection of the pool while it waits.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from engine import db
from engine.db import Sessions
from engine.notices.ringing import CHANNEL

GOES_ON = "icity.goes_on"  # of the server: whether it still serves, asked every LOOK by each stream
SOCKETS = ("gunicorn.socket", "werkzeug.socket")
MOST = 3  # streams of one person
LOOK = 1.0  # seconds between two looks whether the browser is still there
BEAT = 15.0  # seconds between two signs of life
LONGEST = 600.0  # seconds of one stream; the browser opens another
PAUSE = 5.0  # seconds before a lost connection to the database is made anew
LATER = 60  # seconds after which a browser that found no room asks

_log = structlog.get_logger("icity.web")


@dataclass(eq=False)
class Line:
    """One stream of a person: rung when something changed, over when a newer one takes its place."""

    person: UUID
    rung: Event = field(default_factory=Event)
    over: bool = False


class Exchange:
    """Connects the one listener of this process with the streams of people."""

    def __init__(self, sessions: Sessions, most: int) -> None:
        self._sessions, self._most = sessions, most
        self._lines: list[Line] = []
        self._lock = Lock()
        self._listener: Thread | None = None

    def join(self, person: UUID) -> Line | None:
        """Return a line for a person, in place of their oldest when they have MOST; None when there is no room."""
        with self._lock:
            mine = [line for line in self._lines if line.person == person]
            if len(mine) >= MOST:
                self._drop(mine[0])
            if len(self._lines) >= self._most:
                return None
            line = Line(person)
            self._lines.append(line)
            if self._listener is None:
                self._listener = Thread(target=self._listen, name="notices", daemon=True)
                self._listener.start()
            return line

    def leave(self, line: Line) -> None:
        """Give the place of a line back."""
        with self._lock:
            self._drop(line)

    def count(self) -> int:
        """Return how many streams there are."""
        return len(self._lines)

    def _drop(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)
        line.over = True
        line.rung.set()

    def _listen(self) -> None:
        """Ring for what the database tells, until nobody has been listening; a lost connection is made anew."""
        while not self._idle():
            try:
                self._hear()
            except DBAPIError:
                _log.warning("notices.unheard")
                time.sleep(PAUSE)
            except Exception:  # noqa: BLE001 - the driver's own words for a lost connection
                _log.warning("notices.unheard", exc_info=True)
                time.sleep(PAUSE)

    def _hear(self) -> None:
        with closing(db.hear(self._sessions, CHANNEL, LOOK)) as told:
            next(told)
            self._ring(None)  # what happened while nobody heard
            for person in told:
                if person is not None:
                    self._ring(person)
                elif self._idle():
                    return

    def _idle(self) -> bool:
        """Tell whether the listener may go; it is forgotten in the same breath, so that who comes next starts one."""
        with self._lock:
            if not self._lines:
                self._listener = None
            return not self._lines

    def _ring(self, person: str | None) -> None:
        with self._lock:
            for line in self._lines:
                if person is None or str(line.person) == person:
                    line.rung.set()


def stream(line: Line, look: Callable[[], int | None], there: Callable[[], bool]) -> Iterator[str]:
    """Yield server-sent events: the count of unread notices now and whenever it changed, and a comment every BEAT.

    `look` returns the count, None when the sign-in is over; `there` tells whether somebody still reads.
    """
    begun = beat = time.monotonic()
    line.rung.set()
    while there() and time.monotonic() - begun < LONGEST:
        rung = line.rung.wait(LOOK)
        line.rung.clear()
        if line.over:
            yield _said("busy", LATER)
            return
        if not rung and time.monotonic() - beat < BEAT:
            continue
        beat, count = time.monotonic(), look()
        if count is None:
            yield _said("over", 0)
            return
        yield _said("unread", count) if rung else ": beat\n\n"


def presence(environ: dict[str, object]) -> Callable[[], bool]:
    """Return what tells whether the server goes on and the browser has not closed the connection of a request."""
    serving = environ.get(GOES_ON, lambda: True)
    wire = next((environ[name] for name in SOCKETS if name in environ), None)

    def there() -> bool:
        return bool(serving()) and not (isinstance(wire, socket.socket) and _closed(wire))  # type: ignore[operator]

    return there


def _closed(wire: socket.socket) -> bool:
    try:
        return wire.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _said(name: str, number: int) -> str:
    return f"retry: 5000\nevent: {name}\ndata: {number}\n\n"
