"""A ZIP file of one fixed form: stored entries in order of their names, no dates, no attributes but those of a file.

The same files give the same bytes on every machine, and whatever is not of this form is refused before anything of it
is believed: nothing is compressed, so nothing can swell; nothing is ever written to a disk, so no path can lead away.
Layout: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
"""

import re
import struct
from binascii import crc32
from collections.abc import Iterator, Mapping
from itertools import takewhile

from engine.errors import PackageRefused

LARGEST = 512 * 1024 * 1024
MOST_FILES = 20_000
NAME = re.compile(r"(?!.*//)[0-9A-Za-z_-][0-9A-Za-z_./-]{0,199}")

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
BEGINS, LISTED, ENDS = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
VERSION = 20
UNIX = 3 << 8 | VERSION
FIRST_DAY = 1 << 5 | 1  # 1 January 1980, the earliest a ZIP can say
PLAIN_FILE = 0o100644 << 16
STORED = 0
KINDS = 0o170000


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the ZIP of `files` by name; raise PackageRefused for a name or a size no package may have."""
    for name in files:
        _check_name(name)
    if len(files) > MOST_FILES or sum(map(len, files.values())) > LARGEST:
        raise PackageRefused(reason="too many or too large files", zh="文件过多或过大")
    return b"".join(piece for _, piece in pieces(files))


def pieces(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of the ZIP of `files` in order, each with the name of the file it belongs to, if any."""
    listed, at = [], 0
    for name in sorted(files):
        content, path = files[name], name.encode("ascii")
        sums = (crc32(content), len(content), len(content))
        head = LOCAL.pack(BEGINS, VERSION, 0, STORED, 0, FIRST_DAY, *sums, len(path), 0) + path
        yield name, head
        yield name, content
        fixed = (LISTED, UNIX, VERSION, 0, STORED, 0, FIRST_DAY)
        listed.append((name, CENTRAL.pack(*fixed, *sums, len(path), 0, 0, 0, 0, PLAIN_FILE, at) + path))
        at += len(head) + len(content)
    yield from listed
    size = sum(len(entry) for _, entry in listed)
    yield "", END.pack(ENDS, 0, 0, len(listed), len(listed), size, at, 0)


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP of this form by name; raise PackageRefused with `reason` (en) and `zh` otherwise.

    Checksums are not looked at: `differs` says where a file is not as `pack` writes it.
    """
    if len(content) > LARGEST:
        raise PackageRefused(reason=f"the file is larger than {LARGEST} bytes", zh=f"文件超过{LARGEST}字节")
    files: dict[str, bytes] = {}
    at = 0
    while content[at : at + 4] == BEGINS:
        name, start, end = _entry(content, at)
        if name in files or len(files) >= MOST_FILES:
            zh = "文件名重复，或文件过多"
            raise PackageRefused(reason="a file name appears twice, or there are too many files", zh=zh, file=name)
        files[name] = content[start:end]
        at = end
    if not files or content[at : at + 4] != LISTED:
        raise PackageRefused(reason=f"this is no archive package (byte {at})", zh=f"不是归档包（第{at}字节）")
    _refuse_links(content, at, len(files))
    return files


def differs(content: bytes, files: Mapping[str, bytes]) -> tuple[int, str] | None:
    """Return the first byte at which `content` is not the ZIP of `files`, and the file it belongs to ("": none)."""
    at = 0
    view = memoryview(content)
    for name, piece in pieces(files):
        if view[at : at + len(piece)] != piece:
            same = takewhile(lambda pair: pair[0] == pair[1], zip(view[at : at + len(piece)], piece, strict=False))
            return at + sum(1 for _ in same), name
        at += len(piece)
    return (at, "") if at != len(content) else None


def _entry(content: bytes, at: int) -> tuple[str, int, int]:
    """Return the name of the entry at `at`, and where its content begins and ends."""
    if at + LOCAL.size > len(content):
        raise PackageRefused(reason=f"the file is cut off (byte {at})", zh=f"文件不完整（第{at}字节）")
    _, _, flags, method, _, _, _, packed, size, length, extra = LOCAL.unpack_from(content, at)
    start = at + LOCAL.size + length
    name = _text(content[at + LOCAL.size : start])
    _check_name(name)
    if flags or method != STORED or packed != size or extra:
        raise PackageRefused(reason="compressed or encrypted files are refused", zh="不接受压缩或加密的文件", file=name)
    if start + size > len(content):
        raise PackageRefused(reason="the file is longer than the package", zh="文件长度超出归档包", file=name)
    return name, start, start + size


def _refuse_links(content: bytes, at: int, count: int) -> None:
    """Refuse links and devices by what the directory says of them; its other faults are for `differs`."""
    for _ in range(count):
        if content[at : at + 4] != LISTED or at + CENTRAL.size > len(content):
            return
        entry = CENTRAL.unpack_from(content, at)
        length, extra, comment, mode = entry[10], entry[11], entry[12], entry[15] >> 16
        if mode & KINDS not in {PLAIN_FILE >> 16 & KINDS, 0}:
            name = _text(content[at + CENTRAL.size : at + CENTRAL.size + length])
            raise PackageRefused(reason="links and devices are refused", zh="不接受链接或设备文件", file=name)
        at += CENTRAL.size + length + extra + comment


def _text(name: bytes) -> str:
    return name.decode("ascii", "backslashreplace")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or {"", ".", ".."} & set(name.split("/")):
        raise PackageRefused(reason="this file name is refused", zh="文件名不合规", file=name[:200])
