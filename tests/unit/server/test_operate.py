"""The doors of those who repair and move instances: the API, and `icity operate`, which do the same."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from engine.db import Sessions
from engine.tables import Signal, Timer
from server.cli import cli
from tests.support.shapes import boundary, condition, end, many, service, signal, start, timer, user, way
from tests.support.stage import Stage
from tests.support.web import Program, fresh_key

People = Callable[[str], Program]
Command = Callable[..., Result]
ROLE = {"role": "PRV_OFFICER"}
LINE = start() + user("a", "b", **ROLE) + end("e") + way("s a b e")
WHY = {"reason": "核实"}


@pytest.fixture
def stage(sessions: Sessions, tmp_path: Path) -> Stage:
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def icity(monkeypatch: pytest.MonkeyPatch, database: str, tmp_path: Path) -> Command:
    """Give a function that runs `icity operate --as LOGIN …`."""
    monkeypatch.setenv("ICITY_DATABASE_URL", database)
    monkeypatch.setenv("ICITY_VAR", str(tmp_path / "var"))

    def run(*words: object, login: str = "jingban") -> Result:
        return CliRunner().invoke(cli, ["operate", "--as", login, *map(str, words)])

    return run


def done(result: Result) -> Any:
    assert result.exit_code == 0, result.output + str(result.exception)
    return json.loads(result.output) if result.output else None


def test_an_instance_is_suspended_resumed_and_cancelled(stage: Stage, program: People) -> None:
    instance = stage.play(LINE)
    officer, lead = program("jingban"), program("tingzhang")
    assert officer.post(f"/instances/{instance}/suspend", WHY).status_code == 204
    assert officer.get(f"/instances/{instance}").json["state"] == "suspended"
    refused = officer.post(f"/tasks/{stage.task(instance, 'a')}/complete", {"answers": {}})
    assert (refused.status_code, refused.json["type"]) == (409, "urn:icity:problem:instance-suspended")
    again = officer.post(f"/instances/{instance}/suspend", WHY)
    assert (again.status_code, again.json["why"].keys()) == (409, {"zh", "en"})
    assert officer.post(f"/instances/{instance}/resume", WHY).status_code == 204
    assert officer.post(f"/instances/{instance}/cancel", WHY).status_code == 403
    assert lead.post(f"/instances/{instance}/cancel", WHY).status_code == 204
    assert lead.post(f"/instances/{instance}/terminate", WHY).status_code == 409
    assert stage.state(instance) == "cancelled"


def test_a_terminated_instance_is_told(stage: Stage, program: People) -> None:
    instance = stage.play(LINE)
    assert program("admin").post(f"/instances/{instance}/terminate", WHY).status_code == 204
    assert program("jingban").get(f"/instances/{instance}").json["state"] == "terminated"


def test_the_same_key_suspends_once(stage: Stage, program: People) -> None:
    instance, officer, key = stage.play(LINE), program("jingban"), fresh_key()
    for _ in range(2):
        assert officer.post(f"/instances/{instance}/suspend", WHY, key=key).status_code == 204
    assert stage.kinds(instance).count("instance.suspended") == 1


def test_a_token_is_moved_and_an_instance_sent_back(stage: Stage, program: People) -> None:
    instance, officer = stage.play(LINE), program("jingban")
    (token,) = officer.get(f"/instances/{instance}/tokens").json
    assert (token["element"], token["kind"]) == ("a", "task")
    wanted = {**WHY, "withdraw": [token["task"]], "place": [{"element": "b", "data": {"x": 1}}]}
    assert officer.post(f"/instances/{instance}/move", wanted).status_code == 204
    assert officer.get(f"/instances/{instance}/variables").json == {"data": {"x": 1}}
    stage.complete(instance, "b")
    assert officer.post(f"/instances/{instance}/return", {**WHY, "step": 1}).status_code == 409
    other = stage.start("p")
    stage.complete(other, "a")
    steps = officer.get(f"/instances/{other}/history").json["rows"]
    step = next(row["step"] for row in steps if row["element"] == "a")
    assert officer.post(f"/instances/{other}/return", {**WHY, "step": step, "data": "then"}).status_code == 204
    assert stage.tasks(other) == ["a"]
    assert officer.post(f"/instances/{other}/return", {**WHY, "step": 99}).status_code == 404


def test_variables_timers_and_seats_are_changed(stage: Stage, program: People) -> None:
    body = start() + user("m", inner=many("=[1, 2]"), **ROLE) + boundary("late", "m", timer(), interrupting=False)
    instance, officer = stage.play(body + end("e", "le") + way("s m e", "late le")), program("jingban")
    base = f"/instances/{instance}"
    assert officer.post(f"{base}/variables", {**WHY, "data": {"x": 1}}).status_code == 204
    timed = stage.one(select(Timer))
    alarm = {**WHY, "task": str(timed.task), "element": "late", "due_at": "2030-01-01T00:00:00+08:00"}
    assert officer.post(f"{base}/rearm", alarm).status_code == 204
    assert stage.one(select(Timer.due_at)) == datetime(2029, 12, 31, 16, tzinfo=UTC)
    seat = {**WHY, "task": str(stage.task(instance, "m"))}
    assert officer.post(f"{base}/grow", {**seat, "item": 3}).status_code == 204
    assert officer.post(f"{base}/shrink", seat).status_code == 204
    assert len(stage.tasks(instance)) == 2
    assert officer.post(f"{base}/shrink", {**WHY, "task": str(uuid4())}).status_code == 409


def test_a_task_is_reassigned(stage: Stage, program: People) -> None:
    task = stage.task(stage.play(LINE), "a")
    officer = program("jingban")
    assert officer.post(f"/tasks/{task}/reassign", {**WHY, "organisation": "prov-finance"}).status_code == 204
    unknown = officer.post(f"/tasks/{task}/reassign", {**WHY, "organisation": "nowhere"})
    assert (unknown.status_code, unknown.json["type"]) == (422, "urn:icity:problem:assignee-unknown")


def test_a_signal_is_broadcast_once_and_conditions_start(stage: Stage, program: People) -> None:
    hears = start("s", signal()) + user("a", **ROLE) + end("e") + way("s a e")
    stage.deploy(p=hears, q=hears.replace(signal(), condition("=go")))
    officer = program("jingban")
    told = {"id": "1", "name": "Alarm", "payload": {"n": 1}}
    first, again = officer.post("/signals", told), officer.post("/signals", told)
    assert (first.status_code, first.json["waiting"], again.json["duplicate"]) == (202, 1, True)
    assert officer.post("/signals", {**told, "payload": {}}).status_code == 422
    case = {"programme": "small", "title": "云溪县", "data": {"go": True}}
    (started,) = officer.post("/starts", case).json["ids"]
    assert stage.tasks(UUID(started)) == ["a"]
    assert officer.post("/starts", {**case, "programme": "other"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["suspend", "resume", "cancel", "terminate", "move", "return", "rearm", "grow", "shrink"]
)
def test_only_operators_operate(stage: Stage, program: People, path: str) -> None:
    instance = stage.play(LINE)
    # Others end a case too, where its diagram lets them; what they may not see is not there for them.
    refused = 404 if path in {"cancel", "terminate"} else 403
    assert program("tianbao").post(f"/instances/{instance}/{path}", WHY).status_code == refused
    assert stage.kinds(instance) == ["instance.started", "task.created"]


@pytest.mark.parametrize("path", ["suspend", "variables", "move", "return", "rearm", "grow", "shrink"])
def test_what_says_not_why_or_what_is_refused(stage: Stage, program: People, path: str) -> None:
    instance = stage.play(LINE)
    officer = program("jingban")
    assert officer.post(f"/instances/{instance}/{path}", {}).status_code == 422
    assert officer.post(f"/instances/{instance}/{path}", {**WHY, "other": 1}).status_code == 422


# The command line


def test_the_commands_do_what_the_api_does(stage: Stage, icity: Command) -> None:
    instance = stage.play(LINE)
    why = ("--reason", "核实")
    for name in ("suspend", "resume"):
        assert done(icity(name, instance, *why)) is None
    (token,) = done(icity("tokens", instance))
    done(icity("move", instance, "--withdraw", token["task"], "--place", "b", *why))
    assert stage.tasks(instance) == ["b"]
    done(icity("set", instance, '{"x": 1}', *why))
    assert done(icity("variables", instance)) == {"x": 1}
    done(icity("cancel", instance, *why, login="tingzhang"))
    assert stage.state(instance) == "cancelled"
    other = stage.start("p")
    stage.complete(other, "a")
    done(icity("return", other, 1, "--data", "then", *why))
    assert stage.tasks(other) == ["a"]
    done(icity("reassign", stage.task(other, "a"), "--organisation", "prov-finance", "--person", "caizheng", *why))
    done(icity("terminate", other, *why, login="admin"))
    assert stage.state(other) == "terminated"


def test_timers_and_seats_are_changed_on_the_command_line(stage: Stage, icity: Command) -> None:
    body = start() + user("m", inner=many("=[1, 2]"), **ROLE) + boundary("late", "m", timer(), interrupting=False)
    instance = stage.play(body + end("e", "le") + way("s m e", "late le"))
    why = ("--reason", "核实")
    task = stage.one(select(Timer.task))
    done(icity("rearm", instance, task, "late", "2030-01-01T08:00:00", *why))
    assert stage.one(select(Timer.due_at)) == datetime(2030, 1, 1, tzinfo=UTC)
    done(icity("grow", instance, stage.task(instance, "m"), "--item", "3", *why))
    done(icity("shrink", instance, stage.task(instance, "m"), *why))
    assert len(stage.tasks(instance)) == 2


def test_incidents_are_listed_tried_again_and_settled_on_the_command_line(stage: Stage, icity: Command) -> None:
    number = service("no", operator="document number", result="no")
    instance = stage.play(start() + number + user("a", **ROLE) + end("e") + way("s no a e"))
    (row,) = done(icity("incidents"))
    assert "no" in row["cause"]["en"]
    assert done(icity("retry", row["id"])) == {"state": "open"}
    done(icity("settle", row["id"], "--data", '{"no": "1号"}', "--reason", "手工编号"))
    assert stage.tasks(instance) == ["a"]
    assert stage.incidents(instance) == []


def test_signals_and_conditions_on_the_command_line(stage: Stage, icity: Command) -> None:
    hears = start("s", signal()) + user("a", **ROLE) + end("e") + way("s a e")
    stage.deploy(p=hears, q=hears.replace(signal(), condition("=go")))
    assert done(icity("signal", "1", "Alarm", "--payload", '{"n": 1}'))["waiting"] == 1
    assert stage.one(select(func.count()).select_from(Signal)) == 1
    (started,) = done(icity("start", "small", "云溪县", "--data", '{"go": true}'))
    assert stage.tasks(UUID(started)) == ["a"]


@pytest.mark.parametrize("words", [("set", "{instance}", "[]"), ("set", "{instance}", "{"), ("suspend", "nothing")])
def test_what_is_no_value_is_refused(stage: Stage, icity: Command, words: tuple[str, ...]) -> None:
    instance = stage.play(LINE)
    told = icity(*(word.replace("{instance}", str(instance)) for word in words), "--reason", "x")
    assert told.exit_code == 2


def test_who_is_nobody_operates_nothing(stage: Stage, icity: Command) -> None:
    instance = stage.play(LINE)
    for login in ("nobody", "tianbao"):
        assert icity("suspend", instance, "--reason", "x", login=login).exit_code == 1
    assert stage.state(instance) == "running"
