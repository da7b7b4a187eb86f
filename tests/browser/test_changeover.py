"""A new version meets two hundred running cases: rehearsed, approved, deployed, carried over, taken back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from engine import identity, instances, processes, revisions, tasks
from engine.db import Sessions, transaction
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Deployment, Instance, Task, TaskState, Timer
from server import duties
from tests.browser.conftest import PROGRAMME, Site
from tests.support import auditing, looks

CASES = 200
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}
REVIEW = Application(PROGRAMME, "joint_review", "云溪县部门会审", "339921", None, {"round": "pilot"})


def ground(sessions: Sessions) -> UUID:
    """Let two hundred joint audits run, and draft a new version of them; return the draft."""
    with transaction(sessions) as session:
        processes.deploy(session, ROOT / "workflows" / "studio", "tests")
        shipped = processes.latest(session, PROGRAMME).files
        files = {path: content for path, content in shipped.items() if not path.startswith("scenarios/")}
        processes.deploy_files(session, files, "tests")  # what it is to do is looked at here, not what scenarios say
        for _ in range(CASES):
            instances.start(session, None, REVIEW)
        owner = identity.load(session, "liuguan")
        draft = revisions.begin(session, owner, PROGRAMME, "会审增加部门和复核")
        for path, content in auditing.changed(files).items():
            known = revisions.read(session, owner, draft.id, path)
            revisions.save(session, owner, draft.id, path, content, known.version)
        revisions.describe(session, owner, draft.id, "会审增加部门和复核", "机构改革")
    return draft.id


def change_over(site: Site, page: Page, button: str, state: str) -> None:
    """Press a button, let the hands do what it asks for, and wait until the page has followed."""
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("本页会自动更新")).to_be_visible()
    duties.change_over(site.sessions, None)  # type: ignore[arg-type]
    expect(page.get_by_text(state).first).to_be_visible()
    expect(page.get_by_text("本页会自动更新")).to_have_count(0)


def count(site: Site, query: Any) -> int:
    with transaction(site.sessions) as session:
        return int(session.scalar(query) or 0)


def on(number: int) -> Any:
    """Return how many joint audits stand on a version."""
    reviews = select(func.count()).select_from(Instance).join(Deployment, Deployment.digest == Instance.deployment)
    return reviews.where(Instance.process == REVIEW.process, Deployment.number == number)


def answered(site: Site) -> UUID:
    """Let one department give its opinion in one case; return the case."""
    with transaction(site.sessions) as session:
        economy = select(Task).where(Task.element == "T24_department_opinion", Task.state == TaskState.OPEN)
        task = session.scalars(economy.where(Task.organisation == "prov-economy").limit(1)).one()
        person = identity.load(session, "jingxin")
        tasks.claim(session, person, task.id)
        tasks.complete(session, person, task.id, {"opinion": "agree"})
        return task.instance


@pytest.mark.long
def test_two_hundred_cases_go_on_on_a_new_version_and_come_back(
    site: Site, page: Page, sign_in: Callable[[str], None]
) -> None:
    draft = ground(site.sessions)
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in("liuguan")
    page.goto(f"/studio/revisions/{draft}")
    page.get_by_role("link", name="在办事项演练").click()
    page.get_by_role("button", name="开始演练").click()
    expect(page.get_by_text("已用全部在办事项演练新版本")).to_be_visible()
    rehearsal = page.url.split("?")[0]
    expect(page.locator(".verdicts")).to_contain_text(str(CASES))
    page.get_by_role("link", name="第 1 组").click()
    expect(page.get_by_role("cell", name="云溪县部门会审").first).to_be_visible()
    expect(page.get_by_text("三天提醒").first).to_be_visible()
    approve(page, sign_in, draft)
    carry_over_and_take_back(site, page, rehearsal)


def carry_over_and_take_back(site: Site, page: Page, rehearsal: str) -> None:
    """Carry all over, take all back, carry them over again, and let one go on."""
    page.goto(rehearsal)
    change_over(site, page, "把转入新版本的各组全部换版", "已在新版本")
    assert count(site, on(3)) == CASES
    bells = select(func.count()).select_from(Timer).where(Timer.element == "bell")
    assert count(site, bells) == CASES * 7
    change_over(site, page, "全部撤销换版", "已撤销")
    assert (count(site, on(2)), count(site, bells)) == (CASES, 0)
    change_over(site, page, "把转入新版本的各组全部换版", "已在新版本")
    case = answered(site)
    checking = select(func.count()).select_from(Task).where(Task.instance == case, Task.element == "office_check")
    assert count(site, checking) == 1
    page.reload()
    page.get_by_role("button", name="全部撤销换版").click()
    expect(page.get_by_text("换版之后已有人办理，不能撤销")).to_be_visible()
    with transaction(site.sessions) as session:
        newest = instances.start(session, None, REVIEW)
    seats = select(func.count()).select_from(Task).where(Task.instance == newest)
    assert count(site, seats) == 8
    page.goto(rehearsal)
    page.get_by_role("link", name="第 1 组").click()
    assert looks.grave(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def approve(page: Page, sign_in: Callable[[str], None], draft: UUID) -> None:
    """Hand the draft in, let somebody else approve it, and deploy it."""
    page.goto(f"/studio/revisions/{draft}")
    page.get_by_role("button", name="提交审定").click()
    expect(page.get_by_text("等待审定").first).to_be_visible()
    page.get_by_role("button", name="退出").click()
    sign_in("liushen")
    page.goto(f"/studio/revisions/{draft}")
    page.locator(".studio-acts summary", has_text="审定").click()
    page.locator("details[open]").get_by_role("button", name="审定").click()
    expect(page.get_by_text("已审定，待部署")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    sign_in("liuguan")
    page.goto(f"/studio/revisions/{draft}")
    page.get_by_role("button", name="部署").click()
    expect(page.get_by_text("已部署为最新版本")).to_be_visible()
