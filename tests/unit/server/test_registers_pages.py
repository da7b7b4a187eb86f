"""The pages of units, scores, documents and cases as the server writes them: how often they ask the database."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from engine import calendars, identity, instances, processes, units
from engine.db import Sessions, transaction
from server.pages import tables
from server.pages.tables import Form, Table
from tests.support import registers
from tests.support.postgres import PASSWORD
from tests.support.registers import UNIT

MOST_STATEMENTS = 13  # a dozen of its own, and one for the bell that stands on every page

Visit = Callable[[str], FlaskClient]


@pytest.fixture
def visit(app: Flask) -> Visit:
    """Give a function that signs a person of the demonstration in with a browser."""

    def visiting(login: str) -> FlaskClient:
        client = app.test_client()
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
        assert found is not None
        form = {"login": login, "password": PASSWORD, "csrf_token": found[1], "next": "/"}
        assert client.post("/sign-in", data=form).status_code == 303
        return client

    return visiting


@pytest.fixture
def addresses(sessions: Sessions, tmp_path: Path) -> list[str]:
    """Give the address of every page about the fictional county, which has a life and a running case."""
    wanted = instances.Application(
        "innovative-city", "lifecycle", "云溪县创建", UNIT, "yunxi-government", {"unit": UNIT}
    )
    with transaction(sessions) as session:
        calendars.seed(session)
        units.seed(session)
        processes.deploy(session, registers.FOLDER, "tests")
        case = instances.start(session, identity.load(session, "xianzhang"), wanted)
        lived = registers.lived(session, tmp_path)
    parts = ("", "/record", "/figures", "/figures/2025/gdp", "/figures.csv", "/scores.xlsx")
    return [
        "/units",
        *(f"/units/{UNIT}{part}" for part in parts),
        *(f"/scores/{lived.sheets[1]}{part}" for part in ("", "/again", ".csv")),
        *(f"/instances/{case}{part}" for part in ("", "/timeline", "/record", "/copies")),
        *("/documents", "/documents.csv", f"/documents/{lived.document}"),
    ]


@pytest.mark.parametrize("login", ["jingban", "xianzhang"])
def test_no_page_of_the_registers_asks_more_than_twelve_times(
    visit: Visit, addresses: list[str], sessions: Sessions, login: str
) -> None:
    client, asked = visit(login), []
    event.listen(sessions.kw["bind"], "before_cursor_execute", lambda *given: asked.append(given[2]))
    counted = {}
    for address in addresses:
        assert client.get(address).status_code == 200, address  # what is read once in a process is read now
        asked.clear()
        client.get(address)
        counted[address] = len(asked)
    assert {address: count for address, count in counted.items() if count > MOST_STATEMENTS} == {}


def test_a_cell_that_looks_like_a_formula_stays_text(app: Flask) -> None:
    table = Table("表", ("名称", "数值"), [("=1+1", 2), ("@SUM(A1)", None), ("-甲", -3)])
    with app.test_request_context():
        reply = tables.answer(table, Form.CSV)
        reply.direct_passthrough = False
        lines = reply.get_data().decode("utf-8-sig").splitlines()
    assert lines == ["名称,数值", "'=1+1,2", "'@SUM(A1),", "'-甲,-3"]
