"""Notices before a real browser: the bell moves by itself, the list leads on, a person chooses how they are told."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from engine import events
from engine.db import Sessions, transaction
from engine.domain.channels import Channel
from engine.events import Kind
from engine.notices import making
from tests.browser.conftest import Site


def happen(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        events.append(session, Kind.CLOCK_SILENT, data={})
        fresh = events.unpublished(session, 500)
        making.make(session, fresh, frozenset(Channel))
        events.mark_published(session, [one.id for one in fresh])


def test_the_bell_moves_by_itself_and_the_list_leads_on(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    with page.expect_response("**/notices/stream") as streaming:
        sign_in("admin")
    assert streaming.value.ok
    count = page.locator("#bell [data-count]")
    expect(count).to_be_hidden()
    happen(site.sessions)
    expect(count).to_have_text("1")
    happen(site.sessions)
    expect(count).to_have_text("2")
    page.get_by_role("link", name="提醒 2 未读").click()
    page.get_by_role("link", name="系统运行：时钟停止响应").first.click()
    page.get_by_role("heading", name="运行状况").first.wait_for()
    expect(count).to_have_text("1")
    page.goto("/notices?only=unread")
    page.get_by_role("button", name="全部标为已读").click()
    expect(page.get_by_text("暂无提醒")).to_be_hidden()
    expect(count).to_be_hidden()


def test_a_person_chooses_how_they_are_told_and_tries_it(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.get_by_role("link", name="提醒", exact=True).click()
    page.get_by_role("link", name="设置提醒方式").click()
    page.get_by_label("新任务: 站内").uncheck()
    page.get_by_label("起").fill("22:00")
    page.get_by_label("至").fill("07:00")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.get_by_label("新任务: 站内")).not_to_be_checked()
    page.get_by_label("企业微信", exact=True).fill("太短")
    page.get_by_role("button", name="保存联系方式").click()
    expect(page.get_by_role("alert").filter(has_text="格式不正确")).to_be_visible()
    page.get_by_role("button", name="给我发一条").click()
    expect(page.locator("#bell [data-count]")).to_have_text("1")
