"""Operators on third-party agencies: who may be asked to measure, whose experts must be replaced, how they did."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from engine import agencies
from engine.agencies import Wanted
from engine.delegates.registry import Delegate, Given, Grounds, Ledger, items, maybe_text, schema, text, texts, whole
from engine.tables import AgencyMark

YEARS = 3  # 三年内任职、受聘或者有合同往来的须回避; ours, the guidance names no number
MOST_YEARS = 10
REHEARSED = (("agency-qiming", "启明评估"), ("agency-hengce", "衡测咨询"))
LAPSED = {"zh": "逾期未声明", "en": "did not declare in time"}
TWICE = {"zh": "同一专家占了两个席位", "en": "the same expert has two seats"}


def _agencies_for(session: Session, given: Given, grounds: Grounds) -> list[dict[str, Any]]:
    wanted = Wanted(grounds.programme, grounds.day, given["unit"], given["round"], given["declared"])
    return agencies.pool(session, wanted)


def _agencies_rehearsed(_memory: dict[str, Any], given: Given, _: Grounds) -> list[dict[str, Any]]:
    plain = {"load": 0, "last_round": None}
    found = [{"agency": one, "name": name, **plain, "conflict": one in given["declared"]} for one, name in REHEARSED]
    return sorted(found, key=lambda one: bool(one["conflict"]))


def _find_conflicts(given: Given, grounds: Grounds) -> dict[str, Any]:
    """Tell whose seats must be filled anew; an expert without a declaration has not declared independence."""
    conflicts = list(_conflicts(given["declarations"], grounds.day))
    seats = [one["seat"] for one in conflicts]
    names = [one.get("expert_name") for n, one in enumerate(_seated(given["declarations"])) if one["seat"] not in seats]
    return {"conflicts": conflicts, "replace": bool(conflicts), "seats": seats, "experts": names}


def _conflicts(declarations: list[Mapping[str, Any] | None], today: date) -> Iterator[dict[str, Any]]:
    known: set[str] = set()
    for one in _seated(declarations):
        name = one.get("expert_name")
        why = _why(one, today) or (TWICE if name in known else None)
        if why:
            yield {"seat": one["seat"], "expert_name": name, "why": why}
        elif name:
            known.add(name)


def _seated(declarations: list[Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    return [{"seat": number, **(one or {})} for number, one in enumerate(declarations, 1)]


def _why(one: Mapping[str, Any], today: date) -> dict[str, str] | None:
    if not one.get("expert_name"):
        return LAPSED
    if one.get("conflict") != "conflict" or _over(one.get("until"), today):
        return None
    relation = str(one.get("relation") or "—")
    return {"zh": f"与申报单位有利害关系：{relation}", "en": f"has an interest in the unit: {relation}"}


def _over(until: Any, today: date) -> bool:
    """Tell whether a relation ended so long ago that it counts no more."""
    try:
        ended = date.fromisoformat(str(until))
    except ValueError:
        return False
    years = today.year - ended.year - ((today.month, today.day) < (ended.month, ended.day))
    return years >= YEARS


def _evaluate(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    today, barred = grounds.day, given["barred_years"]
    until = date(today.year + barred, today.month, min(today.day, 28)) if barred else None
    about = {"agency": given["agency"], "score": given["score"], "reason": given["reason"]}
    agencies.mark(
        session,
        AgencyMark(programme=grounds.programme, marked_on=today, barred_until=until, entered_by=grounds.actor, **about),
    )
    return {"agency": given["agency"], "barred_until": until.isoformat() if until else None}


def _evaluate_rehearsed(_memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    return {"agency": given["agency"], "barred_until": None}


OPERATORS = (
    Ledger(
        "agencies for",
        _agencies_for,
        _agencies_rehearsed,
        schema(unit=maybe_text(), round=maybe_text(), declared=texts()),
        {"zh": "列出可委托的第三方机构", "en": "List the agencies that may be asked to measure"},
    ),
    Delegate(
        "find conflicts",
        _find_conflicts,
        schema(declarations=items()),
        {"zh": "汇总专家回避情况", "en": "Find the experts who must be replaced"},
    ),
    Ledger(
        "evaluate agency",
        _evaluate,
        _evaluate_rehearsed,
        schema(
            agency=text(),
            score=whole(0, 100),
            barred_years=fields.Integer(load_default=0, strict=True, validate=validate.Range(0, MOST_YEARS)),
            reason=text(400),
        ),
        {"zh": "登记第三方绩效评价", "en": "Keep what an agency's work was worth"},
    ),
)
