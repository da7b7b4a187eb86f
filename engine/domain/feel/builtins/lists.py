"""Functions on lists (DMN 1.3 chapter 10.3.4.4, sort 10.3.4.9). Positions count from 1, from the end when negative."""

from functools import cmp_to_key
from typing import Any, Final

from engine.domain.feel import limits
from engine.domain.feel.builtins.registry import Signature, signature
from engine.domain.feel.values import Function, canonical, less


def _list_contains(meter: limits.Meter, items: list[Any], element: Any) -> bool:
    wanted = canonical(meter, element)
    return any(canonical(meter, item) == wanted for item in items)


def _sublist(meter: limits.Meter, items: list[Any], start: Any, length: Any = None) -> list[Any] | None:
    meter.spend(len(items))
    first = _place(items, start)
    if first is None:
        return None
    if length is None:
        return items[first:]
    if not isinstance(length, int) or not 1 <= length <= len(items) - first:
        return None
    return items[first : first + length]


def _place(items: list[Any], position: Any) -> int | None:
    if not isinstance(position, int) or not 1 <= abs(position) <= len(items):
        return None
    return position - 1 if position > 0 else len(items) + position


def _append(meter: limits.Meter, items: list[Any], *more: Any) -> list[Any]:
    meter.spend(len(items))
    return limits.items([*items, *more])


def _concatenate(meter: limits.Meter, *parts: list[Any]) -> list[Any]:
    meter.spend(sum(len(part) for part in parts))
    return limits.items([item for part in parts for item in part])


def _insert_before(meter: limits.Meter, items: list[Any], position: Any, element: Any) -> list[Any] | None:
    meter.spend(len(items))
    place = _place(items, position)
    return None if place is None else limits.items([*items[:place], element, *items[place:]])


def _remove(meter: limits.Meter, items: list[Any], position: Any) -> list[Any] | None:
    meter.spend(len(items))
    place = _place(items, position)
    return None if place is None else items[:place] + items[place + 1 :]


def _list_replace(meter: limits.Meter, items: list[Any], position: Any, element: Any) -> list[Any] | None:
    meter.spend(len(items))
    place = _place(items, position)
    return None if place is None else [*items[:place], element, *items[place + 1 :]]


def _list_replace_matching(meter: limits.Meter, items: list[Any], match: Function, element: Any) -> list[Any]:
    meter.spend(len(items))
    return [element if match.invoke([item, element]) is True else item for item in items]


def _reverse(meter: limits.Meter, items: list[Any]) -> list[Any]:
    meter.spend(len(items))
    return items[::-1]


def _index_of(meter: limits.Meter, items: list[Any], match: Any) -> list[int]:
    wanted = canonical(meter, match)
    return [place for place, item in enumerate(items, 1) if canonical(meter, item) == wanted]


def _distinct(meter: limits.Meter, items: list[Any]) -> list[Any]:
    found: dict[Any, Any] = {}
    for item in items:
        found.setdefault(canonical(meter, item), item)
    return list(found.values())


def _duplicates(meter: limits.Meter, items: list[Any]) -> list[Any]:
    seen: dict[Any, int] = {}
    kept = []
    for item in items:
        key = canonical(meter, item)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 2:  # noqa: PLR2004 - the second time makes it a duplicate
            kept.append(item)
    return kept


def _union(meter: limits.Meter, *parts: list[Any]) -> list[Any]:
    return _distinct(meter, _concatenate(meter, *parts))


def _flatten(meter: limits.Meter, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    waiting = [iter(items)]
    while waiting:
        meter.spend(1)
        item = next(waiting[-1], waiting)
        if item is waiting:
            waiting.pop()
        elif isinstance(item, list):
            waiting.append(iter(item))
        else:
            flat.append(item)
    return limits.items(flat)


def _sort(meter: limits.Meter, items: list[Any], precedes: Function) -> list[Any]:
    def order(left: Any, right: Any) -> int:
        if precedes.invoke([left, right]) is True:
            return -1
        return 1 if precedes.invoke([right, left]) is True else 0

    meter.spend(len(items))
    return sorted(items, key=cmp_to_key(order))


def _sort_naturally(meter: limits.Meter, items: list[Any]) -> list[Any] | None:
    meter.spend(len(items))

    def order(left: Any, right: Any) -> int:
        meter.spend(1)
        before = less(left, right)
        if before is None:
            raise ValueError
        return -1 if before else int(bool(less(right, left)))

    return sorted(items, key=cmp_to_key(order))


def _is_empty(_meter: limits.Meter, items: list[Any]) -> bool:
    return not items


def _partition(meter: limits.Meter, items: list[Any], size: Any) -> list[list[Any]] | None:
    meter.spend(len(items))
    if not isinstance(size, int) or size < 1:
        return None
    return [items[start : start + size] for start in range(0, len(items), size)]


SIGNATURES: Final[list[Signature]] = [
    signature("list contains", _list_contains, "list: list", "element: any"),
    signature("sublist", _sublist, "list: list", "start position: number", "length?: number"),
    signature("append", _append, "list: list", "*item: any"),
    signature("concatenate", _concatenate, "*list: list"),
    signature("insert before", _insert_before, "list: list", "position: number", "newItem: any"),
    signature("remove", _remove, "list: list", "position: number"),
    signature("list replace", _list_replace, "list: list", "position: number", "newItem: any"),
    signature("list replace", _list_replace_matching, "list: list", "match: function", "newItem: any"),
    signature("reverse", _reverse, "list: list"),
    signature("index of", _index_of, "list: list", "match: any"),
    signature("distinct values", _distinct, "list: list"),
    signature("duplicate values", _duplicates, "list: list"),
    signature("union", _union, "*list: list"),
    signature("flatten", _flatten, "list: list"),
    signature("sort", _sort, "list: list", "precedes: function"),
    signature("sort", _sort_naturally, "list: list"),
    signature("is empty", _is_empty, "list: list"),
    signature("partition", _partition, "list: list", "size: number"),
]
