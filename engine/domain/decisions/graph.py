"""Decision requirement graphs: what a decision needs is decided first (DMN 1.3 chapter 6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.domain import feel
from engine.domain.decisions.boxed import Definition
from engine.domain.decisions.kinds import conforming
from engine.domain.decisions.policies import HitPolicy
from engine.domain.decisions.run import Entry, Functions, Logic, Run, fitted, placed, refuse_forbidden, shown
from engine.domain.decisions.table import Table
from engine.domain.feel import limits
from engine.domain.feel.scope import Scope
from engine.domain.feel.types import Type
from engine.domain.feel.values import Function
from engine.errors import DecisionFailed, ExpressionFailed


@dataclass(frozen=True, slots=True)
class Datum:
    """What a decision is given: an inputData element, its names and its type."""

    element: str
    names: tuple[str, ...]
    type: Type | None

    def read(self, context: Mapping[str, Any], run: Run) -> Any:
        """Return the value the data has for it; raise DecisionFailed when that is not of its type or not allowed."""
        value = next((context[name] for name in self.names if name in context), None)
        if self.type is None:
            return value
        fits, found = conforming(run.meter, self.type, value)
        with placed(element=self.element, input=self.names[0]):
            if not fits:
                raise DecisionFailed(reason="a value is of another type", value=shown(value), expected=self.type.shown)
            refuse_forbidden(run.meter, self.type, found)
        return found


@dataclass(slots=True, eq=False)
class Knowledge:
    """A business knowledge model: a function under its names, with the knowledge it needs itself."""

    id: str
    names: tuple[str, ...]
    definition: Definition
    needs: tuple["Knowledge | Service", ...] = ()
    tables: tuple[Table, ...] = ()

    def function(self, run: Run) -> Function:
        """Return it as a function of this evaluation; it may call itself."""
        known: dict[str, Any] = {}
        made = self.definition.work(Scope(known, None, run.meter), run)

        def invoke(arguments: list[Any]) -> Any:
            if not known:
                known.update(_named(self, made))
                for need in self.needs:
                    known.update(_named(need, need.function(run)))
            return made.invoke(arguments)

        return Function(made.parameters, invoke, made.types)


@dataclass(slots=True, eq=False)
class Service:
    """A decision service: some decisions as a function of the data and the decisions it does not make itself."""

    id: str
    names: tuple[str, ...]
    data: tuple[Datum, ...] = ()
    given: tuple["Decision", ...] = ()
    outputs: tuple["Decision", ...] = ()
    tables: tuple[Table, ...] = ()

    def function(self, run: Run) -> Function:
        """Return it as a function of this evaluation: first the data, then the decisions it is given."""
        parameters = (*[each.names[0] for each in self.data], *[each.names[0] for each in self.given])

        kinds = (*[each.type for each in self.data], *[each.type for each in self.given])

        def invoke(arguments: list[Any]) -> Any:
            if len(arguments) != len(parameters):
                return None
            if run.meter.depth >= limits.CALLS:
                raise DecisionFailed(decision=self.id, reason="functions call each other too deeply")
            given = [fitted(run.meter, kind, value) for kind, value in zip(kinds, arguments, strict=True)]
            known = {each.id: value for each, value in zip(self.given, given[len(self.data) :], strict=True)}
            run.meter.depth += 1
            try:
                return self._answer(dict(zip(parameters, given, strict=True)), known, run)
            finally:
                run.meter.depth -= 1

        return Function(parameters, invoke, kinds)

    def _answer(self, context: Mapping[str, Any], known: dict[str, Any], run: Run) -> Any:
        found = {output.names[0]: decide(output, context, known, run) for output in self.outputs}
        return next(iter(found.values())) if len(found) == 1 else found


def _named(thing: "Knowledge | Service", function: Function) -> dict[str, Function]:
    return dict.fromkeys(thing.names, function)


@dataclass(slots=True, eq=False)
class Decision:
    """A decision: its logic, and what it needs: data, decisions that are made first, and knowledge."""

    id: str
    name: str
    names: tuple[str, ...]
    logic: Logic
    type: Type | None
    data: tuple[Datum, ...] = ()
    needs: tuple["Decision", ...] = ()
    knowledge: tuple[Knowledge | Service, ...] = ()
    tables: tuple[Table, ...] = ()
    calls: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> HitPolicy:
        """The hit policy of its table; a decision without a table has a single answer."""
        return self.logic.policy if isinstance(self.logic, Table) else HitPolicy.UNIQUE

    def evaluate(self, context: Mapping[str, Any], functions: Functions | None = None) -> Any:
        """Return the answer as plain JSON; decisions it needs are made first and seen under their names.

        Raise DecisionFailed with the facts decision, reason and, where known, rule (from 1), column and expected.
        """
        return self._plain(self._worked(context, functions, None))

    def explain(self, context: Mapping[str, Any], functions: Functions | None = None) -> Entry:
        """Return the answer with every decision made for it, in order: what it was given, the rules that fired and why.

        `value` is the answer, `data` what it read of the context, from which it can be made again; each of `decisions`
        has decision, name, given, value, and for each table that was asked its inputs and the rules that fired, with
        their number, element, conditions, answer and annotations.
        """
        run = Run(limits.Meter(functions or {}, limits.DECISION_STEPS), [])
        read = _Read(context)
        value = self._guarded(read, run)
        data = {name: shown(context[name]) for name in sorted(read.names)}
        return {"decision": self.id, "value": self._plain(value), "data": data, "decisions": run.decisions}

    def _worked(self, context: Mapping[str, Any], functions: Functions | None, tables: list[Entry] | None) -> Any:
        return self._guarded(context, Run(limits.Meter(functions or {}, limits.DECISION_STEPS), tables))

    def _guarded(self, context: Mapping[str, Any], run: Run) -> Any:
        try:
            return decide(self, context, {}, run)
        except RecursionError as fault:
            raise DecisionFailed(decision=self.id, reason="the decision is nested too deeply") from fault
        except ExpressionFailed as failure:
            raise DecisionFailed(**({"decision": self.id} | failure.facts)) from failure

    def _plain(self, value: Any) -> Any:
        try:
            return feel.to_json(value)
        except ExpressionFailed as failure:
            raise DecisionFailed(decision=self.id, reason=failure.facts["reason"]) from failure


class _Read(Mapping[str, Any]):
    """A context that remembers which of its names were asked for."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = self._context[name]
        self.names.add(name)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._context

    def __iter__(self) -> Iterator[str]:
        return iter(self._context)

    def __len__(self) -> int:
        return len(self._context)


