"""Which rules of a column a value passes, found without working every cell.

Cells that compare with constants are kept by those constants: a value is looked up, not tried. Sets of rules are whole
numbers, a bit a rule, so that columns are joined by `&`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from engine.domain import feel
from engine.domain.feel.analysis import Shape, Span
from engine.domain.feel.values import place

_STRIDE: Final = 64
_FEW: Final = 16
_MOST_LAYERS: Final = 4


class Cell:
    """A cell of conditions: its text, what it compares with (None when that is more than constants), its test."""

    __slots__ = ("_expression", "shape", "source")

    def __init__(self, source: str, shape: Shape | None, expression: feel.Expression | None) -> None:
        self.source = source
        self.shape = shape
        self._expression = expression

    @property
    def expression(self) -> feel.Expression:
        """The test itself, made when it is first needed: cells that are looked up never need it."""
        if self._expression is None:
            self._expression = feel.Expression(self.source, unary=True)
        return self._expression


class Grid:
    """Values of one kind in order; odd places are values somebody named, even ones what lies between them."""

    __slots__ = ("keys",)

    def __init__(self, keys: Iterable[Any]) -> None:
        self.keys: list[Any] = sorted(set(keys))

    def at(self, key: Any) -> int:
        """Return the place of a value."""
        index = bisect_left(self.keys, key)
        return 2 * index + (index < len(self.keys) and bool(self.keys[index] == key))

    @property
    def last(self) -> int:
        """The place above all values."""
        return 2 * len(self.keys)

    def stretch(self, span: Span) -> tuple[int, int]:
        """Return the first and the last place of a span; the last lies before the first when it is empty."""
        low = 0 if span.low is None else self.at(_key(span.low)) + (not span.low_included)
        high = self.last if span.high is None else self.at(_key(span.high)) - (not span.high_included)
        return low, high

    def besides(self, stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the stretches between and around these; they may be empty."""
        left: list[tuple[int, int]] = []
        start = 0
        for low, high in sorted(stretches):
            left.append((start, low - 1))
            start = max(start, high + 1)
        return [*left, (start, self.last)]


def _key(value: Any) -> Any:
    found = place(value)
    return None if found is None else found[1]


class Steps:
    """Rules that begin, or end, at places: which of them lie up to a place."""

    __slots__ = ("_marks", "_places", "_rules")

    def __init__(self, entries: list[tuple[int, int]]) -> None:
        entries.sort()
        self._places = [at for at, _ in entries]
        self._rules = [rule for _, rule in entries]
        self._marks = [0]
        for start in range(0, len(entries) - _STRIDE + 1, _STRIDE):
            self._marks.append(self._marks[-1] | bits(self._rules[start : start + _STRIDE]))

    def until(self, at: int) -> int:
        """Return the rules whose place is `at` or before."""
        count = bisect_right(self._places, at)
        mark = count // _STRIDE
        return self._marks[mark] | bits(self._rules[mark * _STRIDE : count])


class Stretches:
    """Rules with one stretch each: which of them lie over a place, or meet a stretch."""

    __slots__ = ("_begun", "_ended")

    def __init__(self, entries: Sequence[tuple[int, int, int]]) -> None:
        self._begun = Steps([(low, rule) for low, _, rule in entries])
        self._ended = Steps([(high, rule) for _, high, rule in entries])

    def meeting(self, low: int, high: int) -> int:
        """Return the rules whose stretch meets the one from `low` to `high`."""
        return self._begun.until(high) & ~self._ended.until(low - 1)


class _Kind:
    """What a column says of values of one kind."""

    __slots__ = ("excepted", "excluding", "grid", "layers", "named")

    def __init__(self) -> None:
        self.named: dict[Any, list[int] | int] = {}
        self.excluding = 0
        self.excepted: dict[Any, list[int] | int] = {}
        self.grid = Grid(())
        self.layers: list[Stretches] = []

    def passed(self, key: Any) -> int:
        found = _together(self.named.get(key)) | (self.excluding & ~_together(self.excepted.get(key)))
        if self.layers:
            at = self.grid.at(key)
            for layer in self.layers:
                found |= layer.meeting(at, at)
        return found


