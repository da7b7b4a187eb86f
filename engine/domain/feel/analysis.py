"""What can be told of a cell of a decision table without data."""

from dataclasses import dataclass
from typing import Any, Final

from engine.domain.feel import limits, syntax
from engine.domain.feel.evaluator import TABLE
from engine.domain.feel.scope import Compiler, Scope
from engine.domain.feel.values import comparable, place
from engine.errors import ExpressionFailed, ExpressionRefused

_OPEN: Final = (syntax.Name, syntax.Input, syntax.Call)
_ENDS: Final = 2
_CONSTANT_CALLS: Final = frozenset({"date", "time", "date and time", "duration"})


@dataclass(frozen=True, slots=True)
class Span:
    """All values from one end to the other; an end that is None is open without end."""

    low: Any
    high: Any
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A cell that compares with constants only: the values and spans it is passed by, or with `negated` is not.

    `listed` says that the values stood in a list, which a list in the data may also be equal to.
    """

    values: tuple[Any, ...]
    spans: tuple[Span, ...]
    negated: bool
    listed: bool

    @property
    def kinds(self) -> set[str]:
        """The kinds of its constants."""
        ends = [end for span in self.spans for end in (span.low, span.high) if end is not None]
        return {found[0] for found in map(place, [*self.values, *ends]) if found is not None}


def shape(tree: syntax.Node) -> Shape | None:
    """Return what a cell compares with, None when that depends on other data."""
    if not isinstance(tree, syntax.Tests) or not tree.tests:
        return None
    if len(tree.tests) == 1 and _differs(tree.tests[0]):
        return _inverted(tree)
    values: list[Any] = []
    spans: list[Span] = []
    for test in tree.tests:
        if not _add(_spelled_out(test), values, spans):
            return None
    listed = any(isinstance(test, syntax.Items) for test in tree.tests)
    return Shape(tuple(values), tuple(spans), tree.negated, listed)


def _differs(test: syntax.Node) -> bool:
    spelled = _spelled_out(test)
    return isinstance(spelled, syntax.SymbolTest) and spelled.operator == "!="


def _inverted(tree: syntax.Tests) -> Shape | None:
    """Return the shape of `!= x`, which is `not(x)`."""
    test = _spelled_out(tree.tests[0])
    operand = test.operand if isinstance(test, syntax.SymbolTest) else test
    return shape(syntax.Tests((syntax.SymbolTest("=", operand),), not tree.negated))


def _spelled_out(test: syntax.Node) -> syntax.Node:
    """Return `? < 5` as `< 5`, and `? > 1 and ? <= 5` as `(1..5]`, which ask the same."""
    if isinstance(test, syntax.Compare) and isinstance(test.left, syntax.Input):
        return syntax.SymbolTest(test.operator, test.right)
    if isinstance(test, syntax.Between) and isinstance(test.value, syntax.Input):
        return syntax.Interval(test.low, test.high, start_included=True, end_included=True)
    if isinstance(test, syntax.Logic) and test.operator == "and" and len(test.operands) == _ENDS:
        low, high = sorted(map(_spelled_out, test.operands), key=lambda end: getattr(end, "operator", "<")[0] == "<")
        ends = isinstance(low, syntax.SymbolTest) and isinstance(high, syntax.SymbolTest)
        if ends and low.operator[0] == ">" and high.operator[0] == "<":  # type: ignore[attr-defined]
            return syntax.Interval(low.operand, high.operand, low.operator == ">=", high.operator == "<=")  # type: ignore[attr-defined]
    return test


def _add(test: syntax.Node, values: list[Any], spans: list[Span]) -> bool:
    operands = _operands(test)
    constants = [_value(operand) for operand in operands if _is_constant(operand)]
    if len(constants) < len(operands) or not all(_is_point(operand, constants) for operand in operands):
        return False
    if isinstance(test, syntax.Interval):
        low, high = constants
        spans.append(Span(low, high, test.start_included, test.end_included))
        return comparable(low, high) is not None
    if isinstance(test, syntax.SymbolTest):
        return _add_compared(test.operator, constants[0], values, spans)
    values += constants
    return True


def _is_point(operand: syntax.Node, constants: list[Any]) -> bool:
    return isinstance(operand, syntax.Literal) or all(
        place(each) is not None and each is not None for each in constants
    )


def _add_compared(operator: str, constant: Any, values: list[Any], spans: list[Span]) -> bool:
    if operator == "=":
        values.append(constant)
    elif operator != "!=" and comparable(constant, constant) is not None:
        included = operator.endswith("=")
        below = operator[0] == "<"
        spans.append(Span(None, constant, False, included) if below else Span(constant, None, included, False))  # noqa: FBT003
    else:
        return False
    return True


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


def _value(node: syntax.Node) -> Any:
    try:
        return Compiler("", TABLE).build(node)(Scope({}, None, limits.Meter({})))
    except (ExpressionFailed, ExpressionRefused):
        return None
