"""kill -9 at every send of carrying over a group and of taking it back: all of it is on one version or the other."""

from collections.abc import Iterator

import pytest

from tests.faults import theatre as theatres
from tests.faults.acts import VERSIONS
from tests.faults.theatre import Theatre, swept
from tests.support.invariants import broken
from tests.support.postgres import TestServer

FEWEST = 15  # places where a group of two is written


@pytest.fixture(scope="module")
def theatre(postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with theatres.opened(postgres_server, tmp_path_factory.mktemp("drawn")) as opened:
        yield opened


@pytest.mark.long
@pytest.mark.parametrize("act", VERSIONS)
def test_a_group_that_is_killed_on_its_way_stands_whole_on_one_version(act, theatre):
    places, faults = swept(theatre, act, "sendto")
    assert faults == []
    assert places >= FEWEST
    assert broken(theatre.sessions) == []
