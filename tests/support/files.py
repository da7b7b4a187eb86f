"""Small true files of every kind, and some that lie: pictures, packages, documents of pages."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK = "xl/workbook.xml"


def png(width: int = 2, height: int = 2) -> bytes:
    """Return a PNG that says it has so many pixels, and holds hardly any."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" + b"\x7f" * 6 + b"\x00" + b"\x7f" * 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def jpeg(width: int = 4, height: int = 3) -> bytes:
    """Return the beginning of a JPEG up to its frame header, after an application segment."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    comment = b"\xff\xe0" + struct.pack(">H", 4) + b"JF"
    return b"\xff\xd8" + comment + b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


def package(entries: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these entries."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def workbook(entries: Mapping[str, bytes] | None = None) -> bytes:
    """Return what begins like a spreadsheet and holds `entries` beside."""
    return package({WORKBOOK: b"<workbook/>", **(entries or {})})


def pdf(pages: int = 1, *, width: int = 200, height: int = 100) -> bytes:
    """Return a PDF of so many blank pages, with its table of objects (ISO 32000-1, 7.5)."""
    kids = " ".join(f"{3 + number} 0 R" for number in range(pages))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>"]
    objects += [f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] >>"] * pages
    body, places = b"%PDF-1.4\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{written}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    tail = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return body + f"{tail}startxref\n{len(body)}\n%%EOF\n".encode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
