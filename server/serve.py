"""Everything together: database, web, clock and hands, started and stopped as one."""

import fcntl
import gc
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from engine import db
from engine.errors import SettingsRefused
from engine.settings import ROOT, Settings
from server import logs, postgres, setup
from server.scheduler import Clock
from server.web import Web
from server.worker import Hands

STOP_SECONDS = 30
START_SECONDS = 30
BREATH = 0.05
GO = b"!"
RESTARTS = 5
MINUTE = 60
HEALTHY = 200


@dataclass
class Child:
    """One process of ours; when it dies it is started again, a few times."""

    command: str
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C at the terminal reaches only us; it ends when we do."""
        arguments = [sys.executable, "-m", "server", self.command, "--with-parent"]
        self.process = subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
        self.starts.append(time.monotonic())

    def go(self) -> None:
        """Let it begin its work; until then it only makes itself ready."""
        if self.process is not None and self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.write(GO)
                self.process.stdin.flush()

    def dead(self) -> bool:
        """Say whether it has ended."""
        return self.process is not None and self.process.poll() is not None

    def hopeless(self) -> bool:
        """Say whether it has died too often within a minute to be started again."""
        return sum(start > time.monotonic() - MINUTE for start in self.starts) > RESTARTS

    def stop(self) -> None:
        """Let it finish what it does, then end it."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.process.kill()
        self.process.wait()


@dataclass
class Household:
    """The processes of one installation on one machine."""

    settings: Settings
    stopping: threading.Event = field(default_factory=threading.Event)
    children: list[Child] = field(default_factory=lambda: [Child("web"), Child("work")])

    def run(self, ready: Callable[[], None]) -> int:
        """Start everything, call `ready` once the web answers, and stay until told to stop; return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())
        with _alone(self.settings), postgres.owned(self.settings) as url, self._started():
            with postgres.connected(url) as engine:
                setup.prepare(self.settings, engine)
            return self._stay(ready)

    @contextmanager
    def _started(self) -> Iterator[None]:
        """Start the children, which get themselves ready while we prepare; stop them at the end."""
        try:
            for child in self.children:
                child.start()
            yield
        finally:
            for child in self.children:
                child.stop()

    def _stay(self, ready: Callable[[], None]) -> int:
        for child in self.children:
            child.go()
        if not self._answers():
            return 0 if self.stopping.is_set() else 1
        ready()
        while not self.stopping.wait(BREATH):
            if not self._revive():
                return 1
        return 0

    def _answers(self) -> bool:
        for _ in range(round(START_SECONDS / BREATH)):
            if self.stopping.wait(BREATH) or any(child.dead() for child in self.children):
                return False
            if _healthy(self.settings):
                return True
        return False

    def _revive(self) -> bool:
        for child in self.children:
            if child.dead():
                if child.hopeless():
                    return False
                child.start()
                child.go()
        return True


def web(settings: Settings) -> None:
    """Serve web requests until told to stop."""
    with postgres.lent(settings) as url:
        Web(settings, url).run()


def work(settings: Settings) -> None:
    """Keep the clock and the hands at work until told to stop."""
    logs.configure()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with postgres.lent(settings) as url, postgres.connected(url) as engine:
        sessions = db.sessions(engine)
        hands = Hands(settings, url, sessions)
        hands.start()
        ticking = Clock(settings, sessions, hands.defer)
        ticking.start()
        gc.collect()
        gc.freeze()
        stopping.wait()
        ticking.stop()
        hands.stop()


def follow_parent() -> None:
    """Wait for the word of the process that started us, and stop when it is gone, however it went.

    It speaks through our standard input, which closes when it ends.
    """
    if not os.read(sys.stdin.fileno(), len(GO)):
        sys.exit()

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):  # unbuffered: a lock held by this thread would spoil the exit
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="follow-parent", daemon=True).start()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the lock of the var folder; raise SettingsRefused when another server holds it."""
    settings.var_path.mkdir(parents=True, exist_ok=True)
    with (settings.var_path / "serve.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise SettingsRefused(faults=[f"var: another icity serve runs on {settings.var_path}"]) from fault
        yield


def _healthy(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=1)
    try:
        connection.request("GET", "/api/v1/health", headers={"Host": settings.trusted_hosts[0]})
        return connection.getresponse().status == HEALTHY
    except OSError:
        return False
    finally:
        connection.close()
