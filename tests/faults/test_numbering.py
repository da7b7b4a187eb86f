"""Numbers of documents under fire: killed at any write or raced for, a series has no hole that nobody can explain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine import documents, processes
from engine.db import Sessions, transaction
from engine.documents import House, Order
from engine.errors import IcityError
from engine.settings import Settings
from engine.tables import OfficialDocument
from server import printing
from tests.faults import theatre as theatres
from tests.faults.stage import CALLS
from tests.faults.stepping import Player, Stepper
from tests.faults.theatre import Theatre, swept
from tests.support.invariants import broken
from tests.support.papers import LETTER, ON, issuing, template
from tests.support.postgres import TestServer

HOUSE = House("浙科函", ("浙江省科学技术厅",), "", "10年", signatory="厅领导")
ORDER = Order("issuing", "letter", LETTER, ON)
FEWEST = 7  # places where issuing writes to the database


@pytest.fixture(scope="module")
def theatre(postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with theatres.opened(postgres_server, tmp_path_factory.mktemp("drawn")) as opened:
        yield opened


@pytest.fixture
def stepper(database: str, sessions: Sessions, tmp_path: Path) -> Iterator[Stepper]:
    """Give two who issue documents on connections of their own, and a database with the programme that does."""
    with transaction(sessions) as session:
        processes.deploy(session, issuing(tmp_path / "issuing"), "tests")
    players = Player(database), Player(database)
    yield Stepper(*players, sessions)
    for player in players:
        player.close()


def issue(session: Session) -> str:
    return documents.issue(session, ORDER, HOUSE, template("letter")).number


def serials(sessions: Sessions) -> list[int]:
    with transaction(sessions) as session:
        return list(session.scalars(select(OfficialDocument.serial).order_by(OfficialDocument.serial)))


@pytest.mark.parametrize("call", CALLS)
def test_killed_at_any_write_the_series_has_no_hole(call: str, theatre: Theatre) -> None:
    places, faults = swept(theatre, "issue", call)
    assert faults == []
    assert places >= FEWEST
    issued = serials(theatre.sessions)
    assert issued == list(range(1, len(issued) + 1))
    assert len(issued) >= places
    assert broken(theatre.sessions) == []


def test_two_who_issue_at_once_come_one_after_the_other(stepper: Stepper) -> None:
    first, second = stepper.holding(issue, issue)
    assert stepper.met
    assert (first.value, second.value) == ("浙科函〔2026〕1号", "浙科函〔2026〕2号")
    assert serials(stepper.watcher) == [1, 2]


def test_whoever_waits_gets_the_number_of_one_who_gives_up(stepper: Stepper) -> None:
    def gives_up(session: Session) -> str:
        assert issue(session) == "浙科函〔2026〕2号"
        session.execute(text("SELECT 1 FROM instance FOR UPDATE"))  # here the other catches up
        raise IcityError

    stepper.in_turn(issue, issue_nothing)
    stepper.first.begin(gives_up, "locked")
    stepper.first.stopped()
    stepper.second.begin(issue)
    with transaction(stepper.watcher) as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        assert stepper.second.settled(session)
    assert isinstance(stepper.first.end().error, IcityError)
    assert stepper.second.end().value == "浙科函〔2026〕2号"
    assert serials(stepper.watcher) == [1, 2]


def test_a_number_taken_in_a_transaction_of_its_own_is_found_out(sessions: Sessions, tmp_path: Path) -> None:
    with transaction(sessions) as session:
        processes.deploy(session, issuing(tmp_path / "issuing"), "tests")
    with transaction(sessions) as session:
        issue(session)
    with transaction(sessions) as session:
        documents._next(session, HOUSE.word, ON.year)  # and then the power fails
    assert [line.partition(":")[0] for line in broken(sessions)] == ["number-gap"]


def test_a_press_that_dies_before_its_row_is_written_prints_the_same_again(
    sessions: Sessions, tmp_path: Path, configuration: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(sessions) as session:
        processes.deploy(session, issuing(tmp_path / "issuing"), "tests")
        issue(session)
    with monkeypatch.context() as dying:
        dying.setattr(documents, "_tell", _dies)
        with pytest.raises(SystemExit):
            printing.print_waiting(sessions, configuration)
    before = kept(configuration)
    assert len(before) == 2
    assert printing.print_waiting(sessions, configuration) == 1
    assert kept(configuration) == before


def kept(configuration: Settings) -> set[str]:
    return {path.name for path in (configuration.var_path / "files").rglob("*") if path.is_file()}


def issue_nothing(_: Session) -> None:
    """Do nothing."""


def _dies(*_: Any) -> None:
    raise SystemExit
