"""Sources on pages: changed, tried out, their secrets renewed; what arrived, and what became of it."""

import json
import re
from uuid import uuid4

import pytest

from engine.db import transaction
from engine.tables import Message
from server import keyring
from tests.support.postgres import PASSWORD
from webhooks import signing

BODY = {"case_id": "A-1", "values": {"A1": 2.5}, "expert_scores": {"Q1": [80]}}
FORM = {
    "key": "oa",
    "zh": "办公系统",
    "en": "Office",
    "message": "oa.told",
    "correlation": "case",
    "payload": "{case: case, sum: a + b}",
    "fields": "case text 20\na number\nb number ?\n\n",
    "max_bytes": "1000",
    "scheme": "hmac-sm3",
    "active": "on",
}


CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


class Person:
    """A person at their browser."""

    def __init__(self, app, login):
        self.client, self.token = app.test_client(), ""
        self._look("/sign-in")
        self.post("/sign-in", {"login": login, "password": PASSWORD, "next": "/"})
        self._look("/settings")

    def get(self, path):
        return self.client.get(path)

    def post(self, path, form):
        return self.client.post(path, data={"csrf_token": self.token, **form})

    def _look(self, path):
        self.token = CSRF.search(self.client.get(path).text)[1]


@pytest.fixture
def admin(app):
    return Person(app, "admin")


def send(app, source, body, headers):
    return app.test_client().post(
        f"/hooks/{source}", data=json.dumps(body).encode(), content_type="application/json", headers=headers
    )


def test_a_source_is_made_tried_and_used(app, admin, configuration):
    tried = admin.post("/sources", {**FORM, "try": "1", "body": '{"case": "A-1", "a": 1, "b": 2}'})
    assert '"sum": 3' in tried.get_data(as_text=True).replace("&#34;", '"')
    for body in ("{", "[]", '{"case": "A-1", "a": "x"}'):
        assert admin.post("/sources", {**FORM, "try": "1", "body": body}).status_code == 422
    for change in ({"fields": "x"}, {"payload": "{"}, {"key": "Bad Key"}, {"scheme": "md5"}, {"max_bytes": "0"}):
        assert admin.post("/sources", {**FORM, **change}).status_code == 422
    assert admin.post("/sources", FORM).status_code == 303
    assert "办公系统" in admin.get("/sources/oa").get_data(as_text=True)
    secrets = keyring.prepare(configuration.var_path)["oa"]
    body = {"case": "A-1", "a": 1, "b": 2}
    assert send(app, "oa", body, signing.sign(secrets, "m1", json.dumps(body))).status_code == 401
    assert send(app, "oa", body, signing.sign_sm3(secrets, "m1", json.dumps(body))).status_code == 202
    shown = admin.post("/sources/oa/rotate", {}).get_data(as_text=True)
    fresh = keyring.prepare(configuration.var_path)["oa"]
    assert fresh[0] in shown
    assert fresh[1] == secrets[0]
    assert send(app, "oa", body, signing.sign_sm3(fresh[:1], "m2", json.dumps(body))).status_code == 202
    switched = {name: value for name, value in FORM.items() if name != "active"}
    assert admin.post("/sources", switched).status_code == 303
    assert send(app, "oa", body, signing.sign_sm3(fresh[:1], "m3", json.dumps(body))).status_code == 404


def test_what_was_put_aside_is_handed_over_again(app, admin, sessions, configuration):
    secrets = keyring.prepare(configuration.var_path)["exchange"]
    body = {"number": "x", "receiver": "y", "status": "taken", "at": "2026-03-02"}
    kept = send(app, "exchange", body, signing.sign(secrets, uuid4().hex, json.dumps(body))).get_json()["id"]
    page = admin.get("/sources/exchange/arrivals").get_data(as_text=True)
    assert "等候事项" in page
    assert admin.post(f"/sources/exchange/arrivals/{kept}/replay", {}).status_code == 303
    with transaction(sessions) as session:
        assert session.get_one(Message, kept).state == "parked"
    page = admin.get("/sources/exchange/arrivals").get_data(as_text=True)
    assert "没有该字号的有效公文" in page
    assert "公文交换平台" in admin.get("/sources").get_data(as_text=True)
    assert admin.get("/sources/nobody").status_code == 404
    assert admin.get("/sources/new").status_code == 200


def test_only_administrators_keep_sources(app):
    keeper = Person(app, "duijie")
    assert keeper.get("/sources").status_code == 403
    assert keeper.post("/sources", FORM).status_code == 403
    assert keeper.get("/endpoints").status_code == 200


def test_signatures_by_sm3_are_checked_to_the_last():
    secret = [signing.new_secret()]
    headers = signing.sign_sm3(secret, "m", "{}")
    assert signing.verify_sm3(secret, headers, b"{}") == "m"
    for change in (
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "x"},
        {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 400)},
        {"webhook-id": "n"},
        {"webhook-signature": "v1sm3,x"},
        {"webhook-signature": "é"},
    ):
        with pytest.raises(signing.SignatureRefused):
            signing.verify_sm3(secret, {**headers, **change}, b"{}")


def test_endpoints_are_kept_on_pages(app, admin):
    form = {"url": "https://oa.example/in", "name": "公文系统", "kind": "round.opened"}
    assert admin.post("/endpoints", {**form, "kind": ""}).status_code == 422
    assert admin.post("/endpoints", {**form, "url": "ftp://x"}).status_code == 422
    assert "whsec_" in admin.post("/endpoints", {**form, "organisation": "agency-qiming"}).text
    number = int(re.search(r"/endpoints/([0-9]+)\"", admin.get("/endpoints").text)[1])
    path = f"/endpoints/{number}"
    assert "还没有发送过" in admin.get(path).text
    assert "whsec_" in admin.post(f"{path}/rotate", {}).text
    assert admin.post(f"{path}/test", {}).status_code == 303
    page = admin.get(f"{path}?done=tested").text
    delivery = re.search(r"/deliveries/[0-9]+", page)[0]
    assert "尚未尝试" in admin.get(delivery).text
    assert admin.post(f"{delivery}/replay", {}).status_code == 303
    assert admin.post(path, {**form, "name": "新名"}).status_code == 303
    assert admin.post(path, {**form, "url": "ftp://x"}).status_code == 422
    assert admin.post(f"{path}/replay", {"since": "2026-01-01"}).status_code == 303
    assert admin.post(f"{path}/replay", {"since": "x"}).status_code == 422
    assert admin.post(f"{path}/off", {}).status_code == 303
    for act, body in (("test", {}), ("replay", {"since": "2026-01-01"})):
        assert admin.post(f"{path}/{act}", body).status_code == 422
    assert admin.post(f"{delivery}/replay", {}).status_code == 422
    assert "已停用" in admin.get("/endpoints").text
    assert admin.post(f"{path}/on", {}).status_code == 303
    assert "轮次开启" in admin.get("/endpoints/events").text
    assert Person(app, "duijie").get(path).status_code == 200
