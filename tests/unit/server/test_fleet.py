"""The operations view through its two doors: what owners see of running cases, and what they have done to many."""

from http import HTTPStatus

import pytest
from sqlalchemy import select

from engine import identity
from engine.db import transaction
from engine.tables import Errand, Instance
from server import duties
from server.pages.studio.fleet import _pair
from tests.support.shapes import catch, end, exclusive, start, timer, user, way, when
from tests.support.stage import Stage

BODY = (
    start()
    + user("a", role="PRV_INTAKE")
    + catch("t", timer("P9D"))
    + exclusive("x")
    + end("e")
    + way("s a t x")
    + when("x", "e", "=1 = missing")
)
AT = "/studio/fleet/small/p"


@pytest.fixture
def stage(sessions, tmp_path):
    stage = Stage(sessions, tmp_path / "drawn", "liuguan")
    opening = start(**{"icity:form": "any"}) + user("b", role="ARCHIVIST") + end("e") + way("s b e")
    stage.deploy(p=BODY, q=opening)
    stage.start("p")
    return stage


@pytest.fixture
def people(app, sessions, configuration, monkeypatch):
    """Give a browser for each of two owners and a clerk."""

    def browser(login):
        with transaction(sessions) as session:
            person = identity.load(session, login).id
            secret = identity.begin(session, person, identity.Kind.WEB, identity.Limits.of(configuration))
        client = app.test_client()
        client.set_cookie("sid", secret)
        return client

    monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", [])
    return {login: browser(login) for login in ("liuguan", "liushen", "shouli", "jingban")}


def ask(client, element="a", **form):
    given = {"which": "all", "kind": "urge", "reason": "上线前整理"} | form
    return client.post(f"{AT}/{element}", data=given)


def text(reply):
    return reply.get_data(as_text=True)


def test_pages_show_where_cases_stand_and_nobody_else_opens_them(stage, people):
    owner = people["liuguan"]
    for address in ("/studio/fleet", AT, f"{AT}?version=1&by=days", f"{AT}/a", f"{AT}/t", f"{AT}/nothing"):
        assert owner.get(address).status_code == HTTPStatus.OK, address
        assert people["shouli"].get(address).status_code == HTTPStatus.FORBIDDEN
    assert "停在这里的事项" in text(owner.get(f"{AT}/a"))
    assert owner.get("/studio/fleet/small/none").status_code == HTTPStatus.NOT_FOUND


def test_what_is_harmless_is_done_at_once_and_told_case_by_case(stage, people):
    owner = people["liuguan"]
    reply = ask(owner)
    assert reply.status_code == HTTPStatus.SEE_OTHER
    assert "hx-trigger" in text(owner.get(reply.location))
    duties.run_errands(stage.sessions, None)
    page = text(owner.get(reply.location))
    assert "hx-trigger" not in page
    assert "1件中已有1件" in page
    again = ask(owner)
    duties.run_errands(stage.sessions, None)
    assert "已无须处理" in text(owner.get(again.location))
    assert "催办" in text(owner.get("/studio/fleet"))


def test_the_first_waits_and_the_second_confirms_in_the_page(stage, people):
    owner, second = people["liuguan"], people["liushen"]
    address = ask(owner, kind="move", place="t").location
    assert "提出人不能自己确认" in text(owner.get(address))
    assert "请您复核" in text(second.get(address))
    assert "请您确认或不同意" in text(second.get("/studio/fleet"))
    refused = owner.post(f"{address}/confirm")
    assert (refused.status_code, "提出的人不能自己确认" in text(refused)) == (422, True)
    assert owner.post(f"{address}/explode").status_code == HTTPStatus.NOT_FOUND
    assert second.post(f"{address}/confirm").status_code == HTTPStatus.SEE_OTHER
    duties.run_errands(stage.sessions, None)
    assert "贺审定" in text(owner.get(address))
    assert "到期时间" in text(owner.get(f"{AT}/t"))
    for act, form in (
        ("refuse", {"kind": "rearm", "due_at": "2031-05-06T09:00"}),
        ("refuse", {"kind": "end"}),
    ):
        address = ask(owner, "t", **form).location
        assert second.post(f"{address}/{act}").status_code == HTTPStatus.SEE_OTHER
        assert "未同意" in text(owner.get(address))


