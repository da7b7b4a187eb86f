"""What a diagram is told of a score sheet: plain numbers, as the operator `score indicators` gives them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.domain import scoring
from engine.domain.sheets.composing import Entry

NUMBERS = ("value", "standard", "index", "weight", "points", "base")
GROUP = ("code", "name", "weight", "points", "index")
INDICATOR = ("code", "name", "unit", *NUMBERS, "gate", "method", "treated", "missing")
BRIDGED = {"code": "code", "from": "reported", "to": "counted", "before": "before", "after": "after"}


def answer(sheet: Entry) -> dict[str, Any]:
    """Return the score of a sheet as `scoring.Score.plain` does; `total` and `gates_met` are what decisions ask for."""
    return {
        "set": sheet["set"]["code"],
        "level": sheet["level"],
        "total": plain_number(sheet["total"]),
        "gates_met": sheet["gates_met"],
        "gates": sheet["gates"],
        "missing": sheet["missing"],
        "groups": [_picked(group, GROUP) for group in sheet["groups"]],
        "indicators": [_picked(one, INDICATOR) for one in sheet["indicators"]],
        "bridged": [{name: _value(one, key) for name, key in BRIDGED.items()} for one in sheet["bridged"]],
        "foreign": sheet["foreign"],
    }


def plain_number(text: str) -> int | float:
    """Return the number of a decimal's text."""
    return scoring.plain(Decimal(text))


def _picked(one: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _value(one, name) for name in names}


def _value(one: Mapping[str, Any], name: str) -> Any:
    value = one[name]
    numeric = name in NUMBERS or name in {"before", "after"}
    return plain_number(value) if numeric and value is not None else value
