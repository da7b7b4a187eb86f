"""A process that plays one act after another, each in a child of its own that may be killed at any of its writes.

`python -m tests.faults.stage URL` reads lines of JSON {act, subject, sends, receives} and answers each with what the
child said. The tracer above us strikes a process at its STRIKE-th call of a kind; a child first spends so many calls
that the strike falls where the test wants it, so that one tracer and one set of imports serve every turn.
"""

import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO

from engine import db
from engine.settings import ROOT
from tests.faults import acts

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
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _child(url, act, subject, (sends, receives), theirs)
    theirs.close()
    with closing(ours):
        said = b"".join(iter(lambda: os.read(ours.fileno(), 65536), b""))
    os.waitpid(child, 0)
    return said.decode()


def _child(url: str, act: str, subject: str, spent: tuple[int, int], answer: socket.socket) -> None:
    try:
        _spend(*spent)
        told = acts.play(db.sessions(db.connect(url, pool_size=1)), act, subject)
        answer.send(told.encode())
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
    """Play every act that is asked for."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_played(sys.argv[1], **json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
