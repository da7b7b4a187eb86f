"""Signing in by a second step: a real app's codes, a recovery code when the phone is lost."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
from playwright.sync_api import Page, expect

from engine import clock
from tests.support import looks
from tests.support.postgres import PASSWORD


def test_a_second_factor_is_set_up_asked_for_and_turned_off(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("jingban")
    totp, recovery = _set_up(page)
    for lasting, code in ((2, ""), (0, recovery)):
        page.get_by_role("button", name="退出登录").click()
        _password(page)
        assert looks.grave(page) == []
        clock.travel(clock.now() + timedelta(minutes=lasting))
        page.get_by_label("应用显示的 6 位验证码").fill(code or totp.at(clock.now()))
        page.get_by_role("button", name="登录").click()
        page.get_by_role("heading", name="我的工作").wait_for()
    page.goto("/settings/security")
    expect(page.get_by_text("剩余恢复码：9 个")).to_be_visible()
    page.get_by_label("您的密码").fill(PASSWORD)
    page.get_by_role("button", name="关闭双因子验证").click()
    expect(page.get_by_text("双因子验证已关闭")).to_be_visible()


def _set_up(page: Page) -> tuple[pyotp.TOTP, str]:
    """Set a second factor up as a person does, and return the app and one recovery code."""
    page.goto("/settings/security")
    page.get_by_role("button", name="开始设置").click()
    expect(page.get_by_role("img", name="用手机应用扫描的二维码")).to_be_visible()
    assert looks.grave(page) == []
    page.get_by_text("无法扫描？").click()
    totp = pyotp.TOTP(page.locator(".typed").inner_text().replace(" ", ""))
    code = page.get_by_label("应用显示的 6 位验证码")
    code.fill("000000")
    page.get_by_role("button", name="开启").click()
    expect(page.get_by_role("alert").filter(has_text="验证码不正确")).to_be_visible()
    code.fill(totp.at(clock.now()))
    page.get_by_role("button", name="开启").click()
    codes = page.get_by_role("list", name="恢复码").get_by_role("listitem")
    expect(codes).to_have_count(10)
    assert looks.grave(page) == []
    return totp, codes.first.inner_text()


def _password(page: Page) -> None:
    page.get_by_label("用户名").fill("jingban")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="双因子验证")).to_be_visible()
