"""Settings at the doors: pages and programs keep them, a code is asked for in a second step, secrets are told once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine import clock, identity
from engine.db import Sessions, transaction
from engine.settings import Settings
from server.app import create_app
from tests.support.postgres import PASSWORD
from tests.support.web import Program, fresh_key


class Browser:
    """A browser without scripts: it follows forms with their token."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def send(self, path: str, page: str = "/sign-in", **form: object) -> TestResponse:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(page).text)
        assert found is not None
        return self.client.post(path, data={**form, "csrf_token": found[1]})

    def sign_in(self, login: str = "shouli", password: str = PASSWORD) -> TestResponse:
        return self.send("/sign-in", login=login, password=password)

    def secret(self) -> str:
        """Return what the page shows to be typed into an app."""
        page = self.client.get("/settings/security").text
        found = re.search(r'class="typed">([^<]+)<', page)
        assert found is not None
        return found[1].replace(" ", "")

    def set_up(self) -> tuple[pyotp.TOTP, list[str]]:
        clock.travel(clock.now().replace(second=5))
        self.send("/settings/factor", "/settings")
        totp = pyotp.TOTP(self.secret())
        shown = self.send("/settings/factor/confirm", "/settings", code=totp.at(clock.now())).text
        clock.travel(clock.now() + timedelta(seconds=60))
        return totp, re.findall(r"<code>([a-z-]+)</code>", shown)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def test_a_code_is_asked_for_in_a_second_step_bound_to_the_first(app: Flask, browser: Browser) -> None:
    browser.sign_in()
    totp, codes = browser.set_up()
    assert len(codes) == 10
    other = Browser(app)
    reply = other.sign_in()
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in/code?next=/")
    assert other.client.get_cookie("sid") is None
    assert other.client.get("/").status_code == 303
    code = totp.at(clock.now())
    stranger = Browser(app)
    refused = stranger.send("/sign-in/code", code=code)
    assert (refused.status_code, refused.headers["Location"]) == (303, "/sign-in?next=/")
    wrong = other.send("/sign-in/code", code="000000")
    assert (wrong.status_code, "验证码错误" in wrong.text) == (403, True)
    assert other.send("/sign-in/code", code=code).status_code == 303
    assert other.client.get("/").status_code == 200
    assert other.client.get_cookie("half") is None


def test_a_half_sign_in_is_no_cookie_and_no_token(app: Flask, browser: Browser) -> None:
    browser.sign_in()
    browser.set_up()
    other = Browser(app)
    other.sign_in()
    half = other.client.get_cookie("half")
    assert half is not None
    thief = app.test_client()
    thief.set_cookie("sid", half.value)
    assert thief.get("/").status_code == 303
    assert thief.get("/api/v1/me", headers={"Authorization": f"Bearer {half.value}"}).status_code == 401


def test_a_program_sends_the_code_with_the_password(app: Flask, browser: Browser) -> None:
    browser.sign_in()
    totp, _codes = browser.set_up()
    client, given = app.test_client(), {"login": "shouli", "password": PASSWORD}
    missing = client.post("/api/v1/sign-in", json=given)
    assert (missing.status_code, missing.json["type"]) == (401, "urn:icity:problem:code-needed")
    refused = client.post("/api/v1/sign-in", json={**given, "code": "000000"})
    assert (refused.status_code, refused.json["type"]) == (401, "urn:icity:problem:code-refused")
    assert client.post("/api/v1/sign-in", json={**given, "code": totp.at(clock.now())}).status_code == 200


def test_a_role_that_demands_it_sets_it_up_before_it_comes_in(configuration: Settings, sessions: Sessions) -> None:
    object.__setattr__(configuration, "second_factor_roles", ["PRV_INTAKE"])
    app = create_app(configuration, sessions)
    browser = Browser(app)
    browser.sign_in()
    assert browser.client.get("/").status_code == 303
    page = browser.client.get("/sign-in/code").text
    found = re.search(r'class="typed">([^<]+)<', page)
    assert found is not None
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    assert browser.send("/sign-in/code", code=totp.at(clock.now())).status_code == 403
    assert browser.send("/sign-in/factor", code="000000").status_code == 422
    shown = browser.send("/sign-in/factor", code=totp.at(clock.now()))
    assert len(re.findall(r"<code>([a-z-]+)</code>", shown.text)) == 10
    assert browser.client.get("/").status_code == 200
    kept = browser.send("/settings/factor/end", "/settings", password=PASSWORD)
    assert (kept.status_code, "不能关闭" in kept.text) == (422, True)
    free = Browser(app)
    assert free.sign_in("jingban").headers["Location"] == "/"


def test_a_new_password_keeps_this_browser_and_ends_every_other(
    app: Flask, browser: Browser, program: Callable[[str], Program], fast_passwords: None
) -> None:
    browser.sign_in()
    other, token = Browser(app), program("shouli")
    other.sign_in()
    before = browser.client.get_cookie("sid")
    form = {"before": PASSWORD, "password": "Another-1234", "again": "Another-1234"}
    assert browser.send("/settings/password", "/settings", **{**form, "again": "x"}).status_code == 422
    assert browser.send("/settings/password", "/settings", **{**form, "before": "x"}).status_code == 422
    assert other.client.get("/").status_code == 200
    assert browser.send("/settings/password", "/settings", **form).status_code == 303
    after = browser.client.get_cookie("sid")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert browser.client.get("/").status_code == 200
    assert other.client.get("/").status_code == 303
    assert token.get("/me").status_code == 401


