"""The tutorial, done as it is written: its files, its commands, what it says they print."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from engine import db
from engine.settings import ROOT, Settings
from server.app import create_app
from tests.support.postgres import PASSWORD

TUTORIAL = (ROOT / "docs" / "tutorial" / "your-first-process.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^```console\n(.*?)\n```", TUTORIAL, re.MULTILINE | re.DOTALL)
PRINTED = re.findall(r"^```text\n(.*?)\n```", TUTORIAL, re.MULTILINE | re.DOTALL)
WRITTEN_ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def address(configuration: Settings) -> Iterator[str]:
    engine = db.connect(configuration.database_url)
    server = make_server("127.0.0.1", 0, create_app(configuration, db.sessions(engine)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    engine.dispose()


@pytest.mark.no_cover  # it reaches no line that no other test reaches
def test_the_tutorial_works_as_it_is_written(address: str, configuration: Settings, tmp_path: Path) -> None:
    for name, body in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body.replace(WRITTEN_ADDRESS, address), encoding="utf-8")
    said = [run(command, configuration, tmp_path) for command in COMMANDS]
    assert len(FILES) == 4
    assert "visit" in said[0]
    assert said[-1].splitlines() == PRINTED


def run(command: str, configuration: Settings, folder: Path) -> str:
    program, *arguments = command.replace("PASSWORD", PASSWORD).split()
    beside_python = Path(sys.executable).parent / Path(program).name
    installation = {"ICITY_DATABASE_URL": configuration.database_url, "ICITY_VAR": configuration.var}
    done = subprocess.run(
        [beside_python, *arguments], cwd=folder, env=os.environ | installation, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
