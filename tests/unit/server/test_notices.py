"""Notices at the doors: the bell and its stream, the list, what a person chose, where they are reached, deliveries."""

import re
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from engine import clock, db, events, identity, preferences
from engine.db import Sessions, transaction
from engine.domain import sealing
from engine.domain.channels import Channel
from engine.events import Kind
from engine.identity import Limits
from engine.notices import contacts, making, sending
from engine.notices.sending import Fate, Outcome
from engine.settings import Settings
from engine.tables import Sending, SignIn
from server import live, secrets
from server.live import Exchange
from tests.support.web import Program, opened

ADMIN = "admin"
OPEN = {
    "dingtalk_url": "",
    "feishu_url": "",
    "smtp_host": "127.0.0.1",
    "smtp_port": 1,
    "smtp_security": "none",
    "sms_url": "http://127.0.0.1:1/sms",
}


class Browser:
    """A browser without scripts: it follows forms with their token."""

    def __init__(self, app: Flask, sessions: Sessions, settings: Settings, login: str) -> None:
        self.client: FlaskClient = app.test_client()
        with transaction(sessions) as session:
            person = identity.load(session, login).id
            self.secret = identity.begin(session, person, identity.Kind.WEB, Limits.of(settings))
        self.client.set_cookie("sid", self.secret)

    def text(self, path: str) -> str:
        reply = self.client.get(path)
        assert reply.status_code == 200, reply.text
        return reply.text

    def send(self, path: str, form: dict[str, object] | None = None) -> TestResponse:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.text("/settings"))
        assert token is not None
        return self.client.post(path, data={**(form or {}), "csrf_token": token[1]})


@pytest.fixture
def reaching(configuration: Settings) -> Settings:
    return replace(configuration, **OPEN)


@pytest.fixture
def browse(reaching: Settings, sessions: Sessions) -> Callable[[str], Browser]:
    app = opened(reaching, sessions)
    return lambda login: Browser(app, sessions, reaching, login)


def happen(sessions: Sessions, kind: Kind = Kind.CLOCK_SILENT) -> None:
    with transaction(sessions) as session:
        events.append(session, kind, data={})
        fresh = events.unpublished(session, 500)
        making.make(session, fresh, frozenset(Channel))
        events.mark_published(session, [one.id for one in fresh])


def carried(sessions: Sessions, settings: Settings, outcome: Outcome) -> str:
    """Carry one letter as it may go; return over which channel."""
    with transaction(sessions) as session:
        parcel = sending.claim(session, sealing.key_of(secrets.load(settings.var_path).contact_key))
        assert parcel is not None
        sending.record(session, parcel, outcome)
        return parcel.channel.value


def count(page: str) -> str:
    found = re.search(r"data-count>([^<]+)<", page)
    assert found is not None
    return found[1]


def test_the_bell_counts_and_a_notice_leads_to_what_it_tells_of(browse, sessions) -> None:
    admin = browse(ADMIN)
    assert "暂无提醒" in admin.text("/notices")
    for kind in (Kind.CLOCK_SILENT, Kind.HANDS_SILENT, Kind.CLOCK_SILENT):
        happen(sessions, kind)
    page = admin.text("/notices")
    assert (count(page), page.count("is-fresh"), "系统运行：时钟停止响应" in page) == ("3", 3, True)
    link = re.search(r'href="(/notices/\d+)"', page)[1]
    opened_ = admin.client.get(link)
    assert (opened_.status_code, opened_.headers["Location"]) == (303, "/operations")
    assert browse("jingban").client.get(link).status_code == 404
    page = admin.text("/notices?only=unread")
    one = re.search(r'name="notice" value="(\d+)"', page)[1]
    back = admin.send("/notices/read", {"notice": one, "only": "unread"})
    assert back.headers["Location"] == "/notices?only=unread"
    assert admin.client.get("/notices/unread").json == {"unread": 1}
    assert admin.send("/notices/read").headers["Location"] == "/notices"
    assert "没有未读提醒" in admin.text("/notices?only=unread")


