"""Evidence: files that support figures and statements, kept once under their SHA-256 and never overwritten."""

import hashlib
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, any_, exists, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.errors import EvidenceRefused, NotFound, StateDamaged
from engine.readers import Reader, is_provincial, may_read
from engine.settings import Settings
from engine.tables import Evidence, Figure

FOLDER = "files"
LONGEST_NAME = 200
SCAN_SECONDS = 20  # the database ends a transaction that idles for 30
ZIPPED = b"PK\x03\x04"
TEXT = "text/csv"
# How files of a kind begin; what says one kind and begins like another is refused.
BEGINNINGS = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
# How the names of such files end, so that no desk opens one as something else.
OFFICE = "application/vnd.openxmlformats-officedocument"
ENDINGS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    TEXT: (".csv", ".txt"),
    f"{OFFICE}.spreadsheetml.sheet": (".xlsx",),
    f"{OFFICE}.wordprocessingml.document": (".docx",),
    "application/ofd": (".ofd",),
}


@dataclass(frozen=True)
class Store:
    """Where files lie and what may be kept there: largest size in bytes, media types, the command against viruses."""

    folder: Path
    largest: int
    types: frozenset[str]
    scan: str

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """Return the store of an installation."""
        folder = settings.var_path / FOLDER
        return cls(folder, settings.max_evidence, frozenset(settings.evidence_types), settings.virus_scan)

    def path(self, digest: str) -> Path:
        """Return where the content with this digest lies."""
        return self.folder / digest[:2] / digest

    def content(self, digest: str) -> bytes:
        """Return the content with this digest; raise StateDamaged when it is gone or no longer itself."""
        try:
            content = self.path(digest).read_bytes()
        except OSError as fault:
            raise StateDamaged(evidence=digest, reason=type(fault).__name__) from fault
        if hashlib.sha256(content).hexdigest() != digest:
            raise StateDamaged(evidence=digest)
        return content


@dataclass(frozen=True)
class File:
    """A file as somebody hands it in."""

    name: str
    media_type: str
    content: bytes


def keep(session: Session, store: Store, actor: UUID | None, file: File) -> str:
    """Keep a file and return its digest; the same content twice is one file and one row.

    The content is on the disk before the row says so. Raises EvidenceRefused, and StateDamaged when the same content
    was kept before and is no longer itself.
    """
    _refuse_strange(store, file)
    digest = hashlib.sha256(file.content).hexdigest()
    if store.path(digest).exists():
        store.content(digest)
    else:
        _write(store.path(digest), file.content)
    _sync(store.path(digest).parent)
    _sync(store.folder)
    row = {
        "digest": digest,
        "name": _name(file),
        "media_type": file.media_type,
        "size": len(file.content),
        "kept_at": clock.now(),
        "kept_by": actor,
        "keepers": [actor] if actor else [],
    }
    if _remembered(session, row):
        data: dict[str, Any] = {"digest": digest, "name": row["name"], "size": row["size"]}
        events.append(session, events.Kind.EVIDENCE_KEPT, actor=actor, data=data)
    return digest


def find(session: Session, reader: Reader, digest: str) -> Evidence:
    """Return what is known of a file; raise NotFound where there is none or the reader may not see it.

    Who handed it in may see it, those who serve the province, and whoever may read of a unit whose figures it supports.
    """
    row = session.scalar(select(Evidence).where(Evidence.digest == digest, _visible(reader)))
    if row is None:
        raise NotFound(evidence=digest)
    return row


def _remembered(session: Session, row: dict[str, Any]) -> bool:
    """Write down a file and who handed it in; tell whether either was new."""
    written = insert(Evidence).values(row)
    keepers = Evidence.keepers + written.excluded.keepers
    more = written.on_conflict_do_update(
        index_elements=[Evidence.digest],
        set_={"keepers": keepers},
        where=~Evidence.keepers.contains(written.excluded.keepers),
    )
    return session.scalar(more.returning(Evidence.digest)) is not None


def _visible(reader: Reader) -> ColumnElement[bool]:
    if is_provincial(reader):
        return true()
    supports = exists().where(Evidence.digest == any_(Figure.evidence), may_read(reader, Figure.unit))
    return or_(Evidence.keepers.contains([reader.id]), supports)


def _refuse_strange(store: Store, file: File) -> None:
    if not file.content:
        raise EvidenceRefused(why={"zh": "文件为空。", "en": "The file is empty."})
    if len(file.content) > store.largest:
        raise EvidenceRefused(
            why={"zh": f"文件超过{store.largest}字节。", "en": f"The file is larger than {store.largest} bytes."}
        )
    if file.media_type not in store.types:
        raise EvidenceRefused(
            why={"zh": f"不接受{file.media_type:.100}类文件。", "en": "Files of this kind are not taken."}
        )
    if not _is_what_it_says(file):
        raise EvidenceRefused(
            why={"zh": f"文件内容与类型{file.media_type}不符。", "en": "The content is of another kind."}
        )
    if store.scan and not _clean(store.scan, file.content):
        raise EvidenceRefused(why={"zh": "文件未通过病毒扫描。", "en": "The file did not pass the virus scan."})


def _is_what_it_says(file: File) -> bool:
    if file.media_type == TEXT:
        return b"\x00" not in file.content
    return file.content.startswith(BEGINNINGS.get(file.media_type, ZIPPED))


def _clean(command: str, content: bytes) -> bool:
    try:
        scan = subprocess.run(  # noqa: S603 - the command is a setting of the installation
            shlex.split(command), input=content, capture_output=True, timeout=SCAN_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return scan.returncode == 0


def _name(file: File) -> str:
    """Return the last part of a path, without what is no letter for print, ending as files of its kind do."""
    last = re.split(r"[/\\]", file.name)[-1]
    name = "".join(letter for letter in last if letter.isprintable()).strip()[-LONGEST_NAME:] or "file"
    endings = ENDINGS.get(file.media_type, ("",))
    return name if name.lower().endswith(endings) else name + endings[0]


def _write(path: Path, content: bytes) -> None:
    """Write what is not there yet: beside it first, so that under its name it is whole or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o440)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
