"""The plan of a year as page, table, iCalendar and API: what the verb says, in the words of its reader."""

import re

import icalendar
import pytest

from engine import calendars, clock, processes, units
from engine.db import transaction
from engine.settings import ROOT
from tests.support.postgres import PASSWORD
from tests.support.web import Program, opened
from tests.unit.engine.test_plan import NOON, PROGRAMME, pilot


@pytest.fixture
def visitor(configuration, sessions):
    clock.travel(NOON)
    with transaction(sessions) as session:
        calendars.seed(session)
        units.seed(session)
        pilot(session, processes.deploy(session, ROOT / "workflows" / PROGRAMME, "a test").digest)
    app = opened(configuration, sessions)
    return lambda login: visiting(app, login)


def visiting(app, login):
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    form = {"login": login, "password": PASSWORD, "csrf_token": token, "next": "/"}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def test_the_page_says_who_is_due_and_that_nobody_is_forgotten(visitor):
    page = visitor("jingban").get("/plan/2026").text
    assert "云溪县" in page
    assert "2026-02-28" in page
    assert "下次测评均已设定且仅设定一次" in page
    assert "没有单位到期测评" in visitor("jingban").get("/plan").text
    assert "您名下还没有持有称号的单位" in visitor("hengce").get("/plan/2026").text


def test_a_program_reads_the_same(configuration, sessions, visitor):
    told = Program(opened(configuration, sessions), "jingban").get("/plan/2026").get_json()
    assert [(row["name"], row["day"], row["standing"]) for row in told["rows"]] == [("云溪县", "2026-02-28", "armed")]
    assert (told["holders"], told["alarms"]) == (1, [])


def test_it_is_taken_away_as_a_table_and_as_a_calendar(visitor):
    officer = visitor("jingban")
    assert "云溪县" in officer.get("/plan/2026.csv").text
    assert officer.get("/plan/2026.xlsx").data.startswith(b"PK")
    [event] = icalendar.Calendar.from_ical(officer.get("/plan/2026.ics").data).walk("vevent")
    assert str(event["summary"]) == "云溪县两年测评到期"
    assert officer.get("/plan/2026.pdf").status_code == officer.get("/plan/1999").status_code == 404
