"""Boards, calendars, rankings and bottlenecks in a real browser: seen by everybody, by keyboard, in both languages."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import icalendar
import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import event, select

from engine import clock, identity, inbox, maps, tasks, titles
from engine.db import transaction
from engine.domain.titles import Kind, Title
from engine.maps import File
from engine.tables import Event, Feed, Instance, Round, RoundState, ScoreSheet, Task, TaskState
from tests.browser.conftest import Site
from tests.unit.engine.test_maps import collection, feature

GRAVE = {"serious", "critical"}
SIZES = ({"width": 1440, "height": 900}, {"width": 1024, "height": 768}, {"width": 390, "height": 844})
PAGES = (
    "/board",
    "/board?view=table",
    "/board?view=map",
    "/board?province=330000",
    "/calendar",
    "/calendar?view=list&month=2024-06",
    "/rankings",
    "/rankings?round=biennial-2022&unit=339922",
    "/bottlenecks?months=36",
)
NOW = datetime(2024, 6, 3, 2, tzinfo=UTC)
YUNXI, SHIQIAO = "339921", "339922"


@pytest.fixture
def province(site: Site) -> Site:
    """Give a province with pilots, two rounds, late work, and an approved map; the day is 3 June 2024."""
    clock.travel(NOW)
    with transaction(site.sessions) as session:
        for unit in (YUNXI, SHIQIAO):
            titles.grant(
                session,
                titles.Ground("innovative-city"),
                Title(unit, Kind.PILOT, date(2022, 6, 3), "浙科发〔2022〕3号"),
                None,
            )
        for year in (2022, 2024):
            session.add(_round(year))
            session.flush()
            for place, unit in enumerate((YUNXI, SHIQIAO)):
                session.add(_sheet(year, unit, 60 + year % 100 - 2022 % 100 + 9 * place))
        for row in session.scalars(select(Task)):
            row.created_at, row.due_at = NOW - timedelta(days=28), NOW - timedelta(days=7)
        shapes = collection(feature("339900"), feature(YUNXI, [[120, 30], [120.5, 30], [120.5, 29.5], [120, 30]]))
        maps.keep(session, identity.load(session, "admin"), "390000", File("东海.geojson", shapes, "浙S(2023)12号"))
        head = identity.load(session, "xianzhang")
        first = inbox.claimable(session, head).rows[0]
        tasks.claim(session, head, first.id)
        session.get_one(Task, first.id).due_at = datetime(2024, 6, 12, 15, 59, 59, tzinfo=UTC)
    return site


def _round(year: int) -> Round:
    return Round(
        id=f"biennial-{year}", programme="innovative-city", kind="biennial", year=year, indicator_set="ZJ-DEMO-2012",
        set_digest="x", set_rows=[], state=RoundState.PUBLISHED, opened_on=date(year, 3, 1),
        published_on=date(year, 5, 31), document_no=f"浙科发〔{year}〕9号",
    )  # fmt: skip


def _sheet(year: int, unit: str, total: int) -> ScoreSheet:
    groups = [{"code": code, "name": name, "index": str(total + n)} for n, (code, name) in enumerate(GROUPS)]
    return ScoreSheet(
        id=uuid4(), programme="innovative-city", round=f"biennial-{year}", unit=unit, case_id=f"{unit}-2022",
        level="county", indicator_set="ZJ-DEMO-2012", set_digest="x", total=Decimal(total), gates_met=True,
        grade="达标", sheet={"groups": groups}, digest="x", made_at=NOW,
    )  # fmt: skip


GROUPS = (("A", "创新投入"), ("B", "企业创新"), ("C", "创新产出"))


@pytest.fixture
def tour(page: Page, province: Site, sign_in: Callable[[str], None]) -> Callable[[], Iterator[str]]:
    """Give a function that opens one page after the other, as the head of the department."""
    assert province

    def touring() -> Iterator[str]:
        sign_in("tingzhang")
        for address in PAGES:
            page.goto(address)
            if address.startswith("/bottlenecks"):
                page.wait_for_selector("html[data-ready]")
            if address.startswith("/rankings"):
                page.wait_for_selector("html[data-charts]")
            yield address

    return touring


def test_no_page_has_a_serious_fault_of_access(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    assert {address: found for address in tour() if (found := _grave(page))} == {}


def test_every_page_speaks_english_when_asked_to(page: Page, tour: Callable[[], Iterator[str]], province: Site) -> None:
    page.context.add_cookies([{"name": "language", "value": "zh", "url": province.address}])
    titles_of = {address: page.title() for address in tour()}
    page.context.add_cookies([{"name": "language", "value": "en", "url": province.address}])
    for address in PAGES:
        page.goto(address)
        assert page.title() != titles_of[address]
        assert _grave(page) == []


def test_every_page_fits_its_screen(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    wide = {}
    for _ in tour():
        pass
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for address in PAGES:
            page.goto(address)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                wide[address, size["width"]] = width
    assert wide == {}


def test_board_shows_every_unit_with_letter_and_words(
    page: Page, province: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("tingzhang")
    page.get_by_role("link", name="看板").click()
    tile = page.get_by_role("link", name="云溪县：")
    assert tile.locator("text.letter").inner_html() == "试"
    assert "试点" in str(tile.get_attribute("aria-label"))
    key = page.get_by_role("group", name="突出显示一种状态").get_by_role("button", name="试点")
    key.focus()
    page.keyboard.press("Enter")
    assert key.get_attribute("aria-pressed") == "true"
    assert page.locator("a.tile.is-pointed").count() == 2
    tile.focus()
    assert "云溪县" in page.locator("#told").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/units/339921")
    assert province


def test_map_is_shown_with_its_approval_number_alone(
    page: Page, province: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("tingzhang")
    page.goto("/board?view=map")
    assert page.get_by_text("审图号：浙S(2023)12号").is_visible()
    assert page.locator("svg.board-map a.area").count() == 2
    with transaction(province.sessions) as session:
        maps.remove(session, identity.load(session, "admin"), "390000")
    page.goto("/board?view=map")
    assert page.locator("svg.board-map").count() == 0
    assert page.get_by_role("link", name="行政区划图").count() == 0


def test_administrator_imports_a_map_and_is_told_what_is_wrong(
    page: Page, province: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("admin")
    page.goto("/board/maps")
    page.get_by_role("button", name="删除底图").click()
    page.get_by_text("尚未导入底图").wait_for()
    page.get_by_label("省份").select_option("390000")
    page.get_by_label("审图号").fill("浙S(2023)12号")
    wrong = {"name": "zj.geojson", "mimeType": "application/json", "buffer": collection(feature("330100"))}
    page.get_by_label("GeoJSON 文件").set_input_files(wrong)  # type: ignore[arg-type]
    page.get_by_role("button", name="导入").click()
    assert "330100" in page.locator("#fault").inner_text()
    right = {"name": "dh.geojson", "mimeType": "application/json", "buffer": collection(feature("339900"))}
    page.get_by_label("GeoJSON 文件").set_input_files(right)  # type: ignore[arg-type]
    page.get_by_role("button", name="导入").click()
    assert page.locator("dl.facts dd").first.inner_text() == "浙S(2023)12号"
    assert _grave(page) == []
    with transaction(province.sessions) as session:
        assert list(session.scalars(select(Event.kind).where(Event.kind.startswith("map.")).order_by(Event.id))) == [
            "map.imported", "map.removed", "map.imported",
        ]  # fmt: skip


def test_clerk_of_a_county_sees_the_own_unit_and_no_bottlenecks(
    page: Page, province: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("xianzhang")
    menu = page.get_by_role("navigation", name="主菜单")
    assert (menu.get_by_role("link", name="看板").count(), menu.get_by_role("link", name="办理时效").count()) == (1, 0)
    page.goto("/board?view=table")
    assert page.locator("tbody tr td.main-cell a[href='/units/339921']").count() == 1
    assert page.locator("a[href='/units/339922']").count() == 0
    assert page.goto("/bottlenecks").status == 403  # type: ignore[union-attr]
    assert page.goto("/board/maps").status == 403  # type: ignore[union-attr]
    assert page.goto("/board?province=330000").status == 404  # type: ignore[union-attr]
    assert province


def test_ranking_tells_places_points_and_profile(page: Page, province: Site, sign_in: Callable[[str], None]) -> None:
    sign_in("tingzhang")
    page.goto("/rankings?round=biennial-2024")
    rows = page.locator("table.ranks tbody tr")
    assert [row.split()[:2] for row in rows.all_inner_texts()] == [["1", "石桥县"], ["2", "云溪县"]]
    page.get_by_role("link", name="雷达图: 云溪县").click()
    page.wait_for_selector("html[data-charts]")
    assert page.get_by_role("heading", name="云溪县分组指数").is_visible()
    assert page.get_by_role("cell", name="62.0").first.is_visible()
    page.get_by_label("轮次").select_option("biennial-2022")
    page.wait_for_url("**round=biennial-2022**")
    assert province


@pytest.mark.parametrize(
    "address",
    [
        "/board/units.xlsx?province=390000",
        "/board/targets.xlsx",
        "/rankings/biennial-2024.xlsx",
        "/bottlenecks/steps.xlsx?months=36",
    ],
)
def test_every_chart_is_taken_away_as_a_table(
    page: Page, province: Site, sign_in: Callable[[str], None], address: str, tmp_path
) -> None:
    sign_in("tingzhang")
    reply = page.context.request.get(province.address + address)
    file = tmp_path / "table.xlsx"
    file.write_bytes(reply.body())
    rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    assert (reply.status, len(rows) > 1, None in rows[0]) == (200, True, False)
    assert page.context.request.get(province.address + address.replace(".xlsx", ".exe")).status == 404


def test_heat_is_drawn_on_the_steps_of_the_process(page: Page, province: Site, sign_in: Callable[[str], None]) -> None:
    with transaction(province.sessions) as session:
        row = session.scalars(select(Task).where(Task.due_at > NOW)).one()
        element, days = row.element, {"created_at": NOW - timedelta(days=28), "ended_at": NOW - timedelta(days=1)}
        done = {"instance": row.instance, "element": element, "name": row.name, "state": TaskState.COMPLETED}
        session.add(Task(id=uuid4(), **done, **days))
    sign_in("tingzhang")
    page.goto("/bottlenecks")
    page.wait_for_selector("html[data-ready]")
    shape = page.locator(f".djs-element[data-element-id='{element}']")
    assert "shade-" in str(shape.get_attribute("class"))
    assert page.locator(f".djs-overlays[data-container-id='{element}']").all_inner_texts() == ["20 / 20 日\n1"]


def test_month_tells_holidays_moved_working_days_and_my_deadline(
    page: Page, province: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("xianzhang")
    page.goto("/calendar")
    holiday = page.locator("td", has=page.locator("time[datetime='2024-06-10']"))
    assert holiday.locator("b.off").count() == 1
    day = page.locator("td", has=page.locator("time[datetime='2024-06-12']"))
    assert day.locator("a.entry-red").count() == 1
    page.goto("/calendar?month=2024-05")
    moved = page.locator("td", has=page.locator("time[datetime='2024-05-11']"))
    assert moved.locator("b.on").inner_text() == "班"
    page.goto("/calendar?month=2031-01")
    assert page.get_by_text("节假日安排尚未公布").is_visible()
    assert page.goto("/calendar?month=zukunft").status == 404  # type: ignore[union-attr]
    assert province


def test_feed_is_made_and_read_without_signing_in(page: Page, province: Site, sign_in: Callable[[str], None]) -> None:
    sign_in("xianzhang")
    page.goto("/calendar")
    page.get_by_role("button", name="生成订阅地址").click()
    first = _secret(page)
    with transaction(province.sessions) as session:
        [kept] = session.scalars(select(Feed.digest))
        assert first not in kept
        row = session.scalars(select(Task).where(Task.due_at > NOW)).one()
        row.provisional = True
        title = session.get_one(Instance, row.instance).title
    outside = page.context.browser.new_context()  # type: ignore[union-attr]
    reply = outside.request.get(f"{province.address}/feeds/{first}.ics")
    assert reply.headers["content-type"].startswith("text/calendar")
    found = {str(one["uid"]).split("@")[0]: one for one in icalendar.Calendar.from_ical(reply.body()).walk("VEVENT")}
    task = found[f"task-{row.id}"]
    assert str(task["summary"]).startswith("（暂定）")
    assert title in str(task["summary"])
    assert (task["dtstart"].dt, task["dtend"].dt) == (date(2024, 6, 12), date(2024, 6, 13))
    again = icalendar.Calendar.from_ical(outside.request.get(f"{province.address}/feeds/{first}.ics").body())
    assert {str(one["uid"]) for one in again.walk("VEVENT")} == {str(one["uid"]) for one in found.values()}
    outside.close()


def test_renewed_and_ended_addresses_are_not_answered(
    page: Page, province: Site, sign_in: Callable[[str], None]
) -> None:
    sign_in("xianzhang")
    page.goto("/calendar")
    page.get_by_role("button", name="生成订阅地址").click()
    first, outside = _secret(page), page.context.browser.new_context()  # type: ignore[union-attr]
    page.goto("/calendar")
    page.get_by_role("button", name="重新生成地址").click()
    second = _secret(page)
    assert outside.request.get(f"{province.address}/feeds/{first}.ics").status == 404
    page.get_by_role("button", name="停用地址").click()
    page.get_by_role("button", name="生成订阅地址").wait_for()
    assert outside.request.get(f"{province.address}/feeds/{second}.ics").status == 404
    outside.close()


def test_hour_of_a_day_is_told_in_asia_shanghai(page: Page, province: Site, sign_in: Callable[[str], None]) -> None:
    with transaction(province.sessions) as session:
        row = session.scalars(select(Task).where(Task.due_at > NOW)).one()
        row.due_at = datetime(2024, 6, 12, 9, 30, tzinfo=UTC)
    sign_in("xianzhang")
    page.goto("/calendar")
    page.get_by_role("button", name="生成订阅地址").click()
    reply = page.context.request.get(f"{province.address}/feeds/{_secret(page)}.ics")
    text = reply.body().decode()
    assert "DTSTART;TZID=Asia/Shanghai:20240612T173000" in text
    assert "BEGIN:VTIMEZONE" in text


def test_guessing_feeds_is_slowed(page: Page, province: Site) -> None:
    answers = [page.context.request.get(f"{province.address}/feeds/guess{n}.ics").status for n in range(61)]
    assert (answers[0], answers[-1]) == (404, 429)


def test_pages_take_few_statements(page: Page, province: Site, sign_in: Callable[[str], None]) -> None:
    sign_in("tingzhang")
    counted: list[str] = []
    engine = province.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    many = {}
    for address in PAGES:
        counted.clear()
        page.context.request.get(province.address + address)
        if len(counted) > 12:
            many[address] = list(counted)
    assert many == {}


def _secret(page: Page) -> str:
    return page.get_by_label("日历订阅地址").input_value().rpartition("/")[2].removesuffix(".ics")


def _grave(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]
