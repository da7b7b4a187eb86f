"""The page of a task as the server writes it: what it tells whom, and how often it asks the database."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from engine import identity, instances, tasks
from engine.db import Sessions, transaction
from engine.tables import Task, TaskState
from tests.support.postgres import PASSWORD

pytestmark = pytest.mark.usefixtures("errand")
MOST_STATEMENTS = 12
PANELS = ("history", "facts", "opinions", "documents", "diagram")

Visit = Callable[[str], FlaskClient]


@pytest.fixture
def visit(app: Flask) -> Visit:
    """Give a function that signs a person of the demonstration in with a browser."""

    def visiting(login: str) -> FlaskClient:
        client = app.test_client()
        page = client.get("/sign-in").text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        form = {"login": login, "password": PASSWORD, "csrf_token": found[1], "next": "/"}
        assert client.post("/sign-in", data=form).status_code == 303
        return client

    return visiting


@pytest.fixture
def note(sessions: Sessions) -> UUID:
    """Start an errand; give its first task, which belongs to the intake of the province."""
    with transaction(sessions) as session:
        wanted = instances.Application("errand", "errand", "一件差事")
        case = instances.start(session, identity.load(session, "jingban"), wanted)
        found: UUID = session.scalars(select(Task.id).where(Task.instance == case, Task.state == TaskState.OPEN)).one()
    return found


def token(client: FlaskClient, task: UUID) -> dict[str, str]:
    """Return the headers of a change that the page of a task sends."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(f"/tasks/{task}").text)
    assert found is not None
    return {"X-CSRFToken": found[1], "Accept": "application/json", "HX-Request": "true"}


def test_a_task_says_why_it_came_and_offers_itself(visit: Visit, note: UUID) -> None:
    page = visit("shouli").get(f"/tasks/{note}").text
    assert "为何由我办理" in page
    assert f'hx-post="/tasks/{note}/claim"' in page


def test_a_task_of_others_and_a_panel_there_is_not_are_not_there(visit: Visit, note: UUID) -> None:
    stranger = visit("zhuanjia1")
    addresses = [f"/tasks/{note}", f"/tasks/{uuid4()}", *(f"/tasks/{note}/panels/{panel}" for panel in PANELS)]
    assert {stranger.get(address).status_code for address in addresses} == {404}
    assert visit("shouli").get(f"/tasks/{note}/panels/anything").status_code == 404


def test_neither_a_task_nor_its_panels_ask_the_database_more_than_twelve_times(
    visit: Visit, note: UUID, sessions: Sessions
) -> None:
    client = visit("shouli")
    addresses = [f"/tasks/{note}", *(f"/tasks/{note}/panels/{panel}" for panel in PANELS)]
    for address in addresses:
        assert client.get(address).status_code == 200
    asked: dict[str, list[str]] = {}
    told: list[str] = []
    event.listen(sessions.kw["bind"], "before_cursor_execute", lambda *a: told.append(a[2]))
    for address in addresses:
        told.clear()
        client.get(address)
        asked[address] = list(told)
    assert {address: found for address, found in asked.items() if len(found) > MOST_STATEMENTS} == {}


def test_the_second_of_two_people_is_told_who_finished_the_task_and_when(
    visit: Visit, note: UUID, sessions: Sessions
) -> None:
    late = visit("shouli")
    headers = token(late, note)
    with transaction(sessions) as session:
        tasks.complete(session, identity.load(session, "shouli"), note, {"words": "好"})
    reply = late.post(f"/tasks/{note}/complete", json={"words": "晚了"}, headers=headers)
    assert reply.status_code == 409
    assert re.fullmatch(r"已由沈受理于 [\d-]{10} \d\d:\d\d 办结。", reply.get_json()["why"]["zh"])
    page = late.get(f"/tasks/{note}").text
    assert "已由沈受理于" in page
    assert 'id="complete"' not in page


def test_answers_that_are_no_object_are_no_answers(visit: Visit, note: UUID) -> None:
    client = visit("shouli")
    assert client.post(f"/tasks/{note}/complete", json=[], headers=token(client, note)).status_code == 400


def test_what_was_answered_before_is_told_to_the_province(visit: Visit, note: UUID, sessions: Sessions) -> None:
    with transaction(sessions) as session:
        tasks.complete(session, identity.load(session, "shouli"), note, {"words": "第一句话"})
        second: UUID = session.scalars(select(Task.id).where(Task.state == TaskState.OPEN)).one()
    assert "第一句话" in visit("jingban").get(f"/tasks/{second}/panels/opinions").text
