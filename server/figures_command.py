"""The command line of indicator sets and figures: `icity sets` and `icity figures`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from engine import db, figures, settings
from engine.bundle import FIGURES
from engine.domain import indicators, setbook, yearbook
from engine.errors import ModelRefused, NotFound, WorkbookRefused
from engine.figures import Hands
from server import postgres

REFUSED = 2
Found = TypeVar("Found")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
a_file = click.Path(dir_okay=False, path_type=Path)
folder = click.option(
    "--programme",
    "folder",
    default="innovative-city",
    metavar="NAME",
    help="Folder of the programme under workflows/; innovative-city where none is named.",
)


@click.group("sets")
def sets() -> None:
    """Hand indicator sets out as spreadsheets, and bring them into the folder of a programme."""


@sets.command("list")
@folder
@as_json
def list_sets(folder: str, *, as_json: bool) -> None:
    """List the indicator sets of a programme: code, title, days in force, number of indicators, digest."""
    rows = _rows(folder)
    found = [indicators.parse(rows, code) for code in indicators.codes(rows)]
    for one in found:
        days = f"{one.about.valid_from or '…'} – {one.about.valid_to or '…'}"
        digest = indicators.digest(indicators.of(rows, one.code))
        told = {"code": one.code, "title": one.about.title, "days": days, "indicators": len(one.indicators)}
        line = f"{one.code:16} {days:26} {len(one.indicators):3}  {digest[:12]}  {one.about.title}"
        click.echo(json.dumps({**told, "digest": digest}, ensure_ascii=False) if as_json else line)


@sets.command("export")
@click.argument("code")
@click.argument("file", type=a_file)
@folder
def export_set(code: str, file: Path, folder: str) -> None:
    """Write the set CODE to FILE: .xlsx, or CSV for any other name. That of an empty set is the template to fill in."""
    rows = _told(lambda: indicators.of(_rows(folder), code), file)
    file.write_bytes(setbook.write(rows) if file.suffix.lower() == ".xlsx" else indicators.write_rows(rows))


@sets.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder
def import_set(file: Path, folder: str) -> None:
    """Bring the set in FILE (XLSX or CSV) into a programme's indicators.csv, in the place of one with its code.

    Exit code 2 when the file has faults; each is named by its cell and nothing is written. `icity deploy` makes the
    set part of a new version; rounds that run keep the rows they froze.
    """
    imported = _told(lambda: setbook.read(file.read_bytes()), file)
    rows = setbook.merged(_rows(folder), imported)
    faults = indicators.check(rows)
    for fault in faults:
        click.echo(f"{fault['element']} [{fault['rule']}] {fault['text']['zh']} / {fault['text']['en']}", err=True)
    if faults:
        sys.exit(REFUSED)
    _path(folder).write_bytes(indicators.write_rows(rows))
    click.echo(f"{imported[0]['set']}：{len(imported)} 行已写入 / rows written: {_path(folder)}")


@click.group("figures")
def figures_commands() -> None:
    """Put published figures on record."""


@figures_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def import_figures(file: Path, *, as_json: bool) -> None:
    """Put the table of published figures in FILE (CSV or XLSX) on record as monitoring; the same table twice is once.

    Exit code 2 when the table has faults; each is named by its cell and nothing is kept.
    """
    rows = _told(lambda: yearbook.read(file.read_bytes()), file)
    with (
        postgres.lent(settings.load()) as url,
        postgres.connected(url) as engine,
        db.transaction(db.sessions(engine)) as session,
    ):
        new = _told(lambda: figures.publish(session, Hands(), rows), file)
    told = {"rows": len(rows), "new": new}
    click.echo(json.dumps(told) if as_json else f"{len(rows)} 项，新登记 {new} 项 / {len(rows)} figures, {new} new")


def _path(folder: str) -> Path:
    return settings.load().workflows_path / folder / FIGURES


def _rows(folder: str) -> list[dict[str, str]]:
    return _told(lambda: indicators.read_rows(_path(folder).read_bytes()), _path(folder))


def _told(work: Callable[[], Found], file: Path) -> Found:
    """Return what `work` gives, or tell every fault and end."""
    try:
        return work()
    except WorkbookRefused as refused:
        for fault in refused.facts["cells"]:
            place = f"{fault['sheet']}!{fault['cell']}" if fault["cell"] else fault["sheet"]
            click.echo(f"{file} {place}: {fault['text']['zh']} / {fault['text']['en']}", err=True)
    except (ModelRefused, NotFound, OSError) as refused:
        click.echo(f"{file}: {refused}", err=True)
    sys.exit(REFUSED)
