"""Help and the tour by clicking and by keys; pages that tell of a fault say what to do next."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support import looks


def test_the_tour_is_walked_by_keys_and_does_not_come_again(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    card = page.get_by_role("region", name="欢迎使用工作台")
    expect(card).to_be_visible()
    page.get_by_role("button", name="开始了解").press("Enter")
    expect(page.get_by_role("heading", name="您的列表")).to_be_focused()
    assert page.locator(".tabs.is-pointed").count() == 1
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("第 5 步，共 5 步")).to_be_visible()
    assert looks.grave(page) == []
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("第 4 步，共 5 步")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tour")).to_have_count(0)
    page.get_by_role("link", name="帮助", exact=True).click()
    page.get_by_role("button", name="重新看一遍引导").click()
    expect(page.locator("#tour")).to_be_visible()
    page.get_by_role("button", name="不用了").click()
    expect(page.locator("#tour")).to_have_count(0)


def test_help_is_reached_from_the_page_and_searched(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.goto("/units")
    page.get_by_role("link", name="本页帮助").click()
    expect(page.get_by_role("heading", name="市县与得分", level=1)).to_be_visible()
    page.get_by_label("在帮助中查找").fill("催办")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="催办、抄送").click()
    expect(page).to_have_url("/help/task#urge")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_is_accessible_and_fits_a_phone(page: Page, sign_in: Callable[[str], None], language: str) -> None:
    sign_in("jingban")
    page.context.add_cookies([{"name": "language", "value": language, "url": page.url}])
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/help", "/help/task", "/help/glossary", "/help?q=a", "/help?q=zebra"):
        page.goto(address)
        assert (address, looks.grave(page)) == (address, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_a_page_that_tells_of_a_fault_says_what_to_do_next(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.goto("/help")
    page.goto("/units/nowhere")
    expect(page.get_by_role("heading", name="接下来怎么办")).to_be_visible()
    expect(page.get_by_text("没有改动任何内容。")).to_be_visible()
    assert looks.grave(page) == []
    page.get_by_role("link", name="返回我的工作").click()
    expect(page.get_by_role("heading", name="我的工作")).to_be_visible()
