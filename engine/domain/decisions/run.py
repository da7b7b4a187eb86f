"""One evaluation of a decision: what it may still spend, and what it tells of itself."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.domain import feel
from engine.domain.feel import limits, output, types
from engine.domain.feel.scope import Scope
from engine.errors import DecisionFailed, ExpressionFailed

Functions = Mapping[str, Callable[..., Any]]
Entry = dict[str, Any]


@dataclass(slots=True)
class Run:
    """The meter of the whole evaluation; `tables` collects what its tables did when somebody wants to know."""

    meter: limits.Meter
    tables: list[Entry] | None = None
    decisions: list[Entry] = field(default_factory=list)


class Logic(Protocol):
    """What gives a value: an expression, a table, a context, a list, a relation, an invocation or a function."""

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the value in `scope`; raise DecisionFailed."""


@contextmanager
def placed(**where: Any) -> Iterator[None]:
    """Say where an evaluation failed: the facts `where` are added to whatever the failure says itself."""
    try:
        yield
    except (ExpressionFailed, DecisionFailed) as failure:
        raise DecisionFailed(**(where | failure.facts)) from failure


def fitted(meter: limits.Meter, wanted: types.Type | None, value: Any) -> Any:
    """Return `value` as its type has it, null when it cannot be that; raise DecisionFailed when it is not allowed."""
    if wanted is None:
        return value
    made = types.coerced(meter, wanted, value)
    refuse_forbidden(meter, wanted, made)
    return made


def refuse_forbidden(meter: limits.Meter, wanted: types.Type, value: Any) -> None:
    """Raise DecisionFailed when `value`, or one inside it, is not among those its type allows."""
    found = types.forbidden(meter, wanted, value)
    if found is not None:
        strict, inner = found
        raise DecisionFailed(reason="a value is not allowed", value=shown(inner), expected=strict.shown)


def shown(value: Any) -> Any:
    """Return `value` as plain JSON for a reader, as text when it cannot be that."""
    try:
        return feel.to_json(value)
    except ExpressionFailed:
        pass
    try:
        return output.text(limits.Meter({}), value) or type(value).__name__.lower()
    except ExpressionFailed:
        return type(value).__name__.lower()
