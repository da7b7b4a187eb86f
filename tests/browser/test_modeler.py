"""Drawing a process in the studio: the modeler, its panel, its findings, its drafts and its conflicts."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from engine import revisions
from engine.db import transaction
from engine.settings import ROOT
from tests.browser.conftest import Site
from tests.support import looks
from tests.support.drafts import person

LOGIN, OTHER = "liuguan", "liuguan2"
PATH = "application.bpmn"
PROGRAMME = "innovative-city"
HELD = "() => [...window.icityMissing]"
DRAWN = "html[data-ready~=modeler]"
FOREIGN = (ROOT / "tests" / "browser" / "foreign.bpmn").read_text(encoding="utf-8")


@pytest.fixture
def draft(site: Site) -> UUID:
    """Begin a draft of the shipped programme, with a file of another tool that has no coordinates."""
    with transaction(site.sessions) as session:
        actor = person(site.sessions, LOGIN)
        made = revisions.begin(session, actor, PROGRAMME, "增加一个环节").id
        revisions.save(session, actor, made, "foreign.bpmn", FOREIGN.encode(), 0)
        revisions.save(session, actor, made, "broken.bpmn", b"<a>\n<b>\n</c>", 0)
        return made


def opened(page: Page, draft: UUID, path: str) -> None:
    page.goto(f"/studio/revisions/{draft}/files/{path}")
    page.wait_for_selector(DRAWN, state="attached")


def content(site: Site, draft: UUID, path: str = PATH) -> str:
    with transaction(site.sessions) as session:
        return revisions.read(session, person(site.sessions, LOGIN), draft, path).content.decode()


def written_by_another(site: Site, draft: UUID, name: str) -> None:
    """Let another owner save the file with a task called otherwise."""
    with transaction(site.sessions) as session:
        actor = person(site.sessions, OTHER)
        found = revisions.read(session, actor, draft, PATH)
        told = re.sub('name="审.签发"', f'name="{name}"', found.content.decode())
        revisions.save(session, actor, draft, PATH, told.encode(), found.version)


def saved(page: Page) -> None:
    page.wait_for_selector("html[data-state=saved]", state="attached")


def group(page: Page, title: str) -> None:
    """Open a group of the panel if it is closed."""
    head = page.locator(".bio-properties-panel-group-header", has_text=re.compile(f"^{title}")).first
    if "open" not in (head.get_attribute("class") or "").split():
        head.click()


def at(page: Page, element: str):
    return page.locator(f'[data-element-id="{element}"]')


def pick(page: Page, element: str) -> None:
    at(page, element).locator(".djs-hit").first.click()


def act(page: Page, name: str) -> None:
    page.locator(f'.djs-context-pad [data-action="{name}"]').click()


@pytest.mark.long
def test_a_task_is_drawn_checked_mended_and_saved(page: Page, site: Site, sign_in, draft: UUID) -> None:
    sign_in(LOGIN)
    opened(page, draft, PATH)
    pick(page, "T07_sign_off")
    act(page, "append.append-task")
    page.keyboard.type("归档登记")
    page.keyboard.press("Enter")
    act(page, "replace")
    page.locator('.djs-popup [data-id="replace-with-user-task"]').click()
    badge = page.locator(".finding-error")
    expect(badge).to_have_text("2")
    expect(badge).to_have_attribute("aria-label", re.compile("没有写明由谁办理"))
    _given(page)
    group(page, "期限与提醒")
    page.get_by_label("期限（期限表中的一行）").select_option("T07")
    expect(badge).to_have_text("1")  # nothing flows out of it yet
    act(page, "append.end-event")
    expect(badge).to_have_count(0)
    saved(page)
    (drawn,) = re.findall(r"<bpmn:userTask[^>]*归档登记[^>]*>", content(site, draft))
    assert set(re.findall(r'icity:(\w+)="', drawn)) == {"form", "role", "performerOf", "deadline"}
    assert all(f'"{told}"' in drawn for told in ("ARCHIVIST", "T02_plan", "T07_sign_off", "T07"))
    _timer(page)
    _search(page)
    _copied(page, draft)
    assert page.evaluate(HELD) == []


def _given(page: Page) -> None:
    page.get_by_label("办理角色").select_option("ARCHIVIST")
    page.get_by_label("由办过某环节的人办理").select_option(label="编制创建规划")
    page.get_by_label("表单", exact=True).select_option("T07_sign_off")


def _timer(page: Page) -> None:
    """A timer built by hand shows its next five dates, 29 February clamped; undoing takes it back."""
    pick(page, "T01_lapse")
    group(page, "期限与提醒")
    expect(page.locator("#timer-dates li")).to_have_count(1)  # sixty days of the window
    page.get_by_label("期限（期限表中的一行）").select_option("")
    page.get_by_label("方式").select_option("cycle")
    page.get_by_label("试算起点").fill("2024-02-29")
    expect(page.locator("#timer-dates li")).to_have_text(
        [
            "2025-02-28 00:00",
            "2026-02-28 00:00",
            "2027-02-28 00:00 暂定",
            "2028-02-29 00:00 暂定",
            "2029-02-28 00:00 暂定",
        ]
    )
    page.get_by_label("次数（空为不限）").fill("3")
    page.get_by_label("次数（空为不限）").press("Tab")
    expect(page.locator("#timer-dates li")).to_have_count(3)
    assert looks.grave(page) == []
    for _ in range(3):
        page.get_by_role("button", name="撤销").click()
    expect(page.locator("#timer-dates li")).to_have_count(1)


def _search(page: Page) -> None:
    page.locator("#bench-findings summary").focus()
    page.keyboard.press("Control+f")
    page.locator(".djs-search-input input").fill("归档登记")
    page.keyboard.press("Enter")
    expect(page.locator(".bio-properties-panel-header-label")).to_have_text("归档登记")


def _copied(page: Page, draft: UUID) -> None:
    """What is copied in one diagram is pasted in another, with all the engine reads of it."""
    pick(page, "T06_self_evaluation")
    page.keyboard.press("Control+c")
    saved(page)
    opened(page, draft, "foreign.bpmn")
    pick(page, "answer")
    page.keyboard.press("Control+v")
    page.locator("#canvas svg").first.click(position={"x": 400, "y": 640})
    expect(page.locator(".bio-properties-panel-header-label")).to_have_text("撰写自评报告")
    expect(page.get_by_label("办理角色")).to_have_value("APP_FILL")
    saved(page)


@pytest.mark.long
def test_files_of_others_and_files_that_two_write(page: Page, site: Site, sign_in, draft: UUID) -> None:
    sign_in(LOGIN)
    opened(page, draft, "foreign.bpmn")
    saved(page)
    assert looks.grave(page) == []
    assert content(site, draft, "foreign.bpmn").count("<bpmndi:BPMNShape") == 11
    assert content(site, draft, "foreign.bpmn").count("<bpmndi:BPMNEdge") == 8
    opened(page, draft, "broken.bpmn")
    expect(page.locator("#bench-trouble")).to_contain_text("这份文件无法打开第 3 行附近的内容不合格")
    _disputed(page, site, draft)
    assert page.evaluate(HELD) == []
    page.goto(f"/studio/versions/{PROGRAMME}/1/files/{PATH}")
    page.wait_for_selector(DRAWN, state="attached")
    pick(page, "T01_team")
    expect(page.locator("#panel")).to_contain_text("办理角色政府签发人")
    expect(page.locator(".djs-palette")).to_have_count(0)
    assert looks.grave(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, draft, PATH)
    pick(page, "T07_sign_off")
    page.get_by_role("button", name="属性").click()
    expect(page.get_by_label("办理角色")).to_have_value("APP_LEAD")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _disputed(page: Page, site: Site, draft: UUID) -> None:
    opened(page, draft, PATH)
    written_by_another(site, draft, "审核签发")
    pick(page, "T02_plan")
    page.keyboard.press("Delete")
    expect(page.locator("#conflict section").nth(0)).to_contain_text("修改“审核签发”：名称")
    expect(page.locator("#conflict section").nth(1)).to_contain_text("删除“编制创建规划”")
    page.get_by_role("button", name="采用对方的").click()
    expect(at(page, "T02_plan")).to_have_count(1)
    expect(at(page, "T07_sign_off")).to_contain_text("审核签发")
    written_by_another(site, draft, "审批签发")
    pick(page, "T02_plan")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="保留我的").click()
    saved(page)
    told = content(site, draft)
    assert 'id="T02_plan"' not in told
    assert "审核签发" in told
