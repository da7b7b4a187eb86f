"""The operations view by clicking: an owner sees where cases stand and asks, another confirms, the result is told."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from engine import identity, instances
from engine.db import transaction
from server import duties
from tests.browser.conftest import WANTED

PHONE = {"width": 390, "height": 844}


def leave(page: Page) -> None:
    page.goto("/studio/fleet")
    page.get_by_role("button", name="退出").click()
    page.get_by_label("用户名").wait_for()


def test_an_owner_asks_for_something_to_be_done_to_many_and_another_confirms(
    site, page: Page, sign_in: Callable[[str], None]
) -> None:
    with transaction(site.sessions) as session:
        head = identity.load(session, "xianzhang")
        for _ in range(2):
            instances.start(session, head, WANTED)
    sign_in("liuguan")
    address = asked(page)
    leave(page)
    sign_in("liushen")
    page.set_viewport_size(PHONE)
    page.goto(address)
    expect(page.get_by_text("重复立项")).to_be_visible()
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("处理中")).to_be_visible()
    duties.run_errands(site.sessions, None)
    expect(page.get_by_text("已处理完")).to_be_visible()  # by itself
    expect(page.get_by_text("1件中已有1件得出结果")).to_be_visible()
    held(page)


def asked(page: Page) -> str:
    """Find the three cases on the diagram, ask for one to be ended, and return the address of what was asked."""
    page.get_by_role("link", name="运行监控").click()
    page.get_by_role("link", name="创新型城市（县、区）全周期").click()
    page.wait_for_selector("html[data-ready~=heat]")
    expect(page.locator(".heat-badge.is-open").first).to_have_text("3")
    page.get_by_role("link", name="申报与评审").click()  # what it calls, and what that calls
    page.get_by_role("link", name="申报", exact=True).click()
    page.get_by_role("link", name="组建申报组").click()
    page.get_by_label("云溪县创建创新型县").first.check()
    page.get_by_label("怎么处理").select_option("end")
    page.get_by_label("原因").fill("重复立项")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("提出人不能自己确认")).to_be_visible()
    return page.url


def held(page: Page) -> None:
    """Hold a version, and see why it is held."""
    page.goto("/studio/fleet/innovative-city/lifecycle")
    page.get_by_text("暂停该版本").click()
    page.get_by_label("原因").fill("发现错误")
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_role("status").first).to_contain_text("发现错误")