def test_long_lists_go_on_and_the_bell_stops_counting(browse, sessions) -> None:
    admin = browse(ADMIN)
    with transaction(sessions) as session:
        events.record(session, [{"kind": Kind.CLOCK_SILENT, "data": {}}] * 105)
    happen(sessions)
    page = admin.text("/notices")
    assert count(page) == "99+"
    more = re.search(r'class="more"><a href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert admin.text(more).count("is-fresh") == 50


def test_a_program_lists_and_reads_them(browse, sessions, reaching) -> None:
    happen(sessions)
    program = Program(opened(reaching, sessions), ADMIN)
    [row] = program.get("/notices?unread=true").json["rows"]
    assert (row["purpose"], row["link"], row["read_at"]) == ("operations", "/operations", None)
    assert program.post("/notices/read", {"ids": [row["id"]]}).json == {"marked": 1, "unread": 0}
    assert program.get("/notices?unread=true").json == {"rows": [], "next": None}
    assert program.get("/notices").json["rows"][0]["read_at"]
    assert program.post("/notices/read", {}).json == {"marked": 0, "unread": 0}
    chosen = {"channels": {"near": ["sms"]}, "quiet": ["22:00", "07:00"], "digest": True}
    kept = program.post("/settings", chosen).json
    assert {key: kept[key] for key in chosen} == chosen
    assert program.post("/settings", {"quiet": ["22:00"]}).status_code == 422


def test_a_person_chooses_for_what_over_which_channels_and_when(browse, sessions, actor, reaching) -> None:
    clerk = browse("xianzhang")
    with transaction(sessions) as session:
        kept = {"unwanted": ["operations"], "channels": {"near": ["sms", "feishu"]}}
        preferences.choose(session, actor("xianzhang"), kept)
    page = clerk.text("/settings/notices")
    assert [word in page for word in ("短信", "钉钉", "系统运行", "每日")] == [True, False, False, True]
    wanted = {"desk": ["assigned", "near"], "mail": ["near"], "from": "22:00", "until": "07:00", "digest": "on"}
    assert clerk.send("/settings/notices", wanted).status_code == 303
    with transaction(sessions) as session:
        chosen = preferences.read(session, actor("xianzhang"))
    assert "assigned" not in chosen.unwanted
    assert {"overdue", "operations"} <= set(chosen.unwanted)
    assert (chosen.channels["near"], chosen.channels["overdue"]) == (["mail", "feishu"], [])
    assert (tuple(chosen.quiet), chosen.digest) == (("22:00", "07:00"), True)
    assert "checked" in re.search(r"<input[^>]*新任务: 站内[^>]*>", clerk.text("/settings/notices"))[0]
    refused = clerk.send("/settings/notices", {"from": "22:00"})
    assert (refused.status_code, "免打扰时段应为两个不同的时刻" in refused.text) == (422, True)
    assert "系统运行" in browse(ADMIN).text("/settings/notices")


def test_an_installation_without_channels_offers_the_desk_alone(sessions, configuration) -> None:
    app = opened(replace(configuration, **dict.fromkeys(("dingtalk_url", "wecom_url", "feishu_url"), "")), sessions)
    page = Browser(app, sessions, configuration, "xianzhang").text("/settings/notices")
    assert ("未开通" in page, 'name="mail"' in page, "of-addresses" in page) == (True, False, False)


def test_addresses_are_kept_told_of_when_they_bounce_and_tried(browse, sessions, actor, reaching) -> None:
    admin = browse(ADMIN)
    home = "/settings/notices"
    assert admin.send(f"{home}/try").headers["Location"].endswith("said=tried-here")
    wrong = admin.send(f"{home}/addresses", {"mail": "nowhere", "sms": "13900000000"})
    assert (wrong.status_code, "邮件：格式不正确" in wrong.text, 'value="nowhere"' in wrong.text) == (422, True, True)
    given = {"mail": "admin@example.test", "sms": ""}
    assert admin.send(f"{home}/addresses", given).headers["Location"].endswith("said=kept")
    assert 'value="admin@example.test"' in admin.text(home)
    assert admin.send(f"{home}/try").headers["Location"].endswith("said=tried")
    assert count(admin.text("/notices")) == "2"
    assert "测试提醒" in admin.text("/notices")
    assert carried(sessions, reaching, Outcome(Fate.BOUNCED, "550 no such user")) == "mail"
    page = admin.text(home)
    assert ("已停用" in page, "550 no such user" in page) == (True, True)
    admin.send(f"{home}/addresses", given)
    assert "550 no such user" in admin.text(home)
    admin.send(f"{home}/addresses", given | {"again": "mail"})
    assert "550 no such user" not in admin.text(home)


def test_an_operator_sees_every_delivery_and_tries_once_more(browse, sessions, actor, reaching) -> None:
    admin, path = browse(ADMIN), "/notices/deliveries"
    assert "暂无发送记录" in admin.text(path)
    with transaction(sessions) as session:
        key = sealing.key_of(secrets.load(reaching.var_path).contact_key)
        contacts.keep(session, actor(ADMIN), Channel.MAIL, "admin@example.test", key)
    happen(sessions)
    assert "系统管理员" in admin.text(path)
    carried(sessions, reaching, Outcome(Fate.BOUNCED, "550 no such user"))
    page = admin.text(f"{path}?state=bounced")
    assert ("550 no such user" in page, "admin@example.test" in page) == (True, False)
    again = re.search(r'action="(/notices/deliveries/\d+/again)"', page)[1]
    assert admin.send(again).headers["Location"].endswith("said=again")
    assert admin.send(again).headers["Location"].endswith("said=none")
    assert "暂无发送记录" in admin.text(f"{path}?state=bounced")
    assert "已在发送" in admin.text(f"{path}?said=none")
    with transaction(sessions) as session:
        one = session.scalar(select(Sending))
        for _ in range(55):
            happen(sessions)
        assert one is not None
    assert browse("xianzhang").client.get(path).status_code == 403


def read(told: object) -> str:
    """Return the next event of a stream that says something."""
    piece = next(told)
    return (
        (piece.decode() if isinstance(piece, bytes) else piece).partition("event: ")[2].strip().replace("\ndata: ", " ")
    )


def test_a_stream_tells_the_count_at_once_and_when_it_changes_and_ends_with_the_sign_in(
    browse, sessions, monkeypatch
) -> None:
    monkeypatch.setattr(live, "PAUSE", 60.0)  # a listener that fails would ring no more
    monkeypatch.setattr(live, "LONGEST", 20.0)
    admin = browse(ADMIN)
    exchange: Exchange = admin.client.application.extensions["live"]
    with closing(admin.client.get("/notices/stream")) as reply:
        assert (reply.mimetype, reply.headers["X-Accel-Buffering"]) == ("text/event-stream", "no")
        told = iter(reply.response)
        assert read(told) == "unread 0"
        happen(sessions)
        assert read(told) in {"unread 0", "unread 1"}  # the listener rings once when it begins
        happen(sessions, Kind.HANDS_SILENT)
        while read(told) != "unread 2":
            pass
        admin.send("/notices/read")
        while read(told) != "unread 0":
            pass
        with transaction(sessions) as session:
            session.execute(update(SignIn).values(ends_at=clock.now()))
        happen(sessions)
        assert read(told) == "over 0"
    assert exchange.count() == 0
    listener = exchange._listener
    if listener is not None:
        listener.join(10)
    assert exchange._listener is None


def test_there_is_room_for_some_streams_and_the_newest_of_a_person_counts(browse, sessions, reaching) -> None:
    exchange = Exchange(sessions, 4)
    exchange._listener = SimpleNamespace()  # nobody rings here
    person, other = uuid4(), uuid4()
    mine = [exchange.join(person) for _ in range(4)]
    assert (mine[0].over, exchange.count()) == (True, 3)
    assert read(live.stream(mine[0], lambda: 1, lambda: True)) == "busy 60"
    assert exchange.join(other) is not None
    assert exchange.join(other) is None
    exchange._ring(str(person))
    assert [line.rung.is_set() for line in exchange._lines] == [True, True, True, False]
    admin = browse(ADMIN)
    admin.client.application.extensions["live"] = Exchange(sessions, 0)
    full = admin.client.get("/notices/stream")
    assert (full.status_code, full.headers["Retry-After"]) == (503, "60")


def test_a_stream_beats_and_ends_in_time(monkeypatch) -> None:
    monkeypatch.setattr(live, "LOOK", 0.01)
    monkeypatch.setattr(live, "BEAT", 0.02)
    monkeypatch.setattr(live, "LONGEST", 0.2)
    told = list(live.stream(live.Line(uuid4()), lambda: 7, lambda: True))
    assert told[0].endswith("event: unread\ndata: 7\n\n")
    assert set(told[1:]) == {": beat\n\n"}


def test_a_browser_that_is_gone_and_a_server_that_stops_are_noticed() -> None:
    ours, theirs = socket.socketpair()
    there = live.presence({"gunicorn.socket": ours, live.GOES_ON: lambda: True})
    assert there()
    theirs.close()
    assert not there()
    ours.close()
    assert not there()
    assert not live.presence({live.GOES_ON: lambda: False})()
    assert live.presence({})()


@pytest.mark.parametrize("fault", [OperationalError("x", {}, Exception()), RuntimeError("lost")])
def test_a_listener_that_lost_the_database_hears_again(sessions, monkeypatch, fault) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    exchange, tries = Exchange(sessions, 4), []

    def hear(*_: object):
        tries.append(1)
        if len(tries) == 1:
            raise fault
        yield None
        exchange.leave(line)
        yield None

    monkeypatch.setattr(db, "hear", hear)
    line = exchange.join(uuid4())
    listener = exchange._listener
    if listener is not None:
        listener.join(5)
    assert (len(tries), exchange._listener) == (2, None)
