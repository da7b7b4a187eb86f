"""What goes over lists: for, some, every, filters and paths (DMN 1.3 chapter 10.3.2.5, 10.3.2.14, 10.3.2.15)."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.domain.feel import limits, syntax, temporal
from engine.domain.feel.scope import Closure, Compiler, Scope, cost, mentions
from engine.domain.feel.values import Range, kind, number, tidy
from engine.errors import ExpressionFailed

_PARTIAL: Final = syntax.Name("partial")
_Expand = Callable[[Scope], Iterator[Scope]]


class _NoList(Exception):
    """There is nothing to go over."""


def build_for(compiler: Compiler, node: syntax.For) -> Closure:
    """Return the closure of `for … return …`."""
    names = [each.name for each in node.iterators]
    expand = _iterators(compiler, node.iterators)
    with compiler.local(*names, "partial"):
        body = compiler.build(node.body)
    price, sees_partial = cost(node.body), mentions(node.body, _PARTIAL)

    def work(scope: Scope) -> list[Any] | None:
        made: list[Any] = []
        try:
            for inner in expand(scope):
                scope.meter.spend(price + (len(made) if sees_partial else 0))
                made.append(body(inner.within({"partial": made[:]}) if sees_partial else inner))
        except _NoList:
            return None
        return limits.items(made)

    return work


def build_quantifier(compiler: Compiler, node: syntax.Quantifier) -> Closure:
    """Return the closure of `some … satisfies …` or `every … satisfies …`."""
    names = [each.name for each in node.iterators]
    expand = _iterators(compiler, node.iterators)
    with compiler.local(*names):
        condition = compiler.build(node.condition)
    decisive = node.word == "some"
    price = cost(node.condition)

    def work(scope: Scope) -> bool | None:
        unknown = False
        try:
            for inner in expand(scope):
                scope.meter.spend(price)
                found = condition(inner)
                if found is decisive:
                    return found is True
                unknown = unknown or not isinstance(found, bool)
        except _NoList:
            return None
        return None if unknown else not decisive

    return work


def _iterators(compiler: Compiler, iterators: tuple[syntax.Each, ...]) -> _Expand:
    first, rest = iterators[0], iterators[1:]
    domain = compiler.build(first.domain)
    end = compiler.build(first.end) if first.end is not None else None
    with compiler.local(first.name):
        expand = _iterators(compiler, rest) if rest else None

    def each(scope: Scope) -> Iterator[Scope]:
        for value in _values(domain(scope), end, scope):
            scope.meter.spend(1)
            inner = scope.within({first.name: value})
            if expand is None:
                yield inner
            else:
                yield from expand(inner)

    return each


def _values(domain: Any, end: Closure | None, scope: Scope) -> Any:
    if end is not None:
        return _steps(domain, end(scope), 0, 0)
    if isinstance(domain, Range):
        return _steps(domain.start, domain.end, not domain.start_included, not domain.end_included)
    if domain is None:
        raise _NoList
    return domain if isinstance(domain, list) else [domain]


def _steps(start: Any, end: Any, skip_first: int, skip_last: int) -> range:
    low, high = _whole(start), _whole(end)
    if abs(high - low) >= limits.ITEMS:
        raise ExpressionFailed(reason="too many numbers to go over", limit=limits.ITEMS)
    if low <= high:
        return range(low + skip_first, high + 1 - skip_last)
    return range(low - skip_first, high - 1 + skip_last, -1)


def _whole(value: Any) -> int:
    exact = number(value)
    whole = tidy(exact) if exact is not None and not isinstance(exact, int) else exact
    if not isinstance(whole, int):
        raise _NoList
    return whole


def build_path(compiler: Compiler, node: syntax.Path) -> Closure:
    """Return the closure of `base.name`."""
    base, name = compiler.build(node.base), node.name

    def find(scope: Scope) -> Any:
        value = base(scope)
        return value.get(name) if type(value) is dict else _member(scope.meter, value, name)

    return find


def _member(meter: limits.Meter, value: Any, name: str) -> Any:
    if isinstance(value, list):
        meter.spend(len(value))
        return [_member(meter, item, name) for item in value]
    return value.get(name) if isinstance(value, dict) else temporal.part(value, name)


def build_filter(compiler: Compiler, node: syntax.Filter) -> Closure:
    """Return the closure of `list[condition]`, by number or by condition."""
    base, price = compiler.build(node.base), cost(node.condition)
    with compiler.local("item"):
        condition = compiler.build(node.condition)
    return lambda scope: _filtered(scope, base(scope), condition, price)


def _filtered(scope: Scope, value: Any, condition: Closure, price: int) -> Any:
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if not items:
        return None if number(condition(scope)) is not None else []
    kept = []
    for place, item in enumerate(items):
        scope.meter.spend(price)
        found = condition(_item_scope(scope, item))
        if found is True:
            kept.append(item)
        elif not place and kind(found) == "number":
            return _item(items, found)
    return limits.items(kept)


def _item_scope(scope: Scope, item: Any) -> Scope:
    inner = scope.within({"item": item})
    return inner.within(item) if isinstance(item, dict) else inner


def _item(items: list[Any], place: Any) -> Any:
    try:
        index = _whole(place)
    except _NoList:
        return None
    if index == 0 or abs(index) > len(items):
        return None
    return items[index - 1 if index > 0 else index]
