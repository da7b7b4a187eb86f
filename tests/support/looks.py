"""Looking at a page: what an accessibility checker holds against it, and what it says in the wrong language."""

import re

from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from engine.settings import ROOT

CATALOGUE = ROOT / "server" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
GRAVE = {"serious", "critical"}
HAN = re.compile(r"[\u4e00-\u9fff]")


def grave(page: Page) -> list[tuple[str, list[str]]]:
    """Return the serious and critical faults of access, each with what it is found in."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]


def lines(page: Page) -> set[str]:
    """Return the lines of text that a page shows."""
    return {line.strip() for line in page.locator("body").inner_text().splitlines()}


def drawn(page: Page) -> set[str]:
    """Return the words of diagrams, tables and names: their owner's, in whatever language they were drawn."""
    owned = ".djs-container text, .djs-container tspan, .tjs-container *, [translate=no]"
    return set(page.locator(owned).all_text_contents())


def missing(page: Page) -> set[str]:
    """Return what form-js and bpmn-js said that words.js does not know."""
    return set(page.evaluate("[...(window.icityMissing ?? [])]"))


def english() -> set[str]:
    """Return every English sentence that has a Chinese one in the catalogue."""
    with CATALOGUE.open("rb") as file:
        messages = [message.id for message in read_po(file) if message.id]
    return {text for one in messages for text in ([one] if isinstance(one, str) else one)}


def chinese() -> set[str]:
    """Return every Chinese sentence of the catalogue: what an English page says of its own accord is none of them."""
    with CATALOGUE.open("rb") as file:
        messages = [message.string for message in read_po(file) if message.id and message.string]
    told = {text for one in messages for text in ([one] if isinstance(one, str) else one)}
    return {text for text in told if HAN.search(text)}
