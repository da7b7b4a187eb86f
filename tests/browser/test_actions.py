"""What may be done with a task beside answering it: every action by clicking, told to those whom it concerns."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from engine import identity, processes, tasks
from engine.db import transaction
from engine.tables import Instance, InstanceState, Task, TaskState
from tests.browser.conftest import Site
from tests.support.shapes import end, many, start, user, way
from tests.support.stage import Stage

SignIn = Callable[[str], None]
HEAD, DEPUTY = "林县长", "范副县长"
TEAM = {
    "leader": "林县长",
    "contact": "邵文书",
    "phone": "+8657000000001",
    "departments": ["science"],
}
OPINION = """{"type": "default", "id": "any", "schemaVersion": 16, "components": [
{"type": "radio", "key": "opinion", "label": "意见", "id": "F1", "validate": {"required": true},
"values": [{"label": "同意", "value": "agree"}, {"label": "不同意", "value": "object"}]}]}"""


@pytest.fixture
def team(site: Site) -> UUID:
    """Give the first task of the case, which the head of the county has claimed."""
    return held(site, "T01_team", "xianzhang")


def held(site: Site, element: str, login: str) -> UUID:
    """Return the open task of an element, claimed by a person."""
    with transaction(site.sessions) as session:
        query = select(Task.id).where(Task.element == element, Task.state == TaskState.OPEN)
        task: UUID = session.scalars(query.order_by(Task.created_at)).all()[0]
        tasks.claim(session, identity.load(session, login), task)
    return task


def answer(site: Site, task: UUID, login: str) -> None:
    with transaction(site.sessions) as session:
        tasks.complete(session, identity.load(session, login), task, TEAM)


def look(page: Page, task: UUID) -> None:
    page.goto(f"/tasks/{task}")
    page.wait_for_selector("html[data-ready]")


def ask(page: Page, name: str) -> Locator:
    """Open the dialog of an action, in the bar or in its menu."""
    beside = page.locator("#bar").get_by_role("button", name=name, exact=True)
    if not beside.is_visible():
        page.get_by_text("更多", exact=True).click()
        beside = page.locator(".more-menu").get_by_role("button", name=name, exact=True)
    beside.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def done(page: Page, told: str) -> None:
    expect(page.locator("#result")).to_contain_text(told)


def test_a_task_is_transferred_and_says_so_to_whoever_has_it_now(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "转办")
    dialog.get_by_role("button", name="转办").click()
    expect(dialog.get_by_text("请选择人员。")).to_be_visible()
    expect(dialog.get_by_text("请填写原因。")).to_be_visible()
    dialog.get_by_label(DEPUTY).check()
    dialog.get_by_label("原因").fill("由分管领导牵头")
    dialog.get_by_role("button", name="转办").click()
    done(page, "已将“组建申报组”转办给范副县长。")
    done(page, "该任务现由范副县长办理。")
    expect(page.locator("#bar")).to_be_hidden()
    sign_in("xianzhang2")
    look(page, team)
    why = page.locator(".why")
    expect(why).to_contain_text("林县长转办给范副县长。")
    expect(why).to_contain_text("由分管领导牵头")
    expect(page.get_by_role("button", name="办结")).to_be_visible()


def test_what_is_typed_into_a_dialog_outlives_closing_it(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "转办")
    dialog.get_by_label("原因").fill("写了一半")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#bar").get_by_role("button", name="转办")).to_be_focused()
    expect(ask(page, "转办").get_by_label("原因")).to_have_value("写了一半")


def test_a_lost_connection_keeps_the_dialog_and_what_was_typed(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "转办")
    dialog.get_by_label(DEPUTY).check()
    dialog.get_by_label("原因").fill("连接断开也不丢")
    page.route("**/transfer", lambda route: route.abort())
    dialog.get_by_role("button", name="转办").click()
    expect(dialog.get_by_role("alert")).to_contain_text("服务器没有响应")
    expect(dialog.get_by_label("原因")).to_have_value("连接断开也不丢")
    page.unroute("**/transfer")
    dialog.get_by_role("button", name="转办").click()
    done(page, "转办给范副县长")


def test_a_task_is_delegated_prepared_and_handed_back(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "委派")
    dialog.get_by_label(DEPUTY).check()
    dialog.get_by_label("原因").fill("请先拟名单")
    dialog.get_by_role("button", name="委派").click()
    done(page, "已委派范副县长准备“组建申报组”")
    expect(page.locator("#bar").get_by_role("button", name="收回")).to_be_visible()
    sign_in("xianzhang2")
    look(page, team)
    expect(page.locator(".why")).to_contain_text("林县长委派范副县长代为准备")
    page.get_by_label("牵头领导").fill("范副县长")
    dialog = ask(page, "交回")
    dialog.get_by_label("办理意见").fill("名单已拟好")
    dialog.get_by_role("button", name="交回").click()
    done(page, "连同意见交回委派人")
    sign_in("xianzhang")
    look(page, team)
    expect(page.locator(".why")).to_contain_text("名单已拟好")
    expect(page.get_by_label("牵头领导")).to_have_value("范副县长")
    expect(page.get_by_role("button", name="办结")).to_be_visible()


def test_a_delegated_task_is_taken_back(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "委派")
    dialog.get_by_label(DEPUTY).check()
    dialog.get_by_label("原因").fill("请先拟名单")
    dialog.get_by_role("button", name="委派").click()
    done(page, "已委派")
    dialog = ask(page, "收回")
    dialog.get_by_label("原因").fill("自己办")
    dialog.get_by_role("button", name="收回").click()
    done(page, "已收回，由您办理")
    expect(page.get_by_role("button", name="办结")).to_be_visible()


def ask_two(page: Page) -> None:
    """Ask two colleagues for their signs, one after the other."""
    dialog = ask(page, "加签")
    dialog.get_by_label("按姓名、单位、角色查找").fill("填报")
    expect(dialog.get_by_label(DEPUTY)).to_be_hidden()
    dialog.get_by_label("何填报").check()
    dialog.get_by_label("按姓名、单位、角色查找").fill("")
    dialog.get_by_label(DEPUTY).check()
    expect(dialog.get_by_label("已选")).to_contain_text("何填报")
    dialog.get_by_label("按所选次序逐个签署").check()
    dialog.get_by_label("原因").fill("请把关")
    dialog.get_by_role("button", name="加签").click()
    done(page, "已请 2 人加签。")


def test_signs_are_asked_in_turn_and_one_who_refuses_says_why(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    ask_two(page)
    signs = page.locator("#panel-signs")
    expect(signs).to_contain_text("何填报 待签署")
    expect(signs).to_contain_text("范副县长 尚未轮到")
    sign_in("tianbao")
    look(page, team)
    page.get_by_role("button", name="签署").click()
    expect(page.get_by_text("请选择同意或不同意。")).to_be_visible()
    page.get_by_label("不同意").check()
    page.get_by_label("办理意见").fill("组长人选再议")
    page.get_by_role("button", name="签署").click()
    done(page, "已对“组建申报组”签署意见。")
    sign_in("xianzhang")
    look(page, team)
    expect(page.locator(".why")).to_contain_text("组长人选再议")


def test_added_signs_are_taken_back(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    ask_two(page)
    for name in ("何填报", DEPUTY):
        page.get_by_role("button", name=f"减签: {name}").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("原因").fill("已当面商定")
        dialog.get_by_role("button", name="收回").click()
        done(page, "已减签。")
    expect(page.get_by_role("button", name="减签")).to_have_count(0)


def test_an_answer_waits_for_the_sign_after_it_and_then_counts(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "加签")
    dialog.get_by_label("在我办结之后").check()
    dialog.get_by_label(DEPUTY).check()
    dialog.get_by_label("原因").fill("请会签")
    dialog.get_by_role("button", name="加签").click()
    done(page, "已请 1 人加签。")
    fill(page)
    page.get_by_role("button", name="办结").click()
    done(page, "待范副县长同意后生效")
    sign_in("xianzhang2")
    look(page, team)
    page.get_by_label("同意", exact=True).check()
    page.get_by_label("办理意见").fill("同意")
    page.get_by_role("button", name="签署").click()
    done(page, "您已签署，该任务已办结。下一步：")
    expect(page.locator("#panel-signs")).to_contain_text("范副县长 同意")


def test_a_task_is_sent_back_for_one_field_and_only_that_unlocks(
    page: Page, site: Site, team: UUID, sign_in: SignIn
) -> None:
    answer(site, team, "xianzhang")
    plan = held(site, "T02_plan", "tianbao")
    sign_in("tianbao")
    look(page, plan)
    dialog = ask(page, "退回")
    expect(dialog.get_by_label("组建申报组")).to_be_checked()
    dialog.get_by_label("联系电话").check()
    dialog.get_by_label("原因").fill("电话打不通")
    dialog.get_by_role("button", name="退回").click()
    done(page, "已退回到“组建申报组”，由林县长重新办理。")
    sign_in("xianzhang")
    page.get_by_role("link", name="组建申报组").first.click()
    page.wait_for_selector("html[data-ready]")
    why = page.locator(".why")
    expect(why).to_contain_text("何填报从“编制创建规划”退回（第 1 次）。")
    expect(why).to_contain_text("电话打不通")
    expect(why).to_contain_text("须修改：")
    expect(page.get_by_label("联系人")).to_have_attribute("readonly", "")
    page.get_by_label("联系电话").fill("+8657000000002")
    expect(page.locator("#comparison")).to_contain_text("联系电话")
    page.get_by_role("button", name="办结").click()
    done(page, "已办结，下一步")


def test_an_answer_is_withdrawn_until_the_next_person_acts(page: Page, site: Site, team: UUID, sign_in: SignIn) -> None:
    answer(site, team, "xianzhang")
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "撤回")
    dialog.get_by_label("原因").fill("漏填一家单位")
    dialog.get_by_role("button", name="撤回").click()
    done(page, "已撤回，重新由您办理")
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_label("联系人")).to_have_value("邵文书")
    expect(page.get_by_role("button", name="办结")).to_be_visible()


def test_withdrawing_too_late_is_greyed_out_and_says_why(page: Page, site: Site, team: UUID, sign_in: SignIn) -> None:
    answer(site, team, "xianzhang")
    held(site, "T02_plan", "tianbao")
    sign_in("xianzhang")
    look(page, team)
    page.get_by_text("更多", exact=True).click()
    late = page.locator(".more-menu").get_by_role("button", name="撤回")
    expect(late).to_have_attribute("aria-disabled", "true")
    late.click(force=True)
    expect(page.locator("#bar-why")).to_contain_text("已有人领取，不能再撤回。")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_task_is_urged_once_a_day_and_whoever_has_it_sees_it(page: Page, site: Site, sign_in: SignIn) -> None:
    task = held(site, "T01_team", "xianzhang2")
    sign_in("xianzhang")
    look(page, task)
    dialog = ask(page, "催办")
    dialog.get_by_label("附言").fill("明天上会")
    dialog.get_by_role("button", name="催办").click()
    done(page, "已提醒办理人尽快办理。")
    look(page, task)
    page.get_by_text("更多", exact=True).click()
    again = page.locator(".more-menu").get_by_role("button", name="催办")
    expect(again).to_contain_text("今天已经催办过")
    sign_in("xianzhang2")
    look(page, task)
    expect(page.locator(".why")).to_contain_text("林县长催办。")
    expect(page.locator(".why")).to_contain_text("明天上会")


def test_a_copy_is_sent_and_leaves_the_form_alone(page: Page, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    page.get_by_label("联系人").fill("正在填写")
    dialog = ask(page, "抄送")
    dialog.get_by_label("何填报").check()
    dialog.get_by_label("附言").fill("请知悉")
    dialog.get_by_role("button", name="发送").click()
    done(page, "已抄送 1 人。")
    expect(page.get_by_label("联系人")).to_have_value("正在填写")
    expect(page.locator("#panel-history")).to_contain_text("何填报")


def test_a_case_is_cancelled_by_whoever_began_it(page: Page, site: Site, team: UUID, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    look(page, team)
    dialog = ask(page, "撤销事项")
    dialog.get_by_label("原因").fill("今年不申报")
    dialog.get_by_role("button", name="撤销事项").click()
    done(page, "“云溪县创建创新型县”已撤销。")
    with transaction(site.sessions) as session:
        assert session.scalar(select(Instance.state).where(Instance.id == site.case)) is InstanceState.CANCELLED


def test_a_joint_step_shows_its_seats_and_takes_one_more_and_one_fewer(
    page: Page, site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    task = joint(site, tmp_path)
    sign_in("caizheng")
    look(page, task)
    seats = page.locator("#panel-seats")
    expect(seats).to_contain_text("2席全部办理后进入下一环节。")
    expect(seats.get_by_role("listitem")).to_have_count(2)
    dialog = ask(page, "增加席位")
    dialog.get_by_label("省教育厅").check()
    dialog.get_by_label("原因").fill("涉及人才")
    dialog.get_by_role("button", name="增加").click()
    done(page, "已增加一席。")
    expect(seats.get_by_role("listitem")).to_have_count(3)
    seats.get_by_role("button", name="减少: 省财政厅").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("改为书面征求")
    dialog.get_by_role("button", name="减少").click()
    done(page, "已减少一席。")
    expect(page.get_by_role("button", name="办结")).to_have_count(0)


def test_a_case_is_ended_at_once_by_those_who_may(page: Page, site: Site, sign_in: SignIn, tmp_path: Path) -> None:
    task = joint(site, tmp_path)
    sign_in("caizheng")
    look(page, task)
    dialog = ask(page, "终止事项")
    dialog.get_by_label("原因").fill("重复立案")
    dialog.get_by_role("button", name="终止").click()
    done(page, "已终止。")


def joint(site: Site, folder: Path) -> UUID:
    """Start a step that two departments answer together; return the seat of the finance department, claimed."""
    stage = Stage(site.sessions, folder / "drawn")
    asks = {"role": "DEPT_REV", "icity:organisation": "=item", "icity:form": "any", "result": "said"}
    marker = many('=["prov-finance", "prov-development"]', "", outputCollection="told", outputElement="=said.opinion")
    step = user("v", inner=marker, **asks, **{"icity:actions": "seat transfer terminate"})
    stage.deploy(p=start() + step + end("e") + way("s v e"))
    (stage.folder / "forms" / "any.form").write_text(OPINION)
    with transaction(site.sessions) as session:
        processes.deploy(session, stage.folder, "tests")
    stage.start("p")
    with transaction(site.sessions) as session:
        seat = select(Task.id).where(Task.element == "v", Task.organisation == "prov-finance")
        task: UUID = session.scalars(seat).one()
        tasks.claim(session, identity.load(session, "caizheng"), task)
    return task


def fill(page: Page) -> None:
    page.get_by_label("牵头领导").fill("林县长")
    page.get_by_label("联系人").fill("邵文书")
    page.get_by_label("联系电话").fill("+8657000000001")
    page.get_by_label("科技局").check()
