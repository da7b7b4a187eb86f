"""The building stones of a DOCX: runs, paragraphs, tables and pictures, in the type of GB/T 9704-2012."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from lxml import etree

from engine.domain.documents.faces import WANTED
from engine.domain.documents.ooxml import MM, POINT, Element, R, w

FACES: Final = {wanted.role: wanted.name for wanted in WANTED}
AREA: Final = 156  # millimetres
BODY, CELL, CAPTION = 16, 10.5, 12  # points
TIGHTER: Final = -5  # twips off the advance of a character of 16 pt, so that 28 of them fill 156 mm
EMU: Final = 36000  # in a millimetre
DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006/main"
INLINE: Final = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
PICTURE: Final = "http://schemas.openxmlformats.org/drawingml/2006/picture"

_SIDES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")


@dataclass(frozen=True)
class Type:
    """How characters look: role of the face, size in points, colour."""

    role: str = "fangsong"
    size: float = BODY
    colour: str | None = None


def table(block: Mapping[str, Any]) -> Iterator[Element]:
    """Give a table of a composed paper, its title over it, its head again on every page."""
    if block["title"]:
        yield paragraph(run(block["title"], Type("hei", CAPTION)), align="center", indent=0, loose="on", kept="on")
    asked = block["columns"]
    share = AREA * MM / sum(column["width"] for column in asked)
    widths = [round(column["width"] * share) for column in asked]
    borders = w("tblBorders", *(w(side, val="single", sz=4, space=0, color="000000") for side in _SIDES))
    yield w(
        "tbl",
        w("tblPr", w("tblW", w=sum(widths), type="dxa"), borders, w("tblLayout", type="fixed")),
        columns(widths),
        _row([(column["title"], "center") for column in asked], widths, Type("hei", CELL), head=w("tblHeader")),
        *(
            _row([(text, column["align"]) for text, column in zip(row, asked, strict=True)], widths, Type(size=CELL))
            for row in block["rows"]
        ),
    )


def _row(cells: list[tuple[str, str]], widths: list[int], kind: Type, head: Element | None = None) -> Element:
    told = [
        cell([paragraph(run(text, kind), align=align, indent=0, loose="on")], width)
        for (text, align), width in zip(cells, widths, strict=True)
    ]
    return w("tr", w("trPr", w("cantSplit"), head), *told)


def cell(content: Iterable[Element], width: int) -> Element:
    """Return a cell of a table, so many twips wide."""
    return w("tc", w("tcPr", w("tcW", w=width, type="dxa"), w("vAlign", val="center")), *content)


def columns(widths: Iterable[int]) -> Element:
    """Return the columns of a table, each so many twips wide."""
    return w("tblGrid", *(w("gridCol", w=width) for width in widths))


def hanging(lead: str, text: str, width: int, kind: Type = Type()) -> Element:
    """Return a paragraph whose later lines begin where its text begins, `width` characters after the lead."""
    left, hanging_ = (2 + width) * BODY * POINT, width * BODY * POINT
    indent = w("ind", left=left, leftChars=(2 + width) * 100, hanging=hanging_, hangingChars=width * 100)
    return w("p", w("pPr", indent), run(lead, kind), run(text))


def blank() -> Element:
    """Return an empty line."""
    return paragraph(indent=0)


def paragraph(*runs: Element | None, **how: Any) -> Element:
    """Return a paragraph: `align`, `indent` in characters, `before` in mm, `fresh` on a new page.

    `loose` leaves the grid, `kept` stays with the next one, `exact` twips are a line of it high.
    """
    before, exact = how.get("before"), how.get("exact")
    indent = how.get("indent", 2)
    about = w(
        "pPr",
        w("keepNext") if how.get("kept") else None,
        w("pageBreakBefore") if how.get("fresh") else None,
        w("snapToGrid", val="0") if how.get("loose") else None,
        w("spacing", before=round(before * MM) if before else None, line=exact, lineRule="exact" if exact else None),
        w("ind", firstLineChars=indent * 100, firstLine=indent * BODY * POINT),
        w("jc", val=how.get("align", "both")),
    )
    return w("p", about, *runs)


def flush() -> Element:
    """Return that a paragraph begins at the edge."""
    return w("ind", firstLineChars=0, firstLine=0)


def run(text: str, kind: Type = Type()) -> Element:
    """Return a text in one type."""
    size = round(kind.size * 2)
    about = w(
        "rPr",
        fonts(kind.role),
        w("color", val=kind.colour) if kind.colour else None,
        w("spacing", val=TIGHTER if kind.size == BODY else 0),
        w("sz", val=size),
        w("szCs", val=size),
    )
    written = w("t")
    written.text = text
    written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return w("r", about, written)


def fonts(role: str) -> Element:
    """Return the typeface of a role, for Chinese and for everything else."""
    name = FACES[role]
    return w("rFonts", ascii=name, hAnsi=name, eastAsia=name, cs=name, hint="eastAsia")


def drawing(name: str, picture: bytes, number: int) -> Element:
    """Return a PNG as wide as the text area, standing in its line."""
    width, height = struct.unpack(">II", picture[16:24])  # where a PNG tells its size
    extent = {"cx": str(AREA * EMU), "cy": str(round(AREA * EMU * height / width))}
    ids = count(number * 2)
    inline = etree.Element(f"{{{INLINE}}}inline", nsmap={"wp": INLINE, "a": DRAWING, "pic": PICTURE})
    etree.SubElement(inline, f"{{{INLINE}}}extent", extent)
    etree.SubElement(inline, f"{{{INLINE}}}docPr", id=str(next(ids)), name=name)
    data = etree.SubElement(etree.SubElement(inline, f"{{{DRAWING}}}graphic"), f"{{{DRAWING}}}graphicData", uri=PICTURE)
    pic = etree.SubElement(data, f"{{{PICTURE}}}pic")
    about = etree.SubElement(pic, f"{{{PICTURE}}}nvPicPr")
    etree.SubElement(about, f"{{{PICTURE}}}cNvPr", id=str(next(ids)), name=name)
    etree.SubElement(about, f"{{{PICTURE}}}cNvPicPr")
    fill = etree.SubElement(pic, f"{{{PICTURE}}}blipFill")
    etree.SubElement(fill, f"{{{DRAWING}}}blip", {f"{{{R}}}embed": name})
    etree.SubElement(etree.SubElement(fill, f"{{{DRAWING}}}stretch"), f"{{{DRAWING}}}fillRect")
    shape = etree.SubElement(pic, f"{{{PICTURE}}}spPr")
    move = etree.SubElement(shape, f"{{{DRAWING}}}xfrm")
    etree.SubElement(move, f"{{{DRAWING}}}off", x="0", y="0")
    etree.SubElement(move, f"{{{DRAWING}}}ext", extent)
    rectangle = etree.SubElement(shape, f"{{{DRAWING}}}prstGeom", prst="rect")
    etree.SubElement(rectangle, f"{{{DRAWING}}}avLst")
    return w("r", w("drawing", inline))
