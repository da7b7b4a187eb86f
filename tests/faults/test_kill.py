"""kill -9 at every send and every receive of every verb: nothing is ever half done, nothing acknowledged is lost."""

from collections.abc import Iterator

import pytest

from tests.faults import theatre as theatres
from tests.faults.acts import ACTS
from tests.faults.stage import CALLS
from tests.faults.theatre import Theatre, swept
from tests.support.invariants import broken
from tests.support.postgres import TestServer

FEWEST = 7  # places where a verb writes to the database: fewer would mean that the tracer strikes elsewhere


@pytest.fixture(scope="module")
def theatre(postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with theatres.opened(postgres_server, tmp_path_factory.mktemp("drawn")) as opened:
        yield opened


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
