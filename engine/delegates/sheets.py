"""Operators that score cases and rounds and keep how: score sheets with provenance (issue: scores with provenance)."""

from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from engine import sheets
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

MEMORY = "sheets"


def _score_case(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return sheets.score_case(session, _place(grounds), _case(given, grounds))


def _score_rehearsed(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    wanted = _case(given, grounds)
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
