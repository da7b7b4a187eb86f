"""The doors of official documents: who may read which, as PDF and DOCX, and who may declare one void."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from engine import clock, documents, processes
from engine.db import Sessions, transaction
from engine.documents import House, Order
from engine.domain.documents import reading
from engine.settings import Settings
from server import duties, scheduler
from tests.support.papers import LETTER, ON, issuing, template
from tests.support.web import Program

People = Callable[[str], Program]
HOUSE = House("浙科函", ("浙江省科学技术厅",), "", "10年", signatory="厅领导")
ORDER = Order("issuing", "letter", LETTER, ON)


@pytest.fixture
def issue(sessions: Sessions, tmp_path: Path) -> Callable[..., str]:
    """Give a function that issues a letter; it returns its id."""
    with transaction(sessions) as session:
        processes.deploy(session, issuing(tmp_path / "issuing"), "a test")

    def issued(*, public: bool = False, **order: object) -> str:
        with transaction(sessions) as session:
            wanted, house = replace(ORDER, **order), replace(HOUSE, public=public)
            return str(documents.issue(session, wanted, house, template("letter")).id)

    return issued


def test_a_document_is_read_and_downloaded(issue: Callable[..., str], program: People) -> None:
    document = issue(case_id="339921-2026", round="pilot-2026")
    officer = program("jingban")
    (shown,) = officer.get("/documents").json["rows"]
    assert (shown["id"], shown["number"], shown["state"]) == (document, "浙科函〔2026〕1号", "issued")
    assert (shown["case_id"], shown["round"], shown["retention"], shown["pdf"]) == (
        "339921-2026",
        "pilot-2026",
        "10年",
        None,
    )
    pdf = officer.get(f"/documents/{document}.pdf")
    assert pdf.content_type == "application/pdf"
    assert "filename*=UTF-8''" in pdf.headers["Content-Disposition"]
    assert "浙科函〔2026〕1号" in "".join(row.text for row in reading.read(pdf.data).pages[0].rows)
    docx = officer.get(f"/documents/{document}.docx")
    assert "word/document.xml" in ZipFile(BytesIO(docx.data)).namelist()
    again = officer.get(f"/documents/{document}").json
    assert (len(again["pdf"]), again["remarks"]["faults"]) == (64, [])


def test_documents_are_found_by_case_and_round(issue: Callable[..., str], program: People) -> None:
    first, second = issue(case_id="339921-2026", round="pilot-2026"), issue(case_id="339902-2026", round="pilot-2026")
    officer = program("jingban")
    assert [one["id"] for one in officer.get("/documents?case=339921-2026").json["rows"]] == [first]
    assert {one["id"] for one in officer.get("/documents?round=pilot-2026").json["rows"]} == {first, second}
    assert officer.get("/documents?round=pilot-2028").json == {"rows": [], "next": None}


def test_documents_are_searched_page_by_page(issue: Callable[..., str], program: People) -> None:
    ids = {issue() for _ in range(3)}
    officer = program("jingban")
    page = officer.get("/documents?q=异议&organ=浙科函&year=2026&state=issued&limit=2").json
    rest = officer.get(f"/documents?q=异议&limit=2&cursor={page['next']}").json
    assert {one["id"] for one in [*page["rows"], *rest["rows"]]} == ids
    assert (len(page["rows"]), rest["next"]) == (2, None)
    assert officer.get("/documents?q=没有的词").json["rows"] == []
    assert officer.get("/documents?state=lost").status_code == 422


def test_a_unit_reads_what_is_its_own_what_is_sent_to_it_and_what_is_public(
    issue: Callable[..., str], program: People
) -> None:
    own = issue(case_id="339921-2026")
    sent = issue(addressees=["yunxi-government", "yunxi-science"])
    public = issue(public=True)
    foreign = issue(case_id="330102-2026", addressees=["prov-finance"])
    applicant = program("tianbao")
    assert {one["id"] for one in applicant.get("/documents").json["rows"]} == {own, sent, public}
    for path in (foreign, f"{foreign}.pdf", f"{foreign}.docx"):
        assert applicant.get(f"/documents/{path}").status_code == 404
    assert applicant.get(f"/documents/{own}.pdf").status_code == 200


def test_only_a_leader_declares_a_document_void(issue: Callable[..., str], program: People) -> None:
    document = issue(case_id="339921-2026")
    assert program("jingban").post(f"/documents/{document}/void", {"reason": "错"}).status_code == 403
    leader = program("tingzhang")
    assert leader.post(f"/documents/{document}/void", {"reason": ""}).status_code == 422
    assert leader.post(f"/documents/{document}/void", {"reason": "主送单位有误"}).status_code == 204
    shown = leader.get(f"/documents/{document}").json
    assert (shown["state"], shown["void_reason"]) == ("void", "主送单位有误")
    refused = leader.post(f"/documents/{document}/void", {"reason": "又一次"})
    assert (refused.status_code, refused.json["title"]) == (422, "公文不能这样拟制、印发或处理。")


def test_nobody_reads_documents_without_signing_in(issue: Callable[..., str], program: People) -> None:
    document, officer = issue(public=True), program("jingban")
    officer.token = "nobody"
    assert officer.get(f"/documents/{document}.pdf").status_code == 401


def test_the_clock_sees_what_waits_and_the_hands_print_it(
    issue: Callable[..., str], sessions: Sessions, configuration: Settings
) -> None:
    def waits() -> bool:
        with transaction(sessions) as session:
            return bool(session.execute(scheduler.DUE, {"now": clock.now()}).one().documents)

    assert not waits()
    issue()
    assert waits()
    assert duties.DUTIES["documents"].work(sessions, configuration) == 1
    assert not waits()
