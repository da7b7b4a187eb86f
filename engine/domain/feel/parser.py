"""From the text of an expression to its syntax tree: the only file that knows lark."""

import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from engine.domain.feel import limits, names, syntax, temporal
from engine.domain.feel.cells import plain
from engine.domain.feel.values import DECIMAL, tidy
from engine.errors import ExpressionRefused

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{6}|.)", re.DOTALL)
_LEVELS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}
_WORDS: Final = {
    "$END": "the end",
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "TYPE_NAME": "a type",
    "COMPARE": "a comparison",
    "QUANTIFIER": "some or every",
    "MINUS": "-",
    "PLUS": "+",
    "STAR": "*",
    "SLASH": "/",
    "POWER": "**",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "TURNED_OPEN": "]",
    "LBRACE": "{",
    "RBRACE": "}",
    "COMMA": ",",
    "COLON": ":",
    "DOT": ".",
    "AT": "@",
    "QMARK": "?",
    "LESSTHAN": "<",
    "MORETHAN": ">",
    "_INSTANCE_OF": "instance of",
    "_CONTEXT_TYPE": "a type",
    "_FUNCTION_TYPE": "a type",
}


class _Unreadable(Exception):
    """A part of the expression means nothing; the first argument says what was expected there."""


def parse(source: str, tests: bool, known: frozenset[str] = frozenset()) -> syntax.Node:  # noqa: FBT001
    """Read `source`, an expression or (with `tests`) a cell of unary tests; raise ExpressionRefused.

    `known` are the unusual names in scope, which would otherwise be read as something else.
    """
    if len(source) > limits.SOURCE:
        raise ExpressionRefused(
            source=source[:80] + "…", position=limits.SOURCE, expected=f"≤ {limits.SOURCE} characters"
        )
    start = len(source) - len(source.lstrip())
    body = source[:start] + " " + source[start + 1 :] if source.startswith("=", start) else source
    tree = (plain(body) if tests else None) or _read(source, body, tests, known)
    for number, (_, depth) in enumerate(syntax.walk(tree), 1):
        if number > limits.NODES:
            raise ExpressionRefused(source=source, position=len(source), expected=f"≤ {limits.NODES} parts")
        if depth > limits.DEPTH:
            raise ExpressionRefused(source=source, position=len(source), expected=f"≤ {limits.DEPTH} levels of nesting")
    return tree


def _read(source: str, body: str, tests: bool, known: frozenset[str]) -> syntax.Node:  # noqa: FBT001
    text, marks = names.marked(body, known)
    try:
        return _tree(text, "unary" if tests else "start")
    except UnexpectedInput as fault:
        if tests and body.lstrip().startswith("not"):
            return syntax.Tests((_read(source, body, tests=False, known=known),), negated=False)
        position = names.place(_position(fault, text), marks)
        raise ExpressionRefused(source=source, position=position, expected=_expected(fault)) from None
    except _Unreadable as fault:
        position = names.place(fault.args[1], marks)
        raise ExpressionRefused(source=source, position=position, expected=fault.args[0]) from None
    except (LarkError, RecursionError):
        raise ExpressionRefused(source=source, position=0, expected="an expression") from None


def _tree(body: str, start: str) -> syntax.Node:
    tree: Any = _LARK.parse(body, start=start)
    return tree if isinstance(tree, syntax.Node) else tree.children[0]


def _position(fault: UnexpectedInput, source: str) -> int:
    if isinstance(fault, UnexpectedToken) and fault.token.type == "$END":
        return len(source)
    return fault.pos_in_stream if fault.pos_in_stream is not None else len(source)


def _expected(fault: UnexpectedInput) -> str:
    found: set[str] = set()
    if isinstance(fault, UnexpectedToken):
        found = set(fault.accepts or fault.expected)
    elif isinstance(fault, UnexpectedCharacters):
        found = set(fault.allowed or ())
    words = {_WORDS.get(name, name.strip("_").lower()) for name in found}
    return ", ".join(sorted(words)) or "an expression"


