"""The studio as its people use it: library, drafts, files in editors, approval, import and export."""

import io
import re
import zipfile

import pytest
from sqlalchemy import event

from engine import revisions
from engine.db import transaction
from tests.support import drafts
from tests.support.diagrams import drawn
from tests.support.drafts import BODY, LONGER
from tests.support.postgres import PASSWORD

CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


class Browser:
    """A person at the studio, with the token of the page they look at."""

    def __init__(self, app, login):
        self.client = app.test_client()
        self.token = CSRF.search(self.client.get("/sign-in").text)[1]
        assert self.post("/sign-in", login=login, password=PASSWORD, next="/").status_code == 303
        self.token = CSRF.search(self.get("/studio").text)[1]

    def get(self, path, status=200):
        reply = self.client.get(path)
        assert reply.status_code == status, reply.text[:2000]
        return reply

    def post(self, path, **form):
        return self.client.post(path, data={"csrf_token": self.token, **form}, content_type="multipart/form-data")

    def send(self, method, path, body):
        return self.client.open(path, method=method, json=body, headers={"X-CSRFToken": self.token})


@pytest.fixture
def owner(app, sessions):
    drafts.ground(sessions)
    return Browser(app, "liuguan")


@pytest.fixture
def approver(app, owner):
    return Browser(app, "liushen")


@pytest.fixture
def draft(owner):
    """Give the address of a draft of `small` that the owner began."""
    reply = owner.post("/studio/programmes/small/begin", title="增加归档环节")
    assert reply.status_code == 303
    return reply.location.split("?")[0]


def test_an_owner_writes_a_draft_that_an_approver_lets_become_a_version(owner, approver, draft):
    assert "增加归档环节" in owner.get("/studio").text
    raw = f"{draft}/raw/p.bpmn"
    found = owner.get(raw).get_json()
    assert (found["version"], found["saved_by"]) == (1, None)
    saved = owner.send("PUT", raw, {"content": drawn("p", LONGER).decode(), "version": 1})
    assert saved.get_json()["version"] == 2
    refused = owner.post(f"{draft}/submit")
    assert refused.status_code == 422
    assert "请写明修改理由" in refused.text
    owner.post(f"{draft}/describe", title="增加归档环节", reason="档案要求")
    page = owner.get(draft).text
    assert "提交审定" in page
    assert "p.bpmn" in page
    assert owner.post(f"{draft}/submit").status_code == 303
    _decided(owner, approver, draft)


def _decided(owner, approver, draft):
    assert f"{draft}/approve" in approver.get(draft).text
    assert f"{draft}/approve" not in owner.get(draft).text
    assert approver.post(f"{draft}/refuse", reason="").status_code == 422
    assert approver.post(f"{draft}/refuse", reason="写得不清楚").status_code == 303
    assert "写得不清楚" in owner.get(draft).text
    assert owner.post(f"{draft}/submit").status_code == 303
    assert approver.post(f"{draft}/approve", reason="同意").status_code == 303
    assert approver.post(f"{draft}/deploy").status_code == 403
    assert (
        "已部署为最新版本"
        in owner.client.post(f"{draft}/deploy", data={"csrf_token": owner.token}, follow_redirects=True).text
    )
    versions = owner.get("/studio/programmes/small").text
    assert "梁流管提交，贺审定审定" in versions
    assert owner.post(f"{draft}/withdraw", reason="x").status_code == 422  # it is a version already


def test_an_editor_is_told_of_a_conflict_and_of_findings_in_chinese(app, owner, draft):
    other = Browser(app, "liuguan2")
    raw = f"{draft}/raw/p.bpmn"
    assert owner.send("PUT", raw, {"content": "<一/>", "version": 1}).status_code == 200
    conflict = other.send("PUT", raw, {"content": "<二/>", "version": 1})
    told = conflict.get_json()
    assert (conflict.status_code, told["version"], told["content"], told["saved_by"]) == (409, 2, "<一/>", "梁流管")
    assert "他人保存" in told["title"]
    found = other.send("POST", f"{draft}/lint", {"path": "p.bpmn", "content": "<二/>"}).get_json()["findings"]
    assert found
    assert all(
        isinstance(one["text"], str) and {"file", "element", "name", "rule", "severity"} <= one.keys() for one in found
    )
    for body in (
        {},
        [],
        {"content": 1, "version": 1},
        {"content": "x", "version": True},
        {"content": "x", "version": "1"},
    ):
        assert owner.send("PUT", raw, body).status_code == 409
    assert owner.send("PUT", f"{draft}/raw/..%2Fx.bpmn", {"content": "x", "version": 0}).status_code in {404, 409}
    assert owner.client.put(raw, json={"content": "x", "version": 2}).status_code == 400  # without the token
    assert owner.get(f"{draft}/raw/nothing.bpmn", 404).get_json()["status"] == 404


