"""Operators that score cases and rounds and keep how: score sheets with provenance (issue: scores with provenance)."""

from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from engine import sheets
from engine.delegates.figures import MEMORY as FIGURES
from engine.delegates.registry import (
    Given,
    Grounds,
    Ledger,
    experts,
    figures,
    level,
    maybe_text,
    maybe_year,
    schema,
    text,
)
from engine.domain import sheets as reckoning
from engine.domain.sheets import About, Frozen
from engine.errors import NotFound

MEMORY = "sheets"


def _score_case(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return sheets.score_case(session, _place(grounds), _case(given, grounds))


def _score_rehearsed(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    return _rehearsed(memory, _case(given, grounds), grounds)


def _rescore_case(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return sheets.rescore_case(session, _place(grounds), given["round"], given["unit"], given["reason"])


def _rescored_rehearsed(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    """Score the last sheet of the unit in the round anew, with the figures as the rehearsal knows them now."""
    place = {name: given[name] for name in ("unit", "round")}
    found = [one for one in memory.get(MEMORY, {}).values() if place.items() <= one.items()]
    if not found:
        raise NotFound(**place)
    sheet = found[-1]
    about = About(**{name: sheet[name] for name in About.__dataclass_fields__})
    own = [one for one in sheet["inputs"] if (one["unit"], one["year"]) == (about.unit, about.year)]
    now = memory.get(FIGURES, {}).get(f"{about.unit}/{about.year}", {})
    values = {one["code"]: now.get(one["code"], one["value"]) for one in own}
    frozen = Frozen(sheet["set"]["code"], sheet["set"]["rows"])
    wanted = sheets.Case(about, frozen, values, reckoning.by_code(sheet["experts"]), given["reason"])
    return _rehearsed(memory, wanted, grounds)


def _rehearsed(memory: dict[str, Any], wanted: sheets.Case, grounds: Grounds) -> dict[str, Any]:
    inputs = [
        {"unit": wanted.about.unit, "year": wanted.about.year, "code": code, "value": value}
        for code, value in wanted.values.items()
    ]
    sheet = reckoning.compose(wanted.about, wanted.frozen, inputs, wanted.experts)
    kept = memory.setdefault(MEMORY, {})
    before = [one for one in kept.values() if one["unit"] == sheet["unit"] and one["year"] < sheet["year"]]
    kept[str(uuid4())] = sheet
    answer = reckoning.answer(sheet)
    change = round(answer["total"] - reckoning.plain_number(before[-1]["total"]), 2) if before else None
    return {**answer, "sheet": list(kept)[-1], "grade": sheets.grade(_place(grounds), sheet), "change_on_last": change}


def _monitoring(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return sheets.monitoring_results(session, _place(grounds), given["round"], _year(given, grounds))


def _monitoring_rehearsed(_memory: dict[str, Any], _given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"strength": [], "level": [], "change": []}


def _rescore(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return sheets.rescore_round(session, _place(grounds), given["round"], Frozen(given["set"], grounds.indicators))


def _rescore_rehearsed(_memory: dict[str, Any], given: Given, _grounds: Grounds) -> dict[str, Any]:
    return {"round": given["round"], "set": given["set"], "units": []}


def _place(grounds: Grounds) -> sheets.Place:
    return sheets.Place(grounds.programme, grounds.decisions.get("grade"))


def _year(given: Given, grounds: Grounds) -> int:
    return int(given["year"] or grounds.today[:4])


def _case(given: Given, grounds: Grounds) -> sheets.Case:
    about = About(
        unit=given["unit"],
        year=_year(given, grounds),
        level=given["level"],
        case_id=given["case_id"],
        round=given["round"],
        agency=given["agency"],
    )
    frozen = Frozen(given["set"], grounds.indicators)
    return sheets.Case(about, frozen, given["values"], given["expert_scores"] or {}, given["reason"])


OPERATORS = (
    Ledger(
        "score case",
        _score_case,
        _score_rehearsed,
        schema(
            set=text(),
            level=level(),
            values=figures(),
            expert_scores=experts(),
            unit=text(),
            case_id=text(),
            round=maybe_text(64),
            year=maybe_year(),
            agency=maybe_text(64),
            reason=maybe_text(),
        ),
        {"zh": "计分并留存得分表", "en": "Score a case and keep its sheet"},
    ),
    Ledger(
        "rescore case",
        _rescore_case,
        _rescored_rehearsed,
        schema(round=text(), unit=text(), reason=text(400)),
        {"zh": "数据更正后重新计分", "en": "Score a case anew with what was corrected"},
    ),
    Ledger(
        "monitoring results",
        _monitoring,
        _monitoring_rehearsed,
        schema(round=text(), year=maybe_year()),
        {"zh": "计算年度监测结果", "en": "Reckon the results of a year's monitoring"},
    ),
    Ledger(
        "rescore round",
        _rescore,
        _rescore_rehearsed,
        schema(round=text(), set=text()),
        {"zh": "用另一指标体系试算", "en": "Try a round under another indicator set"},
    ),
)
