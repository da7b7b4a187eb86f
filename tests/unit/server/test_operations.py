"""The doors of those who keep the service going: incidents, parked messages, endpoints, spreadsheets."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from engine import clock, messages, processes, timers
from engine.db import Sessions, transaction
from engine.settings import ROOT
from engine.tables import Incident, Message
from server import cli
from tests.support import programme
from tests.support.web import Program

People = Callable[[str], Program]
PROGRAMME = ROOT / "workflows" / "innovative-city"
SET = "/processes/innovative-city/indicator-sets/ZJ-DEMO-2012"


@pytest.fixture
def failed(sessions: Sessions, tmp_path: Path) -> int:
    """Let an instance run into a step that fails; return its incident's id."""
    programme.deploy(sessions, tmp_path / "small")
    programme.start(sessions, "fails", serial="not a number")
    clock.travel(clock.now() + timedelta(hours=1))
    with transaction(sessions) as session:
        assert timers.fire(session, timers.due(session, 1)[0].id)
    clock.come_home()
    with transaction(sessions) as session:
        return session.scalars(select(Incident.id)).one()


def test_an_officer_sees_an_incident_and_tries_it_again(failed: int, program: People) -> None:
    officer = program("jingban")
    (shown,) = officer.get("/incidents").json
    assert (shown["id"], shown["element"]) == (failed, "number")
    assert officer.post(f"/incidents/{failed}/retry").json == {"state": "open"}
    assert shown["cause"]["zh"].startswith("环节“number”没有完成")
    assert officer.post(f"/incidents/{failed}/settle", {"reason": "手工编号", "data": {"no": 1}}).status_code == 204
    assert officer.get("/incidents").json == []


def test_others_do_not_see_incidents(failed: int, program: People) -> None:
    assert program("shouli").get("/incidents").status_code == 403
    assert program("shouli").post(f"/incidents/{failed}/retry").status_code == 403
    assert program("shouli").post(f"/incidents/{failed}/settle", {"reason": "x"}).status_code == 403


def test_a_parked_message_is_replayed_once_somebody_waits(sessions: Sessions, tmp_path: Path, program: People) -> None:
    programme.deploy(sessions, tmp_path / "small")
    with transaction(sessions) as session:
        kept = messages.receive(session, None, "tests", "1", "answer", "K1", {"word": "好"})
        session.execute(update(Message).values(received_at=clock.now() - timedelta(days=40)))
        assert messages.park_old(session, 30) == 1
    instance = programme.start(sessions, "ask", case="K1")
    reply = program("jingban").post(f"/messages/{kept.id}/replay")
    assert (reply.status_code, reply.json["state"], UUID(reply.json["instance"])) == (202, "delivered", instance)


def test_the_spreadsheet_is_given_out_and_read_back(sessions: Sessions, program: People) -> None:
    with transaction(sessions) as session:
        processes.deploy(session, PROGRAMME, "tests")
    clerk = program("shouli")
    empty = clerk.get(f"{SET}/workbook?unit=云溪县&year=2024")
    assert (empty.status_code, empty.data[:2]) == (200, b"PK")
    filled = (PROGRAMME / "demo" / "yunxi-2024.xlsx").read_bytes()
    read = clerk.client.post(f"/api/v1{SET}/figures", data=filled, headers={"Authorization": f"Bearer {clerk.token}"})
    assert read.status_code == 200
    assert read.json["values"]["gdp"] > 0
    refused = clerk.client.post(f"/api/v1{SET}/figures", data=b"x", headers={"Authorization": f"Bearer {clerk.token}"})
    assert refused.status_code == 422


def test_endpoints_are_added_listed_and_given_new_secrets(
    monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("ICITY_DATABASE_URL", database)
    monkeypatch.setenv("ICITY_VAR", str(tmp_path))
    runner = CliRunner()
    added = runner.invoke(cli.cli, ["endpoints", "add", "https://agency.example/hook", "message.sent"])
    assert added.exit_code == 0, added.output
    number, secret = added.output.split()
    assert secret.startswith("whsec_")
    assert "https://agency.example/hook message.sent" in runner.invoke(cli.cli, ["endpoints", "list"]).output
    assert runner.invoke(cli.cli, ["endpoints", "rotate", number]).output.startswith("whsec_")
    assert runner.invoke(cli.cli, ["endpoints", "add", "http://10.0.0.1/", "message.sent"]).exit_code != 0
