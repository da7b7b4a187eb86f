"""A process that plays one act after another, each in a child of its own that may be killed at any of its writes.

`python -m tests.faults.stage URL` reads lines of JSON {act, subject, sends, receives} and answers each with what the
child said. The tracer above us strikes a process at its STRIKE-th call of a kind; a child first spends so many calls
that the strike falls where the test wants it, so that one tracer and one set of imports serve every turn.
"""

import json
import logging
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import text

from engine import db
from engine.db import transaction
from engine.settings import ROOT
from server import logs
from tests.faults import acts, doors

STRIKE = 80  # more calls of a kind than any act makes
NAME = "stage"
CALLS = {"sendto": "sends", "recvfrom": "receives"}


class Stage:
    """The other end of a running stage."""

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands, self._answers = commands, answers

    def play(self, act: str, subject: str, call: str | None = None, place: int = 0) -> str:
        """Let a child play an act, and strike it at its `place`-th `call`; return what it said, nothing if it died."""
        spent = {name: STRIKE - place if kind == call else 0 for kind, name in CALLS.items()}
        self._commands.write(json.dumps({"act": act, "subject": subject, **spent}) + "\n")
        self._commands.flush()
        return str(json.loads(self._answers.readline()))


@contextmanager
def opened(url: str, strike: str) -> Iterator[Stage]:
    """Run a stage under a tracer that strikes so: `signal=SIGKILL`, or `error=ECONNRESET`."""
    injections = [f"--inject={call}:{strike}:when={STRIKE}" for call in CALLS]
    traced = ["strace", "-f", "-qq", "-o", "/dev/null", f"--trace={','.join(CALLS)}", *injections]
    command = [*traced, sys.executable, "-m", "tests.faults.stage", url]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PGAPPNAME": NAME},
    )
    assert process.stdin
    assert process.stdout
    with process, process.stdin as commands, process.stdout as answers:
        yield Stage(commands, answers)
        commands.close()


def _played(url: str, act: str, subject: str, sends: int, receives: int) -> str:
    """Let a child play an act; return what it told us before it ended."""
    if act == doors.ACT:
        doors.application(url, subject)
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _child((url, act, subject), (sends, receives), theirs)
    theirs.close()
    with closing(ours):
        said = b"".join(iter(lambda: os.read(ours.fileno(), 65536), b""))
    os.waitpid(child, 0)
    return said.decode()


def _actor(url: str, act: str, subject: str) -> Callable[[], str]:
    """Return what plays the act, on a connection that is open and has worked before."""
    if act == doors.ACT:
        return doors.ready(url, subject)
    sessions = db.sessions(db.connect(url, pool_size=1))
    with transaction(sessions) as session:
        session.execute(text("SELECT 1"))
    return lambda: acts.play(sessions, act, subject)


def _child(wanted: tuple[str, str, str], spent: tuple[int, int], answer: socket.socket) -> None:
    try:
        with ThreadPoolExecutor(1) as other:  # the tracer counts the calls of each thread apart
            play = other.submit(_actor, *wanted).result()
        _spend(*spent)
        answer.send(play().encode())
    except BaseException:  # noqa: BLE001 - whatever it was, the test shall read it
        os.write(answer.fileno(), traceback.format_exc().encode())
    finally:
        os._exit(0)


def _spend(sends: int, receives: int) -> None:
    """Make so many calls, each a byte."""
    left, right = socket.socketpair()
    for _ in range(sends):
        left.send(b"x")
        os.read(right.fileno(), 1)
    for _ in range(receives):
        os.write(left.fileno(), b"x")
        right.recv(1)


def main() -> None:
    """Play every act that is asked for; what a child logs does not come between the answers."""
    logs.configure(logging.CRITICAL)
    db.RESTED_SECONDS = 3_600.0  # else a slow machine would ask its connection whether it lives: one call more
    with os.fdopen(os.dup(1), "w") as answers, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        for line in sys.stdin:
            answers.write(json.dumps(_played(sys.argv[1], **json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
