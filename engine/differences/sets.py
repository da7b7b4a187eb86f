"""Indicator sets compared row by row: an indicator by its set and code, column by column in the words of the sheet."""

from collections.abc import Callable, Mapping

from engine.differences.changes import Change, Thing, Words
from engine.differences.tables import Grid, Table, overlay, told
from engine.domain import indicators
from engine.domain.indicators import COLUMNS
from engine.domain.setbook import TITLES

KINDS: Mapping[str, Words] = {"set": ("指标体系", "set"), "input": ("数据", "figure")}
WORDS: Mapping[str, Mapping[str, Words]] = {
    "direction": {"+": ("正向", "more is better"), "-": ("逆向", "less is better")},
    "is_gate": {"1": ("是", "yes"), "0": ("否", "no")},
    "kind": {
        "quant": ("定量", "by figures"), "qual": ("定性", "by experts"), "rank": ("位次", "by rank"), **KINDS,
    },
    "method": {
        "standard": ("标准值指数", "standard"), "target": ("目标完成", "target"),
        "base_index": ("基期指数", "base index"),
        "rank": ("位次", "rank"), "min_max": ("功效系数", "min-max"), "experts": ("专家评分均值", "experts"),
        "change": ("较上年变化", "change on last year"),
    },
    "missing": {
        "zero": ("零分", "no points"), "half": ("半分", "half the points"),
        "exclude": ("不计并调整其余权重", "left out"),
        "last_year": ("用上年数据", "last year's figure"), "block": ("不得计分", "no score"),
    },
}  # fmt: skip
INDICATOR: Words = ("指标", "indicator")
Rows = Mapping[str, Mapping[str, str]]


def compare(before: bytes, after: bytes) -> list[Change]:
    """Return what changed in the sets; raise ModelRefused where one is no such table."""
    old, new = _rows(before), _rows(after)
    return list(told(_grid(old, new), _caller(new), _caller(old)))


def grids(before: bytes, after: bytes) -> list[Grid]:
    """Return the rows of both laid over each other, without columns that nobody filled in; raise ModelRefused."""
    return [_grid(_rows(before), _rows(after))]


def _rows(content: bytes) -> Rows:
    found: dict[str, Mapping[str, str]] = {}
    for row in indicators.read_rows(content) if content else []:
        key = "/".join((row["set"], row["kind"] if row["kind"] in KINDS else "", row["code"]))
        while key in found:  # a code written twice is a finding of the check; here both are told
            key += "′"
        found[key] = row
    return found


def _grid(old: Rows, new: Rows) -> Grid:
    filled = [column for column in COLUMNS if any(row[column] for rows in (old, new) for row in rows.values())]
    columns = {column: (TITLES[column], column.replace("_", " ")) for column in filled}
    return overlay(("指标体系", "Indicator sets"), Table(columns, old), Table(columns, new, WORDS))


def _caller(rows: Rows) -> Callable[[str], Thing]:
    def call(key: str) -> Thing:
        row = rows[key]
        zh, en = KINDS.get(row["kind"], INDICATOR)
        name = " ".join(filter(None, (row["code"] or row["set"], row["name"])))
        return Thing(key, f"{zh}“{name}”", f"{en} “{name}”")

    return call
