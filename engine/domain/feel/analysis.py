"""What can be told of a cell of a decision table without data."""

from typing import Any, Final

from engine.domain.feel import limits, parser, syntax
from engine.domain.feel.evaluator import TABLE
from engine.domain.feel.scope import Compiler, Scope
from engine.errors import ExpressionFailed

_OPEN: Final = (syntax.Name, syntax.Input, syntax.Call)
_CONSTANT_CALLS: Final = frozenset({"date", "time", "date and time", "duration"})


def boundaries(source: str) -> list[Any] | None:
    """Return the constants at which a cell of unary tests may change its mind, None when it depends on other data."""
    tree = parser.parse(source, tests=True)
    if not isinstance(tree, syntax.Tests):
        return None
    found: list[Any] = []
    for test in tree.tests:
        for operand in _operands(test):
            if not _is_constant(operand):
                return None
            found.append(_value(source, operand))
    return found


def _operands(test: syntax.Node) -> tuple[syntax.Node, ...]:
    if isinstance(test, syntax.SymbolTest):
        return (test.operand,)
    if isinstance(test, syntax.Interval):
        return test.start, test.end
    return test.items if isinstance(test, syntax.Items) else (test,)


def _is_constant(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Call):
        named = isinstance(node.callee, syntax.Name) and node.callee.name in _CONSTANT_CALLS
        return named and all(isinstance(argument, syntax.Literal) for argument in node.arguments)
    return isinstance(node, syntax.Literal | syntax.Arithmetic | syntax.Negative) and not any(
        isinstance(part, _OPEN) for part, _ in syntax.walk(node)
    )


def _value(source: str, node: syntax.Node) -> Any:
    try:
        return Compiler(source, TABLE).build(node)(Scope({}, None, limits.Meter({})))
    except ExpressionFailed:
        return None
