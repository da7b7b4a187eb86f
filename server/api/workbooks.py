"""Workbooks: the spreadsheet in which a unit fills in its figures, and reading it back."""

import io
from typing import Any

import marshmallow as ma
from flask import Response, g, request, send_file

from engine import processes
from engine.domain import indicators, workbook
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
