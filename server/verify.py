"""`icity verify`: checks an archive package on any machine; needs no server, no database and no network."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from engine import settings
from engine.bpmn.gate import parse_xml
from engine.domain import decisions, packages
from engine.domain.decisions import Decision
from engine.domain.packages import Report
from engine.errors import PackageRefused

SOUND, FAULTY, REFUSED = 0, 1, 2
PATIENCE_SECONDS = 60.0  # a case takes a second or two
WHAT: Mapping[str, Mapping[str, str]] = {
    "files": {"zh": "文件", "en": "files"},
    "sheets": {"zh": "得分表", "en": "score sheets"},
    "decisions": {"zh": "决策", "en": "decisions"},
    "deadlines": {"zh": "期限", "en": "deadlines"},
    "documents": {"zh": "公文", "en": "documents"},
    "evidence": {"zh": "佐证", "en": "evidence files"},
    "programmes": {"zh": "流程版本", "en": "programme versions"},
    "calendars": {"zh": "日历", "en": "calendars"},
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "sound": {
        "zh": "完好：内容未被改动，得分、决策和期限重算一致。",
        "en": "Sound: unchanged, and reckoned again all is the same.",
    },
    "faulty": {"zh": "有{n}处问题。", "en": "{n} faults."},
    "refused": {"zh": "不能核对：{why}。", "en": "Cannot be checked: {why}."},
    "other": {"zh": "这个文件的SHA-256不是所给的那个", "en": "The SHA-256 of the file is not the one that was given"},
    "checked": {"zh": "已核对：", "en": "Checked: "},
    "whole": {"zh": "归档包", "en": "package"},
}


@click.command()
@click.argument("package", metavar="PACKAGE", type=click.Path(path_type=Path))
@click.option("--sha256", metavar="DIGEST", help="The digest that the case remembers; else only what is inside counts.")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of the answer, else the installation's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def verify(package: Path, *, sha256: str | None, lang: str | None, as_json: bool) -> None:
    """Check an archive PACKAGE: nothing was changed, and scores, decisions and deadlines can be reckoned again.

    Exit code: 0 sound, 1 at least one fault, 2 no package at all. docs/how-to/verify-an-archive.md explains the rest.
    """
    language = lang or settings.load().language
    try:
        report = packages.check(_content(package), read_tables, _patience())
    except PackageRefused as fault:
        _print([_refused(fault, language)], {"refused": str(fault.facts["reason"])} if as_json else None)
        sys.exit(REFUSED)
    other = sha256 is not None and sha256.lower() != report.sha256
    _print(list(_told(report, language, other)), _plain(report, other) if as_json else None)
    sys.exit(FAULTY if report.faults or other else SOUND)


def read_tables(content: bytes, name: str) -> Mapping[str, Decision]:
    """Return the decisions of a .dmn file by id; raise ModelRefused, ExpressionRefused."""
    return decisions.parse(parse_xml(content, name))


def _patience() -> Callable[[], bool]:
    until = time.monotonic() + PATIENCE_SECONDS
    return lambda: time.monotonic() < until


def _content(package: Path) -> bytes:
    """Return the file's bytes; raise PackageRefused when it cannot be read or is larger than any package."""
    try:
        with package.open("rb") as file:
            return file.read(packages.LARGEST + 1)
    except OSError as fault:
        reason = str(fault.strerror)
        raise PackageRefused(reason=reason, zh=f"文件无法读取（{reason}）") from None


def _print(lines: list[str], plain: Mapping[str, object] | None) -> None:
    told = "\n".join(map(_harmless, lines)) if plain is None else json.dumps(plain)
    click.echo(told.encode())


def _harmless(line: str) -> str:
    """Return what a package says without the characters by which it could command a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _refused(fault: PackageRefused, lang: str) -> str:
    why = fault.facts["zh"] if lang == "zh" else fault.facts["reason"]
    place = f" ({fault.facts['file']})" if "file" in fault.facts else ""
    return WORDS["refused"][lang].format(why=f"{why}{place}")


def _told(report: Report, lang: str, other: bool) -> Iterator[str]:  # noqa: FBT001 - what was found, not how to tell it
    colon, comma = ("：", "，") if lang == "zh" else (": ", ", ")
    yield f"{report.about.get('case_id', '?')}  {report.about.get('title', '')}".rstrip()
    yield f"SHA-256 {report.sha256}"
    counts = comma.join(f"{WHAT[name][lang]} {count}" for name, count in report.checked.items())
    yield f"{WORDS['checked'][lang]}{counts}"
    yield from (f"· {zh if lang == 'zh' else en}" for zh, en in report.notes)
    if other:
        yield f"✗ {WORDS['whole'][lang]}{colon}{WORDS['other'][lang]}"
    for fault in report.faults:
        yield f"✗ {fault.file or WORDS['whole'][lang]}{colon}{fault.zh if lang == 'zh' else fault.en}"
    number = len(report.faults) + other
    yield WORDS["faulty" if number else "sound"][lang].format(n=number)


def _plain(report: Report, other: bool) -> dict[str, object]:  # noqa: FBT001 - what was found, not how to tell it
    faults = [{"file": fault.file, "rule": fault.rule, "zh": fault.zh, "en": fault.en} for fault in report.faults]
    if other:
        faults.insert(0, {"file": "", "rule": "sha256", **WORDS["other"]})
    return {
        "sound": not faults,
        "sha256": report.sha256,
        "about": report.about,
        "checked": report.checked,
        "notes": [{"zh": zh, "en": en} for zh, en in report.notes],
        "faults": faults,
    }
