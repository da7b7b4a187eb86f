"""Many figures as one table: pasted from a spreadsheet after a look at what goes where, asked about while typed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from engine import figures, identity, instances, tables, tasks
from engine.db import transaction
from engine.figures import Batch, Hands, Origin
from tests.browser.conftest import PROGRAMME, Site
from tests.support import files

SignIn = Callable[[str], None]
UNIT, YEAR = "339921", 2013
COLLECTION = instances.Application(
    PROGRAMME,
    "figure_collection",
    "云溪县指标填报",
    UNIT,
    "yunxi-science",
    {
        "unit": UNIT,
        "unit_name": "云溪县",
        "case_id": "c",
        "data_year": YEAR,
        "set": "ZJ-DEMO-2012",
        "applicant": "yunxi-science",
        "statistics": "yunxi-statistics",
        "departments": ["science"],
    },
)
BLOCK = """<table><tr><td>指标</td><td>单位</td><td>2012年</td><td>2013年</td></tr>
<tr><td>全社会R＆D经费支出</td><td>万元</td><td>37,000</td><td>３９，８７６</td></tr>
<tr><td>高新技术企业数</td><td>家</td><td>26</td><td>29</td></tr>
<tr><td>年末常住人口</td><td>万人</td><td>27</td><td></td></tr>
<tr><td>粮食产量</td><td>万吨</td><td>5</td><td>6</td></tr></table>"""
PASTE = """([path, html, text]) => {
  const clipboardData = new DataTransfer();
  if (html) clipboardData.setData('text/html', html);
  clipboardData.setData('text/plain', text);
  const input = document.querySelector(`input[data-path="${path}"]`);
  input.focus();
  input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def table(site: Site, page: Page, sign_in: SignIn) -> Locator:
    """Give the table of figures that the county's data clerk fills in; last year's are on record."""
    with transaction(site.sessions) as session:
        clerk = identity.load(session, "shuju")
        before = {"rd_expenditure": 3.7, "gdp": 230, "hte_count": 26}
        figures.record(session, Hands(), Batch(UNIT, YEAR - 1, before, Origin.DECLARED))
        case = instances.start(session, None, COLLECTION)
        task = session.scalars(select(tables.Task.id).where(tables.Task.instance == case)).one()
        tasks.claim(session, clerk, task)
    sign_in("shuju")
    page.goto(f"/tasks/{task}")
    page.locator("[data-ready~=form]").wait_for()
    return page.locator(".figures")


def test_a_block_goes_where_its_names_say_once_it_was_looked_at(page: Page, table: Locator) -> None:
    _paste(page, "gdp", BLOCK)
    plan = page.get_by_role("dialog", name="核对粘贴内容")
    expect(plan.get_by_role("row").filter(has_text="３９")).to_contain_text("→ 3.9876")
    expect(plan.get_by_role("row").filter(has_text="３９")).to_contain_text("由万元换算为亿元")
    expect(plan.get_by_role("row").filter(has_text="粮食产量")).to_contain_text("本表无此指标")
    expect(plan.get_by_role("row").filter(has_text="年末常住人口")).to_contain_text("保持原值")
    expect(_cell(table, "rd_expenditure")).to_have_value("")
    plan.get_by_role("button", name="填入2项").click()
    expect(_cell(table, "rd_expenditure")).to_have_value("3.9876")
    expect(_cell(table, "hte_count")).to_have_value("29")
    expect(page.locator("#draft-state")).to_contain_text("已暂存")
    table.get_by_role("button", name="撤销").click()
    expect(_cell(table, "rd_expenditure")).to_have_value("")
    expect(_cell(table, "hte_count")).to_have_value("")


def test_another_column_may_be_taken(page: Page, table: Locator) -> None:
    _paste(page, "gdp", BLOCK)
    plan = page.get_by_role("dialog", name="核对粘贴内容")
    plan.get_by_label("取数列").select_option(label="第3列：2012年")
    plan.get_by_role("button", name="填入3项").click()
    expect(_cell(table, "hte_count")).to_have_value("26")
    expect(_cell(table, "population")).to_have_value("27")


def test_numbers_alone_go_by_order_from_the_cursor(page: Page, table: Locator) -> None:
    _paste(page, "gdp", "", "251.2\n1.34\n\n37.7\n")
    plan = page.get_by_role("dialog", name="核对粘贴内容")
    expect(plan).to_contain_text("按顺序填入")
    plan.get_by_role("button", name="填入3项").click()
    expect(_cell(table, "gdp")).to_have_value("251.2")
    expect(_cell(table, "rd_expenditure")).to_have_value("")


def test_it_is_typed_into_by_keyboard_alone(page: Page, table: Locator) -> None:
    first, second = _cell(table, "rd_expenditure"), _cell(table, "gdp")
    first.focus()
    page.keyboard.type("１，２３４．５０")
    page.keyboard.press("Enter")
    expect(first).to_have_value("1234.5")
    expect(second).to_be_focused()
    page.keyboard.type("250")
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+z")
    expect(second).to_have_value("")
    page.keyboard.press("Control+z")
    expect(first).to_have_value("")


def test_what_looks_strange_is_asked_and_what_the_form_refuses_is_told(page: Page, table: Locator) -> None:
    expect(table.get_by_role("row").filter(has=_cell(page, "gdp"))).to_contain_text("230")
    _cell(table, "rd_expenditure").fill("370")
    asked = table.get_by_role("row").filter(has=_cell(page, "rd_expenditure"))
    expect(asked).to_contain_text("计量单位是否为亿元")
    _cell(table, "hte_count").fill("2.5")
    expect(table.get_by_role("row").filter(has=_cell(page, "hte_count"))).to_contain_text("不符合要求")
    _cell(table, "gdp").fill("很多")
    expect(table.get_by_role("row").filter(has=_cell(page, "gdp"))).to_contain_text("不是数字")
    expect(_cell(table, "gdp")).to_have_attribute("aria-invalid", "true")


def test_the_fields_of_the_form_hold_what_the_table_says(page: Page, table: Locator) -> None:
    _cell(table, "gdp").fill("251.2")
    field = page.get_by_label("地区生产总值（亿元）")
    expect(field).to_be_hidden()
    table.get_by_role("button", name="逐项").click()
    expect(field).to_have_value("251.2")
    expect(_cell(table, "gdp")).to_be_hidden()
    field.fill("252")
    table.get_by_role("button", name="表格").click()
    expect(_cell(table, "gdp")).to_have_value("252")


def test_an_attached_file_becomes_the_evidence_of_a_figure(page: Page, table: Locator) -> None:
    page.locator("[data-choose]").set_input_files(
        [{"name": "统计年鉴.pdf", "mimeType": "application/pdf", "buffer": files.pdf()}]
    )
    page.get_by_role("button", name="用作佐证: 统计年鉴.pdf").click()
    page.get_by_label("用于").select_option(label="地区生产总值（亿元）")
    page.get_by_role("button", name="填入", exact=True).click()
    expect(page.get_by_label("数据代码")).to_have_value("gdp")
    expect(page.get_by_label("来源资料")).to_have_value("统计年鉴.pdf")
    assert len(page.get_by_label("佐证文件校验值").input_value()) == 64


def _paste(page: Page, code: str, html: str, text: str = "") -> None:
    page.evaluate(PASTE, [f"values.{code}", html, text])


def _cell(place: Page | Locator, code: str) -> Locator:
    return place.locator(f'input[data-path="values.{code}"]')
