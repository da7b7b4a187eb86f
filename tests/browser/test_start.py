"""Beginning a case by clicking: what is offered, what is refused, and one case however often the button is pressed."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from engine.db import Sessions, transaction
from engine.tables import Instance
from tests.browser.conftest import Site


def test_a_case_is_begun_once_however_often_the_button_is_pressed(
    page: Page, site: Site, sign_in: Callable[[str], None]
) -> None:
    before = _cases(site.sessions)
    sign_in("xianzhang")
    page.get_by_role("link", name="发起事项").click()
    page.get_by_role("link", name="申报创新型城市（县、区）").click()
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_text("云溪县政府")).to_be_visible()
    page.get_by_role("button", name="发起", exact=True).dblclick()
    expect(page).to_have_url(re.compile("/instances/"))
    expect(page.get_by_role("heading", name="云溪县创建创新型城市（县、区）").first).to_be_visible()
    assert _cases(site.sessions) == before + 1


def test_what_is_missing_is_asked_for_before_anything_begins(
    page: Page, site: Site, sign_in: Callable[[str], None]
) -> None:
    before = _cases(site.sessions)
    sign_in("xianzhang")
    page.goto("/start/innovative-city/data_correction/requested")
    page.wait_for_selector("html[data-ready]")
    page.get_by_role("button", name="发起", exact=True).click()
    expect(page.get_by_text("必填项，请填写。").first).to_be_visible()
    assert _cases(site.sessions) == before


def test_whoever_begins_nothing_is_told_so(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    sign_in("hewen")
    page.goto("/start")
    expect(page.get_by_text("没有可以发起的事项")).to_be_visible()
    reply = page.request.get("/start/innovative-city/lifecycle/start")
    assert reply.status == 404


def _cases(sessions: Sessions) -> int:
    with transaction(sessions) as session:
        return session.scalars(select(func.count(Instance.id))).one()
