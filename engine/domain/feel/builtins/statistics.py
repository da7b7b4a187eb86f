"""Functions that make one value of a list (DMN 1.3 chapter 10.3.4.4): they take a list, or its items as arguments."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from engine.domain.feel import arithmetic, limits
from engine.domain.feel.builtins.registry import Signature, signature
from engine.domain.feel.values import DECIMAL, bounded, less, number


def _numbers(meter: limits.Meter, items: list[Any]) -> list[int | Decimal]:
    meter.spend(len(items))
    found = [number(item) for item in items]
    if not found or None in found:
        raise ValueError
    return [each for each in found if each is not None]


def _sum(meter: limits.Meter, items: list[Any]) -> Any:
    meter.spend(len(items))
    if not items:
        return None
    total = items[0] if len(items) > 1 else arithmetic.plus(items[0], 0)
    for item in items[1:]:
        if isinstance(item, str):
            return None
        total = arithmetic.plus(total, item)
    return total


def _product(meter: limits.Meter, items: list[Any]) -> int | Decimal:
    total: int | Decimal = 1
    for each in _numbers(meter, items):
        total = bounded(DECIMAL.multiply(total, each))
    return total


def _total(values: list[int | Decimal]) -> Decimal:
    total = Decimal(0)
    for each in values:
        total = DECIMAL.add(total, each)
    return total


def _mean(meter: limits.Meter, items: list[Any]) -> int | Decimal:
    values = _numbers(meter, items)
    return bounded(DECIMAL.divide(_total(values), len(values)))


def _median(meter: limits.Meter, items: list[Any]) -> int | Decimal:
    values = sorted(_numbers(meter, items))
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return bounded(DECIMAL.divide(_total(values[middle - 1 : middle + 1]), 2))


def _stddev(meter: limits.Meter, items: list[Any]) -> int | Decimal:
    values = _numbers(meter, items)
    mean = DECIMAL.divide(_total(values), len(values))
    squares = [DECIMAL.power(DECIMAL.subtract(value, mean), 2) for value in values]
    return bounded(DECIMAL.sqrt(DECIMAL.divide(_total([*squares]), len(values) - 1)))


def _mode(meter: limits.Meter, items: list[Any]) -> list[int | Decimal]:
    if not items:
        return []
    counted = Counter(_numbers(meter, items))
    most = max(counted.values())
    return sorted(value for value, times in counted.items() if times == most)


def _least(meter: limits.Meter, items: list[Any]) -> Any:
    return _best(meter, items, less)


def _greatest(meter: limits.Meter, items: list[Any]) -> Any:
    return _best(meter, items, lambda item, best: less(best, item))


def _best(meter: limits.Meter, items: list[Any], better: Callable[[Any, Any], bool | None]) -> Any:
    meter.spend(len(items))
    if not items:
        return None
    best = items[0]
    if better(best, best) is None:
        return None
    for item in items[1:]:
        found = better(item, best)
        if found is None:
            return None
        best = item if found else best
    return best


def _all(meter: limits.Meter, items: list[Any]) -> bool | None:
    meter.spend(len(items))
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


def _any(meter: limits.Meter, items: list[Any]) -> bool | None:
    meter.spend(len(items))
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


def _count(_meter: limits.Meter, items: list[Any]) -> int:
    return len(items)


def _of_list_or_items(name: str, function: Callable[[limits.Meter, list[Any]], Any]) -> list[Signature]:
    def of_list(meter: limits.Meter, values: list[Any]) -> Any:
        return function(meter, values)

    def of_items(meter: limits.Meter, *values: Any) -> Any:
        return function(meter, list(values))

    return [signature(name, of_list, "list: list"), signature(name, of_items, "*items: any")]


SIGNATURES: Final[list[Signature]] = [
    signature("count", _count, "list: list"),
    *_of_list_or_items("min", _least),
    *_of_list_or_items("max", _greatest),
    *_of_list_or_items("sum", _sum),
    *_of_list_or_items("product", _product),
    *_of_list_or_items("mean", _mean),
    *_of_list_or_items("median", _median),
    *_of_list_or_items("stddev", _stddev),
    *_of_list_or_items("mode", _mode),
    *_of_list_or_items("all", _all),
    *_of_list_or_items("any", _any),
]