def decide(decision: Decision, context: Mapping[str, Any], known: dict[str, Any], run: Run) -> Any:
    """Return the value of a decision; `known` holds, by id, decisions that have been made."""
    base = Scope(context, None, run.meter)
    for each in _order(decision, known) if decision.needs else (decision,):
        known[each.id] = _made(each, base, known, run)
    return known[decision.id]


def _order(decision: Decision, known: Mapping[str, Any]) -> list[Decision]:
    """Return the decisions that must be made, each after those it needs; there are no circles among them."""
    order: list[Decision] = []
    seen = set(known)
    waiting = [(decision, False)]
    while waiting:
        each, ready = waiting.pop()
        if ready:
            order.append(each)
        elif each.id not in seen:
            seen.add(each.id)
            waiting.append((each, True))
            waiting += [(need, False) for need in reversed(each.needs)]
    return order


def _made(decision: Decision, base: Scope, known: Mapping[str, Any], run: Run) -> Any:
    around = run.tables
    run.tables = None if around is None else []
    with placed(decision=decision.id):
        given = _given(decision, base, known, run)
        told = dict(given)
        for some in decision.knowledge:
            given.update(_named(some, some.function(run)))
        value = fitted(run.meter, decision.type, decision.logic.work(base.within(given), run))
    if run.tables is not None:
        run.decisions.append(_told(decision, told, value, run.tables))
    run.tables = around
    return value


def _given(decision: Decision, base: Scope, known: Mapping[str, Any], run: Run) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for datum in decision.data:
        given.update(dict.fromkeys(datum.names, datum.read(base.names, run)))
    for need in decision.needs:
        given.update(dict.fromkeys(need.names, known[need.id]))
    return given


def _told(decision: Decision, given: Mapping[str, Any], value: Any, tables: list[Entry]) -> Entry:
    seen = {name: shown(found) for name, found in given.items()}
    return {"decision": decision.id, "name": decision.name, "given": seen, "tables": tables, "value": shown(value)}
