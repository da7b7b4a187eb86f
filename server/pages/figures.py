"""The figures of a unit: years side by side, and each with its versions, who entered it and what bears it out."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import lives, processes
from engine.db import transaction
from engine.domain import indicators
from engine.errors import NotFound
from engine.identity import Actor
from engine.lives import FigureRow
from engine.processes import Programme
from server.auth import signed_in
from server.pages import tables, terms
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.tables import Table

MOST = 300  # figures of one case that a page shows; a round over many units has more
TRUST = ("verified", "monitoring", "declared")  # whose word counts first
COLUMNS = (
    lazy_gettext("Figure"),
    lazy_gettext("Measure"),
    lazy_gettext("Figures of"),
    lazy_gettext("Value"),
    lazy_gettext("Origin"),
    lazy_gettext("Version"),
    lazy_gettext("Definition"),
    lazy_gettext("Entered by"),
    lazy_gettext("Entered at"),
    lazy_gettext("Confirmed by"),
    lazy_gettext("Confirmed at"),
    lazy_gettext("Locked at"),
    lazy_gettext("Reason"),
    lazy_gettext("Evidence (SHA-256)"),
)
Known = Mapping[str, tuple[str, str]]

_read: dict[str, Known] = {}  # by the digest of a version


@pages.get("/units/<unit>/figures")
@signed_in
def figures(unit: str) -> str:
    """Show the figures of a unit, years side by side; corrected ones are marked."""
    with transaction(sessions()) as session:
        known = lives.find(session, unit)
        rows = lives.figures(session, g.actor, unit)
        names = read_names(session)
    table = _table(rows, names)
    return render_template(
        "figures/list.html",
        unit={"id": unit, "name": known.last.name},
        table=table,
        chart=_chart(table),
        saves=tables.saves("pages.save_figures", unit=unit),
    )


@pages.get("/units/<unit>/figures.<form>")
@signed_in
def save_figures(unit: str, form: str) -> Response:
    """Give every version of every figure of a unit as a table to take away."""
    chosen = tables.chosen(form)
    with transaction(sessions()) as session:
        known = lives.find(session, unit)
        rows = lives.figures(session, g.actor, unit)
        names = read_names(session)
    head = [str(name) for name in COLUMNS]
    cells = [
        (
            *named(names, row), row.year, row.value, str(terms.ORIGINS[row.origin]), row.version, row.definition,
            row.entered_by, stamp(row.entered_at), row.confirmed_by, stamp(row.confirmed_at), stamp(row.locked_at),
            row.reason, " ".join(row.evidence),
        )
        for row in rows
    ]  # fmt: skip
    return tables.answer(Table(_("Figures of %(unit)s", unit=known.last.name), head, cells), chosen)


@pages.get("/units/<unit>/figures/<int:year>/<code>")
@signed_in
def figure(unit: str, year: int, code: str) -> str:
    """Show every version of one figure: whose word it is, who entered and confirmed it, and why it was changed."""
    with transaction(sessions()) as session:
        known = lives.find(session, unit)
        rows = [row for row in lives.figures(session, g.actor, unit) if (row.year, row.code) == (year, code)]
        names = read_names(session)
    if not rows:
        raise NotFound(unit=unit, year=year, code=code)
    name, measure = named(names, rows[0])
    counts = _newest(rows)
    return render_template(
        "figures/figure.html",
        unit={"id": unit, "name": known.last.name},
        name=name,
        measure=measure,
        year=year,
        value=_plain(counts.value),
        versions=[_version(row, counts) for row in sorted(rows, key=_order)],
    )


def of_case(session: Session, actor: Actor, case: UUID, versions: Iterable[str]) -> list[dict[str, Any]]:
    """Return the figures that a case put on record, at most MOST; the caller has let the actor see the case.

    `versions` are the digests of the programmes whose indicator sets name them.
    """
    rows = lives.figures_of_case(session, actor, case, MOST)
    names = _names(session, versions)
    return [
        {
            "unit": one.unit,
            "unit_name": one.unit_name,
            "year": one.row.year,
            "code": one.row.code,
            "name": named(names, one.row)[0],
            "measure": named(names, one.row)[1],
            "value": _plain(one.row.value),
            "origin": terms.ORIGINS[one.row.origin],
            "corrected": one.row.version > 1,
            "files": len(one.row.evidence),
        }
        for one in rows
    ]


def read_names(session: Session) -> Known:
    """Return the name and the measure of every figure that an indicator set of a deployed programme knows, by code."""
    newest = {row.programme: row.digest for row in sorted(processes.versions(session), key=lambda row: row.number)}
    return _names(session, newest.values())


def named(names: Known, row: FigureRow) -> tuple[str, str]:
    """Return the name and the measure of a figure; published ones carry both in their definition."""
    if row.code in names:
        return names[row.code]
    name, _bracket, measure = row.definition.partition("（")
    return name or row.code, measure.rstrip("）")


def _names(session: Session, versions: Iterable[str]) -> Known:
    known = [_inputs(processes.load(session, digest)) for digest in versions]
    return {code: told for one in known for code, told in one.items()}


def _inputs(programme: Programme) -> Known:
    """Return the figures of every indicator set of a version; a version never changes, so it is read once."""
    if programme.digest not in _read:
        rows = programme.indicators
        sets = (indicators.parse(rows, code) for code in indicators.codes(rows))
        _read[programme.digest] = {raw.code: (raw.name, raw.unit) for one in sets for raw in one.raw_inputs()}
    return _read[programme.digest]


def _table(rows: Sequence[FigureRow], names: Known) -> dict[str, Any]:
    years = sorted({row.year for row in rows})
    found: dict[str, dict[int, list[FigureRow]]] = {}
    for row in rows:
        found.setdefault(row.code, {}).setdefault(row.year, []).append(row)
    order = [code for code in names if code in found] + [code for code in found if code not in names]
    return {"years": years, "rows": [_line(code, found[code], years, names) for code in order]}


def _line(code: str, by_year: Mapping[int, Sequence[FigureRow]], years: Sequence[int], names: Known) -> dict[str, Any]:
    name, measure = named(names, next(iter(by_year.values()))[0])
    return {
        "code": code,
        "name": name,
        "measure": measure,
        "cells": [_cell(by_year.get(year, ())) | {"year": year} for year in years],
    }


def _cell(rows: Sequence[FigureRow]) -> dict[str, Any]:
    if not rows:
        return {"known": False, "value": None, "corrected": False}
    row = _newest(rows)
    return {"known": True, "value": _plain(row.value), "corrected": any(one.version > 1 for one in rows)}


def _newest(rows: Sequence[FigureRow]) -> FigureRow:
    """Return the figure that counts: the newest version of whom one trusts most."""
    return min(rows, key=_order)


def _order(row: FigureRow) -> tuple[int, int]:
    return TRUST.index(row.origin), -row.version


def _chart(table: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = [
        {
            "label": f"{row['name']}（{row['measure']}）" if row["measure"] else row["name"],
            "kind": "line",
            "labels": [str(year) for year in table["years"]],
            "unit": row["measure"],
            "series": [
                {
                    "name": row["name"],
                    "values": [cell["value"] for cell in row["cells"]],
                    "marks": [place for place, cell in enumerate(row["cells"]) if cell["corrected"]],
                }
            ],
        }
        for row in table["rows"]
    ]
    return {"choices": choices} if choices else None


def _version(row: FigureRow, counts: FigureRow) -> dict[str, Any]:
    return {
        **vars(row),
        "value": _plain(row.value),
        "origin": terms.ORIGINS[row.origin],
        "counts": row is counts,
        "entered_at": stamp(row.entered_at),
        "confirmed_at": stamp(row.confirmed_at),
        "locked_at": stamp(row.locked_at),
    }


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
