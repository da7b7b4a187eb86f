"""Draws one page of a PDF as PNG: a script of its own, from standard input to standard output, that limits itself.

The only file that speaks pypdfium2. It imports nothing of the house, so that a process that goes astray knows nothing.
"""

import resource
import struct
import sys
import zlib
from typing import Any

import pypdfium2

WIDTH = 1200  # pixels of a page
MOST_PIXELS = 6_000_000
MEMORY = 1536 * 1024 * 1024
CPU_SECONDS = 10
PNG = b"\x89PNG\r\n\x1a\n"


def main(wanted: list[str]) -> None:
    """Write how many pages a PDF has, or the page that is asked for."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    answer = str(len(document)).encode() if wanted[0] == "count" else _draw(document[int(wanted[1]) - 1])
    sys.stdout.buffer.write(answer)


def _draw(page: Any) -> bytes:
    width, height = page.get_size()
    scale = min(WIDTH / width, (MOST_PIXELS / (width * height)) ** 0.5)
    drawn = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
    return _png(drawn.width, drawn.height, drawn.n_channels, _rows(drawn))


def _rows(drawn: Any) -> bytes:
    used, content = drawn.width * drawn.n_channels, bytes(drawn.buffer)
    return b"".join(b"\x00" + content[place : place + used] for place in range(0, len(content), drawn.stride))


def _png(width: int, height: int, channels: int, rows: bytes) -> bytes:
    """Return a PNG (ISO/IEC 15948) of rows that each begin with their filter."""
    kinds = {1: 0, 3: 2, 4: 6}
    head = struct.pack(">IIBBBBB", width, height, 8, kinds[channels], 0, 0, 0)
    return PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 6)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main(sys.argv[1:])
