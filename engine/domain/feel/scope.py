"""Where names get their values while an expression is worked, and what is known of names while it is compiled."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from engine.domain.feel import limits, syntax
from engine.domain.feel.types import Type


class Scope:
    """Names of one level, the level around it, and the meter of the whole evaluation."""

    __slots__ = ("meter", "names", "outer")

    def __init__(self, names: Mapping[str, Any], outer: "Scope | None", meter: limits.Meter) -> None:
        self.names = names
        self.outer = outer
        self.meter = meter

    def find(self, name: str) -> Any:
        """Return what `name` stands for, None when nobody has set it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def within(self, names: Mapping[str, Any]) -> "Scope":
        """Return a level inside this one."""
        return Scope(names, self, self.meter)


@dataclass(frozen=True)
class Vocabulary:
    """What a model declares before any of its expressions is read: unusual names and types of its own."""

    names: frozenset[str] = frozenset()
    types: Mapping[str, Type] = field(default_factory=dict)


NOTHING: Final = Vocabulary()
Closure = Callable[[Scope], Any]


class Compiler:
    """Turns constructs into closures by a table and notes which names and functions come from outside."""

    def __init__(
        self,
        source: str,
        table: Mapping[type[syntax.Node], Callable[["Compiler", Any], Closure]],
        types: Mapping[str, Type] = NOTHING.types,
    ) -> None:
        self.source = source
        self.types = types
        self.names: set[str] = set()
        self.calls: set[str] = set()
        self._table = table
        self._local: list[str] = ["?"]

    def build(self, node: syntax.Node) -> Closure:
        """Return the closure of `node`."""
        return self._table[type(node)](self, node)

    def is_local(self, name: str) -> bool:
        """Tell whether the expression itself gives `name` its value."""
        return name in self._local

    @contextmanager
    def local(self, *names: str) -> Iterator[None]:
        """Hold `names` for known while what is inside them is built."""
        self._local.extend(names)
        yield
        del self._local[len(self._local) - len(names) :]


def cost(*nodes: syntax.Node) -> int:
    """Return the steps one round of `nodes` takes."""
    return sum(1 for node in nodes for _ in syntax.walk(node))


def mentions(node: syntax.Node, wanted: syntax.Node) -> bool:
    """Tell whether `wanted` stands anywhere in `node`."""
    return any(part == wanted for part, _ in syntax.walk(node) if type(part) is type(wanted))
