"""Owners without code change a decision, a form and an indicator set, and see what differs, all in Chinese."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from engine import identity, revisions
from engine.db import transaction
from tests.browser.conftest import WIDE
from tests.support import looks

PROGRAMME = "innovative-city"
PHONE = {"width": 390, "height": 844}
FLOW = '<bpmn:sequenceFlow id="flow_read_city__T08_escalation" sourceRef="read_city" targetRef="T08_escalation"/>'
STEP = (
    '<bpmn:sequenceFlow id="flow_read_city__T08_escalation" sourceRef="read_city" targetRef="call"/>'
    '<bpmn:manualTask id="call" name="电话核实"/>'
    '<bpmn:sequenceFlow id="onward" sourceRef="call" targetRef="T08_escalation"/>'
)
SHAPES = (
    '<bpmndi:BPMNShape id="call_di" bpmnElement="call"><dc:Bounds x="685" y="245" width="40" height="80"/>'
    '</bpmndi:BPMNShape><bpmndi:BPMNEdge id="onward_di" bpmnElement="onward"><di:waypoint x="725" y="285"/>'
    '<di:waypoint x="740" y="285"/></bpmndi:BPMNEdge><bpmndi:BPMNShape id="start_di"'
)


OLD = (
    '<definitions xmlns="{}" id="d" name="d" namespace="n"><decision id="fee" name="费用">'
    '<decisionTable id="t" hitPolicy="UNIQUE"><input id="i" label="级别"><inputExpression id="ie" typeRef="string">'
    '<text>level</text></inputExpression></input><output id="o" label="金额" name="fee" typeRef="number"/><rule id="r">'
    '<inputEntry id="a"><text>"county"</text></inputEntry><outputEntry id="b"><text>5</text></outputEntry></rule>'
    "</decisionTable></decision></definitions>"
)


@pytest.fixture
def draft(site) -> UUID:
    with transaction(site.sessions) as session:
        return revisions.begin(session, identity.load(session, "liuguan"), PROGRAMME, "改进会审").id


def content(site, draft: UUID, path: str) -> str:
    with transaction(site.sessions) as session:
        return revisions.read(session, identity.load(session, "liuguan"), draft, path).content.decode()


def opened(page: Page, address: str, entry: str) -> None:
    page.goto(address)
    page.wait_for_selector(f"html[data-ready~={entry}]", state="attached")


def saved(page: Page) -> None:
    page.wait_for_selector("html[data-state=saved]", state="attached")


def fit(page: Page) -> None:
    """Hold that the page is accessible, all in Chinese, and no wider than a phone."""
    assert looks.missing(page) == set()
    assert looks.lines(page) & looks.english() == set()
    assert looks.grave(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(WIDE)


@pytest.mark.parametrize("space", ["20151101/dmn.xsd", "20180521/MODEL/"])
def test_a_decision_of_another_tool_in_an_older_dmn_opens_and_is_saved_in_todays(page, site, sign_in, draft, space):
    with transaction(site.sessions) as session:
        owner, old = identity.load(session, "liuguan"), OLD.format(f"http://www.omg.org/spec/DMN/{space}")
        revisions.save(session, owner, draft, "old.dmn", old.encode(), 0)
    sign_in("liuguan")
    opened(page, f"/studio/revisions/{draft}/files/old.dmn", "decision")
    expect(page.get_by_text("级别")).to_be_visible()
    page.locator("td.output-cell").first.click()
    with page.expect_response(lambda reply: reply.request.method == "PUT" and reply.ok):
        page.keyboard.press("End")
        page.keyboard.insert_text("0")
    saved(page)
    told = content(site, draft, "old.dmn")
    assert "https://www.omg.org/spec/DMN/20191111/MODEL/" in told
    assert "<text>50</text>" in told


def test_a_department_joins_the_reviewers(page, site, sign_in, draft):
    sign_in("liuguan")
    opened(page, f"/studio/revisions/{draft}/files/reviewers.dmn", "decision")
    expect(page.locator("td[data-told='省财政厅']")).to_be_visible()
    page.get_by_label("选择单位或角色").fill("省卫生健康委（prov-health）")
    page.get_by_role("button", name="新增一行").click()
    saved(page)
    note = page.locator("tr", has=page.locator("td[data-told='省财政厅']")).locator("td.annotation")
    expect(page.locator("td.annotation", has_text="联合制定指标体系")).to_be_visible()
    note.click()
    with page.expect_response(lambda reply: reply.request.method == "PUT" and reply.ok):
        page.keyboard.insert_text("负责资金安排")
    saved(page)
    told = content(site, draft, "reviewers.dmn")
    assert '"prov-health"' in told
    assert re.search(r"<annotationEntry[^>]*>\s*<text>负责资金安排</text>", told)
    assert re.search(r"<annotationEntry[^>]*>\s*<text>联合制定指标体系</text>", told)
    page.locator(".trial summary").click()
    page.get_by_label("环节").fill("pilot")
    page.get_by_role("button", name="试算").click()
    expect(page.locator(".trial-outcome")).to_contain_text("第 8 条")
    fit(page)
    page.get_by_role("button", name="撤销").click()


def test_a_form_is_changed_and_seen_as_others_see_it(page, site, sign_in, draft):
    sign_in("liuguan")
    opened(page, f"/studio/revisions/{draft}/files/forms/T01_team.form", "formeditor")
    page.locator(".fjs-form-field", has_text="牵头领导").first.click()
    page.get_by_text("基本", exact=True).click()
    page.get_by_label("字段名称").fill("牵头负责人")
    saved(page)
    assert '"牵头负责人"' in content(site, draft, "forms/T01_team.form")
    fit(page)
    page.get_by_role("button", name="预览", exact=True).click()
    expect(page.locator("#preview-form")).to_contain_text("牵头负责人")
    page.get_by_role("button", name="试提交").click()
    expect(page.locator(".preview-outcome")).to_contain_text("服务器会退回")
    page.get_by_label("以谁的身份看").select_option("reads")
    fit(page)


def test_an_indicator_weighs_more_and_the_difference_is_shown(page, site, sign_in, draft):
    sign_in("liuguan")
    opened(page, f"/studio/revisions/{draft}/files/indicators.csv", "setbook")
    page.locator("#set-choice").select_option("ZJ-DEMO-2012")
    grid = page.get_by_role("grid", name="指标", exact=True)
    grid.get_by_role("gridcell", name="11", exact=True).first.click()
    page.keyboard.press("Enter")
    page.keyboard.type("13")
    page.keyboard.press("Enter")
    saved(page)
    assert "quant,13,2.5" in content(site, draft, "indicators.csv")
    expect(page.locator("#weights")).to_contain_text("全部 102（须为 100）")
    expect(page.locator("[data-finding=error]").first).to_be_visible()
    page.locator("#rescore summary").click()
    expect(page.locator("#rescore")).to_contain_text("还没有已计分的轮次")
    fit(page)
    opened(page, f"/studio/revisions/{draft}/compare", "compare")
    expect(page.locator("ins")).to_have_text("13")
    fit(page)


def test_two_diagrams_stand_side_by_side(page, site, sign_in, draft):
    with transaction(site.sessions) as session:
        actor = identity.load(session, "liuguan")
        found = revisions.read(session, actor, draft, "city_forwarding.bpmn")
        drawn = found.content.decode().replace(FLOW, STEP).replace('<bpmndi:BPMNShape id="start_di"', SHAPES)
        revisions.save(session, actor, draft, "city_forwarding.bpmn", drawn.encode(), found.version)
    sign_in("liuguan")
    opened(page, f"/studio/revisions/{draft}/compare", "compare")
    expect(page.locator("#drawing-after .fate-added")).to_contain_text("新增")
    page.get_by_role("button", name="新增人工任务“电话核实”").click()
    fit(page)
