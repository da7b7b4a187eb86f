"""kill -9 at every send and every receive of every verb: nothing is ever half done, nothing acknowledged is lost."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import db
from engine.db import Sessions, transaction
from engine.errors import IcityError
from tests.faults import acts, stage
from tests.faults.acts import ACK, ACTS
from tests.faults.stage import CALLS, Stage
from tests.support.invariants import broken, broken_in
from tests.support.postgres import TestServer, cheap_passwords

FEWEST = 7  # places where a verb writes to the database: fewer would mean that the tracer strikes elsewhere
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


@pytest.fixture(scope="module")
def theatre(postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with postgres_server.database() as url, cheap_passwords(), stage.opened(url, "signal=SIGKILL") as opened:
        engine = db.connect(url)
        sessions = db.sessions(engine)
        acts.furnish(sessions)
        yield Theatre(sessions, opened, tmp_path_factory.mktemp("drawn"))
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


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("act", ACTS)
def test_killed_at_any_write_it_has_happened_or_not_and_tried_again_it_happens_once(act, call, theatre):
    places, faults = swept(theatre, act, call)
    assert faults == []
    assert places >= FEWEST


def test_after_all_the_killing_the_database_is_sound(theatre):
    assert broken(theatre.sessions) == []


def test_a_verb_in_two_transactions_is_found_out(theatre):
    _, faults = swept(theatre, "torn", "sendto")
    assert any("task-told" in fault for fault in faults)
    assert any("task-missing" in fault for fault in faults)
