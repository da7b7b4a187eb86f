"""A person's day at the desk, in a real browser before the real application."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site
from tests.support.postgres import PASSWORD

PHONE = "+8657000000001"


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_inbox(
    page: Page, site: Site, sign_in: Callable[[str], None]
) -> None:
    page.goto("/instances")
    page.get_by_label("用户名").fill("xianzhang")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码错误")
    sign_in("xianzhang")
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_a_task_is_claimed_filled_in_and_completed(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    _claim_first(page, sign_in)
    expect(page.get_by_text("为何由我办理")).to_be_visible()
    expect(page.get_by_text("剩", exact=False).first).to_contain_text("个工作日")
    _fill(page)
    page.get_by_role("button", name="办结").click()
    result = page.locator("#result")
    expect(result).to_contain_text("已办结，下一步")
    expect(result).to_contain_text("编制创建规划")
    result.get_by_role("link", name="返回我的工作").click()
    page.get_by_role("link", name="已办").click()
    expect(page.get_by_role("row").filter(has_text="组建申报组")).to_be_visible()


def test_a_required_field_is_asked_for_before_anything_is_sent(
    page: Page, site: Site, sign_in: Callable[[str], None]
) -> None:
    _claim_first(page, sign_in)
    page.get_by_role("button", name="办结").click()
    expect(page.get_by_text("必填项，请填写。").first).to_be_visible()
    expect(page.get_by_label("牵头领导")).to_be_focused()


def test_what_the_server_refuses_is_told_at_the_field(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    def forget_the_leader(route: Route) -> None:
        answers = route.request.post_data_json
        route.continue_(post_data={**answers, "leader": ""})

    _claim_first(page, sign_in)
    _fill(page)
    page.route("**/complete", forget_the_leader)
    page.get_by_role("button", name="办结").click()
    expect(page.locator("#notice")).to_contain_text("表单有误")
    expect(page.locator(".fjs-form-field-error").first).to_be_visible()
    expect(page.get_by_label("牵头领导")).to_be_focused()
    page.unroute("**/complete")
    page.get_by_label("牵头领导").fill("林副县长")
    page.keyboard.press("Tab")
    expect(page.locator(".fjs-form-field-error")).to_have_count(0)
    page.get_by_role("button", name="办结").click()
    expect(page.locator("#result")).to_be_visible()


def test_a_task_is_given_back(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    _claim_first(page, sign_in)
    page.get_by_text("更多", exact=True).click()
    page.get_by_role("button", name="取消领取").click()
    page.wait_for_url("**/tasks?list=claimable")
    expect(page.get_by_role("button", name="领取")).to_have_count(1)


def test_the_case_shows_its_diagram_and_opens_the_called_process(
    page: Page, site: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("xianzhang")
    page.get_by_role("link", name="事项", exact=True).click()
    page.get_by_role("link", name="云溪县创建创新型县").click()
    page.wait_for_selector("html[data-ready~=diagram]")
    assert page.locator("html").get_attribute("data-warnings") == "0"
    expect(page.locator('[data-element-id="start"].is-done')).to_be_visible()
    page.get_by_role("button", name="打开: 申报与评审").click()
    expect(page.locator('[data-element-id="call_application"].is-current')).to_be_visible()
    page.get_by_role("button", name="打开: 申报", exact=True).click()
    expect(page.locator('[data-element-id="T01_team"].is-current')).to_be_visible()
    expect(page.locator("#trail")).to_contain_text("申报")
    expect(page.locator(".bjs-powered-by")).to_be_visible()
    expect(page.get_by_text("林县长发起了该事项。")).to_be_visible()


def test_units_are_narrowed_while_typing(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    sign_in("xianzhang")
    page.get_by_role("link", name="市县").click()
    page.get_by_label("名称或代码").fill("云溪")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").last).to_contain_text("申报中")
    page.get_by_label("类别").select_option(label="市辖区")
    expect(page.get_by_text("没有符合条件的市县")).to_be_visible()


def test_the_language_is_switched_and_stays(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    sign_in("xianzhang")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()
    page.get_by_role("link", name="Units").click()
    expect(page.get_by_role("heading", name="Units")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"


def test_an_unknown_address_is_told_in_chinese(page: Page, site: Site, sign_in: Callable[[str], None]) -> None:
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()


def test_the_inbox_is_reached_by_keyboard_alone(page: Page, site: Site) -> None:
    page.goto("/sign-in")
    page.keyboard.type("xianzhang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="我的工作").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def _claim_first(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("xianzhang")
    page.get_by_role("link", name="可领取").first.click()
    page.get_by_role("button", name="领取: 组建申报组").click()
    page.wait_for_selector("html[data-ready~=form]")


def _fill(page: Page) -> None:
    page.get_by_label("牵头领导").fill("林县长")
    page.get_by_label("联系人").fill("邵文书")
    page.get_by_label("联系电话").fill(PHONE)
    page.get_by_label("科技局").check()
