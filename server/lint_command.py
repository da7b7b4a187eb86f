"""`icity lint`: what is wrong with diagrams, decisions and forms; needs no database and deploys nothing."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from engine import bundle, settings
from engine.rehearsal import deployment

REFUSED = 2
MARKS = {"error": {"zh": "错误", "en": "error"}, "warning": {"zh": "提醒", "en": "warning"}}
SOUND = {"zh": "没有问题。", "en": "Nothing to complain about."}
COLONS = {"zh": "：", "en": ": "}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of the findings, else the installation's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def lint(files: tuple[Path, ...], *, lang: str | None, as_json: bool) -> None:
    """Say what is wrong with diagrams, decisions and forms, without deploying them.

    The FILEs (.bpmn, .dmn, .form, or the folder of a programme) are one deployment. Exit code: 0 nothing is wrong,
    or only warnings; 2 at least one error. docs/reference/lint.md explains every rule.
    """
    given, unreadable = deployment.gather(files)
    findings = [*unreadable, *deployment.check(given)]
    told = json.dumps({"findings": findings}, ensure_ascii=False) if as_json else _text(findings, lang or _language())
    # Half a surrogate pair, which the name of a file may hold, is told as its escape.
    click.echo(told.encode("utf-8", "backslashreplace"))
    sys.exit(REFUSED if bundle.is_refused(findings) else 0)


def _language() -> str:
    return settings.load().language


def _text(findings: Iterable[dict[str, Any]], lang: str) -> str:
    return "\n".join(_line(finding, lang) for finding in findings) or SOUND[lang]


def _line(finding: dict[str, Any], lang: str) -> str:
    place = " ".join(part for part in (finding["file"], finding["element"]) if part)
    return f"{MARKS[finding['severity']][lang]} {place} [{finding['rule']}]{COLONS[lang]}{finding['text'][lang]}"
