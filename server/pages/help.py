"""Help: a page a subject in both languages, a search over all of them, and the tour of the first day."""

import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from engine import preferences
from engine.db import transaction
from server import auth
from server.auth import signed_in
from server.pages.shell import pages, sessions
from server.pages.subjects import SUBJECTS
from server.pages.subjects import of as subject_of
from server.pages.words import language

TOUR = "tour"  # the cookie that lets the desk show its tour
SECTION = re.compile(r'<section id="([^"]+)">\s*<h2>(.*?)</h2>(.*?)</section>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
SPACE = re.compile(r"\s+")
AROUND = 50  # letters shown before and after what was found
LONGEST = 60  # letters of a query
STEPS = (
    (
        "",
        _("Welcome to your desk"),
        _("In four steps you see where your work arrives and where help is. It takes half a minute."),
    ),
    (
        ".tabs",
        _("Your lists"),
        _("What you must do, may take, did, started, and what others sent you. Each shows how many."),
    ),
    (
        "#main .panel:not(.reminders)",
        _("Deadlines in working days"),
        _("The soonest stands first, what is late is red. “Provisional”: holidays of that year are not published."),
    ),
    (
        "nav .menu",
        _("Everything else"),
        _("The menu leads to cases, units, documents, the board and the calendar, as far as your roles reach."),
    ),
    (
        ".person",
        _("Yours alone"),
        _("Help on the page you look at, the language, the way out. Substitutes are under Settings."),
    ),
)


@dataclass(frozen=True)
class Section:
    """A section of help: where it stands, what it is called, and its plain text."""

    subject: str
    anchor: str
    title: str
    text: str


@pages.get("/help")
@signed_in
def help_index() -> str:
    """Show what help there is, or where help speaks of what is looked for."""
    query = request.args.get("q", "").strip()[:LONGEST]
    return render_template("help/index.html", **_frame(None, query), found=_search(query) if query else [])


@pages.get("/help/<subject>")
@signed_in
def help_page(subject: str) -> str:
    """Show the help on one subject."""
    if subject not in SUBJECTS:
        abort(404)
    contents = [
        {"href": f"#{one.anchor}", "label": one.title} for one in _sections(language()) if one.subject == subject
    ]
    return render_template(
        "help/subject.html",
        **_frame(subject),
        title=SUBJECTS[subject],
        text=f"help/{language()}/{subject}.html",
        contents=contents,
    )


@pages.post("/help/tour")
@signed_in
def begin_tour() -> Response:
    """Show the tour again."""
    reply = redirect(url_for("pages.inbox"), 303)
    auth.remember(reply, "1", TOUR)
    return reply


@pages.post("/help/tour/end")
@signed_in
def end_tour() -> Response:
    """Remember that I have seen the tour, or do not want it."""
    with transaction(sessions()) as session:
        preferences.choose(session, g.actor, {"toured": True})
    reply = redirect(url_for("pages.inbox"), 303)
    auth.forget(reply, TOUR)
    return reply


@pages.app_context_processor
def guide() -> dict[str, Any]:
    """Give every page the way to its own help, and the list of work the tour while it is wanted."""
    if g.get("actor") is None:
        return {}
    subject = subject_of(request.path)
    here = url_for("pages.help_page", subject=subject) if subject else url_for("pages.help_index")
    touring = request.endpoint == "pages.inbox" and auth.cookie(TOUR) in request.cookies
    return {"help_here": here, "tour": _steps() if touring else None}


def _steps() -> list[dict[str, str]]:
    last = len(STEPS)
    return [
        {
            "at": at,
            "title": str(title),
            "text": str(text),
            "place": gettext("Step %(number)s of %(last)s", number=number, last=last),
        }
        for number, (at, title, text) in enumerate(STEPS, start=1)
    ]


def _frame(chosen: str | None, query: str = "") -> dict[str, Any]:
    subjects = [
        {"href": url_for("pages.help_page", subject=key), "label": label, "current": key == chosen}
        for key, label in SUBJECTS.items()
    ]
    return {"subjects": subjects, "query": query}


def _search(query: str) -> list[dict[str, Any]]:
    """Return the sections that hold every word of the query, those that name it in their title first."""
    words = query.lower().split()
    held = [one for one in _sections(language()) if all(word in f"{one.title} {one.text}".lower() for word in words)]
    held.sort(key=lambda one: not all(word in one.title.lower() for word in words))
    return [
        {
            "href": url_for("pages.help_page", subject=one.subject, _anchor=one.anchor),
            "title": one.title,
            "subject": SUBJECTS[one.subject],
            "excerpt": _excerpt(one.text, words),
        }
        for one in held
    ]


def _excerpt(text: str, words: list[str]) -> Markup:
    """Return the text around the first word that is found, the words marked."""
    first = min((at for word in words if (at := text.lower().find(word)) >= 0), default=0)
    begin = max(first - AROUND, 0)
    cut = text[begin : first + 2 * AROUND]
    shown = f"{'…' if begin else ''}{cut}{'…' if first + 2 * AROUND < len(text) else ''}"
    anyone = re.compile("|".join(re.escape(str(escape(word))) for word in words), re.IGNORECASE)
    return Markup(anyone.sub(lambda found: f"<mark>{found[0]}</mark>", str(escape(shown))))  # noqa: S704 - escaped before


@cache
def _sections(spoken: str) -> tuple[Section, ...]:
    """Return every section of help in one language, as its page would show it to a reader of plain text."""
    return tuple(
        Section(subject, anchor, _plain(title), _plain(body))
        for subject in SUBJECTS
        for anchor, title, body in SECTION.findall(render_template(f"help/{spoken}/{subject}.html"))
    )


def _plain(markup: str) -> str:
    return SPACE.sub(" ", unescape(TAG.sub(" ", markup))).strip()
