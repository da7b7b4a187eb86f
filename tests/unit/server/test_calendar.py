"""The doors of the calendar: a notice is loaded over the API and on the command line, and the moves are told."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from engine import calendars, clock
from engine.clock import CIVIL
from engine.db import Sessions, transaction
from engine.tables import Task
from server.calendar_command import calendar
from tests.support.stage import Stage
from tests.support.web import Program
from tests.unit.engine.test_deadlines import FREE, NUMBER, REVIEW, ROWS, RULE, TABLE

People = Callable[[str], Program]
Command = Callable[..., Result]


@pytest.fixture
def stage(sessions: Sessions, tmp_path: Path) -> Stage:
    with transaction(sessions) as session:
        calendars.seed(session)
    clock.travel(datetime(2027, 3, 1, 10, tzinfo=CIVIL))
    stage = Stage(sessions, tmp_path / "drawn")
    stage.folder.mkdir()
    rules = "".join(RULE.format(id=key, test=f'"{key}"', days=days, unit=unit) for key, days, unit in ROWS)
    (stage.folder / "deadline.dmn").write_text(TABLE.format(rules=rules), encoding="utf-8")
    return stage


@pytest.fixture
def icity(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> Command:
    """Give a function that runs `icity calendar …`."""
    monkeypatch.setenv("ICITY_DATABASE_URL", database)
    monkeypatch.setenv("ICITY_VAR", str(tmp_path / "var"))
    return lambda *words: CliRunner().invoke(calendar, [*map(str, words)])


def post(program: Program, content: bytes) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {program.token}", "Content-Type": "text/csv", "Accept-Language": "zh"}
    reply = program.client.post("/api/v1/calendar/notices", data=content, headers=headers)
    return reply.status_code, reply.get_json()


def test_a_notice_is_loaded_over_the_api(stage: Stage, program: People) -> None:
    instance = stage.play(REVIEW)
    officer = program("jingban")
    status, loaded = post(officer, FREE.encode())
    assert (status, loaded["number"], loaded["moved"], loaded["complete"]) == (200, NUMBER, 2, True)
    moves = officer.get("/calendar/moves", query_string={"notice": NUMBER}).json
    assert moves == loaded["moves"]
    assert {row["element"] for row in moves["rows"]} == {"check", "lapse"}
    assert {row["instance"] for row in moves["rows"]} == {str(instance)}
    told = officer.get("/calendar").json
    assert told["known_until"] == "2027-12-31"
    assert told["version"] == loaded["version"] == told["notices"][0]["version"]
    assert told["notices"][0]["loaded_by"] == "jingban"
    assert stage.one(select(Task.provisional).where(Task.element == "check")) is False


def test_a_faulty_notice_names_its_cells_and_changes_nothing(stage: Stage, program: People) -> None:
    status, problem = post(program("jingban"), FREE.replace("2027-03-05", "2027-02-30").encode())
    assert (status, problem["type"]) == (422, "urn:icity:problem:workbook-refused")
    assert [cell["cell"] for cell in problem["cells"]] == ["E2"]
    assert program("jingban").get("/calendar").json["notices"] == []


def test_only_those_who_keep_the_service_load_notices(stage: Stage, program: People) -> None:
    status, _ = post(program("tianbao"), FREE.encode())
    assert status == 403
    assert program("tianbao").get("/calendar/moves", query_string={"notice": NUMBER}).status_code == 403


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_can_be_filled_in_and_sent_back(stage: Stage, program: People, form: str) -> None:
    given = program("jingban").get(f"/calendar/template.{form}").data
    clock.travel(datetime(2027, 3, 1, 10, tzinfo=CIVIL))
    status, loaded = post(program("jingban"), given)
    assert (status, loaded["days_off"], loaded["workdays"]) == (200, 8, 2)


def test_a_notice_is_loaded_on_the_command_line(stage: Stage, icity: Command, tmp_path: Path) -> None:
    stage.play(REVIEW)
    file = tmp_path / "2027.csv"
    file.write_text(FREE, encoding="utf-8")
    loaded = icity("load", file)
    assert loaded.exit_code == 0, loaded.output
    assert "2027-03-08 → 2027-03-10" in loaded.output
    assert "PRV_OFFICER" in loaded.output
    again = icity("load", file, "--json")
    first, *moves = [json.loads(line) for line in again.output.splitlines()]
    assert (first["new"], first["moved"], len(moves)) == (False, 0, 2)
    listed = [json.loads(line) for line in icity("moves", NUMBER, "--json").output.splitlines()]
    assert listed == moves
    shown = json.loads(icity("show", "--json").output)
    assert (shown["version"], shown["notices"][0]["number"]) == (first["version"], NUMBER)
    assert NUMBER in icity("show").output


def test_a_faulty_file_is_refused_by_cell(stage: Stage, icity: Command, tmp_path: Path) -> None:
    for form in ("xlsx", "csv"):
        file = tmp_path / f"table.{form}"
        assert icity("template", file).exit_code == 0
        assert file.stat().st_size > 0
    file.write_text(file.read_text(encoding="utf-8").replace("2025-01-28", "soon"), encoding="utf-8")
    refused = icity("load", file)
    assert refused.exit_code == 2
    assert "D2: 不是日期" in refused.output
