"""From the syntax tree to a Python closure; nothing is ever given to eval or exec.

Types that do not fit give null, as DMN asks; only spent budgets, unknown functions and failures of registered
functions raise ExpressionFailed.
"""

from collections.abc import Callable
from typing import Any, Final

from engine.domain.feel import arithmetic, calls, loops, syntax
from engine.domain.feel import unary as tests
from engine.domain.feel.scope import Closure, Compiler, Scope
from engine.domain.feel.values import Range, comparable, equal, kind, less, less_or_equal
from engine.errors import ExpressionRefused

_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": arithmetic.plus,
    "-": arithmetic.minus,
    "*": arithmetic.times,
    "/": arithmetic.over,
    "**": arithmetic.power,
}
_TYPES: Final = {
    "Any", "Null", "number", "string", "boolean", "date", "time", "date and time", "list", "context", "function",
    "range", "days and time duration", "years and months duration", "day time duration", "year month duration",
}  # fmt: skip
_OLD_TYPES: Final = {
    "day time duration": "days and time duration",
    "year month duration": "years and months duration",
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
    value = compiler.build(node.value)
    for part, _ in syntax.walk(node.type):
        if isinstance(part, syntax.Type) and part.name not in _TYPES:
            raise ExpressionRefused(source=compiler.source, position=0, expected="one of " + ", ".join(sorted(_TYPES)))
    return lambda scope: _conforms(scope, value(scope), node.type)


def _conforms(scope: Scope, value: Any, wanted: syntax.Type) -> bool:
    name = _OLD_TYPES.get(wanted.name, wanted.name)
    found = kind(value)
    if name == "Any":
        return value is not None
    if name == "Null":
        return value is None
    if found != name or not wanted.members:
        return found == name
    if found == "list":
        scope.meter.spend(len(value))
        return all(_conforms(scope, item, wanted.members[0]) for item in value)
    return found != "range" or _conforms(scope, value.start, wanted.members[0])


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
