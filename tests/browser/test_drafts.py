"""What is typed is saved by itself: seen again, kept without a connection, never written over from elsewhere."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import func, select

from engine import identity, tables, tasks
from engine.db import transaction
from tests.browser.conftest import Site, Watch

SignIn = Callable[[str], None]
SAVED = re.compile(r"已暂存 \d\d:\d\d")


@pytest.fixture
def task(site: Site) -> UUID:
    """Give the first task of the case, claimed by the county's leader."""
    with transaction(site.sessions) as session:
        leader = identity.load(session, "xianzhang")
        task = session.scalars(select(tables.Task.id).where(tables.Task.instance == site.case)).one()
        tasks.claim(session, leader, task)
    return task


def test_what_is_typed_is_there_again_after_a_reload(page: Page, site: Site, task: UUID, sign_in: SignIn) -> None:
    _open(page, task, sign_in)
    page.get_by_label("牵头领导").fill("林县长")
    expect(page.locator("#draft-state")).to_have_text(SAVED)
    page.reload()
    expect(page.get_by_label("牵头领导")).to_have_value("林县长")
    expect(page.locator("#draft-state")).to_contain_text("暂存继续填写")


def test_without_a_connection_nothing_is_lost(
    page: Page, context: BrowserContext, site: Site, task: UUID, sign_in: SignIn
) -> None:
    _open(page, task, sign_in)
    context.set_offline(True)
    page.get_by_label("牵头领导").fill("离线填写")
    expect(page.locator("#draft-state")).to_contain_text("保存在本机")
    context.set_offline(False)
    expect(page.locator("#draft-state")).to_have_text(SAVED)
    assert _kept(site)["leader"] == "离线填写"


def test_what_was_typed_before_the_page_broke_off_is_put_back(
    page: Page, context: BrowserContext, site: Site, task: UUID, sign_in: SignIn
) -> None:
    _open(page, task, sign_in)
    page.route("**/draft", lambda route: route.abort())
    page.get_by_label("牵头领导").fill("断电之前")
    expect(page.locator("#draft-state")).to_contain_text("保存在本机")
    page.unroute("**/draft")
    page.reload()
    expect(page.get_by_label("牵头领导")).to_have_value("断电之前")
    expect(page.locator("#draft-state")).to_have_text(SAVED)


def test_two_drafts_are_shown_and_one_is_chosen(
    page: Page, context: BrowserContext, site: Site, task: UUID, sign_in: SignIn
) -> None:
    _open(page, task, sign_in)
    other = _second(context, task)
    other.get_by_label("牵头领导").fill("在家填写")
    expect(other.locator("#draft-state")).to_have_text(SAVED)
    page.get_by_label("牵头领导").fill("在单位填写")
    box = page.get_by_role("alertdialog", name="该任务有两份草稿")
    expect(box).to_contain_text("牵头领导")
    assert _kept(site)["leader"] == "在家填写"
    box.get_by_role("button", name="以本页为准").click()
    expect(page.locator("#draft-state")).to_have_text(SAVED)
    assert _kept(site)["leader"] == "在单位填写"
    other.get_by_label("牵头领导").fill("又在家填写")
    other.get_by_role("button", name="以别处的为准").click()
    expect(other.get_by_label("牵头领导")).to_have_value("在单位填写")
    assert _kept(site)["leader"] == "在单位填写"


def test_whoever_signs_out_leaves_nothing_on_the_computer(page: Page, site: Site, task: UUID, sign_in: SignIn) -> None:
    _open(page, task, sign_in)
    page.route("**/draft", lambda route: route.abort())
    page.get_by_label("牵头领导").fill("不留在电脑上")
    expect(page.locator("#draft-state")).to_contain_text("保存在本机")
    assert _copies(page) == 1
    page.get_by_role("button", name="退出登录").click()
    page.get_by_label("用户名").wait_for()
    assert _copies(page) == 0


def test_a_finished_task_leaves_no_draft(page: Page, site: Site, task: UUID, sign_in: SignIn) -> None:
    _open(page, task, sign_in)
    page.get_by_label("牵头领导").fill("林县长")
    page.get_by_label("联系人").fill("邵文书")
    page.get_by_label("联系电话").fill("+8657000000001")
    page.get_by_label("科技局").check()
    expect(page.locator("#draft-state")).to_have_text(SAVED)
    page.get_by_role("button", name="办结").click()
    expect(page.locator("#result")).to_contain_text("已办结")
    assert _copies(page) == 0
    with transaction(site.sessions) as session:
        assert session.scalar(select(func.count()).select_from(tables.Draft)) == 0


def _open(page: Page, task: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    page.goto(f"/tasks/{task}")
    page.locator("[data-ready~=form]").wait_for()


def _second(context: BrowserContext, task: UUID) -> Page:
    """Open the task once more, in another window of the same person."""
    page = context.new_page()
    Watch().over(page)
    page.goto(f"/tasks/{task}")
    page.locator("[data-ready~=form]").wait_for()
    return page


def _kept(site: Site) -> dict[str, object]:
    with transaction(site.sessions) as session:
        answers: dict[str, object] = session.scalars(select(tables.Draft.answers)).one()
    return answers


def _copies(page: Page) -> int:
    count: int = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('icity-draft:')).length")
    return count
