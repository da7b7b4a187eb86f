"""The time machine and the scenarios of a draft as an owner uses them: begin, let time pass, answer, compare, keep."""

import json
import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from engine import processes, revisions
from engine.db import transaction
from engine.tables import Task, TaskState
from tests.support import drafts, programme
from tests.support.diagrams import drawn
from tests.support.played import BODY, PATH, files
from tests.unit.server.test_studio_pages import Browser

PLAY = re.compile(r'name="play" value="([^"]*)"')


@pytest.fixture
def owner(app, sessions):
    drafts.ground(sessions)
    with transaction(sessions) as session:
        processes.deploy_files(session, files(), "a test")
    return Browser(app, "liuguan")


@pytest.fixture
def draft(owner, sessions):
    """Give the address of a draft that waits two months instead of one."""
    actor = drafts.person(sessions, "liuguan")
    with transaction(sessions) as session:
        row = revisions.begin(session, actor, "small", "等两个月")
        found = revisions.read(session, actor, row.id, "p.bpmn")
        content = drawn("p", BODY.replace("P1M", "P2M"))
        revisions.save(session, actor, row.id, "p.bpmn", content, found.version)
    return f"/studio/revisions/{row.id}"


class Played:
    """A page of the time machine and what is wished of it."""

    def __init__(self, owner, address, page):
        self.owner, self.address, self.page = owner, f"{address}/machine", page

    def do(self, act, status=200, **wish):
        play = PLAY.search(self.page.text)[1].replace("&#34;", '"').replace("&amp;", "&").replace("&#39;", "'")
        reply = self.owner.post(self.address, do=act, play=play, **wish)
        assert reply.status_code == status, reply.text[:2000]
        self.page = reply if status in {200, 422} else self.page
        return reply.text


def test_a_draft_is_played_by_hand_against_a_version_and_kept_as_a_scenario(owner, draft):
    assert "同意后等一个月" in owner.get(f"{draft}/machine").text
    played = Played(owner, draft, owner.get(f"{draft}/machine?from=scenario:{PATH}&policy=hand"))
    assert "2026-09-29 09:00" in played.page.text
    text = played.do("move", by="P1D")
    assert "2026-09-30 09:00" in text
    text = played.do("answer", 422, element="a", n="0", answers="{}")
    assert 'role="alert"' in text
    text = played.do("move", by="P1D")
    assert "法定节假日" in text
    text = played.do("answer", element="a", n="0", answers=json.dumps({"result": "approve"}))
    assert "同意" in text
    text = played.do("answer", 422, element="a", n="0", answers="{}")
    assert "此刻不在待办" in text
    text = played.do("move", by="next")
    assert "2026-12-01 09:00" in text
    text = played.do("change", policy="hand", against="2")
    assert "2026-11-01 09:00" in text
    assert "2026-11-28" in text  # three days before, people are reminded of the moment
    reply = played.do("save", 422, name="../evil", title="等两个月")
    assert "文件名" in reply
    played.do("save", 303, name="two-months", title="等两个月")
    shown = owner.get(f"{draft}/scenarios?process=p&scenario=scenarios/p/two-months.json").text
    assert "2026-10-01" in shown
    assert "1 处与预期不同" in shown  # the scenario of the version still expects one month
    played.do("save", 422, name="two-months", title="又一个情景")  # what is there already is not overwritten unseen


def test_others_answer_and_the_clock_goes_to_a_day(owner, draft):
    for policy, said in (("first", "不同意"), ("agree", "：同意")):
        start = owner.get(f"{draft}/machine?from=process:p&policy={policy}&start=2028-02-28")
        played = Played(owner, draft, start)
        assert said in played.do("move", by="to", day="2028-02-29")
    usual = Played(owner, draft, owner.get(f"{draft}/machine?from=process:p&policy=hand&start=2028-02-28"))
    assert "：同意" in usual.do("answer", element="a", n="0")
    usual.do("move", 422, by="P1")
    usual.do("move", 422, by="to", day="soon")
    for wish in ({"do": "wonder"}, {"do": "move", "play": "{}"}, {"do": "change", "play": "[]"}):
        assert owner.post(f"{draft}/machine", **wish).status_code == 400
    assert usual.do("change", 400, policy="nobody")
    assert usual.do("answer", 400, element="a")
    assert usual.do("answer", 400, element="a", n="0", answers="{")
    owner.get(f"{draft}/machine?from=process:q", 422)
    owner.get(f"{draft}/machine?from=scenario:scenarios/p/none.json", 422)
    owner.get(f"{draft}/machine?from=case:{uuid4()}", 422)
    owner.get(f"{draft}/machine?from=case:x", 400)


