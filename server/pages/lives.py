"""The life of a unit on one page: who it is, its titles, rounds and scores, what is open and what comes."""

from typing import Any

from flask import g, render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engine import instances as cases
from engine import lives, registry, sheets
from engine.db import transaction
from engine.events import EventRow
from engine.registry import Wanted
from engine.sheets import Placed
from server.auth import signed_in
from server.pages import instances, labels, tables, terms
from server.pages.documents import brief
from server.pages.moments import day, stamp
from server.pages.sentences import ENDINGS, TITLES, lines
from server.pages.shell import pages, sessions
from server.pages.tables import Table
from server.pages.units import LEVELS
from server.pages.words import pick

PAPERS, DECISIONS = 8, 15
WEAKEST = 5
FULL = 100


@pages.get("/units/<unit>")
@signed_in
def life(unit: str) -> str:
    """Show the life of a unit; its figures and its record are fetched beside it."""
    with transaction(sessions()) as session:
        known = lives.find(session, unit)
        scored = sheets.of_unit(session, g.actor, unit)
        names = labels.read(session)
        page = {
            "titles": [_title(row) for row in lives.titles(session, unit)],
            "bars": [{**vars(row), "since": day(row.since)} for row in lives.bars(session, unit)],
            "rounds": _rounds(lives.rounds(session, g.actor, unit), scored),
            "upcoming": [_upcoming(row, names) for row in lives.upcoming(session, g.actor, unit)],
            "tasks": [_waiting(row) for row in lives.open_tasks(session, g.actor, unit)],
            **_scores(session, unit, scored),
        }
    held = [one["name"] for one in page["titles"] if not one["ended"]]
    return render_template("units/life.html", unit=_who(known), held=held, **page)


@pages.get("/units/<unit>/record")
@signed_in
def record(unit: str) -> str:
    """Show the cases, documents, decisions and evidence of a unit."""
    with transaction(sessions()) as session:
        known = lives.find(session, unit)
        names = labels.read(session)
        papers = registry.search(session, g.actor, Wanted(unit=unit), limit=PAPERS)
        happened = [one for one in lives.decided(session, g.actor, unit) if _says_why(one)]
        files = lives.evidence(session, g.actor, unit)
        about = cases.about(session, g.actor, unit)
    return render_template(
        "units/record.html",
        unit=_who(known),
        cases=[instances.brief(row, names) for row in about],
        papers=[brief(row) for row in papers.rows],
        more=papers.next is not None,
        decisions=_once(lines(happened, names))[:DECISIONS],
        files=[{"digest": one.digest, "name": one.name, "size": one.size, "at": stamp(one.kept_at)} for one in files],
    )


@pages.get("/units/<unit>/scores.<form>")
@signed_in
def unit_scores(unit: str, form: str) -> Response:
    """Give the scores of a unit as a table to take away."""
    with transaction(sessions()) as session:
        known = lives.find(session, unit)
        scored = sheets.of_unit(session, g.actor, unit)
    groups = _groups(scored)
    head = [_("Round"), _("Figures of"), _("Total"), _("Grade"), _("Rank"), _("Among"), *groups.values()]
    rows = [
        [terms.round_name(one.row.round), one.year, one.row.total, terms.grade(one.row.grade), one.rank, one.among]
        + [float(_index(one, code) or 0) for code in groups]
        for one in scored
    ]
    return tables.answer(Table(_("Scores of %(unit)s", unit=known.last.name), head, rows), tables.chosen(form))


def _who(known: lives.Life) -> dict[str, Any]:
    last, first = known.last, known.periods[0]
    line = known.lineage
    return {
        "id": known.unit,
        "name": last.name,
        "code": last.code,
        "level": LEVELS.get(last.level.value, ""),
        "ended": day(last.until) if known.heirs or last.until else "",
        "heirs": [{"id": one, "name": known.names.get(one, one)} for one in known.heirs],
        "names": [
            {
                "name": one.name,
                "code": one.code,
                "since": "" if one is first else day(one.since),
                "until": day(one.until),
            }
            for one in known.periods
        ],
        "lineage": [terms.happening(act, known.names) for act in (*line.before, *line.own, *line.after)],
    }


def _title(row: lives.TitleRow) -> dict[str, Any]:
    return {
        "name": TITLES.get(row.kind, row.kind),
        "granted": day(row.granted_on),
        "number": row.document_no,
        "ended": day(row.ended_on),
        "why": ENDINGS.get(row.end_reason or "", ""),
        "end_number": row.end_document_no or "",
    }


def _rounds(rows: list[lives.RoundRow], scored: list[Placed]) -> list[dict[str, Any]]:
    """Return every round that gave the unit something or scored it, with its outcome and its score."""
    given = {row.id: row for row in rows}
    sheet = {one.row.round: one for one in reversed(scored) if one.row.superseded_by is None}
    order = sorted({*given, *(key for key in sheet if key)}, key=lambda key: (key[-4:], key), reverse=True)
    return [_round(key, given.get(key), sheet.get(key)) for key in order]


