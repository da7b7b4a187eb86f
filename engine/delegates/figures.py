"""Operators on the register of figures: record, check, lock, correct, look up (T04, T05, T37, T38, T47)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from engine import figures, scrutiny
from engine.delegates.registry import (
    LARGEST_FIGURE,
    LONGEST_TEXT,
    MOST_ITEMS,
    Given,
    Grounds,
    Ledger,
    maybe_text,
    one_of,
    schema,
    text,
    texts,
    whole,
)
from engine.delegates.registry import figures as by_code
from engine.domain import indicators, plausibility
from engine.domain.indicators import IndicatorSet, Level
from engine.domain.plausibility import Background, Submission
from engine.domain.scoring import plain
from engine.errors import FiguresRefused, NotFound
from engine.figures import Batch, Correction, Hands, Origin

MEMORY, LOCKED = "figures", "locked figures"
DIGEST = validate.Regexp(r"[0-9a-f]{64}\Z")
Questions = list[dict[str, Any]]


class _Evidence(fields.Field[Any]):
    """Digests of files: a list for all figures together, or a list by code of figure; kept as a list by code."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:
        by = value if isinstance(value, Mapping) else {"": value}
        many = fields.List(fields.String(required=True, validate=DIGEST), validate=validate.Length(max=MOST_ITEMS))
        found: dict[str, Any] = {str(code): many.deserialize(digests or [], attr, data) for code, digests in by.items()}
        return found


