"""What the panel of the modeler asks the server: what a diagram may name, and when a timer would fall due."""

import json

import pytest

from engine import picklists
from engine.bpmn.lint.refusals import OWN, OWN_NAMES
from engine.settings import ROOT
from tests.support import drafts
from tests.unit.server.test_studio_pages import Browser

FIELDS = ROOT / "server" / "frontend" / "src" / "studio" / "fields.json"
SHIPPED = ROOT / "workflows" / "innovative-city"
BROKEN = {
    "broken.bpmn": b"<bpmn",
    "broken.dmn": b"<dmn",
    "forms/broken.form": b"{",
    "forms/list.form": b"[]",
    "forms/odd.form": json.dumps({"components": [{"key": "why", "label": "理由"}, "x"]}).encode(),
    "table.bpmn": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>',
    "programme.toml": b"=",
}
DEADLINES = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="d">
  <decision id="deadline" name="deadline"><decisionTable id="t">
    <input id="i"><inputExpression id="e" typeRef="string"><text>task_key</text></inputExpression></input>
    <output id="o1" name="days" typeRef="string"/><output id="o2" name="unit" typeRef="string"/>
    <rule id="r"><inputEntry id="c"><text>"a", "b"</text></inputEntry>
      <outputEntry id="x"><text>"often"</text></outputEntry><outputEntry id="y"><text>"wd"</text></outputEntry></rule>
    <rule id="s"><inputEntry id="cc"><text>-</text></inputEntry>
      <outputEntry id="xx"><text>"1"</text></outputEntry><outputEntry id="yy"><text>"cal"</text></outputEntry></rule>
  </decisionTable></decision></definitions>"""


@pytest.fixture(scope="module")
def shipped():
    found = (one for one in SHIPPED.rglob("*") if one.is_file())
    return {one.relative_to(SHIPPED).as_posix(): one.read_bytes() for one in found}


@pytest.fixture
def owner(app, sessions):
    drafts.ground(sessions)
    return Browser(app, "liuguan")


def test_the_panel_has_an_entry_for_every_attribute_that_the_engine_reads():
    fields = json.loads(FIELDS.read_text(encoding="utf-8"))
    assert {one["name"] for one in fields} == OWN_NAMES
    for tag, names in OWN.items():
        assert {one["name"] for one in fields if tag in one["on"]} == set(names), tag
    assert {tag for one in fields for tag in one["on"]} <= set(OWN)


def test_what_the_shipped_diagrams_may_name(shipped):
    found = picklists.gather(shipped)
    by_id = {one.id: one for some in vars(found).values() for one in some}
    assert by_id["T01_team"].name["zh"] == "组建申报组"
    assert by_id["T01_team"].file == "forms/T01_team.form"
    assert {"id": "leader", "zh": "牵头领导", "en": "Lead"} in [
        {"id": one.id, **one.name} for one in by_id["T01_team"].inputs
    ]
    assert "level" in [one.id for one in by_id["route"].inputs]
    assert by_id["figure_collection"].file == "figure_collection.bpmn"
    assert "departments" in [one.id for one in by_id["figure_collection"].inputs]
    assert [one.id for one in by_id["figure_collection"].outputs] == ["values", "questions"]
    assert by_id["round_notice"].name == {
        "zh": "5个工作日 审定申报（测评）通知",
        "en": "5 working days 审定申报（测评）通知",
    }
    assert found.milestones[0].file == "programme.toml"
    assert picklists.term(shipped, "round_notice") == (5, "wd")
    assert picklists.term(shipped, "no such row") is None


def test_files_that_cannot_be_read_offer_nothing():
    found = picklists.gather(BROKEN)
    assert [one.id for one in found.forms] == ["list", "odd"]
    assert [one.name for one in found.forms[1].inputs] == [{"zh": "理由", "en": "理由"}]
    assert not (found.decisions)
    assert not (found.processes)
    assert not (found.deadlines)
    assert not (found.milestones)
    assert picklists.term(BROKEN, "a") is None
    assert [one.id for one in picklists.gather({"d.dmn": DEADLINES}).deadlines] == ["a", "b"]
    assert picklists.term({"d.dmn": DEADLINES}, "a") is None
    odd = picklists.gather({"programme.toml": b"milestones = 3", "p.toml": b""})
    assert odd.milestones == []
    assert picklists.gather({"programme.toml": b'[milestones]\ndone = "x"'}).milestones[0].name == {
        "zh": "x",
        "en": "x",
    }


def test_the_lists_of_a_draft_in_the_language_of_the_page(owner):
    reply = owner.post("/studio/programmes/small/begin", title="增加归档环节")
    lists = owner.get(f"{reply.location.split('?')[0]}/catalogue").json
    assert {"id": "PRV_OFFICER", "name": "业务处经办"} in lists["roles"]
    assert {"id": "transfer", "name": "转办"} in lists["actions"]
    assert "complete" in {one["id"] for one in lists["opinions"]} - {one["id"] for one in lists["actions"]}
    score = next(one for one in lists["operators"] if one["id"] == "score indicators")
    assert score["name"] == "按指标体系计分"
    assert {"id": "set_code", "name": "set_code", "told": "文本 · 必填"} in score["inputs"]
    assert lists["processes"]
    assert lists["usual"]
    assert owner.get("/studio/versions/small/1/catalogue").json["processes"] == lists["processes"]


def asked(owner, **question):
    return owner.client.get("/studio/timers", query_string=question).json


def days(told):
    return [one["text"][:10] for one in told["dates"]]


def test_when_a_timer_would_fall_due(owner):
    leap = asked(owner, kind="duration", text="P1Y", anchor="2024-02-29", **{"from": "2026-01-01"})
    assert days(leap) == ["2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28", "2030-02-28"]
    assert [one["provisional"] for one in leap["dates"]][-1] is True
    assert days(asked(owner, kind="duration", text="P1M", **{"from": "2026-01-31"})) == ["2026-02-28"]
    assert days(asked(owner, kind="cycle", text="R3/P2Y", **{"from": "2026-01-01"})) == [
        "2028-01-01",
        "2030-01-01",
        "2032-01-01",
    ]
    begun = asked(owner, kind="cycle", text="R/2020-01-01/P2Y", **{"from": "2026-06-01"})
    assert days(begun)[:2] == ["2028-01-01", "2030-01-01"]
    assert days(asked(owner, kind="cycle", text="R/2030-01-01/P2Y", **{"from": "2026-06-01"}))[0] == "2030-01-01"
    assert days(asked(owner, kind="date", text="2028-02-29")) == ["2028-02-29"]
    assert (
        days(asked(owner, kind="duration", text="P1Y", anchor="=title_date", **{"from": "2026-03-05"}))[0]
        == "2027-03-05"
    )
    assert asked(owner, kind="date", text="=deadline") == {"dates": [], "why": "要到事项办理时才能算出。"}
    assert asked(owner, kind="duration", text="soon")["why"] == "这不是可以推算的日期或时长。"


def test_when_a_deadline_of_the_draft_ends(owner, sessions):
    reply = owner.post("/studio/programmes/small/begin", title="增加期限")
    draft = reply.location.split("?")[0].rpartition("/")[2]
    row = {"deadline": "T01", "revision": draft, "from": "2026-09-28"}
    assert asked(owner, **row)["dates"] == []
    table = (SHIPPED / "deadline.dmn").read_bytes()
    body = {"content": table.decode(), "version": 0}
    assert owner.send("PUT", f"/studio/revisions/{draft}/raw/deadline.dmn", body).status_code == 200
    assert days(asked(owner, **row)) == ["2026-10-08"]  # three working days, over the week of the national day
    assert asked(owner, **(row | {"revision": "no id"}))["dates"] == []


def test_only_people_of_the_studio_are_answered(app, sessions):
    drafts.ground(sessions)
    client = app.test_client()
    assert client.get("/studio/timers").status_code in {302, 303, 401}
