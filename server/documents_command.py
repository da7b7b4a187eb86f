"""`icity preview`: a document as it would look, from a template and a file of facts; nothing is issued."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from engine import clock, settings
from engine.domain import documents
from engine.domain.documents import Issue, Template, faces, selfcheck, typesetting, word
from engine.errors import DocumentRefused

REFUSED = 2
NUMBER = "样稿字〔{year}〕1号"
MARKS = {"minutes": "会议纪要", "letter": ""}


@click.command()
@click.argument("template", metavar="TEMPLATE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("facts", metavar="FACTS", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="File to write: .pdf or .docx.")
@click.option("--organ", default="浙江省科学技术厅", help="Who issues it; several with 、 between them.")
def preview(template: Path, facts: Path, *, target: Path, organ: str) -> None:
    """Write a document from a TEMPLATE (.toml) and FACTS (.json), and say what its layout lacks of GB/T 9704-2012.

    Nothing is issued and no number is taken. Exit code: 0 the layout is right; 2 it is not, or nothing was written.
    """
    try:
        findings = _written(_read(template), json.loads(facts.read_bytes()), target, organ)
    except DocumentRefused as fault:
        click.echo(fault.facts["why"])
        sys.exit(REFUSED)
    for finding in findings:
        click.echo(f"{finding.severity} [{finding.rule}] {finding.zh}")
    sys.exit(REFUSED if any(finding.severity == "error" for finding in findings) else 0)


def _read(path: Path) -> Template:
    template, findings = documents.read(path.read_bytes())
    if template is None:
        raise DocumentRefused(why="\n".join(f"{one['element']}: {one['text']['zh']}" for one in findings))
    return template


def _written(template: Template, facts: dict[str, Any], target: Path, organ: str) -> list[selfcheck.Finding]:
    today, organs = clock.today(), tuple(organ.split("、"))
    mark = MARKS.get(template.layout, "文件")
    issue = Issue(NUMBER.format(year=today.year), today, organs, mark, "签发人", f"{organs[0]}办公室")
    paper, found = documents.compose(template, facts, issue), faces.found(settings.load().font_folders)
    pdf = typesetting.pdf(paper, found)
    target.write_bytes(word.docx(paper, found) if target.suffix == ".docx" else pdf)
    return selfcheck.check(pdf, paper, found)
