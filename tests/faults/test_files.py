"""Files that mean harm, quotas and scanners: what the door refuses, in words, and what it hands out (G1 to G6)."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from engine import identity, instances, processes, tasks
from engine.db import Sessions, transaction
from engine.instances import Application
from engine.settings import Settings
from engine.tables import Evidence, Task
from server.app import create_app
from tests.support import files
from tests.support.web import Program

ERRAND = Path(__file__).parents[1] / "support" / "programmes" / "errand"
PDF = {"Content-Type": "application/pdf", "Accept-Language": "zh"}
NASTY = {
    "../../etc/passwd": "passwd.pdf",
    "/etc/shadow.pdf": "shadow.pdf",
    "C:\\Windows\\系统.pdf": "系统.pdf",
    "a\x00b.pdf": "ab.pdf",
    "\u202efdp.exe": "fdp.exe.pdf",
    "CON": "CON.pdf",
    '年鉴"; filename="x.html': '年鉴"; filename="x.html.pdf',
    "长" * 300 + ".pdf": "长" * 196 + ".pdf",
}
# Speaks INSTREAM as clamd does, and exits as clamdscan does.
CLIENT = """import socket, sys
try:
    clamd = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2)
except OSError:
    sys.exit(2)
content = sys.stdin.buffer.read()
clamd.sendall(b"zINSTREAM\\0" + len(content).to_bytes(4, "big") + content + bytes(4))
sys.exit(1 if b"FOUND" in clamd.recv(1000) else 0)
"""
EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


@pytest.fixture
def task(sessions: Sessions) -> UUID:
    """Give a task that the intake desk has claimed."""
    with transaction(sessions) as session:
        processes.deploy(session, ERRAND, "a test")
        instance = instances.start(session, None, Application("errand", "errand", "一件差事"))
        task = session.scalars(select(Task.id).where(Task.instance == instance)).one()
        tasks.claim(session, identity.load(session, "shouli"), task)
    return task


@pytest.fixture
def door(sessions: Sessions, configuration: Settings, task: UUID) -> Callable[..., Program]:
    """Give a function that opens the door with other settings, for the clerk whose task it is."""

    def opening(**settings: object) -> Program:
        return Program(_app(replace(configuration, **settings), sessions), "shouli")  # type: ignore[arg-type]

    return opening


@pytest.fixture
def clamd() -> Iterator[int]:
    """Give the port of a scanner that finds EICAR."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_scan_all, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def test_bombs_links_and_floods_are_refused(door: Callable[..., Program], task: UUID, sessions: Sessions) -> None:
    clerk = door()
    sheet = {"Content-Type": files.SHEET, "Accept-Language": "zh"}
    picture = {"Content-Type": "image/png", "Accept-Language": "zh"}
    for headers, content, told in (
        (sheet, files.workbook({"xl/sheet.xml": b"0" * 20_000_000}), "炸弹"),
        (sheet, files.workbook({"inner.zip": b"PK"}), "压缩包"),
        (sheet, files.workbook({"../x": b""}), "路径"),
        (picture, files.png(100_000, 100_000), "像素"),
        (PDF, b"<html>", "不符"),
    ):
        reply = _put(clerk, task, content, headers)
        assert reply.status_code == 422
        assert told in reply.json["why"]["zh"]
    with transaction(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Evidence)) == 0


@pytest.mark.parametrize(("given", "kept"), NASTY.items())
def test_names_are_only_names(door: Callable[..., Program], task: UUID, given: str, kept: str) -> None:
    clerk = door()
    reply = clerk.post(f"/tasks/{task}/attachments", query_string={"name": given}, data=files.pdf(), headers=PDF)
    assert reply.json["name"] == kept
    told = clerk.get(f"/attachments/{reply.json['id']}").headers["Content-Disposition"]
    assert told.startswith("attachment; filename=")
    plain = told.removeprefix('attachment; filename="').partition('"; filename*=')[0]
    assert '"' not in plain
    assert told.isascii()


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "application/javascript"])
def test_what_a_browser_would_run_is_not_taken(door: Callable[..., Program], task: UUID, kind: str) -> None:
    reply = _put(door(), task, b"<svg onload='alert(1)'/>", {"Content-Type": kind})
    assert reply.status_code == 422


