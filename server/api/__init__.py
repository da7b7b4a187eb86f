"""REST API v1: one module a noun, its schemas at its top; `register` hangs them all on the application."""

from flask import Flask

from server.api import (
    archive,
    attachments,
    calendar,
    documents,
    drafts,
    evidence,
    figures,
    filters,
    health,
    inbox,
    incidents,
    instances,
    lint,
    messages,
    openapi,
    operations,
    processes,
    sheets,
    sign_in,
    signals,
    tasks,
    units,
    workbooks,
)

NOUNS = (
    sign_in,
    processes,
    lint,
    instances,
    operations,
    tasks,
    inbox,
    filters,
    attachments,
    drafts,
    messages,
    signals,
    incidents,
    units,
    workbooks,
    figures,
    evidence,
    calendar,
    documents,
    sheets,
    archive,
    health,
)


def register(app: Flask) -> None:
    """Add every route of the API, and the description of them all, to `app`."""
    openapi.register(app, [noun.api for noun in NOUNS])
