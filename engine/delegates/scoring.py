"""Operators that reckon scores from figures."""

from typing import Any

from engine.delegates.registry import Delegate, Given, Grounds, by_unit, experts, figures, level, schema, text
from engine.domain import indicators, scoring


def _score_indicators(given: Given, grounds: Grounds) -> dict[str, Any]:
    chosen = indicators.parse(grounds.indicators, given["set_code"])
    return scoring.score(
        chosen, indicators.Level(given["level"]), given["values"], given["expert_scores"] or {}
    ).plain()


def _rank_units(given: Given, grounds: Grounds) -> dict[str, Any]:
    chosen = indicators.parse(grounds.indicators, given["set_code"])
    held_to = indicators.Level(given["level"])
    scores = scoring.rank(chosen, held_to, given["units"], given["expert_scores"] or {})
    return {unit: score.plain() for unit, score in scores.items()}


OPERATORS = (
    Delegate(
        "score indicators",
        _score_indicators,
        schema(set_code=text(), level=level(), values=figures(), expert_scores=experts()),
        {"zh": "按指标体系计分", "en": "Score by the indicator set"},
    ),
    Delegate(
        "rank units",
        _rank_units,
        schema(
            set_code=text(),
            level=level(),
            units=by_unit(figures(), required=True),
            expert_scores=by_unit(experts(), load_default=None, allow_none=True),
        ),
        {"zh": "按指标体系排名计分", "en": "Rank the units by the indicator set"},
    ),
)