def _round(key: str, row: lives.RoundRow | None, sheet: Placed | None) -> dict[str, Any]:
    return {
        "name": terms.round_name(key),
        "outcome": terms.outcome(row.outcome) if row else None,
        "practice": row.practice if row else None,
        "number": row.document_no if row else None,
        "sheet": sheet.row.id if sheet else None,
        "total": sheet.row.total if sheet else None,
        "grade": terms.grade(sheet.row.grade) if sheet else "",
        "gates_met": sheet.row.gates_met if sheet else None,
        "rank": _rank(sheet) if sheet else "",
        "superseded": sheet.row.supersedes is not None if sheet else False,
    }


def _rank(sheet: Placed) -> str:
    return _("%(rank)d of %(of)d", rank=sheet.rank, of=sheet.among) if sheet.rank else ""


def _scores(session: Session, unit: str, scored: list[Placed]) -> dict[str, Any]:
    standing = [one for one in scored if one.row.superseded_by is None]
    measured = [one for one in standing if one.row.agency] or standing
    if not measured:
        return {"radar": None, "totals": None, "saves": [], "last": None, "weakest": [], "other_set": None}
    last = measured[0]
    middle = sheets.medians(session, g.actor, last.row.round or "", last.row.level)
    whole = sheets.show(session, g.actor, last.row.id)
    before = measured[1] if len(measured) > 1 else None
    return {
        "radar": _radar(last, before, middle),
        "totals": _totals(standing),
        "saves": tables.saves("pages.unit_scores", unit=unit),
        "last": {
            "id": last.row.id,
            "round": terms.round_name(last.row.round),
            "total": last.row.total,
            "rank": _rank(last),
        },
        "weakest": _weakest(whole.sheet["indicators"]),
        "other_set": before is not None and before.row.set_digest != last.row.set_digest,
    }


def _radar(last: Placed, before: Placed | None, middle: dict[str, Any]) -> dict[str, Any]:
    codes = [group["code"] for group in last.groups]
    series = [{"name": terms.round_name(last.row.round), "values": [_index(last, code) for code in codes]}]
    if before is not None:
        series.append({"name": terms.round_name(before.row.round), "values": [_index(before, code) for code in codes]})
    if middle:
        name = _("median of the cities") if last.row.level == "city" else _("median of the counties")
        series.append({"name": name, "values": [float(middle[code]) if code in middle else None for code in codes]})
    labels_ = [group["name"] for group in last.groups]
    return {"kind": "radar", "labels": labels_, "series": series, "most": FULL, "unit": _("index")}


def _totals(standing: list[Placed]) -> dict[str, Any]:
    years = sorted({_year(one) for one in standing})
    kinds = (
        (_("measured by the agency"), [one for one in standing if one.row.agency]),
        (_("annual monitoring"), [one for one in standing if not one.row.agency]),
    )
    series = [
        {"name": name, "values": [found.get(year) for year in years]}
        for name, some in kinds
        if (found := {_year(one): float(one.row.total) for one in reversed(some)})
    ]
    return {
        "kind": "line",
        "joined": True,
        "labels": [str(year) for year in years],
        "series": series,
        "unit": _("points"),
    }


def _year(one: Placed) -> int:
    """Return the year of a sheet's round, by which people know it, else that of its figures."""
    year = (one.row.round or "").rpartition("-")[2]
    return int(year) if year.isdigit() else one.year


def _groups(scored: list[Placed]) -> dict[str, str]:
    return {group["code"]: group["name"] for one in reversed(scored) for group in one.groups}


def _index(one: Placed, code: str) -> float | None:
    return next((float(group["index"]) for group in one.groups if group["code"] == code), None)


def _weakest(indicators: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the indicators that are furthest below the standard of the unit's tier."""
    known = [one for one in indicators if one["value"] is not None and one["standard"] is not None]
    below = sorted((one for one in known if float(one["index"]) < FULL), key=lambda one: float(one["index"]))
    return below[:WEAKEST]


def _upcoming(row: lives.Upcoming, names: labels.Labels) -> dict[str, Any]:
    return {
        "instance": row.instance,
        "name": names.element(row.element),
        "due": day(row.due_at),
        "told": day(row.remind_at),
    }


def _waiting(row: lives.Waiting) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "with": row.person or pick(row.organisation_name) or labels.role(row.role),
        "due": day(row.due_at),
        "provisional": row.provisional,
    }


def _once(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what was told of the same day already: experts are asked one by one whether they may."""
    return list({(one["at"][:10], one["text"]): one for one in reversed(told)}.values())[::-1]


def _says_why(event: EventRow) -> bool:
    """Tell whether an event says more than a value: a decision whose rules carry no note says nothing to people."""
    decisions = event.data.get("decisions")
    if decisions is None:
        return True
    rules = [rule for one in decisions for table in one.get("tables", ()) for rule in table["rules"]]
    return any(note for rule in rules for note in rule["annotations"].values())
