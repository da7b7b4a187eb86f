"""REST API v1: one module a noun, its schemas at its top; `register` hangs them all on the application."""

from flask import Flask

from server.api import (
    actions,
    archive,
    attachments,
    boards,
    calendar,
    documents,
    drafts,
    evidence,
    figures,
    filters,
    forecast,
    health,
    inbox,
    incidents,
    instances,
    lint,
    messages,
    openapi,
    operations,
    processes,
    rejections,
    seats,
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
    actions,
    rejections,
    seats,
    forecast,
    inbox,
    filters,
    attachments,
    drafts,
    messages,
    signals,
    incidents,
    units,
    boards,
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
