"""A process that does one thing and is killed at a named point of it; `python -m tests.faults.actor URL ACT ID POINT`.

It prints ACK once the transaction is durable. The points are set from outside, the engine knows nothing of them.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import event

from engine import db, identity, instances, messages, tasks, timers
from engine.bpmn import codec, execution
from engine.db import transaction
from engine.instances import Application

POINTS = (
    "before_begin",
    "before_lock",
    "after_lock",
    "after_load",
    "before_run",
    "after_run",
    "before_dump",
    "before_write",
    "after_write",
    "before_commit",
    "after_commit",
)


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, engine: Any) -> None:
    """Make this process die at `point`."""
    if point == "before_begin":
        event.listen(engine, "begin", lambda _: die())
    elif point in {"before_lock", "after_lock"}:
        when = f"{point.partition('_')[0]}_cursor_execute"
        event.listen(engine, when, lambda _c, _cur, sql, *_: die() if "FOR UPDATE" in sql else None)
    elif point in {"before_write", "after_write"}:
        when = f"{point.partition('_')[0]}_cursor_execute"
        event.listen(engine, when, lambda _c, _cur, sql, *_: die() if "moved AS" in sql else None)
    elif point == "before_commit":
        event.listen(engine, "commit", lambda _: die())
    elif point == "after_load":
        _around(execution.Execution, "meet", after=True)
    elif point in {"before_run", "after_run"}:
        _around(execution.Execution, "_run", after=point == "after_run")
    elif point == "before_dump":
        _around(codec, "dump", after=False)


def _around(owner: Any, name: str, *, after: bool) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def fatal(*args: Any, **kwargs: Any) -> Any:
        if after:
            real(*args, **kwargs)
        die()

    setattr(owner, name, fatal)


def act(sessions: db.Sessions, what: str, subject: str) -> None:
    """Do one thing through the verbs."""
    with transaction(sessions) as session:
        if what == "start":
            instances.start(session, None, Application("bench", "loop", subject, subject=subject))
        elif what == "complete":
            person = identity.load(session, "bench0")
            tasks.complete(session, person, UUID(subject), {"opinion": "同意", "score": 80})
        elif what == "correlate":
            messages.receive(session, None, "tests", subject, "answer", subject, {"score": 80})
        elif what == "fire":
            timers.fire(session, int(subject))


def main() -> None:
    """Do one thing, die at one point, or acknowledge."""
    url, what, subject, point = sys.argv[1:]
    engine = db.connect(url)
    arm(point, engine)
    act(db.sessions(engine), what, subject)
    if point == "after_commit":
        die()
    sys.stdout.write("ACK\n")


if __name__ == "__main__":
    main()
