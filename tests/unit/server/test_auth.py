"""The doors: nobody unknown comes in, nothing is done on another site's behalf, every reply is dressed."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import clock, identity
from engine.db import Sessions, transaction
from engine.settings import Settings
from server import auth
from server.app import create_app
from tests.support.postgres import PASSWORD
from tests.support.web import Program

OPEN = {
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/ready"),
    ("GET", "/api/v1/openapi.json"),
    ("POST", "/api/v1/sign-in"),
    ("POST", "/hooks/<source>"),
    ("GET", "/feeds/<secret>.ics"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/language"),
    ("GET", "/static/<path:filename>"),
    ("GET", "/public"),
    ("GET", "/public/<any(notices, circulars, reports):section>"),
    ("GET", "/public/titles"),
    ("GET", "/public/documents/<uuid:document>"),
    ("GET", "/public/documents/<uuid:document>/<any(pdf, docx):form>"),
    ("GET", "/public/documents/<uuid:document>/objection"),
    ("POST", "/public/documents/<uuid:document>/objection"),
    ("GET", "/public/objections/<receipt>"),
    ("GET", "/public/in/<any(zh, en):chosen>"),
    ("GET", "/verify/<uuid:document>"),
    ("POST", "/verify/<uuid:document>"),
    ("GET", "/metrics"),  # from this machine, or with the token of monitoring
}
ANYTHING = re.compile(r"<any\((\w+)[^>]*>")  # any of several words; the first will do


def routes(app: Flask) -> list[tuple[str, str]]:
    rules = app.url_map.iter_rules()
    return [(m, rule.rule) for rule in rules for m in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]


def token_of(client: FlaskClient, path: str = "/sign-in") -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, password: str = PASSWORD, **headers: str) -> int:
    form = {"login": "shouli", "password": password, "csrf_token": token_of(client)}
    return client.post("/sign-in", data=form, headers=headers).status_code


def test_every_route_is_closed_to_strangers_unless_it_is_listed_as_open(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", [])
    client = app.test_client()
    for method, rule in routes(app):
        if (method, rule) in OPEN:
            continue
        path = ANYTHING.sub(r"\1", re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", rule))
        reply = client.open(re.sub(r"<[^>]+>", "1", path), method=method, json={} if method == "POST" else None)
        assert reply.status_code in {303, 401}, (method, rule, reply.status_code)


def test_a_route_that_does_not_say_who_may_call_it_stops_the_application(
    configuration: Settings, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def register(app: Flask) -> None:
        app.add_url_rule("/open-to-whom", "forgotten", lambda: "")

    monkeypatch.setattr("server.hooks.register", register)
    with pytest.raises(RuntimeError, match="forgotten"):
        create_app(configuration, sessions)


def test_a_token_tells_who_holds_it_until_it_is_given_back(program: Callable[[str], Program]) -> None:
    one = program("tianbao")
    me = one.get("/me").json
    assert (me["login"], me["name"]) == ("tianbao", "何填报")
    assert me["memberships"] == [{"organisation": "yunxi-science", "role": "APP_FILL"}]
    assert one.delete("/sign-in").status_code == 204
    refused = one.get("/me")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic c2hvdWxpOng=", "Token x", "Bearer é"]
)
def test_what_is_no_token_of_ours_opens_nothing(app: Flask, header: str) -> None:
    reply = app.test_client().get("/api/v1/me", headers={"Authorization": header} if header else {})
    assert reply.status_code == 401


def test_wrong_credentials_are_refused_alike_and_lock_the_account(app: Flask) -> None:
    client = app.test_client()

    def knock(login: str, password: str) -> tuple[int, bytes]:
        reply = client.post("/api/v1/sign-in", json={"login": login, "password": password})
        return reply.status_code, reply.data

    assert len({knock("nobody", "x"), *(knock("shouli", "wrong") for _ in range(5))}) == 1
    assert knock("shouli", PASSWORD)[0] == 401


def test_an_address_that_keeps_guessing_is_slowed_and_others_are_not(app: Flask) -> None:
    client = app.test_client()

    def knock(address: str) -> int:
        origin = {"REMOTE_ADDR": address}
        return client.post("/api/v1/sign-in", json={"login": "x"}, environ_base=origin).status_code

    assert [knock("127.0.0.1") for _ in range(61)] == [422] * 60 + [429]
    assert knock("127.0.0.2") == 422


def test_a_cookie_opens_pages_but_not_the_api_and_a_token_not_the_pages(
    app: Flask, program: Callable[[str], Program]
) -> None:
    client = app.test_client()
    assert sign_in(client) == 303
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    stranger = app.test_client()
    headers = {"Authorization": f"Bearer {program('shouli').token}"}
    assert stranger.get("/", headers=headers).status_code == 303


def test_signing_in_changes_the_secret_and_signing_out_ends_a_copy(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("sid", "fixed-by-a-thief")
    assert sign_in(client) == 303
    cookie = client.get_cookie("sid")
    assert cookie is not None
    assert cookie.value != "fixed-by-a-thief"
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    client.post("/sign-out", headers={"X-CSRFToken": token_of(client)})
    assert client.get_cookie("sid") is None
    thief = app.test_client()
    thief.set_cookie("sid", cookie.value)
    assert thief.get("/").status_code == 303


def test_over_tls_cookies_are_bound_to_the_host_and_browsers_told_to_stay(
    configuration: Settings, sessions: Sessions
) -> None:
    app = create_app(replace(configuration, tls=True), sessions)
    client = app.test_client()
    reply = client.get("/sign-in", base_url="https://localhost")
    assert "max-age=31536000" in reply.headers["Strict-Transport-Security"]
    with app.test_request_context("/"):
        answer = app.response_class()
        auth.remember(answer, "s")
    assert answer.headers["Set-Cookie"] == "__Host-sid=s; Secure; HttpOnly; Path=/; SameSite=Lax"
    assert reply.headers["Set-Cookie"].startswith("__Host-form=")


def test_a_role_taken_away_and_an_account_closed_count_with_the_next_request(
    program: Callable[[str], Program], sessions: Sessions
) -> None:
    one = program("shouli")
    with transaction(sessions) as session:
        identity.set_active(session, "shouli", active=False)
    assert one.get("/me").status_code == 401


def test_an_idle_token_ends(program: Callable[[str], Program]) -> None:
    one = program("shouli")
    clock.travel(clock.now() + timedelta(minutes=31))
    assert one.get("/me").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
)
def test_a_change_that_another_site_asks_for_is_refused_even_with_a_token(app: Flask, headers: dict[str, str]) -> None:
    assert sign_in(app.test_client(), **headers) == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, {}])
def test_a_change_from_our_own_page_is_taken(app: Flask, headers: dict[str, str]) -> None:
    assert sign_in(app.test_client(), **headers) == 303


def test_a_change_without_the_token_of_the_form_is_refused(app: Flask) -> None:
    client = app.test_client()
    for form in ({}, {"csrf_token": "made-up"}):
        assert client.post("/sign-in", data={"login": "shouli", "password": PASSWORD, **form}).status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_a_host_name_that_is_not_ours_is_refused(app: Flask, host: str) -> None:
    assert app.test_client().get("/api/v1/health", headers={"Host": host}).status_code == 400


def test_every_reply_is_dressed(app: Flask, program: Callable[[str], Program]) -> None:
    client = program("shouli").client
    for path in ("/api/v1/me", "/api/v1/nothing", "/sign-in", "/nothing", "/api/v1/health"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers
        assert "Server" not in headers


def test_only_pages_marked_for_it_may_carry_style_attributes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    @auth.public
    def loose() -> str:
        return ""

    loose.loose_style = True  # type: ignore[attr-defined]
    monkeypatch.setitem(app.view_functions, "pages.sign_in", loose)
    policy = app.test_client().get("/sign-in").headers["Content-Security-Policy"]
    assert "style-src-attr 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy
