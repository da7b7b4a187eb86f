"""Evidence is kept once under its digest, whole or not at all, and seen by those whom it concerns."""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, literal_column, select, table
from sqlalchemy.orm import Session

from engine import clock, evidence, figures, units
from engine.errors import EvidenceRefused, NotFound, QuotaReached, ScannerDown, StateDamaged
from engine.evidence import File, Store
from engine.figures import Batch, Hands, Origin
from engine.identity import Actor
from engine.settings import Settings
from engine.tables import Event, Evidence, Instance, Task, TaskState
from tests.support import files

PDF = b"%PDF-1.7\n" + b"x" * 100
PNG = files.png()


@pytest.fixture
def store(configuration: Settings) -> Store:
    """Give the store of a fresh installation."""
    return Store.of(replace(configuration, max_evidence=200))


def pdf(content: bytes = PDF, name: str = "统计年鉴.pdf") -> File:
    return File(name, "application/pdf", content)


def test_file_lies_under_its_digest_and_its_row_tells_of_it(
    session: Session, store: Store, actor: Callable[[str], Actor]
) -> None:
    clerk = actor("shouli")
    digest = evidence.keep(session, store, clerk.id, pdf())
    assert digest == hashlib.sha256(PDF).hexdigest()
    path = store.folder / digest[:2] / digest
    assert path.read_bytes() == store.content(digest) == PDF
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    row = evidence.find(session, clerk, digest)
    assert (row.name, row.media_type, row.size, row.kept_by) == ("统计年鉴.pdf", "application/pdf", len(PDF), clerk.id)
    assert session.scalars(select(Event.data).where(Event.kind == "evidence.kept")).one()["digest"] == digest


def test_same_content_twice_is_one_file_and_one_row(
    session: Session, store: Store, actor: Callable[[str], Actor]
) -> None:
    first = evidence.keep(session, store, actor("shouli").id, pdf())
    written = store.path(first).stat().st_mtime_ns
    for _ in range(2):
        assert evidence.keep(session, store, actor("jingban").id, pdf(name="copy.pdf")) == first
    assert store.path(first).stat().st_mtime_ns == written
    assert session.scalar(select(func.count()).select_from(Evidence)) == 1
    keepers = select(Event.actor).where(Event.kind == "evidence.kept").order_by(Event.id)
    assert session.scalars(keepers).all() == [actor("shouli").id, actor("jingban").id]
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == [first]


def test_whoever_hands_a_file_in_reads_it_back_also_when_another_did_before(
    session: Session, store: Store, actor: Callable[[str], Actor]
) -> None:
    first, second, stranger = actor("tianbao"), actor("zhuanbao"), actor("qiming")
    digest = evidence.keep(session, store, first.id, pdf())
    with pytest.raises(NotFound):
        evidence.find(session, second, digest)
    assert evidence.keep(session, store, second.id, pdf(name="同一份.pdf")) == digest
    for keeper in (first, second):
        assert evidence.find(session, keeper, digest).digest == digest
    with pytest.raises(NotFound):
        evidence.find(session, stranger, digest)


