"""Tables that people take away: the rows of a page as XLSX or CSV, in which no text becomes a formula."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import xlsxwriter
from flask import send_file, url_for
from werkzeug.wrappers import Response

from engine.errors import NotFound

TEXTS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDEST, NARROWEST, LONGEST_TITLE = 60, 10, 31
FORBIDDEN = str.maketrans("[]:*?/\\", "       ")


class Form(StrEnum):
    """In which form a table is taken away."""

    XLSX = "xlsx"
    CSV = "csv"


MEDIA = {
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Table:
    """A table under its name: the heads of its columns and its rows, texts and numbers; None is an empty cell."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]


def answer(table: Table, form: Form) -> Response:
    """Return the table as a file to keep, named for it."""
    content = _xlsx(table) if form is Form.XLSX else _csv(table)
    return send_file(io.BytesIO(content), MEDIA[form], as_attachment=True, download_name=f"{table.name}.{form.value}")


def chosen(form: str) -> Form:
    """Return the form that an address ends with; raise NotFound for any other."""
    if form not in set(Form):
        raise NotFound(form=form)
    return Form(form)


def saves(endpoint: str, **values: Any) -> list[dict[str, str]]:
    """Return the links by which the table behind a chart is taken away, one a form."""
    return [{"href": url_for(endpoint, form=form.value, **values), "label": form.name} for form in Form]


def _csv(table: Table) -> bytes:
    """Return the table as CSV with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(str(name)) for name in table.head])
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet reads as a formula; numbers stay numbers."""
    if cell is None or isinstance(cell, int | float | Decimal):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def _xlsx(table: Table) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, TEXTS) as book:
        sheet = book.add_worksheet(table.name.translate(FORBIDDEN)[:LONGEST_TITLE].strip() or None)
        sheet.write_row(0, 0, [str(name) for name in table.head], book.add_format({"bold": True, "bottom": 1}))
        for number, row in enumerate(table.rows, 1):
            sheet.write_row(number, 0, [_cell(cell) for cell in row])
        for column in range(len(table.head)):
            sheet.set_column(column, column, _width(table, column))
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def _cell(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return float(cell)
    return cell if cell is None or isinstance(cell, int | float) else str(cell)


def _width(table: Table, column: int) -> int:
    """Return how wide a column is; a Chinese letter takes two places."""
    cells = [table.head[column], *(row[column] for row in table.rows)]
    longest = max(sum(1 + (letter > "\u2e80") for letter in str(cell)) for cell in cells if cell is not None)
    return min(max(longest + 2, NARROWEST), WIDEST)