def test_a_polyglot_is_handed_out_as_nothing_that_runs(door: Callable[..., Program], task: UUID) -> None:
    clerk = door()
    added = _put(clerk, task, files.pdf() + b"<script>alert(1)</script>").json
    reply = clerk.get(f"/attachments/{added['id']}")
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_quotas_stop_one_person_and_nobody_else(
    door: Callable[..., Program], task: UUID, sessions: Sessions, configuration: Settings
) -> None:
    clerk = door(evidence_daily_files=3)
    replies = [_put(clerk, task, files.pdf(pages)) for pages in (1, 2, 3, 4)]
    assert [reply.status_code for reply in replies] == [201, 201, 201, 409]
    assert "24小时" in replies[-1].json["why"]["zh"]
    other = Program(_app(replace(configuration, evidence_daily_files=3), sessions), "caizheng")
    assert other.post("/evidence", data=files.pdf(5), headers=PDF).status_code == 201
    large = _put(door(max_evidence=100), task, files.pdf(200))
    assert large.status_code == 413
    assert "MB" in large.json["why"]["zh"]


def test_a_file_may_be_larger_than_other_bodies_and_nothing_else_may(door: Callable[..., Program], task: UUID) -> None:
    clerk = door(max_body=2_000)
    content = files.pdf() + b" " * 100_000
    assert _put(clerk, task, content).status_code == 201
    assert clerk.post("/instances", {"programme": "x" * 1_100_000}).status_code == 413


def test_what_the_scanner_finds_is_refused_and_a_dead_scanner_lets_nothing_in(
    door: Callable[..., Program], task: UUID, tmp_path: Path, clamd: int, free_port: int
) -> None:
    script = tmp_path / "scan.py"
    script.write_text(CLIENT)
    clerk = door(virus_scan=f"{sys.executable} {script} {clamd}")
    assert _put(clerk, task, files.pdf()).status_code == 201
    infected = _put(clerk, task, files.pdf(2) + EICAR)
    assert (infected.status_code, "病毒" in infected.json["why"]["zh"]) == (422, True)
    down = _put(door(virus_scan=f"{sys.executable} {script} {free_port}"), task, files.pdf(3))
    assert (down.status_code, down.json["title"]) == (503, "病毒扫描服务没有响应，文件未保存，请稍后再试。")
    listed = clerk.get(f"/tasks/{task}/attachments").json["items"]
    assert len(listed) == 1


def test_no_transaction_is_open_while_a_file_is_read_and_scanned(
    door: Callable[..., Program], task: UUID, sessions: Sessions, tmp_path: Path, database: str
) -> None:
    seen = tmp_path / "seen"
    script = tmp_path / "scan.py"
    script.write_text(
        "import sys, psycopg\n"
        "with psycopg.connect(sys.argv[1]) as connection:\n"
        '    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()'
        " AND state LIKE 'idle in transaction%'\"\n"
        "    open(sys.argv[2], 'w').write(str(connection.execute(query).fetchone()[0]))\n"
    )
    clerk = door(virus_scan=f"{sys.executable} {script} {database} {seen}")
    assert _put(clerk, task, files.pdf()).status_code == 201
    assert seen.read_text() == "0"
    with transaction(sessions) as session:
        assert session.scalar(text("SELECT count(*) FROM attachment")) == 1


def _app(settings: Settings, sessions: Sessions) -> Flask:
    return create_app(settings, sessions)


def _put(program: Program, task: UUID, content: bytes, headers: dict[str, str] | None = None) -> TestResponse:
    return program.post(f"/tasks/{task}/attachments", data=content, headers=headers or PDF)


def _scan_all(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            content = b""
            while not content.endswith(bytes(4)):
                content += connection.recv(65_536)
            connection.sendall(b"stream: Eicar FOUND\0" if EICAR in content else b"stream: OK\0")
