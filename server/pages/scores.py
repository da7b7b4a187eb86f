"""A score walked down to its evidence: total, group, indicator, formula, value, who said so, and the file behind it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import g, render_template
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from engine import lives, sheets
from engine.db import transaction
from engine.domain import canonical
from engine.domain.sheets import recompute
from engine.errors import StepFailed
from engine.sheets import SheetRow, SheetView
from server.auth import signed_in
from server.pages import tables, terms
from server.pages.moments import stamp
from server.pages.shell import pages, sessions
from server.pages.tables import Table

_ = lazy_gettext
NAME = re.compile(r"[A-Za-z_]\w*")
METHODS = {
    "standard": _("value ÷ standard × 100, at most %(cap)s"),
    "target": _("value ÷ target × 100, with a bonus up to a bound"),
    "base_index": _("value ÷ value of the base year × 100, at most %(cap)s"),
    "rank": _("by place, 100 for the first"),
    "min_max": _("60 + 40 × (x − low) ÷ (high − low)"),
    "experts": _("mean of the experts' scores without the extremes"),
    "change": _("value ÷ value of the year before × 100, at most %(cap)s"),
}
MISSING = {
    "zero": _("no value: it counts nothing"),
    "half": _("no value: it counts half"),
    "exclude": _("no value: it is left out and the others weigh more"),
    "last_year": _("no value: the figures of the year before are taken"),
    "block": _("no value"),
}
TIERS = {"city": _("standards of a city"), "county": _("standards of a county")}


@pages.get("/scores/<uuid:sheet_id>")
@signed_in
def score(sheet_id: UUID) -> str:
    """Show a score sheet: every point of it leads down to figures, people and files."""
    with transaction(sessions()) as session:
        view = sheets.show(session, g.actor, sheet_id)
        others = sheets.of_case(session, g.actor, view.row.case_id)
        known = lives.find(session, view.row.unit)
    sheet = view.sheet
    return render_template(
        "scores/score.html",
        score=_head(view),
        unit={"id": view.row.unit, "name": known.last.name},
        groups=_groups(sheet),
        gates=_gates(sheet),
        later=next((_other(row) for row in others if row.supersedes == sheet_id), None),
        earlier=next((_other(row) for row in others if row.id == view.row.supersedes), None),
        others=[_other(row) for row in others if row.id != sheet_id],
        saves=tables.saves("pages.save_score", sheet_id=sheet_id),
    )


@pages.get("/scores/<uuid:sheet_id>/again")
@signed_in
def score_again(sheet_id: UUID) -> str:
    """Reckon a score sheet again from its raw inputs alone, and tell whether it is the same to the last byte."""
    with transaction(sessions()) as session:
        view = sheets.show(session, g.actor, sheet_id)
    try:
        again = recompute(view.sheet)
    except StepFailed:
        return render_template("scores/again.html", same=False, kept=view.row.digest, digest="", total="")
    digest = canonical.digest(again)
    same = digest == view.row.digest
    return render_template("scores/again.html", same=same, kept=view.row.digest, digest=digest, total=again["total"])


@pages.get("/scores/<uuid:sheet_id>.<form>")
@signed_in
def save_score(sheet_id: UUID, form: str) -> Response:
    """Give the indicators of a score sheet as a table to take away."""
    chosen = tables.chosen(form)
    with transaction(sessions()) as session:
        view = sheets.show(session, g.actor, sheet_id)
        known = lives.find(session, view.row.unit)
    head = (_("Code"), _("Indicator"), _("Measure"), _("Value"), _("Standard"), _("Index"), _("Weight"), _("Points"))
    columns = ("code", "name", "unit", "value", "standard", "index", "weight", "points")
    rows = [[_number(one[name]) for name in columns] for one in view.sheet["indicators"]]
    name = f"{known.last.name} {terms.round_name(view.row.round)}".strip()
    return tables.answer(Table(name, [str(one) for one in head], rows), chosen)


def _head(view: SheetView) -> dict[str, Any]:
    row, sheet = view.row, view.sheet
    return {
        **vars(row),
        "round": terms.round_name(row.round),
        "year": sheet["year"],
        "grade": terms.grade(row.grade),
        "tier": TIERS[row.level],
        "made_at": stamp(row.made_at),
        "indicator_set": _set_name(sheet["set"]),
        "total": sheet["total"],
        "parts": " + ".join(group["points"] for group in sheet["groups"]),
    }


def _set_name(frozen: Mapping[str, Any]) -> str:
    """Return what an indicator set calls itself, else its code."""
    return str(next((row["name"] for row in frozen["rows"] if row.get("kind") == "set"), frozen["code"]))


def _other(row: SheetRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "round": terms.round_name(row.round),
        "total": row.total,
        "made_at": stamp(row.made_at),
        "reason": row.reason or "",
        "stands": row.superseded_by is None,
    }


def _gates(sheet: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = {one["code"]: one["name"] for one in sheet["indicators"]}
    return [{"name": names[one["code"]], "met": one["met"]} for one in sheet["gates"]]


def _groups(sheet: Mapping[str, Any]) -> list[dict[str, Any]]:
    words = _words(sheet["set"]["rows"])
    inputs: dict[str, list[Any]] = {}
    for one in sheet["inputs"]:
        if one["unit"] == sheet["unit"]:
            inputs.setdefault(one["code"], []).append(one)
    told = [(one["group"], _indicator(one, inputs, words, sheet)) for one in sheet["indicators"]]
    return [{**group, "indicators": [one for code, one in told if code == group["code"]]} for group in sheet["groups"]]


def _indicator(
    one: Mapping[str, Any],
    inputs: Mapping[str, list[Any]],
    words: Mapping[str, tuple[str, str]],
    sheet: Mapping[str, Any],
) -> dict[str, Any]:
    experts = [seat for seat in sheet["experts"] if seat["code"] == one["code"]]
    figures = [entry for code in one["raw"] for entry in inputs.get(code, ())]
    return {
        **one,
        "formula": _spoken(one["formula"], words),
        "rule": str(METHODS.get(one["method"], "")) % {"cap": one["cap"]},
        "gate_rule": one["gate_rule"],
        "treated": MISSING.get(one["treated"] or "", "") if one["missing"] else "",
        "experts": gettext("; ").join(seat["score"] or "—" for seat in experts),
        "inputs": [_input(entry, words) for entry in _own_first(figures, sheet["year"])],
        "bridged": [entry for entry in sheet["bridged"] if entry["code"] in one["raw"]],
    }


def _own_first(entries: Iterable[Any], year: int) -> list[Any]:
    """Return the figures of the year first, those of years before it behind."""
    return sorted(entries, key=lambda one: (one["year"] != year, -one["year"], one["code"]))


def _input(entry: Mapping[str, Any], words: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    name, measure = words.get(entry["code"], (entry["code"], ""))
    return {
        **entry,
        "name": name,
        "measure": measure,
        "origin": terms.ORIGINS.get(entry["origin"], ""),
        "entered_at": (entry["entered_at"] or "")[:10],
        "confirmed_at": (entry["confirmed_at"] or "")[:10],
    }


def _words(rows: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    """Return the name and the measure of every figure that the rows of an indicator set name, by code."""
    columns = ("raw_inputs", "raw_names", "raw_units")
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        codes, names, measures = (row.get(column, "").split(";") for column in columns)
        found |= {code: (name, measure) for code, name, measure in zip(codes, names, measures, strict=False) if code}
    return found


def _spoken(formula: str | None, words: Mapping[str, tuple[str, str]]) -> str:
    """Return a formula with the names of its figures in place of their codes."""
    spoken = NAME.sub(lambda found: words.get(found[0], (found[0], ""))[0], formula or "")
    return spoken.replace("*", "×").replace("/", "÷")


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
