"""What the cells of one column leave open or share, told from their constants alone.

The values of a kind lie on a grid: those that some cell names, and what is between them. No cell tells apart values of
one place, so one sample of each place stands for all of it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from engine.domain import feel
from engine.domain.decisions.columns import Cell, Grid, Stretches, bits
from engine.domain.decisions.table import Input
from engine.domain.feel.analysis import Shape, Span
from engine.domain.feel.values import place
from engine.errors import ExpressionFailed

OTHER: Final = "\N{HORIZONTAL ELLIPSIS}"
_MOST_LAYERS: Final = 8
_DISCRETE: Final = frozenset({"date", "string", "boolean", "null"})

Point = tuple[str, int]
Stretch = tuple[int, int]


class Region:
    """One column: which rules may pass at a place, and which rules share a value with a cell."""

    def __init__(self, column: Input, cells: Sequence[Cell | None]) -> None:
        self._column = column
        self._cells = cells
        self.all = (1 << len(cells)) - 1
        shapes = {cell: cell.shape for cell in cells if cell is not None}
        self.open = bits(number for number, cell in enumerate(cells) if cell is not None and cell.shape is None)
        allowed = None if column.allowed is None else column.allowed.shape
        known = [shape for shape in (*shapes.values(), allowed) if shape is not None]
        self._ordered = any(isinstance(end, str) for shape in known for end in _ends(shape.spans))
        self._grids = _grids(column, known)
        self._stretches = {cell: self._of(shape) for cell, shape in shapes.items() if shape is not None}
        self._wide = {cell for cell, parts in self._stretches.items() if max(map(len, parts.values())) > _MOST_LAYERS}
        self._layers = {kind: self._layered(kind) for kind in self._grids}
        self._anything = bits(number for number, cell in enumerate(cells) if cell is None)
        self._broad = {cell: bits(n for n, other in enumerate(cells) if other is cell) for cell in self._wide}
        whole = {kind: [(0, grid.last)] for kind, grid in self._grids.items()}
        self._void = bits(n for n, cell in enumerate(cells) if not any(self._stretches.get(cell, whole).values()))  # type: ignore[arg-type]

    def _of(self, shape: Shape) -> dict[str, list[Stretch]]:
        """Return, for each kind of the column, the stretches of the grid that a cell is passed on."""
        found: dict[str, list[Stretch]] = {kind: [] for kind in self._grids}
        for value in shape.values:
            kind, key = place(value) or ("", None)
            at = self._grids[kind].at(key)
            found[kind].append((at, at))
        for span in shape.spans:
            kind = next(kind for end in (span.low, span.high) if end is not None for kind, _ in [place(end) or ("", 0)])
            found[kind].append(self._squeezed(kind, self._grids[kind].stretch(span)))
        if shape.negated:
            found = {kind: self._without(kind, some, shape) for kind, some in found.items()}
        return {kind: [each for each in some if each[0] <= each[1]] for kind, some in found.items()}

    def _without(self, kind: str, stretches: list[Stretch], shape: Shape) -> list[Stretch]:
        """Return what is left of a kind; a value of another kind than a constant is neither passed nor refused."""
        strangers = shape.kinds - {kind, "null"}
        if (kind == "null" and shape.spans) or (kind != "null" and strangers):
            return []
        return [self._squeezed(kind, each) for each in self._grids[kind].besides(stretches)]

    def _squeezed(self, kind: str, stretch: Stretch) -> Stretch:
        """Return a stretch without places at its ends where no value lies."""
        low, high = stretch
        while low <= high and self._is_empty(kind, low):
            low += 1
        while low <= high and self._is_empty(kind, high):
            high -= 1
        return low, high

    def _is_empty(self, kind: str, at: int) -> bool:
        whole = kind == "number" and self._column.whole
        return at % 2 == 0 and (whole or kind in _DISCRETE) and self._sample(kind, at) is None

    def _layered(self, kind: str) -> list[Stretches]:
        layers: list[list[tuple[int, int, int]]] = [[] for _ in range(_MOST_LAYERS)]
        for number, cell in enumerate(self._cells):
            if cell in self._stretches and cell not in self._wide:
                for layer, (low, high) in zip(layers, self._stretches[cell][kind], strict=False):
                    layer.append((low, high, number))
        return [Stretches(layer) for layer in layers if layer]

    def meeting(self, cell: Cell | None) -> int:
        """Return the rules that surely share a value with `cell`; none for a cell that depends on other data."""
        if cell is None:
            return self.all & ~self.open & ~self._void
        found = 0
        for kind, stretches in self._stretches.get(cell, {}).items():
            for low, high in stretches:
                found |= self._between(kind, low, high) | self._anything
        return found

    def passed(self, point: Point) -> int:
        """Return the rules that pass, or may pass, at a place."""
        kind, at = point
        return self._between(kind, at, at) | self._anything | self.open

    def _between(self, kind: str, low: int, high: int) -> int:
        found = 0
        for layer in self._layers[kind]:
            found |= layer.meeting(low, high)
        for cell, rules in self._broad.items():
            if any(first <= high and low <= last for first, last in self._stretches[cell][kind]):
                found |= rules
        return found

    def points(self, rules: list[int] | None) -> Iterator[list[Point]]:
        """Yield runs of places that none of `rules` (all, when None) tells apart."""
        for kind, grid in self._grids.items():
            starts = range(grid.last + 1) if rules is None else sorted(self._starts(kind, rules))
            for place_, following in zip(starts, [*starts[1:], grid.last + 1], strict=True):
                yield [(kind, at) for at in range(place_, following)]

    def _starts(self, kind: str, rules: list[int]) -> set[int]:
        last = self._grids[kind].last
        cells = {self._cells[number] for number in rules}
        stretches = [each for cell in cells if cell in self._stretches for each in self._stretches[cell][kind]]
        return {0} | {at for low, high in stretches for at in (low, high + 1) if at <= last}

    def sample(self, point: Point) -> Any:
        """Return a value at a place, `OTHER` for a text nobody names; raise LookupError when there is none."""
        kind, at = point
        found = None if kind == "null" else self._sample(kind, at)
        if (found is None and (kind != "null" or at % 2 == 0)) or not self._is_allowed(found):
            raise LookupError
        return found

    def _is_allowed(self, value: Any) -> bool:
        if self._column.allowed is None:
            return True
        try:
            return self._column.allowed.expression.evaluate({"?": value}) is True
        except ExpressionFailed:
            return False

    def _sample(self, kind: str, at: int) -> Any:
        keys = self._grids[kind].keys
        if at % 2:
            return keys[at // 2]
        if kind == "string" and not self._ordered and at < self._grids[kind].last:
            return None  # texts that are only named have no order: everything else is one place
        below = keys[at // 2 - 1] if at else None
        above = keys[at // 2] if at // 2 < len(keys) else None
        between = _BETWEEN.get(kind)
        return None if between is None else between(self._column.whole, below, above)


def _grids(column: Input, shapes: list[Shape]) -> dict[str, Grid]:
    keys: dict[str, list[Any]] = {}
    for shape in shapes:
        for value in [*shape.values, *_ends(shape.spans)]:
            kind, key = place(value) or ("", None)
            keys.setdefault(kind, []).append(key)
    wanted = column.type.kind if column.type is not None else ""
    if wanted in ("boolean", "string", "number"):
        keys.setdefault(wanted, [])
    if not keys.keys() - {"null"}:
        keys["string"] = []
    if "boolean" in keys:
        keys["boolean"] = [False, True]
    grids = {kind: Grid(some) if kind != "null" else _Single() for kind, some in keys.items()}
    return {kind: grids[kind] for kind in sorted(grids, key=lambda kind: kind != "null")}


class _Single(Grid):
    """The grid of null, which is one value and has no order."""

    def __init__(self) -> None:
        super().__init__(())
        self.keys = [None]

    def at(self, key: Any) -> int:
        """Return the place of null."""
        return 1 if key is None else 0


def _ends(spans: Sequence[Span]) -> list[Any]:
    return [end for span in spans for end in (span.low, span.high) if end is not None]


def _number(whole: bool, below: Any, above: Any) -> Any:  # noqa: FBT001
    if below is None:
        return 0 if above is None else above - 1
    if above is None:
        return below + 1
    if whole:
        return below + 1 if below + 1 < above else None
    return (Decimal(below) + Decimal(above)) / 2


def _text(_whole: bool, below: Any, above: Any) -> Any:  # noqa: FBT001
    if above is None:
        return f"{below or ''}{OTHER}"
    if below is None:
        return "" if above else None
    return next((longer for longer in (f"{below}{OTHER}", f"{below} ") if longer < above), None)


def _day(_whole: bool, below: Any, above: Any) -> Any:  # noqa: FBT001
    step = timedelta(seconds=1) if isinstance(below or above, datetime) else timedelta(days=1)
    try:
        found: date = above - step if below is None else below + step
    except OverflowError:
        return None
    return found if above is None or found < above else None


_BETWEEN: Final[dict[str, Callable[[bool, Any, Any], Any]]] = {
    "number": _number,
    "string": _text,
    "date": _day,
    "date and time": _day,
}


def shown(sample: Any, other: str) -> str:
    """Return a sample for a reader, `other` for a text nobody names."""
    if isinstance(sample, str) and sample.endswith(OTHER):
        return other
    return f"“{sample}”" if isinstance(sample, str) else str(feel.to_json(sample))
