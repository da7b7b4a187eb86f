"""Typesetting: a composed paper becomes the bytes of a PDF, or a picture; the same paper always the same bytes.

Everything on a page reaches the typesetter as data: no text of a person is ever read as markup.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import segno
import typst

from engine.domain.documents.faces import Faces
from engine.errors import DocumentRefused

LAYOUT: Final = Path(__file__).with_name("layout.typ")
PICTURE_PPI: Final = 220.0

Paper = Mapping[str, Any]


def pdf(paper: Paper, faces: Faces) -> bytes:
    """Return the PDF of a paper; raise DocumentRefused when it cannot be set."""
    return _set(LAYOUT.read_bytes(), _told(paper, faces), faces, "pdf")[0]


def pages(paper: Paper, faces: Faces, ppi: float = 72.0) -> list[bytes]:
    """Return a PNG of every page, to be looked at."""
    return _set(LAYOUT.read_bytes(), _told(paper, faces), faces, "png", ppi)


def chart(paper: Paper, block: Mapping[str, Any], faces: Faces) -> bytes:
    """Return the PNG of one chart of a paper, as wide as the text area."""
    alone = {**paper, "body": [], "annexes": [], "picture": block}
    return _set(LAYOUT.read_bytes(), _told(alone, faces), faces, "png", PICTURE_PPI)[0]


def _told(paper: Paper, faces: Faces) -> str:
    about = {"faces": faces.plain, "keywords": [paper["number"], *faces.notes], "code": _code(paper.get("check_at"))}
    return orjson.dumps({"picture": None, **paper, **about}).decode()


def _code(address: str | None) -> str:
    """Return the drawing of the QR code by which a document is checked, nothing without an address."""
    if not address:
        return ""
    drawing = BytesIO()
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", xmldecl=False, border=0)
    return drawing.getvalue().decode()


def _set(source: bytes, told: str, faces: Faces, kind: Literal["pdf", "png"], ppi: float | None = None) -> list[bytes]:
    try:
        compiler = typst.Compiler(font_paths=faces.fonts)
        made = compiler.compile(source, format=kind, ppi=ppi, sys_inputs={"paper": told}, timestamp=0)
    except typst.TypstError as fault:
        raise DocumentRefused(why=fault.message) from fault
    return made if isinstance(made, list) else [made or b""]
