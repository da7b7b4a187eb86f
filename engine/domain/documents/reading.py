"""Reading a PDF back: where every character and rule of its pages stands, in millimetres from the upper left corner."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LTChar, LTContainer, LTCurve, LTItem
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdffont import PDFFont
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.psexceptions import PSException

from engine.errors import DocumentRefused

MM = 25.4 / 72  # a point in millimetres
_SAME_ROW = 0.05
_REDDER = 0.5
_EMBEDDED = ("FontFile", "FontFile2", "FontFile3")


@dataclass(frozen=True)
class Letter:
    """A character: where it begins, its baseline, the size of its type in points, whether it is red."""

    text: str
    x: float
    baseline: float
    size: float
    red: bool
    font: str


@dataclass(frozen=True)
class Rule:
    """A straight horizontal rule."""

    x: float
    y: float
    length: float
    red: bool


@dataclass(frozen=True)
class Row:
    """The characters on one baseline of one size, from left to right."""

    letters: tuple[Letter, ...]

    @property
    def text(self) -> str:
        """What is written."""
        return "".join(letter.text for letter in self.letters)

    @property
    def baseline(self) -> float:
        """How far under the upper edge of the page it is written."""
        return self.letters[0].baseline

    @property
    def size(self) -> float:
        """The size of its type in points."""
        return self.letters[0].size


@dataclass(frozen=True)
class Page:
    """A page: its size, its rows from top to bottom, its rules."""

    width: float
    height: float
    rows: tuple[Row, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Reading:
    """A PDF as it was read back; `fonts` tells of each whether its file is embedded."""

    pages: tuple[Page, ...]
    fonts: dict[str, bool]


def read(content: bytes) -> Reading:
    """Return what stands on the pages of a PDF; raise DocumentRefused when it is none."""
    try:
        document = PDFDocument(PDFParser(io.BytesIO(content)))
        manager = _Fonts()
        device = PDFPageAggregator(manager, laparams=None)
        interpreter = PDFPageInterpreter(manager, device)
        return Reading(tuple(_pages(document, interpreter, device)), manager.found)
    except (PSException, ValueError, TypeError, KeyError, AssertionError) as fault:
        raise DocumentRefused(why=f"not a readable PDF: {fault}") from fault


class _Fonts(PDFResourceManager):
    """Remembers of every font that is used whether it is embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, bool] = {}

    def get_font(self, objid: object, spec: Any) -> PDFFont:
        font = super().get_font(objid, spec)
        name = str(font.fontname).partition("+")[2] or str(font.fontname)
        self.found[name] = any(key in font.descriptor for key in _EMBEDDED)
        return font


def _pages(document: PDFDocument, interpreter: PDFPageInterpreter, device: PDFPageAggregator) -> Iterator[Page]:
    for page in PDFPage.create_pages(document):
        interpreter.process_page(page)
        drawn = device.get_result()
        items = list(_flat(drawn))
        letters = [_letter(item, drawn.height) for item in items if isinstance(item, LTChar)]
        rules = [_rule(item, drawn.height) for item in items if isinstance(item, LTCurve) and item.height < 1]
        yield Page(drawn.width * MM, drawn.height * MM, tuple(_rows(letters)), tuple(rules))


def _flat(container: Iterable[LTItem]) -> Iterator[LTItem]:
    for item in container:
        if isinstance(item, LTContainer):
            yield from _flat(item)
        else:
            yield item


def _letter(item: LTChar, height: float) -> Letter:
    x, y = item.matrix[4], item.matrix[5]
    return Letter(
        item.get_text(), x * MM, (height - y) * MM, item.size, _is_red(item.graphicstate.ncolor), item.fontname
    )


def _rule(item: LTCurve, height: float) -> Rule:
    return Rule(item.x0 * MM, (height - item.y1) * MM, item.width * MM, _is_red(item.stroking_color))


def _is_red(colour: Any) -> bool:
    return isinstance(colour, tuple | list) and len(colour) == 3 and colour[0] > _REDDER > max(colour[1:])  # noqa: PLR2004


def _rows(letters: Iterable[Letter]) -> Iterator[Row]:
    found: dict[tuple[int, int], list[Letter]] = {}
    for letter in letters:
        found.setdefault((round(letter.baseline / _SAME_ROW), round(letter.size)), []).append(letter)
    for _, row in sorted(found.items()):
        yield Row(tuple(sorted(row, key=lambda letter: letter.x)))
