"""A score is walked down to its evidence, reckoned again, and says when it no longer counts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from engine.db import transaction
from engine.tables import ScoreSheet
from tests.browser.conftest import Site
from tests.support import looks, registers
from tests.support.registers import NOW_ROUND, PROOF, Lived

SignIn = Callable[[str], None]
PHONE = {"width": 390, "height": 844}
INTENSITY = "R&D经费支出占地区生产总值比重"


@pytest.fixture
def county(site: Site, tmp_path: Path) -> Lived:
    """Give the life of the fictional county."""
    with transaction(site.sessions) as session:
        return registers.lived(session, tmp_path)


def test_a_total_is_walked_down_to_the_file_behind_a_figure(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("tianbao")
    page.goto(f"/scores/{county.sheets[1]}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("云溪县得分")
    page.get_by_text(INTENSITY, exact=True).click()
    steps = page.locator("details", has=page.get_by_text(INTENSITY, exact=True)).last
    expect(steps).to_contain_text("全社会R&D经费支出 ÷ 地区生产总值 × 100")
    figures = steps.get_by_role("row", name="地区生产总值 2025")
    expect(figures).to_contain_text("吕数据")
    expect(figures).to_contain_text("施核数")
    expect(figures).to_contain_text("第2版")
    expect(figures.get_by_role("link", name=PROOF)).to_have_attribute("href", f"/evidence/{PROOF}/preview")
    figures.get_by_role("link", name="地区生产总值").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("地区生产总值 · 2025")


def test_a_sheet_gives_the_same_digest_when_it_is_reckoned_again(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("tianbao")
    page.goto(f"/scores/{county.sheets[0]}")
    page.get_by_role("button", name="重新计算").click()
    expect(page.get_by_text("一致。", exact=True)).to_be_visible()


def test_a_sheet_that_was_tampered_with_is_found_out(page: Page, site: Site, county: Lived, sign_in: SignIn) -> None:
    with transaction(site.sessions) as session:
        session.execute(update(ScoreSheet).where(ScoreSheet.id == county.sheets[0]).values(digest="0" * 64))
    sign_in("jingban")
    page.goto(f"/scores/{county.sheets[0]}")
    page.get_by_role("button", name="重新计算").click()
    expect(page.get_by_text("不一致！", exact=True)).to_be_visible()


def test_a_superseded_sheet_leads_to_the_one_that_counts(
    page: Page, site: Site, county: Lived, sign_in: SignIn
) -> None:
    with transaction(site.sessions) as session:
        registers.score(session, NOW_ROUND, 2025, expert_scores=registers.rated(10), reason="公示异议成立")
    sign_in("jingban")
    page.goto(f"/scores/{county.sheets[1]}")
    expect(page.get_by_role("note")).to_contain_text("公示异议成立")
    page.get_by_role("note").get_by_role("link", name="查看现行计分表").click()
    expect(page.get_by_role("note")).to_contain_text("取代原得分")
    expect(page.get_by_role("link", name="查看原计分表")).to_be_visible()


def test_strangers_find_no_sheet(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("hengce")
    for address in ("", "/again", ".csv"):
        assert page.request.get(f"/scores/{county.sheets[0]}{address}").status == 404


def test_a_sheet_is_walked_by_keyboard(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("tianbao")
    page.goto(f"/scores/{county.sheets[1]}")
    line = page.locator("summary", has_text=INTENSITY)
    line.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("全社会R&D经费支出 ÷ 地区生产总值 × 100")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_score_is_for_everybody(page: Page, county: Lived, sign_in: SignIn, language: str) -> None:
    sign_in("tianbao")
    if language == "en":
        page.get_by_role("button", name="English").click()
    page.set_viewport_size(PHONE)
    page.goto(f"/scores/{county.sheets[1]}")
    page.locator("summary", has_text=INTENSITY).click()
    assert looks.grave(page) == []
    assert looks.lines(page) & (looks.english() if language == "zh" else set()) == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