def test_what_failed_is_shown_with_its_cause_and_settled(stage, people, configuration):
    owner, second = people["liuguan"], people["liushen"]
    stage.deploy(p=start() + exclusive("x") + end("e") + way("s x") + when("x", "e", "=1 = missing"))
    case = stage.start("p")
    assert "环节“x”没有完成" in text(owner.get(f"{AT}/x"))
    settle = {"kind": "settle", "which": "chosen", "instance": [str(case)], "given": "分数 = 85\n\n备注＝已核"}
    address = ask(owner, "x", **settle).location
    assert "85" in text(second.get(address))
    second.post(f"{address}/confirm")
    duties.run_errands(stage.sessions, None)
    told = text(owner.get(address))
    assert "1件中已有1件" in told
    retried = ask(owner, "x", kind="retry").location
    duties.run_errands(stage.sessions, None)
    assert owner.get(retried).status_code == HTTPStatus.OK


def test_forms_that_lack_something_say_so(stage, people):
    owner = people["liuguan"]
    for form, told in (
        ({"which": "chosen"}, "请先勾选"),
        ({"reason": " "}, "请说明原因"),
        ({"kind": "move"}, "请填写处理所需"),
        ({"kind": "rearm", "due_at": "soon"}, "请把所需内容填写完整"),
        ({"kind": "settle", "given": "no pair"}, "请把所需内容填写完整"),
        ({"kind": "nothing"}, "请把所需内容填写完整"),
        ({"kind": "resume"}, "没有符合条件"),
    ):
        reply = ask(owner, **form)
        assert reply.status_code == 422
        assert told in text(reply)
    assert stage.all(select(Errand.id)) == []
    assert [_pair("a = 1"), _pair("b=x"), _pair("c = [1]")] == [("a", 1), ("b", "x"), ("c", [1])]


def test_a_version_is_paused_and_resumed_in_the_page_and_said_where_it_is_met(stage, people):
    owner = people["liuguan"]
    assert "请说明原因" in text(owner.post(f"{AT}/versions/1/suspend", data={"reason": " "}))
    owner.post(f"{AT}/versions/1/suspend", data={"reason": "发现错误"})
    for address in ("/studio/fleet", AT):
        assert "发现错误" in text(owner.get(address))
    case = stage.one(select(Instance.id))
    officer = people["jingban"]
    for address in (f"/instances/{case}", "/start", "/start/small/q/s"):
        assert "发现错误" in text(officer.get(address)), address
    owner.post(f"{AT}/versions/1/resume", data={"reason": "已改正"})
    assert "发现错误" not in text(owner.get(AT))


def test_programs_do_the_same(stage, program):
    owner, second = program("liuguan"), program("liushen")
    row = owner.get("/fleet").json[0]
    assert (row["process"], row["cases"], row["tasks"]) == ("p", 1, 1)
    assert [step["element"] for step in owner.get("/fleet/small/p?number=1").json] == ["a"]
    assert program("shouli").get("/fleet").status_code == HTTPStatus.FORBIDDEN
    wish = {"programme": "small", "kind": "end", "reason": "试点结束", "choice": {"elements": ["a"]}}
    made = owner.post("/errands", wish).json
    assert (made["state"], made["total"], made["left"]) == ("asked", 1, 1)
    assert owner.post(f"/errands/{made['id']}/confirm").status_code == HTTPStatus.CONFLICT
    assert second.post(f"/errands/{made['id']}/refuse").status_code == HTTPStatus.NO_CONTENT
    urge = owner.post("/errands", wish | {"kind": "urge"}).json["id"]
    for act in ("stop", "go-on", "stop", "withdraw"):
        assert owner.post(f"/errands/{urge}/{act}").status_code == HTTPStatus.NO_CONTENT
    end = owner.post("/errands", wish).json["id"]
    assert second.post(f"/errands/{end}/confirm").status_code == HTTPStatus.NO_CONTENT
    duties.run_errands(stage.sessions, None)
    assert owner.get(f"/errands/{end}").json["counts"] == {"done": 1}
    assert [one["state"] for one in owner.get(f"/errands/{end}/items").json] == ["done"]
    assert len(owner.get("/errands").json) == 3
    stage.start("p")
    assert owner.post("/fleet/small/versions/1/suspend", {"reason": "停"}).json == {"cases": 1}
    assert owner.post("/fleet/small/versions/1/suspend", {"reason": "停"}).status_code == HTTPStatus.CONFLICT
    assert owner.post("/fleet/small/versions/1/resume", {"reason": "好"}).json == {"cases": 1}
