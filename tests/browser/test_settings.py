"""Settings by clicking: a substitute, a second factor with a real app's codes, sign-ins; readable for everybody."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support import looks

PAGES = ["/settings", "/settings/substitutes", "/settings/security", "/settings/sign-ins"]
PHONE = {"width": 390, "height": 844}


def test_somebody_who_goes_away_appoints_a_substitute_and_ends_it(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.get_by_role("link", name="设置").click()
    page.get_by_role("link", name="代理").click()
    expect(page.get_by_text("没有人代理您")).to_be_visible()
    page.get_by_label("同事").select_option(index=1)
    page.get_by_label("止（含当日）").fill(page.get_by_label("起", exact=True).input_value())
    page.get_by_label("原因").fill("赴京培训")
    page.get_by_role("button", name="委托").click()
    expect(page.get_by_text("已委托代理。")).to_be_visible()
    expect(page.get_by_role("cell", name="赴京培训")).to_be_visible()
    page.get_by_label("同事").select_option(index=1)
    page.get_by_label("止（含当日）").fill(page.get_by_label("起", exact=True).input_value())
    page.get_by_label("原因").fill("再次")
    page.get_by_role("button", name="委托").click()
    expect(page.get_by_role("alert").filter(has_text="没有委托任何人")).to_be_visible()
    expect(page.get_by_label("原因")).to_have_value("再次")
    page.get_by_role("button", name="提前结束").click()
    expect(page.get_by_text("已提前结束")).to_be_visible()


def test_the_language_of_a_person_follows_them(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    page.goto("/settings")
    page.get_by_label("English").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("Your settings were kept.")).to_be_visible()
    page.get_by_label("中文").check()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("设置已保存。")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_settings_are_accessible_translated_and_fit_a_phone(
    page: Page, sign_in: Callable[[str], None], language: str
) -> None:
    sign_in("jingban")
    page.context.add_cookies([{"name": "language", "value": language, "url": page.url}])
    english = looks.english() if language == "zh" else set()
    for address in PAGES:
        page.goto(address)
        assert (address, looks.grave(page)) == (address, [])
        assert (address, looks.lines(page) & english) == (address, set())
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        page.set_viewport_size({"width": 1280, "height": 800})
