"""From the syntax tree to a Python closure; nothing is ever given to eval or exec.

Types that do not fit give null, as DMN asks; only spent budgets, unknown functions and failures of registered
functions raise ExpressionFailed.
"""

from collections.abc import Callable
from typing import Any, Final

from engine.domain.feel import arithmetic, calls, limits, loops, syntax, types
from engine.domain.feel import unary as tests
from engine.domain.feel.scope import Closure, Compiler, Scope
from engine.domain.feel.values import Range, comparable, equal, less, less_or_equal

_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": arithmetic.plus,
    "-": arithmetic.minus,
    "*": arithmetic.times,
    "/": arithmetic.over,
    "**": arithmetic.power,
}


def _literal(_compiler: Compiler, node: syntax.Literal) -> Closure:
    value = node.value
    return lambda _scope: value


def _name(compiler: Compiler, node: syntax.Name) -> Closure:
    name = node.name
    if not compiler.is_local(name):
        compiler.names.add(name)

    def find(scope: Scope) -> Any:
        names = scope.names
        return names[name] if name in names else scope.find(name)

    return find


def _input(_compiler: Compiler, _node: syntax.Input) -> Closure:
    return lambda scope: scope.find("?")


def _negative(compiler: Compiler, node: syntax.Negative) -> Closure:
    operand = compiler.build(node.operand)
    return lambda scope: arithmetic.negative(operand(scope))


def _arithmetic(compiler: Compiler, node: syntax.Arithmetic) -> Closure:
    first = compiler.build(node.first)
    rest = [(_ARITHMETIC[sign], compiler.build(part)) for sign, part in zip(node.operators, node.operands, strict=True)]
    if "**" in node.operators:
        first = _charged(first, limits.STEPS_PER_SERIES * len(rest))
    if len(rest) == 1:
        work, second = rest[0]

        def pair(scope: Scope) -> Any:
            made = work(first(scope), second(scope))
            if type(made) is str:
                scope.meter.spend_on(made)
            return made

        return pair

    def chain(scope: Scope) -> Any:
        value = first(scope)
        for work, operand in rest:
            value = work(value, operand(scope))
            if type(value) is str:
                scope.meter.spend_on(value)
        return value

    return chain


def _charged(closure: Closure, steps: int) -> Closure:
    def work(scope: Scope) -> Any:
        scope.meter.spend(steps)
        return closure(scope)

    return work


def _logic(compiler: Compiler, node: syntax.Logic) -> Closure:
    operands = [compiler.build(operand) for operand in node.operands]
    decisive = node.operator == "or"

    def decide(scope: Scope) -> bool | None:
        unknown = False
        for operand in operands:
            value = operand(scope)
            if value is decisive:
                return value is True
            if not isinstance(value, bool):
                unknown = True
        return None if unknown else not decisive

    return decide


def _compare(compiler: Compiler, node: syntax.Compare) -> Closure:
    left, right = compiler.build(node.left), compiler.build(node.right)
    return _COMPARISONS[node.operator](left, right)


def _equal(left: Closure, right: Closure) -> Closure:
    return lambda scope: equal(scope.meter, left(scope), right(scope))


def _unequal(left: Closure, right: Closure) -> Closure:
    def compare(scope: Scope) -> bool | None:
        same = equal(scope.meter, left(scope), right(scope))
        return None if same is None else not same

    return compare


_COMPARISONS: Final[dict[str, Callable[[Closure, Closure], Closure]]] = {
    "=": _equal,
    "!=": _unequal,
    "<": lambda left, right: lambda scope: less(left(scope), right(scope)),
    "<=": lambda left, right: lambda scope: less_or_equal(left(scope), right(scope)),
    ">": lambda left, right: lambda scope: less(right(scope), left(scope)),
    ">=": lambda left, right: lambda scope: less_or_equal(right(scope), left(scope)),
}


def _between(compiler: Compiler, node: syntax.Between) -> Closure:
    value, low, high = compiler.build(node.value), compiler.build(node.low), compiler.build(node.high)

    def compare(scope: Scope) -> bool | None:
        found = value(scope)
        above, below = less_or_equal(low(scope), found), less_or_equal(found, high(scope))
        if above is False or below is False:
            return False
        return None if above is None or below is None else True

    return compare


def _instance_of(compiler: Compiler, node: syntax.InstanceOf) -> Closure:
    value, wanted = compiler.build(node.value), types.resolve(compiler.source, node.type, compiler.types)
    return lambda scope: types.conforms(scope.meter, wanted, value(scope))


def _if(compiler: Compiler, node: syntax.If) -> Closure:
    condition, then = compiler.build(node.condition), compiler.build(node.then)
    otherwise = compiler.build(node.otherwise)
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


def _items(compiler: Compiler, node: syntax.Items) -> Closure:
    items = [compiler.build(item) for item in node.items]
    return lambda scope: [item(scope) for item in items]


def _context(compiler: Compiler, node: syntax.Context) -> Closure:
    with compiler.local(*node.keys):
        entries = [(key, compiler.build(value)) for key, value in zip(node.keys, node.values, strict=True)]

    if len(set(node.keys)) < len(node.keys):  # DMN 1.3 chapter 10.3.2.6: the keys of a context are different
        return lambda _scope: None

    def make(scope: Scope) -> dict[str, Any]:
        made: dict[str, Any] = {}
        inner = scope.within(made)
        for key, value in entries:
            made[key] = value(inner)
        return made

    return make


def _interval(compiler: Compiler, node: syntax.Interval) -> Closure:
    start, end = compiler.build(node.start), compiler.build(node.end)

    def make(scope: Scope) -> Range | None:
        low, high = start(scope), end(scope)
        if comparable(low, high) is None:
            return None
        return Range(low, high, node.start_included, node.end_included)

    return make


TABLE: Final[dict[type[syntax.Node], Callable[[Compiler, Any], Closure]]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Input: _input,
    syntax.Negative: _negative,
    syntax.Arithmetic: _arithmetic,
    syntax.Logic: _logic,
    syntax.Compare: _compare,
    syntax.Between: _between,
    syntax.In: tests.build_in,
    syntax.Tests: tests.build_tests,
    syntax.InstanceOf: _instance_of,
    syntax.If: _if,
    syntax.For: loops.build_for,
    syntax.Quantifier: loops.build_quantifier,
    syntax.Path: loops.build_path,
    syntax.Filter: loops.build_filter,
    syntax.Definition: calls.build_definition,
    syntax.Call: calls.build_call,
    syntax.Items: _items,
    syntax.Context: _context,
    syntax.Interval: _interval,
}
