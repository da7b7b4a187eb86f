"""A file is looked through before it is kept: its kind, its pixels, what its package announces."""

import io
import zipfile

import pytest

from engine.domain import incoming
from tests.support import files


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (incoming.PDF, files.pdf()),
        (incoming.PNG, files.png()),
        (incoming.JPEG, files.jpeg()),
        (incoming.TEXT, "年度,数值\n".encode()),
        (incoming.SHEET, files.workbook()),
        (incoming.WORD, files.package({"word/document.xml": b"<w/>"})),
        (incoming.OFD, files.package({"OFD.xml": b"<ofd/>"})),
    ],
)
def test_what_a_file_says_it_is_and_is(kind: str, content: bytes) -> None:
    assert incoming.fault(kind, content) is None


def _linked() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(files.WORKBOOK, b"")
        link = zipfile.ZipInfo("passwd")
        link.external_attr = (incoming.LINK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return stream.getvalue()


def _encrypted() -> bytes:
    content = bytearray(files.workbook())
    place = content.rfind(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


def _announcing(count: int) -> bytes:
    content = bytearray(files.workbook())
    place = content.rfind(incoming.ZIP_END)
    content[place + 10 : place + 12] = count.to_bytes(2, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        (incoming.PDF, b"<html>", "不符"),
        (incoming.PNG, b"%PDF-", "不符"),
        (incoming.TEXT, b"a\x00b", "不符"),
        (incoming.SHEET, b"<html>", "不符"),
        (incoming.SHEET, files.package({"word/document.xml": b""}), "不符"),
        (incoming.PNG, b"\x89PNG\r\n\x1a\nIHDR", "损坏"),
        (incoming.PNG, files.png(0, 5), "损坏"),
        (incoming.PNG, files.png(100_000, 100_000), "像素"),
        (incoming.JPEG, files.jpeg(60_000, 60_000), "像素"),
        (incoming.JPEG, b"\xff\xd8\xff\xe0\x00\x04JF\x00\x00", "损坏"),
        (incoming.SHEET, b"PK\x03\x04", "损坏"),
        (incoming.SHEET, files.workbook()[:-4], "损坏"),
        (incoming.SHEET, _announcing(60_000), "过多"),
        (incoming.SHEET, files.workbook({f"part{number}": b"" for number in range(2_001)}), "过多"),
        (incoming.SHEET, files.workbook({"xl/sheet.xml": b"0" * 20_000_000}), "炸弹"),
        (incoming.SHEET, files.workbook({"../../etc/passwd": b""}), "路径"),
        (incoming.SHEET, files.workbook({"C:/boot.ini": b""}), "路径"),
        (incoming.SHEET, _linked(), "路径"),
        (incoming.SHEET, _encrypted(), "加密"),
        (incoming.SHEET, files.workbook({"more.zip": b""}), "压缩包"),
        (incoming.SHEET, files.workbook({"xl/vbaProject.bin": b""}), "宏"),
    ],
)
def test_what_is_not_what_it_says_or_may_not_be_kept(kind: str, content: bytes, told: str) -> None:
    fault = incoming.fault(kind, content)
    assert fault is not None
    assert told in fault["zh"]
    assert fault["en"]


def test_size_of_a_picture_is_read_from_its_head() -> None:
    assert incoming.size(incoming.PNG, files.png(300, 200)) == incoming.Size(300, 200)
    assert incoming.size(incoming.JPEG, files.jpeg(640, 480)) == incoming.Size(640, 480)
    assert incoming.size(incoming.PNG, b"\x89PNG\r\n\x1a\n0000IHDR") is None
