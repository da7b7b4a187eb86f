"""Operators on rounds: opening one with its units and its frozen indicator set, and moving it on with its results."""

from dataclasses import asdict
from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from engine import rounds
from engine.delegates.registry import Given, Grounds, Ledger, maybe_text, maybe_year, one_of, schema, text, whole
from engine.delegates.units import rehearsed
from engine.domain import indicators, titles
from engine.domain.titles import Kind, Title
from engine.errors import RoundRefused
from engine.rounds import Entry, Marking, Opening, Result
from engine.tables import RoundState

MOST_UNITS = 1000
FIRST_YEAR, LAST_YEAR = 1949, 2999
PRACTICE = 4000
OUTCOMES = "outcomes"  # what the biennial rounds of a rehearsal gave each unit last
# Who takes part in a rehearsal that has not granted anybody a title: fictional pilots whose years are the odd ones.
ASSUMED = ("339921", "339902")
ASSUMED_ANCHOR = date(2013, 6, 3)


def _open_round(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return rounds.begin(session, _opening(given, grounds))


def _find_round(session: Session, given: Given, _: Grounds) -> dict[str, Any]:
    return _found(given, rounds.state_of(session, rounds.Kind(given["kind"]), given["year"]))


def _found_rehearsed(memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    return _found(given, memory.get("rounds", {}).get(f"{given['kind']}-{given['year']}"))


def _found(given: Given, state: RoundState | None) -> dict[str, Any]:
    return {"id": f"{given['kind']}-{given['year']}", "state": state.value if state else None}


def _mark_round(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    results = [Result(**one) for one in given["results"]]
    state, on = RoundState(given["state"]), grounds.day
    marking = Marking(state, given["document_no"], results, on, grounds.instance, grounds.actor)
    return rounds.mark(session, given["round"], marking)


def _settle_result(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    results, on = [Result(**one) for one in given["results"]], grounds.day
    return rounds.settle(session, given["round"], results, on)


def _opening(given: Given, grounds: Grounds) -> Opening:
    on = grounds.day
    kind, year = rounds.Kind(given["kind"]), given["year"] or on.year
    rows = grounds.indicators
    return Opening(grounds.programme, kind, year, given["set"], rows, on, grounds.instance, grounds.actor)


def _rehearsed_opening(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    opening = _opening(given, grounds)
    indicators.parse(opening.rows, opening.set)
    name = f"{opening.kind.value}-{opening.year}"
    known = memory.setdefault("rounds", {})
    if name in known:
        raise RoundRefused(reason="there is a round of this kind and year", round=name)
    known[name] = RoundState.OPEN
    return {
        "id": name,
        "kind": opening.kind.value,
        "year": opening.year,
        "set": opening.set,
        "opened_on": grounds.today,
        "units": [asdict(entry) for entry in _taking_part(memory, opening)],
    }


def _taking_part(memory: dict[str, Any], opening: Opening) -> list[Entry]:
    granted: dict[str, list[Title]] = memory.get("titles", {})
    anchors = {unit: anchor for unit, held in sorted(granted.items()) if (anchor := _anchor(held, opening.on))}
    if opening.kind is rounds.Kind.PILOT:
        return [_entry(memory, unit, opening, None) for unit in ASSUMED if unit not in anchors]
    pilots = anchors or dict.fromkeys(ASSUMED, ASSUMED_ANCHOR)
    due = {
        unit: anchor
        for unit, anchor in pilots.items()
        if opening.kind is rounds.Kind.ANNUAL or _due(anchor, opening.year)
    }
    return [_entry(memory, unit, opening, anchor) for unit, anchor in due.items()]


def _anchor(held: list[Title], on: date) -> date | None:
    days = [title.granted_on for title in held if title.kind in titles.PROGRAMME and title.held(on)]
    pilots = [title.granted_on for title in held if title.kind is Kind.PILOT]
    return max(pilots or days) if days else None


def _due(anchor: date, year: int) -> bool:
    return year > anchor.year and (year - anchor.year) % rounds.YEARS == 0


def _entry(memory: dict[str, Any], unit: str, opening: Opening, anchor: date | None) -> Entry:
    known = rehearsed(memory, unit, opening.on)
    case_id = memory.get("cases", {}).get(unit) or f"{unit}-{(anchor or date(opening.year, 1, 1)).year}"
    due_on = titles.two_year_day(anchor, opening.year).isoformat() if anchor and _biennial(opening) else None
    acting = {name: known[name] for name in ("government", "applicant", "statistics")}
    about = {name: known[name] for name in ("unit", "unit_name", "level", "tier")}
    last = memory.get(OUTCOMES, {}).get(unit)
    return Entry(**about, **acting, case_id=case_id, due_on=due_on, agency_before=None, last_outcome=last)


def _biennial(opening: Opening) -> bool:
    return opening.kind is rounds.Kind.BIENNIAL


def _rehearsed_marking(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    known = memory.setdefault("rounds", {})
    state, before = RoundState(given["state"]), known.get(given["round"], RoundState.OPEN)
    rounds.allow(before, state)
    known[given["round"]] = state
    if state is RoundState.PUBLISHED and given["round"].startswith(rounds.Kind.BIENNIAL):
        outcomes = memory.setdefault(OUTCOMES, {})
        outcomes.update({one["unit"]: one["outcome"] for one in given["results"] if one["outcome"]})
    return {"id": given["round"], "state": state.value, "on": grounds.today}


def _rehearsed_settling(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    if given["round"].startswith(rounds.Kind.BIENNIAL):
        memory.setdefault(OUTCOMES, {}).update({one["unit"]: one["outcome"] for one in given["results"]})
    return {"id": given["round"], "on": grounds.today}


def _results() -> fields.List[Any]:
    """Return what a round gave each unit; whatever else stands in an item is left where it came from."""
    one = {"unit": text(), "outcome": maybe_text(64), "practice": maybe_text(PRACTICE)}
    nested = fields.Nested(Schema.from_dict(dict(one))(unknown="exclude"))
    return fields.List(nested, load_default=list, validate=validate.Length(max=MOST_UNITS))


OPERATORS = (
    Ledger(
        "open round",
        _open_round,
        _rehearsed_opening,
        schema(kind=one_of(*rounds.Kind), year=maybe_year(), set=text()),
        {"zh": "开启轮次", "en": "Open a round"},
    ),
    Ledger(
        "find round",
        _find_round,
        _found_rehearsed,
        schema(kind=one_of(*rounds.Kind), year=whole(FIRST_YEAR, LAST_YEAR)),
        {"zh": "查询轮次", "en": "Look a round up"},
    ),
    Ledger(
        "mark round",
        _mark_round,
        _rehearsed_marking,
        schema(
            round=text(),
            state=one_of(*rounds.TOLD),
            document_no=maybe_text(200),
            results=_results(),
        ),
        {"zh": "登记轮次状态", "en": "Mark where a round stands"},
    ),
    Ledger(
        "settle result",
        _settle_result,
        _rehearsed_settling,
        schema(round=text(), results=_results()),
        {"zh": "补记暂缓的结果", "en": "Enter a result that was deferred"},
    ),
)
