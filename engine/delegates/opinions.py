"""Operators of the joint audit: what the departments answered, counted and weighed (会签)."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from engine.delegates.registry import MOST_ITEMS, Delegate, Given, Grounds, items, one_of, schema, texts
from engine.domain.voting import Declared, Opinion, Rule, Said, weigh
from engine.errors import StepFailed

OPINIONS = tuple(opinion.value for opinion in Opinion)


def _count_opinions(given: Given, _: Grounds) -> dict[str, int]:
    counted = Counter(_opinion(one) for one in given["opinions"])
    return {opinion: counted[opinion] for opinion in OPINIONS}


def _weigh_opinions(given: Given, _: Grounds) -> dict[str, Any]:
    """Weigh by the declared rule; the counts stand under the words of the opinions and under those of a minute."""
    vetoers = frozenset(given["vetoers"] or ())
    ratio = Decimal(str(given["ratio"])) if given["ratio"] is not None else None
    said = [_said(number, one) for number, one in enumerate(given["opinions"], 1)]
    result = weigh(Declared(Rule(given["rule"]), ratio, vetoers, given["deemed_consents"]), said)
    counted = Counter(one.opinion.value for one in said)
    return {
        "outcome": result.outcome.value,
        **{opinion: counted[opinion] for opinion in OPINIONS},
        "agreed": counted[Opinion.AGREE],
        "commented": counted[Opinion.COMMENT],
        "objected": counted[Opinion.OBJECT],
        "objectors": [one.department for one in result.objecting],
        "objections": [
            {"department": one.department, "name": one.name, "reason": one.reason} for one in result.objecting
        ],
        "deemed_departments": [one.name for one in result.silent],
        "reasons": list(result.reasons),
    }


def _said(number: int, answer: Mapping[str, Any] | None) -> Said:
    opinion = Opinion(_opinion(answer))
    given = answer or {}
    department = str(given.get("department") or number)
    return Said(department, opinion, str(given.get("name") or department), given.get("reason"))


def _opinion(answer: Mapping[str, Any] | None) -> str:
    """Read one department's answer; none at all, or one marked so, is deemed no objection."""
    if answer is None or answer.get("deemed") is True or answer.get("opinion") is None:
        return Opinion.DEEMED.value
    opinion = answer["opinion"]
    if opinion not in OPINIONS:
        raise StepFailed(operator="count opinions", reason=f"unknown opinion {opinion!r:.40}")
    return str(opinion)


def _share() -> fields.Float:
    return fields.Float(load_default=None, allow_none=True, allow_nan=False, validate=validate.Range(0, 1))


def _vetoers() -> fields.List[Any]:
    one = texts().inner
    return fields.List(one, load_default=list, allow_none=True, validate=validate.Length(max=MOST_ITEMS))


OPERATORS = (
    Delegate(
        "count opinions",
        _count_opinions,
        schema(opinions=items()),
        {"zh": "汇总部门意见", "en": "Count the opinions of the departments"},
    ),
    Delegate(
        "weigh opinions",
        _weigh_opinions,
        schema(
            opinions=items(),
            rule=one_of(*(rule.value for rule in Rule)),
            ratio=_share(),
            vetoers=_vetoers(),
            deemed_consents=fields.Boolean(required=True, truthy={True}, falsy={False}),
        ),
        {"zh": "按表决规则汇总部门意见", "en": "Weigh the opinions of the departments by the declared rule"},
    ),
)