def test_nobody_ends_the_sign_in_of_somebody_else(app: Flask, browser: Browser) -> None:
    browser.sign_in()
    mine = browser.client.get_cookie("sid")
    assert mine is not None
    stranger = Browser(app)
    stranger.sign_in("jingban")
    refused = stranger.send(f"/settings/sign-ins/{identity.digest(mine.value)}/end", "/settings")
    assert refused.status_code == 404
    assert browser.client.get("/").status_code == 200


def test_a_program_keeps_settings_and_sees_its_sign_ins(program: Callable[[str], Program]) -> None:
    one, two = program("shouli"), program("shouli")
    kept = one.post("/settings", {"rows": 20, "unwanted": ["moved"], "language": "en"}).json
    usual = {"toured": False, "channels": {}, "quiet": None, "digest": False}
    assert kept == {"language": "en", "rows": 20, "unwanted": ["moved"], **usual}
    assert two.get("/settings").json == kept
    assert one.post("/settings", {"rows": 21}).status_code == 422
    assert one.post("/settings", {"colour": "red"}).status_code == 422
    rows = one.get("/settings/sign-ins").json
    assert [row["here"] for row in rows] == [True, False]
    assert one.post("/settings/sign-ins/end-others").json == {"ended": 1}
    assert two.get("/me").status_code == 401


def test_replies_with_secrets_are_never_kept(program: Callable[[str], Program], fast_passwords: None) -> None:
    one = program("shouli")
    assert one.post("/second-factor", key=fresh_key()).status_code == 400
    begun = one.post("/second-factor").json
    assert one.post("/second-factor/confirm", {"code": "000000"}).status_code == 422
    codes = one.post("/second-factor/confirm", {"code": pyotp.TOTP(begun["secret"]).at(clock.now())}).json["codes"]
    assert one.get("/second-factor").json["codes"] == len(codes) == 10
    assert one.post("/second-factor/codes", {"password": "wrong"}).status_code == 401
    fresh = one.post("/second-factor/codes", {"password": PASSWORD}).json["codes"]
    assert not set(fresh) & set(codes)
    assert one.post("/second-factor/end", {"password": PASSWORD}).status_code == 204
    changed = one.post("/settings/password", {"before": PASSWORD, "password": "Another-1234"}).json
    one.token = changed["token"]
    assert one.get("/me").status_code == 200


def test_the_language_and_the_size_of_lists_count_at_once(browser: Browser, sessions: Sessions) -> None:
    browser.sign_in()
    reply = browser.send("/settings", "/settings", language="en", rows="20", notice="near")
    assert reply.status_code == 303
    assert "Your settings were kept." in browser.client.get(reply.headers["Location"]).text
    with transaction(sessions) as session:
        assert identity.load(session, "shouli").language == "en"


def test_help_speaks_of_every_subject_in_both_languages_and_is_searched(browser: Browser) -> None:
    browser.sign_in()
    index = browser.client.get("/help").text
    subjects = re.findall(r'href="/help/([a-z-]+)"', index)
    anchors = {}
    for language in ("zh", "en"):
        browser.client.set_cookie("language", language)
        pages = {one: browser.client.get(f"/help/{one}").text for one in subjects}
        anchors[language] = {one: re.findall(r'<section id="([a-z-]+)">', page) for one, page in pages.items()}
    assert anchors["zh"] == anchors["en"]
    assert all(anchors["zh"].values())
    assert 'href="/help/task#withdraw"' in browser.client.get("/help?q=take back").text
    assert "Help does not speak of this" in browser.client.get("/help?q=zebra").text
    assert browser.client.get("/help/nothing").status_code == 404
    assert "<img src=x>" not in browser.client.get("/help?q=<img src=x>").text


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/", "inbox"),
        ("/tasks?list=done", "inbox"),
        ("/instances", "case"),
        ("/units", "unit"),
        ("/settings", "settings"),
    ],
)
def test_every_page_leads_to_its_own_help(browser: Browser, path: str, subject: str) -> None:
    browser.sign_in()
    assert f'<a href="/help/{subject}">' in browser.client.get(path).text


def test_the_tour_is_shown_until_it_is_ended_and_again_when_asked_for(app: Flask, browser: Browser) -> None:
    browser.sign_in()
    assert 'id="tour"' in browser.client.get("/").text
    assert 'id="tour"' not in browser.client.get("/units").text
    browser.send("/help/tour/end", "/")
    assert 'id="tour"' not in browser.client.get("/").text
    later = Browser(app)
    later.sign_in()
    assert 'id="tour"' not in later.client.get("/").text
    later.send("/help/tour", "/help")
    assert 'id="tour"' in later.client.get("/").text
