"""Drafts of a programme as plain files: which paths they may have, how two drafts become one, ZIP files in and out."""

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import ImportRefused

LARGEST_FILE = 8_000_000
LARGEST = 32_000_000
MOST_FILES = 1_000
NAME = r"[^\W_][\w-]{0,79}"
PATH = re.compile(
    rf"{NAME}\.(bpmn|dmn)|forms/{NAME}\.form|templates/{NAME}\.toml|scenarios/{NAME}/{NAME}\.json"
    r"|indicators\.csv|programme\.toml|notices\.toml"
)
ABOUT = "programme.toml"
LIKE = re.compile(r"[^\w-]+")
SUFFIXES = (".bpmn20.xml", ".bpmn.xml", ".dmn11.xml", ".dmn.xml", ".bpmn2", ".xml", ".json", ".form", ".bpmn", ".dmn")
MODELS = ((b"http://www.omg.org/spec/BPMN/", ".bpmn"), (b"omg.org/spec/DMN/", ".dmn"))
HEAD = 4096
DECLARED = re.compile(rb"(<\?xml[^>]*encoding=[\"'])([A-Za-z0-9._-]+)")
ZIP = b"PK\x03\x04"
KINDS, LINK = 0o170000, 0o120000

DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, RuntimeError, EOFError, ValueError, OSError)

Files = Mapping[str, bytes]


class State(StrEnum):
    """What a draft does to a file of its base."""

    SAME = "same"  # nothing
    NEW = "new"  # adds it
    CHANGED = "changed"  # gives it another content
    REMOVED = "removed"  # takes it away


@dataclass(frozen=True)
class Merge:
    """Two drafts of the same files made one: the files, those that the newer one brought, and those both changed."""

    files: dict[str, bytes]
    taken: list[str]
    clashes: list[str]


@dataclass(frozen=True)
class Parcel:
    """What a file or a ZIP brought: files by their paths in a programme, and the names that found no place there."""

    files: dict[str, bytes]
    strangers: list[str]

    @property
    def whole(self) -> bool:
        """Tell whether it is a whole programme, with what says so."""
        return ABOUT in self.files


def fits(path: str) -> bool:
    """Tell whether a file of a programme may have this path."""
    return PATH.fullmatch(path) is not None


def states(base: Files, draft: Files) -> dict[str, State]:
    """Return what became of every file of either, in order of their paths."""
    return {path: _state(base.get(path), draft.get(path)) for path in sorted(base.keys() | draft.keys())}


def merge(base: Files, mine: Files, theirs: Files) -> Merge:
    """Return what two drafts of `base` make together, a file at a time.

    What only one side changed is taken from there; what both changed alike is that; what both changed otherwise
    clashes and stays as it is in `mine`.
    """
    files, taken, clashes = dict(mine), [], []
    for path in sorted(base.keys() | mine.keys() | theirs.keys()):
        was, here, there = base.get(path), mine.get(path), theirs.get(path)
        if there in (was, here):
            continue
        if here != was:
            clashes.append(path)
            continue
        taken.append(path)
        files.pop(path, None)
        if there is not None:
            files[path] = there
    return Merge(files, taken, clashes)


def pack(files: Files) -> bytes:
    """Return a ZIP of files; the same files give the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, files[path])
    return whole.getvalue()


def receive(name: str, content: bytes) -> Parcel:
    """Return what a file from outside brings, be it a ZIP or a single diagram, decision, form or other file.

    Nothing is written to a disk, links are passed over, and no more is unpacked than a programme may hold. Raise
    ImportRefused when it is too large, damaged, or brings nothing that a programme is made of.
    """
    if len(content) > LARGEST:
        raise _too_large()
    given = (
        _unpacked(content) if content[:4] == b"PK\x03\x04" else {name.replace("\\", "/").rsplit("/", 1)[-1]: content}
    )
    files: dict[str, bytes] = {}
    strangers: list[str] = []
    for path, inside in _without_folder(given).items():
        told = readable(path, inside)
        place = placed(path, told)
        if place is None or place in files:
            strangers.append(path[:200])
        else:
            files[place] = told
    if not files:
        zh = "其中没有流程图、决策表、表单等可用的文件。"
        raise ImportRefused(why={"zh": zh, "en": "There is no diagram, decision, form or other file of a programme."})
    return Parcel(files, sorted(strangers))


def placed(path: str, content: bytes) -> str | None:
    """Return where a file belongs in a programme, told by its path or else by what it is; none when nowhere.

    Files of other modellers come under other names: `order.bpmn20.xml` is a diagram, a JSON with components a form.
    """
    if fits(path):
        return path
    stem = _stem(path.rsplit("/", 1)[-1])
    suffix = next((suffix for space, suffix in MODELS if space in content[:HEAD]), None)
    if suffix is not None:
        return _fitting(f"{stem}{suffix}")
    if b'"components"' in content and path.lower().endswith((".form", ".json")):
        return _fitting(f"forms/{stem}.form")
    return None


def readable(path: str, content: bytes) -> bytes:
    """Return a file as UTF-8, which all of ours are: XML from what it says of itself, a table from what Excel writes.

    What cannot be read so stays as it is, for the check to tell.
    """
    if content.startswith(codecs.BOM_UTF8):
        return content.removeprefix(codecs.BOM_UTF8)
    said = DECLARED.search(content[:HEAD])
    encoding = said[2].decode() if said else "gb18030" if path.lower().endswith(".csv") else "utf-16"
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        content.decode()
    except UnicodeDecodeError:
        with suppress(LookupError, UnicodeError):
            told = content.decode("utf-16" if wide else encoding).encode()
            return DECLARED.sub(rb"\1UTF-8", told, count=1)
    return content


def _state(was: bytes | None, now: bytes | None) -> State:
    if was == now:
        return State.SAME
    if was is None:
        return State.NEW
    return State.REMOVED if now is None else State.CHANGED


def _stem(name: str) -> str:
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return LIKE.sub("_", name.removesuffix(name[len(name) - len(suffix) :])).strip("_-")[:80] or "file"


def _fitting(path: str) -> str | None:
    return path if fits(path) else None


def _without_folder(files: Files) -> dict[str, bytes]:
    """Return files without the folder that all of them lie in, where what lies in it are files of a programme."""
    tops = {path.split("/", 1)[0] for path in files}
    if len(tops) != 1 or any("/" not in path for path in files) or any(map(fits, files)):
        return dict(files)
    return {path.split("/", 1)[1]: content for path, content in files.items()}


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return dict(_entries(package))
    except DAMAGED:
        raise ImportRefused(why={"zh": "ZIP 文件损坏或已加密。", "en": "The ZIP is damaged or encrypted."}) from None


def _entries(package: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a ZIP; what it says of sizes is not believed."""
    entries = [one for one in package.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    if len(entries) > MOST_FILES:
        raise _too_large()
    left = LARGEST
    for entry in entries:
        if (entry.external_attr >> 16) & KINDS == LINK:
            continue
        with package.open(entry) as stream:
            inside = stream.read(min(left, LARGEST_FILE) + 1)
        left -= len(inside)
        if len(inside) > LARGEST_FILE or left < 0:
            raise _too_large()
        yield entry.filename.replace("\\", "/"), inside


def _too_large() -> ImportRefused:
    zh = f"文件过大或过多：至多 {MOST_FILES} 个文件，共 {LARGEST // 1_000_000} MB。"
    en = f"Too large or too many: at most {MOST_FILES} files of {LARGEST // 1_000_000} MB together."
    return ImportRefused(why={"zh": zh, "en": en})
