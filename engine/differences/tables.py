"""Tables side by side: whatever has rows and columns, with what became of every row and cell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.differences.changes import PLAIN, Change, Thing, What, Words, added, changed, moved, removed


@dataclass(frozen=True)
class Table:
    """Rows by what they are known by, each a text for some of the columns; columns by what they are called.

    `words` are what people call the values of some columns.
    """

    columns: Mapping[str, Words]
    rows: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """What a cell said and what it says."""

    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Tell whether it says something else."""
        return self.before != self.after


@dataclass(frozen=True)
class Row:
    """A row of two tables: what became of it (none: it is as it was) and its cells by column."""

    element: str
    what: What | None
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Grid:
    """Two tables laid over each other: their columns with what became of each, and their rows in the new order."""

    title: Words
    columns: Mapping[str, Words]
    fates: Mapping[str, What]
    rows: Sequence[Row]
    words: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)


def overlay(title: Words, before: Table, after: Table) -> Grid:
    """Lay two tables over each other; a row that is gone stands where it stood."""
    columns = {**before.columns, **after.columns}
    fates = {key: What.REMOVED for key in before.columns if key not in after.columns}
    fates |= {key: What.ADDED for key in after.columns if key not in before.columns}
    kept = [key for key in before.rows if key in after.rows]
    shifted = strays(kept, [key for key in after.rows if key in before.rows])
    rows = [_row(key, (before.rows.get(key), after.rows.get(key)), columns, shifted) for key in _order(before, after)]
    return Grid(title, columns, fates, rows, after.words)


def told(grid: Grid, thing: Callable[[str], Thing], gone: Callable[[str], Thing]) -> Iterator[Change]:
    """Say every row that is new, gone, moved or different, cell by cell.

    `thing` gives a row of the new table, `gone` one of the old, as people call it.
    """
    for row in grid.rows:
        if row.what is What.ADDED:
            yield added(thing(row.element), _summary([cell.after for cell in row.cells.values()]))
        elif row.what is What.REMOVED:
            yield removed(gone(row.element), _summary([cell.before for cell in row.cells.values()]))
        else:
            if row.what is What.MOVED:
                yield moved(thing(row.element), ("", ""), ("排列次序改变", "stands elsewhere in the order"))
            for key, cell in row.cells.items():
                if cell.changed and key not in grid.fates:
                    values = (cell.before, cell.after)
                    yield changed(thing(row.element), key, grid.columns[key], values, grid.words.get(key, PLAIN))


def strays(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """Return the fewest of the same keys that, taken out, leave the others in the same order."""
    places = {key: place for place, key in enumerate(before)}
    tails: list[str] = []
    above: dict[str, str | None] = {}
    for key in after:
        at = _place([places[one] for one in tails], places[key])
        above[key] = tails[at - 1] if at else None
        tails[at:] = [key, *tails[at + 1 :]]
    kept, key_ = set(), tails[-1] if tails else None
    while key_ is not None:
        kept.add(key_)
        key_ = above[key_]
    return frozenset(after) - kept


def _place(tails: list[int], place: int) -> int:
    low, high = 0, len(tails)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if tails[middle] < place else (low, middle)
    return low


def _order(before: Table, after: Table) -> list[str]:
    """Return the keys of both: the new order, and behind each what stood there and is gone."""
    waiting: dict[str | None, list[str]] = {}
    last: str | None = None
    for key in before.rows:
        if key in after.rows:
            last = key
        else:
            waiting.setdefault(last, []).append(key)
    order = waiting.get(None, [])[:]
    for key in after.rows:
        order += [key, *waiting.get(key, [])]
    return order


def _row(
    key: str,
    pair: tuple[Mapping[str, str] | None, Mapping[str, str] | None],
    columns: Mapping[str, Words],
    shifted: frozenset[str],
) -> Row:
    old, new = (one if one is not None else {} for one in pair)
    cells = {column: Cell(old.get(column, ""), new.get(column, "")) for column in columns}
    if pair[0] is None or pair[1] is None:
        return Row(key, What.ADDED if pair[0] is None else What.REMOVED, cells)
    if key in shifted:
        return Row(key, What.MOVED, cells)
    return Row(key, What.CHANGED if any(cell.changed for cell in cells.values()) else None, cells)


def _summary(cells: Sequence[str]) -> str:
    return " · ".join(cell for cell in cells if cell)
