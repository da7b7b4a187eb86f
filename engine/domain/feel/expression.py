"""A compiled expression and the one way to get it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from engine.domain.feel import limits, parser
from engine.domain.feel.evaluator import TABLE
from engine.domain.feel.scope import NOTHING, Compiler, Scope, Vocabulary
from engine.domain.feel.syntax import Node
from engine.errors import ExpressionFailed

_NONE: Final[Mapping[str, Callable[..., Any]]] = {}
_FOREIGN: Final = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


class Expression:
    """An expression ready to be evaluated, any number of times, by any number of threads.

    `names` are the variables it reads (inside a filter they may turn out to be properties of the items);
    `calls` are the functions it calls which DMN does not define: whoever evaluates it must register them.
    """

    __slots__ = ("_closure", "calls", "names", "source")

    def __init__(
        self, source: str, *, unary: bool = False, vocabulary: Vocabulary = NOTHING, tree: Node | None = None
    ) -> None:
        compiler = Compiler(source, TABLE, vocabulary.types)
        self._closure = compiler.build(tree or parser.parse(source, unary, vocabulary.names))
        self.source = source
        self.names = frozenset(compiler.names)
        self.calls = frozenset(compiler.calls)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def evaluate(self, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
        """Return the value for the variables in `context`; a cell of unary tests looks at the variable `?`.

        Raise ExpressionFailed with the facts source and reason.
        """
        return self.work(Scope(context, None, limits.Meter(functions or _NONE)))

    def work(self, scope: Scope) -> Any:
        """Return the value in `scope`, as a part of a larger piece of work that its meter counts."""
        try:
            return self._closure(scope)
        except ExpressionFailed as failure:
            raise ExpressionFailed(**({"source": self.source} | failure.facts)) from failure.__cause__
        except _FOREIGN as fault:
            raise ExpressionFailed(source=self.source, reason=f"not reckonable ({type(fault).__name__})") from fault


@lru_cache(maxsize=4096)
def compile(source: str, *, unary: bool = False) -> Expression:  # noqa: A001 - the language's own verb
    """Return the expression of `source` (a leading `=` is dropped), or with `unary` a cell of a decision table.

    Raise ExpressionRefused with the facts source, position and expected.
    """
    return Expression(source, unary=unary)
