"""How two ranges, or a point and a range, lie to each other (DMN 1.3 chapter 10.3.4.7, after Allen's algebra)."""

from typing import Any, Final

from engine.domain.feel import limits
from engine.domain.feel.builtins.registry import Signature, signature
from engine.domain.feel.values import Range, comparable, less, within


def _order(left: Any, right: Any) -> int:
    """Return -1, 0 or 1; raise ValueError when the two have no order."""
    pair = comparable(left, right)
    if pair is None:
        raise ValueError
    return int(pair[0] > pair[1]) - int(pair[0] < pair[1])


def _before_points(_meter: limits.Meter, first: Any, second: Any) -> bool | None:
    return less(first, second)


def _point_before(_meter: limits.Meter, point: Any, span: Range) -> bool:
    order = _order(point, span.start)
    return order < 0 or (order == 0 and not span.start_included)


def _before_point(_meter: limits.Meter, span: Range, point: Any) -> bool:
    order = _order(span.end, point)
    return order < 0 or (order == 0 and not span.end_included)


def _before(_meter: limits.Meter, first: Range, second: Range) -> bool:
    order = _order(first.end, second.start)
    return order < 0 or (order == 0 and not (first.end_included and second.start_included))


def _meets(_meter: limits.Meter, first: Range, second: Range) -> bool:
    return first.end_included and second.start_included and _order(first.end, second.start) == 0


def _overlaps(meter: limits.Meter, first: Range, second: Range) -> bool:
    return not _before(meter, first, second) and not _before(meter, second, first)


def _starts_first(first: Range, second: Range) -> bool:
    order = _order(first.start, second.start)
    return order < 0 or (order == 0 and first.start_included and not second.start_included)


def _ends_last(first: Range, second: Range) -> bool:
    order = _order(first.end, second.end)
    return order > 0 or (order == 0 and first.end_included and not second.end_included)


def _overlaps_before(meter: limits.Meter, first: Range, second: Range) -> bool:
    return _overlaps(meter, first, second) and _starts_first(first, second) and not _ends_last(first, second)


def _overlaps_after(meter: limits.Meter, first: Range, second: Range) -> bool:
    return _overlaps(meter, first, second) and _ends_last(first, second) and not _starts_first(first, second)


def _point_finishes(_meter: limits.Meter, point: Any, span: Range) -> bool:
    return span.end_included and _order(point, span.end) == 0


def _finishes(_meter: limits.Meter, first: Range, second: Range) -> bool:
    same = first.end_included == second.end_included and _order(first.end, second.end) == 0
    return same and not _starts_first(first, second)


def _point_starts(_meter: limits.Meter, point: Any, span: Range) -> bool:
    return span.start_included and _order(point, span.start) == 0


def _starts(_meter: limits.Meter, first: Range, second: Range) -> bool:
    same = first.start_included == second.start_included and _order(first.start, second.start) == 0
    return same and not _ends_last(first, second)


def _includes_point(_meter: limits.Meter, span: Range, point: Any) -> bool | None:
    return within(span, point)


def _includes(_meter: limits.Meter, first: Range, second: Range) -> bool:
    return not _starts_first(second, first) and not _ends_last(second, first)


def _same_points(_meter: limits.Meter, first: Any, second: Any) -> bool:
    return _order(first, second) == 0


def _coincides(_meter: limits.Meter, first: Range, second: Range) -> bool:
    starts = first.start_included == second.start_included and _order(first.start, second.start) == 0
    return starts and first.end_included == second.end_included and _order(first.end, second.end) == 0


def _turned(function: Any) -> Any:
    return lambda meter, first, second: function(meter, second, first)


_POINTS: Final = ("point1: scalar", "point2: scalar")
_POINT_RANGE: Final = ("point: scalar", "range: range")
_RANGE_POINT: Final = ("range: range", "point: scalar")
_RANGES: Final = ("range1: range", "range2: range")

SIGNATURES: Final[list[Signature]] = [
    signature("before", _before_points, *_POINTS),
    signature("before", _point_before, *_POINT_RANGE),
    signature("before", _before_point, *_RANGE_POINT),
    signature("before", _before, *_RANGES),
    signature("after", _turned(_before_points), *_POINTS),
    signature("after", _turned(_before_point), *_POINT_RANGE),
    signature("after", _turned(_point_before), *_RANGE_POINT),
    signature("after", _turned(_before), *_RANGES),
    signature("meets", _meets, *_RANGES),
    signature("met by", _turned(_meets), *_RANGES),
    signature("overlaps", _overlaps, *_RANGES),
    signature("overlaps before", _overlaps_before, *_RANGES),
    signature("overlaps after", _overlaps_after, *_RANGES),
    signature("finishes", _point_finishes, *_POINT_RANGE),
    signature("finishes", _finishes, *_RANGES),
    signature("finished by", _turned(_point_finishes), *_RANGE_POINT),
    signature("finished by", _turned(_finishes), *_RANGES),
    signature("starts", _point_starts, *_POINT_RANGE),
    signature("starts", _starts, *_RANGES),
    signature("started by", _turned(_point_starts), *_RANGE_POINT),
    signature("started by", _turned(_starts), *_RANGES),
    signature("includes", _includes_point, *_RANGE_POINT),
    signature("includes", _includes, *_RANGES),
    signature("during", _turned(_includes_point), *_POINT_RANGE),
    signature("during", _turned(_includes), *_RANGES),
    signature("coincides", _same_points, *_POINTS),
    signature("coincides", _coincides, *_RANGES),
]
