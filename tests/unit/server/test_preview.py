"""`icity preview`: the owner of a template sees what it gives before anything is issued."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.domain.documents import reading
from server import cli
from tests.support.papers import LETTER, TEMPLATES


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(LETTER, ensure_ascii=False), encoding="utf-8")
    return path


def preview(*arguments: object) -> Result:
    return CliRunner().invoke(cli.cli, ["preview", *map(str, arguments)])


def test_a_template_is_previewed_as_pdf(facts: Path, tmp_path: Path) -> None:
    result = preview(TEMPLATES / "letter.toml", facts, "--to", tmp_path / "letter.pdf", "--organ", "云溪县人民政府")
    assert result.exit_code == 0, result.output
    assert "note [face] 缺少字体 仿宋_GB2312，以 Noto Serif SC 代替。" in result.output
    page = reading.read((tmp_path / "letter.pdf").read_bytes()).pages[0]
    assert "云溪县人民政府" in "".join(row.text for row in page.rows)


def test_a_template_is_previewed_as_docx(facts: Path, tmp_path: Path) -> None:
    assert preview(TEMPLATES / "letter.toml", facts, "--to", tmp_path / "letter.docx").exit_code == 0
    assert (tmp_path / "letter.docx").read_bytes().startswith(b"PK")


def test_what_is_missing_is_said_and_nothing_is_written(facts: Path, tmp_path: Path) -> None:
    facts.write_text("{}", encoding="utf-8")
    result = preview(TEMPLATES / "letter.toml", facts, "--to", tmp_path / "letter.pdf")
    assert result.exit_code == 2
    assert "addressee（主送机关）" in result.output
    assert not (tmp_path / "letter.pdf").exists()


def test_a_broken_template_is_told_with_its_lines(facts: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text('layout = "poster"\n', encoding="utf-8")
    result = preview(broken, facts, "--to", tmp_path / "letter.pdf")
    assert result.exit_code == 2
    assert "layout: 版式应为" in result.output
