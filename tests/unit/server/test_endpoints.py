"""Endpoints by program: kept within one's organisation, tested, looked at, told again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from engine import clock, events
from engine.db import transaction
from server import duties
from server.pages import endpoints as pages
from tests.support.receiver import Receiver, answering
from tests.support.web import opened
from webhooks import catalogue


@pytest.fixture
def told(configuration):
    return replace(configuration, webhook_loopback=True)


@pytest.fixture
def app(told, sessions):
    return opened(told, sessions)


def wish(url="https://oa.example/in", **more):
    return {"url": url, "kinds": ["round.opened"], **more}


def happen(sessions, kind="round.opened", **data):
    with transaction(sessions) as session:
        events.append(session, kind, data=data)


def test_an_endpoint_is_tested_told_and_told_again(program, sessions, told):
    admin = program("admin")
    with Receiver(answering(200, b"thanks")) as receiver:
        made = admin.post("/endpoints", wish(receiver.url, name="公文系统")).json
        number, secret = made["id"], made["secret"]
        delivery = admin.post(f"/endpoints/{number}/test").json["delivery"]
        happen(sessions, round="2026")
        while duties.sweep(sessions, told):
            pass
        bodies = [Webhook(secret).verify(got.body, got.headers) for got in receiver.got]
        assert {body["type"] for body in bodies} == {"icity.endpoint.tested", "icity.round.opened"}
        seen = admin.get(f"/deliveries/{delivery}").json
        assert (seen["state"], seen["attempts"][0]["status"], seen["attempts"][0]["answer"]) == ("sent", 200, "thanks")
        assert seen["request"]["type"] == "icity.endpoint.tested"
        rows = admin.get(f"/endpoints/{number}/deliveries?limit=1").json
        assert (rows["rows"][0]["kind"], bool(rows["next"])) == ("round.opened", True)
        older = admin.get(f"/endpoints/{number}/deliveries?cursor={rows['next']}").json
        assert (older["rows"][0]["id"], older["next"]) == (delivery, None)
    shown = admin.get(f"/endpoints/{number}").json
    assert (shown["name"], shown["waiting"], shown["active"]) == ("公文系统", 0, True)


def test_one_is_told_again_with_secrets_that_overlap(program, sessions, told):
    admin = program("admin")
    with Receiver(answering(200)) as receiver:
        made = admin.post("/endpoints", wish(receiver.url)).json
        number, secret = made["id"], made["secret"]
        happen(sessions)
        delivery = admin.post(f"/endpoints/{number}/test").json["delivery"]
        duties.sweep(sessions, told)
        assert admin.post(f"/deliveries/{delivery}/replay").status_code == 204
        duties.sweep(sessions, told)
        assert receiver.got[-1].headers["webhook-id"] == receiver.got[0].headers["webhook-id"]
        new = admin.post(f"/endpoints/{number}/rotate").json["secret"]
        since = (clock.now() - timedelta(hours=1)).isoformat()
        assert admin.post(f"/endpoints/{number}/replay", {"since": since}).json["count"] == 2
        duties.sweep(sessions, told)
        for known in (secret, new):
            Webhook(known).verify(receiver.got[-1].body, receiver.got[-1].headers)
        clock.travel(clock.now() + timedelta(days=8))
        admin = program("admin")
        admin.post(f"/endpoints/{number}/test")
        duties.sweep(sessions, told)
        assert len(receiver.got[-1].headers["webhook-signature"].split()) == 1


def test_what_was_missed_while_off_is_fetched_up(program, sessions, told):
    admin = program("admin")
    number = admin.post("/endpoints", wish()).json["id"]
    assert admin.post(f"/endpoints/{number}/off").status_code == 204
    happen(sessions)
    duties.fan_out(sessions, told)
    refused = admin.post(f"/endpoints/{number}/test")
    assert (refused.status_code, refused.json["title"]) == (409, "该接收地址已停用，请先启用。")
    assert admin.post(f"/endpoints/{number}/on").status_code == 204
    since = (clock.now() - timedelta(days=400)).isoformat()
    assert admin.post(f"/endpoints/{number}/replay", {"since": since}).json["count"] == 1
    assert admin.get(f"/endpoints/{number}").json["waiting"] == 1
    change = wish("https://oa.example/new", ordered=True, name="新")
    assert admin.post(f"/endpoints/{number}", change).status_code == 204
    assert admin.get("/endpoints").json[0]["url"] == "https://oa.example/new"


def test_a_keeper_keeps_the_endpoints_of_their_organisation_alone(program):
    admin, keeper, officer = program("admin"), program("duijie"), program("jingban")
    others = admin.post("/endpoints", wish()).json["id"]
    assert keeper.post("/endpoints", wish()).status_code == 403
    assert keeper.post("/endpoints", wish(organisation="prov-finance")).status_code == 403
    own = keeper.post("/endpoints", wish(organisation="agency-qiming")).json["id"]
    assert [row["id"] for row in keeper.get("/endpoints").json] == [own]
    assert [row["id"] for row in admin.get("/endpoints").json] == [others, own]
    assert keeper.get(f"/endpoints/{others}").status_code == 404
    assert keeper.post(f"/endpoints/{others}/rotate").status_code == 404
    delivery = admin.post(f"/endpoints/{others}/test").json["delivery"]
    assert keeper.get(f"/deliveries/{delivery}").status_code == 404
    assert officer.get("/endpoints").status_code == 403


def test_what_cannot_be_told_is_refused(program):
    admin = program("admin")
    for body in (
        wish("https://user:x@oa.example/"),
        wish("ftp://oa.example/"),
        wish("https://oa.example/", kinds=["no.such"]),
        wish("https://oa.example/", kinds=[]),
    ):
        assert admin.post("/endpoints", body).status_code == 422
    assert admin.post("/endpoints", wish(programme="no-such")).status_code == 404


def test_the_catalogue_knows_every_kind_and_its_examples_fit(program):
    rows = program("duijie").get("/events/catalogue").json
    assert {row["kind"] for row in rows} == {kind.value for kind in events.Kind}
    assert catalogue.unwritten() == []
    for row in rows:
        assert set(row["schema"]["required"]) <= row["example"].keys()
        assert set(row["schema"]["properties"]["data"]["required"]) <= row["example"]["data"].keys()


def test_the_form_offers_every_kind_once_under_what_it_is_about(app):
    with app.test_request_context():
        themes = pages._themes()
    kinds = [kind["key"] for theme in themes for kind in theme["kinds"]]
    assert sorted(kinds) == sorted(kind.value for kind in events.Kind)
    prefixes = {kind.partition(".")[0] for kind in kinds}
    assert {prefix for named in pages.THEMES.values() for prefix in named} <= prefixes