def test_a_file_opens_in_the_editor_of_its_kind(owner, approver, draft):
    page = owner.get(f"{draft}/files/programme.toml").text
    assert '"readonly":false' in page.replace(" ", "")
    assert '"readonly":true' in approver.get(f"{draft}/files/programme.toml").text.replace(" ", "")
    assert '"readonly":true' in owner.get("/studio/versions/small/1/files/programme.toml").text.replace(" ", "")
    assert owner.get("/studio/versions/small/1/raw/p.bpmn").get_json()["content"] == drawn("p", BODY).decode()
    assert owner.get("/studio/versions/small/1/download/p.bpmn").data == drawn("p", BODY)
    for path in (f"{draft}/files/no.toml", "/studio/versions/small/1/files/no.toml", "/studio/versions/small/9/export"):
        owner.get(path, 404)
    for path in ("raw", "download"):
        owner.get(f"/studio/versions/small/1/{path}/no.toml", 404)


def test_files_come_in_and_go_out(owner, draft):
    exported = owner.get("/studio/versions/small/1/export")
    with zipfile.ZipFile(io.BytesIO(exported.data)) as package:
        assert sorted(package.namelist()) == ["forms/any.form", "p.bpmn", "programme.toml"]
    foreign = drawn("order", BODY)
    reply = owner.post(f"{draft}/import", file=(io.BytesIO(foreign), "order.bpmn20.xml"))
    assert (reply.status_code, reply.location.split("said=")[1]) == (303, "imported")
    assert "order.bpmn" in owner.get(draft).text
    assert owner.post(f"{draft}/import", file=(io.BytesIO(b"MZ"), "virus.exe")).status_code == 422
    for kind, name, path in (
        ("process", "新流程", "新流程.bpmn"),
        ("decision", "rule", "rule.dmn"),
        ("form", "页", "forms/页.form"),
        ("set", "x", "indicators.csv"),
    ):
        reply = owner.post(f"{draft}/fresh", kind=kind, name=name)
        assert reply.status_code == 303, reply.text
        assert path in owner.get(draft).text
    for kind, name in (("process", "../x"), ("process", ""), ("form", "页")):
        assert owner.post(f"{draft}/fresh", kind=kind, name=name).status_code == 422
    assert owner.post(f"{draft}/fresh", kind="virus", name="x").status_code == 404
    assert owner.post(f"{draft}/remove/forms/any.form", seen="7").status_code == 422
    assert owner.post(f"{draft}/remove/forms/any.form", seen="1").status_code == 303
    assert owner.post(f"{draft}/undo/forms/any.form", seen="x").status_code == 422
    assert owner.post(f"{draft}/undo/forms/any.form", seen="0").status_code == 303
    with zipfile.ZipFile(io.BytesIO(owner.get(f"{draft}/export").data)) as package:
        assert "rule.dmn" in package.namelist()


def test_programmes_are_imported_and_copied_as_drafts(owner):
    exported = owner.get("/studio/versions/small/1/export").data
    reply = owner.post("/studio/import", title="恢复", file=(io.BytesIO(exported), "small-1.zip"))
    assert (reply.status_code, reply.location.split("said=")[1]) == (303, "unchanged")
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as package:
        for path, content in {**drafts.files(LONGER), "README.md": b"x"}.items():
            package.writestr(f"small/{path}", content)
    reply = owner.post("/studio/import", file=(io.BytesIO(changed.getvalue()), "small.zip"))
    assert reply.location.endswith("said=strangers")
    refused = owner.post("/studio/import", title="x", file=(io.BytesIO(drawn("p", BODY)), "p.bpmn"))
    assert (refused.status_code, "programme.toml" in refused.text) == (422, True)
    assert owner.post("/studio/programmes/small/begin", title="").status_code == 422
    for names in (
        {"id": "Small", "zh": "甲", "en": "A"},
        {"id": "small", "zh": "甲", "en": "A"},
        {"id": "other", "zh": " ", "en": "A"},
    ):
        assert owner.post("/studio/programmes/small/copy", **names).status_code == 422
    reply = owner.post("/studio/programmes/small/copy", id="other", zh='甲"', en="A")
    assert reply.status_code == 303
    page = owner.get(reply.location).text
    assert "programme.toml" in page
    owner.post(f"{reply.location.split('?')[0]}/describe", title="甲", reason="另立")
    assert owner.post(f"{reply.location.split('?')[0]}/submit").status_code == 303
    owner.get("/studio/programmes/nothing", 404)


