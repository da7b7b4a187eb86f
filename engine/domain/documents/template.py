"""Templates of official documents: TOML files of the process owner, read strictly; whatever is wrong is named.

`docs/how-to/change-a-document.md` explains the file to its owner.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from engine.domain import feel
from engine.domain.documents.wording import FUNCTIONS, Wording, names, worded
from engine.errors import ExpressionRefused

Finding = dict[str, Any]

LAYOUTS = ("document", "upward", "letter", "minutes")
GIVEN = frozenset({"number", "issued_on", "organ", "signatory"})  # what the register says of every document
LARGEST = 64 * 1024
DEEPEST = 8
MOST_ANNEXES = 20
_KEYS = {"name", "layout", "facts", "optional", "title", "addressees", "body", "annex", "note", "copies", "attendance"}
_ANNEX = {"name", "body"}
_EACH = re.compile(r"([a-z][a-z0-9_]*) in (.+)")
_ALIGNED = {"左": "left", "中": "center", "右": "right"}
_WIDEST = 20


@dataclass(frozen=True)
class Line:
    """A paragraph."""

    text: Wording


@dataclass(frozen=True)
class Each:
    """Steps that are written once for every item of a list."""

    name: str
    items: feel.Expression
    steps: "tuple[Step, ...]"


@dataclass(frozen=True)
class Only:
    """Steps that are written when a condition holds."""

    condition: feel.Expression
    steps: "tuple[Step, ...]"


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, what stands in it, how it is aligned and its share of the width."""

    head: str
    cell: Wording
    align: str
    width: int


@dataclass(frozen=True)
class Table:
    """A table with a row for every item of a list."""

    items: feel.Expression
    title: Wording
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Chart:
    """Bars, one for every item of a list."""

    items: feel.Expression
    title: Wording
    label: Wording
    figure: feel.Expression
    text: Wording


Step = Line | Each | Only | Table | Chart


@dataclass(frozen=True)
class Annex:
    """What is attached, under a name."""

    name: Wording
    body: tuple[Step, ...]


