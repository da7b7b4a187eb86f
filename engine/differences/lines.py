"""Texts that are no drawing and no table: what changed, line by line."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

from engine.differences.changes import Change, What, Words, cut
from engine.differences.tables import Cell, Grid, Row

MOST_LINES: Final = 4000
MOST_CHANGES: Final = 400
UNREADABLE: Final = "�"
NUMBER: Final = "number"
TEXT: Final = "text"


def compare(before: bytes, after: bytes) -> list[Change]:
    """Return the changes of a text, one for each run of lines; of a very long one that it differs."""
    old, new = _lines(before), _lines(after)
    if max(len(old), len(new)) > MOST_LINES:
        return [_whole()]
    found = [_change(old, new, code) for code in _runs(old, new)]
    return found if len(found) <= MOST_CHANGES else [*found[:MOST_CHANGES], _whole()]


def grid(title: Words, before: bytes, after: bytes) -> Grid:
    """Return the lines that differ, with the numbers they have now (or had, where they are gone)."""
    old, new = _lines(before)[:MOST_LINES], _lines(after)[:MOST_LINES]
    rows = [row for code in _runs(old, new) for row in _rows(old, new, code)]
    return Grid(title, {NUMBER: ("行", "Line"), TEXT: ("内容", "Text")}, {}, rows[:MOST_CHANGES])


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").splitlines()


def _runs(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    for tag, *places in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            first, last, start, end = places
            yield first, last, start, end


def _change(old: list[str], new: list[str], run: tuple[int, int, int, int]) -> Change:
    first, last, start, end = run
    before, after = "\n".join(old[first:last]), "\n".join(new[start:end])
    number = str((start if end > start else first) + 1)
    if not before:
        told = (f"第 {number} 行起新增：{cut(after)}", f"From line {number} on, new: {cut(after)}")
        return Change(number, What.ADDED, before, after, *told)
    if not after:
        told = (f"删除原第 {number} 行起：{cut(before)}", f"Removed from old line {number} on: {cut(before)}")
        return Change(number, What.REMOVED, before, after, *told)
    zh = f"第 {number} 行：由“{cut(before)}”改为“{cut(after)}”"
    return Change(number, What.CHANGED, before, after, zh, f"Line {number}: “{cut(before)}” → “{cut(after)}”")


def _rows(old: list[str], new: list[str], run: tuple[int, int, int, int]) -> Iterator[Row]:
    first, last, start, end = run
    for place in range(max(last - first, end - start)):
        was = old[first + place] if first + place < last else None
        now = new[start + place] if start + place < end else None
        number = Cell(
            str(first + place + 1) if was is not None else "", str(start + place + 1) if now is not None else ""
        )
        what = What.ADDED if was is None else What.REMOVED if now is None else What.CHANGED
        yield Row(number.after or number.before, what, {NUMBER: number, TEXT: Cell(was or "", now or "")})


def _whole() -> Change:
    return Change("", What.CHANGED, "", "", "内容改动很多，未逐行列出", "Too much changed to be told line by line")
