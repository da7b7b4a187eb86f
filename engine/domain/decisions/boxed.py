"""Boxed expressions of DMN 1.3 (chapter 7.3 and 10.2): what stands in a decision or a business knowledge model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain import feel
from engine.domain.decisions.run import Logic, Run, fitted, placed
from engine.domain.feel import limits
from engine.domain.feel.scope import Scope
from engine.domain.feel.types import Type, coerced
from engine.domain.feel.values import Function
from engine.errors import DecisionFailed


@dataclass(frozen=True, slots=True)
class Text:
    """A literal expression."""

    owner: str
    label: str
    expression: feel.Expression

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the value of the expression."""
        run.meter.spend(1)
        with placed(decision=self.owner, column=self.label):
            return self.expression.work(scope)


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression that says of which type its value is."""

    owner: str
    logic: Logic
    type: Type

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the value as its type has it."""
        with placed(decision=self.owner):
            return fitted(run.meter, self.type, self.logic.work(scope, run))


@dataclass(frozen=True, slots=True)
class Entries:
    """A context: each entry sees those before it; one without a name, the last, is the answer."""

    names: tuple[str, ...]
    values: tuple[Logic, ...]

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the context, or what its last entry without a name makes of it."""
        made: dict[str, Any] = {}
        inner = scope.within(made)
        for name, value in zip(self.names, self.values, strict=True):
            found = value.work(inner, run)
            if not name:
                return found
            made[name] = found
        return made


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Logic, ...]

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the list of the values."""
        return limits.items([item.work(scope, run) for item in self.items])


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation: a list of contexts with the same entries."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Logic, ...], ...]

    def work(self, scope: Scope, run: Run) -> Any:
        """Return a context for each row."""
        return limits.items(
            [{name: cell.work(scope, run) for name, cell in zip(self.columns, row, strict=True)} for row in self.rows]
        )


@dataclass(frozen=True, slots=True)
class Definition:
    """A function: its parameters, their types and its body."""

    owner: str
    parameters: tuple[str, ...]
    types: tuple[Type | None, ...]
    body: Logic

    def work(self, scope: Scope, run: Run) -> Function:
        """Return the function, which sees the names around it."""

        def invoke(arguments: list[Any]) -> Any:
            return self._invoke(scope, run, arguments)

        return Function(self.parameters, invoke, self.types)

    def _invoke(self, scope: Scope, run: Run, arguments: list[Any]) -> Any:
        meter = run.meter
        if len(arguments) != len(self.parameters):
            return None
        meter.spend(1)
        if meter.depth >= limits.CALLS:
            reason = "functions call each other too deeply"
            raise DecisionFailed(decision=self.owner, reason=reason, limit=limits.CALLS)
        pairs = zip(self.types, arguments, strict=True)
        given = [value if kind is None else coerced(meter, kind, value) for kind, value in pairs]
        meter.depth += 1
        try:
            return self.body.work(scope.within(dict(zip(self.parameters, given, strict=True))), run)
        finally:
            meter.depth -= 1


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function called with its arguments by name."""

    owner: str
    callee: feel.Expression
    bindings: Mapping[str, Logic]

    def work(self, scope: Scope, run: Run) -> Any:
        """Return the function's answer; raise DecisionFailed when there is no such function or parameter."""
        with placed(decision=self.owner, column=self.callee.source):
            function = self.callee.work(scope)
        if not isinstance(function, Function):
            raise DecisionFailed(decision=self.owner, reason="there is no such function", function=self.callee.source)
        strangers = sorted(set(self.bindings) - set(function.parameters))
        if strangers:
            reason = "the function has no such parameter"
            raise DecisionFailed(decision=self.owner, reason=reason, column=strangers[0], expected=function.parameters)
        given = {name: logic.work(scope, run) for name, logic in self.bindings.items()}
        return function.invoke([given.get(name) for name in function.parameters])
