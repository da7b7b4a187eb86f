"""`icity simulate`: a rehearsal of diagrams on the command line; needs no database and leaves none behind."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine import settings
from engine.rehearsal import Report, State, Wish, rehearse
from server.reading import read

LARGEST_JSON = 10_000_000
CODES: Mapping[State, int] = {State.COMPLETED: 0, State.REFUSED: 2, State.INCIDENT: 3, State.WAITING: 4}
STATES: Mapping[State, Mapping[str, str]] = {
    State.COMPLETED: {"zh": "全部办结", "en": "completed"},
    State.REFUSED: {"zh": "不能演练", "en": "refused"},
    State.INCIDENT: {"zh": "出现故障", "en": "incident"},
    State.WAITING: {"zh": "仍在等待", "en": "waiting"},
}
MARKS = {"entered": "▶", "completed": "✓", "cancelled": "✗"}

_file = click.Path(path_type=Path)


class _Unreadable(Exception):
    """A plan or data file cannot be read; carries the finding."""

    def __init__(self, finding: dict[str, Any]) -> None:
        super().__init__(finding["text"]["en"])
        self.finding = finding


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", type=_file)
@click.option("--process", metavar="ID", help="Begin with this process; else the first executable one nobody calls.")
@click.option("--data", metavar="FILE", type=_file, help="A JSON object: the variables the first instance begins with.")
@click.option("--plan", metavar="FILE", type=_file, help="JSON: what people, other systems and services will do, when.")
@click.option("--until", default="P30Y", help="Duration or moment at which the rehearsal ends; 30 years when left out.")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of the timeline, else the installation's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def simulate(models: tuple[Path, ...], *, lang: str | None, as_json: bool, **wish: Any) -> None:
    """Play diagrams through on a moved clock, without a database, and print what happened.

    The MODELs (BPMN, DMN, or the folder of a programme) are one deployment. Exit code: 0 completed, 2 refused,
    3 a step failed, 4 something still waits. docs/reference/simulate.md describes the plan and the output.
    """
    try:
        given = {name: _json(wish.pop(name), name) for name in ("data", "plan")}
    except _Unreadable as fault:
        report = Report(State.REFUSED, [fault.finding])
    else:
        report = rehearse(models, Wish(**wish, **given))
    told = (
        json.dumps(report.plain(), ensure_ascii=False) if as_json else _text(report, lang or settings.load().language)
    )
    # Half a surrogate pair, which an expression may make, is told as its escape.
    click.echo(told.encode("utf-8", "backslashreplace"))
    sys.exit(CODES[report.state])


def _json(path: Path | None, rule: str) -> Any:
    """Return the JSON value in a file, an empty object without one; raise _Unreadable."""
    if path is None:
        return {}
    try:
        with path.open("rb") as content:
            source = content.read(LARGEST_JSON + 1)
        if len(source) > LARGEST_JSON:
            raise _unreadable(
                path, rule, f"文件超过 {LARGEST_JSON} 字节。", f"The file is larger than {LARGEST_JSON} bytes."
            )
        return read(source)
    except OSError as fault:
        raise _unreadable(path, rule, f"无法读取：{fault.strerror}", f"Cannot be read: {fault.strerror}") from None
    except ValueError as fault:
        raise _unreadable(path, rule, f"不是合格的 JSON：{fault}", f"Not JSON: {fault}") from None


def _unreadable(path: Path, rule: str, zh: str, en: str) -> _Unreadable:
    text = {"zh": zh, "en": en}
    place = {"file": path.as_posix(), "element": "", "name": path.name}
    return _Unreadable({**place, "rule": rule, "severity": "error", "text": text})


def _text(report: Report, lang: str) -> str:
    return "\n".join(_lines(report, lang))


def _lines(report: Report, lang: str) -> Iterator[str]:
    for finding in report.findings:
        place = " ".join(part for part in (finding["file"], finding["element"]) if part)
        yield f"{finding['severity']}  {place}  {finding['rule']}: {finding['text'][lang]}"
    for line in _condensed(report.trace):
        scope = f".{line['scope']}" if "scope" in line else ""
        what = f"{MARKS[line['event']]} {line['element']} {line.get('name', '')}".rstrip()
        yield f"{_stamp(line['at'])}  {line['instance']}{scope:<4}  {what}"
    if len(report.instances) > 1:
        yield from (f"#  {one['instance']}  {one['process']}  {STATES[one['state']][lang]}" for one in report.instances)
    for incident in report.incidents:
        yield f"!  {incident['instance']}  {incident['element']}: {incident['reason']}"
    for one in report.waiting:
        what = " ".join(str(value) for name, value in one.items() if name not in {"element", "instance"} and value)
        yield f"…  {one['instance']}  {one['element']}  {what}"
    for one in report.kept:
        yield f"✉  {one['name']}  {_stamp(one['at'])}"
    yield STATES[report.state][lang]


def _condensed(trace: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leave out that something was entered when it completed in the same moment."""
    passed = Counter(_place(line) for line in trace if line["event"] == "completed")
    for line in trace:
        if line["event"] == "entered" and passed[_place(line)] > 0:
            passed[_place(line)] -= 1
        else:
            yield line


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line["at"], line["instance"], line.get("scope"), line["element"]


def _stamp(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M")
