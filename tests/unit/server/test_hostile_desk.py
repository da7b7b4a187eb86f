"""The desk in hostile hands: addresses that lead away, cursors of other lists, and texts nobody would type."""

import base64
import re
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import signs
from tests.support.postgres import PASSWORD
from tests.support.shapes import end, start, user, way
from tests.support.stage import Stage

AWAY = (
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n\t/evil.example",
    "https://evil.example",
)
LINE = start() + user("a", role="PRV_OFFICER") + user("b", role="PRV_OFFICER") + end("e") + way("s a b e")
FOREIGN = [base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in ("[]", "[1]", "[[1]]", '["x"]', "{}")]
LISTS = ("/instances", "/public/notices", "/public/circulars", "/documents", "/tasks")


@pytest.fixture
def stage(sessions, tmp_path):
    return Stage(sessions, tmp_path / "drawn")


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    """Give a browser in which the officer has signed in; `csrf` is what its forms carry."""
    browser = app.test_client()
    token = _token(browser.get("/sign-in").get_data(as_text=True))
    browser.post("/sign-in", data={"login": "jingban", "password": PASSWORD, "csrf_token": token})
    browser.csrf = _token(browser.get("/tasks").get_data(as_text=True))  # type: ignore[attr-defined]
    return browser


def _token(page: str) -> str:
    found = re.search(r'csrf-token"\s+content="([^"]+)"', page)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("address", AWAY, ids=repr)
def test_the_switch_of_languages_leads_to_no_other_host(officer, address):
    for reply in (
        officer.get(f"/public/in/en?next={quote(address)}"),
        officer.post("/language", data={"language": "en", "next": address, "csrf_token": officer.csrf}),
    ):
        assert (reply.status_code, reply.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("cursor", FOREIGN)
def test_the_cursor_of_another_list_is_not_found(officer, cursor):
    for address in LISTS:
        assert officer.get(f"{address}?cursor={cursor}").status_code in {200, 404}, address


def test_a_day_before_all_days_is_refused(officer, program):
    for name in ("mine", "claimable", "done", "started", "copies"):
        assert officer.get(f"/tasks?list={name}&since=0001-01-01").status_code == 422
    wanted = {"name": "x", "list": "mine", "filter": {"since": "0001-01-01"}}
    assert program("jingban").post("/filters", wanted).status_code == 422


def test_reasons_are_kept_short_and_choices_known(officer, stage):
    instance = stage.play(LINE)
    stage.complete(instance, "a")
    task = stage.task(instance, "b")
    officer.post(f"/tasks/{task}/claim", data={"csrf_token": officer.csrf})
    (colleague, *_) = [one.id for one in stage.do(lambda s, a: signs.candidates(s, a, task))]
    for reason in ("长" * 1001, "a\x00b"):
        for key, given in (("sign", {"people": str(colleague)}), ("cancel", {}), ("transfer", {"to": str(colleague)})):
            reply = officer.post(f"/tasks/{task}/{key}", data={**given, "reason": reason, "csrf_token": officer.csrf})
            assert reply.status_code in {403, 409, 422}, (key, reason[:3])
    odd = {"people": str(colleague), "kind": "odd", "order": "odd", "reason": "请看", "csrf_token": officer.csrf}
    assert officer.post(f"/tasks/{task}/sign", data=odd).status_code == 200


def test_a_name_that_is_not_this_servers_is_refused_without_a_page(app, configuration):
    assert configuration.trusted_hosts
    reply = app.test_client().get("/sign-in", headers={"Host": "evil.example"})
    assert (reply.status_code, reply.mimetype) == (400, "application/problem+json")


def test_the_way_back_of_an_error_page_leads_to_no_other_host(officer):
    for came in ("http://localhost//evil.example/x", "http://localhost/\t/evil.example", "http://evil.example/x"):
        page = officer.get("/tasks/no-such", headers={"Referer": came}).get_data(as_text=True)
        assert "evil.example" not in page
