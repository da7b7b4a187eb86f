"""Composing: the facts of a document are filled into its template; what comes out is plain data, ready to be set."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.domain import feel
from engine.domain.documents.template import Annex, Chart, Each, Line, Only, Step, Table, Template
from engine.domain.documents.titles import title_lines
from engine.domain.documents.wording import NOTHING, Facts, long_date, spoken, value
from engine.errors import DocumentRefused

MOST_BLOCKS = 5000  # paragraphs, rows and bars
MOST_STEPS = 50_000  # items gone through, whether or not anything is written of them
MOST_LETTERS = 200_000
MOST_BARS = 300  # a page holds some forty
LONGEST_TITLE = 200
LARGEST_FIGURE = Decimal(10) ** 18
_LEVELS = (
    re.compile(r"[一二三四五六七八九十]+、"),
    re.compile(r"（[一二三四五六七八九十]+）"),
    re.compile(r"[0-9]+[.．]"),
    re.compile(r"（[0-9]+）"),
)
_HEADINGS = 2
_STOP = "。"


@dataclass(frozen=True)
class Issue:
    """Who issues a document, when, and under which number; several `organs` issue it together, the leading one first.

    `mark` is what follows the organ's name in red (文件), nothing in a letter; a `title` stands for the template's.
    """

    number: str
    issued_on: date
    organs: tuple[str, ...]
    mark: str = ""
    signatory: str = ""
    printer: str = ""
    title: str = ""


def compose(template: Template, facts: Facts, issue: Issue) -> dict[str, Any]:
    """Return the paper: mark, number, title, addressees, body, annexes, signature, foot - each as plain data.

    Raise DocumentRefused naming every fact that the template needs and was not given, or what cannot be written.
    """
    missing = [f"{name}（{label}）" for name, label in template.facts.items() if facts.get(name) is None]
    if missing:
        raise DocumentRefused(why="missing: " + ", ".join(missing))
    known = {
        **dict.fromkeys(template.optional),
        **facts,
        "number": issue.number,
        "issued_on": issue.issued_on.isoformat(),
        "organ": issue.organs[0],
        "signatory": issue.signatory,
    }
    title = issue.title or template.title.said(known)
    minutes, writer = template.layout == "minutes", _Writer()
    return {
        "layout": template.layout,
        "mark": list(issue.organs),
        "suffix": "" if template.layout == "letter" else issue.mark,
        "number": issue.number,
        "signatory": issue.signatory,
        "title": _title(title),
        "addressees": template.addressees.said(known, ""),
        "body": writer.body(template.body, known),
        "annexes": writer.annexes(template.annexes, known),
        "attendance": [
            {"label": label, "names": said} for label, names in template.attendance if (said := names.said(known, ""))
        ],
        "signed": [] if minutes else list(issue.organs),
        "date": long_date(issue.issued_on),
        "day": [issue.issued_on.year, issue.issued_on.month, issue.issued_on.day],
        "note": template.note.said(known, ""),
        "copies": template.copies.said(known, ""),
        "printer": issue.printer,
    }


def level_of(text: str) -> int:
    """Return the level of a paragraph by how it is numbered: 一、 1, （一） 2, 1. 3, （1） 4, else 0 (§7.3.3)."""
    return next((level for level, pattern in enumerate(_LEVELS, 1) if pattern.match(text)), 0)


class _Writer:
    """Writes the steps of one paper, and refuses one that becomes larger than anybody would read."""

    def __init__(self) -> None:
        self.blocks, self.steps, self.letters = MOST_BLOCKS, MOST_STEPS, MOST_LETTERS

    def body(self, steps: Iterable[Step], facts: Facts) -> list[dict[str, Any]]:
        """Return the blocks of `steps`; raise DocumentRefused."""
        return [self._counted(block) for block in self._written(steps, facts)]

    def annexes(self, annexes: Iterable[Annex], facts: Facts) -> list[dict[str, Any]]:
        """Return the annexes, numbered, each with its blocks; raise DocumentRefused."""
        named = [(annex.name.said(facts), annex) for annex in annexes]
        return [
            {"n": n, "name": name, "title": _title(name), "body": self.body(annex.body, facts)}
            for n, (name, annex) in enumerate(named, 1)
        ]

    def _written(self, steps: Iterable[Step], facts: Facts) -> Iterator[dict[str, Any]]:
        for step in steps:
            if isinstance(step, Line):
                yield from map(_paragraph, step.text.said(facts).splitlines())
            elif isinstance(step, Only):
                self.steps = _spent(self.steps, 1, f"more than {MOST_STEPS} steps")
                if value(step.condition, facts) is True:
                    yield from self._written(step.steps, facts)
            elif isinstance(step, Each):
                for n, item in enumerate(self._items(step.items, facts), 1):
                    yield from self._written(step.steps, {**facts, step.name: item, "n": n})
            elif isinstance(step, Table):
                yield self._table(step, facts)
            else:
                yield self._chart(step, facts)

    def _table(self, step: Table, facts: Facts) -> dict[str, Any]:
        items = self._items(step.items, facts)
        self.blocks = _spent(self.blocks, len(items), f"more than {MOST_BLOCKS} paragraphs and rows")
        rows = [{**facts, "item": item, "n": n} for n, item in enumerate(items, 1)]
        return {
            "kind": "table",
            "title": step.title.said(facts),
            "columns": [{"title": one.head, "align": one.align, "width": one.width} for one in step.columns],
            "rows": [self._cells([column.cell.said(row, NOTHING) for column in step.columns]) for row in rows],
        }

    def _chart(self, step: Chart, facts: Facts) -> dict[str, Any]:
        items = self._items(step.items, facts)
        _spent(MOST_BARS, len(items), f"more than {MOST_BARS} bars in a chart")
        rows = [{**facts, "item": item, "n": n} for n, item in enumerate(items, 1)]
        return {
            "kind": "chart",
            "title": step.title.said(facts),
            "bars": [
                {"label": step.label.said(row, NOTHING), "value": length, "text": step.text.said(row, NOTHING)}
                for row in rows
                if (length := _length(step.figure, row)) is not None
            ],
        }

    def _items(self, expression: feel.Expression, facts: Facts) -> list[Any]:
        found = value(expression, facts)
        if not isinstance(found, list):
            raise DocumentRefused(why=f"{expression.source}: not a list")
        self.steps = _spent(self.steps, len(found) + 1, f"more than {MOST_STEPS} steps")
        return found

    def _cells(self, cells: list[str]) -> list[str]:
        self.letters = _spent(self.letters, sum(map(len, cells)), f"more than {MOST_LETTERS} letters")
        return cells

    def _counted(self, block: dict[str, Any]) -> dict[str, Any]:
        self.blocks = _spent(self.blocks, 1, f"more than {MOST_BLOCKS} paragraphs and rows")
        self._cells([one for one in block.values() if isinstance(one, str)])
        return block


def _spent(left: int, count: int, why: str) -> int:
    """Return what is left of a measure after `count`; raise DocumentRefused when it is not enough."""
    if count > left:
        raise DocumentRefused(why=why)
    return left - count


def _title(text: str) -> list[str]:
    """Return the lines of a title; raise DocumentRefused for one that no page could head."""
    _spent(LONGEST_TITLE, len(text), f"a title of more than {LONGEST_TITLE} letters")
    return title_lines(text)


def _paragraph(text: str) -> dict[str, Any]:
    """Return a paragraph; of a numbered heading only the first sentence is set in the face of its level.

    A numbered paragraph that is one whole sentence is no heading.
    """
    level = level_of(text)
    head, stop, rest = text.partition(_STOP)
    heading = 0 < level <= _HEADINGS
    split = heading and bool(rest)
    return {
        "kind": "text",
        "level": 0 if heading and stop and not rest else level,
        "text": head + stop if split else text,
        "rest": rest if split else "",
    }


def _length(expression: feel.Expression, facts: Facts) -> float | None:
    found = value(expression, facts)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        raise DocumentRefused(why=f"{expression.source}: {spoken(found)[:40]} is not a number")
    if not -LARGEST_FIGURE <= found <= LARGEST_FIGURE:  # neither is what is no number at all
        raise DocumentRefused(why=f"{expression.source}: too large to be drawn")
    return float(found)