def _unquoted(token: Token) -> str:
    def letter(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) > 1:
            return chr(min(int(code[1:], 16), sys.maxunicode))
        return _ESCAPES.get(code, found[0])  # the backslash of "\\d" is itself: patterns need it

    text = _ESCAPE.sub(letter, token[1:-1])
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _Unreadable("whole characters, not half of a pair", token.start_pos or 0) from None


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Makes the tree while the text is read, so that no recursion can run out."""

    def start(self, tree: syntax.Node) -> syntax.Node:
        return tree

    def any_input(self) -> syntax.Node:
        return syntax.Tests((), negated=False)

    def tests(self, *tests: syntax.Node) -> syntax.Tests:
        return syntax.Tests(tests, negated=False)

    def not_tests(self, tests: syntax.Tests) -> syntax.Node:
        return syntax.Tests(tests.tests, negated=True)

    def symbol_test(self, operator: Token, operand: syntax.Node) -> syntax.Node:
        return syntax.SymbolTest(str(operator), operand)

    def either(self, left: syntax.Node, right: syntax.Node) -> syntax.Node:
        return _logic("or", left, right)

    def both(self, left: syntax.Node, right: syntax.Node) -> syntax.Node:
        return _logic("and", left, right)

    def either_both(self, first: syntax.Node, second: syntax.Node, third: syntax.Node) -> syntax.Node:
        return _logic("or", first, _logic("and", second, third))

    def if_(self, condition: syntax.Node, then: syntax.Node, otherwise: syntax.Node) -> syntax.Node:
        return syntax.If(condition, then, otherwise)

    def iterators(self, *iterators: syntax.Each) -> tuple[syntax.Each, ...]:
        return iterators

    def iterator(self, name: str, domain: syntax.Node, end: syntax.Node | None) -> syntax.Each:
        return syntax.Each(name, domain, end)

    def for_(self, iterators: tuple[syntax.Each, ...], body: syntax.Node) -> syntax.Node:
        return syntax.For(iterators, body)

    def quantifier(self, word: Token, iterators: tuple[syntax.Each, ...], condition: syntax.Node) -> syntax.Node:
        return syntax.Quantifier(str(word), iterators, condition)

    def parameter(self, name: str, kind: syntax.Type | None) -> tuple[str, syntax.Type | None]:
        return name, kind

    def parameters(self, *parameters: tuple[str, syntax.Type | None]) -> tuple[tuple[str, syntax.Type | None], ...]:
        return parameters

    def function(self, parameters: tuple[tuple[str, syntax.Type | None], ...] | None, body: syntax.Node) -> syntax.Node:
        given = parameters or ()
        return syntax.Definition(tuple(name for name, _ in given), tuple(kind for _, kind in given), body)

    def compare(self, left: syntax.Node, operator: Token, right: syntax.Node) -> syntax.Node:
        return syntax.Compare(str(operator), left, right)

    def between(self, value: syntax.Node, low: syntax.Node, high: syntax.Node) -> syntax.Node:
        return syntax.Between(value, low, high)

    def in_(self, value: syntax.Node, *tests: syntax.Node) -> syntax.Node:
        return syntax.In(value, tests)

    def instance_of(self, value: syntax.Node, kind: syntax.Type) -> syntax.Node:
        return syntax.InstanceOf(value, kind)

    def type(self, name: Token, *members: syntax.Type | None) -> syntax.Type:
        return syntax.Type(" ".join(name.strip("`").split()), tuple(member for member in members if member))

    def member(self, name: str, kind: syntax.Type) -> tuple[str, syntax.Type]:
        return name, kind

    def context_type(self, *members: tuple[str, syntax.Type]) -> syntax.Type:
        return syntax.Type("context", tuple(kind for _, kind in members), tuple(name for name, _ in members))

    def function_type(self, *members: syntax.Type | None) -> syntax.Type:
        return syntax.Type("function", tuple(member for member in members[:-1] if member))

    def arithmetic(self, left: syntax.Node, operator: Token, right: syntax.Node) -> syntax.Node:
        if isinstance(left, syntax.Arithmetic) and _LEVELS[left.operators[0]] == _LEVELS[operator]:
            return syntax.Arithmetic(left.first, (*left.operators, str(operator)), (*left.operands, right))
        return syntax.Arithmetic(left, (str(operator),), (right,))

    def negative(self, operand: syntax.Node) -> syntax.Node:
        value = operand.value if isinstance(operand, syntax.Literal) else None
        if isinstance(value, Decimal):
            return syntax.Literal(DECIMAL.minus(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return syntax.Literal(-value)
        return syntax.Negative(operand)

    def path(self, base: syntax.Node, name: str) -> syntax.Node:
        return syntax.Path(base, name)

    def filter(self, base: syntax.Node, condition: syntax.Node) -> syntax.Node:
        return syntax.Filter(base, condition)

    def positional(self, *arguments: syntax.Node) -> list[tuple[str, syntax.Node]]:
        return [("", argument) for argument in arguments]

    def named(self, name: str, argument: syntax.Node) -> tuple[str, syntax.Node]:
        return name, argument

    def by_name(self, *arguments: tuple[str, syntax.Node]) -> list[tuple[str, syntax.Node]]:
        return list(arguments)

    def call(self, callee: syntax.Node, arguments: list[tuple[str, syntax.Node]] | None) -> syntax.Node:
        given = arguments or []
        names = tuple(name for name, _ in given if name)
        return syntax.Call(callee, tuple(argument for _, argument in given), names)

    def words(self, *words: Token) -> str:
        return " ".join(" ".join(word.strip("`").split()) for word in words)

    def name(self, name: str) -> syntax.Node:
        return syntax.Name(name)

    def input(self) -> syntax.Node:
        return syntax.Input()

    def empty_list(self) -> syntax.Node:
        return syntax.Items(())

    def list_(self, *items: syntax.Node) -> syntax.Node:
        return syntax.Items(items)

    def key(self, key: str) -> str:
        return _unquoted(key) if isinstance(key, Token) else key

    def entry(self, key: str, value: syntax.Node) -> tuple[str, syntax.Node]:
        return key, value

    def context(self, *entries: tuple[str, syntax.Node]) -> syntax.Node:
        return syntax.Context(tuple(key for key, _ in entries), tuple(value for _, value in entries))

    def interval(self, opening: Token, start: syntax.Node, end: syntax.Node, closing: Token) -> syntax.Node:
        return syntax.Interval(start, end, opening == "[", closing == "]")

    def number(self, token: Token) -> syntax.Node:
        value = tidy(_decimal(token))
        if not -limits.NUMBER <= value <= limits.NUMBER:
            raise _Unreadable("a number up to 10^18", token.start_pos or 0)
        return syntax.Literal(value)

    def string(self, token: Token) -> syntax.Node:
        return syntax.Literal(_unquoted(token))

    def at_literal(self, token: Token) -> syntax.Node:
        value = temporal.read(_unquoted(token))
        if value is None:
            raise _Unreadable("a date, a time or a duration", token.start_pos or 0)
        return syntax.Literal(value)

    def true(self, _token: Token) -> syntax.Node:
        return syntax.Literal(value=True)

    def false(self, _token: Token) -> syntax.Node:
        return syntax.Literal(value=False)

    def null(self, _token: Token) -> syntax.Node:
        return syntax.Literal(None)


def _decimal(token: Token) -> Decimal:
    try:
        return DECIMAL.create_decimal(token)
    except ArithmeticError:
        raise _Unreadable("a number up to 10^18", token.start_pos or 0) from None


def _logic(operator: str, left: syntax.Node, right: syntax.Node) -> syntax.Node:
    if isinstance(left, syntax.Logic) and left.operator == operator:
        return syntax.Logic(operator, (*left.operands, right))
    return syntax.Logic(operator, (left, right))


_LARK: Final = Lark(
    (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    start=["start", "unary"],
    maybe_placeholders=True,
    transformer=_Builder(),
)
