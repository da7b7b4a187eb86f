"""Changeovers by program and by page: rehearse, decide, carry over, take back, and what is refused in words."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engine import changeovers, identity, processes
from engine.changeovers import GroupView
from engine.db import Sessions, transaction
from engine.identity import Kind, Limits
from engine.tables import Deployment, Instance
from server import duties
from tests.support import drafts, versions

People = Callable[[str], Any]


@pytest.fixture
def made(sessions: Sessions) -> UUID:
    return versions.rehearsed(sessions)


@pytest.fixture
def browser(app: Any, sessions: Sessions, configuration: Any) -> Iterator[Callable[[str], FlaskClient]]:
    """Give a function that opens the pages as somebody."""

    def opening(login: str) -> FlaskClient:
        client: FlaskClient = app.test_client()
        with transaction(sessions) as session:
            person = identity.load(session, login).id
            client.set_cookie("sid", identity.begin(session, person, Kind.WEB, Limits.of(configuration)))
        client.set_cookie("language", "zh")
        return client

    return opening


def press(client: FlaskClient, page: str, address: str, **form: str) -> Any:
    """Send the form of a page to an address, as a browser does; return where it leads."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found
    return client.post(address, data={"csrf_token": found[1], **form}, follow_redirects=True)


def groups(sessions: Sessions, made: UUID) -> dict[str, GroupView]:
    """Return the first group of each verdict."""
    with transaction(sessions) as session:
        found = changeovers.show(session, identity.load(session, versions.OWNER), made).groups
    return {group.verdict: group for group in reversed(found)}


def test_a_program_rehearses_decides_carries_over_and_takes_back(
    made: UUID, sessions: Sessions, program: People
) -> None:
    owner = program(versions.OWNER)
    shown = owner.get(f"/changeovers/{made}").json
    assert {group["verdict"] for group in shown["groups"]} == {"unchanged", "mapped", "decision", "loss", "blocked"}
    assert (shown["count"], shown["number"], shown["newer"]) == (14, 2, 0)
    decision = groups(sessions, made)["decision"]
    where = f"/changeovers/{made}/groups/{decision.id}"
    case = owner.get(f"{where}/cases").json["rows"][0]
    assert case["facts"]["steps"][0]["name"] == "专家评审"
    assert owner.get(f"/changeovers/{made}/cases/{case['instance']}").json["verdict"] == "decision"
    body = {"plan": "carry", "choices": {"p/review": "p/panel"}}
    refused = owner._send("PUT", f"{where}/decision", json={"plan": "carry"})
    assert (refused.status_code, "why" in refused.json) == (409, True)
    assert owner._send("PUT", f"{where}/decision", json=body).status_code == 204
    assert owner.post(f"/changeovers/{made}/apply", {}).json == {"groups": 3}
    assert owner.post(f"/changeovers/{made}/apply", {"group": str(decision.id)}).status_code == 409
    duties.change_over(sessions, None)  # type: ignore[arg-type]
    assert owner.post(f"/changeovers/{made}/cases/{case['instance']}/undo").status_code == 204
    assert owner.post(f"/changeovers/{made}/undo", {}).json == {"groups": 3}
    duties.change_over(sessions, None)  # type: ignore[arg-type]
    assert owner.post(f"/changeovers/{made}/stay").json["groups"] == 6
    assert owner.post(f"/changeovers/{made}/cases/{case['instance']}/apart").status_code == 201


def test_a_program_rehearses_again_and_others_are_refused(made: UUID, program: People) -> None:
    owner = program(versions.OWNER)
    again = owner.post(f"/changeovers/{made}/again").json["id"]
    assert owner.post("/changeovers", {"programme": "small"}).status_code == 201
    assert again in {row["id"] for row in owner.get("/changeovers?programme=small").json}
    assert program("liushen").post(f"/changeovers/{made}/stay").status_code == 403
    assert program("jingban").get(f"/changeovers/{made}").status_code == 403
    assert owner.get(f"/changeovers/{UUID(int=0)}").status_code == 404


def test_a_draft_is_rehearsed_by_program_before_it_is_deployed(sessions: Sessions, program: People) -> None:
    drafts.ground(sessions)
    owner = drafts.person(sessions, "liuguan")
    revision = drafts.drafted(sessions, owner)
    versions.running(sessions, "p", 1)
    made = program("liuguan").post("/changeovers", {"programme": "small", "revision": str(revision)}).json["id"]
    assert program("liuguan").get(f"/changeovers/{made}").json["number"] is None


