"""What every page owes its readers: accessible, translated, fitting a phone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from engine import identity, inbox, tasks
from engine.db import transaction
from tests.browser.conftest import Site
from tests.support import looks

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
    assert {address: found for address in tour() if (found := looks.grave(page))} == {}


def test_no_page_speaks_english_to_a_chinese_reader(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    english = looks.english()
    assert {address: found for address in tour() if (found := looks.lines(page) & english | looks.missing(page))} == {}


def test_every_page_fits_a_phone(page: Page, tour: Callable[[], Iterator[str]]) -> None:
    page.set_viewport_size(PHONE)
    widths = {address: page.evaluate("document.documentElement.scrollWidth") for address in tour()}
    assert {address: width for address, width in widths.items() if width > PHONE["width"]} == {}