def test_a_running_case_is_copied_without_what_people_answered_and_never_touched(owner, draft, sessions, app):
    case = programme.start(sessions, "p", unit="339921", secret="机密内容")
    address = "/studio/versions/small/2"
    page = owner.get(f"{address}/machine")
    assert str(case) in page.text
    played = Played(owner, address, owner.get(f"{address}/machine?from=case:{case}&policy=last"))
    assert "机密内容" not in played.page.text
    text = played.do("answer", element="a", n="0", answers=json.dumps({"result": "approve"}))
    assert "机密内容" not in text
    text = played.do("move", by="P1Y")
    assert "全部走完" in text
    assert (
        owner.post(f"{address}/machine", do="save", play=PLAY.search(text)[1].replace("&#34;", '"')).status_code == 400
    )
    with transaction(sessions) as session:
        assert session.scalar(select(Task.state).where(Task.instance == case)) is TaskState.OPEN
    moved = owner.get(f"{draft}/machine?from=case:{case}")
    text = Played(owner, draft, moved).do("save", 422, name="x", title="x")
    assert "不能存成情景" in text
    approver = Browser(app, "liushen")
    assert str(case) not in approver.get(f"{address}/machine").text
    approver.get(f"{address}/machine?from=case:{case}", 403)
    nobody = Browser.__new__(Browser)
    nobody.client = app.test_client()
    assert nobody.client.get(f"{draft}/machine").status_code in {302, 303}


def test_scenarios_are_painted_and_faults_tried(owner, draft):
    text = owner.get(f"{draft}/scenarios").text
    assert "2026-11-01" in text
    reply = owner.post(f"{draft}/scenarios", process="p")
    assert reply.status_code == 200
    assert "未发现" in reply.text or "发现" in reply.text
    assert owner.post(f"{draft}/scenarios", process="q").status_code == 422
    assert "81.8%" in owner.get("/studio/versions/small/2/scenarios").text
    assert owner.post("/studio/versions/small/2/scenarios", process="p").status_code == 200


def test_a_draft_that_cannot_run_says_what_is_wrong(owner, draft, sessions):
    actor = drafts.person(sessions, "liuguan")
    revision = draft.rpartition("/")[2]
    with transaction(sessions) as session:
        found = revisions.read(session, actor, revision, "p.bpmn")
        content = drawn("p", BODY.replace('targetRef="refused"', 'targetRef="nowhere"'))
        revisions.save(session, actor, revision, "p.bpmn", content, found.version)
    assert "暂时无法演练" in owner.get(f"{draft}/machine").text
    assert "暂时无法演练" in owner.get(f"{draft}/scenarios").text
    owner.get(f"{draft}/machine?from=process:p", 422)


def test_a_case_that_the_draft_cannot_hold_and_a_step_that_fails_are_told(owner, draft, sessions):
    case = programme.start(sessions, "p", unit="339921")
    actor, revision = drafts.person(sessions, "liuguan"), draft.rpartition("/")[2]
    with transaction(sessions) as session:
        found = revisions.read(session, actor, revision, "p.bpmn")
        content = drawn("p", BODY.replace('"a"', '"b"').replace("=a.result", "=b.result").replace("P1M", "=b.nothing"))
        revisions.save(session, actor, revision, "p.bpmn", content, found.version)
    assert "无法放到这些流程图上" in owner.get(f"{draft}/machine?from=case:{case}", 422).text
    assert "计划提到的“a”" in owner.get(f"{draft}/scenarios?process=p&scenario={PATH}").text
    played = Played(owner, draft, owner.get(f"{draft}/machine?from=process:p&policy=agree&start=2028-02-28"))
    assert "出错。" in played.do("move", by="P1M")
