"""HTML for people: one module a noun; `register` hangs them all on the application."""

from flask import Flask

from server.pages import faults, inbox, instances, language, panels, sign_in, start, tasks, units, words
from server.pages.shell import loose_style, pages

__all__ = ["faults", "loose_style", "register"]

NOUNS = (inbox, instances, language, panels, sign_in, start, tasks, units)


def register(app: Flask) -> None:
    """Add every page and the translations to `app`; error pages come from `faults.answer`."""
    words.install(app)
    app.register_blueprint(pages)
