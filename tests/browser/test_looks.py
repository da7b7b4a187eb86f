"""What every page owes its readers: accessible, translated, fitting a phone."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from engine import identity, inbox, tasks
from engine.db import transaction
from engine.settings import ROOT
from tests.browser.conftest import Site

CATALOGUE = ROOT / "server" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
GRAVE = {"serious", "critical"}
PHONE = {"width": 390, "height": 844}
PAGES = ["/sign-in", "/", "/tasks?list=claimable", "/tasks?list=done", "/instances", "/units", "/nowhere"]
WITH_WIDGET = 2


@pytest.fixture
def addresses(site: Site) -> list[str]:
    """Give the address of every kind of page; the head of the fictional county has claimed the first task."""
    with transaction(site.sessions) as session:
        head = identity.load(session, "xianzhang")
        [first] = inbox.claimable(session, head).rows
        tasks.claim(session, head, first.id)
    return [f"/tasks/{first.id}", f"/instances/{site.case}", *PAGES]


@pytest.fixture
def tour(page: Page, addresses: list[str], sign_in: Callable[[str], None]) -> Callable[[], Iterator[str]]:
    """Give a function that opens one page after the other and yields its address when it is ready."""

    def touring() -> Iterator[str]:
        sign_in("xianzhang")
        for number, address in enumerate(addresses):
            page.goto(address)
            if number < WITH_WIDGET:
                page.wait_for_selector("html[data-ready]")
            yield address

    return touring


def test_no_page_has_a_serious_fault_of_access(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    assert {address: found for address in tour() if (found := _grave(page))} == {}


def test_no_page_speaks_english_to_a_chinese_reader(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    english = _english()
    assert {address: found for address in tour() if (found := _lines(page) & english | _missing(page))} == {}


def test_every_page_fits_a_phone(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    page.set_viewport_size(PHONE)
    widths = {address: page.evaluate("document.documentElement.scrollWidth") for address in tour()}
    assert {address: width for address, width in widths.items() if width > PHONE["width"]} == {}


def _grave(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]


def _lines(page: Page) -> set[str]:
    return {line.strip() for line in page.locator("body").inner_text().splitlines()}


def _missing(page: Page) -> set[str]:
    """Return what form-js and bpmn-js said that words.js does not know."""
    return set(page.evaluate("[...(window.icityMissing ?? [])]"))


def _english() -> set[str]:
    with CATALOGUE.open("rb") as file:
        messages = [message.id for message in read_po(file) if message.id]
    return {text for one in messages for text in ([one] if isinstance(one, str) else one)}
