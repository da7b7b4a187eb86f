"""A theatre in which acts are killed at each of their sends and receives: a database of its own, and a stage on it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from engine import db
from engine.db import Sessions, transaction
from engine.errors import IcityError
from tests.faults import acts, stage
from tests.faults.acts import ACK
from tests.faults.stage import Stage
from tests.support.invariants import broken_in
from tests.support.postgres import TestServer, cheap_passwords

PATIENCE = 5.0
OTHERS = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name AND datname = current_database()")


@dataclass(frozen=True)
class Theatre:
    """A database of its own, a stage on it, and a folder to draw in."""

    sessions: Sessions
    stage: Stage
    folder: Path

    def struck(self, act: str, call: str, place: int) -> list[str]:
        """Play an act in a child that is killed at a place, then try it again; return all that is wrong by then.

        Nothing at all, not even an empty list, would mean that the child lived: see `lived`.
        """
        turn = f"{act} {call} {place}"
        subject = acts.prepare(self.sessions, act, turn, self.folder)
        said = self.stage.play(act, subject, call, place)
        if said:
            assert said == ACK
            raise Lived
        self._rest()
        happened = acts.happened(self.sessions, act, turn)
        faults = self._broken(turn)
        if happened > 1:
            faults.append(f"it happened {happened} times")
        if happened == 0 or act not in acts.TWICE:
            with suppress(IcityError):
                acts.play(self.sessions, act, subject)
        faults += self._broken(turn)
        if acts.happened(self.sessions, act, turn) != 1:
            faults.append("tried again, it did not happen once")
        return [f"{turn}: {fault}" for fault in faults]

    def _broken(self, turn: str) -> list[str]:
        return broken_in(self.sessions, acts.instances_of(self.sessions, turn))

    def _rest(self) -> None:
        """Wait until the database has noticed that the child is dead."""
        for _ in range(round(PATIENCE / 0.002)):
            with transaction(self.sessions) as session:
                if not session.scalar(OTHERS, {"name": stage.NAME}):
                    return
            time.sleep(0.002)
        raise TimeoutError


class Lived(Exception):
    """The act made fewer calls than that: every place has been tried."""


@contextmanager
def opened(server: TestServer, folder: Path) -> Iterator[Theatre]:
    """Open a theatre whose children are killed, and close it."""
    with server.database() as url, cheap_passwords(), stage.opened(url, "signal=SIGKILL") as played:
        engine = db.connect(url)
        sessions = db.sessions(engine)
        acts.furnish(sessions)
        yield Theatre(sessions, played, folder)
        engine.dispose()


def swept(theatre: Theatre, act: str, call: str) -> tuple[int, list[str]]:
    """Kill at every place of a call; return how many there were, and all that went wrong."""
    faults: list[str] = []
    for place in range(1, stage.STRIKE):
        try:
            faults += theatre.struck(act, call, place)
        except Lived:
            return place - 1, faults
    raise AssertionError("the act never ends")