def test_nothing_half_written_is_left(session: Session, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            evidence.keep(session, store, None, pdf())
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0
    assert store.content(evidence.keep(session, store, None, pdf())) == PDF


def test_damage_is_noticed_and_never_written_over(session: Session, store: Store) -> None:
    digest = evidence.keep(session, store, None, pdf())
    path = store.path(digest)
    path.chmod(0o640)
    path.write_bytes(b"something else")
    with pytest.raises(StateDamaged):
        store.content(digest)
    with pytest.raises(StateDamaged):
        evidence.keep(session, store, None, pdf())
    path.unlink()
    with pytest.raises(StateDamaged):
        store.content(digest)


@pytest.mark.parametrize(
    "file",
    [
        pdf(b""),
        pdf(b"%PDF-" + b"x" * 300),
        File("x.exe", "application/x-msdownload", b"MZ"),
        File("x.pdf", "application/pdf", b"<html>"),
        File("x.png", "image/png", PDF),
        File("x.jpg", "image/jpeg", PNG),
        File("x.csv", "text/csv", b"a,b\x00"),
        File("x.ofd", "application/ofd", b"no zip"),
    ],
)
def test_file_that_is_not_what_it_should_be_is_refused(session: Session, store: Store, file: File) -> None:
    with pytest.raises(EvidenceRefused):
        evidence.keep(session, store, None, file)
    assert not store.folder.exists()


@pytest.mark.parametrize(
    "file",
    [
        File("x.png", "image/png", PNG),
        File("x.csv", "text/csv", b"a,b\n"),
        File("x.ofd", "application/ofd", files.package({"OFD.xml": b"<ofd/>"})),
        File("x.jpg", "image/jpeg", files.jpeg()),
    ],
)
def test_kinds_of_file_that_settings_name_are_taken(session: Session, store: Store, file: File) -> None:
    assert store.content(evidence.keep(session, store, None, file)) == file.content


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\文件\\年鉴.pdf", "年鉴.pdf"),
        ("a\x00\nb.pdf", "ab.pdf"),
        ("", "file.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("页面.html", "页面.html.pdf"),
        ("年鉴.PDF", "年鉴.PDF"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_name_is_only_a_name_and_says_what_it_is(session: Session, store: Store, name: str, kept: str) -> None:
    digest = evidence.keep(session, store, None, pdf(name=name))
    assert session.scalars(select(Evidence.name).where(Evidence.digest == digest)).one() == kept


def test_a_scan_that_hangs_refuses_the_file_before_the_database_gives_up(
    session: Session, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = select(literal_column("setting::int / 1000")).select_from(table("pg_settings"))
    idle = session.scalar(patience.where(literal_column("name") == "idle_in_transaction_session_timeout"))
    assert idle > evidence.SCAN_SECONDS
    monkeypatch.setattr(evidence, "SCAN_SECONDS", 0.2)
    with pytest.raises(ScannerDown):
        evidence.keep(session, replace(store, scan="sleep 60"), None, pdf())
    assert not store.folder.exists()


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ("grep -q PDF", None),
        ("grep -q virus", EvidenceRefused),
        ("sh -c 'exit 2'", ScannerDown),
        ("/no/such/scan", ScannerDown),
    ],
)
def test_scan_decides_and_one_that_fails_lets_nothing_through(
    session: Session, store: Store, command: str, refusal: type[Exception] | None
) -> None:
    scanned = replace(store, scan=command)
    if refusal is None:
        assert evidence.keep(session, scanned, None, pdf())
        return
    with pytest.raises(refusal):
        evidence.keep(session, scanned, None, pdf())
    assert not store.folder.exists()
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_a_day_has_room_for_so_many_bytes_and_files_of_one_person(
    session: Session, store: Store, actor: Callable[[str], Actor]
) -> None:
    clerk, other = actor("shouli"), actor("tianbao")
    small = replace(store, daily=250, files=3)
    evidence.keep(session, small, clerk.id, pdf())
    evidence.keep(session, small, clerk.id, pdf(PDF + b"2"))
    with pytest.raises(QuotaReached) as refused:
        evidence.keep(session, small, clerk.id, pdf(PDF + b"3"))
    assert "24小时" in refused.value.facts["why"]["zh"]
    evidence.keep(session, small, other.id, pdf(PDF + b"3"))
    evidence.keep(session, small, clerk.id, pdf(b"%PDF-1"))
    with pytest.raises(QuotaReached):
        evidence.keep(session, small, clerk.id, pdf(b"%PDF-2"))
    clock.travel(clock.now() + timedelta(hours=25))
    assert evidence.keep(session, small, clerk.id, pdf(b"%PDF-2"))


def test_the_people_of_one_organisation_share_its_room(
    session: Session, store: Store, actor: Callable[[str], Actor]
) -> None:
    first, second = actor("tianbao"), actor("shuju")
    assert first.organisations & second.organisations
    shared = replace(store, daily_organisation=150)
    evidence.keep(session, shared, first.id, pdf())
    with pytest.raises(QuotaReached) as refused:
        evidence.keep(session, shared, second.id, pdf(PDF + b"2"))
    assert "本单位" in refused.value.facts["why"]["zh"]
    assert evidence.keep(session, shared, actor("shouli").id, pdf(PDF + b"2"))


def test_evidence_is_seen_by_those_whom_its_figures_concern(
    session: Session, store: Store, actor: Callable[[str], Actor], instance_row: UUID
) -> None:
    units.seed(session)
    clock.travel(datetime(2014, 3, 3, tzinfo=UTC))
    expert, department = actor("caizheng"), actor("fagai")
    digest = evidence.keep(session, store, actor("shouli").id, pdf())
    assert evidence.find(session, actor("jingban"), digest).digest == digest
    batch = Batch("330122", 2013, {"gdp": 1}, Origin.DECLARED, evidence={"gdp": [digest]})
    figures.record(session, Hands(), batch)
    with pytest.raises(NotFound):
        evidence.find(session, expert, digest)
    session.get_one(Instance, instance_row).subject = "330122"
    task = Task(id=uuid4(), instance=instance_row, element="T17", name="T17", state=TaskState.OPEN)
    task.created_at, task.assignee = clock.now(), expert.id
    session.add(task)
    session.flush()
    assert evidence.find(session, expert, digest).digest == digest
    with pytest.raises(NotFound):
        evidence.find(session, department, digest)
    with pytest.raises(NotFound):
        evidence.find(session, actor("jingban"), "0" * 64)
