"""What a file handed in really is: its kind by its first bytes, its pixels, its entries; nothing is unpacked."""

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Text = dict[str, str]

TEXT = "text/csv"
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
OFFICE = "application/vnd.openxmlformats-officedocument"
SHEET, WORD, OFD = f"{OFFICE}.spreadsheetml.sheet", f"{OFFICE}.wordprocessingml.document", "application/ofd"
PICTURES = frozenset({PNG, JPEG})
# How files of a kind begin; what says one kind and begins like another is refused.
BEGINNINGS = {PDF: b"%PDF-", PNG: b"\x89PNG\r\n\x1a\n", JPEG: b"\xff\xd8\xff"}
# How the names of such files end, so that no desk opens one as something else.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    TEXT: (".csv", ".txt"),
    SHEET: (".xlsx",),
    WORD: (".docx",),
    OFD: (".ofd",),
}
# What people call such files.
NAMES: Mapping[str, str] = {PDF: "PDF", PNG: "PNG", JPEG: "JPG", TEXT: "CSV", SHEET: "XLSX", WORD: "DOCX", OFD: "OFD"}
# What a package of a kind must hold, else it is another package under its name.
HEARTS = {SHEET: "xl/workbook.xml", WORD: "word/document.xml", OFD: "OFD.xml"}

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a JPEG after which its size stands

MOST_PIXELS = 50_000_000  # a telephone takes 48 million
MOST_ENTRIES = 2_000
MOST_UNPACKED = 512 * 1024 * 1024
HIGHEST_RATIO = 200  # what a sheet of zeros comes to; bombs begin at a thousand
SMALL = 1024 * 1024  # a package that unpacks to so little may be packed as well as it likes
ZIPPED, ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
ZIP_TAIL = 65_557  # the longest comment, and the record before it
LONGEST_ENTRY = 512  # of a table of contents, on the average
NESTED = (".zip", ".rar", ".7z", ".gz", ".jar")
MACROS = "vbaproject.bin"
LINK = 0o120000
KIND_OF_FILE = 0o170000


@dataclass(frozen=True)
class Size:
    """The width and the height of a picture, in pixels."""

    width: int
    height: int


def fault(media_type: str, content: bytes) -> Text | None:
    """Return why a file is not what it says it is, or may not be kept, in both languages; none when it may."""
    if media_type == TEXT:
        return _another(media_type) if b"\x00" in content else None
    if not content.startswith(BEGINNINGS.get(media_type, ZIPPED)):
        return _another(media_type)
    if media_type in PICTURES:
        return _picture(media_type, content)
    return None if media_type == PDF else _package(media_type, content)


def size(media_type: str, content: bytes) -> Size | None:
    """Return how large a PNG or JPEG says it is; none when its head cannot be read."""
    try:
        return _png(content) if media_type == PNG else _jpeg(content)
    except struct.error:
        return None


def _picture(media_type: str, content: bytes) -> Text | None:
    found = size(media_type, content)
    if found is None or not found.width or not found.height:
        return {"zh": "图片文件已损坏，无法读取。", "en": "The picture is damaged and cannot be read."}
    if found.width * found.height > MOST_PIXELS:
        return {
            "zh": f"图片为{found.width}×{found.height}像素，超过{MOST_PIXELS}像素，请缩小后再上传。",
            "en": f"The picture has {found.width} × {found.height} pixels; at most {MOST_PIXELS} are taken.",
        }
    return None


def _png(content: bytes) -> Size | None:
    if content[12:16] != b"IHDR":
        return None
    return Size(*struct.unpack(">II", content[16:24]))


def _jpeg(content: bytes) -> Size | None:
    """Walk the segments up to the frame header (ITU-T T.81, B.2.2)."""
    place = 2
    while place + 4 <= len(content):
        marker, length = struct.unpack(">HH", content[place : place + 4])
        if marker >> 8 != 0xFF or length < 2:  # noqa: PLR2004 - a segment counts its own length
            return None
        if marker & 0xFF in FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return Size(width, height)
        place += 2 + length
    return None


def _package(media_type: str, content: bytes) -> Text | None:
    """Look at the table of contents only; how many entries there are is asked before it is read."""
    count = _entries(content)
    if count is None:
        return {"zh": "文件已损坏，无法打开。", "en": "The file is damaged and cannot be opened."}
    if count > MOST_ENTRIES:
        return {"zh": f"文件内含{count}个部件，过多。", "en": f"The file holds {count} parts, which are too many."}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return {"zh": "文件已损坏，无法打开。", "en": "The file is damaged and cannot be opened."}
    return next(_strange(media_type, content, entries), None)


def _strange(media_type: str, content: bytes, entries: list[zipfile.ZipInfo]) -> Iterator[Text]:
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED or (unpacked > SMALL and unpacked > HIGHEST_RATIO * len(content)):
        yield {"zh": "文件解压后过大，疑似压缩炸弹。", "en": "The file would unpack to too much."}
    if HEARTS.get(media_type, names[0]) not in names:
        yield _another(media_type)
    if any(_escapes(name) for name in names) or any(_is_link(entry) for entry in entries):
        yield {"zh": "文件内有不允许的路径或链接。", "en": "The file holds paths or links that are not allowed."}
    if any(entry.flag_bits & 1 for entry in entries):
        yield {"zh": "文件已加密，请解除密码后再上传。", "en": "The file is encrypted; take the password off first."}
    if any(name.lower().endswith(NESTED) for name in names):
        yield {"zh": "文件内含有压缩包。", "en": "The file holds another archive."}
    if any(name.lower().endswith(MACROS) for name in names):
        yield {"zh": "文件含有宏，请另存为不含宏的文件。", "en": "The file holds macros; save it without them."}


def _entries(content: bytes) -> int | None:
    """Return how many entries the last record of a ZIP announces, or has room for (APPNOTE 4.3.16)."""
    tail = content[-ZIP_TAIL:]
    place = tail.rfind(ZIP_END)
    if place < 0 or place + 22 > len(tail):
        return None
    announced, room = struct.unpack("<HI", tail[place + 10 : place + 16])
    return max(int(announced), int(room) // LONGEST_ENTRY) or None


def _escapes(name: str) -> bool:
    return name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/")


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return (entry.external_attr >> 16) & KIND_OF_FILE == LINK


def _another(media_type: str) -> Text:
    name = NAMES.get(media_type, media_type)
    return {"zh": f"文件内容与文件类型（{name}）不符。", "en": f"The content is not that of a file of the kind {name}."}