def test_the_pages_tell_every_verdict_and_take_decisions(
    made: UUID, sessions: Sessions, browser: Callable[[str], FlaskClient]
) -> None:
    owner, found = browser(versions.OWNER), groups(sessions, made)
    home = f"/studio/changeovers/{made}"
    text = owner.get(home).text
    for word in ("不受影响", "自动对应", "需要决定", "会丢失工作", "不能换版", "专家评审"):
        assert word in text
    loss = f"{home}/groups/{found['loss'].id}"
    assert "一位的办理须重新轮到 ×2" in owner.get(loss).text
    assert "确认可以放弃后才能换版" in press(owner, loss, f"{loss}/decide", plan="carry").text
    assert "已保存您的决定" in press(owner, loss, f"{loss}/decide", plan="carry", accepts="on").text
    blocked = f"{home}/groups/{found['blocked'].id}"
    assert "不能合而为一" in owner.get(blocked).text


def test_the_pages_carry_over_and_take_back(
    made: UUID, sessions: Sessions, browser: Callable[[str], FlaskClient]
) -> None:
    owner, found = browser(versions.OWNER), groups(sessions, made)
    home = f"/studio/changeovers/{made}"
    decision = f"{home}/groups/{found['decision'].id}"
    asked = {"to p/review": "p/panel", "plan": "carry"}
    assert "专家论证" in press(owner, decision, f"{decision}/decide", **asked).text
    assert "正在换版" in press(owner, home, f"{home}/apply").text
    assert "没有可以换版的组" in press(owner, home, f"{home}/apply").text
    duties.change_over(sessions, None)  # type: ignore[arg-type]
    assert "已在新版本" in owner.get(home).text
    carried = f"{home}/groups/{found['unchanged'].id}"
    undo = re.search(r'action="([^"]+/undo)"', owner.get(carried).text)
    assert undo
    assert "恢复到旧版本" in press(owner, home, undo[1]).text
    assert "没有换版" in press(owner, home, undo[1]).text
    group = str(found["decision"].id)
    assert "正在撤销" in press(owner, home, f"{home}/undo", group=group).text
    assert "没有这一组" in press(owner, home, f"{home}/apply", group="?").text
    duties.change_over(sessions, None)  # type: ignore[arg-type]
    apart = re.search(r'action="([^"]+/apart)"', owner.get(decision).text)
    assert apart
    assert "已单独成组" in press(owner, home, apart[1]).text
    assert "已经单独成组" in press(owner, home, apart[1]).text
    assert "留在旧版本办完" in press(owner, home, f"{home}/stay").text
    assert "已用全部在办事项演练" in press(owner, home, f"{home}/again").text


def test_the_pages_are_shown_to_approvers_and_offer_them_nothing(
    made: UUID, browser: Callable[[str], FlaskClient]
) -> None:
    approver = browser("liushen")
    assert "换版</button>" not in approver.get(f"/studio/changeovers/{made}").text
    assert "以往的演练" in approver.get("/studio/programmes/small/changeovers").text
    assert browser("jingban").get(f"/studio/changeovers/{made}").status_code == 403


def test_a_draft_and_the_newest_version_are_rehearsed_from_their_pages(
    sessions: Sessions, browser: Callable[[str], FlaskClient]
) -> None:
    drafts.ground(sessions)
    revision = drafts.drafted(sessions, drafts.person(sessions, "liuguan"))
    (case,) = versions.running(sessions, "p", 1)
    owner, address = browser("liuguan"), f"/studio/revisions/{revision}/changeover"
    assert "开始演练" in owner.get(address).text
    told = press(owner, address, address)
    assert "不受影响" in told.text
    assert "部署之后再换版" in told.text
    assert "换版演练" in owner.get(address, follow_redirects=True).text
    newest = "/studio/programmes/small/changeovers"
    assert "没有按其他版本办理的事项" in press(owner, newest, newest).text
    with transaction(sessions) as session:
        digest = session.scalar(select(Instance.deployment).where(Instance.id == case))
        assert session.scalar(select(Deployment.number).where(Deployment.digest == digest)) == 1
        assert processes.latest(session, "small").number == 1
