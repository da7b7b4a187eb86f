"""Evidence: files that support figures and statements, kept once under their SHA-256 and never overwritten."""

import hashlib
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, any_, exists, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine import clock, events
from engine.domain import incoming
from engine.errors import EvidenceRefused, NotFound, QuotaReached, ScannerDown, StateDamaged
from engine.readers import Reader, is_provincial, may_read
from engine.settings import Settings
from engine.tables import Evidence, Figure, Membership

FOLDER = "files"
LONGEST_NAME = 200
SCAN_SECONDS = 20  # the database ends a transaction that idles for 30
INFECTED = 1  # what clamdscan and its like exit with; every other code but 0 is a scan that did not take place
DAY = timedelta(hours=24)
MEGABYTE = 1024 * 1024
_TURN = text("SELECT pg_advisory_xact_lock(hashtext(:name))")


@dataclass(frozen=True)
class Store:
    """Where files lie and what may be kept there: largest size in bytes, media types, the command against viruses.

    `daily` and `daily_organisation` are the bytes that a person, and the people of one organisation, may hand in
    within 24 hours; `files` is how many a person may.
    """

    folder: Path
    largest: int
    types: frozenset[str]
    scan: str
    daily: int
    daily_organisation: int
    files: int

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """Return the store of an installation."""
        return cls(
            settings.var_path / FOLDER,
            settings.max_evidence,
            frozenset(settings.evidence_types),
            settings.virus_scan,
            settings.evidence_daily,
            settings.evidence_daily_organisation,
            settings.evidence_daily_files,
        )

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


@dataclass(frozen=True)
class Received:
    """A file that was looked through and lies on the disk; the database does not know it yet."""

    digest: str
    name: str
    media_type: str
    size: int


def keep(session: Session, store: Store, actor: UUID | None, file: File) -> str:
    """Keep a file and return its digest; the same content twice is one file and one row.

    The content is on the disk before the row says so. Raises what `receive` and `remember` raise.
    """
    received = receive(store, file)
    remember(session, store, actor, received)
    return received.digest


def receive(store: Store, file: File) -> Received:
    """Look a file through and lay it on the disk, without the database: this takes as long as a scan may.

    Raises EvidenceRefused, ScannerDown, and StateDamaged when the same content was kept before and is no longer
    itself. A file that nobody remembers afterwards lies there under its digest and is found again by it.
    """
    _refuse_strange(store, file)
    digest = hashlib.sha256(file.content).hexdigest()
    if store.path(digest).exists():
        store.content(digest)
    else:
        _write(store.path(digest), file.content)
    _sync(store.path(digest).parent)
    _sync(store.folder)
    return Received(digest, _name(file), file.media_type, len(file.content))


def remember(session: Session, store: Store, actor: UUID | None, file: Received) -> None:
    """Write down who handed a file in; raise QuotaReached when it is too much for one day."""
    if actor is not None:
        refuse_glut(session, store, actor, file.size)
    row = {
        "digest": file.digest,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "kept_at": clock.now(),
        "kept_by": actor,
        "keepers": [actor] if actor else [],
    }
    if _remembered(session, row):
        data: dict[str, Any] = {"digest": file.digest, "name": file.name, "size": file.size}
        events.append(session, events.Kind.EVIDENCE_KEPT, actor=actor, data=data)


def refuse_glut(session: Session, store: Store, actor: UUID, size: int) -> None:
    """Raise QuotaReached when `size` more bytes are too much for a person, or for their organisation, in one day.

    What one person hands in at the same time from two places is counted one after the other.
    """
    session.execute(_TURN, {"name": f"evidence {actor}"})
    since = Evidence.kept_at > clock.now() - DAY
    own = select(func.count(), func.coalesce(func.sum(Evidence.size), 0)).where(Evidence.kept_by == actor, since)
    files, taken = session.execute(own).one()
    if files >= store.files:
        zh, en = f"24小时内最多上传{store.files}个文件", f"At most {store.files} files may be handed in within 24 hours"
        raise QuotaReached(why={"zh": f"{zh}，请明天再试。", "en": f"{en}; try again tomorrow."})
    if taken + size > store.daily:
        raise QuotaReached(why=_too_much("您", "You", store.daily))
    here = select(Membership.organisation).where(Membership.person == actor)
    people = select(Membership.person).where(Membership.organisation.in_(here))
    together = select(func.coalesce(func.sum(Evidence.size), 0)).where(Evidence.kept_by.in_(people), since)
    if session.execute(together).scalar_one() + size > store.daily_organisation:
        raise QuotaReached(why=_too_much("本单位", "Your organisation", store.daily_organisation))


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
            why={"zh": f"不接受这类文件（{file.media_type:.100}）。", "en": "Files of this kind are not taken."}
        )
    fault = incoming.fault(file.media_type, file.content)
    if fault is not None:
        raise EvidenceRefused(why=fault)
    if store.scan:
        _scan(store.scan, file.content)


def _scan(command: str, content: bytes) -> None:
    """Ask the scanner; one that does not answer as it should lets nothing through."""
    try:
        scan = subprocess.run(  # noqa: S603 - the command is a setting of the installation
            shlex.split(command), input=content, capture_output=True, timeout=SCAN_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise ScannerDown(reason=type(fault).__name__) from fault
    if scan.returncode == INFECTED:
        raise EvidenceRefused(
            why={"zh": "病毒扫描发现该文件有病毒，未保存。", "en": "The virus scan found a virus; nothing was kept."}
        )
    if scan.returncode != 0:
        raise ScannerDown(reason=f"exit code {scan.returncode}")


def _too_much(zh: str, en: str, most: int) -> dict[str, str]:
    room = most // MEGABYTE
    return {
        "zh": f"{zh}24小时内最多上传{room}MB，请明天再试。",
        "en": f"{en} may hand in at most {room} MB within 24 hours; try again tomorrow.",
    }


def _name(file: File) -> str:
    """Return the last part of a path, without what is no letter for print, ending as files of its kind do."""
    last = re.split(r"[/\\]", file.name)[-1]
    name = "".join(letter for letter in last if letter.isprintable()).strip()[-LONGEST_NAME:] or "file"
    endings = incoming.ENDINGS.get(file.media_type, ("",))
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
