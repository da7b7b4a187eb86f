"""Previews: pages of a PDF drawn as pictures by a process of its own, bounded in pages, pixels, memory and time.

A PDF is written by strangers and drawn by a large library; what goes wrong there ends that process and nothing else.
"""

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from engine.errors import Busy, PreviewRefused

MOST_PAGES = 30  # what is shown of a longer document; the whole is there to download
SECONDS = 15
PATIENCE = 10
_DRAWING = Path(__file__).with_name("drawing.py")
_SEATS = BoundedSemaphore(2)  # how many pages a web process draws at a time


def pages(content: bytes) -> int:
    """Return how many pages a PDF has; raise PreviewRefused when it cannot be read, Busy when too many are drawn."""
    return int(_run(content, "count"))


def picture(content: bytes, number: int) -> bytes:
    """Return page `number` of a PDF, from 1, as PNG.

    Raise PreviewRefused when there is none, it cannot be read, or it takes too long; Busy when too many are drawn.
    """
    if not 1 <= number <= MOST_PAGES:
        raise PreviewRefused(why={"zh": "没有这一页的预览。", "en": "There is no preview of this page."})
    return _run(content, "page", str(number))


def _run(content: bytes, *wanted: str) -> bytes:
    if not _SEATS.acquire(timeout=PATIENCE):
        raise Busy
    try:
        drawn = subprocess.run(  # noqa: S603 - our own script, and no shell
            [sys.executable, "-I", str(_DRAWING), *wanted],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as fault:
        raise PreviewRefused(
            why={"zh": "该文件过于复杂，无法预览，请下载查看。", "en": "The file takes too long to draw."}
        ) from fault
    finally:
        _SEATS.release()
    if drawn.returncode != 0:
        why = {"zh": "该文件无法预览，请下载后查看。", "en": "This file cannot be shown here; download it."}
        raise PreviewRefused(why=why, reason=drawn.stderr[-200:].decode(errors="replace"))
    return drawn.stdout
