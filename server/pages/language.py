"""The switch between Chinese and English."""

from flask import redirect, request
from werkzeug.wrappers import Response

from server.auth import public
from server.pages.shell import pages, settings
from server.pages.words import COOKIE, LANGUAGES

A_YEAR = 365 * 24 * 3600


@pages.post("/language")
@public
def choose_language() -> Response:
    """Remember the chosen language for a year and go back to the page."""
    chosen = request.form.get("language", "")
    reply = redirect(local(request.form.get("next", "/")), 303)
    if chosen in LANGUAGES:
        reply.set_cookie(COOKIE, chosen, max_age=A_YEAR, httponly=True, samesite="Lax", secure=settings().tls)
    return reply


@pages.get("/public/in/<any(zh, en):chosen>")
@public
def public_language(chosen: str) -> Response:
    """Remember the language that a reader of public pages chose, and go back; such pages carry no form to post."""
    reply = redirect(local(request.args.get("next", "/public")), 303)
    reply.set_cookie(COOKIE, chosen, max_age=A_YEAR, httponly=True, samesite="Lax", secure=settings().tls)
    return reply


def local(address: str) -> str:
    """Return `address` when it is a path of this server, else the first page.

    Tabs and line ends are no part of one: browsers leave them out, and what is behind them becomes another host.
    """
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else "/"
