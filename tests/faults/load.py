"""A process that does small verbs as fast as it can and notes what became of each; `… load URL SEAT FILE`.

A line of the file is: a for acknowledged or u for unknown, the verb, its subject, and the monotonic moment. Unknown is
what failed because the database was gone: it may have happened or not. It goes on until it is told to stop.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import db, identity, instances, messages, tasks
from engine.db import Sessions, transaction
from engine.errors import IcityError
from engine.instances import Application
from engine.messages import Arrival
from engine.tables import Task, TaskState
from tests.faults import acts

SOURCE = "load"
BREATH = 0.1
KEPT = 10  # messages between two other verbs: they are the cheapest acknowledgement


class Load:
    """One person who works on one instance, and one system that tells us messages."""

    def __init__(self, sessions: Sessions, seat: str, notes: int) -> None:
        self._sessions, self._notes, self._going = sessions, notes, True
        with transaction(sessions) as session:
            self._actor = identity.load(session, acts.PERSON)
            self._instance = instances.start(session, None, Application("bench", "loop", seat, subject=seat))

    def stop(self, *_: object) -> None:
        """Go on no longer than what is being done."""
        self._going = False

    def run(self) -> None:
        """Do verbs until told to stop."""
        while self._going:
            task = self._open_task()
            if task is None:
                continue
            self._do("claim", task, lambda session, task=task: tasks.claim(session, self._actor, task))
            self._tell()
            self._do("release", task, lambda session, task=task: tasks.release(session, self._actor, task))
            self._tell()
            self._do("complete", task, lambda session, task=task: self._complete(session, task))

    def _complete(self, session: Session, task: UUID) -> None:
        tasks.complete(session, self._actor, task, acts.ANSWERS)

    def _open_task(self) -> UUID | None:
        query = select(Task.id).where(Task.instance == self._instance, Task.state == TaskState.OPEN)
        try:
            with transaction(self._sessions) as session:
                return session.scalar(query)
        except DBAPIError:
            time.sleep(BREATH)
            return None

    def _tell(self) -> None:
        for _ in range(KEPT):
            key = uuid4()
            arrival = Arrival(SOURCE, str(key), "answer", "nobody", {})
            self._do("keep", key, lambda session, arrival=arrival: messages.keep(session, None, arrival))

    def _do(self, verb: str, subject: UUID, act: Callable[[Session], object]) -> None:
        known = "a"
        try:
            with transaction(self._sessions) as session:
                act(session)
        except DBAPIError:
            known = "u"
        except IcityError:
            return  # what was unknown has happened after all, and cannot happen again
        os.write(self._notes, f"{known} {verb} {subject} {time.monotonic()}\n".encode())
        if known == "u":
            time.sleep(BREATH)


def main() -> None:
    """Work until told to stop."""
    url, seat, file = sys.argv[1:]
    with Path(file).open("wb", buffering=0) as notes:
        load = Load(db.sessions(db.connect(url, pool_size=1)), seat, notes.fileno())
        signal.signal(signal.SIGTERM, load.stop)
        gc.freeze()
        load.run()


if __name__ == "__main__":
    main()
