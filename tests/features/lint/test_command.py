"""`icity lint` and its door for programs: findings for people and for machines, and nothing is kept."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from engine.db import Sessions
from engine.settings import ROOT, Settings
from server import api
from server.api import lint as door
from server.api import sign_in
from server.app import create_app
from server.lint_command import lint
from tests.features.lint.drawings import HEAD, U, one, way
from tests.support.web import Program

SHIPPED = ROOT / "workflows" / "innovative-city"
SOUND = f'{HEAD}<process id="p">{one(U, "u")}</process></definitions>'
BROKEN = f'{HEAD}<process id="p">{way()}<task id="lost"/></process></definitions>'
Files = Callable[..., list[str]]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a function that writes files and returns their paths."""

    def write(**contents: str) -> list[str]:
        for name, content in contents.items():
            (tmp_path / name.replace("_", ".")).write_text(content, encoding="utf-8")
        return [str(tmp_path / name.replace("_", ".")) for name in contents]

    return write


def run(*words: str) -> Result:
    return CliRunner().invoke(lint, words)


def findings(result: Result) -> set[tuple[str, str, str]]:
    return {(one["file"], one["element"], one["rule"]) for one in json.loads(result.output)["findings"]}


def test_a_sound_file_has_nothing_to_complain_about(files: Files) -> None:
    result = run(*files(a_bpmn=SOUND.replace('icity:role="R"', 'icity:role="APP_FILL"')), "--lang", "en")
    assert (result.exit_code, result.output) == (0, "Nothing to complain about.\n")


def test_warnings_alone_are_no_refusal(files: Files) -> None:
    result = run(*files(a_bpmn=SOUND.replace('icity:role="R"', "")), "--json")
    assert result.exit_code == 0
    assert findings(result) == {("a.bpmn", "u", "unnamed-role")}


def test_errors_are_told_line_by_line_in_both_languages(files: Files) -> None:
    paths = files(a_bpmn=BROKEN)
    chinese, english = run(*paths), run(*paths, "--lang", "en")
    assert chinese.exit_code == english.exit_code == 2
    assert "错误 a.bpmn lost [unreachable]：从开始事件到不了这里；请连接或删除。" in chinese.output.splitlines()
    assert "error a.bpmn lost [unreachable]: No way leads here" in english.output


def test_several_files_are_one_deployment(files: Files) -> None:
    caller = one('<callActivity id="x" calledElement="called"/>')
    called = SOUND.replace('id="p"', 'id="called"').replace('icity:role="R"', 'icity:role="APP_FILL"')
    paths = files(a_bpmn=f'{HEAD}<process id="p">{caller}</process></definitions>', b_bpmn=called)
    assert findings(run(*paths, "--json")) == set()
    assert findings(run(paths[0], "--json")) == {("a.bpmn", "x", "missing-process")}


def test_a_folder_is_read_as_a_programme() -> None:
    result = run(str(SHIPPED), "--json")
    assert result.exit_code == 0
    assert all(one["severity"] == "warning" for one in json.loads(result.output)["findings"])


def test_decisions_and_forms_may_come_alone(files: Files) -> None:
    assert run(str(SHIPPED / "grade.dmn"), str(SHIPPED / "forms" / "T01_team.form")).exit_code == 0
    (path,) = files(a_form="{")
    result = run(path, "--json")
    assert result.exit_code == 2
    assert {(file, rule) for file, _, rule in findings(result)} == {("a.form", "form")}


@pytest.mark.parametrize("content", ["", "not xml", "<a>", '<!DOCTYPE a><definitions xmlns="x"/>'])
def test_what_is_no_diagram_is_told(files: Files, content: str) -> None:
    result = run(*files(a_bpmn=content), "--json")
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_file_that_is_not_there_is_told() -> None:
    result = run("nowhere.bpmn", "--json")
    assert result.exit_code == 2
    assert ("nowhere.bpmn", "", "file") in findings(result)


@pytest.fixture
def program(configuration: Settings, sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Program]:
    """Give a function that signs a person in at an application with this door alone."""
    monkeypatch.setattr(api, "NOUNS", (sign_in, door))
    app: Flask = create_app(configuration, sessions)
    return lambda login: Program(app, login)


def test_a_program_may_send_files(program: Callable[[str], Program]) -> None:
    officer = program("jingban")
    sent = [(io.BytesIO(BROKEN.encode()), "a.bpmn"), (io.BytesIO(SOUND.encode()), "a.bpmn")]
    headers = {"Authorization": f"Bearer {officer.token}"}
    reply = officer.client.post("/api/v1/lint", data={"files": sent}, headers=headers)
    assert reply.status_code == 200
    told = {(one["file"], one["element"], one["rule"]) for one in reply.get_json()["findings"]}
    assert {("a.bpmn", "lost", "unreachable"), ("2 a.bpmn", "p", "duplicate-process")} <= told


def test_who_is_not_signed_in_or_sends_nothing_is_refused(program: Callable[[str], Program]) -> None:
    officer = program("jingban")
    headers = {"Authorization": f"Bearer {officer.token}"}
    assert officer.client.post("/api/v1/lint", data={}, headers=headers).status_code == 422
    assert officer.client.post("/api/v1/lint", data={"files": (io.BytesIO(b""), "a")}).status_code == 401