class Column:
    """The cells of one column of conditions, ready to be asked which rules a value passes."""

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self.anything = bits(number for number, cell in enumerate(cells) if cell is None)
        self.open = 0
        self._cells = cells
        self._kinds: dict[str, _Kind] = {}
        rules: dict[Cell, list[int]] = {}
        for number, cell in enumerate(cells):
            if cell is not None:
                rules.setdefault(cell, []).append(number)
        spread: dict[str, list[Cell]] = {}
        for cell, numbers in rules.items():
            if not self._add(cell, numbers, spread):
                self.open |= bits(numbers)
        for kind, several in spread.items():
            self._lay(kind, several, rules)

    def _add(self, cell: Cell, numbers: list[int], spread: dict[str, list[Cell]]) -> bool:
        """Keep a cell by its constants; tell whether that could be done."""
        shape = cell.shape
        if shape is None or len(shape.spans) + len(shape.values) * shape.negated >= _MOST_LAYERS:
            return shape is not None and not shape.spans and self._keep(shape, numbers)
        kept = self._keep(shape, numbers)
        if kept and shape.spans:
            for kind in {_kind_of(span) for span in shape.spans}:
                self._kind(kind)
                spread.setdefault(kind, []).append(cell)
        return kept

    def _keep(self, shape: Shape, numbers: list[int]) -> bool:
        """Keep the values of a cell; one that excludes can be kept when all are of one kind, and none is null."""
        if not shape.negated:
            for value in shape.values:
                kind, key = place(value) or ("", None)
                self._note("named", kind, key, numbers)
            return True
        if len(shape.kinds) != 1 or "null" in shape.kinds:
            return False
        if not shape.spans:  # with a span, null is neither passed nor refused, and the values are left out of the rest
            (kind,) = shape.kinds
            for value in shape.values:
                self._note("excepted", kind, _key(value), numbers)
            self._kind(kind).excluding |= bits(numbers)
            self._kind("null").excluding |= bits(numbers)
        return True

    def _kind(self, name: str) -> _Kind:
        return self._kinds.setdefault(name, _Kind())

    def _note(self, table: str, kind: str, key: Any, numbers: list[int]) -> None:
        entries: dict[Any, list[int] | int] = getattr(self._kind(kind), table)
        before = entries.get(key)
        if isinstance(before, int) or len(numbers) + len(before or ()) > _FEW:
            entries[key] = _together(before) | bits(numbers)
        else:
            entries[key] = [*(before or ()), *numbers]

    def _lay(self, kind: str, several: list[Cell], rules: dict[Cell, list[int]]) -> None:
        shapes = [(cell, cell.shape) for cell in several if cell.shape is not None]
        ends = [end for _, shape in shapes for span in shape.spans for end in (span.low, span.high)]
        ends += [value for _, shape in shapes if shape.negated for value in shape.values]
        grid = Grid(key for found in map(place, ends) if found is not None and found[0] == kind for key in [found[1]])
        layers: list[list[tuple[int, int, int]]] = [[] for _ in range(_MOST_LAYERS)]
        for cell, shape in shapes:
            for layer, (low, high) in zip(layers, _stretches(grid, kind, shape), strict=False):
                layer += [(low, high, number) for number in rules[cell]]
        self._kinds[kind].grid = grid
        self._kinds[kind].layers = [Stretches(layer) for layer in layers if layer]

    def passed(self, value: Any) -> int | None:
        """Return the rules whose cells `value` surely passes; None when it is of a kind that cannot be looked up."""
        found = place(value)
        if found is None:
            return None
        kind = self._kinds.get(found[0])
        return self.anything if kind is None else self.anything | kind.passed(found[1])

    def distinct(self) -> dict[Cell, int]:
        """Return every cell with its rules."""
        found: dict[Cell, int] = {}
        for number, cell in enumerate(self._cells):
            if cell is not None:
                found[cell] = found.get(cell, 0) | 1 << number
        return found


def _stretches(grid: Grid, kind: str, shape: Shape) -> list[tuple[int, int]]:
    found = [grid.stretch(span) for span in shape.spans if _kind_of(span) == kind]
    if shape.negated:
        found = grid.besides([*found, *[(grid.at(_key(value)),) * 2 for value in shape.values]])
    return [(low, high) for low, high in found if low <= high]


def _kind_of(span: Span) -> str:
    found = place(span.high if span.low is None else span.low)
    return "" if found is None else found[0]


def bits(numbers: Iterable[int]) -> int:
    """Return the set of `numbers`."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def _together(entry: list[int] | int | None) -> int:
    if entry is None:
        return 0
    return entry if isinstance(entry, int) else bits(entry)


def members(found: int) -> Iterator[int]:
    """Yield the numbers in a set, the smallest first."""
    text = bin(found)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
