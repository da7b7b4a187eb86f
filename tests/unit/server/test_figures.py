"""The doors of figures, evidence and indicator sets: the API and the command line."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from engine import figures, processes, units
from engine.db import Sessions, transaction
from engine.domain import indicators, setbook
from engine.figures import Batch, Hands, Origin
from engine.settings import ROOT
from server.figures_command import figures_commands, sets
from tests.support.web import Program

People = Callable[[str], Program]
FOLDER = ROOT / "workflows" / "innovative-city"
ROWS = indicators.read_rows((FOLDER / "indicators.csv").read_bytes())
SETS = "/processes/innovative-city/indicator-sets"
PDF = b"%PDF-1.7\nx"


@pytest.fixture
def house(sessions: Sessions) -> Sessions:
    """Give a database with the units and the programme."""
    with transaction(sessions) as session:
        units.seed(session)
        processes.deploy(session, FOLDER, "tests")
    return sessions


def send(who: Program, path: str, content: bytes, kind: str = "application/pdf", **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {who.token}"}
    return who.client.post(f"/api/v1{path}", data=content, content_type=kind, headers=headers, **options)


def test_evidence_is_handed_in_and_read_back(house: Sessions, program: People) -> None:
    clerk = program("shouli")
    kept = send(clerk, "/evidence?name=年鉴.pdf", PDF)
    assert kept.status_code == 201
    digest = kept.json["digest"]
    again = clerk.client.post(
        "/api/v1/evidence",
        data={"file": (io.BytesIO(PDF), "另名.pdf", "application/pdf")},
        headers={"Authorization": f"Bearer {clerk.token}"},
    )
    assert (again.status_code, again.json) == (201, {"digest": digest})
    given = clerk.get(f"/evidence/{digest}")
    assert (given.status_code, given.data, given.mimetype) == (200, PDF, "application/pdf")
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert program("caizheng").get(f"/evidence/{digest}").status_code == 404


def test_evidence_that_is_none_is_refused_with_its_reason(program: People) -> None:
    clerk = program("shouli")
    for reply in (send(clerk, "/evidence", b"MZ", "application/x-msdownload"), send(clerk, "/evidence", b"<html>")):
        assert reply.status_code == 422
        assert reply.json["type"].endswith("evidence-refused")
        assert set(reply.json["why"]) == {"zh", "en"}
    assert clerk.client.post("/api/v1/evidence", data={"other": "x"}).status_code == 401


def test_figures_are_listed_version_by_version(house: Sessions, program: People) -> None:
    with transaction(house) as session:
        figures.record(session, Hands(), Batch("330122", 2013, {"gdp": 1.5}, Origin.DECLARED))
        figures.record(session, Hands(), Batch("330122", 2013, {"gdp": 1.6}, Origin.DECLARED, reason="补报"))
    listed = program("jingban").get("/figures?unit=330122&year=2013").json
    assert [(row["version"], row["value"], row["reason"]) for row in listed] == [(1, "1.5", None), (2, "1.6", "补报")]
    assert program("caizheng").get("/figures?unit=330122&year=2013").json == []
    assert program("jingban").get("/figures?unit=330122").status_code == 422


def test_published_figures_are_put_on_record_by_the_statisticians(house: Sessions, program: People) -> None:
    table = (ROOT / "config" / "monitoring" / "2014-h1-hightech.csv").read_bytes()
    assert send(program("jingban"), "/figures/published", table, "text/csv").status_code == 403
    statistician = program("tongji-hd")
    assert send(statistician, "/figures/published", table, "text/csv").json == {"new": 24}
    assert send(statistician, "/figures/published", table, "text/csv").json == {"new": 0}
    refused = send(statistician, "/figures/published", table.replace(b"2155.35", b"much"), "text/csv")
    assert (refused.status_code, refused.json["cells"][0]["cell"]) == (422, "G2")


def test_indicator_sets_are_listed_handed_out_and_read_back(house: Sessions, program: People) -> None:
    clerk = program("shouli")
    listed = {row["code"]: row for row in clerk.get(SETS).json}
    assert (listed["ZJ-56-2012"]["indicators"], listed["ZJ-DEMO-2012"]["indicators"]) == (0, 19)
    assert listed["ZJ-DEMO-2018"]["valid_from"] == "2018-01-01"
    book = clerk.get(f"{SETS}/ZJ-DEMO-2012.xlsx").data
    assert setbook.read(book) == indicators.of(ROWS, "ZJ-DEMO-2012")
    assert send(clerk, SETS, book).json == listed["ZJ-DEMO-2012"]
    text = clerk.get(f"{SETS}/ZJ-CZ-2012.csv").data
    assert send(clerk, SETS, text).json == listed["ZJ-CZ-2012"]
    refused = send(clerk, SETS, text.replace(b",rank,10,", b",rank,ten,", 1))
    assert (refused.status_code, refused.json["cells"][0]["rule"]) == (422, "weight")
    assert clerk.get(f"{SETS}/none.csv").status_code == 404


@pytest.fixture
def workflows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of programmes of an installation of its own."""
    (tmp_path / "innovative-city").mkdir()
    (tmp_path / "innovative-city" / "indicators.csv").write_bytes((FOLDER / "indicators.csv").read_bytes())
    monkeypatch.setenv("ICITY_WORKFLOWS", str(tmp_path))
    return tmp_path / "innovative-city" / "indicators.csv"


