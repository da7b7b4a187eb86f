"""The page of a task: why it came, its form, what stands around it; with a mouse, a keyboard, a phone and on paper."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from engine import identity, tasks
from engine.db import transaction
from engine.tables import Task, TaskState
from tests.browser.conftest import PATIENCE, WIDE, Site
from tests.support.postgres import PASSWORD

SignIn = Callable[[str], None]
PHONE = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}
TEAM = {"leader": "林县长", "contact": "邵文书", "phone": "+8657000000001", "departments": ["science"]}


@pytest.fixture
def team(site: Site) -> UUID:
    """Give the first task of the case, which the head of the county has claimed."""
    with transaction(site.sessions) as session:
        found: UUID = session.scalars(select(Task.id).where(Task.state == TaskState.OPEN)).one()
        tasks.claim(session, identity.load(session, "xianzhang"), found)
    return found


@pytest.fixture
def colleague(chromium: Browser, site: Site) -> Iterator[Page]:
    """Give the page of a second person, at another computer."""
    context = chromium.new_context(viewport=WIDE, locale="zh-CN", base_url=site.address)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def enter(page: Page, login: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("heading", name="我的工作").wait_for()


def look(page: Page, task: UUID) -> None:
    page.goto(f"/tasks/{task}")
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("[aria-busy=true]:not(#panel-diagram)")).to_have_count(0)


def fill(page: Page) -> None:
    page.get_by_label("牵头领导").fill("林县长")
    page.get_by_label("联系人").fill("邵文书")
    page.get_by_label("联系电话").fill("+8657000000001")
    page.get_by_label("科技局").check()


def test_a_task_says_why_it_came_until_when_and_who_is_next(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    expect(page.locator(".why")).to_contain_text("这一环节由云溪县政府的“政府签发人”办理，您正是该角色。")
    expect(page.locator(".task-side")).to_contain_text("个工作日")
    expect(page.locator("#panel-upcoming")).to_contain_text("编制创建规划")
    expect(page.locator("#panel-upcoming")).to_contain_text("何填报")
    expect(page.locator("#panel-history")).to_contain_text("林县长领取了“组建申报组”。")
    expect(page.locator("#panel-facts")).to_contain_text("云溪县创建创新型县")


def test_the_diagram_is_drawn_when_it_comes_into_view(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    expect(page.locator("#canvas")).to_have_count(0)
    page.locator("#panel-diagram").scroll_into_view_if_needed()
    expect(page.locator('[data-element-id="T01_team"].is-current')).to_be_visible()


def test_what_a_step_answered_is_read_at_the_next(page: Page, site: Site, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    fill(page)
    page.get_by_role("button", name="办结").click()
    expect(page.locator("#result")).to_contain_text("编制创建规划")
    expect(page.locator("#bar")).to_be_hidden()
    look(page, team)
    expect(page.get_by_text("已由林县长于")).to_be_visible()
    expect(page.get_by_role("button", name="办结")).to_have_count(0)
    expect(page.get_by_label("联系人")).to_have_value("邵文书")


def test_the_second_of_two_people_is_told_who_finished_it_and_keeps_what_they_typed(
    page: Page, colleague: Page, site: Site, team: UUID, sign_in: SignIn
) -> None:
    sign_in("xianzhang")
    look(page, team)
    fill(page)
    enter(colleague, "xianzhang")
    look(colleague, team)
    fill(colleague)
    colleague.get_by_role("button", name="办结").click()
    expect(colleague.locator("#result")).to_be_visible()
    page.get_by_role("button", name="办结").click()
    expect(page.locator("#notice")).to_contain_text("已由林县长于")
    expect(page.get_by_label("联系人")).to_have_value("邵文书")


def test_the_second_of_two_who_claim_a_task_is_told_who_has_it(
    page: Page, colleague: Page, site: Site, sign_in: SignIn
) -> None:
    with transaction(site.sessions) as session:
        task: UUID = session.scalars(select(Task.id).where(Task.state == TaskState.OPEN)).one()
    sign_in("xianzhang")
    look(page, task)
    enter(colleague, "xianzhang2")
    look(colleague, task)
    colleague.get_by_role("button", name="领取").click()
    expect(colleague.get_by_role("button", name="办结")).to_be_visible()
    page.get_by_role("button", name="领取").click()
    expect(page.locator("#notice")).to_contain_text("这项任务已由范副县长领取。")


def test_a_lost_connection_while_typing_loses_nothing(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    page.route("**/draft", lambda route: route.abort())
    page.get_by_label("联系人").fill("断网时写的")
    expect(page.locator("#draft-state")).to_contain_text("保存在本机")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_label("联系人")).to_have_value("断网时写的")
    page.unroute("**/draft")
    page.get_by_role("button", name="暂存").click()
    expect(page.locator("#draft-state")).to_contain_text("已暂存")


def test_a_task_is_handed_on_without_a_mouse(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    page.locator("#bar").get_by_role("button", name="转办").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Enter")
    dialog.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("出差")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("转办给范副县长")
    expect(page.locator("#result")).to_be_focused()


def test_the_menu_of_actions_opens_and_closes_by_keyboard(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    more = page.get_by_text("更多", exact=True)
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".more-menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".more-menu")).to_be_hidden()
    expect(more).to_be_focused()


def test_on_a_phone_the_bar_stays_at_the_foot_and_dialogs_fit(page: Page, team: UUID, sign_in: SignIn) -> None:
    page.set_viewport_size(PHONE)
    sign_in("xianzhang")
    look(page, team)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button = page.get_by_role("button", name="办结")
    box = button.bounding_box()
    assert box is not None
    assert PHONE["height"] - 80 < box["y"] + box["height"] <= PHONE["height"]
    expect(page.locator("#bar .only-wide").first).to_be_hidden()
    page.get_by_text("更多", exact=True).click()
    page.locator(".more-menu").get_by_role("button", name="加签").click()
    dialog = page.get_by_role("dialog").bounding_box()
    assert dialog is not None
    assert dialog["x"] >= 0
    assert dialog["x"] + dialog["width"] <= PHONE["width"]
    assert dialog["y"] >= 0


def test_paper_carries_the_answers_and_no_buttons(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    page.emulate_media(media="print")
    for part in ("#bar", ".side", ".acts", "#draft-state"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.get_by_label("联系人")).to_be_visible()
    expect(page.locator("#panel-history")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_task_and_its_dialogs_have_no_serious_fault_of_access(
    page: Page, site: Site, team: UUID, sign_in: SignIn, language: str
) -> None:
    sign_in("xianzhang")
    page.context.add_cookies([{"name": "language", "value": language, "url": site.address}])
    look(page, team)
    found = {"page": _grave(page)}
    for key in ("transfer", "delegate", "sign", "copy", "cancel"):
        page.evaluate("document.querySelector('.more-acts').open = true")
        page.locator(f'[data-dialog$="/actions/{key}"]:visible').first.click()
        dialog = page.locator("dialog[open]")
        dialog.wait_for()
        dialog.locator("[type=submit]").click()
        expect(dialog.locator("[data-error]:visible").first).to_be_visible()
        found[key] = _grave(page)
        page.keyboard.press("Escape")
    assert {place: faults for place, faults in found.items() if faults} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_finished_task_has_no_serious_fault_of_access(
    page: Page, site: Site, team: UUID, sign_in: SignIn, language: str
) -> None:
    with transaction(site.sessions) as session:
        tasks.complete(session, identity.load(session, "xianzhang"), team, TEAM)
    sign_in("xianzhang")
    page.context.add_cookies([{"name": "language", "value": language, "url": site.address}])
    look(page, team)
    assert _grave(page) == []


def _grave(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]
