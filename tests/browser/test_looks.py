"""What every page owes its readers: accessible, in their own language only, fitting a phone, keeping to its policy."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Error, Page

from engine import identity
from engine.db import transaction
from engine.identity import Kind, Limits
from engine.settings import Settings
from server.app import create_app
from tests.browser.conftest import PATIENCE, WIDE, Site, Watch
from tests.support import everywhere, looks
from tests.support.everywhere import ADMIN, CLERK, NOBODY, OFFICER, OWNER, Furnished, Place

LANGUAGES = {"zh": "zh-CN", "en": "en"}
PHONE = {"width": 390, "height": 844}
FRAME = "/help/sign-in"  # where parts of pages are looked at, inside the frame that all pages share
PUT_IN = """async (address) => {
  const reply = await fetch(address, { headers: { 'HX-Request': 'true' } });
  const main = document.querySelector('main');
  main.innerHTML = await reply.text();
  for (const one of main.querySelectorAll('dialog')) one.show();
  return reply.status;
}"""


FITS = "(width) => innerWidth <= width && document.documentElement.scrollWidth <= width"
LAID_OUT = 5_000  # milliseconds; the window takes its new size some frames later
SETTLED = """() => !document.querySelector('.htmx-request')
  && (!document.getElementById('form') || document.documentElement.dataset.ready)"""


@dataclass
class Found:
    """What is wrong, by language and address, and which addresses gave no page."""

    faults: dict[str, object] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def house(site: Site, configuration: Settings, tmp_path: Path) -> Furnished:
    return everywhere.furnish(site.sessions, configuration, site.case, tmp_path)


@pytest.fixture
def app(configuration: Settings, site: Site) -> Flask:
    return create_app(configuration, site.sessions)


def test_no_page_is_forgotten(app: Flask) -> None:
    assert everywhere.unlisted(app) == set()


@pytest.mark.parametrize("login", [OFFICER, CLERK, ADMIN, OWNER, NOBODY])
def test_every_page_is_fit_to_be_seen(
    chromium: Browser, site: Site, configuration: Settings, house: Furnished, login: str
) -> None:
    watch, found = Watch(), Found()
    context = chromium.new_context(viewport=WIDE, locale="zh-CN", base_url=site.address)
    context.set_default_timeout(PATIENCE)
    if login:
        context.add_cookies([{"name": "sid", "value": _secret(site, configuration, login), "url": site.address}])
    page = context.new_page()
    watch.over(page)
    for language in LANGUAGES:
        context.add_cookies([{"name": "language", "value": language, "url": site.address}])
        for address, place in house.addresses(login):
            status = _open(page, address, place)
            if status != HTTPStatus.OK:
                found.statuses[address] = status
            if faults := dict(_faults(page, language)):
                found.faults[f"{language} {address}"] = faults
    context.close()
    assert found.faults == {}
    assert watch.complaints == []
    assert found.statuses == {}


def _open(page: Page, address: str, place: Place) -> int:
    if place.part:
        if not page.url.endswith(FRAME):
            page.goto(FRAME)
        return int(page.evaluate(PUT_IN, address))
    reply = page.goto(address)
    page.wait_for_function(SETTLED)
    return reply.status if reply else 0


def _faults(page: Page, language: str) -> Iterator[tuple[str, object]]:
    """Yield what is wrong with the page that is open, each kind with what was found."""
    if grave := looks.grave(page):
        yield "access", grave
    strange = looks.lines(page) & (looks.english() if language == "zh" else looks.chinese())
    if strange := (strange - looks.drawn(page)) | looks.missing(page):
        yield "words", strange
    if (spoken := page.locator("html").get_attribute("lang")) != LANGUAGES[language]:
        yield "language", spoken
    page.set_viewport_size(PHONE)
    try:
        page.wait_for_function(FITS, arg=PHONE["width"], timeout=LAID_OUT)
    except Error:
        yield "width", page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(WIDE)


def _secret(site: Site, configuration: Settings, login: str) -> str:
    with transaction(site.sessions) as session:
        person = identity.load(session, login).id
        return identity.begin(session, person, Kind.WEB, Limits.of(configuration))
