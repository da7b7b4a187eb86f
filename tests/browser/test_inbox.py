"""My work in a real browser: found, chosen, claimed and answered many at once, by hand and by keyboard."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import identity, tasks
from engine.db import transaction
from tests.browser.conftest import Site
from tests.support import looks, pile
from tests.support.postgres import PASSWORD

PHONE = {"width": 390, "height": 844}
LISTS = ("mine", "claimable", "done", "started", "copies")


@pytest.fixture
def work(site: Site, tmp_path: Path) -> list[str]:
    """Give six decisions that wait for any officer; `jingban` started the cases and has the last."""
    pile.deploy(site.sessions, tmp_path / "pile")
    with transaction(site.sessions) as session:
        officer = identity.load(session, "jingban")
    heap = pile.heap(site.sessions, 6, by=officer)
    pile.spread(site.sessions, heap)
    with transaction(site.sessions) as session:
        tasks.claim(session, officer, heap[5])
    return [str(task) for task in heap]


def rows(page: Page) -> list[str]:
    return [text[:6] for text in page.locator("[data-row] .main-cell small").all_inner_texts()]


def test_a_list_is_searched_filtered_sorted_and_the_filter_kept(
    page: Page, work: list[str], sign_in: Callable[[str], None]
) -> None:
    sign_in("jingban")
    page.get_by_role("link", name=re.compile("可领取")).click()
    expect(page.locator("[data-row]")).to_have_count(5)
    page.get_by_label("搜索").fill("云溪")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.get_by_label("搜索")).to_be_focused()
    page.get_by_text("保存此筛选").click()
    page.get_by_label("筛选名称").fill("云溪的事")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("link", name="云溪的事")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="清除筛选").click()
    expect(page.locator("[data-row]")).to_have_count(5)
    page.get_by_text("筛选", exact=True).click()
    page.get_by_label("期限").select_option("none")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.get_by_label("期限")).to_be_visible()
    page.get_by_role("link", name="云溪的事").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    page.get_by_role("button", name="删除筛选“云溪的事”").click()
    expect(page.get_by_role("link", name="云溪的事")).to_have_count(0)


def test_a_head_sorts_and_sorts_back(page: Page, work: list[str], sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.goto("/tasks?list=claimable")
    page.get_by_role("columnheader", name="到达时间").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="到达时间")).to_have_attribute("aria-sort", "ascending")
    before = rows(page)
    page.get_by_role("columnheader", name="到达时间").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="到达时间")).to_have_attribute("aria-sort", "descending")
    assert rows(page) == before[::-1]


def test_many_are_claimed_and_answered_at_once(
    page: Page, site: Site, work: list[str], sign_in: Callable[[str], None]
) -> None:
    sign_in("jingban")
    page.goto("/tasks?list=claimable")
    page.get_by_role("checkbox", name=re.compile("第00号申请")).check()
    page.get_by_role("checkbox", name=re.compile("第01号申请")).check()
    expect(page.locator("#chosen")).to_contain_text("2")
    with transaction(site.sessions) as session:
        tasks.claim(session, identity.load(session, "jingban2"), UUID(work[1]))
    page.get_by_role("button", name="批量领取").click()
    expect(page.locator(".outcome")).to_have_text("已办成1件，未办成1件")
    expect(page.get_by_role("row", name=re.compile("第01号申请"))).to_contain_text("已被他人领取")
    page.get_by_role("link", name="待办").first.click()
    page.locator("thead [data-all]").check()
    page.get_by_role("button", name="批量办理").click()
    page.get_by_label("退回").check()
    page.get_by_label("意见").fill("材料不全")
    page.get_by_role("button", name="全部按此办理").click()
    expect(page.locator(".outcome")).to_have_text("已办成2件")
    page.get_by_role("link", name="返回列表").click()
    expect(page.locator("#work .nothing")).to_be_visible()
    expect(page.locator("#tabs [data-list=done]")).to_have_text("2")


def test_rows_are_walked_chosen_and_opened_by_keys(page: Page, work: list[str], sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.goto("/tasks?list=claimable")
    links = page.locator("[data-open]")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("#chosen [data-count]")).to_have_text("1")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("搜索")).to_be_focused()
    page.keyboard.type("jxk?")
    expect(page.get_by_label("搜索")).to_have_value("jxk?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("没有符合条件的内容")).to_be_visible()
    page.goto("/tasks?list=claimable")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks/*-*")


def test_keys_can_be_switched_off(page: Page, work: list[str], sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.get_by_role("button", name="快捷键").click()
    page.get_by_label("启用快捷键").uncheck()
    page.get_by_role("button", name="关闭").click()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("[data-open]").first).not_to_be_focused()


def test_a_case_one_started_is_pressed_for(page: Page, work: list[str], sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.goto("/tasks?list=started")
    case = page.get_by_role("row", name=re.compile("第00号申请"))
    expect(case).to_contain_text("审查材料")
    case.get_by_role("button", name=re.compile("催办")).click()
    expect(case).to_contain_text("已催办")
    expect(case.get_by_role("button", name=re.compile("催办"))).to_have_count(0)


def test_a_list_that_changed_meanwhile_says_so(
    page: Page, site: Site, work: list[str], sign_in: Callable[[str], None]
) -> None:
    sign_in("jingban")
    page.goto("/tasks?list=claimable")
    with transaction(site.sessions) as session:
        tasks.claim(session, identity.load(session, "jingban2"), UUID(work[1]))
    page.evaluate("document.body.dispatchEvent(new CustomEvent('counts'))")
    page.get_by_role("link", name="列表有变化，点此刷新").click()
    expect(page.locator("[data-row]")).to_have_count(4)


def test_every_list_is_open_to_everyone_and_fits_a_phone(
    page: Page, work: list[str], sign_in: Callable[[str], None]
) -> None:
    sign_in("jingban")
    addresses = [*(f"/tasks?list={name}&text=申请" for name in LISTS), f"/tasks/batch?task={work[0]}&task={work[5]}"]
    english = looks.english()
    for address in addresses:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address)
        assert looks.grave(page) == [], address
        assert looks.lines(page) & english == set(), address
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        assert looks.grave(page) == [], address
    page.goto("/tasks")
    page.get_by_role("button", name="English").click()
    for address in addresses:
        page.goto(address)
        assert looks.grave(page) == [], address


def test_everything_works_without_scripts(chromium: Browser, site: Site, work: list[str]) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=site.address, locale="zh-CN")
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("jingban")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.goto("/tasks?list=claimable&text=第00号")
    page.locator("input[name=task]").check()
    page.get_by_role("button", name="批量领取").click()
    expect(page.locator(".outcome")).to_have_text("已办成1件")
    context.close()
