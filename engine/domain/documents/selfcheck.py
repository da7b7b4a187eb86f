"""The self-check: a PDF is read back and held against GB/T 9704-2012, paragraph by paragraph.

A finding is an error, or a note: a typeface that had to be substituted is named, and is no error.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from engine.domain.documents.faces import Faces
from engine.domain.documents.reading import MM, Letter, Page, Reading, Row, read

SHEET = (210.0, 297.0)
TOP, BINDING = 37.0, 28.0
AREA = (156.0, 225.0)
COLUMNS, LINES = 28, 22
BODY, TITLE, SMALL = 16, 22, 14  # 3号, 2号, 4号 in points
ASCENT = 0.88  # of the type's size: from the upper edge of a line to its baseline
TOLERANCE = 1.0  # millimetres, as the standard gives for both margins
FINE = 0.05
RULE_OF_LETTER = 170.0
MARK_UNDER_AREA = 35.0
MARK_OF_LETTER, LAST_RULE_OF_LETTER = 30.0, 277.0

_PAGE_NUMBER = re.compile(r"— ?([0-9]+) ?—")
_OTHER_BRACKETS = re.compile(r"[\[(（【﹝][0-9]{4}[\])）】﹞][0-9]+号")


@dataclass(frozen=True)
class Finding:
    """What is not as the standard has it: its paragraph, the page, what was found and what is right."""

    rule: str
    paragraph: str
    page: int
    zh: str
    en: str
    severity: str = "error"

    @property
    def plain(self) -> dict[str, Any]:
        """Return it as a program reads it."""
        text = {"zh": self.zh, "en": self.en}
        told = {"rule": self.rule, "paragraph": self.paragraph, "page": self.page}
        return {**told, "severity": self.severity, "text": text}


def check(content: bytes, paper: Mapping[str, Any], faces: Faces) -> list[Finding]:
    """Return all findings about the PDF of a paper; raise DocumentRefused when it cannot be read."""
    reading = read(content)
    pages = list(enumerate(reading.pages, 1))
    found = [finding for n, page in pages for finding in _page(n, page, paper)]
    return [
        *found,
        *_grid(reading),
        *_head(reading.pages[0], paper),
        *_number(reading, paper),
        *_title(reading, paper),
        *_fonts(reading),
        *_substitutes(faces),
    ]


def _page(n: int, page: Page, paper: Mapping[str, Any]) -> Iterator[Finding]:
    if any(abs(found - right) > TOLERANCE for found, right in zip((page.width, page.height), SHEET, strict=True)):
        size = f"{page.width:.0f}×{page.height:.0f}"
        yield Finding("sheet", "5.1", n, f"纸张为 {size} mm，应为 210×297 mm。", f"The sheet is {size} mm, not A4.")
    yield from _margins(n, page)
    if paper["layout"] != "letter" or n > 1:
        yield from _page_number(n, page)


def _margins(n: int, page: Page) -> Iterator[Finding]:
    rows = _body(page)
    if not rows:
        return
    left = BINDING if n % 2 else SHEET[0] - BINDING - AREA[0]
    first = min(_ink(row.letters[0]) for row in rows)
    last = max(row.letters[-1].x for row in rows)
    if first < left - TOLERANCE or TOLERANCE < first - left < AREA[0] / COLUMNS:
        zh = f"版心左边在 {first:.1f} mm 处，应为 {left:.0f}±1 mm。"
        yield Finding("binding", "5.2.1", n, zh, f"The text begins at {first:.1f} mm, not at {left:.0f}±1 mm.")
    if last > left + AREA[0] - BODY * MM / 2 + TOLERANCE:
        over = last + BODY * MM - left - AREA[0]
        yield Finding(
            "width", "5.2.1", n, f"文字超出版心 {over:.1f} mm。", f"The text leaves its area by {over:.1f} mm."
        )
    top, bottom = rows[0].baseline - ASCENT * BODY * MM, rows[-1].baseline
    if (n > 1 and abs(top - TOP) > TOLERANCE and _begins_page(page, rows[0])) or top < TOP - TOLERANCE:
        yield Finding(
            "top", "5.2.1", n, f"天头为 {top:.1f} mm，应为 37±1 mm。", f"The top is {top:.1f} mm, not 37±1 mm."
        )
    if bottom > TOP + AREA[1] + TOLERANCE:
        yield Finding("bottom", "5.2.1", n, "文字超出版心下边。", "The text leaves its area at the foot.")


def _begins_page(page: Page, row: Row) -> bool:
    return page.rows[0].baseline >= row.baseline and not any(rule.y < row.baseline for rule in page.rules)


def _page_number(n: int, page: Page) -> Iterator[Finding]:
    under = TOP + AREA[1]
    told = [(row, match) for row in page.rows if (match := _PAGE_NUMBER.fullmatch(row.text)) and row.baseline > under]
    if not told:
        yield Finding("page-number", "7.5", n, "没有页码。", "There is no page number.")
        return
    row, match = told[0]
    if int(match[1]) != n:
        yield Finding("page-number", "7.5", n, f"页码为 {match[1]}，应为 {n}。", f"It says {match[1]}, not {n}.")
    middle = page.width / 2
    outside = row.letters[0].x > middle if n % 2 else row.letters[-1].x < middle
    if not outside:
        yield Finding("page-number", "7.5", n, "页码不在外侧。", "The page number is not at the outer side.")
    if round(row.size) != SMALL:
        yield Finding("page-number", "7.5", n, "页码不是4号字。", "The page number is not in type of 14 pt.")


def _grid(reading: Reading) -> Iterator[Finding]:
    steps = [
        step
        for page in reading.pages
        for one, other in pairwise(_body(page))
        if 0 < (step := other.baseline - one.baseline) < 2 * BODY * MM
    ]
    advances = [
        other.x - one.x
        for page in reading.pages
        for row in _body(page)
        for one, other in pairwise(row.letters)
        if _is_hanzi(one.text) and _is_hanzi(other.text)
    ]
    yield from _pitch("lines", steps, AREA[1], LINES)
    yield from _pitch("columns", advances, AREA[0], COLUMNS)
    for n, page in enumerate(reading.pages, 1):
        if (count := len(_body(page))) > LINES:
            yield Finding("lines", "5.2.3", n, f"本面 {count} 行，应不超过 22 行。", f"{count} lines, not 22.")


def _pitch(rule: str, steps: Sequence[float], whole: float, wanted: int) -> Iterator[Finding]:
    """Tell when lines or characters stand closer or wider than `wanted` of them fill the text area."""
    if not steps:
        return
    found = whole / median(steps)
    if abs(found - wanted) > FINE * wanted / 2:
        what = {"lines": ("每面行数", "lines a page"), "columns": ("每行字数", "characters a line")}[rule]
        yield Finding(
            rule, "5.2.3", 0, f"{what[0]}为 {found:.1f}，应为 {wanted}。", f"{found:.1f} {what[1]}, not {wanted}."
        )


def _head(page: Page, paper: Mapping[str, Any]) -> Iterator[Finding]:
    red = "".join(letter.text for row in page.rows for letter in row.letters if letter.red)
    if any(name not in red for name in paper["mark"]) or paper["suffix"] not in red:
        yield Finding("mark", "7.2.4", 1, "发文机关标志缺失或者不是红色。", "The red mark of the organ is missing.")
    yield from _mark_place(page, paper)
    rules = [rule for rule in page.rules if rule.red]
    wanted = RULE_OF_LETTER if paper["layout"] == "letter" else AREA[0]
    places = 2 if paper["layout"] == "letter" else 1
    fitting = {round(rule.y / 10) for rule in rules if abs(rule.length - wanted) < TOLERANCE}
    if len(fitting) < places:
        paragraph = "10.1" if paper["layout"] == "letter" else "7.2.7"
        zh = f"红色分隔线缺失，或者长度不是 {wanted:.0f} mm。"
        yield Finding("red-rule", paragraph, 1, zh, f"A red rule of {wanted:.0f} mm is missing.")


def _mark_place(page: Page, paper: Mapping[str, Any]) -> Iterator[Finding]:
    """Tell when the mark is not 35 mm under the edge of the text area, or in a letter 30 mm under that of the sheet."""
    letter = paper["layout"] == "letter"
    wanted, paragraph = (MARK_OF_LETTER, "10.1") if letter else (TOP + MARK_UNDER_AREA, "7.2.4")
    for row in [row for row in page.rows if row.letters[0].red][:1]:
        top = row.baseline - ASCENT * row.size * MM
        if abs(top - wanted) > 2 * TOLERANCE:
            zh = f"发文机关标志上边缘距纸张上边 {top:.1f} mm，应为 {wanted:.0f} mm。"
            en = f"The mark stands {top:.1f} mm under the edge of the sheet, not {wanted:.0f} mm."
            yield Finding("mark", paragraph, 1, zh, en)
    last = max((rule.y for rule in page.rules if rule.red), default=0.0)
    if letter and abs(last - LAST_RULE_OF_LETTER) > 2 * TOLERANCE:
        zh = f"下方红色双线距纸张下边 {SHEET[1] - last:.1f} mm，应为 20 mm。"
        en = f"The lower red rule stands {SHEET[1] - last:.1f} mm over the edge of the sheet, not 20 mm."
        yield Finding("red-rule", "10.1", 1, zh, en)


def _number(reading: Reading, paper: Mapping[str, Any]) -> Iterator[Finding]:
    text = "\n".join(row.text for row in reading.pages[0].rows if round(row.size) == BODY)
    if wrong := _OTHER_BRACKETS.search(text):
        zh = f"发文字号“{wrong[0]}”的年份应当用六角括号“〔〕”括入。"
        yield Finding("brackets", "7.2.5", 1, zh, f"The year in {wrong[0]} stands in other brackets than 〔〕.")
    elif paper["number"] not in text:
        yield Finding("number", "7.2.5", 1, "首页没有发文字号。", "The first page does not show the number.")


def _title(reading: Reading, paper: Mapping[str, Any]) -> Iterator[Finding]:
    text = "".join(row.text for page in reading.pages for row in page.rows if round(row.size) == TITLE)
    if "".join(paper["title"]) not in text:
        yield Finding("title", "7.3.1", 1, "标题缺失或者不是2号字。", "The title is missing or not in type of 22 pt.")


def _fonts(reading: Reading) -> Iterator[Finding]:
    for font, embedded in sorted(reading.fonts.items()):
        if not embedded:
            yield Finding("embedded", "—", 0, f"字体 {font} 没有嵌入。", f"The font {font} is not embedded.")


def _substitutes(faces: Faces) -> Iterator[Finding]:
    for wanted, used in faces.substitutes.items():
        zh, en = f"缺少字体 {wanted}，以 {used} 代替。", f"{wanted} is not installed; {used} stands in for it."
        yield Finding("face", "5.2.2", 0, zh, en, severity="note")


def _body(page: Page) -> list[Row]:
    """Return the rows in the type of the text, but for what stands under the text area."""
    return [row for row in page.rows if round(row.size) == BODY and not row.letters[0].red]


def _ink(letter: Letter) -> float:
    """Return where a character is printed: a bracket that opens fills the right half of its square only."""
    return letter.x + (letter.size * MM / 2 if unicodedata.category(letter.text[0]) in {"Ps", "Pi"} else 0)


def _is_hanzi(text: str) -> bool:
    return unicodedata.category(text[0]) == "Lo" and unicodedata.east_asian_width(text[0]) == "W"