@dataclass(frozen=True)
class Template:
    """A kind of document; `facts` are those it must be given and `optional` those it may be given, with their names.

    `digest` is that of the file it was read from.
    """

    digest: str
    name: Mapping[str, str]
    layout: str
    facts: Mapping[str, str]
    optional: Mapping[str, str]
    title: Wording
    body: tuple[Step, ...]
    addressees: Wording
    note: Wording
    copies: Wording
    annexes: tuple[Annex, ...] = ()
    attendance: tuple[tuple[str, Wording], ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Every name its blanks may read."""
        return GIVEN | self.facts.keys() | self.optional.keys()


def read(content: bytes) -> tuple[Template | None, list[Finding]]:
    """Return the template in a file and its findings; none when it cannot be read."""
    reader = _Reader(sha256(content).hexdigest())
    if len(content) > LARGEST:
        return None, [finding("", f"超过 {LARGEST} 字节。", f"It is larger than {LARGEST} bytes.")]
    try:
        raw = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as fault:
        return None, [finding("", f"无法读取：{fault}", f"Cannot be read: {fault}")]
    template = reader.template(raw)
    return (None if reader.findings else template), reader.findings


def finding(element: str, zh: str, en: str) -> Finding:
    """Return a finding about a place in a template."""
    return {"element": element, "rule": "template", "text": {"zh": zh, "en": en}}


@dataclass
class _Reader:
    digest: str
    findings: list[Finding] = field(default_factory=list)
    known: frozenset[str] = frozenset()

    def template(self, raw: Mapping[str, Any]) -> Template:
        for key in sorted(raw.keys() - _KEYS):
            self._fault(key, f"不认识“{key}”。", f"{key!r} is not known here.")
        for key in sorted({"name", "layout", "title", "body"} - raw.keys()):
            self._fault(key, f"缺少“{key}”。", f"{key!r} is missing.")
        if raw.get("layout") not in LAYOUTS:
            choice = "、".join(LAYOUTS)
            self._fault("layout", f"版式应为 {choice} 之一。", f"The layout is one of {', '.join(LAYOUTS)}.")
        facts, optional = self._labels(raw, "facts"), self._labels(raw, "optional")
        self.known = GIVEN | facts.keys() | optional.keys()
        annexes = self._list(raw, "annex")
        return Template(
            digest=self.digest,
            name=self._labels(raw, "name"),
            layout=str(raw.get("layout")),
            facts=facts,
            optional=optional,
            title=self._wording(raw.get("title", ""), "title"),
            body=self._steps(raw.get("body", ""), "body"),
            addressees=self._wording(raw.get("addressees", ""), "addressees"),
            note=self._wording(raw.get("note", ""), "note"),
            copies=self._wording(raw.get("copies", ""), "copies"),
            annexes=tuple(self._annex(one, f"annex[{n}]") for n, one in enumerate(annexes[:MOST_ANNEXES], 1)),
            attendance=tuple(
                (label, self._wording(text, f"attendance.{label}"))
                for label, text in self._labels(raw, "attendance").items()
            ),
        )

    def _labels(self, raw: Mapping[str, Any], key: str) -> dict[str, str]:
        found = raw.get(key, {})
        if isinstance(found, dict) and all(isinstance(one, str) for one in found.values()):
            return found
        self._fault(key, '应为“名称 = "文字"”的列表。', "Names with a text each are expected here.")
        return {}

    def _list(self, raw: Mapping[str, Any], key: str) -> list[Any]:
        found = raw.get(key, [])
        if isinstance(found, list):
            return found
        self._fault(key, f"应写作 [[{key}]]。", f"It is written [[{key}]].")
        return []

    def _annex(self, raw: Any, place: str) -> Annex:
        if not isinstance(raw, dict) or raw.keys() != _ANNEX:
            self._fault(place, "附件只有 name 和 body 两项。", "An annex has a name and a body, no more.")
            return Annex(Wording(()), ())
        return Annex(self._wording(raw["name"], f"{place}.name"), self._steps(raw["body"], f"{place}.body"))

    def _wording(self, text: Any, place: str, more: frozenset[str] = frozenset()) -> Wording:
        if not isinstance(text, str):
            self._fault(place, "应为文字。", "A text is expected here.")
            return Wording(())
        try:
            found = worded(text)
        except ExpressionRefused as fault:
            self._unreadable(place, fault)
            return Wording(())
        self._check(found.names, found.calls, place, more)
        return found

    def _expression(self, source: str, place: str, more: frozenset[str]) -> feel.Expression:
        try:
            found = feel.compile(source.strip())
        except ExpressionRefused as fault:
            self._unreadable(place, fault)
            return feel.compile("null")
        self._check(names(found), found.calls, place, more)
        return found

    def _check(self, read_: frozenset[str], calls: frozenset[str], place: str, more: frozenset[str]) -> None:
        for name in sorted(read_ - self.known - more):
            self._fault(place, f"没有名为“{name}”的事实。", f"There is no fact named {name!r}.")
        for name in sorted(calls - FUNCTIONS.keys()):
            self._fault(place, f"没有函数“{name}”。", f"There is no function {name!r}.")

    def _steps(self, text: Any, place: str) -> tuple[Step, ...]:
        if not isinstance(text, str):
            self._fault(place, "应为文字。", "A text is expected here.")
            return ()
        lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        stream = iter(lines)
        steps = tuple(self._block(stream, place, frozenset(), 0))
        for n, line in stream:  # what stands behind an @end too many
            self._fault(
                f"{place}:{n}", f"多余的“{line[:20]}”之前的 @end。", "There is an @end too many before this line."
            )
            break
        return steps

    def _block(self, lines: Iterator[tuple[int, str]], place: str, more: frozenset[str], depth: int) -> Iterator[Step]:
        for n, line in lines:
            here = f"{place}:{n}"
            if line == "@end":
                if not depth:
                    self._fault(here, "多余的 @end。", "There is an @end too many.")
                return
            if line.startswith("@"):
                yield from self._directive(lines, (place, here, line), more, depth)
            else:
                yield Line(self._wording(line, here, more))
        if depth:
            self._fault(place, "缺少 @end。", "An @end is missing.")

    def _directive(
        self, lines: Iterator[tuple[int, str]], at: tuple[str, str, str], more: frozenset[str], depth: int
    ) -> Iterator[Step]:
        place, here, line = at
        word, _, rest = line.partition(" ")
        if depth == DEEPEST:
            self._fault(here, "嵌套过深。", "Nested too deep.")
        elif word == "@each" and (match := _EACH.fullmatch(rest.strip())):
            items = self._expression(match[2], here, more)
            inner = more | {match[1], "n"}
            yield Each(match[1], items, tuple(self._block(lines, place, inner, depth + 1)))
        elif word == "@if":
            yield Only(self._expression(rest, here, more), tuple(self._block(lines, place, more, depth + 1)))
        elif word in {"@table", "@chart"}:
            yield self._figure(word, lines, (place, here, rest), more)
        else:
            self._fault(here, f"不认识“{line[:30]}”。", f"{line[:30]!r} is not understood.")

    def _figure(
        self, word: str, lines: Iterator[tuple[int, str]], at: tuple[str, str, str], more: frozenset[str]
    ) -> Step:
        place, here, rest = at
        source, _, title = rest.partition("|")
        items, heading = self._expression(source, here, more), self._wording(title.strip(), here, more)
        inner = more | {"item", "n"}
        rows = list(self._rows(lines, place))
        if word == "@table":
            columns = tuple(self._column(row, f"{place}:{n}", inner) for n, row in rows)
            if not columns:
                self._fault(here, "表格没有列。", "The table has no column.")
            return Table(items, heading, columns)
        return self._chart((items, heading), rows, here, inner)

    def _chart(
        self, head: tuple[feel.Expression, Wording], rows: list[tuple[int, list[str]]], here: str, inner: frozenset[str]
    ) -> Chart:
        parts = {row[0]: row[1] for _, row in rows if len(row) > 1}
        if parts.keys() != {"名称", "数值", "标注"}:
            self._fault(here, "图表应有“名称”“数值”“标注”三行。", "A chart has the lines 名称, 数值 and 标注.")
            parts = dict.fromkeys(("名称", "数值", "标注"), "null")
        label, text = (self._wording(parts[key], here, inner) for key in ("名称", "标注"))
        return Chart(*head, label, self._expression(parts["数值"], here, inner), text)

    def _rows(self, lines: Iterator[tuple[int, str]], place: str) -> Iterator[tuple[int, list[str]]]:
        for n, line in lines:
            if line == "@end":
                return
            yield n, [part.strip() for part in line.split("|")]
        self._fault(place, "缺少 @end。", "An @end is missing.")

    def _column(self, row: list[str], here: str, inner: frozenset[str]) -> Column:
        head, cell, align, width, *_ = [*row, "", "", ""]
        if not cell or (align and align not in _ALIGNED) or not (width or "1").isdecimal() or len(row) > 4:  # noqa: PLR2004
            zh = "列应写作“列名 | 内容 | 左、中或右 | 宽度”。"
            self._fault(here, zh, "A column is written: head | content | 左, 中 or 右 | width.")
            return Column(head, Wording(()), "left", 1)
        share = min(int(width or "1"), _WIDEST)
        return Column(head, self._wording(cell, here, inner), _ALIGNED[align or "左"], share)

    def _unreadable(self, place: str, fault: ExpressionRefused) -> None:
        said = f"{fault.facts.get('source', '')} … {fault.facts.get('expected', '')}"[:120]
        self._fault(place, f"无法理解：{said}", f"Cannot be understood: {said}")

    def _fault(self, element: str, zh: str, en: str) -> None:
        self.findings.append(finding(element, zh, en))
