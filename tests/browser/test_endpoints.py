"""Other systems by clicking: an endpoint is added, tested, looked at and told again; a source is tried and changed."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import update
from standardwebhooks import Webhook

from engine.db import transaction
from engine.settings import Settings
from server import duties
from tests.browser.conftest import Site
from tests.support.receiver import Receiver, answering
from webhooks.tables import Endpoint

SHOTS = os.environ.get("SHOTS")


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_system_is_told_tested_and_told_again(
    page: Page, sign_in: Callable[[str], None], site: Site, configuration: Settings
) -> None:
    here = replace(configuration, webhook_loopback=True)
    sign_in("admin")
    page.get_by_role("link", name="接收地址").click()
    expect(page.get_by_text("还没有接收地址")).to_be_visible()
    with Receiver(answering(200, b"thanks")) as receiver:
        first = _added(page)
        _point(site, receiver.url)
        page.get_by_role("button", name="发送测试").click()
        expect(page.get_by_text("测试已发出")).to_be_visible()
        duties.sweep(site.sessions, here)
        Webhook(first).verify(receiver.got[0].body, receiver.got[0].headers)
        page.reload()
        expect(page.get_by_role("cell", name="已收下")).to_be_visible()
        _shot(page, "endpoint")
        page.get_by_role("link", name="接收地址测试").click()
        expect(page.get_by_text("thanks")).to_be_visible()
        _shot(page, "delivery")
        page.get_by_role("button", name="重新发送").click()
        expect(page.get_by_text("正在重新发送。")).to_be_visible()
        duties.sweep(site.sessions, here)
        assert receiver.got[1].headers["webhook-id"] == receiver.got[0].headers["webhook-id"]
    _ended(page, first)


def _point(site: Site, url: str) -> None:
    """Let the endpoint lead to this machine, which only the settings of a demonstration allow to type in."""
    with transaction(site.sessions) as session:
        session.execute(update(Endpoint).values(url=url))


def _added(page: Page) -> str:
    """Add an endpoint, at the second attempt, and return its secret."""
    page.get_by_label("系统名称").fill("公文系统")
    page.get_by_label("地址", exact=True).fill("https://user:x@oa.example/in")
    page.get_by_label("轮次开启").check()
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_role("alert").filter(has_text="不允许向该地址发送通知")).to_be_visible()
    page.get_by_label("地址", exact=True).fill("https://oa.example/in")
    page.get_by_role("button", name="添加").click()
    first = page.get_by_label("密钥").input_value()
    assert first.startswith("whsec_")
    page.get_by_role("link", name="我已保存").click()
    return first


def _ended(page: Page, first: str) -> None:
    """Change the secret and switch off."""
    page.get_by_role("button", name="更换密钥").click()
    assert page.get_by_label("密钥").input_value() != first
    page.get_by_role("link", name="我已保存").click()
    page.get_by_role("button", name="停用").click()
    expect(page.get_by_text("不再发送通知。")).to_be_visible()
    page.goto("/endpoints")
    expect(page.get_by_role("cell", name="已停用")).to_be_visible()
    _shot(page, "endpoints")
    page.get_by_role("link", name="事件种类").click()
    _shot(page, "events")


def test_a_source_is_tried_before_it_is_kept(page: Page, sign_in: Callable[[str], None]) -> None:
    sign_in("admin")
    page.get_by_role("link", name="来函系统").click()
    _shot(page, "sources")
    page.get_by_role("link", name="公文交换平台", exact=True).click()
    body = '{"number": "浙科函〔2026〕1号", "receiver": "云溪县", "status": "taken", "at": "2026-03-02"}'
    page.get_by_label("对方可能发来的内容").fill(body)
    page.get_by_role("button", name="查看转换结果").click()
    expect(page.locator("pre.sent")).to_contain_text("document.receipt")
    _shot(page, "source")
    page.get_by_label("使用中").uncheck()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存来函系统。")).to_be_visible()
    page.get_by_role("link", name="来函记录").click()
    expect(page.get_by_text("还没有来函")).to_be_visible()
