"""An owner without code changes the joint audit, and two hundred running cases are carried over and taken back.

The four edits are made by clicking in the editors. Of the scenarios of the programme three tell who was silent among
seven departments: the owner is shown them, and takes them away instead of playing them anew.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

from engine import calendars, db, identity, instances, processes, revisions, tasks, units
from engine.db import transaction
from engine.instances import Application
from engine.settings import ROOT
from engine.tables import Deployment, Instance, Task, TaskState, Timer
from server import duties, postgres
from tests.browser.conftest import PROGRAMME, WANTED, Site
from tests.support import looks
from tests.support.postgres import TestServer

CASES = 200
OWNER, OPINION, GATE = "liuguan", "T24_department_opinion", "extension_gateway"
SILENT = [
    "scenarios/joint_review/silence_and_objection.json",
    "scenarios/joint_review/silence_is_no_consent.json",
    "scenarios/pilot_round/from-call-to-recognition.json",
]
PHONE = {"width": 390, "height": 844}
REVIEW = Application(PROGRAMME, "joint_review", "云溪县部门会审", "339921", None, {"round": "pilot"})


@pytest.fixture
def database(postgres_server: TestServer) -> Iterator[str]:
    """Give the URL of a database in which two hundred joint audits run."""
    with postgres_server.database(postgres_server.template(ground)) as url:
        yield url


def ground(url: str) -> None:
    """Let two hundred joint audits run on the shipped programme."""
    with postgres.connected(url) as engine, transaction(db.sessions(engine)) as session:
        calendars.seed(session)
        units.seed(session)
        processes.deploy(session, ROOT / "workflows" / "studio", "tests")
        processes.deploy(session, ROOT / "workflows" / PROGRAMME, "tests")
        instances.start(session, identity.load(session, "xianzhang"), WANTED)
        for _ in range(CASES):
            instances.start(session, None, REVIEW)


def begun(page: Page) -> UUID:
    """Begin a draft of the programme and say why; return it."""
    page.goto(f"/studio/programmes/{PROGRAMME}")
    page.get_by_label("要改什么").fill("会审增加部门和复核")
    page.get_by_role("button", name="新建修改稿").click()
    page.get_by_label("修改理由").fill("机构改革")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_label("修改理由")).to_have_value("机构改革")
    return UUID(re.search(r"/revisions/([0-9a-f-]{36})", page.url)[1])  # type: ignore[index]


def opened(page: Page, draft: UUID, path: str, entry: str) -> None:
    page.goto(f"/studio/revisions/{draft}/files/{path}")
    page.wait_for_selector(f"html[data-ready~={entry}]", state="attached")


def saved(page: Page) -> None:
    """Wait until the file is kept and the check of the whole draft finds nothing."""
    page.wait_for_selector("html[data-state=saved]", state="attached")
    page.wait_for_selector('html[data-findings="0"]', state="attached")


def content(site: Site, draft: UUID, path: str) -> str:
    with transaction(site.sessions) as session:
        return revisions.read(session, identity.load(session, OWNER), draft, path).content.decode()


def tables_changed(page: Page, site: Site, draft: UUID) -> None:
    """Let one department more join, and let departments have ten days instead of seven."""
    opened(page, draft, "reviewers.dmn", "decision")
    page.get_by_label("选择单位或角色").fill("省卫生健康委（prov-health）")
    page.get_by_role("button", name="新增一行").click()
    saved(page)
    assert '"prov-health"' in content(site, draft, "reviewers.dmn")
    opened(page, draft, "deadline.dmn", "decision")
    row = page.locator("tr", has=page.locator("td.annotation", has_text="部门会审"))
    row.locator("td").nth(2).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("10")
    saved(page)
    assert "<text>10</text>" in content(site, draft, "deadline.dmn").split('id="deadline_rule_T24"')[1][:400]


def at(page: Page, element: str) -> Locator:
    return page.locator(f'[data-element-id="{element}"] > .djs-visual')


def beside(page: Page, action: str) -> None:
    """Press a button of the pad beside the element that is selected."""
    page.locator(f'.djs-context-pad [data-action="{action}"]').click()


def drawn(page: Page, site: Site, draft: UUID) -> tuple[str, str]:
    """Put a step into a flow and a reminder onto a task; return what the two are called in the file."""
    opened(page, draft, "joint_review.bpmn", "modeler")
    left, right = at(page, OPINION).bounding_box(), at(page, GATE).bounding_box()
    page.mouse.click((left["x"] + left["width"] + right["x"]) / 2, left["y"] + left["height"] / 2)
    beside(page, "icity.insert")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="撤销").click()  # the step and the room it took, at once
    expect(page.get_by_role("button", name="撤销")).to_be_disabled()
    page.mouse.click((left["x"] + left["width"] + right["x"]) / 2, left["y"] + left["height"] / 2)
    beside(page, "icity.insert")
    page.keyboard.type("处室复核")
    page.keyboard.press("Enter")
    page.get_by_label("办理角色").select_option(label="部门评审员")
    page.get_by_label("与这一环节相同").select_option(label="拟提部门意见")
    reminded(page)
    saved(page)
    told = content(site, draft, "joint_review.bpmn")
    (step,) = re.findall(r'<bpmn:userTask id="(\w+)"[^>]* name="处室复核"', told)
    (bell,) = re.findall(r'<bpmn:boundaryEvent id="(\w+)"[^>]* name="三天提醒"', told)
    assert re.search(rf'sourceRef="{OPINION}" targetRef="{step}"', told)
    assert re.search(rf'sourceRef="{step}" targetRef="{GATE}"', told)
    return step, bell


def reminded(page: Page) -> None:
    """Set a timer onto the edge of the task that lets it go on, three days long, with an end."""
    page.locator('.djs-palette [data-action="create.intermediate-event"]').click()
    task = at(page, OPINION).bounding_box()
    middle, edge = task["x"] + task["width"] / 2, task["y"] + task["height"]
    page.mouse.move(middle - 3, edge)
    page.mouse.move(middle, edge, steps=3)
    page.mouse.click(middle, edge)
    page.keyboard.type("三天提醒")
    beside(page, "replace")  # while the name is still being typed
    page.locator('.djs-popup [data-id="replace-with-non-interrupting-timer-boundary"]').click()
    page.locator(".bio-properties-panel-group-header", has_text="期限与提醒").click()
    page.get_by_label("数量").fill("3")
    page.get_by_label("数量").press("Tab")
    page.get_by_label("单位", exact=True).select_option(label="天")
    beside(page, "append.end-event")
    page.keyboard.type("已提醒")
    page.keyboard.press("Enter")


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
        economy = select(Task).where(Task.element == OPINION, Task.state == TaskState.OPEN)
        task = session.scalars(economy.where(Task.organisation == "prov-economy").limit(1)).one()
        person = identity.load(session, "jingxin")
        tasks.claim(session, person, task.id)
        tasks.complete(session, person, task.id, {"opinion": "agree"})
        return task.instance


@pytest.mark.long
def test_two_hundred_cases_go_on_on_a_new_version_and_come_back(
    site: Site, page: Page, sign_in: Callable[[str], None]
) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(OWNER)
    draft = begun(page)
    tables_changed(page, site, draft)
    step, bell = drawn(page, site, draft)
    scenarios_taken_away(page, draft)
    rehearsal = rehearsed(page, draft)
    approve(page, sign_in, draft)
    carry_over_and_take_back(site, page, rehearsal, bell)
    goes_on(site, page, step)
    page.goto(rehearsal)
    page.get_by_role("link", name="第 1 组").click()
    assert looks.grave(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def scenarios_taken_away(page: Page, draft: UUID) -> None:
    """See which scenarios come out otherwise now, and take them out of the draft."""
    page.goto(f"/studio/revisions/{draft}/scenarios")
    expect(page.get_by_role("region", name="与预期不同").locator(".findings > li")).to_have_count(len(SILENT))
    for path in SILENT:
        page.goto(f"/studio/revisions/{draft}")
        page.locator("summary", has_text="未改的文件").click()
        page.get_by_role("button", name=f"删除 {path}").click()
        expect(page.get_by_role("button", name=f"撤销 {path} 的修改")).to_be_visible()
    page.goto(f"/studio/revisions/{draft}/scenarios")
    expect(page.get_by_role("region", name="与预期不同")).to_have_count(0)


def rehearsed(page: Page, draft: UUID) -> str:
    """Rehearse with all that runs; return the address of what came out."""
    page.goto(f"/studio/revisions/{draft}")
    page.get_by_role("link", name="在办事项演练").click()
    page.get_by_role("button", name="开始演练").click()
    expect(page.get_by_text("已用全部在办事项演练新版本")).to_be_visible()
    address = page.url.split("?")[0]
    expect(page.locator(".verdicts")).to_contain_text(str(CASES))
    page.get_by_role("link", name="第 1 组").click()
    expect(page.get_by_role("cell", name="云溪县部门会审").first).to_be_visible()
    expect(page.get_by_text("三天提醒").first).to_be_visible()
    return address


def carry_over_and_take_back(site: Site, page: Page, rehearsal: str, bell: str) -> None:
    """Carry all over, take all back, and carry them over again."""
    page.goto(rehearsal)
    change_over(site, page, "把转入新版本的各组全部换版", "已在新版本")
    assert count(site, on(2)) == CASES
    bells = select(func.count()).select_from(Timer).where(Timer.element == bell)
    assert count(site, bells) == CASES * 7
    change_over(site, page, "全部撤销换版", "已撤销")
    assert (count(site, on(1)), count(site, bells)) == (CASES, 0)
    change_over(site, page, "把转入新版本的各组全部换版", "已在新版本")


def goes_on(site: Site, page: Page, step: str) -> None:
    """Let one case go on to the new step, after which it stays; a new one asks eight departments."""
    case = answered(site)
    checking = select(func.count()).select_from(Task).where(Task.instance == case, Task.element == step)
    assert count(site, checking) == 1
    page.reload()
    page.get_by_role("button", name="全部撤销换版").click()
    expect(page.get_by_text("换版之后已有人办理，不能撤销")).to_be_visible()
    with transaction(site.sessions) as session:
        newest = instances.start(session, None, REVIEW)
    seats = select(func.count()).select_from(Task).where(Task.instance == newest)
    assert count(site, seats) == 8


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
    sign_in(OWNER)
    page.goto(f"/studio/revisions/{draft}")
    page.get_by_role("button", name="部署").click()
    expect(page.get_by_text("已部署为最新版本")).to_be_visible()
