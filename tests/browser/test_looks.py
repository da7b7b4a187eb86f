"""What every page owes its readers: accessible, translated, fitting a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from engine import identity, tasks
from engine.db import transaction
from engine.settings import ROOT
from tests.browser.conftest import Site

CATALOGUE = ROOT / "server" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
GRAVE = {"serious", "critical"}
PHONE = {"width": 390, "height": 844}
PAGES = [
    "/sign-in",
    "/",
    "/tasks?list=claimable",
    "/tasks?list=done",
    "task",
    "/instances",
    "case",
    "/units",
    "/nowhere",
]


@pytest.fixture
def visit(page: Page, site: Site, sign_in: Callable[[str], None]) -> Callable[[str], None]:
    """Give a function that opens one of PAGES as the head of the fictional county, whose first task is claimed."""
    with transaction(site.sessions) as session:
        head = identity.load(session, "xianzhang")
        [first] = tasks.claimable(session, head).rows
        tasks.claim(session, head, first.id)

    def visiting(name: str) -> None:
        if name != "/sign-in":
            sign_in("xianzhang")
        address = {"task": f"/tasks/{first.id}", "case": f"/instances/{site.case}"}.get(name, name)
        page.goto(address)
        if name in {"task", "case"}:
            page.wait_for_selector("html[data-ready]")

    return visiting


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_serious_fault_of_access(page: Page, visit: Callable[[str], None], name: str) -> None:
    visit(name)
    found = Axe().run(page).response["violations"]
    grave = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]
    assert grave == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_speaks_english_to_a_chinese_reader(page: Page, visit: Callable[[str], None], name: str) -> None:
    visit(name)
    lines = {line.strip() for line in page.locator("body").inner_text().splitlines()}
    assert lines & _english() == set()
    assert page.evaluate("[...(window.icityMissing ?? [])]") == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_a_phone(page: Page, visit: Callable[[str], None], name: str) -> None:
    page.set_viewport_size(PHONE)
    visit(name)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def _english() -> set[str]:
    with Path(CATALOGUE).open("rb") as file:
        messages = [message.id for message in read_po(file) if message.id]
    return {text for one in messages for text in ([one] if isinstance(one, str) else one)}
