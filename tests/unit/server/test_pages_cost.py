"""What a page may ask of the database: a dozen statements and one for the bell at most, and never one a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from engine import calendars, identity, instances, processes, units
from engine.db import Sessions, transaction
from engine.identity import Kind, Limits
from engine.instances import Application
from engine.settings import ROOT, Settings
from tests.support import everywhere
from tests.support.everywhere import ADMIN, CLERK, NOBODY, OFFICER, OWNER
from tests.support.web import opened

MOST = 13  # a dozen of its own, and one for the bell that stands on every page
HEAD = "xianzhang"
COUNTY = Application(
    "innovative-city", "lifecycle", "云溪县创建创新型县", "339921", "yunxi-government", {"unit": "339921"}
)


@pytest.fixture
def house(sessions: Sessions, configuration: Settings, tmp_path: Path) -> everywhere.Furnished:
    with transaction(sessions) as session:
        calendars.seed(session)
        units.seed(session)
        processes.deploy(session, ROOT / "workflows" / "innovative-city", "a test")
        case = instances.start(session, identity.load(session, HEAD), COUNTY)
    return everywhere.furnish(sessions, configuration, case, tmp_path)


def test_no_page_needs_more_than_a_dozen_statements_and_the_bell(
    house: everywhere.Furnished, sessions: Sessions, configuration: Settings, engine: Engine
) -> None:
    app = opened(configuration, sessions)
    costs: dict[str, list[str]] = {}
    statuses: dict[str, int] = {}
    for login in (OFFICER, CLERK, ADMIN, OWNER, NOBODY):
        client = app.test_client()
        if login:
            client.set_cookie("sid", _secret(sessions, configuration, login))
        for address, _place in house.addresses(login):
            client.get(address)  # what is kept in memory is kept from here on
            with _told(engine) as statements:
                statuses[f"{login} {address}"] = client.get(address).status_code
            costs[f"{login} {address}"] = list(statements)
    assert {address: status for address, status in statuses.items() if status != HTTPStatus.OK} == {}
    assert {address: asked for address, asked in costs.items() if len(asked) > MOST} == {}
    assert sum(map(len, costs.values())) > len(costs)  # that nothing is counted would be found


def _secret(sessions: Sessions, configuration: Settings, login: str) -> str:
    with transaction(sessions) as session:
        person = identity.load(session, login).id
        return identity.begin(session, person, Kind.WEB, Limits.of(configuration))


@contextmanager
def _told(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def hear(*given: Any) -> None:
        statements.append(given[2])

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", hear)
