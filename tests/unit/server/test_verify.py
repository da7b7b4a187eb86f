"""`icity verify` and the doors of sheets and archives: a package is fetched, carried away and checked on its own."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from engine import archive, identity, processes
from engine.db import Sessions, transaction
from engine.domain import canonical, indicators, packages
from engine.settings import ROOT, Settings
from engine.tables import Deployment, Round, ScoreSheet
from server.verify import verify
from tests.support.archived import CASE, PROOF, SET, UNIT, Life
from tests.support.web import Program, opened

FORBIDDEN = ("sqlalchemy", "psycopg", "flask", "requests", "procrastinate", "apscheduler")


@pytest.fixture
def life(sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Give a case that is ready for the archive."""
    monkeypatch.setenv("ICITY_VAR", str(tmp_path / "var"))
    life = Life(sessions, tmp_path)
    life.live()
    return life


@pytest.fixture
def package(life: Life, tmp_path: Path) -> Path:
    """Give the file of an archived case."""
    with transaction(life.sessions) as session:
        transfer = archive.Transfer("small", CASE, "永久", life.var)
        digest = archive.archive_case(session, transfer)["package"]
    target = tmp_path / "case.zip"
    target.write_bytes((life.var / "files" / digest[:2] / digest).read_bytes())
    return target


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(verify, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_sound_package_is_told_in_both_languages(package: Path) -> None:
    code, told = run(package, "--lang", "zh")
    assert code == 0
    assert told.splitlines()[0] == f"{CASE}  云溪县创建创新型县"
    assert "完好" in told
    code, told = run(package, "--lang", "en")
    assert (code, told.splitlines()[-1]) == (0, "Sound: unchanged, and reckoned again all is the same.")
    assert "score sheets 1" in told


def test_a_program_reads_the_same_as_json(package: Path) -> None:
    code, told = run(package, "--json")
    read = json.loads(told)
    assert (code, read["sound"], read["faults"]) == (0, True, [])
    assert read["sha256"] == sha256(package.read_bytes()).hexdigest()
    assert read["about"]["case_id"] == CASE
    assert read["checked"]["decisions"] == 1


def test_it_needs_neither_server_nor_database_nor_network_nor_a_home(package: Path) -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('the network')\n"
        "socket.socket.connect = refuse\n"
        f"sys.argv = ['icity', 'verify', {str(package)!r}, '--lang', 'en']\n"
        "import atexit\n"
        f"atexit.register(lambda: print(*[name for name in {FORBIDDEN} if name in sys.modules]))\n"
        "from server.__main__ import main\n"
        "main()\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "ICITY_DATABASE_URL": "postgresql://nobody@nowhere/none"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=package.parent, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    *told, loaded = done.stdout.splitlines()
    assert told[-1].startswith("Sound")
    assert loaded == ""


def test_a_byte_flipped_anywhere_is_told_with_its_file_and_exit_1(package: Path) -> None:
    content = package.read_bytes()
    files = packages.unpack(content)
    for name in files:
        if not files[name]:
            continue
        at = content.index(name.encode() + files[name]) + len(name) + len(files[name]) // 2
        flipped = bytearray(content)
        flipped[at] ^= 1
        package.write_bytes(flipped)
        code, told = run(package, "--lang", "zh")
        assert code == 1, name
        assert f"✗ {'manifest.json' if name.startswith('manifest') else name}：" in told, name
    package.write_bytes(content[:-1] + b"\1")
    code, told = run(package, "--lang", "en")
    assert (code, "package: Byte" in told) == (1, True)


def test_the_digest_the_case_remembers_tells_a_package_that_was_made_anew(package: Path) -> None:
    digest = sha256(package.read_bytes()).hexdigest()
    assert run(package, "--sha256", digest.upper())[0] == 0
    files = packages.unpack(package.read_bytes())
    about = canonical.decode(files.pop("manifest.json"))["about"]
    del files["manifest.sha256"]
    index = canonical.decode(files["titles.json"])
    index[0]["document_no"] = "浙科发〔2024〕99号"
    package.write_bytes(packages.seal(about, {**files, "titles.json": canonical.encode(index)}))
    assert run(package)[0] == 0  # a forger made the seal anew: only the register knows
    code, told = run(package, "--sha256", digest, "--lang", "zh")
    assert (code, "不是所给的那个" in told) == (1, True)
    code, told = run(package, "--sha256", digest, "--json")
    assert (code, json.loads(told)["faults"][0]["rule"]) == (1, "sha256")


def hostile() -> Iterator[tuple[str, bytes]]:
    def made(name: str, content: bytes, compression: int = zipfile.ZIP_STORED, mode: int = 0o100644) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as file:
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.external_attr = compression, mode << 16
            file.writestr(entry, content)
        return stream.getvalue()

    yield "nothing", b""
    yield "noise", bytes(range(256)) * 40
    yield "bomb", made("manifest.json", bytes(50_000_000), zipfile.ZIP_DEFLATED)
    yield "traversal", made("../../../etc/passwd", b"x")
    yield "link", made("manifest.json", b"/etc/passwd", mode=0o120777)
    yield "escape", made("\x1b[2Jmanifest.json", b"{}")


@pytest.mark.parametrize(("name", "content"), list(hostile()))
def test_what_is_no_package_is_refused_in_words_and_exit_2(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    for language in ("zh", "en"):
        code, told = run(file, "--lang", language)
        assert code == 2
        assert len(told.splitlines()) == 1
        assert "\x1b" not in told
    code, told = run(file, "--json")
    assert (code, set(json.loads(told))) == (2, {"refused"})


def test_huge_json_and_commands_to_the_terminal_are_harmless(tmp_path: Path) -> None:
    file = tmp_path / "hostile.zip"
    about = {"case_id": "\x1b[2J\x1b]0;owned\x07", "title": "\u202egnp"}
    lists = {"sheets.json": b"[" * 1_000_000, "decisions.json": b'{"a":' * 100_000, "calendar.json": b"9" * 5_000_000}
    file.write_bytes(packages.seal(about, lists))
    code, told = run(file, "--lang", "en")
    assert code == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(told)
    assert told.count("✗") >= 7  # one for each list that is missing or cannot be understood


@pytest.mark.parametrize("name", ["none.zip", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    assert run(tmp_path / name)[0] == 2


def test_a_package_larger_than_any_is_not_read_whole(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.zipped, "LARGEST", 1000)
    monkeypatch.setattr(packages, "LARGEST", 1000)
    assert run(package)[0] == 2


# The doors.
@pytest.fixture
def app(life: Life, configuration: Settings) -> Flask:
    return opened(configuration, life.sessions)


def login(life: Life, role: str, organisation: str | None = None) -> str:
    """Return somebody of the demonstration who holds a role."""
    with transaction(life.sessions) as session:
        held = [one for one in identity.listing(session) if any(role == mine[1] for mine in one.memberships)]
        return next(
            one.login for one in held if organisation is None or organisation in {mine[0] for mine in one.memberships}
        )


def test_the_archivist_fetches_the_package_and_it_is_sound(life: Life, app: Flask, package: Path) -> None:
    reply = Program(app, login(life, "ARCHIVIST")).get(f"/cases/{CASE}/archive")
    assert reply.status_code == 200
    assert reply.data == package.read_bytes()
    assert reply.headers["X-Content-SHA256"] == sha256(reply.data).hexdigest()
    for role in ("APP_LEAD", "AGENCY_MGR"):
        assert Program(app, login(life, role)).get(f"/cases/{CASE}/archive").status_code == 404
    assert Program(app, login(life, "PRV_OFFICER")).get("/cases/none-2024/archive").status_code == 404


def test_people_read_the_sheets_they_may_and_walk_a_point_back(life: Life, app: Flask) -> None:
    for role, organisation in (("PRV_LEAD", None), ("AGENCY_MGR", "agency-qiming"), ("APP_FILL", None)):
        program = Program(app, login(life, role, organisation))
        (row,) = program.get(f"/cases/{CASE}/sheets").get_json()
        assert (row["unit"], row["supersedes"], row["superseded_by"]) == (UNIT, None, None)
        whole = program.get(f"/sheets/{row['id']}?path=indicators/A1").get_json()
        assert canonical.digest(whole["sheet"]) == row["digest"]
        assert any(sha256(PROOF).hexdigest()[:12] in line["zh"] for line in whole["walk"])
        assert program.get(f"/sheets/{row['id']}?path=indicators/Z9").status_code == 404
    for role in ("DEPT_REV", "PUBLIC"):
        try:
            stranger = Program(app, login(life, role))
        except StopIteration:
            continue
        assert stranger.get(f"/cases/{CASE}/sheets").status_code == 404


def test_what_if_moves_nothing(life: Life, app: Flask) -> None:
    rows = indicators.read_rows((ROOT / "workflows" / "innovative-city" / "indicators.csv").read_bytes())
    with transaction(life.sessions) as session:
        (life.stage.folder / "indicators.csv").write_bytes(
            indicators.write_rows([row | {"standard_county": "900"} if row["code"] == "A1" else row for row in rows])
        )
        processes.deploy(session, life.stage.folder, "a test")
        assert len(session.scalars(select(Deployment.digest)).all()) == 2
    before = state(life)
    officer = Program(app, login(life, "PRV_OFFICER"))
    told = officer.post("/rounds/pilot-2024/what-if", {"set": SET}).get_json()
    (unit,) = told["units"]
    assert unit["unit"] == UNIT
    assert [one["code"] for one in unit["why"]] == ["A1"]
    assert state(life) == before
    assert officer.post("/rounds/pilot-2024/what-if", {"set": "UNHEARD"}).status_code == 404
    assert officer.post("/rounds/none/what-if", {"set": SET}).status_code == 404
    assert officer.post("/rounds/pilot-2024/what-if", {}).status_code == 422
    agency = Program(app, login(life, "AGENCY_MGR"))
    assert agency.post("/rounds/pilot-2024/what-if", {"set": SET}).status_code == 404


def state(life: Life) -> list[Any]:
    with transaction(life.sessions) as session:
        kept = [(row.id, row.digest, canonical.digest(row.sheet)) for row in session.scalars(select(ScoreSheet))]
        return [
            *kept,
            *((row.id, row.set_digest, indicators.digest(row.set_rows)) for row in session.scalars(select(Round))),
        ]
