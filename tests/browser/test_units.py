"""The life of a unit on one page: what each reader sees, charts with their tables, figures with their versions."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from engine import divisions
from engine.db import transaction
from engine.domain.divisions import Change, Happening
from tests.browser.conftest import Site
from tests.support import looks, registers
from tests.support.registers import OTHER, PROOF, UNIT, VALUES, WHY, Lived

SignIn = Callable[[str], None]
PHONE = {"width": 390, "height": 844}
GDP = VALUES["gdp"]
PAGES = (f"/units/{UNIT}", f"/units/{UNIT}/record", f"/units/{UNIT}/figures", f"/units/{UNIT}/figures/2025/gdp")


@pytest.fixture
def county(site: Site, tmp_path: Path) -> Lived:
    """Give the life of the fictional county."""
    with transaction(site.sessions) as session:
        return registers.lived(session, tmp_path)


def whole(page: Page, address: str) -> None:
    """Open a page and wait until what is fetched beside it is there and its charts are drawn."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    if page.locator("[data-chart]").count():
        page.wait_for_selector("html[data-charts=ready]")
        expect(page.locator("[data-chart] svg").first).to_be_visible()


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_a_clerk_finds_the_life_of_the_county(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("xianzhang")
    page.goto("/units?q=云溪")
    page.get_by_role("link", name="云溪县").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("云溪县")
    rounds = panel(page, "历次轮次").get_by_role("row")
    expect(rounds).to_have_count(3)
    expect(rounds.nth(1)).to_contain_text("2026年两年测评轮次")
    expect(rounds.nth(1)).to_contain_text("合格，继续")
    expect(rounds.nth(1)).to_contain_text("第2名（共2个）")
    expect(rounds.nth(1)).to_contain_text("科技特派员入企服务")
    expect(panel(page, "称号沿革")).to_contain_text("2024-06-03 浙科发〔2024〕9号")
    expect(panel(page, "公文")).to_contain_text("浙科函〔2026〕1号")
    expect(panel(page, "佐证")).to_contain_text("统计年鉴.pdf")
    expect(panel(page, "事项")).to_contain_text("云溪县创建创新型县")


def test_the_radar_says_in_a_table_what_it_draws(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("tianbao")
    whole(page, f"/units/{UNIT}")
    drawn = page.evaluate("JSON.parse(document.getElementById('radar').textContent)")
    assert [one["name"] for one in drawn["series"]] == [
        "2026年两年测评轮次",
        "2024年试点申报轮次",
        "县（市、区）中位数",
    ]
    page.locator("figure", has=page.locator("[data-chart=radar]")).get_by_text("以表格查看").click()
    rows = page.locator("figure", has=page.locator("[data-chart=radar]")).get_by_role("row")
    for number, series in enumerate(drawn["series"], 1):
        told = [float(cell) for cell in rows.nth(number).get_by_role("cell").all_inner_texts()]
        assert told == series["values"]
    assert page.locator("[data-chart=radar] svg text", has_text="创新投入").count() == 1


def test_a_figure_is_chosen_and_drawn_and_its_versions_are_told(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("tianbao")
    whole(page, f"/units/{UNIT}")
    before = page.locator("[data-chart=figure-line]").inner_html()
    page.get_by_label("显示").select_option(label="地区生产总值（亿元）")
    assert page.locator("[data-chart=figure-line]").inner_html() != before
    page.get_by_text("全部数据一览表").first.click()
    page.get_by_role("row", name="地区生产总值 亿元").get_by_role("link").last.click()
    versions = page.get_by_role("row")
    expect(versions).to_have_count(3)
    expect(versions.nth(1)).to_contain_text(WHY)
    expect(versions.nth(1)).to_contain_text("采用")
    expect(versions.nth(1)).to_contain_text("吕数据")
    expect(versions.nth(1)).to_contain_text("施核数")
    expect(versions.nth(1).get_by_role("link", name=PROOF)).to_be_visible()


def test_tables_are_taken_away_as_they_are_shown(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("tianbao")
    page.goto("/")
    book = page.request.get(f"/units/{UNIT}/figures.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(book.body())).active.iter_rows(values_only=True))
    corrected = [row for row in rows if row[0] == "地区生产总值" and row[5] == 2]
    assert [(row[2], row[3], row[7], row[13]) for row in corrected] == [(2025, GDP, "吕数据", PROOF)]
    scores = page.request.get(f"/units/{UNIT}/scores.csv")
    assert "attachment" in scores.headers["content-disposition"]
    lines = scores.body().decode("utf-8-sig").splitlines()
    assert lines[0].startswith("轮次,数据年度,总分,等次,名次,参评数,创新投入")
    assert [line.split(",")[0] for line in lines[1:]] == ["2026年两年测评轮次", "2024年试点申报轮次"]
    assert page.request.get(f"/units/{UNIT}/scores.docx").status == 404


def test_an_agency_of_others_sees_only_what_is_published(page: Page, county: Lived, sign_in: SignIn) -> None:
    sign_in("hengce")
    whole(page, f"/units/{UNIT}")
    expect(panel(page, "历次得分")).to_contain_text("暂无得分")
    expect(panel(page, "历次轮次")).to_contain_text("列为试点")
    expect(panel(page, "历年指标数据")).to_contain_text("暂无数据")
    expect(panel(page, "公文")).to_contain_text("没有您可查看的公文")
    assert page.goto(f"/units/{UNIT}/figures/2025/gdp").status == 404
    assert page.goto("/units/990000").status == 404


def test_who_is_barred_and_who_went_into_another_is_told(
    page: Page, site: Site, county: Lived, sign_in: SignIn
) -> None:
    act = Happening(date(2025, 9, 3), Change.MERGE, "国函〔2025〕1号（虚构）", (UNIT,), (OTHER,), "整建制并入")
    with transaction(site.sessions) as session:
        divisions.enter(session, None, act, [])
    sign_in("jingban")
    page.goto(f"/units/{UNIT}")
    page.get_by_role("note").get_by_role("link", name="石桥县").click()
    expect(page.get_by_role("note")).to_contain_text("自2024-06-03起2轮内不得申报：数据造假。")
    expect(panel(page, "名称与沿革")).to_contain_text("合并 · 云溪县 → 石桥县")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_of_a_unit_are_for_everybody(page: Page, county: Lived, sign_in: SignIn, language: str) -> None:
    sign_in("tianbao")
    if language == "en":
        page.get_by_role("button", name="English").click()
    english = looks.english() if language == "zh" else set()
    page.set_viewport_size(PHONE)
    for address in PAGES:
        whole(page, address)
        assert looks.grave(page) == [], address
        assert looks.lines(page) & english == set(), address
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
