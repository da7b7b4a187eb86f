"""What every page shares: the blueprint, the menu, the bundles and the mark for loose styles."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Blueprint, current_app, g, request, url_for
from flask_babel import lazy_gettext as _

from engine.db import Sessions
from engine.settings import Settings
from server import auth
from server.pages import words

MANIFEST = Path(__file__).resolve().parent.parent / "static" / "manifest.json"

# Groups of (endpoint, noun, label); the noun is the first part of its addresses and the name of its icon. Who may not
# open a page, by what its view declares, is not shown its entry.
MENU = (
    (
        _("Work"),
        (
            ("pages.inbox", "tasks", _("My work")),
            ("pages.start", "start", _("Start a case")),
            ("pages.calendar", "calendar", _("Calendar")),
        ),
    ),
    (
        _("Overview"),
        (
            ("pages.board", "board", _("Board")),
            ("pages.plan_of_year", "plan", _("Plan of the year")),
            ("pages.rankings", "rankings", _("Rankings")),
            ("pages.bottlenecks", "bottlenecks", _("Bottlenecks")),
        ),
    ),
    (
        _("Look up"),
        (
            ("pages.instances", "instances", _("Cases")),
            ("pages.units", "units", _("Units")),
            ("pages.documents", "documents", _("Documents")),
        ),
    ),
    (
        _("Studio"),
        (
            ("pages.studio", "studio", _("Library of programmes")),
            ("pages.fleet_overview", "fleet", _("Watch running cases")),
        ),
    ),
    (
        _("Systems"),
        (("pages.operations", "operations", _("Operations")),),
    ),
    (
        _("Other systems"),
        (
            ("pages.endpoints", "endpoints", _("Systems we tell")),
            ("pages.sources", "sources", _("Systems that tell us")),
        ),
    ),
    (
        _("Yours"),
        (
            ("pages.settings", "settings", _("Settings")),
            ("pages.help_index", "help", _("Help")),
        ),
    ),
)

View = TypeVar("View", bound=Callable[..., Any])

pages = Blueprint("pages", __name__)


@dataclass(frozen=True)
class Bundle:
    """The addresses of one script and its style sheet."""

    js: str
    css: str


def loose_style(view: View) -> View:
    """Mark a view whose reply may carry style attributes; the Content-Security-Policy reads `loose_style`."""
    view.loose_style = True  # type: ignore[attr-defined]
    return view


def kept(seconds: int) -> Callable[[View], View]:
    """Mark a public view whose reply anybody may keep for some seconds; `server.headers` reads `public_age`."""

    def mark(view: View) -> View:
        view.public_age = seconds  # type: ignore[attr-defined]
        return view

    return mark


def sessions() -> Sessions:
    """Return the factory of database sessions of this application."""
    return cast("Sessions", current_app.extensions["icity"].sessions)


def settings() -> Settings:
    """Return the settings of this application."""
    return cast("Settings", current_app.extensions["icity"].settings)


@pages.app_context_processor
def furnish() -> dict[str, Any]:
    """Give every template the language, the person, the menu and the bundles."""
    return {
        "language": words.language(),
        "actor": g.get("actor"),
        "menu": _menu(),
        "bundle": bundle,
        "here": request.full_path.rstrip("?"),
    }


def bundle(name: str) -> Bundle:
    """Return the addresses of the bundle `name` as the last build wrote them."""
    script, style = _manifest()[name].values()
    return Bundle(url_for("static", filename=script), url_for("static", filename=style))


def _menu() -> list[dict[str, Any]]:
    if g.get("actor") is None:
        return []
    groups = ({"label": label, "entries": _entries(entries)} for label, entries in MENU)
    return [group for group in groups if group["entries"]]


def _entries(entries: Iterable[tuple[str, str, object]]) -> list[dict[str, Any]]:
    views = current_app.view_functions
    return [_entry(*entry) for entry in entries if auth.open_to(views[entry[0]], g.actor)]


def _entry(endpoint: str, noun: str, label: object) -> dict[str, Any]:
    return {"href": url_for(endpoint), "label": label, "icon": noun, "current": _noun() == noun}


def _noun() -> str:
    parts = request.path.split("/")
    return "fleet" if parts[1:3] == ["studio", "fleet"] else parts[1] or "tasks"


@cache
def _manifest() -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", json.loads(MANIFEST.read_text(encoding="utf-8")))
