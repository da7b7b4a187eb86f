"""The catalogue says everything the pages say, and the lock file names no host."""

import json

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from engine.settings import ROOT

METHODS = [("pages/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}
CATALOGUE = ROOT / "server" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
LOCK = ROOT / "server" / "frontend" / "package-lock.json"


def test_every_sentence_of_the_pages_has_its_chinese_and_none_is_left_over() -> None:
    said = {message for _, _, message, _, _ in extract_from_dir(str(ROOT / "server"), METHODS, keywords=KEYWORDS)}
    with CATALOGUE.open("rb") as file:
        known = {message.id: message.string for message in read_po(file) if message.id}
    assert said == set(known)
    assert [key for key, text in known.items() if not any(text)] == []


def test_the_lock_of_the_scripts_names_no_host() -> None:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert "://" not in LOCK.read_text(encoding="utf-8")
