"""What anybody may see and do without an account: read what is published, object to a notice, check a document."""

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from engine import clock
from engine.db import transaction
from engine.tables import Message, OfficialDocument, Round, RoundState, Task
from tests.support.shipped import House

NOTICE = "pilot-2026/notice"
MONDAY = datetime.fromisoformat("2026-06-01T09:00:00+08:00")
CASES = [
    {"case_id": "339921-2026", "unit": "339921", "unit_name": "云溪县", "score": 83.2},
    {"case_id": "330108-2026", "unit": "330108", "unit_name": "滨江区", "score": 88.0},
]
TEXT = {
    "title": "关于2026年度拟列入创新型试点名单的公示",
    "subject": "2026年度拟列入创新型试点名单",
    "decided_by": "省科技厅",
    "receiver": "省科技厅机关纪委",
    "phone": "0571-85058001",
}
SAID = {
    "unit": "339921",
    "kind": "individual",
    "name": "甲某某",
    "contact": "13800000000",
    "facts": "专利数与公报不符",
    "evidence": "公报第三页",
    "receipt": "0123456789abcdef",
}


@pytest.fixture
def house(sessions, configuration):
    clock.travel(MONDAY)
    return House(sessions, configuration)


@pytest.fixture
def notice(house):
    """Publish a notice of two units for a week; give its document."""
    with transaction(house.sessions) as session:
        frozen = {"indicator_set": "ZJ-DEMO-2012", "set_digest": "x", "set_rows": [], "state": RoundState.OPEN}
        about = {"programme": "innovative-city", "kind": "pilot", "year": 2026, "opened_on": MONDAY.date()}
        session.add(Round(id="pilot-2026", **about, **frozen))
    house.start("public_notice", {"round_id": "pilot-2026", "subject": "名单", "cases": CASES})
    house.complete("jingban", "T28_notice", TEXT)
    with transaction(house.sessions) as session:
        return session.scalars(select(OfficialDocument.id)).one()


@pytest.fixture
def visitor(house):
    """Give a browser of somebody without an account."""
    return house.app.test_client()


def send(visitor, path, **fields):
    """Post a form as its page does, with the token the page carries."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(path).text).group(1)
    headers = {"Origin": "http://localhost"}
    return visitor.post(path, data={"csrf_token": token, **fields}, headers=headers)


def test_a_notice_is_read_by_anybody_and_kept_by_whoever_passes_it_on(visitor, notice):
    home = visitor.get("/public")
    assert "关于2026年度拟列入创新型试点名单的公示" in home.text
    assert home.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in home.headers
    again = visitor.get("/public", headers={"If-None-Match": home.headers["ETag"]})
    assert again.status_code == 304
    page = visitor.get(f"/public/documents/{notice}")
    assert "云溪县" in page.text
    assert "公示期自2026-06-01至2026-06-07" in page.text


def test_what_is_not_published_does_not_exist_for_the_public(house, visitor, notice):
    with transaction(house.sessions) as session:
        session.get_one(OfficialDocument, notice).published_at = None
    assert visitor.get(f"/public/documents/{notice}").status_code == 404
    assert visitor.get(f"/public/documents/{notice}/pdf").status_code == 404
    assert visitor.get(f"/public/documents/{notice}/objection").status_code == 404
    assert TEXT["title"] not in visitor.get("/public/notices").text
    shown = visitor.get(f"/verify/{notice}").text
    assert "浙科公示〔2026〕1号" in shown
    assert TEXT["title"] not in shown


def test_an_objection_is_taken_once_and_its_author_stays_unseen(house, visitor, notice):
    path = f"/public/documents/{notice}/objection"
    for _ in range(2):
        reply = send(visitor, path, **SAID)
        assert (reply.status_code, reply.headers["Location"]) == (303, "/public/objections/0123456789abcdef")
    house.sweep()
    with transaction(house.sessions) as session:
        assert [message.name for message in session.scalars(select(Message).where(Message.source == "public"))] == [
            "objection.filed"
        ]
        assert session.scalars(select(Task.name).where(Task.element == "T29_admission")).all() == ["受理审查"]
    receipt = visitor.get("/public/objections/0123456789abcdef").text
    assert "正在办理" in receipt
    assert "甲某某" not in receipt
    assert "甲某某" not in visitor.get(f"/public/documents/{notice}").text


def test_an_objection_with_something_missing_is_sent_back_with_what_was_written(visitor, notice):
    reply = send(visitor, f"/public/documents/{notice}/objection", **{**SAID, "name": "", "facts": "只写了这些"})
    assert reply.status_code == 422
    assert "只写了这些" in reply.text
    assert 'id="name-fault"' in reply.text


def test_after_the_last_day_no_objection_is_taken(visitor, notice):
    path = f"/public/documents/{notice}/objection"
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(path).text).group(1)
    clock.travel(MONDAY + timedelta(days=20))
    assert visitor.get(path).status_code == 404
    late = visitor.post(path, data={"csrf_token": token, **SAID}, headers={"Origin": "http://localhost"})
    assert late.status_code == 404


def test_a_unit_that_the_notice_does_not_name_cannot_be_objected_to(visitor, notice):
    reply = send(visitor, f"/public/documents/{notice}/objection", **{**SAID, "unit": "330102"})
    assert reply.status_code == 422
    assert "不再受理对该单位的异议" in reply.text


def test_a_document_is_checked_by_its_address_and_a_file_by_its_bytes(visitor, notice):
    issued = visitor.get(f"/public/documents/{notice}/pdf")
    assert issued.data.startswith(b"%PDF-")
    path = f"/verify/{notice}"
    assert "真实有效" in visitor.get(path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(path).text).group(1)

    def compared(content):
        from_disk = {"csrf_token": token, "file": (BytesIO(content), "a.pdf")}
        return visitor.post(path, data=from_disk, headers={"Origin": "http://localhost"}).text

    assert "完全一致" in compared(issued.data)
    assert "不一致" in compared(issued.data + b" ")


def test_the_list_of_titles_says_who_holds_what_since_when(house, visitor):
    page = visitor.get("/public/titles").text
    assert "杭州市" in page  # a national pilot, by the register of titles given before
    assert "目前没有单位持有此称号" in page
