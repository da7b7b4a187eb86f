"""Feature tests of BPMN begin at the same moment."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from engine import clock


@pytest.fixture(autouse=True)
def _home() -> Iterator[None]:
    clock.travel(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    yield
    clock.come_home()
