"""The vetted functions behind service tasks: a diagram names one and gives its parameters as FEEL expressions.

Each reckons with plain values and asks nobody; what needs another system is a message in the diagram.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from engine.clock import CIVIL
from engine.domain import durations, indicators, scoring
from engine.domain.numbering import DocumentNumber
from engine.domain.workdays import Calendar
from engine.errors import IcityError, StepFailed

LARGEST_FIGURE = 10**15
MOST_ITEMS = 1000
MOST_EXPERTS = 100

# What a department answers when it is asked to join a decision (会签); silence is no objection.
DEEMED = "deemed"
OPINIONS = ("agree", "comment", "object", DEEMED)


@dataclass(frozen=True)
class Grounds:
    """What a function may know besides its parameters: the programme's indicator sets, the calendar, the instant."""

    indicators: list[dict[str, str]]
    calendar: Calendar
    now: datetime


@dataclass(frozen=True)
class Delegate:
    """A named pure function, the schema of its parameters and its title in both languages."""

    name: str
    function: Callable[[Mapping[str, Any], Grounds], Any]
    parameters: ma.Schema
    title: Mapping[str, str]


def names() -> list[str]:
    """Return the names a service task may use."""
    return sorted(REGISTRY)


def run(name: str, parameters: Mapping[str, Any], grounds: Grounds) -> Any:
    """Return the JSON-plain result of the function `name`; raise StepFailed when it is unknown, or fails, or may not.

    Parameters it does not know are refused, so that a misspelt one is not silently ignored.
    """
    delegate = REGISTRY.get(name)
    if delegate is None:
        raise StepFailed(operator=name, reason="there is no such operator")
    try:
        return delegate.function(delegate.parameters.load(parameters), grounds)
    except ma.ValidationError as faults:
        raise StepFailed(operator=name, faults=faults.messages) from None
    except StepFailed:
        raise
    except IcityError as fault:
        raise StepFailed(operator=name, reason=str(fault)) from fault


def _score_indicators(given: Mapping[str, Any], grounds: Grounds) -> dict[str, Any]:
    chosen = indicators.parse(grounds.indicators, given["set_code"])
    level = indicators.Level(given["level"])
    return scoring.score(chosen, level, given["values"], given["expert_scores"] or {}).plain()


def _rank_units(given: Mapping[str, Any], grounds: Grounds) -> dict[str, Any]:
    chosen = indicators.parse(grounds.indicators, given["set_code"])
    level = indicators.Level(given["level"])
    scores = scoring.rank(chosen, level, given["units"], given["expert_scores"] or {})
    return {unit: score.plain() for unit, score in scores.items()}


def _count_opinions(given: Mapping[str, Any], _: Grounds) -> dict[str, int]:
    counted = Counter(_opinion(one) for one in given["opinions"])
    return {opinion: counted[opinion] for opinion in OPINIONS}


def _opinion(answer: Mapping[str, Any] | None) -> str:
    """Read one department's answer; none at all, or one marked so, is deemed no objection."""
    if answer is None or answer.get("deemed") is True or answer.get("opinion") is None:
        return DEEMED
    opinion = answer["opinion"]
    if opinion not in OPINIONS:
        raise StepFailed(operator="count opinions", reason=f"unknown opinion {opinion!r:.40}")
    return str(opinion)


def _document_number(given: Mapping[str, Any], grounds: Grounds) -> str:
    year = given["year"] or grounds.now.astimezone(CIVIL).year
    return str(DocumentNumber(given["organ"], year, given["serial"]))


def _next_anniversary(given: Mapping[str, Any], grounds: Grounds) -> dict[str, Any]:
    anchor, period = durations.parse_moment(given["anchor"]), durations.parse(given["period"])
    n, due = durations.next_after(anchor, period, grounds.now)
    return {"n": n, "date": due.astimezone(CIVIL).date().isoformat(), "at": due.isoformat()}


def _deadline(given: Mapping[str, Any], grounds: Grounds) -> dict[str, Any]:
    start = durations.parse_moment(given["start"]) if given["start"] else grounds.now
    count = grounds.calendar.add_workdays if given["unit"] == "wd" else grounds.calendar.add_days
    end = count(start, given["days"])
    date = end.due.astimezone(CIVIL).date()
    return {"date": date.isoformat(), "at": end.due.isoformat(), "provisional": end.provisional}


def _civil_date(_: Mapping[str, Any], grounds: Grounds) -> str:
    return grounds.now.astimezone(CIVIL).date().isoformat()


def _text(longest: int = 64) -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, longest))


def _level() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf([level.value for level in indicators.Level]))


def _figures() -> fields.Dict:
    figure = fields.Float(allow_nan=False, allow_none=True, validate=validate.Range(-LARGEST_FIGURE, LARGEST_FIGURE))
    return fields.Dict(keys=fields.String(), values=figure, required=True, validate=validate.Length(max=MOST_ITEMS))


def _experts() -> fields.Dict:
    score = fields.Float(required=True, allow_nan=False, validate=validate.Range(0, 100))
    scores = fields.List(score, validate=validate.Length(max=MOST_EXPERTS))
    return fields.Dict(keys=fields.String(), values=scores, load_default=None, allow_none=True)


def _by_unit(values: fields.Dict, **more: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=values, validate=validate.Length(max=MOST_ITEMS), **more)


def _schema(**parameters: fields.Field[Any]) -> ma.Schema:
    return ma.Schema.from_dict(dict(parameters))(unknown=ma.RAISE)


_ALL = (
    Delegate(
        "score indicators",
        _score_indicators,
        _schema(set_code=_text(), level=_level(), values=_figures(), expert_scores=_experts()),
        {"zh": "按指标体系计分", "en": "Score by the indicator set"},
    ),
    Delegate(
        "rank units",
        _rank_units,
        _schema(
            set_code=_text(),
            level=_level(),
            units=_by_unit(_figures(), required=True),
            expert_scores=_by_unit(_experts(), load_default=None, allow_none=True),
        ),
        {"zh": "按指标体系排名计分", "en": "Rank the units by the indicator set"},
    ),
    Delegate(
        "count opinions",
        _count_opinions,
        _schema(
            opinions=fields.List(fields.Dict(allow_none=True), required=True, validate=validate.Length(max=MOST_ITEMS)),
        ),
        {"zh": "汇总部门意见", "en": "Count the opinions of the departments"},
    ),
    Delegate(
        "document number",
        _document_number,
        _schema(
            organ=_text(12),
            serial=fields.Integer(required=True, strict=True, validate=validate.Range(1, 999_999)),
            year=fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1949, 2999)),
        ),
        {"zh": "编排发文字号", "en": "Write the number of a document"},
    ),
    Delegate(
        "next anniversary",
        _next_anniversary,
        _schema(anchor=_text(), period=_text()),
        {"zh": "推算下一周期", "en": "Find the next anniversary"},
    ),
    Delegate(
        "deadline",
        _deadline,
        _schema(
            days=fields.Integer(required=True, strict=True, validate=validate.Range(0, 10_000)),
            unit=fields.String(load_default="wd", validate=validate.OneOf(["wd", "cal"])),
            start=fields.String(load_default=None, allow_none=True),
        ),
        {"zh": "计算期限", "en": "Reckon a deadline"},
    ),
    Delegate("civil date", _civil_date, _schema(), {"zh": "当日日期", "en": "Today's date in Asia/Shanghai"}),
)
REGISTRY: Mapping[str, Delegate] = {delegate.name: delegate for delegate in _ALL}
