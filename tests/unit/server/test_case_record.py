"""The record of a case: its figures and files beside what was answered, each to whom it is for, in few statements."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from engine import attachments, evidence, figures, identity, instances, units
from engine.attachments import Adding
from engine.db import Sessions, transaction
from engine.evidence import File, Store
from engine.figures import Batch, Correction, Hands, Origin
from engine.instances import Application
from engine.settings import Settings
from engine.tables import Task, TaskState
from tests.support import files
from tests.support.postgres import PASSWORD

pytestmark = pytest.mark.usefixtures("errand")
MOST_STATEMENTS = 13  # a dozen of its own, and one for the bell that stands on every page
YUNXI = "339921"

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
def case(sessions: Sessions, configuration: Settings) -> UUID:
    """Give a case of Yunxi with a file and three figures, one of them corrected by another case."""
    store = Store.of(configuration)
    with transaction(sessions) as session:
        units.seed(session)
        officer, intake = identity.load(session, "jingban"), identity.load(session, "shouli")
        found = instances.start(session, officer, Application("errand", "errand", "一件差事", YUNXI))
        other = instances.start(session, officer, Application("errand", "errand", "另一件", YUNXI))
        hands = Hands(found, officer.id)
        batch = Batch(YUNXI, 2025, {"A1": 2.5, "A2": 7, "A3": None}, Origin.DECLARED, definitions={"A1": "研发投入"})
        figures.record(session, hands, batch)
        figures.record(session, Hands(other, officer.id), Batch(YUNXI, 2025, {"B9": 99}, Origin.DECLARED))
        figures.correct(session, Hands(other, officer.id), Correction(YUNXI, 2025, "A2", 8, "凭证有误"))
        task = session.scalars(select(Task.id).where(Task.instance == found, Task.state == TaskState.OPEN)).one()
        received = evidence.receive(store, File("年鉴.pdf", "application/pdf", files.pdf()))
        attachments.add(session, store, intake, task, Adding(received, None, 3))
    return found


def record(client: FlaskClient, case: UUID) -> str:
    reply = client.get(f"/instances/{case}/record")
    assert reply.status_code == 200
    return reply.text


def rows(page: str, heading: str) -> list[str]:
    """Return what the rows of one panel say, without the tags."""
    panel = page.split(f'aria-labelledby="{heading}"')[1].split("</section>", maxsplit=1)[0]
    lines = re.findall(r"<tr>(.*?)</tr>", panel.split("<tbody>")[1], re.DOTALL) if "<tbody>" in panel else []
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in lines]


def test_a_case_shows_its_own_figures_as_they_stand_now(visit: Visit, case: UUID) -> None:
    page = record(visit("jingban"), case)
    told = rows(page, "numbers")
    assert [re.sub(r" 申报.*| 自报.*", "", line) for line in told] == [
        "研发投入 2025 2.5",
        "A2 2025 8 更正过",
        "A3 2025 —",
    ]
    assert "云溪县" in page
    assert "B9" not in page


def test_a_case_shows_its_files(visit: Visit, case: UUID) -> None:
    page = record(visit("jingban"), case)
    [line] = rows(page, "files")
    assert "年鉴.pdf" in line
    assert "沈受理" in line
    [place] = re.findall(r'href="(/attachments/[0-9a-f-]+)"', page)
    assert visit("jingban").get(place).data == files.pdf()


def test_whoever_reads_neither_is_shown_neither(sessions: Sessions, visit: Visit, case: UUID) -> None:
    stranger = visit("hengce")
    assert stranger.get(f"/instances/{case}/record").status_code == 404
    with transaction(sessions) as session:
        session.get_one(instances.Instance, case).organisation = "agency-hengce"
    page = record(visit("hengce"), case)  # the case is theirs now, the unit's figures and the intake's file are not
    assert 'aria-labelledby="numbers"' not in page
    assert rows(page, "files") == []
    assert "年鉴" not in page


def test_it_takes_few_statements(visit: Visit, case: UUID, engine: Engine) -> None:
    client = visit("jingban")
    for path in (f"/instances/{case}", f"/instances/{case}/record"):
        client.get(path)
        counted: list[str] = []
        listener = lambda *given: counted.append(given[2])  # noqa: B023, E731
        event.listen(engine, "before_cursor_execute", listener)
        client.get(path)
        event.remove(engine, "before_cursor_execute", listener)
        assert len(counted) <= MOST_STATEMENTS, counted
