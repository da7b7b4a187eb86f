"""The time machine by clicking: a play by hand, tokens on the diagram, a scenario of it, and what scenarios pass."""

from collections.abc import Callable
from uuid import UUID

from playwright.sync_api import Page, expect

from engine import revisions
from engine.db import transaction
from tests.support import drafts, looks

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}
SAMPLE = "scenario:scenarios/intake_check/complete.json"


def look(page: Page, english: set[str]) -> None:
    """Look at a page for faults of access, words in the wrong language, and a width that no phone has."""
    assert looks.grave(page) == []
    assert looks.lines(page) & english == set()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(WIDE)


def play(page: Page, draft: UUID, english: set[str]) -> None:
    """Play a sample through: a day by hand, the rest by agreeing, against the version it was drawn from."""
    page.goto(f"/studio/revisions/{draft}/machine?from={SAMPLE}&policy=hand&start=2026-09-28")
    page.wait_for_selector("html[data-ready~=machine]")
    page.get_by_role("button", name="一天").click()
    page.locator(".machine-task summary").click()
    expect(page.locator(".machine-form .fjs-form-field").first).to_be_visible()
    look(page, english)
    page.get_by_role("button", name="按同意答复").click()
    expect(page.get_by_text("形式审查").first).to_be_visible()
    page.get_by_label("任务由谁答复").select_option("agree")
    page.get_by_label("同时对照").select_option("1")
    page.get_by_role("button", name="重新演练").click()
    page.get_by_role("button", name="一年").click()
    expect(page.get_by_text("全部走完")).to_be_visible()
    expect(page.get_by_text("两边发生的时间都相同")).to_be_visible()
    page.get_by_role("button", name="播放").click()
    expect(page.locator("#canvas .is-done").first).to_be_attached()
    page.get_by_role("button", name="退一步").click()
    look(page, english)


def test_an_owner_plays_a_draft_through_and_keeps_the_play(site, page: Page, sign_in: Callable[[str], None]) -> None:
    actor, english = drafts.person(site.sessions, "liuguan"), looks.english()
    with transaction(site.sessions) as session:
        draft = revisions.begin(session, actor, "innovative-city", "演练").id
    sign_in("liuguan")
    page.goto(f"/studio/revisions/{draft}/machine")
    look(page, english)
    play(page, draft, english)
    page.get_by_label("说明什么").fill("次日同意")
    page.get_by_label("文件名").fill("next-day")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("演练已存成修改稿的情景")).to_be_visible()
    page.goto(f"/studio/revisions/{draft}/scenarios?process=intake_check")
    expect(page.get_by_text("次日同意")).to_be_visible()
    expect(page.locator("#canvas .is-done").first).to_be_attached()
    look(page, english)
