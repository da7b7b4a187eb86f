"""Workbooks: indicator sets as spreadsheets, and the spreadsheet in which a unit fills in its figures."""

import io
from typing import Any

import marshmallow as ma
from flask import Response, g, request, send_file

from engine import processes
from engine.domain import indicators, setbook, workbook
from server import auth
from server.api.openapi import Blueprint

api = Blueprint("workbooks", __name__, description="Spreadsheets of indicator sets")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TemplateQuery(ma.Schema):
    """For whom and for which year the spreadsheet is made."""

    unit = ma.fields.String(required=True, validate=ma.validate.Length(1, 60))
    year = ma.fields.Integer(required=True, validate=ma.validate.Range(1990, 2100))


class FiguresSchema(ma.Schema):
    """The figures read from a spreadsheet, by raw input."""

    values = ma.fields.Dict()


class SetSchema(ma.Schema):
    """An indicator set: what it is, and how it is known."""

    code = ma.fields.String()
    title = ma.fields.String()
    series = ma.fields.String(metadata={"description": "The versions of one set are of one series"})
    version = ma.fields.String()
    valid_from = ma.fields.Date(allow_none=True)
    valid_to = ma.fields.Date(allow_none=True, metadata={"description": "The first day on which it no longer holds"})
    basis = ma.fields.String()
    indicators = ma.fields.Integer(metadata={"description": "How many; none in a set that awaits import"})
    digest = ma.fields.String(metadata={"description": "SHA-256 of its rows; rounds keep it"})


@api.get("/processes/<programme>/indicator-sets")
@auth.signed_in
@api.response(200, SetSchema(many=True))
def listing(programme: str) -> list[dict[str, Any]]:
    """List the indicator sets of the newest version of a programme."""
    rows = processes.latest(g.session, programme).indicators
    return [_told(rows, code) for code in indicators.codes(rows)]


@api.get("/processes/<programme>/indicator-sets/<code>.csv")
@auth.signed_in
def export_csv(programme: str, code: str) -> Response:
    """Give an indicator set as CSV; that of an empty set is the template to fill in."""
    return Response(indicators.write_rows(_rows(programme, code)), content_type="text/csv; charset=utf-8")


@api.get("/processes/<programme>/indicator-sets/<code>.xlsx")
@auth.signed_in
def export_xlsx(programme: str, code: str) -> Response:
    """Give an indicator set as a spreadsheet; that of an empty set is the template to fill in."""
    content = setbook.write(_rows(programme, code))
    return send_file(io.BytesIO(content), XLSX, as_attachment=True, download_name=f"{code}.xlsx")


@api.post("/processes/<programme>/indicator-sets")
@auth.signed_in
@api.response(200, SetSchema)
def check(programme: str) -> dict[str, Any]:
    """Read an indicator set, sent as the body in XLSX or CSV, and tell what it is; every fault is told at its cell.

    Nothing is kept: `icity sets import` brings it into the programme's folder, and deploying makes it a version.
    """
    rows = setbook.read(request.get_data())
    known = setbook.merged(processes.latest(g.session, programme).indicators, rows)
    return _told(known, rows[0]["set"])


@api.get("/processes/<programme>/indicator-sets/<code>/workbook")
@auth.signed_in
@api.arguments(TemplateQuery, location="query")
def template(query: dict[str, Any], programme: str, code: str) -> Response:
    """Give the empty spreadsheet of an indicator set."""
    content = workbook.template(_set(programme, code), query["unit"], query["year"])
    return send_file(io.BytesIO(content), XLSX, as_attachment=True, download_name=f"{code}-{query['year']}.xlsx")


@api.post("/processes/<programme>/indicator-sets/<code>/figures")
@auth.signed_in
@api.response(200, FiguresSchema)
def figures(programme: str, code: str) -> dict[str, Any]:
    """Read a filled-in spreadsheet, sent as the body; every fault is told with its sheet and cell."""
    return {"values": workbook.read(request.get_data(), _set(programme, code))}


def _set(programme: str, code: str) -> indicators.IndicatorSet:
    return indicators.parse(processes.latest(g.session, programme).indicators, code)


def _rows(programme: str, code: str) -> list[dict[str, str]]:
    return indicators.of(processes.latest(g.session, programme).indicators, code)


def _told(rows: list[dict[str, str]], code: str) -> dict[str, Any]:
    known = indicators.parse(rows, code)
    digest = indicators.digest(indicators.of(rows, code))
    return {**vars(known.about), "code": code, "indicators": len(known.indicators), "digest": digest}
