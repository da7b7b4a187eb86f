"""HTML for people: one module a noun; `register` hangs them all on the application."""

from flask import Flask

from server.pages import (
    actions,
    attachments,
    batches,
    board,
    bottlenecks,
    calendar,
    channels,
    comparison,
    documents,
    drafts,
    endpoints,
    exports,
    faults,
    feeds,
    figures,
    help,  # noqa: A004 - the noun of its addresses
    inbox,
    instances,
    language,
    lives,
    maps,
    notices,
    operations,
    panels,
    plan,
    public,
    rankings,
    scores,
    searches,
    security,
    sendings,
    settings,
    sign_in,
    sources,
    start,
    studio,
    substitutes,
    tasks,
    units,
    words,
    worksheets,
)
from server.pages.shell import loose_style, pages

__all__ = ["faults", "loose_style", "register"]

NOUNS = (
    actions,
    attachments,
    batches,
    board,
    bottlenecks,
    calendar,
    channels,
    comparison,
    documents,
    drafts,
    endpoints,
    exports,
    feeds,
    figures,
    help,
    inbox,
    instances,
    language,
    lives,
    maps,
    notices,
    operations,
    panels,
    plan,
    public,
    rankings,
    scores,
    searches,
    security,
    sendings,
    settings,
    sign_in,
    sources,
    start,
    studio,
    substitutes,
    tasks,
    units,
    worksheets,
)


def register(app: Flask) -> None:
    """Add every page and the translations to `app`; error pages come from `faults.answer`."""
    words.install(app)
    app.register_blueprint(pages)
