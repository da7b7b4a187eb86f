"""Two threads on connections of their own, stepped: each stops where it is told, and goes on when it is told."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from engine import db
from engine.db import Sessions, transaction

Act = Callable[[Session], Any]

PATIENCE = 60.0
LOCKS = re.compile(r"\b(FROM|JOIN) instance\b.*\bFOR (NO KEY )?UPDATE\b", re.DOTALL)
BLOCKED = text("SELECT cardinality(pg_blocking_pids(:pid)) > 0")


@dataclass(frozen=True)
class Outcome:
    """What an act came to: what it returned, or the error that stopped it."""

    value: Any = None
    error: Exception | None = None


class Player:
    """A connection of its own, on which one act at a time is played in one transaction."""

    def __init__(self, url: str) -> None:
        self._engine = db.connect(url, pool_size=1)
        with self._engine.connect() as connection:
            self._pid = connection.scalar(text("SELECT pg_backend_pid()"))
        self.sessions: Sessions = db.sessions(self._engine)
        self._stop_at: str | None = None
        self._reached, self._go, self._done = threading.Event(), threading.Event(), threading.Event()
        self._outcome = Outcome()
        self._thread: threading.Thread | None = None
        event.listen(self._engine, "before_cursor_execute", self._locking("lock"))
        event.listen(self._engine, "after_cursor_execute", self._locking("locked"))
        event.listen(self._engine, "commit", lambda _: self._pass("commit"))

    def begin(self, act: Act, stop_at: str | None = None) -> None:
        """Play an act in a thread: until it would lock its instance, has locked it, would commit, or has ended."""
        self._stop_at = stop_at
        for flag in (self._reached, self._go, self._done):
            flag.clear()
        self._thread = threading.Thread(target=self._play, args=(act,), daemon=True)
        self._thread.start()

    def stopped(self) -> None:
        """Wait until it stands where it was to stop, or has ended before that."""
        self._wait(lambda: self._reached.is_set() or self._done.is_set())

    def settled(self, watcher: Session) -> bool:
        """Wait until it has ended, or waits in the database for somebody's lock; tell which."""
        self._wait(lambda: self._done.is_set() or bool(watcher.scalar(BLOCKED, {"pid": self._pid})))
        return not self._done.is_set()

    def end(self) -> Outcome:
        """Let it go on to its end; return what it came to."""
        self._go.set()
        self._wait(self._done.is_set)
        assert self._thread
        self._thread.join()
        return self._outcome

    def close(self) -> None:
        self._engine.dispose()

    def _play(self, act: Act) -> None:
        try:
            with transaction(self.sessions) as session:
                value = act(session)
            self._outcome = Outcome(value)
        except Exception as error:  # noqa: BLE001 - the test judges it
            self._outcome = Outcome(error=error)
        self._done.set()

    def _locking(self, point: str) -> Callable[..., None]:
        """Return what stops at a point around the statement that locks an instance."""

        def executes(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if LOCKS.search(statement):
                self._pass(point)

        return executes

    def _pass(self, point: str) -> None:
        if point == self._stop_at:
            self._stop_at = None
            self._reached.set()
            self._wait(self._go.is_set)

    def _wait(self, condition: Callable[[], bool]) -> None:
        for _ in range(round(PATIENCE / 0.001)):
            if condition():
                return
            time.sleep(0.001)
        raise TimeoutError


@dataclass
class Stepper:
    """Two players and somebody who watches the database."""

    first: Player
    second: Player
    watcher: Sessions
    met: bool = False  # in the last steps the other waited for what the first held

    def in_turn(self, one: Act, other: Act) -> list[Outcome]:
        """Play one act to its end, then the other."""
        outcomes = []
        for player, act in ((self.first, one), (self.second, other)):
            player.begin(act)
            outcomes.append(player.end())
        return outcomes

    def holding(self, one: Act, other: Act) -> list[Outcome]:
        """Stop one before it commits; let the other run until it waits or ends; then let one commit first."""
        return self._stepped(one, other, "commit")

    def grasping(self, one: Act, other: Act) -> list[Outcome]:
        """Stop one when it has locked but not written; let the other run until it waits or ends; then let one go on."""
        return self._stepped(one, other, "locked")

    def hesitating(self, one: Act, other: Act) -> list[Outcome]:
        """Stop one when it has looked but not locked; let the other run to its end; then let one go on."""
        return self._stepped(one, other, "lock")

    def _stepped(self, one: Act, other: Act, stop_at: str) -> list[Outcome]:
        self.first.begin(one, stop_at)
        self.first.stopped()
        self.second.begin(other)
        with transaction(self.watcher) as session:
            session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            self.met = self.second.settled(session)
        ended = self.first.end()
        return [ended, self.second.end()]
