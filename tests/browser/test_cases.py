"""A case on one page: who has it, what was answered, what happened by topic, and its end before its time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import identity, inbox, tasks
from engine.db import transaction
from tests.browser.conftest import Site
from tests.support import looks

SignIn = Callable[[str], None]
PHONE = {"width": 390, "height": 844}
TEAM = {"leader": "林县长", "contact": "何填报", "phone": "057112345678", "departments": ["science"]}


@pytest.fixture
def answered(site: Site) -> Site:
    """Give the case after its first task: the head of the county has set up the team."""
    with transaction(site.sessions) as session:
        head = identity.load(session, "xianzhang")
        [first] = inbox.claimable(session, head).rows
        tasks.claim(session, head, first.id)
        tasks.complete(session, head, first.id, TEAM)
    return site


def test_a_case_says_who_has_it_and_what_was_answered(page: Page, answered: Site, sign_in: SignIn) -> None:
    sign_in("jingban")
    page.goto(f"/instances/{answered.case}")
    waiting = page.get_by_role("region", name="等待办理")
    expect(waiting).to_contain_text("云溪县科技局")
    expect(waiting).to_contain_text("自 20")
    steps = page.get_by_role("region", name="各环节意见")
    expect(steps).to_contain_text("林县长")
    expect(steps.get_by_text("牵头领导", exact=True)).to_be_visible()
    page.get_by_role("link", name="查看市县").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("云溪县")


def test_what_happened_is_told_by_topic(page: Page, answered: Site, sign_in: SignIn) -> None:
    sign_in("jingban")
    page.goto(f"/instances/{answered.case}")
    told = page.get_by_role("region", name="办理经过")
    expect(told).to_contain_text("林县长发起了该事项。")
    told.get_by_role("link", name="人员办理").click()
    expect(told).not_to_contain_text("林县长发起了该事项。")
    expect(told).to_contain_text("林县长办结了")
    told.get_by_role("link", name="公文与数据").click()
    expect(told).to_contain_text("没有此类记录。")
    told.get_by_role("link", name="全部").click()
    expect(told).to_contain_text("林县长发起了该事项。")


def test_a_leader_ends_a_case_early_with_a_reason(page: Page, answered: Site, sign_in: SignIn) -> None:
    sign_in("tingzhang")
    page.goto(f"/instances/{answered.case}")
    page.get_by_label("理由（能查看该事项的人都能看到）").fill("单位自行放弃申报")
    page.get_by_label("我知道未办结的任务将全部收回，且不能恢复。").check()
    page.get_by_role("button", name="确认撤销").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已终止")
    expect(page.get_by_role("button", name="确认撤销")).to_have_count(0)


def test_who_waits_asks_to_hurry_once_a_day(page: Page, answered: Site, sign_in: SignIn) -> None:
    sign_in("jingban")
    page.goto(f"/instances/{answered.case}")
    page.get_by_text("催办", exact=True).first.click()
    page.get_by_label("催办说明（每天限一次）").first.fill("本周五前须报送")
    page.get_by_role("button", name="发送").first.click()
    expect(page.get_by_role("region", name="办理经过").get_by_text("蒋经办").first).to_be_visible()
    page.get_by_text("催办", exact=True).first.click()
    page.get_by_role("button", name="发送").first.click()
    expect(page.locator("#notice")).to_be_visible()


def test_colleagues_are_told_of_a_case(page: Page, answered: Site, sign_in: SignIn) -> None:
    sign_in("jingban")
    page.goto(f"/instances/{answered.case}")
    copying = page.get_by_role("region", name="抄送", exact=True)
    copying.get_by_label("韩厅长").check()
    copying.get_by_label("说明").fill("请知悉")
    copying.get_by_role("button", name="发送").click()
    expect(copying).to_contain_text("未阅")
    expect(copying).to_contain_text("请知悉")


def test_who_may_not_see_a_case_finds_nothing(page: Page, answered: Site, sign_in: SignIn) -> None:
    sign_in("hengce")
    for address in ("", "/timeline", "/record", "/archive.zip"):
        assert page.request.get(f"/instances/{answered.case}{address}").status == 404
    sign_in("jingban")
    assert page.request.get(f"/instances/{answered.case}/archive.zip").status == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_case_is_for_everybody(page: Page, answered: Site, sign_in: SignIn, language: str) -> None:
    sign_in("tingzhang")
    if language == "en":
        page.get_by_role("button", name="English").click()
    page.set_viewport_size(PHONE)
    for address in ("", "/timeline", "/record"):
        page.goto(f"/instances/{answered.case}{address}")
        page.wait_for_load_state("networkidle")
        assert looks.grave(page) == [], address
        assert looks.lines(page) & (looks.english() if language == "zh" else set()) == set(), address
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
