"""The register of documents is searched; a document shows its pages, its layout and, when void, why."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from engine.db import transaction
from tests.browser.conftest import Site
from tests.support import looks, registers
from tests.support.registers import OTHER

SignIn = Callable[[str], None]
PHONE = {"width": 390, "height": 844}
FIRST, SECOND = "浙科函〔2026〕1号", "浙科函〔2026〕2号"


@pytest.fixture
def letters(site: Site, tmp_path: Path) -> tuple[UUID, UUID]:
    """Give a letter about the fictional county and one about another."""
    with transaction(site.sessions) as session:
        return registers.letter(session, tmp_path), registers.letter(session, tmp_path, case_id=f"{OTHER}-2024")


def test_documents_are_narrowed_while_typing(page: Page, letters: tuple[UUID, UUID], sign_in: SignIn) -> None:
    sign_in("jingban")
    page.get_by_role("link", name="公文").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_label("文号或标题").fill("2号")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").last).to_contain_text(SECOND)
    page.get_by_label("状态").select_option(label="已作废")
    expect(page.get_by_text("没有符合条件的公文")).to_be_visible()


def test_a_document_shows_its_pages_and_gives_its_files(
    page: Page, letters: tuple[UUID, UUID], sign_in: SignIn
) -> None:
    sign_in("tianbao")
    page.goto("/documents")
    page.get_by_role("link", name="云溪县创新型试点县公示异议处理").first.click()
    picture = page.get_by_alt_text("第1页")
    expect(picture).to_be_visible(timeout=30_000)
    expect(picture).to_have_js_property("naturalWidth", 1200)
    with page.expect_download() as got:
        page.get_by_role("link", name="下载 PDF").click()
    assert got.value.suggested_filename == f"{FIRST}.pdf"
    assert Path(got.value.path()).read_bytes().startswith(b"%PDF-")
    page.reload()
    expect(page.get_by_role("region", name="版式自检（GB/T 9704-2012）")).to_contain_text("合格")
    expect(page.get_by_role("button", name="作废")).to_have_count(0)


def test_a_leader_declares_a_document_void_and_everybody_reads_why(
    page: Page, letters: tuple[UUID, UUID], sign_in: SignIn
) -> None:
    sign_in("tingzhang")
    page.goto(f"/documents/{letters[0]}")
    page.get_by_label("作废理由（随公文显示）").fill("主送单位有误")
    page.get_by_label("我知道作废不能撤销，该文号不再使用。").check()
    page.get_by_role("button", name="作废").click()
    expect(page.get_by_role("note")).to_contain_text("主送单位有误")
    expect(page.get_by_role("button", name="作废")).to_have_count(0)
    page.goto("/documents?state=void")
    expect(page.get_by_role("row").last).to_contain_text("主送单位有误")


def test_what_one_may_not_read_is_not_there(page: Page, letters: tuple[UUID, UUID], sign_in: SignIn) -> None:
    sign_in("tianbao")
    page.goto("/documents")
    expect(page.get_by_role("row")).to_have_count(2)
    for address in ("", "/preview", "/pages/1.png", ".pdf", ".docx"):
        assert page.request.get(f"/documents/{letters[1]}{address}").status == 404
    lines = page.request.get("/documents.csv").body().decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["文号", FIRST]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_documents_are_for_everybody(page: Page, letters: tuple[UUID, UUID], sign_in: SignIn, language: str) -> None:
    sign_in("tingzhang")
    if language == "en":
        page.get_by_role("button", name="English").click()
    english = looks.english() if language == "zh" else set()
    page.set_viewport_size(PHONE)
    for address in ("/documents", f"/documents/{letters[0]}"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert looks.grave(page) == [], address
        assert looks.lines(page) & english == set(), address
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
