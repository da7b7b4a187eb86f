"""A composed paper as DOCX, for those who go on working on it in a word processor.

The file names the typefaces of GB/T 9704-2012 themselves. A grid gives 22 lines a page, and characters set a little
tighter give 28 a line: a grid of characters is read differently by each word processor. Charts come in as pictures.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from engine.domain.documents import typesetting
from engine.domain.documents.faces import Faces
from engine.domain.documents.ooxml import MM, POINT, Element, R, package, w
from engine.domain.documents.stones import (
    AREA,
    BODY,
    TIGHTER,
    Type,
    blank,
    cell,
    columns,
    drawing,
    flush,
    fonts,
    hanging,
    paragraph,
    run,
    table,
)

RED: Final = "D90000"
SHEET: Final = (11906, 16838)
TOP, BOTTOM, INNER, OUTER = 37, 35, 28, 26  # millimetres; the inner margin is the bound one
LINES, COLUMNS = 22, 28
FOOT_LINE: Final = 480  # twips a line of 版记 is high
LARGE, SMALL = 22, 14  # points
PITCH: Final = 225 / 25.4 * 72 / LINES
ADVANCE: Final = AREA / 25.4 * 72 / COLUMNS
LARGEST_MARK, LARGEST_LETTER_MARK = 60, 42

_LEVELS: Final = ("fangsong", "hei", "kai", "fangsong", "fangsong")

Paper = Mapping[str, Any]


@dataclass
class _Pictures:
    paper: Paper
    faces: Faces
    found: dict[str, bytes] = field(default_factory=dict)

    def chart(self, block: Mapping[str, Any]) -> Element:
        name = f"chart{len(self.found) + 1}"
        self.found[name] = typesetting.chart(self.paper, block, self.faces)
        return paragraph(drawing(name, self.found[name], len(self.found)), align="center", indent=0, loose="on")


def docx(paper: Paper, faces: Faces) -> bytes:
    """Return the DOCX of a paper; the same paper gives the same bytes."""
    pictures = _Pictures(paper, faces)
    letter = paper["layout"] == "letter"
    body = w("body", *_content(paper, pictures), _section(letter))
    parts = {
        "document": w("document", body),
        "styles": _styles(),
        "settings": w(
            "settings",
            w("mirrorMargins"),
            w("evenAndOddHeaders"),
            w("characterSpacingControl", val="compressPunctuation"),
        ),
        "footer1": w("ftr", _page_number("right")),
        "footer2": w("ftr", _page_number("left")),
    }
    if letter:
        size = min(LARGEST_LETTER_MARK, 160 / 25.4 * 72 / max(map(len, paper["mark"])))
        marks = [
            paragraph(run(name, Type("biaosong", size, RED)), align="center", indent=0, loose="on")
            for name in paper["mark"]
        ]
        parts["header1"] = w("hdr", *marks, _double_rule("thickThinSmallGap"))
        parts["footer3"] = w("ftr", _double_rule("thinThickSmallGap"))
    day = "-".join(f"{part:02}" for part in paper["day"])
    about = {
        "title": "".join(paper["title"]),
        "creator": "、".join(paper["signed"] or paper["mark"]),
        "description": "；".join([paper["number"], *faces.notes]),
        "created": day,
    }
    return package(parts, pictures.found, about)


def _content(paper: Paper, pictures: _Pictures) -> Iterator[Element]:
    yield from _head(paper)
    yield _title(paper["title"])
    yield blank()
    if paper["addressees"]:
        yield paragraph(run(paper["addressees"] + "："), indent=0)
    yield from _blocks(paper["body"], pictures)
    yield from _annex_names(paper["annexes"])
    yield from _attendance(paper["attendance"])
    yield from _signature(paper)
    if paper["note"]:
        yield paragraph(run(f"（{paper['note']}）"))
    for annex in paper["annexes"]:
        label = "附件" if len(paper["annexes"]) == 1 else f"附件{annex['n']}"
        yield paragraph(run(label, Type("hei")), indent=0, fresh="on")
        yield _title(annex["title"])
        yield blank()
        yield from _blocks(annex["body"], pictures)
    yield from _foot(paper)


def _head(paper: Paper) -> Iterator[Element]:
    if paper["layout"] == "letter":
        yield paragraph(run(paper["number"]), align="right", indent=0)
        yield from (blank(), blank())
        return
    yield from _mark(paper)
    yield from (blank(), blank())
    border = w("pBdr", w("bottom", val="single", sz=20, space=11, color=RED))
    number = [run(paper["number"])]
    if paper["layout"] == "upward":
        number += [w("r", w("tab")), run("签发人："), run(paper["signatory"], Type("kai"))]
        tabs = w("tabs", w("tab", val="right", pos=round((AREA * 72 / 25.4 - ADVANCE) * POINT)))
        yield _bordered(number, border, tabs, "left")
    else:
        yield _bordered(number, border, None, "center")
    yield from (blank(), blank())


def _mark(paper: Paper) -> Iterator[Element]:
    names, suffix = paper["mark"], paper["suffix"]
    if len(names) == 1:
        text = names[0] + suffix
        size = min(LARGEST_MARK, (AREA / 25.4 * 72 - 2 * ADVANCE) / len(text))
        yield paragraph(run(text, Type("biaosong", size, RED)), align="center", indent=0, before=35, loose="on")
        return
    size = (AREA / 25.4 * 72 - 2 * ADVANCE) / (max(map(len, names)) + len(suffix) + 1)
    kind = Type("biaosong", min(44, size), RED)
    yield paragraph(indent=0, before=25, loose="on")
    cells = [
        [paragraph(run(name, kind), align="distribute", indent=0, loose="on") for name in names],
        [paragraph(run(suffix, kind), align="center", indent=0, loose="on")],
    ]
    widths = [round(max(map(len, names)) * kind.size * POINT * 1.1), round((len(suffix) + 1) * kind.size * POINT)]
    row = w("tr", *(cell(content, width) for content, width in zip(cells, widths, strict=True)))
    yield w("tbl", w("tblPr", w("tblW", w=0, type="auto"), w("jc", val="center")), columns(widths), row)


def _blocks(blocks: Iterable[Mapping[str, Any]], pictures: _Pictures) -> Iterator[Element]:
    for block in blocks:
        if block["kind"] == "chart":
            yield pictures.chart(block)
        elif block["kind"] == "table":
            yield from table(block)
        else:
            heading = run(block["text"], Type(_LEVELS[block["level"]]))
            yield paragraph(heading, run(block["rest"]) if block["rest"] else None)


def _annex_names(annexes: list[Mapping[str, Any]]) -> Iterator[Element]:
    if annexes:
        yield blank()
    for annex in annexes:
        number = f"{annex['n']}." if len(annexes) > 1 else ""
        lead = "附件：" if annex["n"] == 1 else "　　　"
        yield hanging(lead + number, annex["name"], 3 + len(number))


def _attendance(attendance: list[Mapping[str, str]]) -> Iterator[Element]:
    if attendance:
        yield blank()
    for one in attendance:
        yield hanging(f"{one['label']}：", one["names"], len(one["label"]) + 1, Type("hei"))


def _signature(paper: Paper) -> Iterator[Element]:
    """Give the organs and the date, the date four characters from the right (§7.3.5.1)."""
    if not paper["signed"]:
        return
    yield from (blank(), blank())
    right = w("ind", right=4 * BODY * POINT, rightChars=400, firstLineChars=0, firstLine=0)
    for line in ("　　".join(paper["signed"]), paper["date"]):
        yield w("p", w("pPr", w("keepNext"), deepcopy(right), w("jc", val="right")), run(line))


def _foot(paper: Paper) -> Iterator[Element]:
    """Give 版记 as a table that floats at the foot of the last page (§7.4); a letter has neither rules nor printer."""
    lines = [f"抄送：{paper['copies']}。"] if paper["copies"] else []
    if paper["printer"]:
        lines.append(f"{paper['printer']}\t{paper['date']}印发")
    if not lines:
        return
    plain = paper["layout"] == "letter"
    sizes = {"top": 8, "bottom": 8, "insideH": 6}
    sides = [w(side, val="none" if plain else "single", sz=size, space=0) for side, size in sizes.items()]
    top = round((TOP + 225) * MM) - len(lines) * FOOT_LINE
    place = w("tblpPr", vertAnchor="page", tblpY=top, horzAnchor="margin", tblpXSpec="left")
    width = round(AREA * MM)
    tab = w("tabs", w("tab", val="right", pos=width - SMALL * POINT * 2))
    rows = [
        w(
            "tr",
            w("trPr", w("trHeight", val=FOOT_LINE, hRule="exact")),
            cell(
                [
                    w(
                        "p",
                        w("pPr", deepcopy(tab), w("snapToGrid", val="0"), w("ind", left=SMALL * POINT, leftChars=100)),
                        *_tabbed(line),
                    )
                ],
                width,
            ),
        )
        for line in lines
    ]
    about = w("tblPr", place, w("tblW", w=width, type="dxa"), w("tblBorders", *sides), w("tblLayout", type="fixed"))
    yield w("tbl", about, columns([width]), *rows)
    yield w(
        "p", w("pPr", w("snapToGrid", val="0"), w("spacing", line=20, lineRule="exact"))
    )  # a table is never the last


def _tabbed(line: str) -> Iterator[Element]:
    first, *rest = line.split("\t")
    yield run(first, Type(size=SMALL))
    for part in rest:
        yield w("r", w("tab"))
        yield run(part, Type(size=SMALL))


def _title(lines: Iterable[str]) -> Element:
    runs = [
        part
        for n, line in enumerate(lines)
        for part in ([w("r", w("br"))] if n else []) + [run(line, Type("biaosong", LARGE))]
    ]
    return paragraph(*runs, align="center", indent=0, loose="on", exact=round(LARGE * 1.5 * POINT))


def _bordered(runs: Iterable[Element], border: Element, tabs: Element | None, align: str) -> Element:
    lead = [run("　")] if tabs is not None else []
    return w("p", w("pPr", border, tabs, flush(), w("jc", val=align)), *lead, *runs)


def _styles() -> Element:
    run = w(
        "rPrDefault",
        w(
            "rPr",
            fonts("fangsong"),
            w("spacing", val=TIGHTER),
            w("sz", val=BODY * 2),
            w("szCs", val=BODY * 2),
            w("lang", val="zh-CN", eastAsia="zh-CN"),
        ),
    )
    paragraph = w(
        "pPrDefault",
        w(
            "pPr",
            w("autoSpaceDE", val=0),
            w("autoSpaceDN", val=0),
            w("spacing", before=0, after=0),
            w("jc", val="both"),
        ),
    )
    normal = w(
        "style",
        w("name", val="Normal"),
        w("rPr", fonts("fangsong"), w("sz", val=BODY * 2), w("szCs", val=BODY * 2)),
        type="paragraph",
        default=1,
        styleId="a",
    )
    return w("styles", w("docDefaults", run, paragraph), normal)


def _section(letter: bool) -> Element:  # noqa: FBT001 - a layout, not a switch
    references = [
        w("headerReference", type="first") if letter else None,
        w("footerReference", type="default"),
        w("footerReference", type="even"),
        w("footerReference", type="first") if letter else None,
    ]
    ids = ["header1", "footer1", "footer2", "footer3"]
    for reference, name in zip(references, ids, strict=True):
        if reference is not None:
            reference.set(f"{{{R}}}id", name)
    top, bottom, inner, outer = (round(side * MM) for side in (TOP, BOTTOM, INNER, OUTER))
    return w(
        "sectPr",
        *references,
        w("pgSz", w=SHEET[0], h=SHEET[1]),
        w(
            "pgMar",
            top=top,
            right=outer,
            bottom=bottom,
            left=inner,
            header=round(30 * MM),
            footer=round(20 * MM),
            gutter=0,
        ),
        w("titlePg") if letter else None,
        w("docGrid", type="lines", linePitch=round(PITCH * POINT)),
    )


def _page_number(side: str) -> Element:
    """Return — n — at the outer side, one character from the edge (§7.5)."""
    kind = Type("song", SMALL)
    field_ = [w("r", w("fldChar", fldCharType=what)) for what in ("begin", "end")]
    asked = w("instrText")
    asked.text = "PAGE"
    indent = w("ind", **{side: SMALL * POINT, f"{side}Chars": 100}, firstLineChars=0, firstLine=0)
    runs = [
        run("— ", kind),
        field_[0],
        w("r", w("rPr", fonts("song"), w("sz", val=SMALL * 2)), asked),
        field_[1],
        run(" —", kind),
    ]
    return w("p", w("pPr", indent, w("jc", val=side)), *runs)


def _double_rule(kind: str) -> Element:
    """Return the red double rule of a letter, 170 mm wide, 7 mm beyond the text area at both sides (§10.1)."""
    beyond = -round(7 * MM)
    border = w("pBdr", w("top" if kind.startswith("thin") else "bottom", val=kind, sz=24, space=4, color=RED))
    return w("p", w("pPr", border, w("snapToGrid", val="0"), w("ind", left=beyond, right=beyond)))
