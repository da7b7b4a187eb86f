"""Unary tests: the cells of decision tables, and what stands behind `in` (DMN 1.3 chapter 10.3.2.15)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from engine.domain.feel import limits, syntax
from engine.domain.feel.scope import Closure, Compiler, Scope, mentions
from engine.domain.feel.values import Range, equal, less, less_or_equal, within

Test = Callable[[Scope, Any], bool | None]

_INPUT: Final = syntax.Input()


def build_in(compiler: Compiler, node: syntax.In) -> Closure:
    """Return the closure of `value in tests`."""
    value = compiler.build(node.value)
    tests = [_test(compiler, test) for test in node.tests]
    return lambda scope: _any(tests, scope, value(scope))


def build_tests(compiler: Compiler, node: syntax.Tests) -> Closure:
    """Return the closure of a cell, which tests the value called `?`."""
    tests = [_test(compiler, test) for test in node.tests]
    if not tests:
        return lambda _scope: True
    if node.negated:
        return lambda scope: _not(_any(tests, scope, scope.find("?")))
    return lambda scope: _any(tests, scope, scope.find("?"))


def holds(meter: limits.Meter, found: Any, value: Any) -> bool | None:
    """Tell whether `value` is what was `found`: the same, within the range, or one of the list."""
    if isinstance(found, Range):
        return within(found, value) if not isinstance(value, Range) else equal(meter, found, value)
    if isinstance(found, list):
        if isinstance(value, list) and equal(meter, found, value):
            return True
        meter.spend(len(found))
        return any(
            (within(item, value) if isinstance(item, Range) else equal(meter, item, value)) is True for item in found
        )
    return equal(meter, found, value)


def _any(tests: Sequence[Test], scope: Scope, value: Any) -> bool | None:
    unknown = False
    for test in tests:
        found = test(scope, value)
        if found is True:
            return True
        unknown = unknown or found is None
    return None if unknown else False


def _not(value: bool | None) -> bool | None:  # noqa: FBT001
    return None if value is None else not value


def _test(compiler: Compiler, node: syntax.Node) -> Test:
    if isinstance(node, syntax.SymbolTest):
        return _symbol(compiler, node)
    operand = compiler.build(node)
    if isinstance(node, syntax.Literal):
        return lambda scope, value: equal(scope.meter, node.value, value)
    if mentions(node, _INPUT):
        return lambda scope, value: _answered(scope.within({"?": value}), operand, value)
    return lambda scope, value: _matched(scope, operand(scope), value)


def _symbol(compiler: Compiler, node: syntax.SymbolTest) -> Test:
    operand = compiler.build(node.operand)
    if node.operator == "=":
        return lambda scope, value: equal(scope.meter, value, operand(scope))
    if node.operator == "!=":
        return lambda scope, value: _not(equal(scope.meter, value, operand(scope)))
    if node.operator in ("<", "<="):
        order = less if node.operator == "<" else less_or_equal
        return lambda scope, value: order(value, operand(scope))
    order = less if node.operator == ">" else less_or_equal
    return lambda scope, value: order(operand(scope), value)


def _answered(scope: Scope, operand: Closure, value: Any) -> bool | None:
    found = operand(scope)
    return found if isinstance(found, bool) or found is None else holds(scope.meter, found, value)


def _matched(scope: Scope, found: Any, value: Any) -> bool | None:
    if isinstance(found, bool) and not isinstance(value, bool):
        return found
    return holds(scope.meter, found, value)
