"""The fixed form of packages: whatever is not of it is refused in words before anything of it is believed."""

import io
import struct
import zipfile
from typing import Any

import pytest

from engine.domain.packages import zipped
from engine.errors import PackageRefused


def zipped_by_hand(name: str = "a.txt", content: bytes = b"x", **attributes: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", attributes.pop("compression", zipfile.ZIP_STORED)) as archive:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = archive.compression
        for key, value in attributes.items():
            setattr(entry, key, value)
        archive.writestr(entry, content)
    return stream.getvalue()


def lying(content: bytes, at: int, value: int) -> bytes:
    """Return the ZIP with another 32-bit number at a byte of its first header."""
    return content[:at] + struct.pack("<I", value) + content[at + 4 :]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no archive"),
        (b"PK\x05\x06" + bytes(18), "no archive"),
        (b"PK\x03\x04", "cut off"),
        (b"not a zip", "no archive"),
        (zipped_by_hand(content=bytes(10_000_000), compression=zipfile.ZIP_DEFLATED), "compressed"),
        (zipped_by_hand(flag_bits=1)[:6] + b"\1" + zipped_by_hand()[7:], "compressed or encrypted"),
        (zipped_by_hand("../../etc/passwd"), "file name"),
        (zipped_by_hand("/etc/passwd"), "file name"),
        (zipped_by_hand("a/../../b"), "file name"),
        (zipped_by_hand("a\\b"), "file name"),
        (zipped_by_hand("a//b"), "file name"),
        (zipped_by_hand("c:evil"), "file name"),
        (zipped_by_hand("证据.pdf"), "file name"),
        (zipped_by_hand("x" * 300), "file name"),
        (zipped_by_hand("link", b"/etc/passwd", external_attr=0o120777 << 16), "links"),
        (zipped_by_hand("pipe", b"", external_attr=0o010644 << 16), "links"),
        (lying(lying(zipped_by_hand(), 18, 2**31), 22, 2**31), "longer than"),
        (zipped_by_hand("a") [: -(22 + 46 + 1)] * 2 + zipped_by_hand("a")[-(22 + 46 + 1) :], "twice"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(PackageRefused) as refused:
        zipped.unpack(content)
    assert words in refused.value.facts["reason"]
    assert refused.value.facts["zh"]


def test_more_than_a_package_may_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "LARGEST", 1000)
    monkeypatch.setattr(zipped, "MOST_FILES", 3)
    for files in ({"a": bytes(1001)}, dict.fromkeys("abcd", b"")):
        with pytest.raises(PackageRefused):
            zipped.pack(files)
    with pytest.raises(PackageRefused):
        zipped.unpack(bytes(2000))
    for name in ("", "..", "a/./b", "a b", "/a", "."):
        with pytest.raises(PackageRefused):
            zipped.pack({name: b""})
