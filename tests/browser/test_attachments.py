"""Files put to a task in a real browser: chosen, dropped, refused in words, looked at, taken off again."""

import base64
import hashlib
from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from sqlalchemy import select

from engine import identity, tables, tasks
from engine.db import transaction
from tests.browser.conftest import Site
from tests.support import files

SignIn = Callable[[str], None]
DROP = """([name, type, encoded, size]) => {
  const bytes = encoded ? Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0)) : new Uint8Array(size);
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  const zone = document.querySelector('[data-drop]');
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""
PASTE = """([name, type, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def task(site: Site, page: Page, sign_in: SignIn) -> UUID:
    """Give the first task of the case, claimed by the county's leader and open in the browser."""
    with transaction(site.sessions) as session:
        leader = identity.load(session, "xianzhang")
        task = session.scalars(select(tables.Task.id).where(tables.Task.instance == site.case)).one()
        tasks.claim(session, leader, task)
    sign_in("xianzhang")
    page.goto(f"/tasks/{task}")
    page.locator("[data-ready~=form]").wait_for()
    return task


def test_several_files_at_once_and_each_with_its_own_result(page: Page, task: UUID) -> None:
    _choose(
        page,
        _file("2013年统计年鉴.pdf", "application/pdf", files.pdf(2)),
        _file("盖章页.png", "image/png", files.png()),
        _file("setup.exe", "application/x-msdownload", b"MZ"),
        _file("假的.pdf", "application/pdf", b"<html><script>alert(1)</script>"),
    )
    expect(_row(page, "2013年统计年鉴.pdf")).to_contain_text("林县长")
    expect(_row(page, "盖章页.png")).to_be_visible()
    refused = page.locator("[data-queue] li")
    expect(refused).to_have_count(2)
    expect(refused.filter(has_text="setup.exe")).to_contain_text("不接受这类文件")
    expect(refused.filter(has_text="假的.pdf")).to_contain_text("不符")
    refused.filter(has_text="setup.exe").get_by_role("button", name="知道了").click()
    expect(refused).to_have_count(1)
    page.reload()
    expect(page.locator("#attachments tbody tr")).to_have_count(2)


def test_a_file_that_is_too_large_is_told_before_it_is_sent(page: Page, task: UUID) -> None:
    page.route("**/attachments?name=*", lambda _: pytest.fail("it was sent"))
    page.evaluate(DROP, ["大文件.pdf", "application/pdf", "", 10_485_761])
    expect(page.locator("[data-queue] li")).to_contain_text("超过10 MB")
    page.evaluate(DROP, ["空.pdf", "application/pdf", "", 0])
    expect(page.locator("[data-queue] li", has_text="空.pdf")).to_contain_text("为空")


def test_a_file_is_dropped_and_a_screenshot_pasted(page: Page, task: UUID) -> None:
    page.evaluate(DROP, ["拖来的.pdf", "application/pdf", base64.b64encode(files.pdf()).decode()])
    expect(_row(page, "拖来的.pdf")).to_be_visible()
    page.evaluate(PASTE, ["image.png", "image/png", base64.b64encode(files.png()).decode()])
    expect(_row(page, "image.png")).to_be_visible()


def test_its_digest_is_copied_whole(page: Page, task: UUID) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _choose(page, _file("年鉴.pdf", "application/pdf", files.pdf()))
    digest = hashlib.sha256(files.pdf()).hexdigest()
    button = _row(page, "年鉴.pdf").get_by_role("button", name="复制完整SHA-256")
    expect(button).to_contain_text(digest[:8])
    button.click()
    expect(button).to_contain_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == digest


def test_a_file_is_taken_off_again(page: Page, task: UUID) -> None:
    _choose(page, _file("年鉴.pdf", "application/pdf", files.pdf()))
    page.once("dialog", lambda dialog: dialog.accept())
    _row(page, "年鉴.pdf").get_by_role("button", name="移除").click()
    expect(page.locator("#attachments")).to_contain_text("还没有附件")


def test_an_upload_that_breaks_off_can_be_tried_again(page: Page, task: UUID) -> None:
    page.route("**/attachments?name=*", lambda route: route.abort())
    _choose(page, _file("年鉴.pdf", "application/pdf", files.pdf()))
    broken = page.locator("[data-queue] li")
    expect(broken).to_contain_text("网络中断")
    page.unroute("**/attachments?name=*")
    broken.get_by_role("button", name="重试").click()
    expect(_row(page, "年鉴.pdf")).to_be_visible()
    expect(broken).to_have_count(0)


def test_an_upload_can_be_cancelled(page: Page, task: UUID) -> None:
    page.route("**/attachments?name=*", lambda _: None)  # never answered
    _choose(page, _file("年鉴.pdf", "application/pdf", files.pdf()))
    page.get_by_role("button", name="取消: 年鉴.pdf").click()
    expect(page.locator("[data-queue] li")).to_have_count(0)
    expect(page.locator("#attachments")).to_contain_text("还没有附件")


def test_a_pdf_is_shown_page_by_page_as_pictures(page: Page, task: UUID) -> None:
    _choose(page, _file("年鉴.pdf", "application/pdf", files.pdf(2)))
    _row(page, "年鉴.pdf").get_by_role("link", name="年鉴.pdf", exact=True).click()
    expect(page.get_by_role("heading", name="年鉴.pdf")).to_be_visible()
    drawn = page.locator(".file-pages img")
    expect(drawn).to_have_count(2)
    for number in range(2):
        drawn.nth(number).scroll_into_view_if_needed()
        page.wait_for_function(
            "(n) => document.querySelectorAll('.file-pages img')[n].naturalWidth === 1200", arg=number
        )


def test_a_file_is_saved_and_never_shown_in_our_origin(page: Page, task: UUID) -> None:
    _choose(page, _file("年鉴<script>.png", "image/png", files.png() + b"<script>alert(1)</script>"))
    link = page.locator("#attachments a", has_text="下载")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    reply = page.request.get(str(link.get_attribute("href")))
    told = reply.headers
    assert told["content-disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E5%B9%B4%E9%89%B4" in told["content-disposition"]
    assert (told["x-content-type-options"], told["content-type"]) == ("nosniff", "image/png")
    assert "sandbox" in told["content-security-policy"]


def _choose(page: Page, *chosen: FilePayload) -> None:
    page.locator("[data-choose]").set_input_files(list(chosen))


def _file(name: str, kind: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def _row(page: Page, name: str) -> Locator:
    return page.locator("#attachments tbody tr", has_text=name)
