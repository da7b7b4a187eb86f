"""The civil calendar: its version, the notices of holidays that made it, and the deadlines that they moved."""

import io
from typing import Any, cast

import marshmallow as ma
from flask import Response, current_app, g, request, send_file

from engine import calendars, deadlines
from engine.db import Sessions
from engine.deadlines import MoveRow
from engine.domain import holidays
from engine.pages import Page
from engine.runtime import OPERATORS
from server import auth, recounting
from server.api.lists import PageQuery, page_of
from server.api.openapi import Blueprint

api = Blueprint("calendar", __name__, description="The civil calendar and the deadlines that follow it")
KEEPERS = tuple(sorted(OPERATORS))
PATIENCE_SECONDS = 15.0  # what is left then is done by the hands
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class NoticeSchema(ma.Schema):
    """A notice of holidays that was loaded."""

    number = ma.fields.String()
    issued_on = ma.fields.Date()
    version = ma.fields.String(metadata={"description": "SHA-256 of the calendar it made"})
    loaded_at = ma.fields.AwareDateTime(format="iso")
    loaded_by = ma.fields.String()
    settled_at = ma.fields.AwareDateTime(format="iso", allow_none=True)


class CalendarSchema(ma.Schema):
    """The calendar as it stands."""

    version = ma.fields.String(metadata={"description": "SHA-256 of all that it knows"})
    known_until = ma.fields.Date(metadata={"description": "Deadlines beyond it are provisional"})
    notices = ma.fields.List(ma.fields.Nested(NoticeSchema))


class DeadlineMoveSchema(ma.Schema):
    """A deadline that moved."""

    instance = ma.fields.UUID()
    title = ma.fields.String()
    task = ma.fields.UUID()
    element = ma.fields.String()
    name = ma.fields.String(allow_none=True)
    before = ma.fields.AwareDateTime(format="iso")
    after = ma.fields.AwareDateTime(format="iso")
    told = ma.fields.List(ma.fields.String(), metadata={"description": "Roles, each with its organisation, and logins"})
    moved_at = ma.fields.AwareDateTime(format="iso")


MOVES = page_of(DeadlineMoveSchema)


class LoadedSchema(ma.Schema):
    """What became of a notice."""

    number = ma.fields.String()
    issued_on = ma.fields.Date()
    days_off = ma.fields.Integer()
    workdays = ma.fields.Integer()
    version = ma.fields.String()
    new = ma.fields.Boolean(metadata={"description": "false: it was loaded before"})
    moved = ma.fields.Integer(metadata={"description": "How many deadlines moved by this request"})
    complete = ma.fields.Boolean(metadata={"description": "false: the service goes on with the rest by itself"})
    moves = ma.fields.Nested(MOVES)


class MovesQuery(PageQuery):
    """Of which notice."""

    notice = ma.fields.String(required=True, validate=ma.validate.Length(1, holidays.LONGEST_NUMBER))


@api.get("/calendar")
@auth.signed_in
@api.response(200, CalendarSchema)
def calendar() -> dict[str, Any]:
    """Tell the version of the calendar, until when it is published, and the notices that were loaded."""
    found = calendars.load(g.session)
    return {"version": found.version, "known_until": found.known_until, "notices": calendars.notices(g.session)}


@api.get("/calendar/template.csv")
@auth.signed_in
def template_csv() -> Response:
    """Give the table in which a notice is written down, as CSV."""
    return Response(holidays.template_csv(), content_type="text/csv; charset=utf-8")


@api.get("/calendar/template.xlsx")
@auth.signed_in
def template_xlsx() -> Response:
    """Give the table in which a notice is written down, as XLSX."""
    return send_file(io.BytesIO(holidays.template_xlsx()), XLSX, as_attachment=True, download_name="calendar.xlsx")


@api.post("/calendar/notices")
@auth.needs(*KEEPERS)
@api.response(200, LoadedSchema)
def load() -> dict[str, Any]:
    """Load a notice of holidays, sent as the body in CSV or XLSX, and move every open deadline it touches.

    Every fault is told with its row and cell. Loading it again moves nothing more.
    """
    loaded = recounting.load(_sessions(), request.get_data(), g.actor.login, PATIENCE_SECONDS)
    return {**vars(loaded), "moves": deadlines.moves(g.session, loaded.number)}


@api.get("/calendar/moves")
@auth.needs(*KEEPERS)
@api.arguments(MovesQuery, location="query")
@api.response(200, MOVES)
def moves(query: dict[str, Any]) -> Page[MoveRow]:
    """List every deadline that a notice moved: before, after, and who was told."""
    return deadlines.moves(g.session, query["notice"], query["cursor"], query["limit"])


def _sessions() -> Sessions:
    return cast("Sessions", current_app.extensions["icity"].sessions)
