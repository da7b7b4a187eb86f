"""How a rehearsal ends, what it prints, and what it refuses."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from engine.rehearsal import Budget, Wish
from engine.rehearsal import rehearse as play
from engine.settings import ROOT
from server.simulate import simulate
from tests.support.rehearsals import drawn
from tests.support.shapes import (
    boundary,
    call,
    catch,
    end,
    exclusive,
    message,
    node,
    parallel,
    service,
    signal,
    start,
    throw,
    timer,
    user,
    way,
    when,
)

LINE = start() + user("a") + end("e") + way("s a e")
FIELDS = {"state", "findings", "trace", "waiting", "data", "instances", "incidents", "kept", "decisions"}
RULE = (
    '<rule id="r{n}"><inputEntry id="i{n}"><text>{test}</text></inputEntry><outputEntry id="o{n}"><text>{answer}</text>'
)
TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="t" name="t" namespace="t">'
    '<decision id="grade" name="grade"><decisionTable id="dt" hitPolicy="UNIQUE"><input id="i">'
    '<inputExpression id="ie" typeRef="number"><text>score</text></inputExpression></input>'
    '<output id="o" name="grade" typeRef="string"/>'
    + RULE.format(n=1, test="&gt;= 60", answer='"pass"')
    + "</outputEntry></rule>"
    + RULE.format(n=2, test="&lt; 60", answer='"fail"')
    + "</outputEntry></rule></decisionTable></decision></definitions>"
)


def test_the_output_holds_what_the_reference_promises(rehearse):
    played = rehearse(p=LINE)
    assert played.told.keys() == FIELDS
    assert all({"at", "element", "event", "instance"} <= one.keys() for one in played.told["trace"])
    assert {one["event"] for one in played.told["trace"]} == {"entered", "completed"}
    for element in ("s", "a", "e"):
        assert played.when(element, "entered") == played.when(element) == ["2024-02-29T09:00:00+08:00"]


def test_several_files_are_one_deployment(rehearse, tmp_path):
    table = tmp_path / "grade.dmn"
    table.write_text(TABLE, encoding="utf-8")
    decides = start() + node("businessRuleTask", "r", decision="grade", result="grade") + end("e") + way("s r e")
    caller = start() + call("c", "q") + end("e2") + way("s c e2")
    played = rehearse(data={"score": 61}, files=(table,), q=decides, p=caller)
    assert (played.state, played.data["grade"]) == (("completed", 0), "pass")
    assert [one["process"] for one in played.told["instances"]] == ["p"]


def test_the_process_that_is_wished_for_is_begun(rehearse):
    other = LINE.replace('"a"', '"b"').replace("s_a", "s_b").replace("a_e", "b_e")
    assert "b" in rehearse(p=LINE, q=other, process="q").completed
    assert rehearse(p=LINE, process="nobody").rules == ["nobody process"]


def test_a_step_that_fails_is_an_incident_with_its_cause(rehearse):
    body = start() + service("no", operator="document number") + end("e") + way("s no e")
    played = rehearse(p=body)
    assert played.state == ("incident", 3)
    (incident,) = played.told["incidents"]
    assert (incident["instance"], incident["element"]) == ("1", "no")
    assert "organ" in incident["reason"]


def test_a_join_that_nobody_will_ever_reach_is_told_as_stuck(rehearse):
    body = start() + exclusive("x", default="x_j") + parallel("j") + end("e")
    body += way("s x j e", "x b j") + when("x", "b", "=go = true").replace("x_b", "x_b2") + user("b")
    body = body.replace('<sequenceFlow id="x_b" sourceRef="x" targetRef="b"/>', "")
    played = rehearse(p=body)
    assert played.state == ("waiting", 4)
    assert ("j", "stuck") in played.waiting


def test_a_model_that_is_refused_is_not_run(rehearse):
    played = rehearse(p=LINE + '<scriptTask id="x"/>')
    assert played.state == ("refused", 2)
    assert any(rule.startswith("x ") for rule in played.rules)
    assert played.told["trace"] == []


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        ([], ""),
        ({"task": {}}, "task"),
        ({"tasks": {"a": [{"after": "three days"}]}}, "tasks.a.0.after"),
        ({"tasks": {"a": [{"never": True, "after": "P1D"}]}}, "tasks.a.0"),
        ({"services": {"a": [{"data": {}, "error": "C1"}]}}, "services.a.0"),
        ({"messages": [{"name": "answer"}]}, "messages.0.at"),
        ({"messages": [{"at": "soon", "name": "answer"}]}, "messages.0.at"),
        ({"signals": [{"at": "2020-01-01", "name": "alarm"}]}, "signals.0.at"),
        ({"start": "2024-02-30T09:00:00+08:00"}, "start"),
        ({"tasks": {"nobody": [{"never": True}]}}, "nobody"),
        ({"services": {"nobody": [{"error": "C1"}]}}, "nobody"),
    ],
)
def test_a_faulty_plan_is_refused_with_the_place_of_its_fault(rehearse, plan, place):
    played = rehearse(plan, p=LINE)
    assert played.state == ("refused", 2)
    (finding,) = [one for one in played.told["findings"] if one["rule"] == "plan"]
    assert (finding["rule"], finding["severity"], finding["name"]) == ("plan", "error", place)
    assert place in finding["text"]["zh"]
    assert place in finding["text"]["en"]


def test_what_a_plan_says_in_vain_is_a_warning(rehearse):
    played = rehearse({"tasks": {"e": [{"never": True}]}}, p=LINE)
    assert played.state == ("completed", 0)
    assert ("e", "plan", "warning") in [
        (one["element"], one["rule"], one["severity"]) for one in played.told["findings"]
    ]


@pytest.mark.parametrize(
    "content", [b"{", b'{"x": NaN}', b'{"x": 1, "x": 2}', b"[" * 10_000, b'{"x": "\\ud800"}', b"\xff", b"[]"]
)
def test_data_that_is_no_object_of_json_is_refused(tmp_path, content):
    (tmp_path / "p.bpmn").write_text(drawn("p", LINE), encoding="utf-8")
    (tmp_path / "data.json").write_bytes(content)
    words = [str(tmp_path / "p.bpmn"), "--data", str(tmp_path / "data.json"), "--json"]
    result = CliRunner().invoke(simulate, words, catch_exceptions=False)
    assert result.exit_code == 2
    assert "data" in [one["rule"] for one in json.loads(result.stdout)["findings"]]


@pytest.mark.parametrize("option", ["--data", "--plan", ""])
def test_a_file_that_is_not_there_is_refused_without_a_trace(tmp_path, option):
    (tmp_path / "p.bpmn").write_text(drawn("p", LINE), encoding="utf-8")
    words = [str(tmp_path / "p.bpmn"), *([option] if option else []), str(tmp_path / "none"), "--json"]
    result = CliRunner().invoke(simulate, words, catch_exceptions=False)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["findings"][0]["severity"] == "error"


@pytest.mark.parametrize("content", ["", "<", "<x/>", "<!DOCTYPE x><x/>", TABLE])
def test_files_without_a_diagram_are_refused(tmp_path, content):
    (tmp_path / "p.bpmn").write_text(content, encoding="utf-8")
    result = CliRunner().invoke(simulate, [str(tmp_path / "p.bpmn"), "--json"], catch_exceptions=False)
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (2, "refused")


def again(activity: str) -> str:
    """Return an activity that is done again and again, because nothing ever enough happened."""
    loop = exclusive("m") + activity + exclusive("g", default="g_m") + end("e")
    return start() + loop + way("s m x g m") + when("g", "e", "=enough = true")


PILE = (
    start()
    + user("a")
    + boundary("bell", "a", timer("R/PT1H", "timeCycle"), interrupting=False)
    + user("rung")
    + catch("rest", timer("P1Y"))
    + end("e", "e2")
    + way("s a e", "bell rest rung e2")
)
CROWD = start(trigger=timer("R/P1D", "timeCycle")) + user("a") + end("e") + way("s a e")
ENDLESS = {
    "a task that is done at once": again(user("x")),
    "a timer of a second": again(catch("x", timer("PT1S"))),
    "a message that starts its own sender": start()
    + start("again", message())
    + throw("t", message())
    + end("e")
    + way("s t e", "again t"),
    "a signal that starts two that throw it": start()
    + start("again", signal())
    + start("twice", signal())
    + user("a")
    + throw("t", signal())
    + end("e")
    + way("s t e", "again a t", "twice a"),
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_stopped_with_its_cause(tmp_path, body):
    (tmp_path / "p.bpmn").write_text(drawn("p", body), encoding="utf-8")
    report = play([tmp_path / "p.bpmn"], Wish(), Budget(moves=1_000))
    assert report.state == "incident"
    assert report.incidents[0]["reason"].startswith("Endless")
    assert [one["rule"] for one in report.findings if one["severity"] == "error"] == ["endless"]


@pytest.mark.parametrize(("bound", "body"), [("open_in_one", PILE), ("open_instances", CROWD), ("instances", CROWD)])
def test_what_piles_up_is_stopped(tmp_path, bound, body):
    (tmp_path / "p.bpmn").write_text(drawn("p", body), encoding="utf-8")
    plan = {"tasks": {"a": [{"never": True}]}}
    report = play([tmp_path / "p.bpmn"], Wish(plan=plan), Budget(**{bound: 50}))
    assert report.incidents[0]["reason"].startswith("Endless: more than 50")


def test_a_rehearsal_that_takes_too_long_is_stopped(tmp_path):
    (tmp_path / "p.bpmn").write_text(drawn("p", LINE), encoding="utf-8")
    report = play([tmp_path / "p.bpmn"], Wish(), Budget(seconds=0))
    assert "seconds" in report.incidents[0]["reason"]


def test_a_rehearsal_needs_no_database_and_leaves_nothing(tmp_path):
    (tmp_path / "p.bpmn").write_text(drawn("p", LINE), encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    code = "from server.simulate import simulate; simulate()"
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "p.bpmn"), "--json"],
        cwd=ROOT,
        env={"ICITY_DATABASE_URL": "postgresql://nowhere/none", "ICITY_VAR": str(tmp_path / "var")},
        capture_output=True,
        check=True,
    )
    assert json.loads(told.stdout)["state"] == "completed"
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_does_not_load_what_it_does_not_need():
    code = "import server.simulate, sys; print([m for m in ('alembic', 'psycopg') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    assert told.stdout.strip() == "[]"