def test_set_goes_out_and_comes_into_the_folder_of_a_programme(workflows: Path, tmp_path: Path) -> None:
    runner, file = CliRunner(), tmp_path / "set.xlsx"
    assert "ZJ-DEMO-2012" in runner.invoke(sets, ["list"]).output
    assert '"indicators": 19' in runner.invoke(sets, ["list", "--json"]).output
    assert runner.invoke(sets, ["export", "ZJ-DEMO-2012", str(file)]).exit_code == 0
    book = openpyxl.load_workbook(file)
    book["指标体系"]["A3"] = "ZJ-NEW-2030"
    book["指标体系"]["C3"] = "ZJ-NEW"
    book.save(file)
    done = runner.invoke(sets, ["import", str(file)])
    assert done.exit_code == 0, done.output
    assert indicators.codes(indicators.read_rows(workflows.read_bytes()))[-1] == "ZJ-NEW-2030"
    book["指标"]["H7"] = "much"
    book.save(file)
    before = workflows.read_bytes()
    refused = runner.invoke(sets, ["import", str(file)])
    assert (refused.exit_code, "指标!H7" in refused.output, workflows.read_bytes()) == (2, True, before)


def test_set_that_overlaps_its_series_is_not_brought_in(workflows: Path, tmp_path: Path) -> None:
    rows = [{**row, "set": "ZJ-DEMO-2019"} for row in indicators.of(ROWS, "ZJ-DEMO-2018")]
    (tmp_path / "set.csv").write_bytes(indicators.write_rows(rows))
    before = workflows.read_bytes()
    refused = CliRunner().invoke(sets, ["import", str(tmp_path / "set.csv")])
    assert (refused.exit_code, "valid_from" in refused.output, workflows.read_bytes()) == (2, True, before)


def test_unknown_set_is_told(workflows: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(sets, ["export", "none", str(tmp_path / "x.csv")]).exit_code == 2
    assert runner.invoke(sets, ["list", "--programme", "none"]).exit_code == 2
    assert runner.invoke(sets, ["export", "ZJ-CZ-2012", str(tmp_path / "x.csv")]).exit_code == 0
    assert setbook.read((tmp_path / "x.csv").read_bytes()) == indicators.of(ROWS, "ZJ-CZ-2012")


def test_published_figures_come_in_by_the_command_line(
    house: Sessions, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICITY_DATABASE_URL", database)
    monkeypatch.setenv("ICITY_VAR", str(tmp_path))
    runner, table = CliRunner(), ROOT / "config" / "monitoring" / "2014-h1-hightech.csv"
    done = runner.invoke(figures_commands, ["import", str(table), "--json"])
    assert done.output == '{"rows": 24, "new": 24}\n'
    assert "0 new" in runner.invoke(figures_commands, ["import", str(table)]).output
    (tmp_path / "bad.csv").write_text("x")
    assert runner.invoke(figures_commands, ["import", str(tmp_path / "bad.csv")]).exit_code == 2
