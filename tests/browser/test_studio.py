"""The studio by clicking: an owner changes a programme, somebody else approves it, and it becomes a version."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import processes
from engine.db import transaction
from tests.support import drafts, looks
from tests.support.drafts import LONGER

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}


def leave(page: Page) -> None:
    page.goto("/studio")
    page.get_by_role("button", name="退出").click()
    page.get_by_label("用户名").wait_for()


def test_an_owner_changes_a_programme_and_somebody_else_lets_it_become_a_version(
    site, page: Page, sign_in: Callable[[str], None]
) -> None:
    drafts.ground(site.sessions)
    sign_in("liuguan")
    page.get_by_role("link", name="流程库").click()
    page.get_by_role("link", name="小流程").click()
    page.get_by_label("要改什么").fill("更名")
    page.get_by_role("button", name="新建修改稿").click()
    expect(page.get_by_role("heading", name="更名")).to_be_visible()
    address = page.url.split("?")[0]
    _write(page)
    leave(page)
    sign_in("liushen")
    _approve(page, address)
    leave(page)
    sign_in("liuguan")
    page.goto(address)
    page.get_by_role("button", name="部署").click()
    expect(page.get_by_text("已部署为最新版本")).to_be_visible()
    with transaction(site.sessions) as session:
        assert "# 改名" in processes.latest(session, "small").files["programme.toml"].decode()


def _write(page: Page) -> None:
    page.get_by_role("link", name="programme.toml").click()
    editor = page.get_by_role("textbox", name="programme.toml")
    expect(editor).to_be_editable()
    editor.fill(editor.input_value() + "\n# 改名\n")
    expect(page.locator("html")).to_have_attribute("data-state", "saved")
    page.get_by_role("link", name="返回").click()
    expect(page.get_by_role("row", name="programme.toml").first).to_contain_text("梁流管")
    page.get_by_label("修改理由").fill("机构改革")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="提交审定").click()
    expect(page.get_by_text("等待审定").first).to_be_visible()


def _approve(page: Page, address: str) -> None:
    page.get_by_role("link", name="可领取").first.click()
    page.get_by_role("link", name="审定流程修改").first.click()
    expect(page.get_by_text("机构改革")).to_be_visible()
    page.get_by_role("link", name="打开修改稿").wait_for()
    page.goto(address)
    page.locator(".studio-acts summary", has_text="审定").click()
    page.get_by_label("说明（可不填）").fill("同意")
    page.locator("details[open]").get_by_role("button", name="审定").click()
    expect(page.get_by_text("已审定，待部署")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_library_and_drafts_are_accessible_translated_and_fit_a_phone(
    site, page: Page, sign_in: Callable[[str], None], language: str
) -> None:
    drafts.ground(site.sessions)
    owner = drafts.person(site.sessions, "liuguan")
    revision = drafts.drafted(site.sessions, owner, LONGER.replace("ARCHIVIST", "NOBODY"))
    sign_in("liuguan")
    page.context.add_cookies([{"name": "language", "value": language, "url": page.url}])
    english = looks.english() if language == "zh" else set()
    for address in ("/studio", "/studio/programmes/innovative-city", f"/studio/revisions/{revision}"):
        page.goto(address)
        assert (address, looks.grave(page)) == (address, [])
        assert (address, looks.lines(page) & english) == (address, set())
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        page.set_viewport_size(WIDE)