def test_a_draft_is_brought_up_to_date_on_its_page(app, owner, sessions, draft):
    people = [drafts.person(sessions, login) for login in ("liuguan2", "liushen")]
    owner.send("PUT", f"{draft}/raw/p.bpmn", {"content": drawn("p", BODY + "<!-- x -->").decode(), "version": 1})
    done = drafts.approved(sessions, *people)
    with transaction(sessions) as session:
        revisions.deploy(session, people[0], done)
    assert "不是最新" in owner.get("/studio").text
    clash = owner.post(f"{draft}/update")
    assert (clash.status_code, 'name="mine" value="p.bpmn"' in clash.text) == (422, True)
    assert owner.post(f"{draft}/update", mine="p.bpmn").location.endswith("current")
    assert owner.post(f"{draft}/withdraw", reason="不要了").status_code == 303
    assert owner.post(f"{draft}/update").status_code == 422


def test_nobody_else_is_let_in(app, owner, draft):
    stranger = app.test_client()
    assert stranger.get("/studio").status_code == 303
    officer = app.test_client()
    token = CSRF.search(officer.get("/sign-in").text)[1]
    officer.post("/sign-in", data={"csrf_token": token, "login": "jingban", "password": PASSWORD, "next": "/"})
    for path in ("/studio", draft, "/studio/programmes/small", f"{draft}/raw/p.bpmn", f"{draft}/export"):
        assert officer.get(path).status_code == 403
    assert "/studio" not in officer.get("/").text


def test_the_library_costs_the_same_however_much_lies_in_it(owner, sessions, engine):
    people = [drafts.person(sessions, login) for login in ("liuguan", "liushen")]
    counted = []

    def count(*_):
        counted.append(1)

    event.listen(engine, "before_cursor_execute", count)
    costs = []
    for _ in range(2):
        for path in ("/studio", "/studio/programmes/small"):
            owner.get(path)
            counted.clear()
            owner.get(path)
            costs.append(len(counted))
        drafts.drafted(sessions, people[0])
        done = drafts.approved(sessions, *people) if len(costs) == 2 else None
        if done:
            with transaction(sessions) as session:
                revisions.deploy(session, people[0], done)
    event.remove(engine, "before_cursor_execute", count)
    assert costs[:2] == costs[2:]
    assert max(costs) <= 16


def test_programs_do_the_same_by_the_api(program, sessions):
    drafts.ground(sessions)
    owner, approver, officer = program("liuguan"), program("liushen"), program("jingban")
    assert [one["programme"] for one in owner.get("/library").get_json()] == ["small", "studio"]
    assert officer.get("/library").status_code == 403
    begun = owner.post("/revisions", {"programme": "small", "title": "接口"})
    address = f"/revisions/{begun.get_json()['id']}"
    assert (begun.status_code, owner.get(address).get_json()["state"]) == (201, "draft")
    file = owner.get(f"{address}/files/p.bpmn").get_json()
    sent = {"content": drawn("p", LONGER).decode(), "version": file["version"]}
    assert owner._send("PUT", f"{address}/files/p.bpmn", json=sent).get_json()["version"] == 2
    conflict = owner._send("PUT", f"{address}/files/p.bpmn", json=sent | {"content": "<x/>"})
    assert (conflict.status_code, conflict.get_json()["conflict"]["saved_by"]) == (409, "梁流管")
    assert owner.delete(f"{address}/files/forms/any.form?version=9").status_code == 409
    owner.delete(f"{address}/files/forms/any.form?version=1")
    states = {one["path"]: one["state"] for one in owner.get(f"{address}/files").get_json()}
    assert states == {"p.bpmn": "changed", "programme.toml": "same", "forms/any.form": "removed"}
    assert owner._send("PUT", address, json={"title": "接口", "reason": "试"}).status_code == 204
    assert owner.post(f"{address}/update", {}).get_json() == {"taken": [], "clashes": []}
    assert next(one["gate"] for one in owner.get(f"{address}/track").get_json()["checks"]) == "draft"
    for act, who, status in (("submit", owner, 204), ("take-back", owner, 204), ("submit", owner, 204)):
        assert who.post(f"{address}/{act}", {} if act == "take-back" else None).status_code == status, act
    _through(owner, approver, address)


def _through(owner, approver, address):
    assert approver.post(f"{address}/refuse", {"reason": "再想想"}).status_code == 204
    assert owner.post(f"{address}/submit").status_code == 204
    assert owner.post(f"{address}/approve", {}).status_code == 403
    assert approver.post(f"{address}/approve", {"reason": "好"}).status_code == 204
    assert owner.post(f"{address}/deploy").get_json()["number"] == 2
    assert owner.post(f"{address}/withdraw", {"reason": "x"}).status_code == 409
    assert [one["number"] for one in owner.get("/library/small/versions").get_json()] == [2, 1]
    assert {one["kind"] for one in owner.get("/library/small/versions/2/contents").get_json()} == {"process"}
    assert owner.get("/library/small/versions/2/zip").data[:2] == b"PK"
    assert owner.get(f"{address}/steps").get_json()[0]["kind"] == "revision.deployed"
    assert owner.get("/revisions").get_json() == []