def _record(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    batch = _batch(given, grounds)
    hands = Hands(grounds.instance, grounds.actor, given["entered"], given["confirmed"])
    questions: Questions = []
    if batch.origin is not Origin.VERIFIED:
        submission = _submission(given)
        around = scrutiny.background(session, submission)
        questions = _ask(_in_force(grounds, batch.year), scrutiny.level(session, batch.unit), submission, around)
    return {**asdict(figures.record(session, hands, batch)), "questions": questions}


def _record_rehearsed(memory: dict[str, Any], given: Given, grounds: Grounds) -> dict[str, Any]:
    submission = _submission(given)
    questions: Questions = []
    if given["origin"] != Origin.VERIFIED:
        around = _remembered_background(memory, submission)
        questions = _ask(_in_force(grounds, given["year"]), Level.COUNTY, submission, around)
    known = _remembered(memory, given["unit"], given["year"])
    changed = [code for code, value in given["values"].items() if code not in known or known[code] != value]
    late = changed if given["year"] in memory.get(LOCKED, []) else []
    known.update(given["values"])
    return {"changed": changed, "late": late, "questions": questions}


def _check(session: Session, given: Given, grounds: Grounds) -> Questions:
    submission = _submission(given)
    known = [indicators.parse(grounds.indicators, given["set"])]
    around = scrutiny.background(session, submission)
    return _ask(known, scrutiny.level(session, given["unit"]), submission, around)


def _check_rehearsed(memory: dict[str, Any], given: Given, grounds: Grounds) -> Questions:
    submission = _submission(given)
    known = [indicators.parse(grounds.indicators, given["set"])]
    return _ask(known, Level.COUNTY, submission, _remembered_background(memory, submission))


def _lock(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    return asdict(figures.lock(session, Hands(grounds.instance, grounds.actor), given["year"]))


def _lock_rehearsed(memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    memory.setdefault(LOCKED, []).append(given["year"])
    known = [values for key, values in memory.get(MEMORY, {}).items() if key.endswith(f"/{given['year']}")]
    return {"year": given["year"], "units": len(known), "figures": sum(map(len, known))}


def _correct(session: Session, given: Given, grounds: Grounds) -> dict[str, Any]:
    told = {name: given[name] for name in ("unit", "year", "code", "value", "reason", "evidence")}
    done = figures.correct(session, Hands(grounds.instance, grounds.actor), Correction(**told))
    return {**asdict(done), "before": _plain(done.before), "after": _plain(done.after)}


def _correct_rehearsed(memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    known = _remembered(memory, given["unit"], given["year"])
    if given["code"] not in known:
        raise NotFound(unit=given["unit"], year=given["year"], code=given["code"])
    before, known[given["code"]] = known[given["code"]], given["value"]
    if before == given["value"]:
        raise FiguresRefused(code=given["code"])
    locked = given["year"] in memory.get(LOCKED, [])
    return {"version": 2, "before": before, "after": given["value"], "locked": locked, "affected": []}


def _declared(session: Session, given: Given, _: Grounds) -> dict[str, Any]:
    return {code: plain(value) for code, value in figures.declared(session, given["unit"], given["year"]).items()}


def _declared_rehearsed(memory: dict[str, Any], given: Given, _: Grounds) -> dict[str, Any]:
    known = _remembered(memory, given["unit"], given["year"])
    return {code: value for code, value in known.items() if value is not None}


def _batch(given: Given, grounds: Grounds) -> Batch:
    together = given["evidence"].get("", [])
    sets = _in_force(grounds, given["year"])
    return Batch(
        unit=given["unit"],
        year=given["year"],
        values=given["values"],
        origin=Origin(given["origin"]),
        case_id=given["case_id"],
        sources={code: source for code, source in given["sources"].items() if source},
        evidence={code: [*together, *given["evidence"].get(code, [])] for code in given["values"]},
        definitions={raw.code: raw.definition for one in sets for raw in one.raw_inputs() if raw.definition},
        reason=given["reason"] or None,
    )


def _submission(given: Given) -> Submission:
    """Return what is to be checked; files that were handed in for all figures together count for the first of them."""
    evidence = dict(given.get("evidence", {}))
    together = evidence.pop("", [])
    first = next(iter(given["values"]), "")
    if together:
        evidence[first] = [*together, *evidence.get(first, [])]
    values = {code: None if value is None else Decimal(str(value)) for code, value in given["values"].items()}
    return Submission(given["unit"], given["year"], values, evidence)


def _in_force(grounds: Grounds, year: int) -> list[IndicatorSet]:
    """Return the sets of the programme that held at the end of `year`."""
    known = [indicators.parse(grounds.indicators, code) for code in indicators.codes(grounds.indicators)]
    return [one for one in known if one.about.holds(date(year, 12, 31))]


def _ask(known: Sequence[IndicatorSet], level: Level, submission: Submission, around: Background) -> Questions:
    return [question.plain() for question in plausibility.check(known, level, submission, around)]


def _remembered(memory: dict[str, Any], unit: str, year: int) -> dict[str, Any]:
    kept: dict[str, Any] = memory.setdefault(MEMORY, {}).setdefault(f"{unit}/{year}", {})
    return kept


def _remembered_background(memory: dict[str, Any], submission: Submission) -> Background:
    kept = memory.get(MEMORY, {})
    year, before = f"/{submission.year}", f"/{submission.year - 1}"
    units = [key.removesuffix(year) for key in kept if key.endswith(year)]
    peers = [(kept[unit + year], kept.get(unit + before, {})) for unit in units if unit != submission.unit]
    return Background(kept.get(submission.unit + before, {}), peers)


def _plain(value: Decimal | None) -> float | int | None:
    return None if value is None else plain(value)


def _year() -> fields.Integer:
    return whole(1949, 2999)


_VALUE = fields.Float(
    required=True, allow_nan=False, allow_none=True, validate=validate.Range(-LARGEST_FIGURE, LARGEST_FIGURE)
)
_SOURCES = fields.Dict(
    keys=fields.String(),
    values=fields.String(allow_none=True, validate=validate.Length(max=LONGEST_TEXT)),
    load_default=dict,
)
_ORIGINS = tuple(origin.value for origin in Origin)

OPERATORS = (
    Ledger(
        "record figures",
        _record,
        _record_rehearsed,
        schema(
            unit=text(),
            year=_year(),
            values=by_code(),
            origin=one_of(*_ORIGINS),
            case_id=maybe_text(64),
            sources=_SOURCES,
            evidence=_Evidence(load_default=dict),
            entered=maybe_text(200),
            confirmed=maybe_text(200),
            reason=maybe_text(),
        ),
        {"zh": "登记数据", "en": "Put figures on record"},
    ),
    Ledger(
        "check figures",
        _check,
        _check_rehearsed,
        schema(unit=text(), year=_year(), values=by_code(), set=text()),
        {"zh": "核查数据疑点", "en": "Ask about figures that look strange"},
    ),
    Ledger(
        "lock figures",
        _lock,
        _lock_rehearsed,
        schema(year=_year()),
        {"zh": "年度数据锁库", "en": "Lock the figures of a year"},
    ),
    Ledger(
        "correct figure",
        _correct,
        _correct_rehearsed,
        schema(unit=text(), year=_year(), code=text(), value=_VALUE, reason=text(LONGEST_TEXT), evidence=texts()),
        {"zh": "更正数据", "en": "Correct a figure"},
    ),
    Ledger(
        "declared figures",
        _declared,
        _declared_rehearsed,
        schema(unit=text(), year=_year()),
        {"zh": "查询申报数据", "en": "Look up what a unit declared"},
    ),
)
