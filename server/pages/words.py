"""The language of a page: chosen by the switch, else the person's own, else the installation's."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
LANGUAGES = ("zh", "en")
COOKIE = "language"


def install(app: Flask) -> None:
    """Attach the catalogues to `app`."""
    Babel(app, default_translation_directories=str(CATALOGUES), locale_selector=language)


def language() -> str:
    """Return `zh` or `en` for the request at hand."""
    if not has_request_context():
        return LANGUAGES[0]
    chosen = request.cookies.get(COOKIE) or getattr(g.get("actor"), "language", None)
    return chosen if chosen in LANGUAGES else str(current_app.extensions["icity"].settings.language)


def pick(texts: Mapping[str, str] | None) -> str:
    """Return the text of `texts` in the language of the page, else any of them, else nothing."""
    if not texts:
        return ""
    return texts.get(language()) or next(iter(texts.values()))
