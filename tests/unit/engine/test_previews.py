"""Pages of a PDF are drawn by a process of its own, which ends by itself and takes nothing along."""

import struct

import pytest

from engine import previews
from engine.errors import Busy, PreviewRefused
from tests.support import files


def test_pages_are_counted_and_drawn() -> None:
    content = files.pdf(3)
    assert previews.pages(content) == 3
    drawn = previews.picture(content, 3)
    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", drawn[16:24]) == (1200, 600)


def test_a_page_is_never_larger_than_its_bound() -> None:
    width, height = struct.unpack(">II", previews.picture(files.pdf(width=14_000, height=14_000_000), 1)[16:24])
    assert width * height <= 6_100_000


@pytest.mark.parametrize("content", [b"%PDF-1.7\nno more", b"", files.png()])
def test_what_cannot_be_read_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(PreviewRefused) as refused:
        previews.pages(content)
    assert "下载" in refused.value.facts["why"]["zh"]


@pytest.mark.parametrize("number", [0, 4, previews.MOST_PAGES + 1])
def test_there_is_no_page_beyond_the_last(number: int) -> None:
    with pytest.raises(PreviewRefused):
        previews.picture(files.pdf(3), number)


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "SECONDS", 0.001)
    with pytest.raises(PreviewRefused) as refused:
        previews.pages(files.pdf())
    assert "复杂" in refused.value.facts["why"]["zh"]


def test_no_more_are_drawn_at_a_time_than_there_are_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "PATIENCE", 0)
    taken = [previews._SEATS.acquire(timeout=1) for _ in range(2)]
    try:
        assert all(taken)
        with pytest.raises(Busy):
            previews.pages(files.pdf())
    finally:
        for _ in taken:
            previews._SEATS.release()
    assert previews.pages(files.pdf()) == 1
