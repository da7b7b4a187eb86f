"""Whatever happens here is told to other systems as the catalogue of events writes it."""

from collections.abc import Iterator

import pytest

from tests.support.telling import misfits


@pytest.fixture(autouse=True)
def _told_as_written(request: pytest.FixtureRequest) -> Iterator[None]:
    sessions = request.getfixturevalue("sessions") if "sessions" in request.fixturenames else None
    yield
    assert sessions is None or misfits(sessions) == []
