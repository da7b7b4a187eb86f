"""Decisions made again from what is on record of them: the data they read, the tables asked, the rules that fired.

Records of earlier days do not tell what data was read; it is taken from the columns of their tables then, and where a
column reads an expression that cannot be turned round, the decision is told as not checkable.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.domain.decisions import Decision
from engine.errors import DecisionFailed, ExpressionFailed

PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")

Entry = Mapping[str, Any]


def same(decision: Decision, made: Entry) -> bool | None:
    """Tell whether a decision made again gives the recorded answer by the same rules; none where that cannot be told.

    Raise LookupError or TypeError when the record is not of the form that `Decision.explain` gives.
    """
    context = made["data"] if "data" in made else _from_columns(decision, made)
    if context is None:
        return None
    try:
        again = decision.explain(context)
    except (DecisionFailed, ExpressionFailed):
        return False
    return bool(again["value"] == made["value"]) and list(_fired(again)) == list(_fired(made))


def _from_columns(decision: Decision, made: Entry) -> dict[str, Any] | None:
    context: dict[str, Any] = {}
    for one in made["decisions"]:
        context.update(one["given"])
    columns = {table.element: table.inputs for each in _needed(decision) for table in each.tables}
    for table in (table for one in made["decisions"] for table in one["tables"]):
        inputs = columns.get(table["element"], ())
        if len(table["inputs"]) != len(inputs):
            return None
        for column in inputs:
            source = column.expression.source.removeprefix("=").strip()
            if PATH.fullmatch(source) and column.label in table["inputs"]:
                _put(context, source.split("."), table["inputs"][column.label])
            elif not column.expression.names <= context.keys():
                return None
    return context


def _needed(decision: Decision) -> Iterator[Decision]:
    """Yield a decision and those it needs, each once."""
    seen, waiting = set(), [decision]
    while waiting:
        each = waiting.pop()
        if each.id not in seen:
            seen.add(each.id)
            waiting += each.needs
            yield each


def _put(context: dict[str, Any], path: list[str], value: Any) -> None:
    *above, last = path
    for name in above:
        held = context.setdefault(name, {})
        if not isinstance(held, dict):
            return
        context = held
    context[last] = value


def _fired(made: Entry) -> Iterator[tuple[str, list[int]]]:
    for one in made["decisions"]:
        for table in one["tables"]:
            yield table["element"], [rule["rule"] for rule in table["rules"]]
