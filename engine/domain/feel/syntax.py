"""What an expression is made of once it has been read: one frozen class a construct of DMN 1.3 chapter 10.3."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """A construct; its fields hold other constructs, tuples of them, or plain values."""


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value written out: a number, a text, true, false, null, a date, a duration."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Input(Node):
    """The value a unary test looks at, written `?`."""


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """A minus sign before an operand."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Operators of one level, worked from left to right."""

    first: Node
    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`and` or `or` over any number of operands."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """Two operands compared."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    """A value between two bounds, both included."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class SymbolTest(Node):
    """A test written as an operator and one operand, such as `< 5`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """A value held against tests; one suffices."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tests(Node):
    """A whole cell of a decision table; no tests at all is `-`, which anything passes."""

    tests: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """The question whether a value is of a type."""

    value: Node
    type: "Type"


@dataclass(frozen=True, slots=True)
class Type(Node):
    """The name of a type, with the types of its members, and their names when it is a context's."""

    name: str
    members: tuple["Type", ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class If(Node):
    """A choice of two."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Each(Node):
    """A name that takes every item of a list, or every number from `domain` to `end`."""

    name: str
    domain: Node
    end: Node | None


@dataclass(frozen=True, slots=True)
class For(Node):
    """A list made by working the body once for every combination."""

    iterators: tuple[Each, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantifier(Node):
    """`some` or `every` combination satisfies the condition."""

    word: str
    iterators: tuple[Each, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class Definition(Node):
    """A function written in the expression."""

    parameters: tuple[str, ...]
    types: tuple[Type | None, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A property of a value, or of every item of a list."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """One item of a list by its number, or those which satisfy a condition."""

    base: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function called with arguments in order, or by name when `names` is not empty."""

    callee: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list written out."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Context(Node):
    """A context written out; later entries see earlier ones."""

    keys: tuple[str, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """All values from one end to the other."""

    start: Node
    end: Node
    start_included: bool
    end_included: bool


def children(node: Node) -> Iterator[Node]:
    """Yield the constructs directly inside `node`."""
    for field in fields(node):
        value = getattr(node, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Yield every construct with its depth, without recursion: the tree may still be too deep."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in children(node))
