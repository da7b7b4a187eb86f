"""The command line: every command explains itself, and a program can read what it prints."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import psutil
import pytest
import requests
from click.testing import CliRunner, Result

from engine.settings import ROOT
from server import __main__ as front
from server import cli, schema, setup
from tests.support.postgres import TestServer

PROGRAMMES = Path(__file__).parents[2] / "support" / "programmes"
Run = Callable[..., Result]


@pytest.fixture
def run(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs `icity` on the test's database."""
    monkeypatch.setenv("ICITY_DATABASE_URL", database)
    monkeypatch.setenv("ICITY_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("ICITY_WORKFLOWS", str(PROGRAMMES))
    return lambda *words: CliRunner().invoke(cli.cli, words)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("words", list(commands(cli.cli)), ids=" ".join)
def test_every_command_explains_itself_and_its_options(words: tuple[str, ...]) -> None:
    command: click.Command = cli.cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))
    assert CliRunner().invoke(cli.cli, [*words, "--help"]).exit_code == 0


def test_people_are_listed_added_given_passwords_and_shut_out(run: Run) -> None:
    added = told(run("users", "add", "li", "李工", "--role", "prov-science:PRV_OFFICER", "--json"))
    assert len(added["password"]) >= 12
    (li,) = [account for account in told(run("users", "list", "--json")) if account["login"] == "li"]
    assert (li["name"], li["active"], li["memberships"]) == ("李工", True, [["prov-science", "PRV_OFFICER"]])
    assert told(run("users", "password", "li", "--json"))["password"] != added["password"]
    assert run("users", "disable", "li").exit_code == 0
    assert "李工 (disabled)" in run("users", "list").output
    assert run("users", "enable", "li").exit_code == 0
    assert "(disabled)" not in run("users", "list").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("users", "add", "shouli", "双"), "login"),
        (("users", "add", "x", "x", "--role", "prov-science:KING"), "prov-science:KING"),
        (("users", "password", "nobody"), "nobody"),
        (("users", "disable", "nobody"), "nobody"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line_without_a_trace(
    run: Run, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["icity", *words])
    with pytest.raises(SystemExit) as ended:
        front.main()
    error = capsys.readouterr().err
    assert ended.value.code == 1
    assert said in error
    assert "Traceback" not in error


def test_a_role_without_organisation_is_a_usage_error(run: Run) -> None:
    assert run("users", "add", "x", "x", "--role", "KING").exit_code == 2


def test_deploying_the_same_twice_is_one_version(run: Run) -> None:
    first, again = (told(run("deploy", "--json"))[0] for _ in range(2))
    assert (first["programme"], first["number"], first["new"], again["new"]) == ("errand", 1, True, False)
    assert first["digest"] == again["digest"]
    assert "version 1, as before" in run("deploy", str(PROGRAMMES / "errand")).output


def test_checking_a_programme_deploys_nothing_and_names_its_faults(run: Run, tmp_path: Path) -> None:
    assert told(run("deploy", "--check", "--json")) == []
    broken = shutil.copytree(PROGRAMMES / "errand", tmp_path / "broken")
    diagram = broken / "errand.bpmn"
    diagram.write_text(diagram.read_text(encoding="utf-8").replace("PRV_INTAKE", "NOBODY"), encoding="utf-8")
    result = run("deploy", str(broken), "--check")
    assert result.exit_code == 1
    assert "write" in result.output


def test_migrating_again_changes_nothing(run: Run) -> None:
    assert told(run("migrate", "--json")) == {"before": schema.head(), "after": schema.head()}


def test_an_unsound_installation_is_told_part_by_part(run: Run) -> None:
    result = run("check", "--json")
    findings = {finding["name"]: finding["ok"] for finding in json.loads(result.output)}
    assert result.exit_code == 1
    assert (findings["schema"], findings["fsync"], findings["postgresql"]) == (True, False, True)
    assert "BAD fsync: off" in run("check").output


@pytest.mark.usefixtures("fast_passwords")
def test_an_empty_database_is_made_ready_once(postgres_server: TestServer, tmp_path: Path) -> None:
    with postgres_server.database("template0") as url:
        chosen = cli.settings.load(database_url=url, var=str(tmp_path), workflows=str(PROGRAMMES))
        engine = setup.db.connect(url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(setup, "refuse_unsound", lambda _: None)
            first = setup.prepare(chosen, engine)
            people = setup.sign_ins(chosen)
            again = setup.prepare(chosen, engine)
        engine.dispose()
    assert [one.new for one in (*first, *again)] == [True, False]
    assert len(people) == len({person.login for person in people}) > 20
    assert setup.sign_ins(chosen) == people
    assert (tmp_path / setup.SIGN_INS).stat().st_mode & 0o777 == 0o600


class Served:
    """An `icity serve` with an embedded database of its own."""

    def __init__(self, var: Path, port: int) -> None:
        environment = {"PYTHONPATH": str(ROOT), "ICITY_VAR": str(var), "ICITY_PORT": str(port)}
        programmes = {"ICITY_WORKFLOWS": str(PROGRAMMES)}
        self.url = f"http://127.0.0.1:{port}/api/v1"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve"],
            env={**os.environ, **environment, **programmes},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        self.printed = self._read_until("Ctrl-C")

    def _read_until(self, mark: str) -> str:
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if mark in line:
                break
        return "".join(lines)

    def token(self, login: str) -> str:
        password = next(line.split()[1] for line in self.printed.splitlines() if line.split()[:1] == [login])
        reply = requests.post(f"{self.url}/sign-in", json={"login": login, "password": password}, timeout=10)
        return str(reply.json()["token"])

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/ready", timeout=10).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def var() -> Iterator[Path]:
    """Give a folder that the embedded server's own user may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="icity-var-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "var"


@pytest.fixture
def serve(var: Path, free_port: int) -> Iterator[Callable[[], Served]]:
    """Give a function that starts `icity serve`, always on the same folder and port."""
    started: list[Served] = []

    def start() -> Served:
        started.append(Served(var, free_port))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.end()
        assert served.process.stdout is not None
        served.process.stdout.close()


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_everything_starts_with_one_command_stops_with_one_signal_and_loses_nothing(
    serve: Callable[[], Served],
) -> None:
    first = serve()
    assert eventually(lambda: answers(first.url))
    headers = {"Authorization": f"Bearer {first.token('jingban')}"}
    errand = {"programme": "errand", "process": "errand", "title": "一件差事"}
    assert requests.post(f"{first.url}/instances", json=errand, headers=headers, timeout=10).status_code == 201
    assert first.end(signal.SIGINT) == 0
    assert not answers(first.url)

    second = serve()
    for child in psutil.Process(second.process.pid).children():
        child.kill()
    assert eventually(lambda: not answers(second.url))
    assert eventually(lambda: answers(second.url))
    rows = requests.get(f"{second.url}/instances", headers=headers, timeout=10).json()["rows"]
    assert [row["title"] for row in rows] == ["一件差事"]

    second.end(signal.SIGKILL)
    assert eventually(lambda: not answers(second.url))
    third = serve()
    assert len(requests.get(f"{third.url}/instances", headers=headers, timeout=10).json()["rows"]) == 1
    assert third.end() == 0
