"""Operators of the joint audit: what the departments answered, counted and weighed (会签)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine.delegates.registry import Delegate, Given, Grounds, items, schema
from engine.errors import StepFailed

# What a department answers when it is asked to join a decision; silence is no objection.
DEEMED = "deemed"
OPINIONS = ("agree", "comment", "object", DEEMED)


def _count_opinions(given: Given, _: Grounds) -> dict[str, int]:
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


OPERATORS = (
    Delegate(
        "count opinions",
        _count_opinions,
        schema(opinions=items()),
        {"zh": "汇总部门意见", "en": "Count the opinions of the departments"},
    ),
)
