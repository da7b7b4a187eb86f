"""What may be rehearsed: the files of a deployment, and what people read of a rehearsal."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.domain import holidays
from engine.rehearsal import deployment
from server import simulate as command
from server.simulate import simulate
from tests.support.rehearsals import drawn
from tests.support.shapes import (
    boundary,
    catch,
    condition,
    end,
    mapped,
    message,
    send,
    service,
    signal,
    start,
    throw,
    timer,
    user,
    way,
)

LINE = start() + user("a") + end("e") + way("s a e")
DEADLINE = start() + user("a", deadline="T1") + end("e") + way("s a e")


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("indicators.csv", b"\xff", ("indicators.csv", "unreadable", "error")),
        ("indicators.csv", b"set\nX\n", ("indicators.csv", "columns", "error")),
        ("f.form", b"{", ("f.form", "form", "error")),
        ("f.form", b"[]", ("f.form", "type", "error")),
        ("d.dmn", b"<", ("d.dmn", "gate.xml", "error")),
        ("notes.txt", b"", ("notes.txt", "file", "warning")),
    ],
)
def test_every_file_is_looked_at(rehearse, tmp_path, name, content, found):
    (tmp_path / name).write_bytes(content)
    played = rehearse(files=(tmp_path / name,), p=LINE)
    assert found in [(one["file"], one["rule"], one["severity"]) for one in played.told["findings"]]
    assert played.told["state"] == ("refused" if found[2] == "error" else "completed")


def test_a_programme_file_is_passed_over(rehearse, tmp_path):
    (tmp_path / "programme.toml").write_text("nonsense", encoding="utf-8")
    played = rehearse(files=(tmp_path / "programme.toml",), p=LINE)
    assert played.state == ("completed", 0)
    assert [one for one in played.told["findings"] if one["file"] == "programme.toml"] == []


def test_a_folder_means_its_files(rehearse):
    played = rehearse(files=(Path("tests/support/programmes/errand"),))
    assert played.told["state"] == "completed"


def test_two_files_of_one_name_are_told_apart(rehearse, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "p.bpmn").write_text(drawn("q", LINE), encoding="utf-8")
    played = rehearse(files=(tmp_path / "other" / "p.bpmn",), p=LINE, process="q")
    assert [one["process"] for one in played.told["instances"]] == ["q"]


def test_a_deadline_that_nobody_reckons_is_told(rehearse, tmp_path):
    def severity(*files: Path) -> list[str]:
        findings = rehearse(files=files, p=DEADLINE).told["findings"]
        return [one["severity"] for one in findings if one["rule"] == "missing-deadline"]

    table = Path("tests/bench/programme/deadline.dmn")
    lacking = tmp_path / "lacking.dmn"
    lacking.write_text(table.read_text(encoding="utf-8").replace('"T1"', '"T9"'), encoding="utf-8")
    assert severity() == ["warning"]
    assert severity(lacking) == ["error"]
    assert severity(table) == []
    lasting = {"files": (table,), "p": start() + user("a", stops="T1 T9") + end("e") + way("s a e")}
    told = [one for one in rehearse(**lasting).told["findings"] if one["rule"] == "missing-deadline"]
    assert [(one["element"], one["severity"]) for one in told] == [("a", "error")]


def test_the_calendar_is_the_published_one_and_notices_change_it(tmp_path):
    table = f"{','.join(holidays.HEADER)}\nx,2030-11-01,元旦,2031-01-01,,2031-01-04\n"
    (tmp_path / "2031.csv").write_text(table, encoding="utf-8")
    published, noticed = deployment.calendar(), deployment.calendar(tmp_path)
    assert not published.is_workday(date(2024, 10, 1))
    assert published.is_workday(date(2024, 9, 29))
    assert published.is_workday(date(2031, 1, 1))
    assert not noticed.is_workday(date(2031, 1, 1))
    assert noticed.is_workday(date(2031, 1, 4))
    assert noticed.known_until == date(2031, 12, 31)


def test_what_waits_is_told_by_its_kind(rehearse):
    waits = {"t": timer("P50Y"), "m": message(), "c": condition(), "z": signal()}
    events = "".join(boundary(name, "a", trigger, interrupting=False) for name, trigger in waits.items())
    body = start() + user("a") + events + end("e", "e2") + way("s a e", *(f"{name} e2" for name in waits))
    played = rehearse({"tasks": {"a": [{"never": True}]}}, {"go": False}, p=body)
    kinds = {("a", "task"), ("t", "timer"), ("m", "message"), ("c", "condition"), ("z", "signal")}
    assert set(played.waiting) == kinds


def test_a_start_that_cannot_be_reckoned_is_an_incident(rehearse):
    body = start(trigger=timer("=missing")) + end("e") + way("s e")
    played = rehearse(p=body)
    assert played.state == ("incident", 3)
    assert [one["element"] for one in played.told["incidents"]] == ["s"]
    costly = condition("=every x in 1..9999, y in 1..9999 satisfies x + y &gt; 0")
    assert rehearse(p=start(trigger=costly) + end("e") + way("s e")).state == ("incident", 3)


def test_every_instance_that_a_condition_starts_has_the_data(rehearse):
    body = start(trigger=condition("=go")) + start("t", condition("=x = 1")) + end("e") + way("s e", "t e")
    played = rehearse(data={"go": True, "x": 1}, p=body)
    assert [one["data"] for one in played.told["instances"]] == [{"go": True, "x": 1}] * 2


def read(tmp_path: Path, plan: object, *words: str) -> list[str]:
    """Return the lines that people read in English."""
    (tmp_path / "plan").write_text(json.dumps({"start": "2024-02-29", **plan}))
    words = (*words, *map(str, tmp_path.glob("*.bpmn")), "--plan", str(tmp_path / "plan"), "--lang", "en")
    lines = CliRunner().invoke(simulate, words, catch_exceptions=False).stdout.splitlines()
    return [line for line in lines if not line.startswith("warning")]


def test_people_read_a_timeline(tmp_path):
    (tmp_path / "p.bpmn").write_text(drawn("p", LINE.replace('id="a"', 'id="a" name="审核"')), encoding="utf-8")
    lines = read(tmp_path, {"tasks": {"a": [{"after": "P1D"}]}})
    assert [line.split() for line in lines] == [
        ["2024-02-29", "00:00", "1", "✓", "s"],
        ["2024-02-29", "00:00", "1", "▶", "a", "审核"],
        ["2024-03-01", "00:00", "1", "✓", "a", "审核"],
        ["2024-03-01", "00:00", "1", "✓", "e"],
        ["completed"],
    ]


def test_people_read_which_instances_there_were_what_waits_and_what_nobody_took(tmp_path):
    says = start() + send("tell", "order", mapped({})) + throw("more", message()) + end("e") + way("s tell more e")
    hears = start(trigger=message("order")) + catch("t", timer("P50Y")) + end("e2") + way("s t e2")
    (tmp_path / "p.bpmn").write_text(drawn("p", says), encoding="utf-8")
    (tmp_path / "q.bpmn").write_text(drawn("q", hears), encoding="utf-8")
    lines = [" ".join(line.split()) for line in read(tmp_path, {}, "--process", "p")]
    assert lines[-5:] == [
        "# 1 p completed",
        "# 2 q waiting",
        "… 2 t timer 2074-02-28T00:00:00+08:00",
        "✉ answer 2024-02-29 00:00",
        "waiting",
    ]


def test_people_read_why_a_step_failed(tmp_path):
    body = start() + service("no", operator="document number") + end("e") + way("s no e")
    (tmp_path / "p.bpmn").write_text(drawn("p", body), encoding="utf-8")
    *_, reason, state = read(tmp_path, {})
    assert reason.startswith("!  1  no: A step of the process failed.")
    assert state == "incident"


def test_people_read_why_nothing_was_run(tmp_path):
    result = CliRunner().invoke(simulate, [str(tmp_path / "none.bpmn")])
    assert result.exit_code == 2
    assert "none.bpmn" in result.stdout
    assert result.stdout.splitlines()[-1] == "不能演练"


def test_a_plan_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "LARGEST_JSON", 10)
    (tmp_path / "p.bpmn").write_text(drawn("p", LINE), encoding="utf-8")
    (tmp_path / "plan").write_text('{"tasks": {}}')
    result = CliRunner().invoke(simulate, [str(tmp_path / "p.bpmn"), "--plan", str(tmp_path / "plan"), "--json"])
    assert result.exit_code == 2
    assert "10" in json.loads(result.stdout)["findings"][0]["text"]["en"]
